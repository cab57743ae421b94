"""How much each programme can do once limits, growth, need, capacity and money have spoken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.money import Money
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Reach:
    """Finite ranges; arrays are (programmes, years).

    Attributes
    ----------
    lo, hi : ndarray
        Least and most activity.
    driver_lo, driver_hi : ndarray
        Least and most the driver of a programme's curves can be: activity, or met need.
    """

    lo: Floats
    hi: Floats
    driver_lo: Floats
    driver_hi: Floats


def read_reach(instance: Instance, money: Money) -> Reach:
    """Read reachable ranges, with all the money there is behind what nothing else limits."""
    found = instance.facts.ranges
    resort = (money.amount + money.capital).sum(axis=0) / instance.facts.prices.unit_cost
    return Reach(
        *(
            np.where(np.isinf(ends), resort, ends)
            for ends in (found.lo, found.hi, found.driver_lo, found.driver_hi)
        )
    )
