"""The tables of an instance as arrays: the one place where the check reads them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from allocator.arrays import Flags, Floats, Ints, Objects
from allocator.errors import InstanceError, Problem
from allocator.instance.instance import Instance
from allocator.instance.tables.rows import BLANK_YEAR, Rows


def rows_of(instance: Instance, name: str) -> Rows:
    """Rows of one table of an instance."""
    return instance.rows[name]


class Tables:
    """An instance as it is read: its settings, its plan years and the rows of its tables.

    Parameters
    ----------
    instance : Instance
        The round, with its evidence chosen.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.settings = instance.settings
        self.years: Ints = np.asarray(instance.settings.years, dtype=np.int64)

    def __getitem__(self, name: str) -> Rows:
        return rows_of(self._instance, name)

    def in_force(self, rows: Rows, names: Names, *columns: str) -> InForce:
        """Row in force for every name and plan year.

        A row with a blank year holds in every year, and gives way to a row of its name that
        gives the year.

        Parameters
        ----------
        rows : Rows
            Rows of any table with a column ``year``.
        names : Names
            What rows are about.
        *columns : str
            Columns with the name of a row.
        """
        at = np.full((len(names), len(self.years)), -1, dtype=np.int64)
        key, year = names.positions(rows, *columns), rows["year"]
        blank = np.flatnonzero(year == BLANK_YEAR)
        at[key[blank]] = blank[:, None]
        named = np.flatnonzero(np.isin(year, self.years))
        at[key[named], year[named] - self.years[0]] = named
        return InForce(rows, at)


@dataclass(frozen=True)
class InForce:
    """Rows in force.

    Attributes
    ----------
    rows : Rows
        The rows of the table.
    at : numpy.ndarray
        Shape (name, year): the row in force; -1 where there is none.
    """

    rows: Rows
    at: Ints

    @property
    def there(self) -> Flags:
        """Whether there is a row, shape (name, year)."""
        return self.at >= 0

    def figures(self, column: str, default: float = np.nan) -> Floats:
        """Figures of a column, shape (name, year); `default` without a row, NaN where blank."""
        return pick(self.rows[column], self.at, default)

    def words(self, column: str, default: str = "") -> Objects:
        """Words of a column, shape (name, year); `default` without a row."""
        return pick(self.rows[column], self.at, default)

    def flags(self, column: str) -> Flags:
        """Yes or no of a column, shape (name, year); no without a row."""
        return pick(self.rows[column], self.at, False)

    def listed(self) -> tuple[Rows, Ints]:
        """Rows in force one by one, by name and year, and the positions of their years."""
        return self.rows.take(self.at[self.there]), np.nonzero(self.there)[1]


def pick(values: npt.NDArray[Any], at: Ints, default: Any) -> npt.NDArray[Any]:
    """Values at positions; `default` where the position is -1."""
    return np.append(values, np.array(default, dtype=values.dtype))[at]


def unlimited_where_blank(figures: Floats) -> Floats:
    """Amounts of which a blank one (NaN) is not limited (inf)."""
    return np.where(np.isnan(figures), np.inf, figures)


def blank_where_unlimited(figures: Floats) -> Floats:
    """Amounts as tables hold them: NaN where they are not limited."""
    return np.where(np.isinf(figures), np.nan, figures)


def year_or_nan(rows: Rows, column: str) -> Floats:
    """Years of a column; NaN where blank."""
    return np.where(rows[column] == BLANK_YEAR, np.nan, rows[column])


class Names:
    """Names in order, each once, and where each stands.

    Parameters
    ----------
    names : iterable
        Names, or tuples of them; those that come again count once.
    """

    def __init__(self, names: Iterable[Hashable]) -> None:
        self._at = {name: place for place, name in enumerate(dict.fromkeys(names))}
        self.all: list[Any] = list(self._at)

    def __len__(self) -> int:
        return len(self.all)

    @cached_property
    def array(self) -> Objects:
        """The names, where they are single words."""
        return np.array(self.all, dtype=object)

    def part(self, place: int) -> Objects:
        """One part of every name, where they are tuples."""
        return np.array([name[place] for name in self.all], dtype=object)

    def find(self, values: Iterable[Hashable]) -> Ints:
        """Place of every value; -1 for one that is not there."""
        every = values.tolist() if isinstance(values, np.ndarray) else values
        at = self._at.get
        return np.array([at(value, -1) for value in every], dtype=np.int64)

    def positions(self, rows: Rows, *columns: str) -> Ints:
        """Place of every row's name in one column, or several together.

        Raises
        ------
        InstanceError
            When a name is not there: only an instance that skipped its checks has one.
        """
        found = self.find(rows.tuples(columns) if len(columns) > 1 else rows[columns[0]])
        lost = np.flatnonzero(found < 0)
        if len(lost):
            said = ", ".join(columns)
            raise InstanceError(
                [
                    Problem(rows.table.name, line, said, name, f"{said} '{name}' does not exist.")
                    for line, *parts in rows.take(lost).lists(*columns)
                    for name in [", ".join(str(part) for part in parts)]
                ]
            )
        return found


def places_of(values: Iterable[Any]) -> dict[Any, Ints]:
    """Positions at which each value stands, in order."""
    found: dict[Any, list[int]] = {}
    every = values.tolist() if isinstance(values, np.ndarray) else values
    for position, value in enumerate(every):
        found.setdefault(value, []).append(position)
    return {value: np.array(mine, dtype=np.int64) for value, mine in found.items()}


def summed(code: Ints, values: Floats, size: int) -> Floats:
    """Sum the rows of `values` that share a code, those coded -1 left out; shape (size, ...)."""
    if len(code) and code.min() < 0:
        mine = code >= 0
        code, values = code[mine], values[mine]
    columns = values.reshape(len(values), int(np.prod(values.shape[1:]))).T
    totals = [np.bincount(code, column, size) for column in columns]
    total: Floats = np.array(totals, dtype=float).reshape(len(columns), size).T
    return total.reshape(size, *values.shape[1:])


def year_before(figures: npt.NDArray[Any], first: npt.NDArray[Any] | Any) -> npt.NDArray[Any]:
    """Figures of the year before, shape (row, year); `first` before the first plan year."""
    before = np.empty_like(figures)
    before[:, 1:] = figures[:, :-1]
    before[:, 0] = first
    return before
