"""What a run gave: read once, in the programme's own units, and not on HiGHS's word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np

from allocator.arrays import Floats
from allocator.errors import SolverError
from allocator.solver.highs.loaded import Loaded
from allocator.solver.highs.watch import Watch
from allocator.tolerances import SOUND

STATUS = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "limit",
    highspy.HighsModelStatus.kIterationLimit: "limit",
    highspy.HighsModelStatus.kSolutionLimit: "limit",  # nodes, too
    highspy.HighsModelStatus.kInterrupt: "limit",
    highspy.HighsModelStatus.kModelEmpty: "empty",
    highspy.HighsModelStatus.kUnknown: "unknown",
}


@dataclass(frozen=True)
class Solution:
    """What one run gave, in the programme's own units.

    Attributes
    ----------
    status : str
        optimal, infeasible, unbounded, limit (of time, nodes, iterations, or Ctrl-C), or
        unknown when the algorithm gave up before it was sure.
    x : ndarray or None
        Primal values; None when there are none. Whole numbers are exactly whole; after a
        limit they are the best solution found.
    row_dual, reduced_cost : ndarray or None
        d objective / d right side, and d objective / d column, signs as in the
        programme's own sense; None when there are none.
    objective : float or None
        ``cost x + offset``, recomputed.
    iterations : dict of str to int
        What each algorithm counted in this run.
    algorithm : str
        Algorithm that really ran; ``presolve`` when nothing was left to solve, ``branch and
        bound`` for a programme with whole numbers.
    seconds : float
        Run time of this run alone.
    bound : float or None
        Best bound HiGHS claims for a programme with whole numbers, its constant included;
        rounding may leave it a hair on the wrong side of `objective`. None for a linear
        programme and when there is none yet.
    nodes : int
        Nodes of the search tree, those for completing a start left out.
    root_bound : float or None
        Bound when no more than the root node had been solved; None when there was none.
    interrupted : bool
        Whether Ctrl-C was pressed during the run, even if it then ended by itself.
    primal_log : tuple of tuple of float
        Seconds since the run began and objective of each improving solution.
    """

    status: str
    x: Floats | None
    row_dual: Floats | None
    reduced_cost: Floats | None
    objective: float | None
    iterations: dict[str, int]
    algorithm: str
    seconds: float
    bound: float | None = None
    nodes: int = 0
    root_bound: float | None = None
    interrupted: bool = False
    primal_log: tuple[tuple[float, float], ...] = ()


def ran(counts: dict[str, int], asked: str) -> str:
    """Algorithm told from what was counted, not from what was asked for."""
    if counts["pdlp"]:
        return "pdlp"
    if counts["ipm"]:
        return asked if asked in ("ipx", "hipo") else "ipm"
    return "simplex" if counts["simplex"] else "presolve"


def read(loaded: Loaded, seconds: float, watch: Watch) -> Solution:
    """Solution of the last run, which took so many seconds.

    Raises
    ------
    SolverError
        When HiGHS ended in a way that says nothing.
    """
    highs, program, scale = loaded.engine.highs, loaded.program, loaded.scaling
    model_status = highs.getModelStatus()
    status = STATUS.get(model_status)
    if status is None:
        raise SolverError(f"HiGHS ended with status {model_status}")
    if status == "empty":
        status = "optimal" if not program.contradictions() else "infeasible"
    counts = loaded.engine.counts()
    solution = highs.getSolution()
    x = dual = reduced = None
    objective = None
    if solution.value_valid:
        x = np.array(solution.col_value) * scale.column
        objective = float(program.cost @ x + program.offset)
    if solution.dual_valid:
        own = np.array(solution.row_dual)[: len(scale.row)]  # without added rows
        dual = own * scale.row / loaded.cost_scale
        reduced = np.array(solution.col_dual) / (scale.column * loaded.cost_scale)
    found = Solution(
        status,
        x,
        dual,
        reduced,
        objective,
        counts,
        ran(counts, loaded.engine.get("solver")),
        seconds,
        interrupted=watch.stop.is_set(),
    )
    return _whole(loaded, found, watch) if program.integer.any() else found


def _whole(loaded: Loaded, found: Solution, watch: Watch) -> Solution:
    """What a linear programme has not: exact whole numbers, bounds and nodes."""
    program, info = loaded.program, loaded.engine.highs.getInfo()
    status, x, objective = found.status, found.x, None
    if x is not None:
        off = max(info.max_primal_infeasibility, info.max_integrality_violation)
        if not (np.isfinite(info.objective_function_value) and off <= SOUND):
            status, x = "unknown" if status == "optimal" else status, None
    if x is not None:
        whole = program.integer
        x[whole] = np.round(x[whole]) + 0.0
        objective = float(program.cost @ x + program.offset)
    bound = _bound(loaded, info.mip_dual_bound)
    nodes = max(0, int(info.mip_node_count))
    root = bound if nodes <= 1 else _bound(loaded, watch.root_bound)
    return replace(
        found,
        status=status,
        x=x,
        objective=objective,
        algorithm="branch and bound",
        bound=bound,
        nodes=nodes,
        root_bound=root,
        primal_log=tuple((at, value / loaded.cost_scale) for at, value in watch.improving),
    )


def _bound(loaded: Loaded, bound: Any) -> float | None:
    """A bound of HiGHS in the programme's own units; None when it is none."""
    if bound is None or not abs(bound) < highspy.kHighsInf:
        return None
    return float(bound) / loaded.cost_scale + 0.0  # no minus zero
