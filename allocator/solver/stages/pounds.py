"""What counts as pounds moved, and from where they are counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.data import Data
from allocator.data.reference import HELD_WEIGHT
from allocator.errors import SolverError
from allocator.solver.program import Program
from allocator.solver.stages.limits import Limits
from allocator.tolerances import PENNY

NUDGE = 1e-3
"""What a pound counts that moves between pools or years, or meets need that could have been
avoided, against a pound moved in care."""


@dataclass(frozen=True, eq=False)
class Objective:
    """What a stage makes as large, or as small, as it can: ``cost x + offset``."""

    cost: Floats
    offset: float = 0.0
    maximise: bool = True

    def of(self, x: Floats) -> float:
        """Value of a solution."""
        return float(self.cost @ x + self.offset)


class Pounds:
    """Pounds moved in one programme.

    Parameters
    ----------
    program : Program
        It must have column blocks ``activity``, ``up`` and ``down`` over the same
        programme-years and a row block ``moved``.
    data : Data

    Raises
    ------
    SolverError
        When a block is missing.
    """

    def __init__(self, program: Program, data: Data) -> None:
        self.program, self.data = program, data
        self.activity, self.up, self.down, self.moved = (
            self._span(name) for name in ("activity", "up", "down", "moved")
        )

    def _span(self, name: str) -> slice:
        block = self.program.block(name)
        if block is None:
            raise SolverError(f"the formulation has no {name}: it cannot be solved in stages")
        return block.span

    @property
    def _held(self) -> Flags:
        return np.repeat(self.data.held, len(self.data.year))

    def to_reference(self) -> Objective:
        """Pounds moved from last year's pattern; programmes that are held count more."""
        return self._objective(np.where(self._held, HELD_WEIGHT, 1.0), nudged=False)

    def from_reference(self) -> Objective:
        """Pounds moved from the reference plan, and a little for money handed on."""
        return self._objective(np.ones(len(self._held)), nudged=True)

    def _objective(self, weight: Floats, *, nudged: bool) -> Objective:
        cost = np.zeros(len(self.program.cost))
        cost[self.up] = cost[self.down] = weight
        avoidable = self.data.programme_years.positions(self.data.demand.avoided.columns)
        price = self.data.activity.price.ravel()
        cost[self.activity][avoidable] = NUDGE * price[avoidable]
        if nudged:
            self._count_nudges(cost)
        self._count_decisions(cost)
        return Objective(cost, maximise=False)

    def _count_nudges(self, cost: Floats) -> None:
        program = self.program
        for name in ("transfer", "carried"):
            block = program.block(name)
            if block is not None and len(block):
                cost[block.span] = np.where(program.col_lower[block.span] >= 0, NUDGE, 0.0)
        block = program.block("extra")
        if block is not None and len(block):
            more = self.data.capacity.extra_max > 0
            cost[block.span] = NUDGE * self.data.capacity.extra_price[more]

    def _count_decisions(self, cost: Floats) -> None:
        """Pounds that options and exit fees move, and a penny for each of them."""
        penny = PENNY / self.data.money_scale
        for name, pounds in (("run", self.data.options.pounds), ("end", self.data.contracts.fee)):
            block = self.program.block(name)
            if block is not None and len(block):
                rank = np.arange(len(pounds)) / max(1, len(pounds))
                cost[block.span] = pounds + penny * (1.0 + rank)

    def around(self, reference: Floats) -> Limits:
        """Held programmes kept where the reference has them, and pounds counted from it."""
        limits = Limits.of(self.program)
        lower, upper = limits.lower.copy(), limits.upper.copy()
        least, most = lower[self.activity], upper[self.activity]
        activity = np.clip(reference[self.activity], least, most)
        lower[self.activity] = np.where(self._held, activity, least)
        upper[self.activity] = np.where(self._held, activity, most)
        row_lower, row_upper = limits.row_lower.copy(), limits.row_upper.copy()
        spend = self._met(reference) * self.data.activity.price.ravel()
        row_lower[self.moved] = row_upper[self.moved] = spend
        return replace(limits, lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper)

    def _met(self, x: Floats) -> Floats:
        """Activity, and what has been avoided of its need, by programme and year."""
        met = x[self.activity].copy()
        block = self.program.block("avoided")
        if block is not None and block.index is not None:
            met[self.data.programme_years.positions(block.index.columns)] += x[block.span]
        return met
