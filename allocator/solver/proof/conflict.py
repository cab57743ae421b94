"""Which rules cannot hold together: a small conflict, proved by re-solving.

A ray of the dual prices a handful of rows and bounds against each other so that they cannot
all hold; where the solver gives none, its own irreducible infeasible set is tried. Either
may be empty or too much; nothing is reported here that has not been solved again: infeasible
together, and feasible once any single member is dropped (of a conflict with more than 60
members only the first).
"""

from __future__ import annotations

import numpy as np

from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.tolerances import IN_RAY

IIS_FROM_LP_IRREDUCIBLE = 2 | 4
MOST_MEMBERS = 60
SECONDS = 30.0
"""Time HiGHS may look for a conflict; a plan is infeasible whether or not one is found."""


def find_conflict(program: Program, *, threads: int = 1) -> tuple[list[int], list[int]]:
    """Rows and bounds that cannot hold together.

    Parameters
    ----------
    program : Program
        An infeasible linear programme.
    threads : int
        Threads of the solver.

    Returns
    -------
    rows, columns : list of int
        Positions of the rows, and of the columns whose bounds take part; both empty when
        no conflict could be proved, which says nothing about feasibility.
    """
    for candidates in (_from_ray, _from_iis):
        rows, columns = candidates(program, threads)
        if (rows or columns) and not _feasible(program, rows, columns, threads):
            if len(rows) + len(columns) <= MOST_MEMBERS:
                return _reduced(program, rows, columns, threads)
            return rows, columns
    return [], []


def _from_ray(program: Program, threads: int) -> tuple[list[int], list[int]]:
    """Rows that a ray of the dual prices, and columns whose bounds it needs."""
    solver = Solver(program, threads=threads, options={"presolve": "off"})
    if solver.run(time_limit=SECONDS).status != "infeasible":
        return [], []
    ray = solver.engine.dual_ray()
    if ray is None:
        return [], []
    scale = solver.scaling
    size, price = np.abs(ray), ray * scale.row
    pull = np.abs(program.matrix.T @ price) * scale.column
    rows = np.flatnonzero(size > IN_RAY * size.max())
    columns = np.flatnonzero(pull > IN_RAY * size.max())
    return rows.tolist(), columns.tolist()


def _from_iis(program: Program, threads: int) -> tuple[list[int], list[int]]:
    """HiGHS's own irreducible infeasible set."""
    options = {"iis_strategy": IIS_FROM_LP_IRREDUCIBLE, "iis_time_limit": SECONDS}
    solver = Solver(program, threads=threads, options=options)
    if solver.run(time_limit=SECONDS).status != "infeasible":
        return [], []
    return solver.engine.irreducible()


def _reduced(
    program: Program, rows: list[int], columns: list[int], threads: int
) -> tuple[list[int], list[int]]:
    """Drop every member that is not needed."""
    for row in list(rows):
        fewer = [r for r in rows if r != row]
        if not _feasible(program, fewer, columns, threads):
            rows = fewer
    for column in list(columns):
        fewer = [c for c in columns if c != column]
        if not _feasible(program, rows, fewer, threads):
            columns = fewer
    return rows, columns


def _feasible(program: Program, rows: list[int], columns: list[int], threads: int) -> bool:
    """Whether some rows and the bounds of some columns can hold together."""
    part = program.matrix[rows]
    lower = np.full(program.shape[1], -np.inf)
    upper = np.full(program.shape[1], np.inf)
    lower[columns], upper[columns] = program.col_lower[columns], program.col_upper[columns]
    relaxed = program.replaced(
        cost=np.zeros(program.shape[1]),
        offset=0.0,
        matrix=part,
        row_lower=program.row_lower[rows],
        row_upper=program.row_upper[rows],
        col_lower=lower,
        col_upper=upper,
        rows=(),
    )
    return Solver(relaxed, threads=threads).run().status != "infeasible"
