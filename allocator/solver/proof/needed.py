"""Which parts of an infeasible programme are needed for that, all else as it is.

Parts are rows and bounds that stand or give way together, such as what planners set in one line
of a table; what belongs to none says what something is, and holds throughout. A ray of the dual
shows which parts a proof rests on, and all others are let go at once; then each that is left is
let go in turn, and stays gone where there is no plan without it either.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.tolerances import IN_RAY


@dataclass(frozen=True, eq=False)
class Part:
    """Rows, and columns whose bounds, give way together."""

    rows: Ints
    columns: Ints


@dataclass(frozen=True)
class Needed:
    """Parts that cannot hold together.

    Attributes
    ----------
    parts : list of int
        Positions of the parts that are left.
    sure : bool
        Whether each of them was shown to be needed: there is a plan without it.
    """

    parts: list[int]
    sure: bool


def needed(
    program: Program, parts: Sequence[Part], *, threads: int = 1, seconds: float = 10.0
) -> Needed:
    """The parts without any one of which there would be a plan, all others let go.

    Parameters
    ----------
    program : Program
        An infeasible linear programme.
    parts : sequence of Part
        What may be let go. Bounds that are let go leave a column free, though not below 0
        where it was not before.
    threads : int
        Threads of the solver.
    seconds : float
        For all of it.

    Returns
    -------
    Needed
        No part where nothing could be shown, or where there is no plan without any of them.
    """
    search = _Search(program, parts, threads, time.monotonic() + seconds)
    if not search.clash(set(range(len(parts)))) or search.clash(set()):
        return Needed([], False)
    kept = search.in_ray
    if not search.clash(kept):  # rounding in the ray
        kept = set(range(len(parts)))
    sure = True
    for part in sorted(kept):
        if part in kept and search.clash(kept - {part}):
            # What the new proof does not rest on goes with it, if it is indeed none of it.
            fewer = search.in_ray & kept - {part}
            kept = fewer if fewer != kept - {part} and search.clash(fewer) else kept - {part}
        sure &= search.decided
    return Needed(sorted(kept), sure)


class _Search:
    """Solves a programme with some of its parts until the time is up."""

    def __init__(self, program: Program, parts: Sequence[Part], threads: int, until: float) -> None:
        self._program, self._parts, self._until = program, parts, until
        self._solver = Solver(program, threads=threads, options={"presolve": "off"})
        self._solver.set_objective(np.zeros(program.shape[1]), maximise=False)
        self.decided = True
        self.in_ray: set[int] = set()

    def clash(self, kept: set[int]) -> bool:
        """Whether there is proved to be no plan with some parts; `decided` if that is known."""
        left = self._until - time.monotonic()
        if left <= 0.0:
            self.decided = False
            return False
        p = self._program
        rows = p.row_lower.copy(), p.row_upper.copy()
        columns = p.col_lower.copy(), p.col_upper.copy()
        for n, part in enumerate(self._parts):
            if n not in kept:
                rows[0][part.rows], rows[1][part.rows] = -np.inf, np.inf
                below = p.col_lower[part.columns] < 0.0
                columns[0][part.columns] = np.where(below, -np.inf, 0.0)
                columns[1][part.columns] = np.inf
        self._solver.set_sides(*rows)
        self._solver.set_bounds(*columns)
        for start in ("fast", "reproducible"):
            # From where the last run ended HiGHS may give up; from nothing it seldom does.
            found = self._solver.run(start=start, time_limit=left, algorithm="simplex")
            self.decided = found.status in ("infeasible", "optimal")
            if self.decided:
                break
        if found.status != "infeasible":
            return False
        ray = self._solver.engine.dual_ray()
        self.in_ray = set(kept) if ray is None else self._resting(ray) & kept
        return True

    def _resting(self, ray: Floats) -> set[int]:
        """Parts that a ray of the dual prices."""
        scale = self._solver.scaling
        most = IN_RAY * np.abs(ray).max()
        priced = np.abs(ray) > most
        pulled = np.abs(self._program.matrix.T @ (ray * scale.row)) * scale.column > most
        return {
            n
            for n, part in enumerate(self._parts)
            if priced[part.rows].any() or pulled[part.columns].any()
        }
