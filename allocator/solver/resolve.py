"""Solve one programme again and again with other figures: nothing is rebuilt, little is sent.

Budgets, rates and weights are sides, coefficients and costs of a programme whose rows and
columns stay. A :class:`Resolver` changes them in place, here and in HiGHS, one number for one
number, and the next run goes on from the last basis.
"""

from __future__ import annotations

import time
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from allocator.errors import SolverError
from allocator.solver.highs import Solution, Solver, _ok
from allocator.solver.program import INFINITE, LARGE, SMALL, Program
from allocator.solver.watch import refuse_while

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


class Resolver(Solver):
    """A programme loaded once, whose figures change between runs.

    The scaling is that of the figures it was loaded with: powers of two, so that no digit
    changes, but figures that move by orders of magnitude are better loaded anew.

    Parameters
    ----------
    program : Program
        Copied: the caller's stays as it is.
    **keywords
        As for :class:`~allocator.solver.highs.Solver`.

    Raises
    ------
    SolverError, UsageError
        As for :class:`~allocator.solver.highs.Solver`.
    """

    def __init__(self, program: Program, **keywords: Any) -> None:
        matrix = program.matrix.copy()
        own = program.replaced(
            matrix=matrix,
            cost=program.cost.copy(),
            row_lower=program.row_lower.copy(),
            row_upper=program.row_upper.copy(),
        )
        super().__init__(own, **keywords)
        self._limited = True
        self._whole = bool(program.integer.any())
        self._row_of = np.repeat(np.arange(program.shape[0]), np.diff(matrix.indptr))

    def run(self, **keywords: Any) -> Solution:
        """Solve as :meth:`~allocator.solver.highs.Solver.run` does, watched and with limits."""
        self._limited = True
        return super().run(**keywords)

    def resolve(self, *, duals: bool = False) -> Solution:
        """Solve a linear programme from the last basis, in this thread.

        For many short runs: watching one for Ctrl-C and telling its limits can take longer
        than the run, so there are none here, and Ctrl-C is heeded between runs. A run that
        does not end with an optimum is done again by :meth:`run`, which says why.

        Parameters
        ----------
        duals : bool
            Whether to read row duals and reduced costs.

        Raises
        ------
        SolverError
            For a programme with whole numbers.
        """
        if self._whole:
            raise SolverError("a programme with whole numbers has no basis to go on from: run it")
        refuse_while(self._watch)
        if self._limited:
            self._set("solver", self.algorithm)
            self._set("time_limit", highspy.kHighsInf)
            self._limited = False
        began = time.perf_counter()
        status = self._h.run()
        seconds = time.perf_counter() - began
        if (
            status != highspy.HighsStatus.kOk
            or self._h.getModelStatus() != highspy.HighsModelStatus.kOptimal
        ):
            return self.run()
        info, solution = self._h.getInfo(), self._h.getSolution()
        counts = {
            "simplex": max(0, info.simplex_iteration_count),
            "ipm": max(0, info.ipm_iteration_count),
            "crossover": max(0, info.crossover_iteration_count),
            "pdlp": max(0, info.pdlp_iteration_count),
        }
        x = np.fromiter(solution.col_value, float, count=len(self.program.cost))
        x *= self.scaling.column
        dual = reduced = None
        if duals and solution.dual_valid:
            dual = np.array(solution.row_dual) * self.scaling.row / self._cost_scale
            reduced = np.array(solution.col_dual) / (self.scaling.column * self._cost_scale)
        objective = float(self.program.cost @ x + self.program.offset)
        ran = self._ran(counts)
        return Solution("optimal", x, dual, reduced, objective, counts, ran, seconds)

    def change_sides(self, rows: Places, lower: Numbers, upper: Numbers) -> None:
        """Replace the sides of some rows, as of budgets.

        Parameters
        ----------
        rows : ndarray of int, shape (changed,)
        lower, upper : ndarray, shape (changed,)
            In the programme's own units; infinite for none.

        Raises
        ------
        SolverError
            For a row that is not there, numbers that do not fit, NaN, or sides that cross.
        """
        rows = self._places(rows, self.program.shape[0], "row", lower, upper)
        if np.isnan(lower).any() or np.isnan(upper).any():
            raise SolverError("a side is not a number")
        lower, upper = _open(lower), _open(upper)
        if (lower > upper).any():
            name = self.program.row_names()[int(rows[np.argmax(lower > upper)])]
            raise SolverError(f"nothing can meet {name}: its sides cross")
        s = self.scaling.row[rows]
        at = rows.astype(np.int32)
        _ok(self._h.changeRowsBounds(len(at), at, lower * s, upper * s), "change sides")
        self.program.row_lower[rows], self.program.row_upper[rows] = lower, upper

    def change_costs(self, columns: Places, cost: Numbers) -> None:
        """Replace the costs of some columns, as of weights; sense and constant stay.

        Parameters
        ----------
        columns : ndarray of int, shape (changed,)
        cost : ndarray, shape (changed,)

        Raises
        ------
        SolverError
            For a column that is not there, numbers that do not fit, or a cost that is not finite.
        """
        columns = self._places(columns, self.program.shape[1], "column", cost)
        if not np.isfinite(cost).all():
            raise SolverError("a cost is not finite")
        scaled = cost * self.scaling.column[columns] * self._cost_scale
        at = columns.astype(np.int32)
        _ok(self._h.changeColsCost(len(at), at, scaled), "change costs")
        self.program.cost[columns] = cost

    def change_coefficients(self, entries: Places, values: Numbers) -> None:
        """Replace some coefficients that are there, as of rates.

        Parameters
        ----------
        entries : ndarray of int, shape (changed,)
            Places in ``program.matrix.data``.
        values : ndarray, shape (changed,)
            Zero takes a term out until it is changed again.

        Raises
        ------
        SolverError
            For an entry that is not there, numbers that do not fit, or a coefficient that
            HiGHS would drop or misread.
        """
        matrix = self.program.matrix
        entries = self._places(entries, len(matrix.data), "coefficient", values)
        size = np.abs(values)
        if not ((values == 0) | ((size > SMALL) & (size < LARGE))).all():
            raise SolverError(f"a coefficient is not 0 or of a size from {SMALL:g} to {LARGE:g}")
        changed = values != matrix.data[entries]
        entries, values = entries[changed], values[changed]
        rows, columns = self._row_of[entries], matrix.indices[entries]
        scaled = values * self.scaling.row[rows] * self.scaling.column[columns]
        change = self._h.changeCoeff
        for row, column, value in zip(
            rows.tolist(), columns.tolist(), scaled.tolist(), strict=True
        ):
            _ok(change(row, column, value), "change a coefficient")
        matrix.data[entries] = values

    def take(self, program: Program) -> None:
        """Take all figures of another programme of the same structure, sending what differs.

        The same tables with other figures, extracted and compiled, give one.

        Parameters
        ----------
        program : Program

        Raises
        ------
        SolverError
            When its rows, columns, coefficients' places, sense or whole numbers are others:
            it has to be loaded anew.
        """
        mine, theirs = self.program, program
        same = (
            mine.shape == theirs.shape
            and mine.maximise == theirs.maximise
            and np.array_equal(mine.matrix.indptr, theirs.matrix.indptr)
            and np.array_equal(mine.matrix.indices, theirs.matrix.indices)
            and np.array_equal(mine.integer, theirs.integer)
        )
        if not same:
            raise SolverError("the programme has another structure: load it anew")
        rows = (mine.row_lower != theirs.row_lower) | (mine.row_upper != theirs.row_upper)
        at = np.flatnonzero(rows)
        if len(at):
            self.change_sides(at, theirs.row_lower[at], theirs.row_upper[at])
        at = np.flatnonzero(mine.cost != theirs.cost)
        if len(at):
            self.change_costs(at, theirs.cost[at])
        self.change_coefficients(np.arange(len(mine.matrix.data)), theirs.matrix.data)
        bounds = (mine.col_lower != theirs.col_lower) | (mine.col_upper != theirs.col_upper)
        if bounds.any():
            self.set_bounds(theirs.col_lower.copy(), theirs.col_upper.copy())
        if mine.offset != theirs.offset:
            scaled = theirs.offset * self._cost_scale
            _ok(self._h.changeObjectiveOffset(scaled), "change the offset")
            self.program = self.program.replaced(offset=theirs.offset)

    def _places(self, at: Places, count: int, what: str, *numbers: Numbers) -> Places:
        at = np.asarray(at, dtype=np.int64)
        if any(part.shape != at.shape for part in numbers):
            raise SolverError(f"{len(at)} {what}s and another number of figures")
        if len(at) and not (at.min() >= 0 and at.max() < count):
            raise SolverError(f"there is no {what} {at[(at < 0) | (at >= count)][0]}")
        return at


def _open(side: Numbers) -> Numbers:
    """Sides of a size that HiGHS takes for none are none."""
    return np.where(np.abs(side) >= INFINITE, np.copysign(np.inf, side), side)
