"""SCIP through PySCIPOpt."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from pyscipopt import SCIP_EVENTTYPE, SCIP_RESULT, Eventhdlr, Model
from pyscipopt.scip import Expr, ExprCons, Term

from allocator.arrays import Floats
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Options, Outcome, SolverSpec, or_none

_CLAIMS = {
    "optimal": "optimal",
    "gaplimit": "optimal",
    "infeasible": "infeasible",
    "unbounded": "unbounded",
    "inforunbd": "infeasible-or-unbounded",
    "timelimit": "limit",
    "nodelimit": "limit",
    "totalnodelimit": "limit",
    "stallnodelimit": "limit",
    "sollimit": "limit",
    "bestsollimit": "limit",
    "userinterrupt": "limit",
    "memlimit": "out-of-memory",
}

_READ = (
    "numerics/feastol",
    "numerics/dualfeastol",
    "limits/gap",
    "limits/absgap",
    "limits/time",
    "randomization/randomseedshift",
    "lp/threads",
)


def solve(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve with SCIP; SoPlex does the linear programmes."""
    outcome = Outcome("error", algorithm="branch and cut")
    model = Model(problem.name)
    model.hideOutput()
    asked: dict[str, Any] = {
        "numerics/feastol": spec.tolerance(options.feasibility),
        "numerics/dualfeastol": spec.tolerance(options.feasibility),
        "limits/gap": options.gap,
        "limits/absgap": 0.0,
        "randomization/randomseedshift": options.seed,
    }
    if options.time_limit is not None:
        asked["limits/time"] = options.time_limit
    for name, value in (asked | options.more).items():
        model.setParam(name, value)
    outcome.options = {"version": str(model.version())} | {
        name: model.getParam(name) for name in (*_READ, *options.more)
    }
    if options.threads != 1:
        outcome.note = "one thread whatever was asked"
    with outcome.clock.stage("handover"):
        variables = _hand_over(problem, model)
    log = _logged(model)
    with outcome.clock.stage("solve"):
        model.optimize()
    outcome.primal_log = log
    with outcome.clock.stage("readback"):
        _read(problem, model, variables, outcome)
    return outcome


def _hand_over(problem: Problem, model: Any) -> list[Any]:
    """Variables and rows, one call each: SCIP takes no arrays."""
    columns = zip(
        problem.cost.tolist(),
        problem.col_lower.tolist(),
        problem.col_upper.tolist(),
        problem.integer.tolist(),
        strict=True,
    )
    variables = [
        model.addVar(vtype="I" if whole else "C", lb=or_none(low), ub=or_none(high), obj=cost)
        for cost, low, high, whole in columns
    ]
    if problem.maximise:
        model.setMaximize()
    model.addObjoffset(problem.offset)
    terms = [Term(variable) for variable in variables]
    matrix = problem.matrix
    sides = zip(problem.row_lower.tolist(), problem.row_upper.tolist(), strict=True)
    for row, (low, high) in enumerate(sides):
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        at, values = matrix.indices[span].tolist(), matrix.data[span].tolist()
        if not at:
            if low <= 0.0 <= high:
                continue
            at, values = [0], [0.0]
        if math.isinf(low) and math.isinf(high):
            continue
        inside = Expr({terms[j]: value for j, value in zip(at, values, strict=True)})
        model.addCons(ExprCons(inside, lhs=or_none(low), rhs=or_none(high)))
    return variables


def _logged(model: Any) -> list[list[float]]:
    """List that fills with each improving solution while SCIP works."""
    log: list[list[float]] = []
    began = time.perf_counter()

    def start(self: Any) -> None:
        self.model.catchEvent(SCIP_EVENTTYPE.BESTSOLFOUND, self)

    def note(self: Any, event: Any) -> dict[str, Any]:
        del event
        value = float(self.model.getSolObjVal(self.model.getBestSol()))
        log.append([time.perf_counter() - began, value])
        return {"result": SCIP_RESULT.DIDNOTRUN}

    handler = type("Log", (Eventhdlr,), {"eventinit": start, "eventexec": note})()
    model.includeEventhdlr(handler, "log", "improving solutions")
    return log


def _read(problem: Problem, model: Any, variables: list[Any], outcome: Outcome) -> None:
    status = str(model.getStatus())
    outcome.claimed = _CLAIMS.get(status, "gave-up")
    if outcome.claimed == "gave-up":
        outcome.note = f"SCIP ended with {status}"
    outcome.nodes = int(model.getNTotalNodes())
    outcome.iterations = {"simplex": int(model.getNLPIterations())}
    if outcome.claimed in ("optimal", "limit") and model.getNSols() > 0:
        best = model.getBestSol()
        outcome.x = _values(model, best, variables)
        outcome.objective = float(model.getSolObjVal(best))
    if outcome.claimed in ("optimal", "limit") and problem.whole:
        bound = float(model.getDualbound())
        outcome.bound = bound if abs(bound) < model.infinity() else None
    if not problem.whole:
        outcome.algorithm = "simplex (SoPlex)"


def _values(model: Any, solution: Any, variables: list[Any]) -> Floats:
    return np.array([model.getSolVal(solution, variable) for variable in variables], dtype=float)
