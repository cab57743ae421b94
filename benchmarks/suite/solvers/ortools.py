"""The solvers of OR-tools: GLOP, PDLP and CP-SAT.

GLOP and CP-SAT are reached through the array messages of MathOpt, PDLP directly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.arrays import Floats
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Options, Outcome, SolverSpec, minimised

MATHOPT_CLAIMS = {
    "OPTIMAL": "optimal",
    "INFEASIBLE": "infeasible",
    "UNBOUNDED": "unbounded",
    "INFEASIBLE_OR_UNBOUNDED": "infeasible-or-unbounded",
    "FEASIBLE": "limit",
    "NO_SOLUTION_FOUND": "limit",
    "IMPRECISE": "gave-up",
    "NUMERICAL_ERROR": "gave-up",
    "OTHER_ERROR": "error",
}

_PDLP_CLAIMS = {
    "OPTIMAL": "optimal",
    "PRIMAL_INFEASIBLE": "infeasible",
    "DUAL_INFEASIBLE": "infeasible-or-unbounded",
    "PRIMAL_OR_DUAL_INFEASIBLE": "infeasible-or-unbounded",
    "TIME_LIMIT": "limit",
    "ITERATION_LIMIT": "limit",
    "KKT_MATRIX_PASS_LIMIT": "limit",
    "INTERRUPTED_BY_USER": "limit",
    "NUMERICAL_ERROR": "gave-up",
}


def _version() -> str:
    import ortools

    return str(ortools.__version__)


def solve_glop(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve a linear programme with GLOP."""
    outcome, asked = Outcome("error", algorithm="simplex"), _parameters(options)
    tolerance = spec.tolerance(options.feasibility)
    asked.glop.primal_feasibility_tolerance = tolerance
    asked.glop.dual_feasibility_tolerance = tolerance
    asked.glop.solution_feasibility_tolerance = tolerance
    asked.glop.random_seed = options.seed
    asked.glop.num_omp_threads = 1
    if options.threads != 1:
        outcome.note = "one thread whatever was asked"
    _own(asked.glop, options.more)
    outcome.options = {"version": _version(), **_fields(asked.glop)}
    return _mathopt(problem, "GLOP", asked, outcome)


def solve_cp_sat(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve a programme whose columns are all bounded whole numbers with CP-SAT."""
    outcome = Outcome("unsupported", algorithm="constraint programming")
    if not problem.integer.all():
        outcome.note = "columns that need not be whole: CP-SAT has whole numbers only"
        return outcome
    if not (np.isfinite(problem.col_lower).all() and np.isfinite(problem.col_upper).all()):
        outcome.note = "CP-SAT needs a bound on every column"
        return outcome
    asked = _parameters(options)
    common = {
        "threads": options.threads,
        "random_seed": options.seed,
        "relative_gap_tolerance": options.gap,
        "absolute_gap_tolerance": 0.0,
    }
    _own(asked, common)
    asked.cp_sat.mip_check_precision = spec.tolerance(options.feasibility)
    asked.cp_sat.mip_wanted_precision = spec.tolerance(options.feasibility)
    _own(asked.cp_sat, options.more)
    held = {name: getattr(asked, name) for name in common}
    outcome.options = {"version": _version(), **held, **_fields(asked.cp_sat)}
    return _mathopt(problem, "CP_SAT", asked, outcome)


def _parameters(options: Options) -> Any:
    """MathOpt's parameters, with the time limit set."""
    from ortools.math_opt import parameters_pb2

    asked = parameters_pb2.SolveParametersProto()
    if options.time_limit is not None:
        asked.time_limit.seconds = int(options.time_limit)
        asked.time_limit.nanos = int(1e9 * (options.time_limit - int(options.time_limit)))
    return asked


def _own(message: Any, more: dict[str, Any]) -> None:
    for name, value in more.items():
        setattr(message, name, value)


def _fields(message: Any) -> dict[str, Any]:
    """What was set in a message; OR-tools has no way to ask the solver itself."""
    return {field.name: value for field, value in message.ListFields()}


def _model(problem: Problem) -> Any:
    """The problem as a message of MathOpt."""
    from ortools.math_opt import model_pb2

    rows, columns = problem.shape
    model = model_pb2.ModelProto()
    model.variables.ids.extend(range(columns))
    model.variables.lower_bounds.extend(problem.col_lower.tolist())
    model.variables.upper_bounds.extend(problem.col_upper.tolist())
    model.variables.integers.extend(problem.integer.tolist())
    model.objective.maximize = problem.maximise
    model.objective.offset = problem.offset
    costly = np.flatnonzero(problem.cost)
    model.objective.linear_coefficients.ids.extend(costly.tolist())
    model.objective.linear_coefficients.values.extend(problem.cost[costly].tolist())
    model.linear_constraints.ids.extend(range(rows))
    model.linear_constraints.lower_bounds.extend(problem.row_lower.tolist())
    model.linear_constraints.upper_bounds.extend(problem.row_upper.tolist())
    held = model.linear_constraint_matrix
    by_row = np.repeat(np.arange(rows), np.diff(problem.matrix.indptr))
    held.row_ids.extend(by_row.tolist())
    held.column_ids.extend(problem.matrix.indices.tolist())
    held.coefficients.extend(problem.matrix.data.tolist())
    return model


def _mathopt(problem: Problem, kind: str, asked: Any, outcome: Outcome) -> Outcome:
    from ortools.math_opt import callback_pb2, model_parameters_pb2, parameters_pb2
    from ortools.math_opt.core.python import solver as core

    with outcome.clock.stage("compile"):
        model = _model(problem)
    kind_of_solver = getattr(parameters_pb2, f"SOLVER_TYPE_{kind}")
    wanted = callback_pb2.CallbackRegistrationProto()
    listener = None
    if kind == "CP_SAT":
        wanted.request_registration.append(callback_pb2.CALLBACK_EVENT_MIP_SOLUTION)
        listener = _listener(problem, outcome)
    arguments = model_parameters_pb2.ModelSolveParametersProto(), None, wanted, listener, None
    with outcome.clock.stage("handover"):
        solver = core.new(kind_of_solver, model, parameters_pb2.SolverInitializerProto())
    with outcome.clock.stage("solve"):
        result = solver.solve(asked, *arguments)
    with outcome.clock.stage("readback"):
        _read(problem, result, outcome)
    return outcome


def _listener(problem: Problem, outcome: Outcome) -> Any:
    from ortools.math_opt import callback_pb2

    def note(data: Any) -> Any:
        seen = data.primal_solution_vector
        value = float(problem.cost[np.array(seen.ids, dtype=int)] @ np.array(seen.values))
        after = data.runtime.seconds + data.runtime.nanos * 1e-9
        outcome.primal_log.append([after, value + problem.offset])
        return callback_pb2.CallbackResultProto()

    return note


def _dense(vector: Any, size: int) -> Floats:
    values = np.zeros(size)
    values[np.array(vector.ids, dtype=int)] = np.array(vector.values, dtype=float)
    return values


def _read(problem: Problem, result: Any, outcome: Outcome) -> None:
    from ortools.math_opt import result_pb2

    rows, columns = problem.shape
    reason = result_pb2.TerminationReasonProto.Name(result.termination.reason)
    reason = reason.removeprefix("TERMINATION_REASON_")
    outcome.claimed = MATHOPT_CLAIMS.get(reason, "error")
    if result.termination.limit == result_pb2.LIMIT_MEMORY:
        outcome.claimed = "out-of-memory"
    outcome.add_note(result.termination.detail)
    for solution in result.solutions[:1]:
        if solution.HasField("primal_solution"):
            outcome.x = _dense(solution.primal_solution.variable_values, columns)
            outcome.objective = float(solution.primal_solution.objective_value)
        if solution.HasField("dual_solution"):
            outcome.row_dual = _dense(solution.dual_solution.dual_values, rows)
    bound = result.termination.objective_bounds.dual_bound
    if problem.whole and np.isfinite(bound):
        outcome.bound = float(bound)
    counted = result.solve_stats
    outcome.iterations = {"simplex": int(counted.simplex_iterations)}
    if problem.whole:
        outcome.iterations, outcome.nodes = {}, int(counted.node_count)


def solve_pdlp(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve a linear programme with PDLP.

    Its tolerance is on every row by itself, half of it absolute and half relative to the
    side, which is how the suite judges.
    """
    from google.protobuf import text_format
    from ortools.pdlp import solvers_pb2
    from ortools.pdlp.python import pdlp

    outcome = Outcome("error", algorithm="pdlp")
    asked = solvers_pb2.PrimalDualHybridGradientParams()
    stop = asked.termination_criteria
    stop.optimality_norm = solvers_pb2.OPTIMALITY_NORM_L_INF_COMPONENTWISE
    stop.simple_optimality_criteria.eps_optimal_absolute = spec.tolerance(options.feasibility) / 2
    stop.simple_optimality_criteria.eps_optimal_relative = spec.tolerance(options.feasibility) / 2
    if options.time_limit is not None:
        stop.time_sec_limit = options.time_limit
    asked.num_threads = options.threads
    if options.seed:
        outcome.note = "makes no random choices: the seed is not used"
    if options.more:
        text = "\n".join(f"{name}: {_text(value)}" for name, value in options.more.items())
        text_format.Merge(text, asked)
    with outcome.clock.stage("compile"):
        matrix = problem.matrix.tocsc()
        cost, offset = minimised(problem)
    with outcome.clock.stage("handover"):
        qp = pdlp.QuadraticProgram()
        qp.resize_and_initialize(problem.shape[1], problem.shape[0])
        qp.objective_vector, qp.objective_offset = cost, offset
        qp.constraint_matrix = matrix
        qp.constraint_lower_bounds, qp.constraint_upper_bounds = (
            problem.row_lower,
            problem.row_upper,
        )
        qp.variable_lower_bounds, qp.variable_upper_bounds = problem.col_lower, problem.col_upper
    with outcome.clock.stage("solve"):
        result = pdlp.primal_dual_hybrid_gradient(qp, asked)
    with outcome.clock.stage("readback"):
        _read_pdlp(problem, result, outcome)
    return outcome


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_pdlp(problem: Problem, result: Any, outcome: Outcome) -> None:
    from ortools.pdlp import solve_log_pb2

    log = result.solve_log
    outcome.options = {"version": _version(), "parameters": " ".join(str(log.params).split())}
    reason = solve_log_pb2.TerminationReason.Name(log.termination_reason)
    outcome.claimed = _PDLP_CLAIMS.get(reason.removeprefix("TERMINATION_REASON_"), "error")
    outcome.add_note(log.termination_string)
    outcome.iterations = {"pdlp": int(log.iteration_count)}
    if outcome.claimed in ("optimal", "limit", "gave-up"):
        sign = -1.0 if problem.maximise else 1.0
        outcome.x = np.array(result.primal_solution, dtype=float)
        outcome.row_dual = sign * np.array(result.dual_solution, dtype=float)
        outcome.objective = float(problem.cost @ outcome.x + problem.offset)
