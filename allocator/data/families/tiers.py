"""How far surcharges and cost thresholds can move."""

from __future__ import annotations

import numpy as np

from allocator.data.activity import distinct
from allocator.data.parts import Parts
from allocator.tolerances import ROOM


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

    def __init__(self, data: Parts) -> None:
        surcharge, activity = data.surcharge, data.activity
        apart = 1.0 + np.maximum(np.abs(surcharge.low), np.abs(surcharge.high))
        where, at = surcharge.tiers.columns, surcharge.threshold
        self.low, high = np.minimum(activity.lo[where], at), activity.hi[where] * (1.0 + ROOM)
        self.least = surcharge.low - apart
        self.most = surcharge.high + apart
        self.rise = distinct(at - self.low)
        self.room = distinct(high - at)
