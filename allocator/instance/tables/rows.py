"""Typed rows of a table that still know the line they came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.instance.tables.schema import REQUIRED, TABLES, Table

Array = npt.NDArray[Any]

BLANK_YEAR = 0
"""How a blank year is written in arrays of years."""

_MISSING = {"text": "", "choice": "", "number": np.nan, "integer": 0, "year": 0, "flag": False}
_ARRAYS: dict[str, Any] = {
    "text": object,
    "choice": object,
    "number": np.float64,
    "integer": np.int64,
    "year": np.int64,
    "flag": np.bool_,
}


@dataclass(frozen=True)
class Rows:
    """Rows of one table as arrays.

    Attributes
    ----------
    table : Table
        What the schema says about the table.
    lines : ndarray of int
        Line of each row in its file (row number + 2 for tables made in memory).
    columns : dict of str to ndarray
        Text as objects, numbers as float64 with NaN for blank, integers and years as
        int64 with :data:`BLANK_YEAR` for a blank year, flags as bool.
    """

    table: Table
    lines: Array
    columns: dict[str, Array]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, column: str) -> Array:
        return self.columns[column]

    def take(self, chosen: Array) -> Rows:
        """Rows picked by a mask or by position."""
        columns = {name: values[chosen] for name, values in self.columns.items()}
        return Rows(self.table, self.lines[chosen], columns)

    def lists(self, *names: str) -> Iterable[tuple[Any, ...]]:
        """Line and the named columns of each row as plain Python values."""
        return zip(
            self.lines.tolist(), *(self.columns[name].tolist() for name in names), strict=True
        )

    def tuples(self, columns: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
        """Values of the key columns (or those named) of each row."""
        names = self.table.key if columns is None else columns
        return list(zip(*(self.columns[name].tolist() for name in names), strict=True))

    def frame(self) -> pd.DataFrame:
        """Table with the schema's dtypes, sorted by key with blank years last."""
        order = self._order()
        return pd.DataFrame(
            {name: self._series(name, values[order]) for name, values in self.columns.items()}
        )

    def _order(self) -> Array:
        if len(self) < 2:
            return np.arange(len(self))
        parts = []
        for name in self.table.key:
            values = self.columns[name]
            if self.table.meta(name)["kind"] == "year":
                values = np.where(values == BLANK_YEAR, np.iinfo(np.int64).max, values)
            parts.append(values.tolist())
        keys = list(zip(*parts, strict=True))
        return np.array(sorted(range(len(self)), key=keys.__getitem__), dtype=np.int64)

    def _series(self, name: str, values: Array) -> pd.Series[Any]:
        kind = self.table.meta(name)["kind"]
        if kind in ("text", "choice"):
            return pd.Series(values, dtype="str")
        if kind == "year":
            return pd.Series(pd.arrays.IntegerArray(values.copy(), values == BLANK_YEAR))
        return pd.Series(values.copy())


def among(values: Array, names: Iterable[Any]) -> Array:
    """Mask of the values that are one of some names."""
    known = set(names)
    return np.fromiter((value in known for value in values.tolist()), bool, len(values))


def positions_of(values: Array) -> dict[Any, Array]:
    """Positions at which each value stands, in order."""
    codes, names = pd.factorize(values)
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    parts = np.split(np.argsort(codes, kind="stable"), ends[:-1])
    return dict(zip(names.tolist(), parts, strict=True)) if len(names) else {}


def no_rows(name: str) -> Rows:
    """Table without rows."""
    table = TABLES[name]
    columns = {c: np.empty(0, dtype=_ARRAYS[table.meta(c)["kind"]]) for c in table.columns}
    return Rows(table, np.empty(0, dtype=np.int64), columns)


def from_frame(name: str, frame: pd.DataFrame) -> Rows:
    """Rows of a checked table; each row's line is its position + 2."""
    table = TABLES[name]
    columns = {}
    for column in table.columns:
        kind = table.meta(column)["kind"]
        series = frame[column]
        if kind == "year":
            series = series.fillna(BLANK_YEAR)
        columns[column] = series.to_numpy(dtype=_ARRAYS[kind])
    return Rows(table, np.arange(len(frame), dtype=np.int64) + 2, columns)


def filled(kind: str, size: int, default: Any) -> Array:
    """Column of `size` cells that all hold `default`, or the kind's blank without one."""
    value = _MISSING[kind] if default is None or default == REQUIRED else default
    return np.full(size, value, dtype=_ARRAYS[kind])
