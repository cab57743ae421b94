"""The sequence of stages: reference, held lines, best, fewest pounds moved.

Each stage is a solve of the same loaded programme with another objective and other
limits, started from where the last one ended. A later stage is kept on the optimal face
of an earlier one by complementary slackness: columns with a reduced cost stay at their
bound and rows with a price stay at their side, which is exact for any optimal dual and
needs no dense objective row. Afterwards it is checked that no earlier stage lost anything
by it. (HiGHS's own lexicographic mode is not used: it gives wrong answers at default
tolerances and no duals.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allocator.arrays import Floats
from allocator.data import Data
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.stages.exact import money_of
from allocator.solver.stages.filled import refilled
from allocator.solver.stages.found import Stages
from allocator.solver.stages.held import HeldStages, Kept
from allocator.solver.stages.limits import Limits
from allocator.solver.stages.pounds import Objective, Pounds
from allocator.solver.stages.reference import DECIDED, Reference, ReferenceStages
from allocator.solver.stages.runs import Runs, StageOptions
from allocator.tolerances import CALM_GAP, FACE_TOLERANCES, GAP_FLOOR, KEPT_SHARE, REFERENCE_GAP

SEARCHES_AGAIN = 3
"""How often the search goes on where less was gained than the gap was reckoned from."""


@dataclass(frozen=True, eq=False)
class _Reference:
    """The reference plan, and what plans may do that are measured against it."""

    x: Floats
    limits: Limits
    value: float
    begin: Floats


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
        self._solver, self._data = solver, data
        self._options = options or StageOptions()
        self._runs = Runs(solver, self._options, money_of(solver.program, data))
        self._pounds = Pounds(solver.program, data)
        self._held = HeldStages(solver.program, data)
        self._worth = Objective(solver.program.cost, solver.program.offset)
        self._outcomes = self._pounds.outcomes()
        self._open = Limits.of(solver.program)
        self._decisions: dict[str, Floats] = {}

    def run(self) -> Stages:
        """Reference plan, best plan, then the calmest plan that is as good."""
        status, reference = self._reference()
        if reference is None:
            return self._stages(status)
        known: dict[str, Any] = {"reference": reference.x}
        decided = _Decided("optimal", reference.limits, {})
        if self._runs.deciding:
            decided = self._decide_best(reference)
            known |= decided.known
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
        found = self._rolled_forward()
        return self._stages(found.status, reference=found.x)

    def _rolled_forward(self) -> Reference:
        stages = ReferenceStages(self._runs, self._pounds, self._held, self._worth)
        return stages.find(self._open)

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
        """The plan rolled forward, and what held lines do in plans measured against it."""
        found = self._rolled_forward()
        if found.x is None:
            return found.status, None
        x = refilled(self._data, self._solver.program, found.x)
        if found.decided is not None:
            self._decisions[DECIDED] = found.decided
        around = self._pounds.around(x)
        if not (found.level or self._pounds.choices) and found.held is not None:
            # Nothing decided otherwise could bring money that keeps them.
            limits = around.changed(self._open, found.held)
            return "optimal", _Reference(x, limits, self._worth.of(x), x)
        kept = None if found.level else self._settled(around, x)
        limits = self._held.ideal(around) if kept is None else kept.limits
        begin = x if kept is None or kept.x is None else kept.x
        return "optimal", _Reference(x, limits, self._worth.of(x), begin)

    def _settled(self, limits: Limits, begin: Floats) -> Kept | None:
        """What held lines do in the best plan, where they cannot all be kept as they were.

        Options may bring the money that keeps them, so that they give way no further than in
        any plan.
        """
        limits, _ = self._runs.keeping("best decisions", limits)
        kept = self._held.settled(limits, self._runs.seek, begin)
        return None if kept.x is None else kept

    def _decide_best(self, reference: _Reference) -> _Decided:
        """Decisions of the best plan found."""
        begin = reference.begin.copy()
        begin[self._pounds.up] = begin[self._pounds.down] = 0.0
        started, start = self._started(reference)
        if started is not None and self._worth.of(started) > self._worth.of(begin):
            begin = started
        name, limits = "best decisions", reference.limits
        (within, most), nodes = self._within(reference), 0
        for _ in range(1 + SEARCHES_AGAIN):
            found = self._runs.decide(name, self._worth, limits, 0.0, begin=begin, within=within)
            nodes += found.nodes
            allowed = self._allowed(reference, found.x)
            if found.x is None or not _looser(found, allowed):
                break
            begin, within = found.x, allowed
        known = {
            "nodes": nodes,
            "primal_log": found.primal_log,
            "start": start,
            "bound": most if found.bound is None else found.bound,
            "root_bound": found.root_bound,
            "allowed": allowed,
        }
        if found.status == "infeasible":
            return _Decided("infeasible", limits, known)
        x = begin if found.x is None else found.x
        return _Decided(found.status, self._fixed(name, limits, x), known)

    def _within(self, reference: _Reference) -> tuple[float, float | None]:
        """Distance of bound and objective at which to stop, before a plan is known, and a bound.

        It is a share of the outcomes that decisions taken in part would gain.
        """
        relaxed = self._runs.relaxed(self._worth, reference.limits)
        if relaxed.status != "optimal":
            return self._allowed(reference, None), None
        return self._allowed(reference, relaxed.x), relaxed.objective

    def _allowed(self, reference: _Reference, x: Floats | None) -> float:
        """Objective by which some plan may be better than one that counts as best."""
        before = self._outcomes.of(reference.x)
        gained = 0.0 if x is None else abs(self._outcomes.of(x) - before)
        return max(self._options.gap * gained, GAP_FLOOR * abs(before))

    def _started(self, reference: _Reference) -> tuple[Floats | None, str]:
        """Best plan with the decisions of the starting plan, and what became of it."""
        if not self._options.start:
            return None, ""
        limits, _ = reference.limits.fixing(self._solver.program, self._options.start)
        found = self._runs.decide("start", self._worth, limits, REFERENCE_GAP)
        return found.x, "not allowed" if found.x is None else "used"

    def _calm(
        self, best: Solution, reference: _Reference, limits: Limits
    ) -> tuple[str, Floats | None]:
        """Among plans as good, the one that moves the fewest pounds; else the best itself."""
        if best.objective is None or best.x is None:
            return "optimal", best.x
        pounds, gain = self._pounds.from_reference(), best.objective - reference.value
        if self._options.keep is not None and gain > 0:
            least = reference.value + self._options.keep * gain
            self._runs.floor(self._worth, least)
            limits = self._decide_calm(best, reference, limits, pounds)
            calm = self._runs.solve("calm", pounds, limits)
            return ("feasible", calm.x) if self._keeps(calm, least) else ("optimal", best.x)
        program = self._solver.program
        for tolerance in FACE_TOLERANCES:
            face = limits.on_face(program, best, tolerance)
            calm = self._runs.solve("calm", pounds, face.limits)
            if calm.status != "optimal" or calm.x is None:
                continue
            if face.loss(program, calm.x) <= self._worth.rounding(best.x):
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
        return self._worth.of(calm.x) >= least - KEPT_SHARE * max(1.0, abs(least))


def _looser(found: Solution, allowed: float) -> bool:
    """Whether a search that ended by itself left more open than it may."""
    if found.status != "optimal" or found.bound is None or found.objective is None:
        return False
    return found.bound - found.objective > allowed * (1.0 + KEPT_SHARE)
