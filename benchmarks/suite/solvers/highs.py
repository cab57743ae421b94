"""HiGHS: as highspy gives it, one algorithm at a time, and behind this product's door."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, cast

import highspy
import numpy as np

from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.registry import Options, Outcome, SolverSpec, kind_of

_CLAIMS = {
    "kOptimal": "optimal",
    "kModelEmpty": "optimal",
    "kInfeasible": "infeasible",
    "kUnbounded": "unbounded",
    "kUnboundedOrInfeasible": "infeasible-or-unbounded",
    "kTimeLimit": "limit",
    "kIterationLimit": "limit",
    "kSolutionLimit": "limit",
    "kObjectiveBound": "limit",
    "kObjectiveTarget": "limit",
    "kInterrupt": "limit",
    "kHighsInterrupt": "limit",
    "kUnknown": "gave-up",
    "kMemoryLimit": "out-of-memory",
}

_READ = (
    "solver",
    "presolve",
    "parallel",
    "threads",
    "random_seed",
    "time_limit",
    "run_crossover",
    "primal_feasibility_tolerance",
    "dual_feasibility_tolerance",
    "pdlp_optimality_tolerance",
    "mip_feasibility_tolerance",
    "mip_rel_gap",
    "mip_abs_gap",
    "small_matrix_value",
)


class _Refused(Exception):
    """HiGHS did not take an option or a programme."""


def solve(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve with plain highspy; ``settings["solver"]`` names the algorithm."""
    outcome = Outcome("error")
    highs = highspy.Highs()
    given = problem
    if problem.maximise and spec.settings["solver"] == "pdlp":
        given = replace(problem, maximise=False, cost=-problem.cost, offset=-problem.offset)
        outcome.note = "handed over as a minimisation: HiGHS's PDLP is undecided otherwise"
    try:
        _set(highs, given, options, spec)
        outcome.options = _options(highs, [*_READ, *options.more])
        arrays = _arrays(given, outcome)
        with outcome.clock.stage("handover"):
            status = highs.passModel(*arrays)
    except _Refused as refused:
        outcome.note = str(refused)
        return outcome
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


def _set(highs: Any, problem: Problem, options: Options, spec: SolverSpec) -> None:
    tolerance = spec.tolerance(options.feasibility)
    asked: dict[str, Any] = {
        "output_flag": False,
        "threads": options.threads,
        "random_seed": options.seed,
        "primal_feasibility_tolerance": tolerance,
        "dual_feasibility_tolerance": tolerance,
        **spec.settings,
    }
    if kind_of(problem) == "mip":
        asked["mip_feasibility_tolerance"] = tolerance
        asked["mip_rel_gap"] = options.gap
        asked["mip_abs_gap"] = 0.0
    if spec.settings.get("solver") == "pdlp":
        asked["pdlp_optimality_tolerance"] = tolerance
    if options.time_limit is not None:
        asked["time_limit"] = float(options.time_limit)
    for name, value in (asked | options.more).items():
        if highs.setOptionValue(name, value) == highspy.HighsStatus.kError:
            raise _Refused(f"HiGHS refused option {name} = {value!r}")
        if highs.getOptionValue(name)[1] != value:
            raise _Refused(f"HiGHS has another value of {name} after it was set to {value!r}")


def _options(highs: Any, names: list[str]) -> dict[str, Any]:
    return {"version": str(highs.version())} | {
        name: highs.getOptionValue(name)[1] for name in names
    }


def _arrays(problem: Problem, outcome: Outcome) -> tuple[Any, ...]:
    """Arguments of ``passModel``."""
    with outcome.clock.stage("compile"):
        rows, columns = problem.shape
        sense = highspy.ObjSense.kMaximize if problem.maximise else highspy.ObjSense.kMinimize
        return (
            columns,
            rows,
            int(problem.matrix.nnz),
            int(highspy.MatrixFormat.kRowwise),
            int(sense),
            problem.offset,
            problem.cost,
            problem.col_lower,
            problem.col_upper,
            problem.row_lower,
            problem.row_upper,
            problem.matrix.indptr.astype(np.int32, copy=False),
            problem.matrix.indices.astype(np.int32, copy=False),
            problem.matrix.data,
            problem.integer.astype(np.int32),
        )


def _run(highs: Any, problem: Problem, outcome: Outcome) -> None:
    began = time.perf_counter()

    def note(event: Any) -> None:
        value = float(event.data_out.objective_function_value)
        outcome.primal_log.append([time.perf_counter() - began, value])

    whole = kind_of(problem) == "mip"
    if whole:
        highs.cbMipImprovingSolution.subscribe(note)
    with outcome.clock.stage("solve"):
        status = highs.run()
    if whole:
        highs.cbMipImprovingSolution.unsubscribe(note)
    if status == highspy.HighsStatus.kError:
        outcome.note = "HiGHS ended with an error"


def _read(highs: Any, problem: Problem, outcome: Outcome) -> None:
    name = highs.getModelStatus().name
    outcome.claimed = _CLAIMS.get(name, "error")
    if outcome.claimed == "error":
        outcome.note = f"HiGHS ended with {name}"
    info = highs.getInfo()
    whole = kind_of(problem) == "mip"
    solution = highs.getSolution()
    if solution.value_valid:
        outcome.x = np.array(solution.col_value, dtype=float)
        outcome.objective = float(info.objective_function_value)
    elif name == "kModelEmpty":
        outcome.x = np.zeros(problem.shape[1])
    if solution.dual_valid and not whole:
        outcome.row_dual = np.array(solution.row_dual, dtype=float)
    counts = {
        kind: int(getattr(info, f"{kind}_iteration_count"))
        for kind in ("simplex", "ipm", "crossover", "pdlp")
    }
    outcome.iterations = {kind: count for kind, count in counts.items() if count >= 0}
    outcome.algorithm = _ran(outcome.iterations, outcome.options["solver"], whole)
    if whole:
        outcome.nodes = int(info.mip_node_count) if info.mip_node_count >= 0 else None
        if abs(info.mip_dual_bound) < highspy.kHighsInf:
            outcome.bound = float(info.mip_dual_bound)


def _ran(counts: dict[str, int], asked: str, whole: bool) -> str:
    """Algorithm told from what was counted, not from what was asked for."""
    if whole:
        return "branch and bound"
    if counts.get("pdlp"):
        return "pdlp"
    if counts.get("ipm"):
        name = asked if asked in ("ipx", "hipo") else "ipm"
        return f"{name} and crossover" if counts.get("crossover") else name
    return "simplex" if counts.get("simplex") else "presolve"


def solve_ours(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve behind this product's door, by the algorithm of the solver's settings."""
    from allocator.errors import AllocatorError
    from allocator.solver.highs import Solver

    own = {**spec.settings, **options.more}
    algorithm = own.pop("algorithm")
    outcome = Outcome("error", algorithm=algorithm)
    try:
        with outcome.clock.stage("compile"):
            program = _program(problem)
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
    if kind_of(problem) == "mip":
        outcome.row_dual = None
        outcome.nodes = found.nodes
        outcome.primal_log = [[at, value] for at, value in found.primal_log]
    return outcome


def _program(problem: Problem) -> Any:
    """The problem as this product holds one; names are numbers."""
    from allocator.solver.program import Block, Program

    rows, columns = problem.shape
    return Program(
        maximise=problem.maximise,
        cost=problem.cost,
        offset=problem.offset,
        matrix=problem.matrix,
        row_lower=problem.row_lower,
        row_upper=problem.row_upper,
        col_lower=problem.col_lower,
        col_upper=problem.col_upper,
        integer=problem.integer,
        columns=(Block("x", 0, columns, None, cast("tuple[Any, ...]", range(columns))),),
        rows=(Block("row", 0, rows, None, cast("tuple[Any, ...]", range(rows))),),
        name=problem.name,
    )


def _book(outcome: Outcome, solving: float, wall: float, cpu: float) -> None:
    """What of a run was HiGHS and what was reading its answer; processor time in proportion."""
    share = min(1.0, solving / wall) if wall > 0 else 1.0
    for stage, part in (("solve", share), ("readback", 1.0 - share)):
        outcome.clock.wall[stage] = wall * part
        outcome.clock.cpu[stage] = cpu * part
