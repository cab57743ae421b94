"""What a contract pays: one formula by type, and where it bends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from allocator.arrays import Flags, Floats, Ints, Objects
from allocator.instance.facts.money import over, reaches

DRIVERS = {
    "cost": "cost",
    "block": "value",
    "activity": "value",
    "cost_and_volume": "value",
    "aligned": "value",
    "capitated": "cost",
    "outcome": "outcome",
}
"""What a payment follows, by type: what activity costs, its worth at tariff, or an outcome."""


@dataclass(frozen=True)
class Terms:
    """What decides payments: arrays of one shape, or the figures of one payment.

    Attributes
    ----------
    kind : ndarray of str
        Type of contract.
    fixed : ndarray
        Fixed payment.
    rebased : ndarray of bool
        Whether a block pays its activity at tariff.
    threshold, marginal_rate : ndarray
        Worth above which activity is paid at a rate; inf for none.
    volume, up_rate, down_rate : ndarray
        Worth that the fixed payment covers, rates above it and below the baseline.
    at_baseline : ndarray
        Worth of the baseline.
    budget, gain_share, loss_share, gain_cap, loss_cap : ndarray
        Of a capitated contract; caps are inf for none.
    bonus, bonus_threshold, bonus_step : ndarray
        Per unit of an outcome, where a step is paid (NaN for nowhere) and how much.
    least, most : ndarray
        Income the payment is kept between; infinite for none.
    """

    kind: Objects
    fixed: Floats
    rebased: Flags
    threshold: Floats
    marginal_rate: Floats
    volume: Floats
    up_rate: Floats
    down_rate: Floats
    at_baseline: Floats
    budget: Floats
    gain_share: Floats
    loss_share: Floats
    gain_cap: Floats
    loss_cap: Floats
    bonus: Floats
    bonus_threshold: Floats
    bonus_step: Floats
    least: Floats
    most: Floats

    def take(self, at: object) -> Terms:
        """Terms picked by position."""
        return Terms(*(getattr(self, f.name)[at] for f in fields(self)))

    def agreed(self, driver: Floats) -> Floats:
        """Payment before its limits, given what it follows."""
        if isinstance(self.kind, str):
            return _PAYMENTS[self.kind](self, driver)
        found = np.zeros(self.kind.shape)
        for kind in dict.fromkeys(self.kind.ravel().tolist()):
            mine = self.kind == kind
            if kind:
                found[mine] = _PAYMENTS[kind](self.take(mine), driver[mine])
        return found

    def paid(self, driver: Floats) -> Floats:
        """Payment given what it follows."""
        found: Floats = np.minimum(np.maximum(self.agreed(driver), self.least), self.most)
        return found

    def kinks(self) -> Floats:
        """Where payments before their limits bend or step, one row each; not finite for none."""
        none = np.full(np.shape(self.fixed), np.inf)
        if isinstance(self.kind, str):
            return np.array(_KINKS[self.kind](self)) if self.kind in _KINKS else np.empty(0)
        rows = np.array([none] * 3)
        for kind, kinks in _KINKS.items():
            mine = self.kind == kind
            for row, values in zip(rows, kinks(self.take(mine)), strict=False):
                row[mine] = values
        return rows

    @cached_property
    def _segments(self) -> tuple[Floats, Floats, Floats]:
        """Where each straight segment begins, what is agreed there, and its slope.

        The first axis is the segment. The first begins at the first kink, or at nothing where
        there is none, and is read to the left as well; segments that are not there begin at
        infinity.
        """
        kinks = np.where(np.isfinite(self.kinks()), self.kinks(), np.inf)
        kinks = np.sort(kinks, axis=0)
        first = np.where(np.isfinite(kinks[:1]), kinks[:1], 0.0)
        begin, end = np.concatenate([first, kinks]), np.concatenate([first, kinks[1:], kinks[:1]])
        near = np.where(np.isfinite(begin), begin, 0.0)
        step = np.maximum(1.0, np.abs(near))
        step[0] = -step[0]
        step[1:-1] = np.where(np.isfinite(end[1:-1]), end[1:-1] - near[1:-1], step[1:-1])
        there = np.array([self.agreed(at) for at in near])
        moved = np.array([self.agreed(at) for at in near + step])
        with np.errstate(divide="ignore", invalid="ignore"):
            return begin, there, (moved - there) / step

    def rates(self) -> tuple[Floats, Floats]:
        """Most and least by which a payment before its limits follows what it follows."""
        begin, _, slope = self._segments
        wide = np.isfinite(begin) & ~np.isnan(slope)
        most = np.where(wide, slope, -np.inf).max(axis=0)
        return most, np.where(wide, slope, np.inf).min(axis=0)

    def reach(self, paid: Floats, at: Ints) -> Floats:
        """Most of what some payments follow for which they are no more than `paid`.

        Infinite where more of it costs nothing. A payment that is never so low, which only
        rounding asks for, gives the least that it could be.

        Parameters
        ----------
        paid : ndarray, shape (payments asked for, ...)
        at : ndarray of int
            Positions of those on the first axis.
        """
        begin, there, slope = (part[:, at] for part in self._segments)
        fall = over(there[0] - paid, slope[0])
        bent, left = np.isfinite(begin[1]), begin[0] - np.where(np.isinf(fall), 0.0, fall)
        found = np.where(bent, left, begin[0] + over(paid - there[0], slope[0]))
        for start, money, rate in zip(begin[1:], there[1:], slope[1:], strict=True):
            reached = np.isfinite(start) & reaches(paid, money)
            found = np.where(reached, start + over(np.maximum(paid - money, 0.0), rate), found)
        return np.where(reaches(paid, self.most[at]), np.inf, found)


def _block(of: Terms, worth: Floats) -> Floats:
    return np.where(of.rebased, worth, of.fixed)


def _activity(of: Terms, worth: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        above = of.threshold + of.marginal_rate * (worth - of.threshold)
    return np.where(worth <= of.threshold, worth, above)


def _cost_and_volume(of: Terms, worth: Floats) -> Floats:
    found: Floats = of.fixed + of.up_rate * np.maximum(worth - of.volume, 0.0)
    return found


def _aligned(of: Terms, worth: Floats) -> Floats:
    up = of.up_rate * np.maximum(worth - of.at_baseline, 0.0)
    down = of.down_rate * np.maximum(of.at_baseline - worth, 0.0)
    found: Floats = of.fixed + up - down
    return found


def _capitated(of: Terms, cost: Floats) -> Floats:
    back = np.minimum(of.gain_cap, of.gain_share * np.maximum(of.budget - cost, 0.0))
    good = np.minimum(of.loss_cap, of.loss_share * np.maximum(cost - of.budget, 0.0))
    found: Floats = of.budget - back + good
    return found


def _outcome(of: Terms, earned: Floats) -> Floats:
    # Compared with NaN for no threshold, nothing is reached.
    found: Floats = of.fixed + of.bonus * earned
    return found + np.where(earned >= of.bonus_threshold, of.bonus_step, 0.0)


_PAYMENTS: dict[str, Callable[[Terms, Floats], Floats]] = {
    "cost": lambda of, cost: cost,
    "block": _block,
    "activity": _activity,
    "cost_and_volume": _cost_and_volume,
    "aligned": _aligned,
    "capitated": _capitated,
    "outcome": _outcome,
}
"""Payment before its limits, by type."""


def _capped(of: Terms) -> tuple[Floats, ...]:
    with np.errstate(divide="ignore", invalid="ignore"):
        back, good = of.gain_cap / of.gain_share, of.loss_cap / of.loss_share
    return of.budget, of.budget - back, of.budget + good


_KINKS: dict[str, Callable[[Terms], tuple[Floats, ...]]] = {
    "activity": lambda of: (of.threshold,),
    "cost_and_volume": lambda of: (of.volume,),
    "aligned": lambda of: (of.at_baseline,),
    "capitated": _capped,
    "outcome": lambda of: (of.bonus_threshold,),
}
"""Where it bends or steps, by type."""
