"""From an instance to a plan that has been checked: extract, build, compile, solve, verify."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from allocator.data import Data, extract
from allocator.errors import SolverError, UsageError
from allocator.evaluate import Evaluation, check_bridge, evaluate
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.planning import readback
from allocator.planning.conflicts import in_words
from allocator.solver.compile.compiler import compile_model
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.solver.proof.certificate import safe_bound
from allocator.solver.proof.conflict import find_conflict
from allocator.solver.proof.curve_room import curve_room
from allocator.solver.proof.whole_conflict import CHOICES, SECONDS, find_whole_conflict
from allocator.solver.stages import SEARCHES, StagedSolve, Stages, second_opinion

GAP = 1e-4
"""Share of the gain to which the decisions of a plan are proved best unless asked otherwise."""

AGREEMENT = 1e-6
"""How closely the checker's objective must lie within what the programme claims."""

PENNY = 0.01
"""Currency by which the steps of a plan's bridge may miss what they explain."""

RECUTS = 6
"""How often curves are cut again at the plan's own activity, where they must be met exactly."""

MENDING = 0.1
"""Share of a time limit kept back, and of what may be added, for a plan that the curves break."""

MENDED = 4.0
"""Times what building a programme took that are kept back at least, up to half of the limit."""

LEAST_BACK = 1.0
"""Seconds that are kept back at least, up to half of the limit."""

NAMED = 8
"""Most rules to name where no whole decisions keep them together."""

SOFTER = 0.8
"""Share of a hard time limit after which the solver stops by itself and hands over its best."""


def build(
    instance: Instance, *, formulation: str = "allocation", extra: Callable[..., None] | None = None
) -> tuple[Data, Any]:
    """Build the Pyomo model of an instance.

    Parameters
    ----------
    instance : Instance
        As written (its central figures are then used) or with an evidence case chosen.
    formulation : str
        Name in the entry-point group ``allocator.models``.
    extra : callable, optional
        ``extra(model, data)`` adds to the model before it is compiled.

    Returns
    -------
    data : Data
        The instance as arrays.
    model : pyomo.environ.ConcreteModel
        The model; its rows are still rules (see ``allocator_models.arrays.expand``).
    """
    data = extract(with_evidence(instance))
    model = _formulation(formulation)(data)
    if extra is not None:
        extra(model, data)
    return data, model


def _formulation(name: str) -> Callable[[Data], Any]:
    found = metadata.entry_points(group="allocator.models")
    for entry in found:
        if entry.name == name:
            load: Callable[[Data], Any] = entry.load()
            return load
    known = ", ".join(sorted(e.name for e in found)) or "none is installed"
    raise UsageError(f"there is no formulation {name!r} (installed: {known})")


def solve(
    instance: Instance,
    *,
    keep: float | None = None,
    evidence: str = "central",
    algorithm: str = "auto",
    threads: int = 1,
    time_limit: float | None = None,
    hard_time_limit: float | None = None,
    gap: float = GAP,
    node_limit: int | None = None,
    start: Mapping[str, pd.DataFrame] | None = None,
    formulation: str = "allocation",
    extra: Callable[..., None] | None = None,
) -> Plan:
    """Find the best plan an instance allows, check it independently and certify it.

    Parameters
    ----------
    instance : Instance
    keep : float, optional
        Share of the gain over the reference plan to keep, between 0 and 1; the plan is
        then the one that keeps it with the fewest pounds moved.
    evidence : {'low', 'central', 'high'}
        Which figures of responses and effects to believe.
    algorithm : {'auto', 'simplex', 'ipx', 'hipo', 'pdlp'}
        Algorithm for the reference and the best plan; ``auto`` goes by kind and size
        (:func:`allocator.solver.highs.door.choose`).
    threads : int
        Threads of the solver.
    time_limit : float, optional
        Seconds for the solver; it looks at its clock now and then.
    hard_time_limit : float, optional
        Seconds after which the solve is stopped for certain; it runs in a process of its
        own, which stops by itself somewhat earlier to hand over the best plan so far. What
        is passed as `extra` must be importable there.
    gap : float
        With yes-or-no decisions: share of the gain on the reference plan that the best plan
        may still be better by.
    node_limit : int, optional
        Most nodes of the search for decisions.
    start : mapping of str to pandas.DataFrame, optional
        Tables of a plan to begin the search from: ``options`` (option, year, taken) and
        ``contracts`` (contract, year, ended). As in an evaluation, what a plan with an
        ``allocation`` does not state is not taken. The search begins from the best plan with
        these decisions, which is worth at least as much as the plan given.
    formulation : str
        Name in the entry-point group ``allocator.models``.
    extra : callable, optional
        ``extra(model, data)`` adds to the Pyomo model before it is compiled.

    Returns
    -------
    Plan

    Raises
    ------
    InstanceError
        When the instance needs what this version cannot do.
    UsageError
        For an option that makes no sense.
    """
    if not 0.0 <= gap < 1.0:
        raise UsageError(f"gap is a share of the gain from 0 to below 1, not {gap}")
    if node_limit is not None and node_limit < 1:
        raise UsageError(f"the search needs at least one node, not {node_limit}")
    if keep is not None and not 0.0 <= keep <= 1.0:
        raise UsageError(f"keep is a share of the gain between 0 and 1, not {keep}")
    if hard_time_limit is not None:
        from allocator.solver.highs.child import run_in_child

        options = {
            "keep": keep,
            "evidence": evidence,
            "algorithm": algorithm,
            "threads": threads,
            "time_limit": time_limit,
            "gap": gap,
            "node_limit": node_limit,
            "start": start,
            "formulation": formulation,
            "extra": extra,
        }
        until = time.time() + SOFTER * hard_time_limit
        finished, plan = run_in_child(_until, (instance, until), options, hard_time_limit)
        return plan if finished else _stopped(instance, evidence, hard_time_limit)

    asked = _Asked(keep, algorithm, threads, time_limit, gap, node_limit, start, formulation, extra)
    plan = _plan(with_evidence(instance, evidence), asked)
    return replace(plan, instance=_named(instance, evidence))


def _until(instance: Instance, until: float, **options: Any) -> Plan:
    """Solve within what is left until a moment of the day: starting a process takes time too."""
    left = max(0.0, until - time.time())
    given = options.pop("time_limit")
    return solve(instance, time_limit=left if given is None else min(given, left), **options)


def _named(instance: Instance, evidence: str = "central") -> dict[str, str]:
    settings = instance.settings
    case = settings.evidence or evidence
    return {"name": settings.name, "sha256": instance.sha256, "evidence": case}


@dataclass(frozen=True)
class _Asked:
    """What a solve was asked for; see :func:`solve`."""

    keep: float | None
    algorithm: str
    threads: int
    time_limit: float | None
    gap: float
    node_limit: int | None
    start: Mapping[str, pd.DataFrame] | None
    formulation: str
    extra: Callable[..., None] | None


def _plan(instance: Instance, asked: _Asked) -> Plan:
    """Solve an instance whose evidence has been chosen, in this process.

    Where a rule, a threshold or a bonus rests on a curved outcome, the true curve may break
    what its chords keep. The curves are then cut again at the plan's own activity and the
    plan is sought again, until the true curves bear it out; if they never do, one more plan
    is made that allows for all that chords may miss. Once a limit has stopped the search its
    decisions are kept through all this. And where no plan keeps the rules on the
    chords, one is sought that may miss them by as much as the chords do, to cut there.
    """
    clock = _Clock()
    began = time.monotonic()
    knots: dict[tuple[int, int], Any] = {}
    last: _Tried | None = None
    for cut in range(RECUTS + 1):
        margin = 1 if cut == RECUTS else 0
        tried = _once(instance, asked, clock, began, knots, margin)
        plan, data, checked = tried.plan, tried.data, tried.checked
        if cut == 0 and plan.status == "infeasible":
            # The true curves may just reach what their chords do not.
            wider = _once(instance, asked, clock, began, knots, -1)
            data, checked = wider.data, wider.checked
            if checked is None or not readback.recut(data, checked, knots, data.ordering.counted):
                break
            continue
        last = tried if tried.decided else last
        if plan.status == "limit" and not plan.verified and last is not None:
            cut_since = last is not tried
            return _mended(instance, asked, clock, began, knots, last, cut_since) or plan
        if checked is None or plan.verified or plan.status == "limit":
            break
        if not readback.recut(data, checked, knots, data.ordering.exact):
            break
    return plan


def _mended(
    instance: Instance,
    asked: _Asked,
    clock: _Clock,
    began: float,
    knots: dict[tuple[int, int], Any],
    found: _Tried,
    cut_since: bool,
) -> Plan | None:
    """Plan with the decisions of a stopped search that the true curves bear out, if any.

    Curves are cut again as for any plan, unless they have been `cut_since`, and in the end
    all that chords may miss is allowed for. What was proved in the search stays what is known
    of the best plan.
    """
    if not found.data.ordering.exact.any():
        return None
    tried, seconds = found, found.seconds
    # The margin still to come needs as long again, where it can help.
    rounds = 1 if _meets_exactly(found.data) else 2
    for margin in (*[0] * RECUTS, 1):
        if _over(asked, began, seconds if margin else rounds * seconds):
            continue
        if margin == 0:
            data, checked = tried.data, tried.checked
            if checked is None:
                continue
            if not (cut_since or readback.recut(data, checked, knots, data.ordering.exact)):
                continue
            cut_since = False
        tried = _once(instance, asked, clock, began, knots, margin, found)
        if tried.plan.verified:
            return tried.plan
        seconds = tried.seconds or seconds
    return None


def _meets_exactly(data: Data) -> bool:
    """Whether a hard rule asks for an exact outcome, where a margin is no help."""
    r = data.rules
    rule = r.rows.positions(r.outcome.rows.columns[:2])
    return bool(np.any((r.sense[rule] == "equal") & np.isnan(r.penalty[rule].astype(float))))


def _over(asked: _Asked, began: float, seconds: float) -> bool:
    """Whether something that takes so many seconds would end too late."""
    if asked.time_limit is None:
        return False
    return time.monotonic() + seconds > began + (1.0 + MENDING) * asked.time_limit


@dataclass(frozen=True)
class _Tried:
    """One plan for curves cut at some activity.

    Attributes
    ----------
    plan : Plan
    data : Data
    checked : Evaluation or None
        The plan as recomputed from the tables; None when there is none.
    decided : dict of str to dict of str to ndarray
        Its decisions by search and block; those that depend on how curves are cut left out.
    stages : Stages or None
        What the stages found.
    seconds : float
        What it took apart from the search for decisions.
    """

    plan: Plan
    data: Data
    checked: Evaluation | None
    decided: dict[str, dict[str, Any]]
    stages: Stages | None
    seconds: float


def _compiled(data: Data, asked: _Asked, clock: _Clock) -> Program:
    """The programme of an instance's arrays."""
    model = _formulation(asked.formulation)(data)
    if asked.extra is not None:
        asked.extra(model, data)
    clock.mark("model")
    program = compile_model(model)
    clock.mark("compile")
    return program


def _left(asked: _Asked, began: float, back: float) -> float | None:
    """Seconds left to search when so many are kept back."""
    if asked.time_limit is None:
        return None
    return max(0.0, began + asked.time_limit - back - time.monotonic())


def _kept_back(asked: _Asked, data: Data, program: Program, built: float) -> float:
    """Seconds not to search in, where a plan may have to be mended; it took `built` to build it."""
    if asked.time_limit is None or not (program.integer.any() and data.ordering.exact.any()):
        return 0.0
    back = max(MENDING * asked.time_limit, MENDED * built, LEAST_BACK)
    return min(asked.time_limit / 2, back)


def _once(
    instance: Instance,
    asked: _Asked,
    clock: _Clock,
    began: float,
    knots: dict[tuple[int, int], Any],
    margin: int,
    found: _Tried | None = None,
) -> _Tried:
    """One plan for curves cut at `knots`, and the check of it; with the decisions `found`."""
    since = time.perf_counter()
    data = extract(instance, knots, margin)
    clock.mark("extract")
    program = _compiled(data, asked, clock)
    nowhere = program.contradictions()
    if nowhere:
        plan = _unsolved(program, "infeasible", tuple(nowhere), clock, None)
        return _Tried(plan, data, None, {}, None, 0.0)
    solver = Solver(program, algorithm=asked.algorithm, threads=asked.threads)
    clock.seconds["handover"] = solver.handover
    clock.mark("load")
    starting = readback.starting(data, program, asked.start if found is None else None)
    kept = None if found is None else found.decided
    back = _kept_back(asked, data, program, time.perf_counter() - since)
    if found is not None:
        back = -MENDING * (asked.time_limit or 0.0)

    def staged(solver: Solver) -> Stages:
        left = _left(asked, began, back)
        wanted = (asked.keep, left, asked.gap, asked.node_limit, starting, kept)
        return StagedSolve(solver, data, *wanted).run()

    stages = staged(solver)
    if stages.doubtful:
        solver = second_opinion(program, asked.threads)
        stages = staged(solver)
    if stages.status == "unknown":
        raise SolverError("HiGHS gave up on this programme without saying what it is")
    clock.mark("solve")
    if stages.plan is None:
        names: tuple[str, ...] = ()
        if stages.status == "infeasible" and found is None:
            names = _conflict(instance, program, asked, began)
        clock.mark("explain")
        plan = _unsolved(program, stages.status, names, clock, solver, stages)
        return _Tried(plan, data, None, {}, stages, 0.0)
    if found is not None:
        stages = _after(stages, found)
    plan, checked = _checked(instance, data, program, solver, stages, clock)
    if found is not None:
        plan = _no_narrower(plan, found.plan)
    searched = sum(stages.seconds.get(name, 0.0) for name in SEARCHES)
    seconds = time.perf_counter() - since - searched
    return _Tried(plan, data, checked, _decided(program, stages), stages, seconds)


def _decided(program: Program, stages: Stages) -> dict[str, dict[str, Any]]:
    """Decisions by search and block; the order of filling curves changes with their cuts."""
    blocks = [b for b in program.columns if program.integer[b.span].any() and b.name != "order"]
    return {
        search: {block.name: x[block.span] for block in blocks}
        for search, x in stages.decided.items()
    }


def _after(stages: Stages, found: _Tried) -> Stages:
    """Stages that kept the decisions of a stopped search, with what is known from it."""
    known = found.stages
    if known is None:
        return stages
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


def _no_narrower(plan: Plan, found: Plan) -> Plan:
    """A plan whose bound allows for what the chords of the search could miss."""
    error = max(plan.certificate.curve_error, found.certificate.curve_error)
    return replace(plan, certificate=replace(plan.certificate, curve_error=error))


def _conflict(instance: Instance, program: Program, asked: _Asked, began: float) -> tuple[str, ...]:
    """What cannot hold together, in the planner's words."""
    threads = asked.threads
    relaxed = program.replaced(integer=np.zeros(len(program.integer), dtype=bool))
    if not program.integer.any() or Solver(relaxed, threads=threads).run().status == "infeasible":
        return in_words(relaxed, instance, *find_conflict(relaxed, threads=threads))
    seconds = SECONDS
    if asked.time_limit is not None:
        seconds = max(0.0, min(seconds, began + asked.time_limit - time.monotonic()))
    rows = find_whole_conflict(program, threads=threads, seconds=seconds)
    named = _named_rows(program, instance, rows)
    keeps = "every hard rule"
    if 0 < len(named) <= NAMED:
        keeps = " and ".join(part for part in (", ".join(named[:-1]), named[-1]) if part)
    return (
        "no combination of the yes-or-no decisions (options, contracts, thresholds, minimum "
        f"scales) keeps {keeps}; without them whole, the rules could be kept",
    )


def _named_rows(program: Program, instance: Instance, rows: list[int]) -> list[str]:
    """Rows in the planner's words, those between options by their own names."""
    choices = [block for block in program.rows if block.name in CHOICES]
    said: dict[str, None] = {}
    for block in choices:
        mine = [row - block.start for row in rows if block.start <= row < block.stop]
        if block.index is not None and mine:
            said |= dict.fromkeys(block.index.take(mine).column_labels(0).astype(str).tolist())
    span = {row for block in choices for row in range(block.start, block.stop)}
    others = in_words(program, instance, [row for row in rows if row not in span], [])
    return [*others, *said]


def held_program(instance: Instance) -> Program:
    """Compile an instance with its held programmes fixed at the reference plan.

    Parameters
    ----------
    instance : Instance

    Returns
    -------
    Program
        What a plan is proved best for; as compiled when no reference plan exists.
    """
    data, model = build(instance)
    program = compile_model(model)
    stages = StagedSolve(Solver(program), data, None, None).run()
    return program if stages.best_program is None else stages.best_program


def _checked(
    instance: Instance,
    data: Data,
    program: Program,
    solver: Solver,
    stages: Stages,
    clock: _Clock,
) -> tuple[Plan, Evaluation]:
    """Read a solution back, have it checked, and say how good it is."""
    if stages.plan is None or stages.reference is None:
        raise SolverError("there is no solution to read back")
    x = readback.refilled(data, program, stages.plan)
    before = readback.refilled(data, program, stages.reference)
    decided = readback.decisions(data, program, x)
    rolled = readback.decisions(data, program, before)
    clock.mark("readback")
    checked = evaluate(instance, decided)
    reference = evaluate(instance, rolled)
    clock.mark("verify")
    certificate = _certificate(data, program, stages, x, before, checked)
    dual = stages.best.row_dual if stages.best is not None else None
    reduced = stages.best.reduced_cost if stages.best is not None else None
    tables = readback.tables(instance, data, program, checked, reference, dual, reduced)
    certificate = replace(certificate, price_of_money=readback.price_of_money(tables["budgets"]))
    weak = readback.weak_share(instance, checked, reference, tables["limits"])
    adds_up = not check_bridge(tables["bridge"], checked, PENNY / instance.settings.money_scale)
    clock.mark("readback")
    agrees = _agrees(certificate, data.responses.overstated)
    plan = Plan(
        status=stages.status,
        verified=checked.allowed and adds_up and agrees,
        max_violation=checked.max_violation,
        certificate=certificate,
        tables=tables,
        weak_share=weak,
        **_about(program, solver, stages, clock),
    )
    return plan, checked


def _certificate(
    data: Data,
    program: Program,
    stages: Stages,
    x: Any,
    before: Any,
    checked: Evaluation,
) -> Certificate:
    bound = certified = None
    room = data.responses.curve_error
    whole = bool(program.integer.any())
    objective = float(program.cost @ x + program.offset)
    if whole:
        # Rounding may put a plan a hair above the solver's own bound.
        bound = None if stages.bound is None else max(stages.bound, objective)
    elif stages.best is not None and stages.best_program is not None:
        bound = stages.best.objective
        if stages.best.row_dual is not None:
            safe = safe_bound(stages.best_program, stages.best.row_dual)
            certified = safe if np.isfinite(safe) else None
            room = min(room, curve_room(data, stages.best_program, stages.best.row_dual))
    return Certificate(
        objective=objective,
        reference_objective=float(program.cost @ before + program.offset),
        bound=bound,
        certified_bound=certified,
        curve_error=room,
        true_objective=checked.objective,
        root_bound=stages.root_bound,
        integer=whole,
        years=len(data.year),
    )


def _agrees(certificate: Certificate, overstated: float) -> bool:
    """Whether the checker's objective lies between the claim and what is possible.

    Parameters
    ----------
    certificate : Certificate
    overstated : float
        What the chords may claim and the curves do not give.
    """
    if certificate.objective is None or certificate.true_objective is None:
        return False
    room = AGREEMENT * max(1.0, abs(certificate.objective))
    most = certificate.objective
    if certificate.best_bound is not None:
        most = max(most, certificate.best_bound)
    return (
        certificate.objective - overstated - room
        <= certificate.true_objective
        <= most + certificate.curve_error + room
    )


def _unsolved(
    program: Program,
    status: str,
    conflict: tuple[str, ...],
    clock: _Clock,
    solver: Solver | None,
    stages: Stages | None = None,
) -> Plan:
    return Plan(
        status=status,
        verified=False,
        max_violation=None,
        certificate=Certificate(None, None, None, None, 0.0, None),
        tables={},
        conflict=conflict,
        **_about(program, solver, stages, clock),
    )


def _stopped(instance: Instance, evidence: str, limit: float) -> Plan:
    return Plan(
        status="limit",
        verified=False,
        max_violation=None,
        certificate=Certificate(None, None, None, None, 0.0, None),
        tables={},
        model={},
        solver={"name": "highs", "stopped_after": limit},
        seconds={"total": limit},
        instance=_named(instance, evidence),
        versions=versions(),
    )


def _about(
    program: Program,
    solver: Solver | None,
    stages: Stages | None,
    clock: _Clock,
) -> dict[str, Any]:
    rows, columns = program.shape
    ran: dict[str, Any] = {"name": "highs"}
    if solver is not None:
        ran |= {"version": solver.version, "options": solver.options()}
    if stages is not None:
        ran |= {
            "algorithm": stages.best.algorithm if stages.best else None,
            "stages": stages.algorithms,
            "iterations": stages.iterations,
            "stage_seconds": stages.seconds,
        }
        ran["interrupted"] = stages.interrupted
        if program.integer.any():
            ran |= {
                "algorithm": "branch and bound",
                "nodes": stages.nodes,
                "fixed_for_prices": int(program.integer.sum()),
                "primal_log": [list(point) for point in stages.primal_log],
                "start": stages.start,
            }
    return {
        "model": {
            "name": program.name,
            "rows": rows,
            "columns": columns,
            "nonzeros": int(program.matrix.nnz),
            "integers": int(program.integer.sum()),
        },
        "solver": ran,
        "seconds": clock.report(),
        "instance": {},  # named by solve(), after the instance as written
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    names = ("allocator", "pyomo", "highspy", "numpy", "scipy", "pandas")
    return {name: metadata.version(name) for name in names} | {
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


class _Clock:
    """Seconds by step; steps of the same name add up."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def mark(self, step: str) -> None:
        """Book the time since the last mark."""
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._last
        self._last = now

    def report(self) -> dict[str, float]:
        """Steps under the names of the plan file."""
        s = self.seconds
        return {
            "read": 0.0,
            "build": s.get("extract", 0.0) + s.get("model", 0.0),
            "compile": s.get("compile", 0.0),
            "handover": s.get("load", 0.0),
            "solve": s.get("solve", 0.0),
            "readback": s.get("readback", 0.0),
            "verify": s.get("verify", 0.0),
            "total": time.perf_counter() - self._began,
        }
