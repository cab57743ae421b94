"""Which rules cannot hold together: a small conflict, proved by re-solving.

A ray of the dual prices a handful of rows and bounds against each other so that they cannot
all hold; where the solver gives none, its own irreducible infeasible set is tried. Either
may be empty or too much; nothing is reported here that has not been solved again: infeasible
together, and, unless the time is up first, feasible once any single member is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.tolerances import IN_RAY

IIS_FROM_LP_IRREDUCIBLE = 2 | 4
SECONDS = 30.0
"""Time HiGHS may look for a conflict; a plan is infeasible whether or not one is found."""


class Candidates(NamedTuple):
    """Rows, and columns whose bounds take part."""

    rows: list[int]
    columns: list[int]


def find_conflict(
    program: Program,
    *,
    threads: int = 1,
    seconds: float = SECONDS,
    known: Candidates | None = None,
) -> Candidates:
    """Rows and bounds that cannot hold together.

    Parameters
    ----------
    program : Program
        An infeasible linear programme.
    threads : int
        Threads of the solver.
    seconds : float
        Time for all of it.
    known : Candidates, optional
        What is tried first.

    Returns
    -------
    Candidates
        Positions of the rows, and of the columns whose bounds take part; both empty when
        no conflict could be proved, which says nothing about feasibility.
    """
    search = _Search(program, threads, time.monotonic() + seconds)
    for find in (lambda _: known or Candidates([], []), _from_ray, _from_iis):
        rows, columns = find(search)
        if (rows or columns) and search.clash(rows, columns):
            return search.reduced(rows, columns)
    return Candidates([], [])


class _Search:
    """Solves parts of a programme until the time is up."""

    def __init__(self, program: Program, threads: int, until: float) -> None:
        self.program, self.threads, self._until = program, threads, until

    @property
    def left(self) -> float:
        """Seconds left."""
        return max(0.0, self._until - time.monotonic())

    def reduced(self, rows: list[int], columns: list[int]) -> Candidates:
        """Drop every member that is not needed: many at once first, then one by one."""
        many = len(rows) + len(columns)
        for size in (many // 4, many // 16, 1):
            if size:
                rows = _needed(rows, size, partial(self._clash_of_rows, columns))
                columns = _needed(columns, size, partial(self.clash, rows))
        return Candidates(rows, columns)

    def _clash_of_rows(self, columns: list[int], rows: list[int]) -> bool:
        return self.clash(rows, columns)

    def clash(self, rows: list[int], columns: list[int]) -> bool:
        """Whether it is proved that some rows and bounds cannot hold together."""
        if not self.left:
            return False
        program = self.program
        lower = np.full(program.shape[1], -np.inf)
        upper = np.full(program.shape[1], np.inf)
        lower[columns], upper[columns] = program.col_lower[columns], program.col_upper[columns]
        part = program.matrix[rows]
        touched = np.unique(np.concatenate([part.indices, columns])).astype(np.int64)
        relaxed = program.replaced(
            cost=np.zeros(len(touched)),
            offset=0.0,
            matrix=part[:, touched],
            row_lower=program.row_lower[rows],
            row_upper=program.row_upper[rows],
            col_lower=lower[touched],
            col_upper=upper[touched],
            integer=np.zeros(len(touched), dtype=bool),
            columns=(),
            rows=(),
        )
        found = Solver(relaxed, threads=self.threads).run(time_limit=self.left)
        return found.status == "infeasible"


def _needed(members: list[int], size: int, clash: Callable[[list[int]], bool]) -> list[int]:
    """Members without the groups of so many that can be spared, one after another."""
    for group in [set(members[at : at + size]) for at in range(0, len(members), size)]:
        fewer = [member for member in members if member not in group]
        if clash(fewer):
            members = fewer
    return members


def _from_ray(search: _Search) -> Candidates:
    """Rows that a ray of the dual prices, and columns whose bounds it needs."""
    program = search.program
    solver = Solver(program, threads=search.threads, options={"presolve": "off"})
    if solver.run(time_limit=search.left).status != "infeasible":
        return Candidates([], [])
    ray = solver.engine.dual_ray()
    if ray is None:
        return Candidates([], [])
    scale = solver.scaling
    size, price = np.abs(ray), ray * scale.row
    pull = np.abs(program.matrix.T @ price) * scale.column
    rows = np.flatnonzero(size > IN_RAY * size.max())
    columns = np.flatnonzero(pull > IN_RAY * size.max())
    return Candidates(rows.tolist(), columns.tolist())


def _from_iis(search: _Search) -> Candidates:
    """HiGHS's own irreducible infeasible set."""
    options = {"iis_strategy": IIS_FROM_LP_IRREDUCIBLE, "iis_time_limit": search.left}
    solver = Solver(search.program, threads=search.threads, options=options)
    if solver.run(time_limit=search.left).status != "infeasible":
        return Candidates([], [])
    return Candidates(*solver.engine.irreducible())
