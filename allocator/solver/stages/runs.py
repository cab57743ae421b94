"""Running stages one by one on a loaded programme, with a record of what ran."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from allocator.arrays import Floats
from allocator.progress import begun
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.stages.limits import Limits
from allocator.solver.stages.opinion import is_exact
from allocator.solver.stages.pounds import Objective
from allocator.tolerances import GAP, SEARCH

REFERENCE_SHARE = 0.25
"""Share of a time limit the decisions of the reference plan, or of a start, may take."""

KEPT_NODES = 500
"""Nodes for what is left to decide where the decisions of an earlier search are kept."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StageOptions:
    """What is asked of the stages.

    Attributes
    ----------
    keep : float or None
        Share of the gain on the reference a calmer plan must keep; None for all of it.
    time_limit : float or None
        Seconds for all stages together.
    gap : float
        Share of the gain on the reference to which the decisions are proved best.
    node_limit : int or None
        Most nodes of the search for the best plan.
    start : mapping of str to ndarray
        Starting plan: values of whole-number columns by block name, NaN where it says nothing.
    kept : mapping of str to mapping of str to ndarray, or None
        Decisions of an earlier solve by search and block name, which are kept; whole-number
        columns of other blocks are decided anew.
    """

    keep: float | None = None
    time_limit: float | None = None
    gap: float = GAP
    node_limit: int | None = None
    start: Mapping[str, Floats] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, Floats]] | None = None


class Runs:
    """Stages of one loaded programme, each with its objective and its limits.

    A stage of a programme with yes-or-no decisions is two solves: branch and bound for the
    decisions (:meth:`decide`), then the linear programme with the decisions fixed
    (:meth:`solve`), which gives exact values, prices and a face that later stages can keep to.

    Parameters
    ----------
    solver : Solver
    options : StageOptions

    Attributes
    ----------
    whole : ndarray of bool
        Which columns are decisions.
    algorithms, iterations, seconds, interrupted
        What ran; as in :class:`~allocator.solver.stages.found.Stages`.
    """

    def __init__(self, solver: Solver, options: StageOptions) -> None:
        self._solver, self._options = solver, options
        limit = options.time_limit
        self._deadline = None if limit is None else time.monotonic() + limit
        self.whole = solver.program.integer.copy()
        self.deciding = bool(self.whole.any())
        self.algorithms: list[str] = []
        self.iterations = 0
        self.seconds: dict[str, float] = {}
        self.interrupted = False

    def solve(
        self, name: str, objective: Objective, limits: Limits, *, asked: bool = False
    ) -> Solution:
        """Solve a linear programme.

        Parameters
        ----------
        name : str
        objective : Objective
        limits : Limits
            With every decision fixed.
        asked : bool
            Whether by the algorithm that was asked for; otherwise by the simplex method.
        """
        solver = self._solver
        if solver.program.integer.any():
            solver.set_integer(np.zeros(len(self.whole), dtype=bool))
        limits.put(solver)
        self._aim(objective)
        algorithm = solver.algorithm if asked else "simplex"
        solution = self._linear(name, algorithm)
        if self.deciding and solution.status == "infeasible":
            # The decisions were found to within a looser tolerance; what is left must be too.
            solver.tolerate(SEARCH)
            solution = self._linear(f"{name}, again", algorithm)
        if algorithm == "simplex" or is_exact(solver.program, solution):
            return solution
        polished = self._linear(f"{name}, polished", "simplex")
        return replace(polished, algorithm=f"{solution.algorithm}, then {polished.algorithm}")

    def decide(
        self,
        name: str,
        objective: Objective,
        limits: Limits,
        gap: float,
        *,
        begin: Floats | None = None,
    ) -> Solution:
        """Search for decisions by branch and bound.

        Parameters
        ----------
        name : str
            One of :data:`allocator.solver.stages.found.SEARCHES`.
        objective : Objective
        limits : Limits
        gap : float
            Distance of bound and objective over the objective at which to stop.
        begin : ndarray, optional
            Solution to begin from.
        """
        best, kept, left = name == "best decisions", self._options.kept, self._left()
        nodes = self._options.node_limit if best else None
        if kept is not None:
            nodes, begin = KEPT_NODES, None
            limits, fixed = limits.fixing(self._solver.program, kept.get(name, {}))
            if not (self.whole & ~fixed).any():
                return Solution("optimal", limits.lower, None, None, None, {}, "kept", 0.0)
        self._solver.set_integer(self.whole)
        limits.put(self._solver)
        self._aim(objective)
        if left is not None and self._options.time_limit is not None and not best:
            left = min(left, REFERENCE_SHARE * self._options.time_limit)
        return self._run(
            name, time_limit=left, algorithm="simplex", gap=gap, node_limit=nodes, begin=begin
        )

    def floor(self, objective: Objective, least: float) -> None:
        """From now on, allow only what an objective values at least so much."""
        self._solver.add_row(objective.cost, least - objective.offset, np.inf)

    def _aim(self, objective: Objective) -> None:
        self._solver.set_objective(
            objective.cost, maximise=objective.maximise, offset=objective.offset
        )

    def _linear(self, name: str, algorithm: str) -> Solution:
        # With the decisions fixed what is left takes moments, and a plan needs it.
        left = None if self.deciding else self._left()
        return self._run(name, time_limit=left, algorithm=algorithm)

    def _left(self) -> float | None:
        """Seconds left of the time limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _run(self, name: str, **options: Any) -> Solution:
        begun(name)
        solution = self._solver.run(**options)
        self.algorithms.append(f"{name}: {solution.algorithm}")
        self.iterations += sum(solution.iterations.values())
        self.seconds[name] = solution.seconds
        self.interrupted |= solution.interrupted
        return solution
