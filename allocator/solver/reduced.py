"""A linear programme without what cannot matter, so that solving it many times takes less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.arrays import Flags, Floats, Ints
from allocator.errors import SolverError
from allocator.solver.program import Program
from allocator.tolerances import FEASIBILITY

ROUNDS = 6
"""How often what was left out is looked at for more."""

ROOM = 2.0
"""Times its bound up to which a column that is kept may be moved."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """A programme, and where its rows and columns were.

    Attributes
    ----------
    program : Program
        Worth the same for every side of a row, and every bound of a column, that was kept.
    row, column : ndarray of int
        Place of each row and column of the whole one; -1 where it was left out.
    x : ndarray
        Values of the columns that were left out because they are fixed; 0 for others.
    """

    program: Program
    row: Ints
    column: Ints
    x: Floats


def reduced(program: Program, rows: Flags, columns: Flags) -> Reduced:
    """Leave out fixed columns, rows that always hold, and columns that only give room.

    A row of one column becomes its bound; columns without a cost in one row alone widen its
    sides. Nothing of this touches what is kept.

    Parameters
    ----------
    program : Program
        Without whole numbers.
    rows, columns : ndarray of bool
        Those to keep, as their sides and bounds will move: to at most `ROOM` times a bound.
    """
    return _Reduction(program, rows, columns).run()


def unreduced(program: Program) -> Reduced:
    """A programme as it is."""
    rows, columns = program.shape
    return Reduced(program, np.arange(rows), np.arange(columns), np.zeros(columns))


class _Reduction:
    def __init__(self, program: Program, rows: Flags, columns: Flags) -> None:
        self.program, self.keep_row, self.keep_column = program, rows, columns
        self.row, self.column = np.ones(len(rows), bool), np.ones(len(columns), bool)
        self.lower, self.upper = program.row_lower.copy(), program.row_upper.copy()
        self.low, self.high = program.col_lower.copy(), program.col_upper.copy()
        self.x = np.zeros(len(columns))

    def run(self) -> Reduced:
        for _ in range(ROUNDS):
            before = self.row.sum() + self.column.sum()
            self._fix()
            self._absorb(self._matrix())
            self._hold(self._matrix())
            self._bound(self._matrix())
            if self.row.sum() + self.column.sum() == before:
                break
        p, row, column = self.program, np.flatnonzero(self.row), np.flatnonzero(self.column)
        small = p.replaced(
            matrix=sparse.csr_array(p.matrix[row][:, column]),
            cost=p.cost[column],
            offset=p.offset + float(np.sum(p.cost * self.x)),
            row_lower=self.lower[row],
            row_upper=self.upper[row],
            col_lower=self.low[column],
            col_upper=self.high[column],
            integer=p.integer[column],
            rows=(),
            columns=(),
        )
        return Reduced(small, _places(self.row), _places(self.column), self.x)

    def _matrix(self) -> sparse.coo_array:
        """What is left, with the rows and columns of the whole."""
        found = self.program.matrix.tocoo()
        there = self.row[found.coords[0]] & self.column[found.coords[1]]
        coords = (found.coords[0][there], found.coords[1][there])
        return sparse.coo_array((found.data[there], coords), shape=found.shape)

    def _fix(self) -> None:
        """Columns that cannot move go into the sides."""
        fixed = self.column & ~self.keep_column & (self.low == self.high)
        at = np.where(fixed, self.low, 0.0)
        moved = self.program.matrix @ at
        self.lower, self.upper = self.lower - moved, self.upper - moved
        self.x += at
        self.column &= ~fixed

    def _absorb(self, left: sparse.coo_array) -> None:
        """Columns that cost nothing and stand in one row widen its sides."""
        row, column = left.coords
        often = np.bincount(column, minlength=len(self.column))
        alone = (often <= 1) & (self.program.cost == 0.0) & ~self.keep_column & self.column
        mine = alone[column] & ~self.keep_row[row]
        ends = np.sort([left.data * self.low[column], left.data * self.high[column]], axis=0)
        size = len(self.row)
        self.lower = self.lower - np.bincount(row[mine], ends[1][mine], size)
        self.upper = self.upper - np.bincount(row[mine], ends[0][mine], size)
        gone = np.zeros(len(self.column), dtype=bool)
        gone[column[mine]] = True
        self.column &= ~(gone | (alone & (often == 0)))

    def _hold(self, left: sparse.coo_array) -> None:
        """Rows that hold whatever the columns are."""
        row, column = left.coords
        low = np.where(self.keep_column, np.minimum(self.low, 0.0), self.low)
        far = np.where(self.high > 0.0, ROOM * self.high, np.inf)
        high = np.where(self.keep_column, far, self.high)
        ends = np.sort([left.data * low[column], left.data * high[column]], axis=0)
        least = np.bincount(row, ends[0], len(self.row))
        most = np.bincount(row, ends[1], len(self.row))
        self.row &= self.keep_row | ~((least >= self.lower) & (most <= self.upper))

    def _bound(self, left: sparse.coo_array) -> None:
        """Rows of one column that is not kept bound it."""
        row, column = left.coords
        count = np.bincount(row, minlength=len(self.row))
        mine = (count[row] == 1) & ~self.keep_row[row] & ~self.keep_column[column]
        r, c, a = row[mine], column[mine], left.data[mine]
        ends = np.sort([self.lower[r] / a, self.upper[r] / a], axis=0)
        np.maximum.at(self.low, c, ends[0])
        np.minimum.at(self.high, c, ends[1])
        self.row[r] = False
        apart = self.low - self.high
        if np.max(apart / np.maximum(1.0, np.abs(self.high)), initial=0.0) > FEASIBILITY:
            raise SolverError("a programme to be priced has no plan")
        self.low = np.minimum(self.low, self.high)


def _places(there: Flags) -> Ints:
    return np.where(there, np.cumsum(there) - 1, -1)
