"""One attempt at a plan: curves cut somewhere, built, solved, checked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from allocator import progress
from allocator.arrays import Floats
from allocator.data import Data, Extraction
from allocator.errors import SolverError
from allocator.evaluate import Evaluation, Round
from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.planning.certify import certify
from allocator.planning.conflicts.why import Why, explained
from allocator.planning.formulation import added_to, model_of
from allocator.planning.priced import Sought, sensitivity
from allocator.planning.prices import Prices
from allocator.planning.record import Deadline, Record
from allocator.planning.request import Request
from allocator.planning.starting import levels, starting
from allocator.solver.compile.compiler import compile_model
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.solver.stages.found import SEARCHES, Stages
from allocator.solver.stages.opinion import doubtful, second_opinion
from allocator.solver.stages.runs import StageOptions
from allocator.solver.stages.sequence import StagedSolve

MENDING = 0.1
"""Share of a time limit kept back, and of what may be added, for a plan that the curves break."""

MENDED = 4.0
"""Times what building a programme took that are kept back at least, up to half of the limit."""

LEAST_BACK = 1.0
"""Seconds that are kept back at least, up to half of the limit."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """A plan for curves cut at some activity, or why there is none.

    Attributes
    ----------
    plan : Plan
    data : Data
    checked : Evaluation or None
        The plan as recomputed from the tables; None when there is none.
    decided : mapping of str to mapping of str to ndarray
        Its decisions by search and block; those that depend on how curves are cut left out.
    stages : Stages or None
        What was found; None when there is no plan.
    seconds : float
        What it took apart from the search for decisions.
    program : Program or None
        What was found to have no plan.
    rolled : Plan or None
        The reference plan, where a limit stopped the search and its plan fails the check.
    """

    plan: Plan
    data: Data
    checked: Evaluation | None = None
    decided: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    stages: Stages | None = None
    seconds: float = 0.0
    program: Program | None = None
    rolled: Plan | None = None


class Attempts:
    """Attempts at a plan for one instance, one after another, in this process.

    Parameters
    ----------
    instance : Instance
        With its evidence chosen.
    request : Request
    record : Record
        What their plans say of the solve.

    Attributes
    ----------
    knots : dict of (programme, year) to ndarray
        Activity at which curves are cut; added to between attempts.
    deadline : Deadline
        Counted from when this was made.
    """

    def __init__(self, instance: Instance, request: Request, record: Record) -> None:
        self._instance, self._request, self._record = instance, request, record
        self._round = Round(instance)
        self.deadline = Deadline(request.time_limit)
        self.knots: dict[tuple[int, int], Floats] = {}
        self._added: frozenset[str] = frozenset()

    @cached_property
    def _extraction(self) -> Extraction:
        """The instance as arrays, but for what depends on where curves are cut."""
        return Extraction(self._instance, self._levels)

    @cached_property
    def _levels(self) -> Floats | None:
        """Activity at which held programmes are held, where it is asked for."""
        return levels(self._instance, self._request.held)

    @property
    def overtime(self) -> float:
        """Seconds that may be added to a limit to mend what it stopped."""
        return MENDING * (self._request.time_limit or 0.0)

    @property
    def instance(self) -> Instance:
        """The instance, its evidence chosen."""
        return self._instance

    def make(
        self, margin: int = 0, kept: Attempt | None = None, *, otherwise: bool = False
    ) -> Attempt:
        """Cut, build, solve and check.

        Parameters
        ----------
        margin : {-1, 0, 1}
            Whether rules may miss (-1) or must allow for (1) what chords may miss.
        kept : Attempt, optional
            Whose decisions to keep; what its search proved stays what is known.
        otherwise : bool
            Whether to ask the second solver at once.
        """
        clock, began = self._record.clock, time.perf_counter()
        progress.begun("building")
        data = self._extraction.data(self.knots, margin)
        clock.mark("extract")
        program = self._compiled(data)
        if any(program.nowhere()):
            return Attempt(self._none("infeasible", program), data, program=program)
        asked = self._request
        solver = Solver(program, algorithm=asked.algorithm, threads=asked.threads)
        if otherwise:
            solver = second_opinion(program, asked.threads)
        clock.mark("load")
        back = self._kept_back(data, program, time.perf_counter() - began)
        solver, stages = self._solved(solver, data, program, back, kept)
        clock.mark("solve")
        if stages.plan is None:
            plan = self._none(stages.status, program, solver, stages)
            return Attempt(plan, data, program=program)
        if kept is not None and kept.stages is not None:
            stages = _after(stages, kept.stages)
        plan, checked = self._checked(data, program, solver, stages, kept)
        searched = sum(stages.seconds.get(name, 0.0) for name in SEARCHES)
        seconds = time.perf_counter() - began - searched
        rolled = None
        if stages.status == "limit" and not plan.verified:
            before = replace(stages, plan=stages.reference, best=None, best_program=None)
            rolled, _ = self._checked(data, program, solver, before, kept)
        decided = _decided(program, stages)
        return Attempt(plan, data, checked, decided, stages, seconds, rolled=rolled)

    def explained(self, attempt: Attempt) -> Plan:
        """The plan of an attempt that found none, with why there can be none."""
        asked, program = self._request, attempt.program
        if attempt.plan.status != "infeasible" or program is None:
            return attempt.plan
        why: Why = explained(self._instance, asked, self.knots, program, self.deadline.left())
        self._record.clock.mark("explain")
        seconds = attempt.plan.seconds | self._record.clock.report()
        return replace(
            attempt.plan,
            conflict=why.conflict,
            conflict_needed=why.each_needed,
            shortfall=why.shortfall,
            seconds=seconds,
        )

    def _compiled(self, data: Data) -> Program:
        model = model_of(data, self._request.formulation, self._request.extra)
        self._record.clock.mark("model")
        program = compile_model(model)
        self._added = added_to(model)
        self._record.clock.mark("compile")
        return program

    def _kept_back(self, data: Data, program: Program, built: float) -> float:
        """Seconds not to search in, where a plan may have to be mended, built in so many."""
        limit = self._request.time_limit
        if limit is None or not (program.integer.any() and data.ordering.exact.any()):
            return 0.0
        return min(limit / 2, max(MENDING * limit, MENDED * built, LEAST_BACK))

    def _solved(
        self, solver: Solver, data: Data, program: Program, back: float, kept: Attempt | None
    ) -> tuple[Solver, Stages]:
        """What the stages found, by whom: where it is doubtful, by a second solver."""
        asked = self._request
        options = StageOptions(
            keep=asked.keep,
            gap=asked.gap,
            node_limit=asked.node_limit,
            start=starting(data, program, asked.start if kept is None else None),
            kept=None if kept is None else kept.decided,
        )
        back = back if kept is None else -self.overtime

        def staged(solver: Solver) -> Stages:
            timed = replace(options, time_limit=self.deadline.left(back))
            return StagedSolve(solver, data, timed).run()

        stages = staged(solver)
        if doubtful(stages):
            solver = second_opinion(program, asked.threads)
            stages = staged(solver)
        if stages.status == "unknown":
            raise SolverError("HiGHS gave up on this programme without saying what it is")
        return solver, stages

    def _checked(
        self, data: Data, program: Program, solver: Solver, stages: Stages, kept: Attempt | None
    ) -> tuple[Plan, Evaluation]:
        progress.begun("checking")
        found = certify(
            self._round,
            data,
            program,
            stages,
            self._record.clock,
            lambda checked: self._priced(data, program, stages, checked),
        )
        certificate = found.certificate
        if kept is not None:
            # The bound must allow for what the chords of the search could miss.
            error = max(certificate.curve_error, kept.plan.certificate.curve_error)
            certificate = replace(certificate, curve_error=error)
        plan = Plan(
            status=stages.status,
            verified=found.verified,
            max_violation=found.checked.max_violation,
            certificate=certificate,
            tables=found.tables,
            weak_share=found.weak_share,
            **self._record.of(program, solver, stages),
        )
        return plan, found.checked

    def _priced(self, data: Data, program: Program, stages: Stages, checked: Evaluation) -> Prices:
        """Prices of a plan, from a programme that goes beyond what today's money can reach."""
        return Prices(
            sensitivity(
                Sought(
                    lambda: Extraction(self._instance, self._levels, wider=True),
                    self._compiled,
                    data,
                    program,
                    stages,
                    checked,
                    self._added,
                )
            ),
            self._added,
        )

    def _none(
        self,
        status: str,
        program: Program,
        solver: Solver | None = None,
        stages: Stages | None = None,
    ) -> Plan:
        """What is said where there is no plan."""
        return Plan(
            status=status,
            verified=False,
            max_violation=None,
            certificate=Certificate(),
            tables={},
            **self._record.of(program, solver, stages),
        )


def _decided(program: Program, stages: Stages) -> dict[str, dict[str, Floats]]:
    """Decisions by search and block; the order of filling curves changes with their cuts."""
    blocks = [b for b in program.columns if program.integer[b.span].any() and b.name != "order"]
    return {
        search: {block.name: x[block.span] for block in blocks}
        for search, x in stages.decided.items()
    }


def _after(stages: Stages, known: Stages) -> Stages:
    """Stages that kept the decisions of a stopped search, with what is known from it."""
    return replace(
        stages,
        status="limit",
        bound=known.bound,
        root_bound=known.root_bound,
        nodes=known.nodes + stages.nodes,
        iterations=known.iterations + stages.iterations,
        interrupted=known.interrupted or stages.interrupted,
        primal_log=known.primal_log,
        start=known.start,
    )
