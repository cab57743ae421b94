"""What the checks look at: the rows of an instance that could be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from allocator.errors import Problem
from allocator.instance.instance import Instance, Settings
from allocator.instance.rows import BLANK_YEAR, Array, Rows, from_frame
from allocator.instance.schema import TABLES

Problems = Iterator[Problem]


@dataclass
class Draft:
    """An instance on its way through the checks.

    Attributes
    ----------
    settings : Settings or None
        None while the plan years are unknown.
    tables : dict of str to Rows
        Usable rows of every table.
    names : dict of str to set
        Names each table declares, those of unusable rows included; a table that could
        not be read to the end is not in it.
    partial : set of str
        Tables with rows or columns that could not be used: nothing may be concluded
        from what they lack.
    settings_text : str
        Text of ``instance.toml``, to find lines in it.
    """

    settings: Settings | None
    tables: dict[str, Rows]
    names: dict[str, set[str]] = field(default_factory=dict)
    partial: set[str] = field(default_factory=set)
    settings_text: str = ""

    def __getitem__(self, name: str) -> Rows:
        return self.tables[name]

    def whole(self, *names: str) -> bool:
        """Whether all rows of these tables could be used."""
        return self.partial.isdisjoint(names)

    def drop(self, name: str, keep: Array) -> None:
        """Set rows aside that a check has refused."""
        if not keep.all():
            self.tables[name] = self.tables[name].take(keep)
            self.partial.add(name)

    @property
    def years(self) -> tuple[int, ...]:
        """Plan years; none while they are unknown."""
        return () if self.settings is None else self.settings.years


def draft_of(instance: Instance) -> Draft:
    """Draft of an instance that has been checked."""
    tables = {name: from_frame(name, instance.tables[name]) for name in TABLES}
    return Draft(instance.settings, tables)


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
