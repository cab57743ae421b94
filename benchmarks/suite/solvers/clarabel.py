"""Clarabel, an interior-point solver for cones, on linear programmes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import clarabel
import numpy as np
from scipy import sparse

from allocator.arrays import Floats, Ints
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Options, Outcome, SolverSpec, minimised

_CLAIMS = {
    "Solved": "optimal",
    "PrimalInfeasible": "infeasible",
    "DualInfeasible": "infeasible-or-unbounded",
    "MaxTime": "limit",
    "MaxIterations": "limit",
    "AlmostSolved": "gave-up",
    "AlmostPrimalInfeasible": "gave-up",
    "AlmostDualInfeasible": "gave-up",
    "InsufficientProgress": "gave-up",
    "NumericalError": "gave-up",
}

_READ = (
    "tol_feas",
    "tol_gap_abs",
    "tol_gap_rel",
    "reduced_tol_feas",
    "max_iter",
    "max_threads",
    "time_limit",
    "presolve_enable",
    "direct_solve_method",
)


@dataclass(frozen=True)
class _Cones:
    """``left x + s = right``: first the equations, then what must not be negative.

    Attributes
    ----------
    equal, upper, lower : ndarray of int
        Rows of the problem, in the order in which they come: equations first, and behind the
        equations of fixed columns those with an upper and those with a lower side.
    fixed : int
        Number of fixed columns.
    """

    left: Any
    right: Floats
    equal: Ints
    upper: Ints
    lower: Ints
    fixed: int

    @property
    def equations(self) -> int:
        return len(self.equal) + self.fixed


def solve(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve a linear programme with Clarabel."""
    outcome = Outcome("error", algorithm="interior point")
    if options.seed:
        outcome.note = "makes no random choices: the seed is not used"
    settings = clarabel.DefaultSettings()
    tolerance = spec.tolerance(options.feasibility)
    asked: dict[str, Any] = {
        "verbose": False,
        "tol_feas": tolerance,
        "tol_gap_abs": tolerance,
        "tol_gap_rel": tolerance,
        "max_threads": options.threads,
    }
    if options.time_limit is not None:
        asked["time_limit"] = float(options.time_limit)
    for name, value in (asked | options.more).items():
        if not hasattr(settings, name):
            outcome.note = f"Clarabel has no setting {name}"
            return outcome
        setattr(settings, name, value)
    outcome.options = {name: getattr(settings, name) for name in (*_READ, *options.more)}
    with outcome.clock.stage("compile"):
        cones = _cones(problem)
        cost, _ = minimised(problem)
        count = problem.shape[1]
        quadratic = sparse.csc_matrix((count, count))
        kinds = []
        if cones.equations:
            kinds.append(clarabel.ZeroConeT(cones.equations))
        if len(cones.right) > cones.equations:
            kinds.append(clarabel.NonnegativeConeT(len(cones.right) - cones.equations))
    with outcome.clock.stage("handover"):
        solver = clarabel.DefaultSolver(quadratic, cost, cones.left, cones.right, kinds, settings)
    with outcome.clock.stage("solve"):
        found = solver.solve()
    with outcome.clock.stage("readback"):
        _read(problem, found, cones, outcome)
    return outcome


def _cones(problem: Problem) -> _Cones:
    rows, columns = problem.matrix, sparse.eye_array(problem.shape[1], format="csr")
    low, high = problem.row_lower, problem.row_upper
    equal = low == high
    upper, lower = np.isfinite(high) & ~equal, np.isfinite(low) & ~equal
    least, most = problem.col_lower, problem.col_upper
    fixed = least == most
    below, above = np.isfinite(most) & ~fixed, np.isfinite(least) & ~fixed
    left = (rows[equal], columns[fixed], rows[upper], -rows[lower], columns[below])
    right = (high[equal], most[fixed], high[upper], -low[lower], most[below], -least[above])
    return _Cones(
        sparse.csc_matrix(sparse.vstack([*left, -columns[above]], format="csc")),
        np.concatenate(right),
        np.flatnonzero(equal),
        np.flatnonzero(upper),
        np.flatnonzero(lower),
        int(fixed.sum()),
    )


def _read(problem: Problem, found: Any, cones: _Cones, outcome: Outcome) -> None:
    status = str(found.status)
    outcome.claimed = _CLAIMS.get(status, "error")
    if outcome.claimed in ("gave-up", "error"):
        outcome.note = f"Clarabel ended with {status}"
    outcome.iterations = {"ipm": int(found.iterations)}
    if outcome.claimed not in ("optimal", "limit", "gave-up"):
        return
    outcome.x = np.array(found.x, dtype=float)
    outcome.objective = float(problem.cost @ outcome.x + problem.offset)
    dual = np.zeros(problem.shape[0])
    given = np.array(found.z, dtype=float)
    at = cones.equations
    dual[cones.equal] = -given[: len(cones.equal)]
    dual[cones.upper] -= given[at : at + len(cones.upper)]
    at += len(cones.upper)
    dual[cones.lower] += given[at : at + len(cones.lower)]
    outcome.row_dual = -dual if problem.maximise else dual
