"""What the checks look at: the rows of an instance that could be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allocator.arrays import Flags
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.settings import Settings


@dataclass
class Draft:
    """An instance on its way through the checks.

    Attributes
    ----------
    settings : Settings
        The round; entries that cannot be used have their default, and :attr:`years` is
        empty while the plan years are unknown.
    tables : dict of str to Rows
        Usable rows of every table, sorted by key.
    names : dict of str to set
        Names each table declares, those of unusable rows included; a table that could
        not be read to the end is not in it.
    partial : set of str
        Tables with rows or columns that could not be used: nothing may be concluded
        from what they lack.
    entry_lines : mapping of str to int
        Line of each entry of ``instance.toml`` that is there.
    """

    settings: Settings
    tables: dict[str, Rows]
    names: dict[str, set[str]] = field(default_factory=dict)
    partial: set[str] = field(default_factory=set)
    entry_lines: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Rows:
        return self.tables[name]

    def whole(self, *names: str) -> bool:
        """Whether all rows of these tables could be used."""
        return self.partial.isdisjoint(names)

    def drop(self, name: str, keep: Flags) -> None:
        """Set rows aside that a check has refused."""
        if not keep.all():
            self.tables[name] = self.tables[name].take(keep)
            self.partial.add(name)

    @property
    def years(self) -> tuple[int, ...]:
        """Plan years; none while they are unknown."""
        return self.settings.years
