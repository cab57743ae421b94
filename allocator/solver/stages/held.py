"""Held lines in a stage: kept at their level, or giving way by the stated rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.data import Data
from allocator.errors import SolverError
from allocator.solver.program import Program
from allocator.solver.stages.limits import Limits
from allocator.solver.stages.pounds import Objective
from allocator.tolerances import PENNY, RESIDUE


class Seek(Protocol):
    """How a stage is solved; :meth:`allocator.solver.stages.runs.Runs.seek`."""

    def __call__(
        self,
        name: str,
        objective: Objective,
        limits: Limits,
        *,
        begin: Floats | None,
        room: float,
    ) -> tuple[str, Floats | None]:
        """Status and column values of what makes an objective least."""


@dataclass(frozen=True, eq=False)
class Kept:
    """What held lines may do.

    Attributes
    ----------
    status : str
        optimal, or why nothing was found.
    limits : Limits
    x : ndarray or None
        A plan that keeps to them; None where it is not known.
    """

    status: str
    limits: Limits
    x: Floats | None = None


class HeldStages:
    """Stages that settle what held lines do, before anything else is sought.

    Parameters
    ----------
    program : Program
    data : Data

    Raises
    ------
    SolverError
        When lines are held and the formulation has no rows for them.
    """

    def __init__(self, program: Program, data: Data) -> None:
        self.program, self.lines = program, data.held_lines
        self._penny = PENNY / data.money_scale
        self.any = len(self.lines.rows) > 0
        if not self.any:
            return
        names = ("activity", "give", "held_above", "held_below", "held_line", "held_kept")
        more = ("held_short", "held_even")
        self._span = {name: self._block(name) for name in (*names, *more)}
        at = data.programme_years.positions(self.lines.rows.columns)
        self._at = np.arange(*self._span["activity"].indices(len(program.cost)))[at]

    def _block(self, name: str) -> slice:
        block = self.program.block(name)
        if block is None:
            raise SolverError(f"the formulation has no {name}: it cannot hold programmes")
        return block.span

    def ideal(self, limits: Limits) -> Limits:
        """Every line at its level."""
        if not self.any:
            return limits
        level = np.clip(
            self.lines.level, self.program.col_lower[self._at], self.program.col_upper[self._at]
        )
        lower, upper = limits.lower.copy(), limits.upper.copy()
        lower[self._at] = upper[self._at] = level
        limits = Limits(lower, upper, limits.row_lower, limits.row_upper)
        return limits.bounded(self._span["give"], 0.0, 0.0)

    def is_level(self, x: Floats) -> bool:
        """Whether every line is at its level, to a penny."""
        if not self.any:
            return True
        off = np.abs(x[self._at] - self.lines.level) * self.lines.rate
        return bool((off <= self._penny).all())

    def settled(self, limits: Limits, seek: Seek, begin: Floats) -> Kept:
        """The least shortfall, and who bears it.

        First the least money by which lines fall below their level, of all lines and then of
        those that give way last; next the least by which others have to rise; then the least by
        which lines lie off from where one share a pool, year and order puts them. It begins from
        some plan.
        """
        measured = limits.bounded(self._span["give"], 0.0, 0.0)
        last = len(self.lines.orders) - 1
        below = self._below(last)
        status, x = self._least("held", measured, below, seek, self.measured(begin))
        if x is None:
            return Kept(status, limits)
        short = self._amount(below, x)
        rise = Objective(self._cost("held_above"), maximise=False)
        if self._amount(rise, x) > self._penny:
            as_short = measured.sided(self._span["held_short"], None, short + self._half)
            status, x = self._least("held rise", as_short, rise, seek, x)
            if x is None:
                return Kept(status, limits)
        raised = self._raised(x)
        if short <= self._penny and not raised.any():
            return Kept("optimal", self.ideal(limits), x)
        most = np.where(raised, x[self._span["held_above"]], 0.0)
        limits, measured = (self._rising(each, most) for each in (limits, measured))
        measured, limits = (self._capped(each, short, last, most) for each in (measured, limits))
        for order in range(last):
            name, below = f"held to order {order}", self._below(order)
            status, x = self._least(name, measured, below, seek, x)
            if x is None:
                return Kept(status, limits)
            short = self._amount(below, x)
            measured, limits = (
                self._capped(each, short, order, most) for each in (measured, limits)
            )
        return self._evened(limits, seek, x)

    def measured(self, x: Floats) -> Floats:
        """The same plan with no share given, so that it says how far each line lies off."""
        x = x.copy()
        off = (x[self._at] - self.lines.level) * self.lines.rate
        x[self._span["give"]] = 0.0
        x[self._span["held_above"]] = np.maximum(off, 0.0)
        x[self._span["held_below"]] = np.maximum(-off, 0.0)
        return x

    def _evened(self, limits: Limits, seek: Seek, begin: Floats) -> Kept:
        """The rule by which lines give way: one share each, or as near as can be."""
        cost = self._cost("held_above") + self._cost("held_below")
        off = Objective(cost, maximise=False)
        status, x = self._least("held share", limits, off, seek, begin)
        if x is None:
            return Kept(status, limits)
        apart = self._amount(off, x) + self._half
        return Kept("optimal", limits.sided(self._span["held_even"], None, apart), x)

    @property
    def _half(self) -> float:
        """Money by which an amount that is fixed may be missed: rounding, or half a penny."""
        size = float(self.lines.rate @ self.lines.level)
        return min(self._penny / 2.0, RESIDUE * size)

    def _least(
        self, name: str, limits: Limits, objective: Objective, seek: Seek, begin: Floats
    ) -> tuple[str, Floats | None]:
        return seek(name, objective, limits, begin=begin, room=self._half)

    def _cost(self, name: str, lines: Flags | None = None) -> Floats:
        cost = np.zeros(len(self.program.cost))
        cost[self._span[name]] = 1.0 if lines is None else lines
        return cost

    def _below(self, order: int) -> Objective:
        """Shortfall of the lines up to an order."""
        return Objective(self._cost("held_below", self.lines.among(order)), maximise=False)

    @staticmethod
    def _amount(objective: Objective, x: Floats) -> float:
        return max(0.0, objective.of(x))

    def _raised(self, x: Floats) -> Flags:
        """Lines that have to rise above their level."""
        found: Flags = x[self._span["held_above"]] > self._penny
        return found

    def _rising(self, limits: Limits, most: Floats) -> Limits:
        """No line higher than it has to be."""
        upper = limits.upper.copy()
        top = self.lines.level + most / self.lines.rate
        upper[self._at] = np.minimum(upper[self._at], np.maximum(top, limits.lower[self._at]))
        return Limits(limits.lower, upper, limits.row_lower, limits.row_upper)

    def _capped(self, limits: Limits, short: float, order: int, most: Floats) -> Limits:
        """No more shortfall in the lines up to an order than there has to be."""
        among = self.lines.among(order)
        high = self.lines.rate * self.lines.level + most
        span = self._span["held_kept"]
        at = slice(span.start + order, span.start + order + 1)
        return limits.sided(at, float(high[among].sum()) - short - self._half)
