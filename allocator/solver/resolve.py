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
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.errors import SolverError, UsageError
from allocator.solver.highs.direct import Direct, opened
from allocator.solver.highs.door import Solver
from allocator.solver.highs.engine import COUNTED
from allocator.solver.highs.options import choose, refuse, settings
from allocator.solver.highs.scaling import Scaling
from allocator.solver.highs.solution import Solution, ran
from allocator.solver.program import Program
from allocator.tolerances import INFINITE, LARGE, SMALL

NEAR = 16
"""Places that lie no further apart are sent together with what is between them."""

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
        self._loaded, self._algorithm, self._threads = program, algorithm, threads
        self._options = options or {}
        self._warm = False
        self._whole = bool(program.integer.any())
        self._basis: Any = None
        self.scaling = Scaling.of(program)
        self._data = self.scaling.coefficients(program)
        scaled = self.scaling.scaled(program)
        self._lower, self._upper = scaled.row_lower, scaled.row_upper
        self._bounds = scaled.col_lower, scaled.col_upper
        self._cost, self._offset = scaled.cost, scaled.offset
        self._x = np.empty(len(self._cost))
        self._highs = opened()
        for name, value in (settings(program, algorithm, threads) | self._options).items():
            self._highs.set(name, value)
        self._highs.load(scaled)

    @property
    def direct(self) -> bool:
        """Whether figures go in and out by HiGHS's own library; otherwise more slowly."""
        return isinstance(self._highs, Direct)

    @property
    def program(self) -> Program:
        """The programme with its figures as they are now, in its own units."""
        s, p = self.scaling, self._loaded
        matrix = p.matrix.copy()
        matrix.data = self._data / (s.row[_rows(p)] * s.column[matrix.indices])
        return p.replaced(
            matrix=matrix,
            cost=self._cost / (s.column * s.cost),
            offset=self._offset / s.cost,
            row_lower=self._lower / s.row,
            row_upper=self._upper / s.row,
            col_lower=self._bounds[0] * s.column,
            col_upper=self._bounds[1] * s.column,
        )

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
        s = self.scaling
        self._highs.values(self._x)
        # by no product of vectors: for a long one, threads of its library would wait beside us
        objective = (float(np.sum(self._cost * self._x)) + self._offset) / s.cost
        x = self._x * s.column
        dual = reduced = None
        if duals:
            dual, reduced = np.empty(len(self._lower)), np.empty(len(self._cost))
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
        return Sides(self, _found(rows, len(self._lower), "row"))

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
        return ColumnBounds(self, _found(columns, len(self._cost), "column"))

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
        return ColumnCosts(self, _found(columns, len(self._cost), "column"))

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
        return Coefficients(self, _found(entries, len(self._data), "coefficient"))

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
            self._bounds = (
                theirs.col_lower / self.scaling.column,
                theirs.col_upper / self.scaling.column,
            )
            self._highs.bounds(*self._bounds)
        if mine.offset != theirs.offset:
            self._offset = theirs.offset * self.scaling.cost
            self._highs.offset(self._offset)


class Sides:
    """Sides of some rows of a :class:`Resolver`."""

    def __init__(self, solver: Resolver, rows: Ints) -> None:
        self._solver, self._rows = solver, rows
        self._scale = solver.scaling.row[rows]
        self._stretches = list(_stretches(rows))

    def change(self, lower: Floats, upper: Floats) -> None:
        """Replace them.

        Parameters
        ----------
        lower, upper : ndarray, shape (changed,)
            In the programme's own units; infinite for none.

        Raises
        ------
        SolverError
            For another number of figures, NaN, or sides that cross; nothing is changed then.
        """
        solver, rows = self._solver, self._rows
        _fit(rows, "row", lower, upper)
        _apart(lower, upper, lambda at: solver._loaded.row_names()[int(rows[at])], "side")
        solver._lower[rows] = _open(lower) * self._scale
        solver._upper[rows] = _open(upper) * self._scale
        for span in self._stretches:
            solver._highs.sides(solver._lower, solver._upper, span)


class ColumnBounds:
    """Bounds of some columns of a :class:`Resolver`."""

    def __init__(self, solver: Resolver, columns: Ints) -> None:
        self._solver, self._columns = solver, columns
        self._scale = solver.scaling.column[columns]

    def change(self, lower: Floats, upper: Floats) -> None:
        """Replace them.

        Parameters
        ----------
        lower, upper : ndarray, shape (changed,)
            In the programme's own units; infinite for none.

        Raises
        ------
        SolverError
            For another number of figures, NaN, or bounds that cross; nothing is changed then.
        """
        solver, columns = self._solver, self._columns
        _fit(columns, "column", lower, upper)
        _apart(lower, upper, lambda at: solver._loaded.column_names()[int(columns[at])], "bound")
        least, most = (part.copy() for part in solver._bounds)
        least[columns], most[columns] = _open(lower) / self._scale, _open(upper) / self._scale
        solver._bounds = least, most
        solver._highs.bounds(least, most)


class ColumnCosts:
    """Costs of some columns of a :class:`Resolver`."""

    def __init__(self, solver: Resolver, columns: Ints) -> None:
        self._solver, self._columns = solver, columns
        self._scale = solver.scaling.column[columns] * solver.scaling.cost
        self._stretches = list(_stretches(columns))

    def change(self, cost: Floats) -> None:
        """Replace them.

        Parameters
        ----------
        cost : ndarray, shape (changed,)

        Raises
        ------
        SolverError
            For another number of figures, or one that is not finite; nothing is changed then.
        """
        solver = self._solver
        _fit(self._columns, "column", cost)
        if not np.isfinite(cost).all():
            raise SolverError("a cost is not finite")
        solver._cost[self._columns] = cost * self._scale
        for span in self._stretches:
            solver._highs.costs(solver._cost, span)


class Coefficients:
    """Some coefficients of a :class:`Resolver`."""

    def __init__(self, solver: Resolver, entries: Ints) -> None:
        self._solver, self._entries = solver, entries
        self._row = _rows(solver._loaded)[entries]
        self._column = solver._loaded.matrix.indices[entries].astype(np.int64)
        self._scale = solver.scaling.row[self._row] * solver.scaling.column[self._column]

    def change(self, values: Floats) -> None:
        """Replace them.

        Parameters
        ----------
        values : ndarray, shape (changed,)
            Zero takes a term out until it is changed again.

        Raises
        ------
        SolverError
            For another number of figures, or a coefficient that HiGHS would drop or misread;
            nothing is changed then.
        """
        solver = self._solver
        _fit(self._entries, "coefficient", values)
        size = np.abs(values)
        if not ((values == 0) | ((size > SMALL) & (size < LARGE))).all():
            raise SolverError(f"a coefficient is not 0 or of a size from {SMALL:g} to {LARGE:g}")
        scaled = values * self._scale
        at = np.flatnonzero(scaled != solver._data[self._entries])
        solver._highs.coefficients(self._row[at], self._column[at], scaled[at])
        solver._data[self._entries] = scaled


def _rows(program: Program) -> Ints:
    """Row of every coefficient."""
    return np.repeat(np.arange(program.shape[0]), np.diff(program.matrix.indptr))


def _found(places: Ints, count: int, what: str) -> Ints:
    places = np.array(places, dtype=np.int64)
    missing = places[(places < 0) | (places >= count)]
    if len(missing):
        raise SolverError(f"there is no {what} {missing[0]}")
    return places


def _fit(places: Ints, what: str, *numbers: Floats) -> None:
    for part in numbers:
        if part.shape != places.shape:
            raise SolverError(f"{len(places)} {what}s and another number of figures: {part.shape}")


def _apart(lower: Floats, upper: Floats, name: Callable[[int], str], what: str) -> None:
    fine = lower <= upper
    if not fine.all():
        at = int(np.argmin(fine))
        if np.isnan([lower[at], upper[at]]).any():
            raise SolverError(f"a {what} of {name(at)} is not a number")
        raise SolverError(f"nothing can meet {name(at)}: its {what}s cross")


def _stretches(places: Ints) -> Iterator[slice]:
    """Stretches that hold all of some places, and little else.

    HiGHS takes a stretch many times faster than as many places apart.
    """
    if not len(places):
        return
    ordered = np.unique(places)
    gaps = np.flatnonzero(np.diff(ordered) > NEAR)
    for first, last in zip(
        ordered[np.append(0, gaps + 1)].tolist(),
        ordered[np.append(gaps, len(ordered) - 1)].tolist(),
        strict=True,
    ):
        yield slice(first, last + 1)


def _open(side: Floats) -> Floats:
    """Sides of a size that HiGHS takes for none are none."""
    return np.where(np.abs(side) >= INFINITE, np.copysign(np.inf, side), side)
