"""How much each programme can do once limits, growth, need, capacity and money have spoken."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data.money import Money
from allocator.instance.instance import Instance

_WIDE = 10.0
"""How many times its baseline or its floor the range of a held programme reaches."""

WIDER = 2.0
"""Times what can be reached up to which curves go, and down to one part of it, where the question
is what a little more or less of something would buy."""

FIRST = 1e-2
"""The same where nothing can be reached: share of all the money there is."""


class Reach:
    """Finite ranges; arrays are (programmes, years).

    All the money there is stands behind what nothing else limits. What no money limits
    either is held, and ranges well around its baseline and its floor.

    Parameters
    ----------
    instance : Instance
    money : Money
    wider : bool
        Whether to go beyond what can be reached: more money, staff or room would buy what lies
        there, and less would lead back to what must be done today.

    Attributes
    ----------
    lo, hi : ndarray
        Least and most activity.
    driver_lo, driver_hi : ndarray
        Least and most the driver of a programme's curves can be: activity, or met need.
    wider : bool
    """

    def __init__(self, instance: Instance, money: Money, *, wider: bool = False) -> None:
        self.wider = wider
        found = instance.facts.ranges
        price = instance.facts.prices.unit_cost
        total = np.broadcast_to((money.amount + money.capital).sum(axis=0), price.shape)
        kept = np.maximum(found.lo, instance.rows["programmes"]["baseline"][:, None])
        resort = _WIDE * np.maximum(kept, 1.0)
        np.divide(total, price, out=resort, where=(price > 0) & np.isfinite(total))
        self.lo, self.hi, self.driver_lo, self.driver_hi = (
            np.where(np.isinf(ends), resort, ends)
            for ends in (found.lo, found.hi, found.driver_lo, found.driver_hi)
        )
        if wider:
            self.lo, self.driver_lo = self.lo / WIDER, self.driver_lo / WIDER
            self.hi, self.driver_hi = (_beyond(e, resort) for e in (self.hi, self.driver_hi))


def _beyond(ends: Floats, resort: Floats) -> Floats:
    return np.where(ends > 0.0, WIDER * ends, FIRST * resort)
