"""Solve one programme again and again with other figures: nothing is rebuilt, little is sent.

Budgets, rates and weights are sides, coefficients and costs of a programme whose rows and
columns stay. A :class:`Resolver` changes them in HiGHS, and the next run goes on from the last
basis. What changes is named once, its figures as often as there are draws::

    solver = Resolver(program)
    budgets, weights = solver.sides(rows), solver.costs(columns)
    for draw in draws:
        budgets.change(draw.lower, draw.upper)
        weights.change(draw.cost)
        solution = solver.resolve()
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from allocator.arrays import Ints
from allocator.errors import SolverError, UsageError
from allocator.solver.changes import Coefficients, ColumnBounds, ColumnCosts, Sides
from allocator.solver.figures import Figures
from allocator.solver.highs.direct import Direct, opened
from allocator.solver.highs.door import Solver
from allocator.solver.highs.engine import COUNTED
from allocator.solver.highs.options import choose, refuse, settings
from allocator.solver.highs.solution import Solution, ran
from allocator.solver.program import Program

WARM = {
    "solver": "simplex",
    "simplex_dual_edge_weight_strategy": 1,
    "simplex_scale_strategy": 0,
}
"""Options for short runs from a basis: Devex weights start from nothing, where those of steepest
edge are worked out anew whenever a coefficient changes; and the programme is scaled already."""


class Resolver:
    """A programme loaded once, whose figures change between runs.

    The scaling is that of the figures it was loaded with: powers of two, so that no digit
    changes, but figures that move by orders of magnitude are better loaded anew.

    Parameters
    ----------
    program : Program
        Copied: the caller's stays as it is.
    algorithm : {'auto', 'simplex', 'ipx', 'hipo'}
        Of the first run; later ones go on from its basis by the simplex method.
    threads, options
        As for :class:`~allocator.solver.highs.door.Solver`.

    Raises
    ------
    SolverError, UsageError
        As for :class:`~allocator.solver.highs.door.Solver`.
    """

    def __init__(
        self,
        program: Program,
        *,
        algorithm: str = "auto",
        threads: int = 1,
        options: dict[str, Any] | None = None,
    ) -> None:
        refuse(program, algorithm)
        if algorithm == "pdlp":
            raise UsageError("algorithm pdlp ends without a basis for the next run to go on from")
        algorithm = choose(program) if algorithm == "auto" else algorithm
        self._algorithm, self._threads = algorithm, threads
        self._options = options or {}
        self._warm = False
        self._whole = bool(program.integer.any())
        self._basis: Any = None
        how = settings(program, algorithm, threads) | self._options
        self._figures = Figures(program, opened(), how)
        self._highs = self._figures.highs
        self._x = np.empty(program.shape[1])

    @property
    def direct(self) -> bool:
        """Whether figures go in and out by HiGHS's own library; otherwise more slowly."""
        return isinstance(self._highs, Direct)

    @property
    def program(self) -> Program:
        """The programme with its figures as they are now, in its own units."""
        return self._figures.program

    def run(self, **keywords: Any) -> Solution:
        """Solve the programme as it is now, loaded anew, watched and with limits.

        Parameters
        ----------
        **keywords
            As for :meth:`allocator.solver.highs.door.Solver.run`.
        """
        solver = Solver(
            self.program,
            algorithm=self._algorithm,
            threads=self._threads,
            options=self._options,
        )
        return solver.run(**keywords)

    def resolve(self, *, duals: bool = False, why: bool = True) -> Solution:
        """Solve a linear programme from the last basis, or the one that is kept.

        For many short runs: watching one for Ctrl-C and telling its limits can take longer
        than the run, so there are none here, and Ctrl-C is heeded between runs. A run that
        does not end with an optimum is done again by :meth:`run`, which says why.

        Parameters
        ----------
        duals : bool
            Whether to read row duals and reduced costs.
        why : bool
            Whether to find out why a run does not end with an optimum; otherwise its status is
            unknown.

        Raises
        ------
        SolverError
            For a programme with whole numbers.
        """
        if self._whole:
            raise SolverError("a programme with whole numbers has no basis to go on from: run it")
        if self._basis is not None:
            self._highs.start(self._basis)
        began = time.perf_counter()
        optimal = self._highs.run()
        seconds = time.perf_counter() - began
        if not optimal:
            unknown = Solution("unknown", None, None, None, None, {}, self._algorithm, seconds)
            return self.run() if why else unknown
        figures, s = self._figures, self._figures.scaling
        self._highs.values(self._x)
        # by no product of vectors: for a long one, threads of its library would wait beside us
        objective = (float(np.sum(figures.cost * self._x)) + figures.offset) / s.cost
        x = self._x * s.column
        dual = reduced = None
        if duals:
            dual, reduced = np.empty(len(figures.lower)), np.empty(len(figures.cost))
            self._highs.duals(dual, reduced)
            dual *= s.row / s.cost
            reduced /= s.column * s.cost
        counts = dict.fromkeys(COUNTED, 0)
        counts |= self._highs.counts(("simplex",) if self._warm else COUNTED)
        algorithm = ran(counts, self._algorithm)
        if not self._warm:
            self._warm = True
            # What HiGHS holds of the first run is scaled its own way: with another way of
            # scaling, changes of figures would go to the wrong ones.
            basis = self._highs.basis()
            self._highs.start(basis)
            for name, value in (WARM | self._options).items():
                self._highs.set(name, value)
        return Solution("optimal", x, dual, reduced, objective, counts, algorithm, seconds)

    def keep(self) -> None:
        """Start every later run from the basis of the last one, not from the run before.

        The answer to a draw then does not depend on the draws before it, even where several
        plans are equally good. Keep a basis from the middle of what is to come, as of mean
        figures: it is nearer to each draw than the draws are to each other.
        """
        self._basis = self._highs.basis()

    def sides(self, rows: Ints) -> Sides:
        """Sides of some rows, as of budgets, to be changed.

        Parameters
        ----------
        rows : ndarray of int, shape (changed,)

        Raises
        ------
        SolverError
            For a row that is not there.
        """
        return Sides(self._figures, rows)

    def bounds(self, columns: Ints) -> ColumnBounds:
        """Bounds of some columns, as of limits, to be changed.

        Parameters
        ----------
        columns : ndarray of int, shape (changed,)

        Raises
        ------
        SolverError
            For a column that is not there.
        """
        return ColumnBounds(self._figures, columns)

    def costs(self, columns: Ints) -> ColumnCosts:
        """Costs of some columns, as of weights, to be changed; sense and constant stay.

        Parameters
        ----------
        columns : ndarray of int, shape (changed,)

        Raises
        ------
        SolverError
            For a column that is not there.
        """
        return ColumnCosts(self._figures, columns)

    def coefficients(self, entries: Ints) -> Coefficients:
        """Some coefficients that are there, as of rates, to be changed.

        Parameters
        ----------
        entries : ndarray of int, shape (changed,)
            Places in ``program.matrix.data``.

        Raises
        ------
        SolverError
            For an entry that is not there.
        """
        return Coefficients(self._figures, entries)

    def take(self, program: Program) -> None:
        """Take all figures of another programme of the same structure, sending what differs.

        The same tables with other figures, extracted and compiled, give one.

        Parameters
        ----------
        program : Program

        Raises
        ------
        SolverError
            When its rows, columns, coefficients' places, sense or whole numbers are others
            (it has to be loaded anew), or for figures that HiGHS would misread.
        """
        figures = self._figures
        mine, theirs = figures.program, program
        same = (
            mine.shape == theirs.shape
            and mine.maximise == theirs.maximise
            and np.array_equal(mine.matrix.indptr, theirs.matrix.indptr)
            and np.array_equal(mine.matrix.indices, theirs.matrix.indices)
            and np.array_equal(mine.integer, theirs.integer)
        )
        if not same:
            raise SolverError("the programme has another structure: load it anew")
        refuse(theirs, self._algorithm)
        differ = (mine.row_lower != theirs.row_lower) | (mine.row_upper != theirs.row_upper)
        at = np.flatnonzero(differ)
        self.sides(at).change(theirs.row_lower[at], theirs.row_upper[at])
        at = np.flatnonzero(mine.cost != theirs.cost)
        self.costs(at).change(theirs.cost[at])
        at = np.flatnonzero(mine.matrix.data != theirs.matrix.data)
        self.coefficients(at).change(theirs.matrix.data[at])
        differ = (mine.col_lower != theirs.col_lower) | (mine.col_upper != theirs.col_upper)
        if differ.any():
            unit = figures.scaling.column
            figures.bounds = theirs.col_lower / unit, theirs.col_upper / unit
            self._highs.bounds(*figures.bounds)
        if mine.offset != theirs.offset:
            figures.offset = theirs.offset * figures.scaling.cost
            self._highs.offset(figures.offset)
