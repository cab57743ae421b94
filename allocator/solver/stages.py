"""The successive solves behind a plan: reference, best, fewest pounds moved.

A stage of a programme with yes-or-no decisions is two solves: branch and bound for the
decisions, then the linear programme with the decisions fixed, which gives exact values,
prices and a face that later stages can keep to.

Each stage is a solve of the same loaded programme with another objective and other
bounds, started from where the last one ended. A later stage is kept on the optimal face
of an earlier one by complementary slackness: columns with a reduced cost stay at their
bound and rows with a price stay at their side, which is exact for any optimal dual and
needs no dense objective row. (HiGHS's own lexicographic mode is not used: it gives wrong
answers at default tolerances and no duals.)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from allocator.data import Data
from allocator.data.data import HELD_WEIGHT
from allocator.errors import SolverError
from allocator.solver.highs.door import SEARCH, Solution, Solver
from allocator.solver.program import Program
from allocator.solver.proof.certificate import residuals, safe_bound

Numbers = npt.NDArray[np.float64]

FACE_TOLERANCES = (1e-9, 1e-11, 1e-13)
"""Reduced costs and prices above this share of the largest hold on a face, tried in turn."""

SAME = 1e-9
"""How much of the objective, relatively, a later stage may give up."""

EXACT = 1e-7
"""Residuals and gap, relatively, above which another algorithm's result is solved again."""

DOUBT = 1e-6
"""Residuals, relatively, above which a solution is not believed."""

REFERENCE_GAP = 1e-7
"""Gap to which the decisions of the reference plan are sought, in pounds moved."""

REFERENCE_SHARE = 0.25
"""Share of a time limit the decisions of the reference plan, or of a start, may take."""

CALM_GAP = 1e-2
"""Gap to which the decisions of a calmer plan are sought, in pounds moved."""

PENNY = 0.01
"""Pounds a decision counts for beyond what it costs, on the way to the reference plan."""

KEPT_NODES = 500
"""Nodes for what is left to decide where the decisions of an earlier search are kept."""

SEARCHES = ("reference decisions", "start", "best decisions", "calm decisions")
"""Stages that search for decisions."""

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
    bound, root_bound : float or None
        Bounds of branch and bound on the best objective; None for linear programmes.
    nodes : int
        Nodes of the search for the best plan.
    interrupted : bool
        Whether somebody stopped the search.
    primal_log : tuple of (float, float)
        Seconds and objective of each better plan found on the way.
    start : str
        What became of a starting plan: blank without one, else used or not allowed.
    decided : dict of str to ndarray
        Column values with the decisions that each search came to.
    """

    status: str = "infeasible"
    reference: Numbers | None = None
    best: Solution | None = None
    best_program: Program | None = None
    plan: Numbers | None = None
    algorithms: list[str] = field(default_factory=list)
    iterations: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    bound: float | None = None
    root_bound: float | None = None
    nodes: int = 0
    interrupted: bool = False
    primal_log: tuple[tuple[float, float], ...] = ()
    start: str = ""
    decided: dict[str, Numbers] = field(default_factory=dict)

    @property
    def doubtful(self) -> bool:
        """Whether to ask again in other units and without presolve before believing it.

        Figures many orders of magnitude apart can make a solver call a feasible programme
        infeasible, or miss a small row within its tolerance.
        """
        if self.interrupted:
            return False
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
    gap : float
        Share of the gain on the reference to which the decisions are proved best.
    node_limit : int or None
        Most nodes of the search for the best plan.
    decided : dict of str to ndarray, optional
        Starting plan: values of whole-number columns by block name, NaN where it says nothing.
    kept : dict of str to dict of str to ndarray, optional
        Decisions of an earlier solve by search and block name, which are kept; whole-number
        columns of other blocks are decided anew.
    """

    def __init__(
        self,
        solver: Solver,
        data: Data,
        keep: float | None,
        time_limit: float | None,
        gap: float = 1e-4,
        node_limit: int | None = None,
        decided: Mapping[str, Numbers] | None = None,
        kept: Mapping[str, Mapping[str, Numbers]] | None = None,
    ) -> None:
        self.solver = solver
        self.data = data
        self.money_scale = data.money_scale
        self.keep = keep
        self.gap = gap
        self.node_limit = node_limit
        self.decided = decided or {}
        self.kept = kept
        self._limit = time_limit
        self._deadline = None if time_limit is None else time.monotonic() + time_limit
        program = solver.program
        self.whole = program.integer.copy()
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
        pounds = self._pounds(reference=True)
        if self.whole.any():
            found = self._decide("reference decisions", *pounds, REFERENCE_GAP, maximise=False)
            if found.x is None:
                self.out.status = found.status
                return self.out
            self._fix("reference decisions", found.x)
        nearest = self._stage("reference", *pounds, maximise=False, asked=True)
        if nearest.status != "optimal":
            self.out.status = nearest.status
            return self.out
        self._hold_face(nearest, FACE_TOLERANCES[0])
        scored = self._stage("reference value", self.worth, self.offset, maximise=True)
        chosen = scored if scored.status == "optimal" else nearest
        self.out.reference = chosen.x
        self._release(chosen.x)
        status = "optimal"
        if self.whole.any():
            status = self._decide_best(chosen)
            if status == "infeasible":
                self.out.status = status
                return self.out
        best = self._stage("best", self.worth, self.offset, maximise=True, asked=True)
        self.out.status = best.status
        if best.status != "optimal":
            if best.status == "limit":
                self.out.plan = chosen.x
            return self.out
        self.out.best, self.out.best_program, self.out.plan = best, self.solver.program, best.x
        if not self.out.interrupted:
            self._calm(best)
        if status == "limit":
            self.out.status = status
        return self.out

    def _decide_best(self, reference: Solution) -> str:
        """Fix the decisions of the best plan found; why the search for them stopped."""
        if reference.x is None:
            raise SolverError("the reference plan came back without values")
        begin = reference.x.copy()
        begin[self._up] = begin[self._down] = 0.0
        value = float(self.worth @ begin)
        started = self._begin()
        if started is not None and float(self.worth @ started) > value:
            begin = started
        # The objective is the gain on the reference, so that the gap is a share of the gain.
        found = self._decide(
            "best decisions", self.worth, -value, self.gap, maximise=True, begin=begin
        )
        moved = value + self.offset
        self.out.nodes = found.nodes
        self.out.primal_log = tuple((at, gain + moved) for at, gain in found.primal_log)
        self.out.bound, self.out.root_bound = (
            None if bound is None else bound + moved for bound in (found.bound, found.root_bound)
        )
        if found.status == "infeasible":
            return "infeasible"
        self._fix("best decisions", begin if found.x is None else found.x)
        return found.status

    def _begin(self) -> Numbers | None:
        """Best plan with the decisions of the starting plan, to begin the search from."""
        if not self.decided:
            return None
        lower, upper = (x.copy() for x in self._held_bounds)
        for name, values in self.decided.items():
            block = self.solver.program.block(name)
            if block is not None and len(block):
                said = ~np.isnan(values)
                lower[block.span][said] = upper[block.span][said] = values[said]
        self.solver.set_bounds(lower, upper)
        found = self._decide("start", self.worth, self.offset, 10 * self.gap, maximise=True)
        self.solver.set_bounds(*self._held_bounds)
        self.out.start = "not allowed" if found.x is None else "used"
        return found.x

    def _decide(
        self,
        name: str,
        cost: Numbers,
        offset: float,
        gap: float,
        *,
        maximise: bool,
        begin: Numbers | None = None,
    ) -> Solution:
        """Branch and bound for the decisions."""
        self.solver.set_integer(self.whole)
        nodes = self.node_limit if name == "best decisions" else None
        if self.kept is not None:
            nodes, begin = KEPT_NODES, None
            x, free = self._keep_to(self.kept.get(name, {}))
            if not free:
                return Solution("optimal", x, None, None, None, {}, "kept", 0.0)
        self.solver.set_objective(cost, maximise=maximise, offset=offset)
        left = self._left()
        if left is not None and self._limit is not None and name != "best decisions":
            left = min(left, REFERENCE_SHARE * self._limit)
        solution = self.solver.run(
            time_limit=left,
            algorithm="simplex",
            gap=gap,
            node_limit=nodes,
            begin=begin,
        )
        self._note(name, solution)
        return solution

    def _keep_to(self, decisions: Mapping[str, Numbers]) -> tuple[Numbers, bool]:
        """Hold the decisions of some blocks; their values, and whether others are free."""
        program = self.solver.program
        lower, upper = program.col_lower.copy(), program.col_upper.copy()
        free = self.whole.copy()
        for name, values in decisions.items():
            block = program.block(name)
            if block is not None and len(block) == len(values):
                lower[block.span] = upper[block.span] = np.round(values)
                free[block.span] = False
        self.solver.set_bounds(lower, upper)
        return lower, bool(free.any())

    def _fix(self, search: str, x: Numbers) -> None:
        """Hold every decision where it is; the rest is a linear programme."""
        self.out.decided[search] = x
        lower, upper = self.solver.program.col_lower.copy(), self.solver.program.col_upper.copy()
        lower[self.whole] = upper[self.whole] = np.round(x[self.whole])
        self._fixed = lower, upper
        self.solver.set_integer(np.zeros(len(x), dtype=bool))
        self.solver.set_bounds(lower, upper)

    def _stage(
        self, name: str, cost: Numbers, offset: float, *, maximise: bool, asked: bool = False
    ) -> Solution:
        self.solver.set_objective(cost, maximise=maximise, offset=offset)
        algorithm = self.solver.algorithm if asked else "simplex"
        solution = self._run(name, algorithm)
        if self.whole.any() and solution.status == "infeasible":
            # The decisions were found to within a looser tolerance; what is left must be too.
            self.solver.tolerate(SEARCH)
            solution = self._run(f"{name}, again", algorithm)
        if algorithm == "simplex" or self._is_exact(solution):
            return solution
        polished = self._run(f"{name}, polished", "simplex")
        return replace(polished, algorithm=f"{solution.algorithm}, then {polished.algorithm}")

    def _run(self, name: str, algorithm: str) -> Solution:
        # With the decisions fixed what is left takes moments, and a plan needs it.
        left = None if self.whole.any() else self._left()
        solution = self.solver.run(time_limit=left, algorithm=algorithm)
        self._note(name, solution)
        return solution

    def _left(self) -> float | None:
        """Seconds left of the time limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _note(self, name: str, solution: Solution) -> None:
        self.out.algorithms.append(f"{name}: {solution.algorithm}")
        self.out.iterations += sum(solution.iterations.values())
        self.out.seconds[name] = solution.seconds
        self.out.interrupted |= solution.interrupted

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
        self._count_decisions(cost)
        return cost, 0.0

    def _count_decisions(self, cost: Numbers) -> None:
        """Pounds that options and exit fees move, and a penny for each of them."""
        program, penny = self.solver.program, PENNY / self.money_scale
        for name, pounds in (("run", self.data.options.pounds), ("end", self.data.payments.fee)):
            block = program.block(name)
            if block is not None and len(block):
                rank = np.arange(len(pounds)) / max(1, len(pounds))
                cost[block.span] = pounds + penny * (1.0 + rank)

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
            self._decide_calm(best)
            calm = self._stage("calm", *self._pounds(reference=False), maximise=False)
            if self._keeps(calm, floor):
                self.out.plan, self.out.status = calm.x, "feasible"
            return
        floor = best.objective - SAME * max(1.0, abs(best.objective))
        for tolerance in FACE_TOLERANCES:
            self.solver.set_bounds(*(self._fixed if self.whole.any() else self._held_bounds))
            self.solver.set_sides(*self._held_sides)
            self.solver.set_objective(self.worth, maximise=True, offset=self.offset)
            self._hold_face(best, tolerance)
            calm = self._stage("calm", *self._pounds(reference=False), maximise=False)
            if self._keeps(calm, floor):
                self.out.plan = calm.x
                return

    def _decide_calm(self, best: Solution) -> None:
        """Decisions of a calmer plan; those of the best plan where none is found."""
        if not self.whole.any() or best.x is None:
            return
        if self.kept is not None and "calm decisions" not in self.kept:
            return
        self.solver.set_bounds(*self._held_bounds)
        pounds = self._pounds(reference=False)
        found = self._decide("calm decisions", *pounds, CALM_GAP, maximise=False, begin=best.x)
        self._fix("calm decisions", best.x if found.x is None else found.x)

    def _keeps(self, calm: Solution, floor: float) -> bool:
        if calm.status != "optimal" or calm.x is None:
            return False
        worth = float(self.worth @ calm.x + self.offset)
        return worth >= floor - SAME * max(1.0, abs(floor))
