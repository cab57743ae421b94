"""The successive solves behind a plan: reference, best, fewest pounds moved.

Each stage is a solve of the same loaded programme with another objective and other
bounds, started from where the last one ended. A later stage is kept on the optimal face
of an earlier one by complementary slackness: columns with a reduced cost stay at their
bound and rows with a price stay at their side, which is exact for any optimal dual and
needs no dense objective row. (HiGHS's own lexicographic mode is not used: it gives wrong
answers at default tolerances and no duals.)
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from allocator.data import Data
from allocator.data.data import HELD_WEIGHT
from allocator.errors import SolverError, UsageError
from allocator.solver.certificate import residuals, safe_bound
from allocator.solver.highs import Solution, Solver
from allocator.solver.program import Program

Numbers = npt.NDArray[np.float64]

FACE_TOLERANCES = (1e-9, 1e-11, 1e-13)
"""Reduced costs and prices above this share of the largest hold on a face, tried in turn."""

SAME = 1e-9
"""How much of the objective, relatively, a later stage may give up."""

EXACT = 1e-7
"""Residuals and gap, relatively, above which another algorithm's result is solved again."""

DOUBT = 1e-6
"""Residuals, relatively, above which a solution is not believed."""

NUDGE = 1e-3
"""What a pound counts that moves between pools or years, or meets need that could have been
avoided, against a pound moved in care."""


@dataclass
class Stages:
    """What the stages found.

    Attributes
    ----------
    status : str
        optimal, feasible (part of the gain was given up on purpose), infeasible,
        unbounded, limit or unknown.
    reference : ndarray or None
        Column values of the reference plan.
    best : Solution or None
        The best plan with its duals: what the certificate and the prices rest on.
    best_program : Program or None
        The programme `best` is optimal for, held programmes fixed.
    plan : ndarray or None
        Column values of the plan: nearly the best, fewest pounds moved.
    algorithms : list of str
        What ran, stage by stage.
    iterations : int
        All simplex, interior-point and first-order iterations.
    seconds : dict of str to float
        Run time of each stage.
    """

    status: str = "infeasible"
    reference: Numbers | None = None
    best: Solution | None = None
    best_program: Program | None = None
    plan: Numbers | None = None
    algorithms: list[str] = field(default_factory=list)
    iterations: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def doubtful(self) -> bool:
        """Whether to ask again in other units and without presolve before believing it.

        Figures many orders of magnitude apart can make a solver call a feasible programme
        infeasible, or miss a small row within its tolerance.
        """
        if self.status in ("infeasible", "unknown"):
            return True
        if self.best is None or self.best.x is None or self.best_program is None:
            return False
        return max(residuals(self.best_program, self.best.x)) > DOUBT


def second_opinion(program: Program, threads: int) -> Solver:
    """Solver of the same programme that shares neither scaling nor presolve with the first."""
    return Solver(program, threads=threads, scaled=False, options={"presolve": "off"})


class StagedSolve:
    """Runs the stages on one loaded programme.

    Parameters
    ----------
    solver : Solver
        The compiled allocation model. It must have column blocks ``activity``, ``up`` and
        ``down`` over the same programme-years and a row block ``moved``.
    data : Data
    keep : float or None
        Share of the gain on the reference a calmer plan must keep; None for all of it.
    time_limit : float or None
        Seconds for all stages together.
    """

    def __init__(
        self, solver: Solver, data: Data, keep: float | None, time_limit: float | None
    ) -> None:
        self.solver = solver
        self.data = data
        self.keep = keep
        self._deadline = None if time_limit is None else time.monotonic() + time_limit
        program = solver.program
        if program.integer.any():
            at = int(np.argmax(program.integer))
            raise UsageError(
                f"{program.column_names()[at]} takes whole numbers only: plans that need a "
                "mixed-integer programme are not supported yet"
            )
        self.worth = program.cost
        self.offset = program.offset
        self._lower, self._upper = program.col_lower, program.col_upper
        self._sides = program.row_lower, program.row_upper
        self._activity, self._up, self._down = (
            self._span(name, program.block(name)) for name in ("activity", "up", "down")
        )
        self._moved = self._span("moved", program.block("moved"))
        self.out = Stages()

    @staticmethod
    def _span(name: str, block: object) -> slice:
        if block is None:
            raise SolverError(f"the formulation has no {name}: it cannot be solved in stages")
        return block.span  # type: ignore[attr-defined]

    def run(self) -> Stages:
        """Reference plan, best plan, then the calmest plan that is as good."""
        nearest = self._stage("reference", *self._pounds(reference=True), maximise=False)
        if nearest.status != "optimal":
            self.out.status = nearest.status
            return self.out
        self._hold_face(nearest, FACE_TOLERANCES[0])
        scored = self._stage("reference value", self.worth, self.offset, maximise=True)
        chosen = scored if scored.status == "optimal" else nearest
        self.out.reference = chosen.x
        self._release(chosen.x)
        best = self._stage("best", self.worth, self.offset, maximise=True, asked=True)
        self.out.status = best.status
        if best.status != "optimal":
            if best.status == "limit":
                self.out.plan = chosen.x
            return self.out
        self.out.best, self.out.best_program, self.out.plan = best, self.solver.program, best.x
        self._calm(best)
        return self.out

    def _stage(
        self, name: str, cost: Numbers, offset: float, *, maximise: bool, asked: bool = False
    ) -> Solution:
        self.solver.set_objective(cost, maximise=maximise, offset=offset)
        algorithm = self.solver.algorithm if asked else "simplex"
        solution = self._run(name, algorithm)
        if algorithm == "simplex" or self._is_exact(solution):
            return solution
        polished = self._run(f"{name}, polished", "simplex")
        return replace(polished, algorithm=f"{solution.algorithm}, then {polished.algorithm}")

    def _run(self, name: str, algorithm: str) -> Solution:
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        solution = self.solver.run(time_limit=left, algorithm=algorithm)
        self.out.algorithms.append(f"{name}: {solution.algorithm}")
        self.out.iterations += sum(solution.iterations.values())
        self.out.seconds[name] = solution.seconds
        return solution

    def _is_exact(self, solution: Solution) -> bool:
        """Whether a result may stand as it is; first-order methods stop short of a vertex.

        What the run says of itself is not asked: rows, bounds and the gap to the safe bound
        are measured.
        """
        if solution.status != "optimal":
            return solution.status != "unknown"
        if solution.x is None or solution.row_dual is None or solution.objective is None:
            return False
        program = self.solver.program
        gap = abs(safe_bound(program, solution.row_dual) - solution.objective)
        off = max(*residuals(program, solution.x), gap / max(1.0, abs(solution.objective)))
        return off <= EXACT

    def _pounds(self, *, reference: bool) -> tuple[Numbers, float]:
        """Cost that counts pounds moved; held programmes count more on the way to the reference."""
        cost = np.zeros(len(self.worth))
        weight = np.ones(self._up.stop - self._up.start)
        if reference:
            held = np.repeat(self.data.held, len(self.data.year))
            weight[held] = HELD_WEIGHT
        cost[self._up] = cost[self._down] = weight
        avoidable = self.data.programme_years.positions(self.data.demand.avoided.columns)
        price = self.data.activity.price.ravel()
        cost[self._activity][avoidable] = NUDGE * price[avoidable]
        if not reference:
            self._count_nudges(cost)
        return cost, 0.0

    def _met(self, x: Numbers) -> Numbers:
        """Activity, and what has been avoided of its need, by programme and year."""
        met = x[self._activity].copy()
        block = self.solver.program.block("avoided")
        if block is not None and block.index is not None:
            met[self.data.programme_years.positions(block.index.columns)] += x[block.span]
        return met

    def _count_nudges(self, cost: Numbers) -> None:
        program = self.solver.program
        for name in ("transfer", "carried"):
            block = program.block(name)
            if block is not None and len(block):
                cost[block.span] = np.where(self._lower[block.span] >= 0, NUDGE, 0.0)
        block = program.block("extra")
        if block is not None and len(block):
            more = self.data.capacity.extra_max > 0
            cost[block.span] = NUDGE * self.data.capacity.extra_price[more]

    def _hold_face(self, solution: Solution, tolerance: float) -> None:
        """Keep to the optimal face of a solved stage."""
        if solution.x is None or solution.reduced_cost is None or solution.row_dual is None:
            raise SolverError("an optimal stage came back without values or duals")
        scale = self.solver.scaling
        program = self.solver.program
        reduced = np.abs(solution.reduced_cost) * scale.column
        price = np.abs(solution.row_dual) / scale.row
        size = max(float(np.max(np.abs(program.cost) * scale.column, initial=0.0)), 1e-300)
        x = solution.x
        lower, upper = program.col_lower.copy(), program.col_upper.copy()
        tight = reduced > tolerance * size
        at_lower = np.abs(x - lower) <= np.abs(upper - x)
        lower[tight & ~at_lower] = upper[tight & ~at_lower]
        upper[tight & at_lower] = lower[tight & at_lower]
        self.solver.set_bounds(lower, upper)
        value = program.matrix @ x
        row_lower, row_upper = program.row_lower.copy(), program.row_upper.copy()
        binds = price > tolerance * size
        with np.errstate(invalid="ignore"):
            low_side = np.abs(value - row_lower) <= np.abs(row_upper - value)
        row_lower[binds & ~low_side] = row_upper[binds & ~low_side]
        row_upper[binds & low_side] = row_lower[binds & low_side]
        self.solver.set_sides(row_lower, row_upper)

    def _release(self, reference: Numbers | None) -> None:
        """Leave the face; hold what is held and count pounds from the reference."""
        if reference is None:
            raise SolverError("the reference plan came back without values")
        activity = np.clip(
            reference[self._activity], self._lower[self._activity], self._upper[self._activity]
        )
        held = np.repeat(self.data.held, len(self.data.year))
        lower, upper = self._lower.copy(), self._upper.copy()
        lower[self._activity] = np.where(held, activity, lower[self._activity])
        upper[self._activity] = np.where(held, activity, upper[self._activity])
        self._held_bounds = lower, upper
        spend = self._met(reference) * self.data.activity.price.ravel()
        row_lower, row_upper = self._sides[0].copy(), self._sides[1].copy()
        row_lower[self._moved] = row_upper[self._moved] = spend
        self._held_sides = row_lower, row_upper
        self.solver.set_bounds(lower, upper)
        self.solver.set_sides(row_lower, row_upper)

    def _calm(self, best: Solution) -> None:
        """Among plans as good, the one that moves the fewest pounds."""
        if best.objective is None or self.out.reference is None:
            return
        reference = float(self.worth @ self.out.reference + self.offset)
        gain = best.objective - reference
        if self.keep is not None and gain > 0:
            floor = reference + self.keep * gain
            self.solver.add_row(self.worth, floor - self.offset, np.inf)
            calm = self._stage("calm", *self._pounds(reference=False), maximise=False)
            if self._keeps(calm, floor):
                self.out.plan, self.out.status = calm.x, "feasible"
            return
        floor = best.objective - SAME * max(1.0, abs(best.objective))
        for tolerance in FACE_TOLERANCES:
            self.solver.set_bounds(*self._held_bounds)
            self.solver.set_sides(*self._held_sides)
            self.solver.set_objective(self.worth, maximise=True, offset=self.offset)
            self._hold_face(best, tolerance)
            calm = self._stage("calm", *self._pounds(reference=False), maximise=False)
            if self._keeps(calm, floor):
                self.out.plan = calm.x
                return

    def _keeps(self, calm: Solution, floor: float) -> bool:
        if calm.status != "optimal" or calm.x is None:
            return False
        worth = float(self.worth @ calm.x + self.offset)
        return worth >= floor - SAME * max(1.0, abs(floor))
