"""What a stage may do: bounds of all columns and sides of all rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.errors import SolverError
from allocator.solver.highs.door import Solver
from allocator.solver.highs.scaling import Scaling
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

    def on_face(
        self, program: Program, scaling: Scaling, solution: Solution, tolerance: float
    ) -> Limits:
        """The optimal face of a programme, by complementary slackness.

        Parameters
        ----------
        program : Program
            With the objective that was optimised.
        scaling : Scaling
            Units in which reduced costs and prices are compared.
        solution : Solution
            Optimal, with its duals.
        tolerance : float
            Share of the largest cost from which a reduced cost or a price holds.
        """
        if solution.x is None or solution.reduced_cost is None or solution.row_dual is None:
            raise SolverError("an optimal stage came back without values or duals")
        size = float(np.max(np.abs(program.cost) * scaling.column, initial=NO_SIZE))
        lower, upper = _closed(
            (self.lower, self.upper),
            solution.x,
            np.abs(solution.reduced_cost) * scaling.column > tolerance * size,
        )
        row_lower, row_upper = _closed(
            (self.row_lower, self.row_upper),
            program.matrix @ solution.x,
            np.abs(solution.row_dual) / scaling.row > tolerance * size,
        )
        return Limits(lower, upper, row_lower, row_upper)


def _closed(sides: tuple[Floats, Floats], value: Floats, tight: Flags) -> tuple[Floats, Floats]:
    """Sides that lie together at the nearer of both where tight."""
    lower, upper = (side.copy() for side in sides)
    with np.errstate(invalid="ignore"):
        low = np.abs(value - lower) <= np.abs(upper - value)
    lower[tight & ~low] = upper[tight & ~low]
    upper[tight & low] = lower[tight & low]
    return lower, upper
