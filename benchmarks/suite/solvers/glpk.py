"""GLPK through swiglpk: for measurement only, its licence keeps it out of the product."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt
import swiglpk as glpk

from allocator.arrays import Floats
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Options, Outcome, SolverSpec

_FAILURES = {
    glpk.GLP_ETMLIM: "limit",
    glpk.GLP_EITLIM: "limit",
    glpk.GLP_EMIPGAP: "optimal",
    glpk.GLP_ENOPFS: "infeasible",
    glpk.GLP_ENODFS: "infeasible-or-unbounded",
    glpk.GLP_EFAIL: "gave-up",
    glpk.GLP_ESING: "gave-up",
    glpk.GLP_ECOND: "gave-up",
    glpk.GLP_EBOUND: "error",
}

_STATUSES = {
    glpk.GLP_OPT: "optimal",
    glpk.GLP_NOFEAS: "infeasible",
    glpk.GLP_UNBND: "unbounded",
    glpk.GLP_FEAS: "gave-up",
    glpk.GLP_INFEAS: "gave-up",
    glpk.GLP_UNDEF: "gave-up",
}


def solve(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve with GLPK: presolve on, simplex, branch and bound without cuts, as glpsol does."""
    whole = problem.whole
    outcome = Outcome("error", algorithm="branch and bound" if whole else "simplex")
    if options.threads != 1:
        outcome.note = "one thread whatever was asked"
    glpk.glp_term_out(glpk.GLP_OFF)
    tolerance = spec.tolerance(options.feasibility)
    asked = _settings(options, tolerance, whole)
    for name, value in options.more.items():
        setattr(asked, name, value)
    names = ("presolve", "tm_lim", *(("tol_int", "mip_gap") if whole else ("tol_bnd", "tol_dj")))
    outcome.options = {"version": str(glpk.glp_version())} | {
        name: getattr(asked, name) for name in (*names, *options.more)
    }
    with outcome.clock.stage("handover"):
        held = _hand_over(problem)
        glpk.glp_scale_prob(held, glpk.GLP_SF_AUTO)
    with outcome.clock.stage("solve"):
        code = glpk.glp_intopt(held, asked) if whole else glpk.glp_simplex(held, asked)
    with outcome.clock.stage("readback"):
        _read(problem, held, code, outcome)
    return outcome


def _settings(options: Options, tolerance: float, whole: bool) -> Any:
    asked = glpk.glp_iocp() if whole else glpk.glp_smcp()
    (glpk.glp_init_iocp if whole else glpk.glp_init_smcp)(asked)
    asked.presolve = glpk.GLP_ON
    if whole:
        asked.tol_int, asked.mip_gap = tolerance, options.gap
    else:
        asked.tol_bnd = asked.tol_dj = tolerance
    if options.time_limit is not None:
        asked.tm_lim = max(1, min(asked.tm_lim, round(1000 * options.time_limit)))
    return asked


def _kind(low: float, high: float) -> int:
    if low == high:
        return int(glpk.GLP_FX)
    if np.isinf(low):
        return int(glpk.GLP_FR if np.isinf(high) else glpk.GLP_UP)
    return int(glpk.GLP_LO if np.isinf(high) else glpk.GLP_DB)


def _hand_over(problem: Problem) -> Any:
    held = glpk.glp_create_prob()
    rows, columns = problem.shape
    sense = glpk.GLP_MAX if problem.maximise else glpk.GLP_MIN
    glpk.glp_set_obj_dir(held, sense)
    glpk.glp_set_obj_coef(held, 0, problem.offset)
    if rows:
        glpk.glp_add_rows(held, rows)
    if columns:
        glpk.glp_add_cols(held, columns)
    low, high = problem.row_lower.tolist(), problem.row_upper.tolist()
    for n, (least, most) in enumerate(zip(low, high, strict=True), start=1):
        glpk.glp_set_row_bnds(held, n, _kind(least, most), least, most)
    # GLPK refuses whole columns with bounds that are not whole
    low = np.where(problem.integer, np.ceil(problem.col_lower), problem.col_lower).tolist()
    high = np.where(problem.integer, np.floor(problem.col_upper), problem.col_upper).tolist()
    for n, (least, most) in enumerate(zip(low, high, strict=True), start=1):
        glpk.glp_set_col_bnds(held, n, _kind(least, most), least, most)
    for n, cost in enumerate(problem.cost.tolist(), start=1):
        glpk.glp_set_obj_coef(held, n, cost)
    for n in np.flatnonzero(problem.integer).tolist():
        glpk.glp_set_col_kind(held, n + 1, glpk.GLP_IV)
    matrix = problem.matrix
    by_row = np.repeat(np.arange(1, rows + 1, dtype=np.int32), np.diff(matrix.indptr))
    by_column = matrix.indices.astype(np.int32) + np.int32(1)
    parts = [_given(array) for array in (by_row, by_column, matrix.data)]
    glpk.glp_load_matrix(held, int(matrix.nnz), *parts)
    return held


def _given(values: npt.NDArray[Any]) -> Any:
    """An array of C's with these values from place 1 on; place 0 is not read.

    swiglpk's own ``as_intArray`` loses its memory before it is used.
    """
    values = np.ascontiguousarray(values)
    kind = glpk.doubleArray if values.dtype == float else glpk.intArray
    held = kind(len(values) + 1)
    ctypes.memmove(int(held.cast()) + values.itemsize, values.ctypes.data, values.nbytes)
    return held


def _read(problem: Problem, held: Any, code: int, outcome: Outcome) -> None:
    whole = problem.whole
    status = glpk.glp_mip_status(held) if whole else glpk.glp_get_status(held)
    outcome.claimed = _FAILURES.get(code, "error") if code else _STATUSES[status]
    if outcome.claimed in ("gave-up", "error"):
        outcome.note = f"GLPK ended with code {code}, status {status}"
    if whole:
        outcome.iterations = {}
    else:
        outcome.iterations = {"simplex": int(glpk.glp_get_it_cnt(held))}
    if outcome.claimed not in ("optimal", "limit", "gave-up"):
        return
    if whole and status not in (glpk.GLP_OPT, glpk.GLP_FEAS):
        return
    rows, columns = problem.shape
    value = glpk.glp_mip_col_val if whole else glpk.glp_get_col_prim
    outcome.x = _values(held, value, columns)
    outcome.objective = float(glpk.glp_mip_obj_val(held) if whole else glpk.glp_get_obj_val(held))
    if not whole:
        outcome.row_dual = _values(held, glpk.glp_get_row_dual, rows)


def _values(held: Any, value: Any, count: int) -> Floats:
    return np.array([value(held, n) for n in range(1, count + 1)], dtype=float)
