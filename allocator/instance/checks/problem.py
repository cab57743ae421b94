"""How a check says what is wrong, and when it may run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from allocator.errors import Problem
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Rows

Problems = Iterator[Problem]


def problem(
    rows: Rows,
    position: int | None,
    column: str,
    message: str,
    suggestion: str = "",
    *,
    severity: str = "error",
) -> Problem:
    """Problem with a row, or with the whole table when `position` is None."""
    if position is None:
        return Problem(rows.table.name, None, column, "", message, suggestion, severity)
    value = rows[column][position] if column else ""
    if column and rows.table.meta(column)["kind"] == "year":
        value = "" if value == BLANK_YEAR else value
    shown = "" if value != value else str(value)
    line = int(rows.lines[position])
    return Problem(rows.table.name, line, column, shown, message, suggestion, severity)


def needs(
    *tables: str, years: bool = False
) -> Callable[[Callable[[Draft], Problems]], Callable[[Draft], Problems]]:
    """Run a check only when all rows of `tables` are usable and, if asked, years are known."""

    def wrap(check: Callable[[Draft], Problems]) -> Callable[[Draft], Problems]:
        def guarded(draft: Draft) -> Problems:
            if draft.whole(*tables) and (draft.settings is not None or not years):
                yield from check(draft)

        guarded.__name__ = check.__name__
        guarded.__doc__ = check.__doc__
        return guarded

    return wrap
