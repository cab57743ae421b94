"""Values as exact as doubles hold them, and money to the penny.

HiGHS keeps a row to a billionth of its size, which on £20bn is £20. What it misses is measured
here without rounding, and solved for: the same programme seen from its own solution through a
magnifying glass, sides and bounds measured from there and multiplied by a power of two, started
from the basis that is already optimal (Gleixner, Steffy and Wolter, Iterative refinement for
linear programming, INFORMS J. Comput. 28, 2016). Mostly nothing pivots; where the basis itself
was off by what HiGHS forgives, it is mended; and where nothing under the glass meets the rows,
nothing does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from allocator.arrays import Flags, Floats
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution, read
from allocator.solver.highs.watch import Watch
from allocator.solver.program import Program
from allocator.tolerances import DOUBLES, LOOKED_AT

PASSES = 4
"""Most looks through the glass; the second is there for what the first left."""

STRONGEST = 2.0**44
"""Most a look magnifies: beyond, doubles have nothing to show."""

HALF = 134217729.0
"""``2**27 + 1``: splits a double into two of half its digits."""


@dataclass(frozen=True)
class Exactly:
    """What must be kept to the penny.

    Attributes
    ----------
    rows : ndarray of bool, shape (rows,)
        Rows that are money or say what money is.
    columns : ndarray of bool, shape (columns,)
        Columns whose bounds are money.
    forgiven : float
        Money, in its unit, by which such a row may be missed where nothing meets it exactly.
    """

    rows: Flags
    columns: Flags
    forgiven: float

    @classmethod
    def nothing(cls, program: Program) -> Exactly:
        """No money in a programme."""
        rows, columns = program.shape
        return cls(np.zeros(rows, dtype=bool), np.zeros(columns, dtype=bool), 0.0)


@dataclass(frozen=True)
class Distances:
    """How far rows and columns lie beyond their sides; negative within.

    Attributes
    ----------
    below, above : ndarray, shape (rows,)
    under, over : ndarray, shape (columns,)
    row_size, column_size : ndarray
        Sizes that doubles are exact relative to.
    """

    below: Floats
    above: Floats
    under: Floats
    over: Floats
    row_size: Floats
    column_size: Floats

    @property
    def kept(self) -> bool:
        """Whether nothing is missed by more than doubles make of it."""
        rows = np.maximum(self.below, self.above) <= DOUBLES * self.row_size
        columns = np.maximum(self.under, self.over) <= DOUBLES * self.column_size
        return bool(rows.all() and columns.all())

    def forgiving(self, money: Exactly) -> Distances:
        """What no money hangs on counts as kept; money may be missed by what is forgiven."""
        room = np.zeros(len(self.below))  # rows that were added are meant as they stand
        room[: len(money.rows)] = np.where(money.rows, money.forgiven, np.inf)
        below, above = (np.minimum(x, np.maximum(x - room, 0.0)) for x in (self.below, self.above))
        under, over = (
            np.where(money.columns, x, np.minimum(x, 0.0)) for x in (self.under, self.over)
        )
        return replace(self, below=below, above=above, under=under, over=over)


def distances(
    matrix: sparse.csr_array, x: Floats, rows: tuple[Floats, Floats], program: Program, unit: Floats
) -> Distances:
    """How far a point misses the rows and bounds of a programme, without rounding.

    Parameters
    ----------
    matrix : sparse matrix
        Its rows, and any that were added.
    x : ndarray
    rows : pair of ndarray
        Their sides.
    program : Program
        For the bounds.
    unit : ndarray, shape (columns,)
        Size of the range of each column.
    """
    lower, upper = rows
    value = matrix @ x
    size = abs(matrix) @ np.abs(x)
    sides = [np.where(np.isfinite(side), np.abs(side), 0.0) for side in rows]
    size = np.maximum(size, np.maximum(*sides))
    below, above = lower - value, value - upper
    near = np.flatnonzero(np.maximum(below, above) > -LOOKED_AT * size)
    part = matrix[near]
    terms = _products(part.data, x[part.indices])
    starts = part.indptr.tolist()
    for n, row in enumerate(near.tolist()):
        own = [term for side in terms for term in side[starts[n] : starts[n + 1]]]
        if np.isfinite(lower[row]):
            below[row] = -math.fsum([*own, -lower[row]])
        if np.isfinite(upper[row]):
            above[row] = math.fsum([*own, -upper[row]])
    under, over = program.col_lower - x, x - program.col_upper
    return Distances(below, above, under, over, size, np.maximum(np.abs(x), unit))


def _products(a: Floats, b: Floats) -> tuple[list[float], list[float]]:
    """Products, and what rounding took from each (Dekker)."""
    product = a * b
    halves = []
    for x in (a, b):
        big = HALF * x
        high = big - (big - x)
        halves.append((high, x - high))
    (ah, al), (bh, bl) = halves
    lost = ((ah * bh - product) + ah * bl + al * bh) + al * bl
    return product.tolist(), lost.tolist()


def ray_of(solver: Solver) -> Floats | None:
    """Prices of all rows that show why the last run found nothing, in the programme's units."""
    ray = solver.engine.dual_ray()
    return None if ray is None else ray * solver.every_row()[3]


def refined(solver: Solver, found: Solution, money: Exactly) -> tuple[Solution, Floats | None]:
    """A solution of a linear programme with what HiGHS forgives taken back.

    Parameters
    ----------
    solver : Solver
        As it was left by the run that gave the solution.
    found : Solution
        Optimal.
    money : Exactly

    Returns
    -------
    solution : Solution
        The same where it was exact; better values and duals; or status ``infeasible`` where
        money cannot be kept to the penny.
    ray : ndarray or None
        Why it cannot.
    """
    assert found.x is not None
    glass = _Glass(solver, money)
    p = solver.program
    x, solution = np.clip(found.x, p.col_lower, p.col_upper), found
    seen = glass.look(x)
    for _ in range(PASSES):
        if seen.kept:
            break
        moved = glass.solve(x, seen)
        if moved.status == "infeasible" and not glass.lenient:
            glass.lenient = True
            seen = glass.look(x)
            if seen.kept:
                break
            moved = glass.solve(x, seen)
        if moved.status == "infeasible":
            return replace(found, status="infeasible", x=None, objective=None), glass.ray
        if moved.status != "optimal" or moved.x is None:
            break
        better = np.clip(x + moved.x, p.col_lower, p.col_upper)
        after = glass.look(better)
        if glass.worst(after) >= glass.worst(seen):
            break
        x, seen = better, after
        counted = {k: n + moved.iterations.get(k, 0) for k, n in solution.iterations.items()}
        solution = replace(
            solution,
            row_dual=moved.row_dual,
            reduced_cost=moved.reduced_cost,
            iterations=counted,
            seconds=solution.seconds + moved.seconds,
        )
    return replace(solution, x=x, objective=float(p.cost @ x + p.offset)), None


class _Glass:
    """A programme seen from a point near its solution."""

    def __init__(self, solver: Solver, money: Exactly) -> None:
        self.solver, self.money, self.lenient = solver, money, False
        self.matrix, self.lower, self.upper, self.scale = solver.every_row()
        self.ray: Floats | None = None
        self._program = solver.program

    def look(self, x: Floats) -> Distances:
        """What a point misses."""
        unit = self.solver.scaling.column
        found = distances(self.matrix, x, (self.lower, self.upper), self._program, unit)
        return found.forgiving(self.money) if self.lenient else found

    def worst(self, seen: Distances) -> float:
        """Most that is missed, in scaled units."""
        rows = np.maximum(seen.below, seen.above) * self.scale
        columns = np.maximum(seen.under, seen.over) / self.solver.scaling.column
        return float(max(np.max(rows, initial=0.0), np.max(columns, initial=0.0)))

    def solve(self, x: Floats, seen: Distances) -> Solution:
        """The best step from a point, in the programme's units."""
        solver, worst = self.solver, self.worst(seen)
        zoom = min(STRONGEST, 2.0 ** math.floor(-math.log2(worst))) if worst > 0 else STRONGEST
        zoom = max(1.0, zoom)
        watch = Watch(whole=False, maximise=self._program.maximise)
        try:
            solver.pin(zoom * seen.under, -zoom * seen.over)
            solver.put_sides(zoom * seen.below, -zoom * seen.above)
            solver.engine.set("solver", "simplex")
            seconds = solver.work(watch, None)
            step = read(solver, seconds, watch)
            self.ray = ray_of(solver) if step.status == "infeasible" else None
        finally:
            solver.pin(self._program.col_lower, self._program.col_upper)
            solver.put_sides(self.lower, self.upper)
        return step if step.x is None else replace(step, x=step.x / zoom)
