"""How far surcharges and cost thresholds can move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import Activity, distinct
from allocator.data.surcharge import Surcharge
from allocator.tolerances import ROOM


@dataclass(frozen=True)
class Tiers:
    """Constants of the rows of surcharges.

    Attributes
    ----------
    least, most : ndarray
        Bounds of a surcharge that never bind, in money; following ``surcharge.rows``.
    low, rise, room : ndarray
        Least activity, from there to the threshold, and from the threshold to the most
        activity that can be reached, in units of activity; following ``surcharge.tiers``.
    """

    least: Floats
    most: Floats
    low: Floats
    rise: Floats
    room: Floats


def read_tiers(surcharge: Surcharge, activity: Activity) -> Tiers:
    """Find how far each surcharge and tier reaches."""
    apart = 1.0 + np.maximum(np.abs(surcharge.low), np.abs(surcharge.high))
    where, at = surcharge.tiers.columns, surcharge.threshold
    low, high = np.minimum(activity.lo[where], at), activity.hi[where] * (1.0 + ROOM)
    return Tiers(
        surcharge.low - apart, surcharge.high + apart, low, distinct(at - low), distinct(high - at)
    )
