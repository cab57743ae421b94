"""HiGHS through highspy: what everybody in the suite who uses it does alike.

highspy is loaded when it is used, not before: some other solvers cannot share a process with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from scipy import sparse

from allocator.arrays import Ints
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Clock, Options, Outcome

CLAIMS = {
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
"""What a run may claim, by HiGHS's name of its status."""

READ = (
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
"""Options that matter to the result."""


class Refused(Exception):
    """HiGHS did not take an option or a programme."""


def settings(
    options: Options, whole: bool, tolerance: float | None = None, **own: Any
) -> dict[str, Any]:
    """HiGHS's options, by its own names, that stand for what is asked of every solver.

    Parameters
    ----------
    options : Options
    whole : bool
        Whether any column must be whole.
    tolerance : float, optional
        Other than the one asked for.
    **own
        Further options; those of `options` come last and win.
    """
    tolerance = options.feasibility if tolerance is None else tolerance
    asked: dict[str, Any] = {
        "output_flag": False,
        "threads": options.threads,
        "random_seed": options.seed,
        "primal_feasibility_tolerance": tolerance,
        "dual_feasibility_tolerance": tolerance,
    }
    if whole:
        asked["mip_feasibility_tolerance"] = tolerance
        asked["mip_rel_gap"] = options.gap
        asked["mip_abs_gap"] = 0.0
    if options.time_limit is not None:
        asked["time_limit"] = float(options.time_limit)
    return asked | own | options.more


def opened(asked: dict[str, Any]) -> Any:
    """A HiGHS with these options, each read back.

    Raises
    ------
    Refused
        For an option that it does not take, or changes.
    """
    import highspy

    highs = highspy.Highs()
    for name, value in asked.items():
        if highs.setOptionValue(name, value) == highspy.HighsStatus.kError:
            raise Refused(f"HiGHS refused option {name} = {value!r}")
        if highs.getOptionValue(name)[1] != value:
            raise Refused(f"HiGHS has another value of {name} after it was set to {value!r}")
    return highs


def arguments(problem: Any) -> tuple[Any, ...]:
    """Arguments of ``passModel`` for a problem, or for a programme of the product."""
    import highspy

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


def loaded(problem: Any, **asked: Any) -> Any:
    """A silent HiGHS that holds a problem, with some of its options set.

    Raises
    ------
    Refused
        For an option or a programme that it does not take.
    """
    import highspy

    highs = opened({"output_flag": False} | asked)
    if highs.passModel(*arguments(problem)) == highspy.HighsStatus.kError:
        raise Refused("HiGHS refused the programme")
    return highs


def options_of(highs: Any, *more: str) -> dict[str, Any]:
    """Version and options as HiGHS has them."""
    names = (*READ, *more)
    return {"version": str(highs.version())} | {n: highs.getOptionValue(n)[1] for n in names}


def told(highs: Any, outcome: Outcome, whole: bool) -> str:
    """Fill in what HiGHS says of its run; give the name of its status."""
    name = str(highs.getModelStatus().name)
    outcome.claimed = CLAIMS.get(name, "error")
    if outcome.claimed == "error":
        outcome.note = f"HiGHS ended with {name}"
    info = highs.getInfo()
    counts = {
        kind: int(getattr(info, f"{kind}_iteration_count"))
        for kind in ("simplex", "ipm", "crossover", "pdlp")
    }
    outcome.iterations = {kind: count for kind, count in counts.items() if count >= 0}
    outcome.algorithm = _ran(outcome.iterations, highs.getOptionValue("solver")[1], whole)
    if whole and info.mip_node_count >= 0:
        outcome.nodes = int(info.mip_node_count)
    return name


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


def held(highs: Any, order: Ints | None = None) -> Problem:
    """What HiGHS holds.

    Parameters
    ----------
    highs : highspy.Highs
    order : ndarray of int, optional
        Which of its columns is the first, second, ...; default: as they are.
    """
    import highspy

    lp = highs.getLp()
    value, index, start = (
        np.array(getattr(lp.a_matrix_, name)) for name in ("value_", "index_", "start_")
    )
    by_column = lp.a_matrix_.format_ == highspy.MatrixFormat.kColwise
    kind = sparse.csc_array if by_column else sparse.csr_array
    whole = np.zeros(lp.num_col_, dtype=bool)
    if len(lp.integrality_):
        whole = np.array([kind == highspy.HighsVarType.kInteger for kind in lp.integrality_])
    at = np.arange(lp.num_col_) if order is None else order
    return Problem.of(
        "held",
        "",
        0,
        maximise=lp.sense_ == highspy.ObjSense.kMaximize,
        cost=np.array(lp.col_cost_)[at],
        offset=lp.offset_,
        matrix=kind((value, index, start), shape=(lp.num_row_, lp.num_col_)).tocsr()[:, at],
        row_lower=lp.row_lower_,
        row_upper=lp.row_upper_,
        col_lower=np.array(lp.col_lower_)[at],
        col_upper=np.array(lp.col_upper_)[at],
        integer=whole[at],
    )


@contextmanager
def patched(owner: type, name: str, by: Any) -> Iterator[None]:
    """Put something in the place of a method while the body runs."""
    own, before = name in vars(owner), getattr(owner, name)
    setattr(owner, name, by)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)


@contextmanager
def split(clock: Clock, before: str) -> Iterator[list[Any]]:
    """Book a call that does everything: `before`, then HiGHS's own runs as solve, then read back.

    HiGHS's ``run`` is taken over while the body runs, so that its time is measured and not
    guessed. What ran it is appended to the list that is given.
    """
    import highspy

    ran: list[Any] = []
    original = highspy.Highs.run
    with ExitStack() as stage:

        def run(self: Any) -> Any:
            stage.close()
            try:
                with clock.stage("solve"):
                    return original(self)
            finally:
                ran.append(self)
                stage.enter_context(clock.stage("readback"))

        stage.enter_context(clock.stage(before))
        with patched(highspy.Highs, "run", run):
            yield ran
