"""The reference plan: rolling forward, stage by stage.

In this order: the hard rules, with as few options taken and contracts ended as they allow; the
least money by which held lines fall below their level; the least penalties for soft rules; the
fewest pounds moved from rolling forward; the best objective.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.errors import SolverError
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Program
from allocator.solver.stages.held import HeldStages
from allocator.solver.stages.limits import Face, Limits
from allocator.solver.stages.pounds import Objective, Pounds
from allocator.solver.stages.runs import Runs
from allocator.tolerances import FACE_TOLERANCES, REFERENCE_GAP

DECIDED = "reference decisions"
"""Name of the last search, by which the decisions of the reference plan are known."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference plan, or why there is none.

    Attributes
    ----------
    status : str
        optimal, or how the search ended.
    x : ndarray or None
    decided : ndarray or None
        Column values with its decisions, where there are any.
    level : bool
        Whether every held line is at its level.
    held : Limits or None
        What held lines may do, where they have to give way.
    """

    status: str
    x: Floats | None = None
    decided: Floats | None = None
    level: bool = True
    held: Limits | None = None


@dataclass(frozen=True, eq=False)
class _Stage:
    """What one stage makes least or most, and by how much a later one may miss it."""

    name: str
    objective: Objective
    room: float

    def keeps(self, face: Face, program: Program, x: Floats) -> bool:
        """Whether a later solution is as good."""
        return face.loss(program, x) <= self.room + self.objective.rounding(face.x)


class ReferenceStages:
    """Finds the reference plan.

    Parameters
    ----------
    runs : Runs
    pounds : Pounds
    held : HeldStages
    worth : Objective
    """

    def __init__(self, runs: Runs, pounds: Pounds, held: HeldStages, worth: Objective) -> None:
        self._runs, self._pounds, self._held, self._worth = runs, pounds, held, worth

    def find(self, limits: Limits) -> Reference:
        """The reference plan within limits."""
        limits, known = self._runs.keeping(DECIDED, limits)
        plain = self._held.ideal(limits if known else self._pounds.unchosen(limits))
        found = self._rolled(plain)
        if found.status != "infeasible" or not (self._pounds.choices or self._held.any):
            return found
        return self._forced(limits, known=known)

    def _forced(self, limits: Limits, *, known: bool) -> Reference:
        """Where options, endings or held lines have to give way."""
        chosen = self._pounds.chosen()
        begin = np.zeros(len(limits.lower))
        if self._pounds.choices or self._runs.deciding:
            status, fewest = self._runs.seek("reference options", chosen, limits)
            if fewest is None:
                return Reference(status)
            begin = fewest
        if self._pounds.choices and not known:
            count = round(chosen.of(begin))
            if count:
                self._runs.cap(chosen, count + 0.5)
            else:
                limits = self._pounds.unchosen(limits)
        try:
            if self._held.any:
                kept = self._held.settled(limits, self._runs.seek, begin)
                if kept.x is None:
                    return Reference(kept.status)
                limits = kept.limits
            found = self._rolled(limits)
        finally:
            self._runs.uncap()
        level = found.x is not None and self._held.is_level(found.x)
        held = limits if self._held.any else None
        return Reference(found.status, found.x, found.decided, level, held)

    def _rolled(self, limits: Limits) -> Reference:
        """Least penalties, fewest pounds, best objective."""
        stages = [_Stage("reference", self._pounds.to_reference(), self._pounds.penny)]
        missed = self._pounds.penalties()
        if missed is not None:
            stages.insert(0, _Stage("reference penalties", missed, 0.0))
        decided = None
        if limits.undecided(self._runs.whole):
            status, decided = self._decided(limits, stages)
            if decided is None:
                return Reference(status)
            limits = limits.deciding(self._runs.whole, decided)
        elif self._runs.deciding:
            decided = limits.lower
        status, x = self._ladder(limits, [*stages, _Stage("reference value", self._worth, 0.0)])
        return Reference(status, x, decided)

    def _decided(self, limits: Limits, stages: Sequence[_Stage]) -> tuple[str, Floats | None]:
        """Decisions that are best stage by stage."""
        runs, x, caps = self._runs, None, 0
        status = "optimal"
        if len(stages) > 1:
            status, x = self._unmissed(limits, *stages)
            if x is not None or status == "infeasible":
                return status, x
        for stage in stages:
            last = stage is stages[-1]
            name = DECIDED if last else stage.name
            found = runs.decide(name, stage.objective, limits, REFERENCE_GAP, begin=x)
            if found.x is None:
                status = found.status if x is None else status
                break
            x, value = found.x, stage.objective.of(found.x)
            if not last:
                runs.cap(stage.objective, value + REFERENCE_GAP * abs(value))
                caps += 1
        runs.uncap(caps)
        return status, x

    def _unmissed(
        self, limits: Limits, penalties: _Stage, pounds: _Stage
    ) -> tuple[str, Floats | None]:
        """Decisions with which no soft rule is missed, where it looks as if there were some."""
        least = self._runs.relaxed(penalties.objective, limits)
        if least.x is None or least.objective is None:
            return least.status, None
        if least.objective > penalties.objective.rounding(least.x):
            return "unknown", None
        unmissed = self._pounds.unmissed(limits)
        found = self._runs.decide(DECIDED, pounds.objective, unmissed, REFERENCE_GAP)
        return "unknown" if found.x is None else found.status, found.x

    def _ladder(self, limits: Limits, stages: Sequence[_Stage]) -> tuple[str, Floats | None]:
        """Linear stages, each on the optimal faces of those before it."""
        runs, first = self._runs, stages[0]
        solution = runs.solve(first.name, first.objective, limits, asked=True)
        if solution.status != "optimal":
            return solution.status, None
        rung = _Rung(first, limits, solution)
        for stage in stages[1:]:
            rung = self._next(rung, stage) or rung
        if rung.solution.x is None:
            raise SolverError("the reference plan came back without values")
        return "optimal", rung.solution.x

    def _next(self, rung: _Rung, stage: _Stage) -> _Rung | None:
        """The next stage, where none before loses anything by it."""
        program = self._pounds.program.replaced(cost=rung.stage.objective.cost)
        for tolerance in FACE_TOLERANCES:
            face = rung.limits.on_face(program, rung.solution, tolerance)
            asked = not self._runs.deciding and stage.objective is not self._worth
            found = self._runs.solve(stage.name, stage.objective, face.limits, asked=asked)
            below = (*rung.below, (rung.stage, face))
            if found.status != "optimal" or found.x is None:
                continue
            if all(each.keeps(f, program, found.x) for each, f in below):
                return _Rung(stage, face.limits, found, below)
        return None


@dataclass(frozen=True, eq=False)
class _Rung:
    """A stage that was reached, on the optimal faces of those below it."""

    stage: _Stage
    limits: Limits
    solution: Solution
    below: tuple[tuple[_Stage, Face], ...] = ()
