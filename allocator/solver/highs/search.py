"""Branch and bound, and the start it is given."""

from __future__ import annotations

import highspy
import numpy as np

from allocator.arrays import Floats
from allocator.errors import SolverError
from allocator.solver.highs.loaded import Loaded
from allocator.solver.highs.solution import STATUS, read
from allocator.solver.highs.watch import Watch
from allocator.tolerances import FEASIBILITY, LOOSER, SEARCH, START_GAP

START_NODES = 500
"""Nodes that may be spent on completing a start; HiGHS's own figure."""


def branch_and_bound(
    loaded: Loaded,
    watch: Watch,
    time_limit: float | None,
    gap: float,
    nodes: int | None,
    within: float = 0.0,
) -> float:
    """Search for whole numbers; seconds it took.

    Parameters
    ----------
    loaded : Loaded
    watch : Watch
    time_limit : float or None
    gap : float
        Distance of bound and objective over the objective at which to stop.
    nodes : int or None
        Most nodes.
    within : float
        Distance of bound and objective at which to stop, in the programme's own units.
    """
    engine = loaded.engine
    usual = engine.get("mip_max_nodes")
    engine.set("mip_rel_gap", gap)
    engine.set("mip_abs_gap", within * loaded.cost_scale)
    if nodes is not None:
        engine.set("mip_max_nodes", nodes)
    try:
        loaded.tolerate(SEARCH)
        seconds = loaded.work(watch, time_limit, forgive=True)
        if loaded.ended(highspy.HighsModelStatus.kSolveError):
            # It found its answer a hair off a row and will not give it.
            loaded.tolerate(LOOSER)
            left = None if time_limit is None else max(0.0, time_limit - seconds)
            seconds += loaded.work(watch, left)
    finally:
        loaded.tolerate(FEASIBILITY)
        engine.set("mip_max_nodes", usual)
    return seconds


def begin_from(loaded: Loaded, begin: Floats, watch: Watch, time_limit: float | None) -> float:
    """Give HiGHS a start, completed if need be; seconds it took.

    HiGHS would complete a start itself, but outside the time limit, and would report
    the bound of what it fixed as if it were the programme's.
    """
    p = loaded.program
    if begin.shape != p.cost.shape:
        raise SolverError(f"a start of {begin.shape} for {len(p.cost)} columns")
    if np.isfinite(begin).all() and loaded.fits(begin):
        loaded.offer(begin)
        return 0.0
    with np.errstate(invalid="ignore"):
        value = np.round(begin)
        fixed = p.integer & (value >= p.col_lower) & (value <= p.col_upper)
    if not fixed.any():
        return 0.0
    loaded.pin(np.where(fixed, value, p.col_lower), np.where(fixed, value, p.col_upper))
    seconds = branch_and_bound(loaded, watch, time_limit, START_GAP, START_NODES)
    told = loaded.engine.highs.getModelStatus() in STATUS
    x = read(loaded, seconds, watch).x if told else None
    loaded.pin(p.col_lower, p.col_upper)
    if x is not None:
        loaded.offer(x)
    return seconds
