"""What counts as pounds moved, and from where they are counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data import Data
from allocator.errors import SolverError
from allocator.solver.program import Block, Program
from allocator.solver.stages.limits import Limits
from allocator.tolerances import PENNY, ROUNDED

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

    def rounding(self, x: Floats) -> float:
        """What its value may differ by and be the same."""
        return ROUNDED * float(np.abs(self.cost) @ np.abs(x) + abs(self.offset))


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
    def penny(self) -> float:
        """A penny, in money."""
        return PENNY / self.data.money_scale

    def to_reference(self) -> Objective:
        """Pounds moved from last year's pattern."""
        return self._objective(nudged=False)

    def from_reference(self) -> Objective:
        """Pounds moved from the reference plan, and a little for money handed on."""
        return self._objective(nudged=True)

    def penalties(self) -> Objective | None:
        """Penalties for soft rules; None where there are none."""
        cost = np.zeros(len(self.program.cost))
        for block in self.misses:
            cost[block.span] = np.abs(self.program.cost[block.span])
        return Objective(cost, maximise=False) if cost.any() else None

    def outcomes(self) -> Objective:
        """What a plan is worth apart from penalties: its weighted outcomes."""
        cost = self.program.cost.copy()
        for block in self.misses:
            cost[block.span] = 0.0
        return Objective(cost, self.program.offset)

    @property
    def misses(self) -> list[Block]:
        """Columns by which soft rules are missed."""
        return self._some("short", "over")

    def unmissed(self, limits: Limits) -> Limits:
        """With no soft rule missed."""
        for block in self.misses:
            priced = self.program.cost[block.span] != 0.0
            upper = np.where(priced, 0.0, limits.upper[block.span])
            limits = limits.bounded(block.span, None, upper)
        return limits

    @property
    def choices(self) -> list[Block]:
        """Columns of options taken and contracts ended."""
        return self._some("run", "end")

    def _some(self, *names: str) -> list[Block]:
        found = (self.program.block(name) for name in names)
        return [block for block in found if block is not None and len(block)]

    def chosen(self) -> Objective:
        """How many options are taken and contracts ended."""
        cost = np.zeros(len(self.program.cost))
        for block in self.choices:
            cost[block.span] = 1.0
        return Objective(cost, maximise=False)

    def unchosen(self, limits: Limits) -> Limits:
        """With no option taken and no contract ended."""
        for block in self.choices:
            limits = limits.bounded(block.span, 0.0, 0.0)
        return limits

    def _objective(self, *, nudged: bool) -> Objective:
        cost = np.zeros(len(self.program.cost))
        cost[self.up] = cost[self.down] = 1.0
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
        penny = self.penny
        for name, pounds in (("run", self.data.options.pounds), ("end", self.data.contracts.fee)):
            block = self.program.block(name)
            if block is not None and len(block):
                rank = np.arange(len(pounds)) / max(1, len(pounds))
                cost[block.span] = pounds + penny * (1.0 + rank)

    def around(self, reference: Floats) -> Limits:
        """Pounds counted from a plan."""
        spend = self._met(reference) * self.data.activity.price.ravel()
        return Limits.of(self.program).sided(self.moved, spend, spend)

    def _met(self, x: Floats) -> Floats:
        """Activity, and what has been avoided of its need, by programme and year."""
        met = x[self.activity].copy()
        block = self.program.block("avoided")
        if block is not None and block.index is not None:
            met[self.data.programme_years.positions(block.index.columns)] += x[block.span]
        return met
