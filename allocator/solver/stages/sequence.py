"""The sequence of stages: reference, best, fewest pounds moved.

Each stage is a solve of the same loaded programme with another objective and other
limits, started from where the last one ended. A later stage is kept on the optimal face
of an earlier one by complementary slackness: columns with a reduced cost stay at their
bound and rows with a price stay at their side, which is exact for any optimal dual and
needs no dense objective row. (HiGHS's own lexicographic mode is not used: it gives wrong
answers at default tolerances and no duals.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allocator.arrays import Floats
from allocator.data import Data
from allocator.errors import SolverError
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.stages.found import Stages
from allocator.solver.stages.limits import Limits
from allocator.solver.stages.pounds import Objective, Pounds
from allocator.solver.stages.runs import Runs, StageOptions
from allocator.tolerances import CALM_GAP, FACE_TOLERANCES, REFERENCE_GAP, SAME


@dataclass(frozen=True, eq=False)
class _Reference:
    """The reference plan, and what plans may do that are measured against it."""

    x: Floats
    limits: Limits
    value: float


@dataclass(frozen=True, eq=False)
class _Decided:
    """The decisions of the best plan: how the search for them ended, and what they leave open."""

    status: str
    limits: Limits
    known: dict[str, Any]


class StagedSolve:
    """Runs the stages on one loaded programme.

    Parameters
    ----------
    solver : Solver
        The compiled allocation model; see :class:`~allocator.solver.stages.pounds.Pounds` for
        what it must have.
    data : Data
    options : StageOptions, optional
    """

    def __init__(self, solver: Solver, data: Data, options: StageOptions | None = None) -> None:
        self._solver, self._options = solver, options or StageOptions()
        self._runs = Runs(solver, self._options)
        self._pounds = Pounds(solver.program, data)
        self._worth = Objective(solver.program.cost, solver.program.offset)
        self._open = Limits.of(solver.program)
        self._decisions: dict[str, Floats] = {}

    def run(self) -> Stages:
        """Reference plan, best plan, then the calmest plan that is as good."""
        status, reference = self._reference()
        if reference is None:
            return self._stages(status)
        decided = _Decided("optimal", reference.limits, {})
        if self._runs.deciding:
            decided = self._decide_best(reference)
        known = {"reference": reference.x, **decided.known}
        if decided.status == "infeasible":
            return self._stages("infeasible", **known)
        best = self._runs.solve("best", self._worth, decided.limits, asked=True)
        if best.status != "optimal":
            plan = reference.x if best.status == "limit" else None
            return self._stages(best.status, plan=plan, **known)
        known |= {"best": best, "best_program": self._solver.program}
        status, plan = "optimal", best.x
        if not self._runs.interrupted:
            status, plan = self._calm(best, reference, decided.limits)
        if decided.status == "limit":
            status = "limit"
        return self._stages(status, plan=plan, **known)

    def roll_forward(self) -> Stages:
        """The reference plan alone."""
        status, reference = self._reference()
        return self._stages(status, reference=None if reference is None else reference.x)

    def _stages(self, status: str, **found: Any) -> Stages:
        runs = self._runs
        return Stages(
            status=status,
            algorithms=tuple(runs.algorithms),
            iterations=runs.iterations,
            seconds=dict(runs.seconds),
            interrupted=runs.interrupted,
            decided=dict(self._decisions),
            **found,
        )

    def _fixed(self, search: str, limits: Limits, x: Floats) -> Limits:
        """Limits with every decision fixed where a search left it."""
        self._decisions[search] = x
        return limits.deciding(self._runs.whole, x)

    def _reference(self) -> tuple[str, _Reference | None]:
        """The plan nearest to last year's pattern; how the search for it ended."""
        pounds, limits = self._pounds.to_reference(), self._open
        if self._runs.deciding:
            name = "reference decisions"
            found = self._runs.decide(name, pounds, limits, REFERENCE_GAP)
            if found.x is None:
                return found.status, None
            limits = self._fixed(name, limits, found.x)
        nearest = self._runs.solve("reference", pounds, limits, asked=True)
        if nearest.status != "optimal":
            return nearest.status, None
        face = limits.on_face(
            self._solver.program, self._solver.scaling, nearest, FACE_TOLERANCES[0]
        )
        scored = self._runs.solve("reference value", self._worth, face)
        x = scored.x if scored.status == "optimal" else nearest.x
        if x is None:
            raise SolverError("the reference plan came back without values")
        return "optimal", _Reference(x, self._pounds.around(x), self._worth.of(x))

    def _decide_best(self, reference: _Reference) -> _Decided:
        """Decisions of the best plan found."""
        begin = reference.x.copy()
        begin[self._pounds.up] = begin[self._pounds.down] = 0.0
        value = float(self._worth.cost @ begin)
        started, start = self._started(reference)
        if started is not None and float(self._worth.cost @ started) > value:
            begin = started
        # The objective is the gain on the reference, so that the gap is a share of the gain.
        gain = Objective(self._worth.cost, -value)
        name = "best decisions"
        found = self._runs.decide(name, gain, reference.limits, self._options.gap, begin=begin)
        moved = value + self._worth.offset
        bounds = {"bound": found.bound, "root_bound": found.root_bound}
        known = {
            "nodes": found.nodes,
            "primal_log": tuple((at, gained + moved) for at, gained in found.primal_log),
            "start": start,
            **{name: None if b is None else b + moved for name, b in bounds.items()},
        }
        if found.status == "infeasible":
            return _Decided("infeasible", reference.limits, known)
        x = begin if found.x is None else found.x
        return _Decided(found.status, self._fixed(name, reference.limits, x), known)

    def _started(self, reference: _Reference) -> tuple[Floats | None, str]:
        """Best plan with the decisions of the starting plan, and what became of it."""
        if not self._options.start:
            return None, ""
        limits, _ = reference.limits.fixing(self._solver.program, self._options.start)
        found = self._runs.decide("start", self._worth, limits, 10 * self._options.gap)
        return found.x, "not allowed" if found.x is None else "used"

    def _calm(
        self, best: Solution, reference: _Reference, limits: Limits
    ) -> tuple[str, Floats | None]:
        """Among plans as good, the one that moves the fewest pounds; else the best itself."""
        if best.objective is None:
            return "optimal", best.x
        pounds, gain = self._pounds.from_reference(), best.objective - reference.value
        if self._options.keep is not None and gain > 0:
            least = reference.value + self._options.keep * gain
            self._runs.floor(self._worth, least)
            limits = self._decide_calm(best, reference, limits, pounds)
            calm = self._runs.solve("calm", pounds, limits)
            return ("feasible", calm.x) if self._keeps(calm, least) else ("optimal", best.x)
        least = best.objective - SAME * max(1.0, abs(best.objective))
        program = self._solver.program
        for tolerance in FACE_TOLERANCES:
            face = limits.on_face(program, self._solver.scaling, best, tolerance)
            calm = self._runs.solve("calm", pounds, face)
            if self._keeps(calm, least):
                return "optimal", calm.x
        return "optimal", best.x

    def _decide_calm(
        self, best: Solution, reference: _Reference, limits: Limits, pounds: Objective
    ) -> Limits:
        """Limits with the decisions of a calmer plan; those of the best where none is found."""
        name, kept = "calm decisions", self._options.kept
        if not self._runs.deciding or best.x is None or (kept is not None and name not in kept):
            return limits
        found = self._runs.decide(name, pounds, reference.limits, CALM_GAP, begin=best.x)
        return self._fixed(name, reference.limits, best.x if found.x is None else found.x)

    def _keeps(self, calm: Solution, least: float) -> bool:
        """Whether a calmer plan is worth as much as it must be."""
        if calm.status != "optimal" or calm.x is None:
            return False
        return self._worth.of(calm.x) >= least - SAME * max(1.0, abs(least))
