"""Typed rows of a table that still know the line they came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from allocator.arrays import Flags, Ints, Values
from allocator.instance.tables.column import NO_VALUE, Column, Table
from allocator.instance.tables.schema import TABLES

if TYPE_CHECKING:
    import pandas as pd


BLANK_YEAR = 0
"""How a blank year is written in arrays of years."""

_BLANK = {"text": "", "choice": "", "number": np.nan, "integer": 0, "year": 0, "flag": False}
_DTYPES: dict[str, Any] = {
    "text": object,
    "choice": object,
    "number": np.float64,
    "integer": np.int64,
    "year": np.int64,
    "flag": np.bool_,
}


@dataclass(frozen=True, eq=False)
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
    lines: Ints
    columns: dict[str, Values]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, column: str) -> Values:
        return self.columns[column]

    def __eq__(self, other: object) -> bool:
        """Whether the other rows say the same, wherever they come from."""
        if not isinstance(other, Rows):
            return NotImplemented
        return self.table.name == other.table.name and all(
            alike(values, other[name]) for name, values in self.columns.items()
        )

    def take(self, chosen: Flags | Ints) -> Rows:
        """Rows picked by a mask or by position."""
        columns = {name: values[chosen] for name, values in self.columns.items()}
        return Rows(self.table, self.lines[chosen], columns)

    @property
    def by_line(self) -> list[int]:
        """Positions in the order in which the rows stand in their file."""
        order: list[int] = np.argsort(self.lines, kind="stable").tolist()
        return order

    def in_file(self, chosen: Flags | Ints) -> list[int]:
        """Positions picked by a mask or by position, in the order of their lines."""
        positions = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        order: list[int] = positions[np.argsort(self.lines[positions], kind="stable")].tolist()
        return order

    def lines_at(self, positions: Ints) -> Ints:
        """Lines of some rows; 0 for a position of -1."""
        if not len(self):
            return np.zeros(positions.shape, dtype=np.int64)
        return np.where(positions >= 0, self.lines[positions], 0)

    def put(self, **columns: Values) -> Rows:
        """Rows with other values in some columns."""
        same = all(alike(self[name], values) for name, values in columns.items())
        return self if same else replace(self, columns=self.columns | columns)

    def lists(self, *names: str) -> Iterable[tuple[Any, ...]]:
        """Line and the named columns of each row as plain Python values."""
        return zip(
            self.lines.tolist(), *(self.columns[name].tolist() for name in names), strict=True
        )

    def tuples(self, columns: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
        """Values of the key columns (or those named) of each row."""
        names = self.table.key if columns is None else columns
        return list(zip(*(self.columns[name].tolist() for name in names), strict=True))

    def by_key(self) -> Rows:
        """Rows sorted by key with blank years last; those of the same key stay in order."""
        parts = []
        for name in self.table.key:
            values = self.columns[name]
            if self.table[name].kind == "year":
                values = np.where(values == BLANK_YEAR, np.iinfo(np.int64).max, values)
            parts.append(values.tolist())
        keys = list(zip(*parts, strict=True))
        order = sorted(range(len(self)), key=keys.__getitem__)
        return self if order == list(range(len(self))) else self.take(np.array(order))

    def frame(self) -> pd.DataFrame:
        """The table with the schema's dtypes; a blank year is ``<NA>``."""
        import pandas as pd

        def series(kind: str, values: Values) -> pd.Series[Any]:
            if kind in ("text", "choice"):
                return pd.Series(values, dtype="str")
            if kind == "year":
                return pd.Series(pd.arrays.IntegerArray(values.copy(), values == BLANK_YEAR))
            return pd.Series(values.copy())

        return pd.DataFrame(
            {name: series(self.table[name].kind, values) for name, values in self.columns.items()}
        )


def alike(values: Values, others: Values) -> bool:
    """Whether two columns hold the same, blank numbers included."""
    return np.array_equal(values, others, equal_nan=values.dtype.kind == "f")


def among(values: Values, names: Iterable[Any]) -> Flags:
    """Mask of the values that are one of some names."""
    known = set(names)
    return np.fromiter((value in known for value in values.tolist()), bool, len(values))


def positions_of(values: Values) -> dict[Any, Ints]:
    """Positions at which each value stands, in order."""
    found: dict[Any, list[int]] = {}
    for position, value in enumerate(values.tolist()):
        found.setdefault(value, []).append(position)
    return {value: np.array(positions, dtype=np.int64) for value, positions in found.items()}


def no_rows(name: str) -> Rows:
    """Table without rows."""
    table = TABLES[name]
    columns = {c.name: filled(c, 0) for c in table.columns.values()}
    return Rows(table, np.empty(0, dtype=np.int64), columns)


def from_frame(name: str, frame: pd.DataFrame) -> Rows:
    """Rows of a checked table; each row's line is its position + 2."""
    table = TABLES[name]
    columns = {}
    for column in table.columns.values():
        values = frame[column.name]
        if column.kind == "year":
            values = values.fillna(BLANK_YEAR)
        columns[column.name] = values.to_numpy(dtype=_DTYPES[column.kind])
    return Rows(table, np.arange(len(frame), dtype=np.int64) + 2, columns)


def filled(column: Column, size: int) -> Values:
    """Cells that all hold the column's default, or the kind's blank where it has none."""
    none = column.default is NO_VALUE or column.required
    value = _BLANK[column.kind] if none else column.default
    return np.full(size, value, dtype=_DTYPES[column.kind])
