"""How a check says what is wrong, and when it may run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from allocator.errors import Problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Rows
from allocator.instance.tables.settings import SETTINGS_FILE

Problems = Iterator[Problem]
Check = Callable[[Timeless], Problems]


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
    if column and rows.table[column].kind == "year":
        value = "" if value == BLANK_YEAR else value
    shown = "" if value != value else str(value)
    line = int(rows.lines[position])
    return Problem(rows.table.name, line, column, shown, message, suggestion, severity)


def entry_problem(
    draft: Draft, entry: str, message: str, suggestion: str = "", severity: str = "error"
) -> Problem:
    """Problem with an entry of ``instance.toml``."""
    value, line = getattr(draft.settings, entry), draft.entry_lines.get(entry)
    return Problem(SETTINGS_FILE, line, entry, str(value), message, suggestion, severity)


def needs(*tables: str) -> Callable[[Check], Check]:
    """Run a check only when all rows of `tables` could be used."""

    def wrap(check: Check) -> Check:
        def guarded(facts: Timeless) -> Problems:
            if facts.draft.whole(*tables):
                yield from check(facts)

        return _named(guarded, check)

    return wrap


def planned(*tables: str) -> Callable[[Callable[[Facts], Problems]], Check]:
    """Run a check only when the plan years are known and all rows of `tables` could be used."""

    def wrap(check: Callable[[Facts], Problems]) -> Check:
        def guarded(facts: Timeless) -> Problems:
            if isinstance(facts, Facts) and facts.draft.whole(*tables):
                yield from check(facts)

        return _named(guarded, check)

    return wrap


def _named(guarded: Check, check: Callable[..., Problems]) -> Check:
    guarded.__name__, guarded.__doc__ = check.__name__, check.__doc__
    return guarded
