"""Which row holds in which plan year: a row with a year replaces one without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats, Ints, Values
from allocator.instance.tables.rows import BLANK_YEAR, Rows


@dataclass(frozen=True)
class ByYear:
    """Rows of a table laid out by key and plan year.

    Attributes
    ----------
    rows : Rows
        The table.
    keys : list of tuple
        Key of each group, without the year.
    years : tuple of int
        Plan years.
    index : ndarray of int, shape (groups, years)
        Position of the row that holds, -1 where none does.
    """

    rows: Rows
    keys: list[tuple[Any, ...]]
    years: tuple[int, ...]
    index: Ints

    @property
    def there(self) -> Flags:
        """Where a row holds, shape (groups, years)."""
        return self.index >= 0

    @property
    def in_force(self) -> tuple[Ints, Ints, Ints]:
        """Row, group and year of every row that holds, by row, undated rows first."""
        group, t = np.nonzero(self.there)
        row = self.index[group, t]
        order = np.lexsort((t, row, self.rows["year"][row] != BLANK_YEAR))
        return row[order], group[order], t[order]

    @property
    def by_line(self) -> list[int]:
        """Groups in the order in which their first rows stand in the file."""
        keys, rank = _keys(self.rows), {key: group for group, key in enumerate(self.keys)}
        groups = (rank[keys[position]] for position in self.rows.by_line if keys[position] in rank)
        return list(dict.fromkeys(groups))

    def values(self, column: str, missing: float = np.nan) -> Floats:
        """Numbers of `column` by group and year; `missing` where no row holds."""
        return self._spread(self.rows[column], missing, np.float64)

    def words(self, column: str, missing: str | int = "") -> Values:
        """Text or years of `column` by group and year; `missing` where no row holds."""
        values = self.rows[column]
        return self._spread(values, missing, values.dtype)

    def flags(self, of_rows: Flags) -> Flags:
        """Where the row that holds is one of some rows."""
        return self._spread(of_rows, False, np.bool_)

    def lines(self) -> Ints:
        """Line of the row that holds, 0 where none does."""
        return self.rows.lines_at(self.index)

    def _spread(self, values: Values, missing: object, dtype: Any) -> Values:
        found = np.full(self.index.shape, missing, dtype=dtype)
        if len(values):
            np.copyto(found, values[self.index], where=self.there)
        return found


def by_year(rows: Rows, years: Sequence[int]) -> ByYear:
    """Lay out `rows`, whose years are plan years or blank, by key and plan year."""
    keys = _keys(rows)
    group_of: dict[tuple[Any, ...], int] = {}
    groups = np.array([group_of.setdefault(key, len(group_of)) for key in keys], dtype=np.int64)
    index = np.full((len(group_of), len(years)), -1, dtype=np.int64)
    year = rows["year"]
    blank = np.flatnonzero(year == BLANK_YEAR)
    index[groups[blank], :] = blank[:, None]
    dated = np.flatnonzero(year != BLANK_YEAR)
    index[groups[dated], year[dated] - years[0]] = dated
    return ByYear(rows, list(group_of), tuple(years), index)


def _keys(rows: Rows) -> list[tuple[Any, ...]]:
    return rows.tuples([name for name in rows.table.key if name != "year"])
