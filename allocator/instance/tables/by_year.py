"""Which row holds in which plan year: a row with a year replaces one without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.instance.tables.rows import BLANK_YEAR, Array, Rows


@dataclass(frozen=True)
class ByYear:
    """Rows of a table laid out by key and plan year.

    Attributes
    ----------
    rows : Rows
        The table.
    keys : list of tuple
        Key of each group, without the year.
    index : ndarray of int, shape (groups, years)
        Position of the row that holds, -1 where none does.
    """

    rows: Rows
    keys: list[tuple[Any, ...]]
    index: Array

    def values(self, column: str, missing: float = np.nan) -> Array:
        """Numbers of `column` by group and year; `missing` where no row holds."""
        if not len(self.rows):
            return np.full(self.index.shape, missing)
        found = self.rows[column][self.index]
        return np.where(self.index >= 0, found, missing)

    def lines(self) -> Array:
        """Line of the row that holds, 0 where none does."""
        if not len(self.rows):
            return np.zeros(self.index.shape, dtype=np.int64)
        return np.where(self.index >= 0, self.rows.lines[self.index], 0)


def by_year(rows: Rows, years: Sequence[int]) -> ByYear:
    """Lay out `rows`, whose years are plan years or blank, by key and plan year."""
    names = [name for name in rows.table.key if name != "year"]
    keys = rows.tuples(names)
    group_of: dict[tuple[Any, ...], int] = {}
    groups = np.array([group_of.setdefault(key, len(group_of)) for key in keys], dtype=np.int64)
    index = np.full((len(group_of), len(years)), -1, dtype=np.int64)
    year = rows["year"]
    blank = np.flatnonzero(year == BLANK_YEAR)
    index[groups[blank], :] = blank[:, None]
    dated = np.flatnonzero(year != BLANK_YEAR)
    index[groups[dated], year[dated] - (years[0] if years else 0)] = dated
    return ByYear(rows, list(group_of), index)
