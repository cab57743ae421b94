"""Any solver that Pyomo has an interface to: ``pyomo:NAME``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.contrib.solver.common.base import Availability
from pyomo.contrib.solver.common.factory import SolverFactory
from pyomo.contrib.solver.common.results import SolutionStatus
from pyomo.opt.solver import SystemCallSolver

from allocator.arrays import Floats
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Options, Outcome, SolverSpec, refused
from benchmarks.suite.solvers.ordinary import fill

_CLAIMS = {
    # of the older interfaces
    "optimal": "optimal",
    "globallyOptimal": "optimal",
    "infeasible": "infeasible",
    "unbounded": "unbounded",
    "infeasibleOrUnbounded": "infeasible-or-unbounded",
    "maxTimeLimit": "limit",
    "maxIterations": "limit",
    "maxEvaluations": "limit",
    "feasible": "limit",
    "userInterrupt": "limit",
    "resourceInterrupt": "limit",
    "licensingProblems": "licence-limit",
    "unknown": "gave-up",
    "other": "gave-up",
    "noSolution": "gave-up",
    # of the newer ones
    "convergenceCriteriaSatisfied": "optimal",
    "provenInfeasible": "infeasible",
    "iterationLimit": "limit",
    "objectiveLimit": "limit",
    "interrupted": "limit",
}

_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "gurobi": {
        "feasibility": ("FeasibilityTol", "OptimalityTol"),
        "gap": ("MIPGap",),
        "seed": ("Seed",),
        "threads": ("Threads",),
    },
    "cplex": {
        "feasibility": ("simplex_tolerances_feasibility", "simplex_tolerances_optimality"),
        "gap": ("mip_tolerances_mipgap",),
        "seed": ("randomseed",),
        "threads": ("threads",),
    },
    "xpress": {
        "feasibility": ("feastol", "optimalitytol"),
        "gap": ("miprelstop",),
        "seed": ("randomseed",),
        "threads": ("threads",),
    },
    "highs": {
        "feasibility": ("primal_feasibility_tolerance", "dual_feasibility_tolerance"),
        "gap": ("mip_rel_gap",),
        "seed": ("random_seed",),
        "threads": ("threads",),
    },
    "scip": {
        "feasibility": ("numerics/feastol",),
        "gap": ("limits/gap",),
        "seed": ("randomization/randomseedshift",),
    },
    "cbc": {"feasibility": ("primalTolerance", "dualTolerance"), "gap": ("ratioGap",)},
    "glpk": {"gap": ("mipgap",)},
}
"""What is asked of everybody, in the words of solvers this suite knows by name."""


def solve(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve through Pyomo; ``settings["name"]`` is the solver's name there."""
    name = str(spec.settings["name"])
    outcome = Outcome("error", algorithm=name)
    asked, unasked = _asked(name, options)
    if unasked:
        outcome.note = f"not asked of {name}: {', '.join(unasked)} (its own values hold)"
    newer = name in SolverFactory
    solver = SolverFactory(name) if newer else pyo.SolverFactory(name)
    absent = _absent(solver, name, newer)
    if absent is not None:
        return absent
    outcome.options = {"pyomo": _version(), "solver": name, **asked}
    with outcome.clock.stage("build"):
        model = fill(pyo.ConcreteModel(), problem)
    run = _run_newer if newer else _run_older
    run(solver, model, asked, options, outcome)
    with outcome.clock.stage("readback"):
        if outcome.x is None and outcome.claimed in ("optimal", "limit", "gave-up"):
            outcome.x = _values(problem, model)
    if outcome.x is not None:
        outcome.objective = float(problem.cost @ outcome.x + problem.offset)
    return outcome


def _version() -> str:
    from pyomo.version import version

    return str(version)


def _asked(name: str, options: Options) -> tuple[dict[str, Any], list[str]]:
    """Options in the solver's words, and what there are no words for."""
    words = next((words for known, words in _NAMES.items() if known in name), {})
    wanted: dict[str, Any] = {"feasibility": options.feasibility, "gap": options.gap}
    if options.seed:
        wanted["seed"] = options.seed
    wanted["threads"] = options.threads
    asked = {own: value for what, value in wanted.items() for own in words.get(what, ())}
    return asked | options.more, [what for what in wanted if what not in words]


def _absent(solver: Any, name: str, newer: bool) -> Outcome | None:
    """What to say of a solver that cannot be used."""
    if newer:
        state = solver.available()
        if state == Availability.BadLicense:
            return Outcome("licence-limit", note=f"{name}: no valid licence")
        return None if state else Outcome("missing", note=f"{name}: {state.name}")
    try:
        if solver.available(exception_flag=True):
            return None
        text = "not available"
    except Exception as absent:
        text = f"{type(absent).__name__}: {absent}"
    return Outcome("licence-limit" if refused(text) else "missing", note=f"{name}: {text}")


def _run_newer(
    solver: Any, model: Any, asked: dict[str, Any], options: Options, outcome: Outcome
) -> None:
    with outcome.clock.stage("solve"):
        found = solver.solve(
            model,
            load_solutions=False,
            raise_exception_on_nonoptimal_result=False,
            time_limit=options.time_limit,
            solver_options=asked,
        )
    _claim(found.termination_condition.name, outcome)
    if found.objective_bound is not None and np.isfinite(found.objective_bound):
        outcome.bound = float(found.objective_bound)
    if found.solution_status in (SolutionStatus.feasible, SolutionStatus.optimal):
        found.solution_loader.load_vars()


def _run_older(
    solver: Any, model: Any, asked: dict[str, Any], options: Options, outcome: Outcome
) -> None:
    solver.options.update(asked)
    more: dict[str, Any] = {"load_solutions": False}
    if options.time_limit is not None:
        more["timelimit"] = options.time_limit
    with tempfile.TemporaryDirectory(prefix="pyomo-") as folder:
        log = Path(folder) / "log.txt"
        if isinstance(solver, SystemCallSolver):
            more["logfile"] = str(log)
        with outcome.clock.stage("solve"):
            found = solver.solve(model, **more)
        said = log.read_text(errors="replace") if log.exists() else ""
    _claim(str(found.solver.termination_condition), outcome)
    text = f"{getattr(found.solver, 'message', '')} {said}"
    if outcome.claimed == "error" and refused(text):
        outcome.claimed = "licence-limit"
    bounds = found.problem.upper_bound, found.problem.lower_bound
    bound = bounds[0] if model.total.sense == pyo.maximize else bounds[1]
    if isinstance(bound, int | float) and np.isfinite(bound):
        outcome.bound = float(bound)
    if len(found.solution):
        model.solutions.load_from(found)


def _claim(condition: str, outcome: Outcome) -> None:
    outcome.claimed = _CLAIMS.get(condition, "error")
    if outcome.claimed in ("error", "gave-up"):
        outcome.add_note(f"ended with {condition}")


def _values(problem: Problem, model: Any) -> Floats | None:
    """Values of the columns; what the solver never saw is put next to zero."""
    given = [variable.value for variable in model.x.values()]
    if all(value is None for value in given):
        return None
    values = np.array([np.nan if value is None else value for value in given], dtype=float)
    idle = np.clip(0.0, problem.col_lower, problem.col_upper)
    return np.where(np.isnan(values), idle, values)
