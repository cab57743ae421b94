"""What a layer's run gives, and how its time is split where one call does everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.suite.layers.ready import Arrays, Rows, Tables
from benchmarks.suite.solvers.registry import Clock, Options, Outcome

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

CLAIMS = {
    "kOptimal": "optimal",
    "kModelEmpty": "optimal",
    "kInfeasible": "infeasible",
    "kUnbounded": "unbounded",
    "kUnboundedOrInfeasible": "infeasible-or-unbounded",
    "kTimeLimit": "limit",
    "kIterationLimit": "limit",
    "kSolutionLimit": "limit",
    "kInterrupt": "limit",
    "kUnknown": "gave-up",
}
"""What a run may claim, by HiGHS's name of its status."""


@dataclass
class Made:
    """A layer's run.

    Attributes
    ----------
    outcome : Outcome
        Values in the order of the tables.
    arrays : callable
        Gives the programme as the solver has it, columns in the order of the tables.
    digits : int or None
        Digits to which those arrays can be had; None: all.
    """

    outcome: Outcome
    arrays: Callable[[], Arrays]
    digits: int | None = None


def settings(options: Options, whole: bool) -> dict[str, Any]:
    """HiGHS's options, by its own names, that stand for what is asked of every solver."""
    asked: dict[str, Any] = {
        "output_flag": False,
        "threads": options.threads,
        "random_seed": options.seed,
        "primal_feasibility_tolerance": options.feasibility,
        "dual_feasibility_tolerance": options.feasibility,
    }
    if whole:
        asked["mip_feasibility_tolerance"] = options.feasibility
        asked["mip_rel_gap"] = options.gap
        asked["mip_abs_gap"] = 0.0
    if options.time_limit is not None:
        asked["time_limit"] = float(options.time_limit)
    return asked | options.more


@contextmanager
def split(clock: Clock, before: str) -> Iterator[list[Any]]:
    """Book a call that does everything: `before`, then HiGHS's own runs as solve, then read back.

    HiGHS's ``run`` is taken over while the body runs, so that its time is measured and not
    guessed. What ran it is appended to the list that is given.
    """
    import highspy

    ran: list[Any] = []
    original = highspy.Highs.run
    own = "run" in vars(highspy.Highs)
    open_stage = [clock.stage(before)]

    def run(self: Any) -> Any:
        open_stage[0].__exit__(None, None, None)
        try:
            with clock.stage("solve"):
                return original(self)
        finally:
            ran.append(self)
            open_stage[0] = clock.stage("readback")
            open_stage[0].__enter__()

    open_stage[0].__enter__()
    highspy.Highs.run = run
    try:
        yield ran
    finally:
        if own:
            highspy.Highs.run = original
        else:
            del highspy.Highs.run
        open_stage[0].__exit__(None, None, None)


def told(highs: Any, outcome: Outcome) -> None:
    """Fill in what HiGHS says of its run."""
    status = str(highs.getModelStatus()).rpartition(".")[2]
    outcome.claimed = CLAIMS.get(status, "error")
    if outcome.claimed == "error":
        outcome.note = f"HiGHS ended with {status}"
    info = highs.getInfo()
    counts = {
        name: max(0, int(getattr(info, f"{name}_iteration_count")))
        for name in ("simplex", "ipm", "crossover", "pdlp")
    }
    outcome.iterations = counts
    outcome.algorithm = "+".join(name for name, count in counts.items() if count) or "presolve"
    if info.mip_node_count >= 0:
        outcome.nodes = int(info.mip_node_count)
        outcome.algorithm = "branch and bound"
    names = ("solver", "presolve", "threads", "random_seed", "primal_feasibility_tolerance")
    outcome.options = {"version": str(highs.version())} | {
        name: highs.getOptionValue(name)[1] for name in names
    }


def duals(tables: Tables, by_block: Numbers) -> Numbers:
    """Row duals in the programme's order; 0 for rows that layers are not given.

    Parameters
    ----------
    tables : Tables
    by_block : ndarray
        One a row of the tables, block after block.
    """
    out = np.zeros(tables.shape[0])
    if tables.rows:
        out[np.concatenate([rows.at for rows in tables.rows])] = by_block
    return out


def held(highs: Any, order: Whole | None = None) -> Arrays:
    """Arrays that HiGHS holds.

    Parameters
    ----------
    highs : highspy.Highs
    order : ndarray of int, optional
        Which of its columns is the first, second, ... of the tables.
    """
    import highspy

    lp = highs.getLp()
    parts = (
        np.array(lp.a_matrix_.value_),
        np.array(lp.a_matrix_.index_),
        np.array(lp.a_matrix_.start_),
    )
    shape = lp.num_row_, lp.num_col_
    kind = (
        sparse.csc_array
        if lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise
        else sparse.csr_array
    )
    whole = np.zeros(lp.num_col_, dtype=bool)
    if len(lp.integrality_):
        whole = np.array([kind == highspy.HighsVarType.kInteger for kind in lp.integrality_])
    at = np.arange(lp.num_col_) if order is None else order
    return Arrays(
        lp.sense_ == highspy.ObjSense.kMaximize,
        np.array(lp.col_cost_)[at],
        np.array(lp.col_lower_)[at],
        np.array(lp.col_upper_)[at],
        sparse.csr_array(kind(parts, shape=shape))[:, at],
        np.array(lp.row_lower_),
        np.array(lp.row_upper_),
        whole[at],
    )


def by_row(rows: Rows, tables: Tables) -> tuple[list[int], list[int], list[float]]:
    """Terms of a block row by row: where each begins, places among all columns, coefficients."""
    row = np.concatenate([term.row for term in rows.terms])
    column = np.concatenate([t.column + tables.columns[t.of].start for t in rows.terms])
    value = np.concatenate([term.value for term in rows.terms])
    order = np.argsort(row, kind="stable")
    begin = np.searchsorted(row[order], np.arange(len(rows) + 1))
    return begin.tolist(), column[order].tolist(), value[order].tolist()
