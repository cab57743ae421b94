"""HiGHS: as highspy gives it, one algorithm at a time, and behind this product's binding."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import highspy
import numpy as np

from benchmarks.suite.problem import Problem
from benchmarks.suite.product import program_of
from benchmarks.suite.solvers import binding
from benchmarks.suite.solvers.base import Options, Outcome, SolverSpec


def solve(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve with plain highspy; ``settings["solver"]`` names the algorithm."""
    outcome = Outcome("error")
    given, own, tolerance = problem, dict(spec.settings), spec.tolerance(options.feasibility)
    if own["solver"] == "pdlp":
        own["pdlp_optimality_tolerance"] = tolerance
        if problem.maximise:
            given = replace(problem, maximise=False, cost=-problem.cost, offset=-problem.offset)
            outcome.note = "handed over as a minimisation: HiGHS's PDLP is undecided otherwise"
    try:
        highs = binding.opened(binding.settings(options, problem.whole, tolerance, **own))
    except binding.Refused as refused:
        outcome.note = str(refused)
        return outcome
    outcome.options = binding.options_of(highs, *options.more)
    with outcome.clock.stage("compile"):
        arrays = binding.arguments(given)
    with outcome.clock.stage("handover"):
        status = highs.passModel(*arrays)
    if status == highspy.HighsStatus.kError:
        outcome.note = "HiGHS refused the programme"
        return outcome
    if status == highspy.HighsStatus.kWarning:
        outcome.note = "HiGHS changed the programme as it took it (small coefficients, say)"
    _run(highs, problem, outcome)
    with outcome.clock.stage("readback"):
        _read(highs, problem, outcome)
    if given is not problem and outcome.row_dual is not None:
        outcome.row_dual, outcome.objective = -outcome.row_dual, None
    return outcome


def _run(highs: Any, problem: Problem, outcome: Outcome) -> None:
    began = time.perf_counter()

    def note(event: Any) -> None:
        value = float(event.data_out.objective_function_value)
        outcome.primal_log.append([time.perf_counter() - began, value])

    if problem.whole:
        highs.cbMipImprovingSolution.subscribe(note)
    with outcome.clock.stage("solve"):
        status = highs.run()
    if problem.whole:
        highs.cbMipImprovingSolution.unsubscribe(note)
    if status == highspy.HighsStatus.kError:
        outcome.note = "HiGHS ended with an error"


def _read(highs: Any, problem: Problem, outcome: Outcome) -> None:
    name = binding.told(highs, outcome, problem.whole)
    info, solution = highs.getInfo(), highs.getSolution()
    if solution.value_valid:
        outcome.x = np.array(solution.col_value, dtype=float)
        outcome.objective = float(info.objective_function_value)
    elif name == "kModelEmpty":
        outcome.x = np.zeros(problem.shape[1])
    if solution.dual_valid and not problem.whole:
        outcome.row_dual = np.array(solution.row_dual, dtype=float)
    if problem.whole and abs(info.mip_dual_bound) < highspy.kHighsInf:
        outcome.bound = float(info.mip_dual_bound)


def solve_ours(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve behind this product's door, by the algorithm of the solver's settings."""
    from allocator.errors import AllocatorError
    from allocator.solver.highs.door import Solver

    own = {**spec.settings, **options.more}
    algorithm = own.pop("algorithm")
    outcome = Outcome("error", algorithm=algorithm)
    try:
        with outcome.clock.stage("compile"):
            program = program_of(problem)
            crossed = program.crossed()
        if crossed:
            outcome.claimed, outcome.note = "infeasible", f"sides cross: {', '.join(crossed[:3])}"
            return outcome
        own = {"random_seed": options.seed} | own
        with outcome.clock.stage("handover"):
            solver = Solver(program, algorithm=algorithm, threads=options.threads, options=own)
    except AllocatorError as refused:
        outcome.claimed, outcome.note = "unsupported", f"refused: {refused}"
        return outcome
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        found = solver.run(time_limit=options.time_limit, gap=options.gap)
    except AllocatorError as failed:
        outcome.note = str(failed)
        return outcome
    _book(outcome, found.seconds, time.perf_counter() - wall, time.process_time() - cpu)
    outcome.options = {"version": solver.version, **solver.options()}
    outcome.claimed = {"unknown": "gave-up"}.get(found.status, found.status)
    outcome.x, outcome.row_dual = found.x, found.row_dual
    outcome.objective, outcome.bound = found.objective, found.bound
    outcome.algorithm, outcome.iterations = found.algorithm, found.iterations
    if problem.whole:
        outcome.row_dual = None
        outcome.nodes = found.nodes
        outcome.primal_log = [[at, value] for at, value in found.primal_log]
    return outcome


def _book(outcome: Outcome, solving: float, wall: float, cpu: float) -> None:
    """What of a run was HiGHS and what was reading its answer; processor time in proportion."""
    share = min(1.0, solving / wall) if wall > 0 else 1.0
    for stage, part in (("solve", share), ("readback", 1.0 - share)):
        outcome.clock.wall[stage] = wall * part
        outcome.clock.cpu[stage] = cpu * part
