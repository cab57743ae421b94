"""What a stage may do: bounds of all columns and sides of all rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.errors import SolverError
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Program
from allocator.tolerances import NO_SIZE


@dataclass(frozen=True, eq=False)
class Limits:
    """Bounds and sides, from which tighter ones are made.

    Attributes
    ----------
    lower, upper : ndarray, shape (columns,)
    row_lower, row_upper : ndarray, shape (rows,)
    """

    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats

    @classmethod
    def of(cls, program: Program) -> Limits:
        """Those of a programme."""
        return cls(program.col_lower, program.col_upper, program.row_lower, program.row_upper)

    def changed(self, before: Limits, after: Limits) -> Limits:
        """These with all that others changed from what they were before."""
        names = ("lower", "upper", "row_lower", "row_upper")
        each = [[getattr(limits, n) for limits in (self, before, after)] for n in names]
        return Limits(*(np.where(was == now, mine, now) for mine, was, now in each))

    def put(self, solver: Solver) -> None:
        """Have a solver keep to them."""
        p = solver.program
        if not (p.col_lower is self.lower and p.col_upper is self.upper):
            solver.set_bounds(self.lower, self.upper)
        if not (p.row_lower is self.row_lower and p.row_upper is self.row_upper):
            solver.set_sides(self.row_lower, self.row_upper)

    def fixing(self, program: Program, values: Mapping[str, Floats]) -> tuple[Limits, Flags]:
        """Some whole numbers fixed where they are.

        Parameters
        ----------
        program : Program
        values : mapping of str to ndarray
            By block name; NaN where nothing is said. A block of another length is passed over.

        Returns
        -------
        limits : Limits
        fixed : ndarray of bool, shape (columns,)
        """
        lower, upper = self.lower.copy(), self.upper.copy()
        fixed = np.zeros(len(lower), dtype=bool)
        for name, x in values.items():
            block = program.block(name)
            if block is not None and len(block) == len(x):
                at = block.start + np.flatnonzero(~np.isnan(x))
                lower[at] = upper[at] = np.round(x[at - block.start])
                fixed[at] = True
        return replace(self, lower=lower, upper=upper), fixed

    def deciding(self, whole: Flags, x: Floats) -> Limits:
        """Every whole number fixed where a solution has it; the rest is a linear programme."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[whole] = upper[whole] = np.round(x[whole])
        return replace(self, lower=lower, upper=upper)

    def bounded(self, span: slice, lower: Any = None, upper: Any = None) -> Limits:
        """Other bounds for a stretch of columns; those that are None stay."""
        low, high = self.lower.copy(), self.upper.copy()
        if lower is not None:
            low[span] = lower
        if upper is not None:
            high[span] = upper
        return replace(self, lower=low, upper=high)

    def sided(self, span: slice, lower: Any = None, upper: Any = None) -> Limits:
        """Other sides for a stretch of rows; those that are None stay."""
        low, high = self.row_lower.copy(), self.row_upper.copy()
        if lower is not None:
            low[span] = lower
        if upper is not None:
            high[span] = upper
        return replace(self, row_lower=low, row_upper=high)

    def undecided(self, whole: Flags) -> bool:
        """Whether a decision is left open."""
        return bool((self.lower[whole] < self.upper[whole]).any())

    def on_face(self, program: Program, solution: Solution, tolerance: float) -> Face:
        """The optimal face of a programme, by complementary slackness.

        A reduced cost is measured against the terms it is the difference of, and a price against
        the terms it has in the columns of its row: figures of any size are told from rounding.

        Parameters
        ----------
        program : Program
            With the objective that was optimised.
        solution : Solution
            Optimal, with its duals.
        tolerance : float
            Share of those terms from which a reduced cost or a price holds.
        """
        x, cost, price = solution.x, solution.reduced_cost, solution.row_dual
        if x is None or cost is None or price is None:
            raise SolverError("an optimal stage came back without values or duals")
        matrix = program.matrix
        terms = np.abs(matrix.data) * np.repeat(np.abs(price), np.diff(matrix.indptr))
        size = np.abs(program.cost) + np.bincount(matrix.indices, terms, len(program.cost))
        share = np.divide(
            terms, size[matrix.indices], out=np.zeros_like(terms), where=terms > NO_SIZE
        )
        most, some = np.zeros(len(price)), np.diff(matrix.indptr) > 0
        if terms.size:
            most[some] = np.maximum.reduceat(share, matrix.indptr[:-1][some])
        held, row_held = np.abs(cost) > tolerance * size, most > tolerance
        value = matrix @ x
        lower, upper = _closed((self.lower, self.upper), x, held)
        row_lower, row_upper = _closed((self.row_lower, self.row_upper), value, row_held)
        return Face(
            Limits(lower, upper, row_lower, row_upper),
            x,
            value,
            np.where(held, 0.0, np.abs(cost)),
            np.where(row_held, 0.0, np.abs(price)),
        )


@dataclass(frozen=True, eq=False)
class Face:
    """Where a stage is as good as at its optimum.

    Attributes
    ----------
    limits : Limits
        What keeps to it.
    x : ndarray, shape (columns,)
        The optimum.
    value : ndarray, shape (rows,)
        Its rows.
    cost : ndarray, shape (columns,)
        Size of the reduced costs of columns that are free on it.
    price : ndarray, shape (rows,)
        Size of the prices of rows that are free on it.
    """

    limits: Limits
    x: Floats
    value: Floats
    cost: Floats
    price: Floats

    def loss(self, program: Program, x: Floats) -> float:
        """Most that a solution on it can have lost of the optimum.

        Unlike the difference of two objectives it holds no rounding of rows.
        """
        moved = np.abs(program.matrix @ x - self.value)
        return float(self.cost @ np.abs(x - self.x) + self.price @ moved)


def _closed(sides: tuple[Floats, Floats], value: Floats, tight: Flags) -> tuple[Floats, Floats]:
    """Sides that lie together at the nearer of both where tight."""
    lower, upper = (side.copy() for side in sides)
    with np.errstate(invalid="ignore"):
        low = np.abs(value - lower) <= np.abs(upper - value)
    lower[tight & ~low] = upper[tight & ~low]
    upper[tight & low] = lower[tight & low]
    return lower, upper
