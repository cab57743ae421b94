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
from allocator.solver.highs.exact import Exactly, ray_of, refined
from allocator.solver.highs.solution import Solution
from allocator.solver.stages.exact import Unkept, cut_off
from allocator.solver.stages.limits import Limits
from allocator.solver.stages.opinion import is_exact
from allocator.solver.stages.pounds import Objective
from allocator.tolerances import GAP, REFERENCE_GAP

REFERENCE_SHARE = 0.25
"""Share of a time limit the decisions of the reference plan, or of a start, may take."""

MOST_CUTS = 200
"""How often decisions that cannot be kept to the penny are cut off in one search."""

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
        Share of the weighted outcomes gained on the reference to which the decisions are proved
        best.
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
    money : Exactly
        What is kept to the penny.

    Attributes
    ----------
    whole : ndarray of bool
        Which columns are decisions.
    algorithms, iterations, seconds, interrupted
        What ran; as in :class:`~allocator.solver.stages.found.Stages`.
    """

    def __init__(self, solver: Solver, options: StageOptions, money: Exactly) -> None:
        self.solver, self._options, self._money = solver, options, money
        self._caps: list[int] = []
        self._cuts: list[tuple[Limits, int]] = []
        self._searched = 0.0
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
        solution, _ = self._exactly(name, objective, limits, asked)
        return solution

    def _exactly(
        self, name: str, objective: Objective, limits: Limits, asked: bool
    ) -> tuple[Solution, Floats | None]:
        """Solve a linear programme to the penny; where nothing is found, prices that show why."""
        solver = self.solver
        if solver.program.integer.any():
            solver.set_integer(np.zeros(len(self.whole), dtype=bool))
        limits.put(solver)
        self._aim(objective)
        algorithm = solver.algorithm if asked else "simplex"
        solution = self._linear(name, algorithm)
        if algorithm != "simplex" and not is_exact(solver.program, solution):
            polished = self._linear(f"{name}, polished", "simplex")
            ran = f"{solution.algorithm}, then {polished.algorithm}"
            solution = replace(polished, algorithm=ran)
        if solution.status == "infeasible" and self.deciding:
            return solution, ray_of(solver)
        if solution.status != "optimal" or solution.x is None:
            return solution, None
        exact, ray = refined(solver, solution, self._money)
        self.seconds[name] += exact.seconds - solution.seconds
        self.iterations += sum(exact.iterations.values()) - sum(solution.iterations.values())
        return exact, ray

    def decide(
        self,
        name: str,
        objective: Objective,
        limits: Limits,
        gap: float,
        *,
        begin: Floats | None = None,
        within: float = 0.0,
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
        within : float
            The same as a distance alone.

        Returns
        -------
        Solution
            Its decisions can be kept to the penny; those that cannot are cut off and the search
            goes on, so often that it has to end: then there is a bound and no solution.
        """
        best, kept, left = name == "best decisions", self._options.kept, self._left()
        nodes = self._options.node_limit if best else None
        if kept is not None:
            nodes, begin = KEPT_NODES, None
            limits, fixed = limits.fixing(self.solver.program, kept.get(name, {}))
            if not (self.whole & ~fixed).any():
                return Solution("optimal", limits.lower, None, None, None, {}, "kept", 0.0)
        if left is not None and self._options.time_limit is not None and not best:
            share = REFERENCE_SHARE * self._options.time_limit
            left = min(left, max(share - self._searched, share / 4.0))
        until = None if left is None else time.monotonic() + left
        self._release(limits)
        spent = 0
        for tried in range(MOST_CUTS + 1):
            self.solver.set_integer(self.whole)
            limits.put(self.solver)
            self._aim(objective)
            found = self._run(
                name,
                time_limit=None if until is None else max(0.0, until - time.monotonic()),
                algorithm="simplex",
                gap=gap,
                within=within,
                node_limit=nodes,
                begin=begin,
            )
            self._searched += 0.0 if best else found.seconds
            spent += found.nodes
            found = replace(found, nodes=spent)
            if found.x is None:
                return found
            case = self._unkept(name, objective, limits, found.x)
            if case is None:
                return found
            cut = cut_off(case, self._money, limits, self.whole)
            if cut is not None and not cut.coefficients.any():
                return replace(found, status="infeasible", x=None, objective=None)
            if cut is None or tried == MOST_CUTS or found.interrupted:
                break
            self.solver.add_row(cut.coefficients, cut.least, np.inf)
            self._cuts.append((limits, self.solver.added - 1))
        return replace(found, status="limit", x=None, objective=None)

    def _unkept(self, name: str, objective: Objective, limits: Limits, x: Floats) -> Unkept | None:
        """Why the decisions of a solution cannot be kept to the penny; None where they can."""
        decided = limits.deciding(self.whole, x)
        kept, ray = self._exactly(f"{name}, kept", objective, decided, False)
        if kept.status != "infeasible":
            return None
        return Unkept(np.round(x), *self.solver.every_row(), ray)

    def _release(self, limits: Limits) -> None:
        """Cuts hold for the limits they were found under, and for no others."""
        for under, row in self._cuts:
            if under is not limits:
                self.solver.release(row)
        self._cuts = [cut for cut in self._cuts if cut[0] is limits]

    def seek(
        self,
        name: str,
        objective: Objective,
        limits: Limits,
        *,
        begin: Floats | None = None,
        room: float = 0.0,
    ) -> tuple[str, Floats | None]:
        """Make something least, exactly, searching for decisions where there are any.

        Parameters
        ----------
        name : str
        objective : Objective
        limits : Limits
        begin : ndarray, optional
            A plan within the limits. Where decisions that may be taken in part make it no better
            than this one, there is nothing to search for.
        room : float
            By how much it may be better all the same.

        Returns
        -------
        status : str
        x : ndarray or None
            Column values.
        """
        if limits.undecided(self.whole):
            if begin is not None:
                least = self.relaxed(objective, limits)
                value = least.objective
                if value is not None and objective.of(begin) <= value + room:
                    return "optimal", begin
            found = self.decide(name, objective, limits, REFERENCE_GAP, begin=begin)
            if found.x is None:
                return found.status, None
            limits = limits.deciding(self.whole, found.x)
        exact = self.solve(name, objective, limits, asked=not self.deciding)
        return exact.status, exact.x if exact.status == "optimal" else None

    def relaxed(self, objective: Objective, limits: Limits) -> Solution:
        """Solve with decisions that may be taken in part."""
        self._release(limits)
        self.solver.set_integer(np.zeros(len(self.whole), dtype=bool))
        limits.put(self.solver)
        self._aim(objective)
        return self._run("in part", time_limit=self._left(), algorithm="simplex")

    def keeping(self, name: str, limits: Limits) -> tuple[Limits, bool]:
        """Limits with the decisions of an earlier solve, and whether there are any."""
        kept = None if self._options.kept is None else self._options.kept.get(name)
        if not kept:
            return limits, False
        fixed, _ = limits.fixing(self.solver.program, kept)
        return fixed, True

    def floor(self, objective: Objective, least: float) -> None:
        """From now on, allow only what an objective values at least so much."""
        self.solver.add_row(objective.cost, least - objective.offset, np.inf)

    def cap(self, objective: Objective, most: float) -> None:
        """Until :meth:`uncap`, allow only what an objective counts at most so much."""
        self._caps.append(self.solver.added)
        self.solver.add_row(objective.cost, -np.inf, most - objective.offset)

    def uncap(self, count: int | None = None) -> None:
        """Lift the last caps, all of them unless said otherwise, and the cuts found under them."""
        for _ in range(len(self._caps) if count is None else count):
            first = self._caps.pop()
            while self.solver.added > first:
                self.solver.drop_row()
            self._cuts = [cut for cut in self._cuts if cut[1] < first]

    def _aim(self, objective: Objective) -> None:
        self.solver.set_objective(
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
        solution = self.solver.run(**options)
        self.algorithms.append(f"{name}: {solution.algorithm}")
        self.iterations += sum(solution.iterations.values())
        self.seconds[name] = self.seconds.get(name, 0.0) + solution.seconds
        self.interrupted |= solution.interrupted
        return solution
