"""What the checks look at: the rows of an instance that could be read."""

from __future__ import annotations

from dataclasses import dataclass, field

from allocator.instance.tables.rows import Array, Rows
from allocator.instance.tables.settings import Settings


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
