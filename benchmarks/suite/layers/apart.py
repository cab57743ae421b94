"""Layers with a HiGHS of their own, which cannot share a process with highspy."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.suite.layers.made import Made, by_row, duals, finish
from benchmarks.suite.layers.ready import Tables
from benchmarks.suite.mps import read_mps
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Options, Outcome
from benchmarks.suite.solvers.binding import settings
from benchmarks.suite.solvers.ortools import MATHOPT_CLAIMS

_POI = {
    "OPTIMAL": "optimal",
    "INFEASIBLE": "infeasible",
    "DUAL_INFEASIBLE": "unbounded",
    "INFEASIBLE_OR_UNBOUNDED": "infeasible-or-unbounded",
    "ITERATION_LIMIT": "limit",
    "TIME_LIMIT": "limit",
    "NODE_LIMIT": "limit",
    "SOLUTION_LIMIT": "limit",
    "MEMORY_LIMIT": "out-of-memory",
}


def mathopt(tables: Tables, options: Options) -> Made:
    """OR-tools MathOpt: rows summed with its fast sum, solved by the HiGHS within OR-tools."""
    from ortools.math_opt.python import mathopt as mo

    outcome = Outcome("error")
    clock = outcome.clock
    with clock.stage("build"):
        model = mo.Model()
        x: list[Any] = []
        worth: list[float] = []
        for block in tables.columns:
            bounds = zip(block.lower.tolist(), block.upper.tolist(), strict=True)
            x += [
                model.add_variable(lb=low, ub=high, is_integer=block.whole) for low, high in bounds
            ]
            worth += block.cost.tolist()
        made = []
        for rows in tables.rows:
            begin, column, value = by_row(rows, tables)
            terms = [c * x[j] for j, c in zip(column, value, strict=True)]
            for i, side in enumerate(rows.side.tolist()):
                body = mo.fast_sum(terms[begin[i] : begin[i + 1]])
                low = -np.inf if rows.sense == "<" else side
                high = np.inf if rows.sense == ">" else side
                made.append(model.add_linear_constraint(lb=low, ub=high, expr=body))
        paid = mo.fast_sum(c * v for c, v in zip(worth, x, strict=True) if c != 0.0)
        model.set_linear_objective(paid + tables.offset, is_maximize=tables.maximise)
    asked = _mathopt_parameters(mo, tables, options)
    with clock.stage("handover"):
        result = mo.solve(model, mo.SolverType.HIGHS, params=asked)
    spent = result.solve_stats.solve_time.total_seconds()
    _take_from(clock.wall, spent)
    _take_from(clock.cpu, spent)
    with clock.stage("readback"):
        values = _mathopt_values(result, tables, x)
    outcome.claimed = MATHOPT_CLAIMS.get(result.termination.reason.name, "error")
    if outcome.claimed == "error":
        outcome.note = str(result.termination)
    stats = result.solve_stats
    outcome.iterations = {
        "simplex": int(stats.simplex_iterations),
        "ipm": int(stats.barrier_iterations),
    }
    outcome.algorithm = "branch and bound" if tables.whole else "simplex"
    outcome.nodes = int(stats.node_count) if tables.whole else None
    finish(outcome, tables, values)
    if values:
        outcome.objective = float(result.objective_value())
    if tables.whole and np.isfinite(result.best_objective_bound()):
        outcome.bound = float(result.best_objective_bound())
    if not tables.whole and result.has_dual_feasible_solution():
        outcome.row_dual = duals(tables, np.array(result.dual_values(made)))
    return Made(outcome, lambda: _of_proto(model.export_model(), len(x)))


def _mathopt_values(result: Any, tables: Tables, x: list[Any]) -> dict[str, Any]:
    """Values by name; none where there is no solution."""
    if not result.has_primal_feasible_solution():
        return {}
    return {b.name: np.array(result.variable_values(x[b.span])) for b in tables.columns}


def _mathopt_parameters(mo: Any, tables: Tables, options: Options) -> Any:
    asked = mo.SolveParameters(random_seed=options.seed)  # it refuses threads for HiGHS
    if options.time_limit is not None:
        asked.time_limit = timedelta(seconds=options.time_limit)
    if tables.whole:
        asked.relative_gap_tolerance = options.gap
        asked.absolute_gap_tolerance = 0.0
    for name in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        asked.highs.double_options[name] = options.feasibility
    for name, value in options.more.items():
        _mathopt_option(asked.highs, name, value)
    return asked


def _take_from(seconds: dict[str, float], spent: float) -> None:
    """Move what the solver says it took from hand-over to solve."""
    solve = min(spent, seconds["handover"])
    seconds["handover"] -= solve
    seconds["solve"] = solve


def _mathopt_option(highs: Any, name: str, value: Any) -> None:
    kinds = {bool: "bool", int: "int", float: "double", str: "string"}
    getattr(highs, f"{kinds[type(value)]}_options")[name] = value


def _of_proto(proto: Any, columns: int) -> Problem:
    """Arrays of a MathOpt model; ids count from 0, as nothing was deleted."""
    matrix = proto.linear_constraint_matrix
    rows = len(proto.linear_constraints.ids)
    entries = (
        np.array(matrix.coefficients),
        (np.array(matrix.row_ids), np.array(matrix.column_ids)),
    )
    cost = np.zeros(columns)
    linear = proto.objective.linear_coefficients
    cost[np.array(linear.ids, dtype=int)] = np.array(linear.values)
    return Problem.of(
        "held",
        "",
        0,
        maximise=proto.objective.maximize,
        cost=cost,
        offset=proto.objective.offset,
        matrix=sparse.coo_array(entries, shape=(rows, columns)),
        row_lower=proto.linear_constraints.lower_bounds,
        row_upper=proto.linear_constraints.upper_bounds,
        col_lower=proto.variables.lower_bounds,
        col_upper=proto.variables.upper_bounds,
        integer=proto.variables.integers,
    )


def pyoptinterface(tables: Tables, options: Options) -> Made:
    """PyOptInterface: a matrix times all variables for each block of rows."""
    import pyoptinterface as poi
    from pyoptinterface import highs

    outcome = Outcome("error")
    clock = outcome.clock
    with clock.stage("build"):
        model = highs.Model()
        x: list[Any] = []
        kinds = poi.VariableDomain.Continuous, poi.VariableDomain.Integer
        for block in tables.columns:
            bounds = zip(block.lower.tolist(), block.upper.tolist(), strict=True)
            domain = kinds[block.whole]
            x += [model.add_variable(lb=low, ub=high, domain=domain) for low, high in bounds]
        senses = {
            "<": poi.ConstraintSense.LessEqual,
            "=": poi.ConstraintSense.Equal,
            ">": poi.ConstraintSense.GreaterEqual,
        }
        made: list[Any] = []
        for rows in tables.rows:
            begin, column, value = by_row(rows, tables)
            for i, side in enumerate(rows.side.tolist()):
                span = slice(begin[i], begin[i + 1])
                body = poi.ScalarAffineFunction(value[span], column[span])
                made.append(model.add_linear_constraint(body, senses[rows.sense], side))
        cost = np.concatenate([block.cost for block in tables.columns])
        paid = np.flatnonzero(cost)
        worth = poi.ScalarAffineFunction(cost[paid].tolist(), paid.tolist(), tables.offset)
        direction = poi.ObjectiveSense
        model.set_objective(worth, direction.Maximize if tables.maximise else direction.Minimize)
    with clock.stage("handover"):
        for name, wish in settings(options, tables.whole).items():
            model.set_raw_parameter(name, wish)
    with clock.stage("solve"):
        model.optimize()
    status = model.get_model_attribute(poi.ModelAttribute.TerminationStatus)
    outcome.claimed = _POI.get(status.name, "error")
    if outcome.claimed == "error":
        outcome.note = f"ended with {status.name}"
    values = {}
    point = model.get_model_attribute(poi.ModelAttribute.PrimalStatus)
    if outcome.claimed in ("optimal", "limit") and point.name != "NO_SOLUTION":
        with clock.stage("readback"):
            for block in tables.columns:
                values[block.name] = np.array([model.get_value(v) for v in x[block.span]])
    finish(outcome, tables, values)
    outcome.options = {"version": model.version_string()}
    outcome.iterations = {"simplex": max(0, model.get_raw_info_int("simplex_iteration_count"))}
    outcome.algorithm = "branch and bound" if tables.whole else "simplex"
    if not tables.whole and outcome.claimed == "optimal":
        outcome.row_dual = duals(tables, np.array([model.get_constraint_dual(r) for r in made]))
    return Made(outcome, lambda: _of_file(model), digits=15)


def _of_file(model: Any) -> Problem:
    """Arrays of the file that HiGHS writes, to 15 digits: its getters do not tell all sides."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "held.mps"
        model.write(str(path))
        return read_mps(path)
