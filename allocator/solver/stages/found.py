"""What the stages found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allocator.arrays import Floats
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Program

SEARCHES = (
    "reference options",
    "reference penalties",
    "reference decisions",
    "start",
    "best decisions",
    "calm decisions",
)
"""Stages that search for decisions."""


@dataclass(frozen=True, eq=False)
class Stages:
    """What the stages found.

    Attributes
    ----------
    status : str
        optimal, feasible (part of the gain was given up on purpose), infeasible,
        unbounded, limit or unknown.
    reference : ndarray or None
        Column values of the reference plan.
    best : Solution or None
        The best plan with its duals: what the certificate and the prices rest on.
    best_program : Program or None
        The programme `best` is optimal for, held programmes fixed.
    plan : ndarray or None
        Column values of the plan: nearly the best, fewest pounds moved.
    algorithms : tuple of str
        What ran, stage by stage.
    iterations : int
        All simplex, interior-point and first-order iterations.
    seconds : mapping of str to float
        Run time of each stage.
    bound, root_bound : float or None
        Bounds of branch and bound on the best objective; None for linear programmes.
    allowed : float or None
        Objective by which the bound may be higher for the decisions to count as best; None for
        linear programmes.
    nodes : int
        Nodes of the search for the best plan.
    interrupted : bool
        Whether somebody stopped the search.
    primal_log : tuple of (float, float)
        Seconds and objective of each better plan found on the way.
    start : str
        What became of a starting plan: blank without one, else used or not allowed.
    decided : mapping of str to ndarray
        Column values with the decisions that each search came to.
    """

    status: str
    reference: Floats | None = None
    best: Solution | None = None
    best_program: Program | None = None
    plan: Floats | None = None
    algorithms: tuple[str, ...] = ()
    iterations: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    bound: float | None = None
    root_bound: float | None = None
    allowed: float | None = None
    nodes: int = 0
    interrupted: bool = False
    primal_log: tuple[tuple[float, float], ...] = ()
    start: str = ""
    decided: Mapping[str, Floats] = field(default_factory=dict)
