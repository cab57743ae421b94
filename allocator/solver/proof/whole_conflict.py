"""Which rules no whole decisions can keep together, where fractions of them could.

Rows are left out one group after another as long as what remains is still proved to have no
plan. What is left at the end cannot be kept together; it is as small as nodes and time allow.
"""

from __future__ import annotations

import time

import numpy as np

from allocator.solver.highs.door import Solver
from allocator.solver.program import Block, Program

CHOICES = ("exactly", "at_most")
"""Rows between options."""

MEMBERS = (
    "capacity",
    "capital_pool",
    "recurrent_pool",
    "pool",
    "position",
    *CHOICES,
    "rule_equal",
    "rule_max",
    "rule_min",
)
"""Row blocks that may be named, those first that are left out first."""

SECONDS = 10.0
"""Time for all of it."""

NODES = 1000
"""Nodes of each search."""


def find_whole_conflict(
    program: Program, *, threads: int = 1, seconds: float = SECONDS
) -> list[int]:
    """Rows that no whole decisions keep together, given everything that is not named.

    Parameters
    ----------
    program : Program
        Infeasible, though not where decisions may be taken in part.
    threads : int
        Threads of the solver.
    seconds : float
        Time for all of it.

    Returns
    -------
    list of int
        Positions of rows of the blocks of :data:`MEMBERS`; empty when what is not named has no
        plan by itself, or when nothing could be shown.
    """
    blocks = [block for name in MEMBERS for block in program.rows if block.name == name]
    groups = [group for block in blocks for group in _by_name(block)]
    search = _Search(program, threads, seconds)
    every = [row for group in groups for row in group]
    if not every or not search.impossible(set()) or search.impossible(set(every)):
        return []
    left_out = _leave_out(search, groups, set())
    rest = [[row] for row in every if row not in left_out]
    left_out = _leave_out(search, rest, left_out)
    return [row for row in every if row not in left_out]


def _by_name(block: Block) -> list[list[int]]:
    """Rows of a block that differ in their year only."""
    rows = range(block.start, block.stop)
    if block.index is None:
        return [[row] for row in rows]
    of = block.index.columns[0]
    return [[block.start + int(n) for n in np.flatnonzero(of == name)] for name in np.unique(of)]


def _leave_out(search: _Search, groups: list[list[int]], left_out: set[int]) -> set[int]:
    """Leave out every group without which there is still no plan."""
    for group in groups:
        more = left_out.union(group)
        if search.impossible(more):
            left_out = more
    return left_out


class _Search:
    """Looks for any plan at all, without some rows."""

    def __init__(self, program: Program, threads: int, seconds: float) -> None:
        self._program = program
        self._solver = Solver(program, threads=threads)
        self._solver.set_objective(np.zeros(program.shape[1]), maximise=False)
        self._until = time.monotonic() + seconds

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._until

    def impossible(self, left_out: set[int]) -> bool:
        """Whether it is proved that there is no plan even without some rows."""
        if self.late:
            return False
        lower, upper = self._program.row_lower.copy(), self._program.row_upper.copy()
        rows = np.array(sorted(left_out), dtype=np.int64)
        lower[rows], upper[rows] = -np.inf, np.inf
        self._solver.set_sides(lower, upper)
        limit = max(0.0, self._until - time.monotonic())
        found = self._solver.run(time_limit=limit, algorithm="simplex", node_limit=NODES)
        return found.status == "infeasible"
