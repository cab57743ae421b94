"""What a programme costs beyond its plain unit cost: tiers, and what options change."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags
from allocator.data.activity import Activity, distinct
from allocator.data.axes import Axes
from allocator.data.index import Index
from allocator.data.options import Options
from allocator.instance.instance import Instance
from allocator.tolerances import ROOM


class Surcharge:
    """Surcharges by programme and year.

    Attributes
    ----------
    rows : Index
        (programme, year) that can have one.
    low, high : ndarray
        Least and most it can be, following `rows`.
    dearer : ndarray
        Most that a unit can cost beyond the plain unit cost, following `rows`.
    least, most : ndarray
        Bounds well beyond these that never bind, in money; following `rows`.
    tiers : Index
        (programme, year) whose unit cost changes within what can be reached.
    threshold, change : ndarray
        Activity at which it changes, and by how much a unit costs more above; following
        `tiers`.
    tier_low, rise, room : ndarray
        Least activity, from there to the threshold, and from the threshold to the most
        activity that can be reached, in units of activity; following `tiers`.
    """

    def __init__(
        self, instance: Instance, axes: Axes, activity: Activity, options: Options
    ) -> None:
        programmes = instance.rows["programmes"]
        threshold = programmes["cost_threshold"][:, None]
        change = activity.price * (programmes["cost_above"] - 1.0)[:, None]
        tiered = ~np.isnan(threshold) & (change != 0.0) & (activity.hi > threshold)
        both = (axes.programme, axes.year)
        i, t = np.nonzero(tiered)
        at, more = threshold[i, 0], change[i, t]

        some = tiered.copy()
        levels, spend = options.prices, options.spend
        for found in (levels.rows, spend.rows):
            some[found.columns[0], found.columns[1]] = True
        low, high = np.zeros(some.shape), np.zeros(some.shape)
        ends = more * np.maximum(activity.lo[i, t] - at, 0.0), more * (activity.hi[i, t] - at)
        low[i, t], high[i, t] = np.minimum(*ends), np.maximum(*ends)
        least, most = np.zeros(some.shape), np.zeros(some.shape)
        where = levels.rows.columns[0], levels.rows.columns[1]
        np.minimum.at(least, where, levels.change * activity.hi[where])
        np.maximum.at(most, where, levels.change * activity.hi[where])
        dearer = np.zeros(some.shape)
        dearer[i, t] = np.maximum(more, 0.0)
        np.add.at(dearer, where, np.maximum(levels.change, 0.0))
        self.rows = rows = Index(both, np.nonzero(some))
        self.dearer = dearer[rows.columns]
        fewer, further = spend.range(rows)
        self.low = (low + least)[rows.columns] + fewer
        self.high = (high + most)[rows.columns] + further
        apart = 1.0 + np.maximum(np.abs(self.low), np.abs(self.high))
        self.least, self.most = self.low - apart, self.high + apart

        self.tiers, self.threshold, self.change = Index(both, [i, t]), at, more
        self.tier_low = np.minimum(activity.lo[i, t], at)
        self.rise = distinct(at - self.tier_low)
        self.room = distinct(activity.hi[i, t] * (1.0 + ROOM) - at)

    def orders(self, wanted: Flags) -> Index:
        """Cost thresholds that need a decision, (programme, year).

        A unit cost that falls above its threshold would be claimed before the threshold is
        reached; one that rises would be put off only where something wants the cost high.

        Parameters
        ----------
        wanted : ndarray of bool, shape (programmes, years)
            Where something wants the cost high.
        """
        return self.tiers.take((self.change < 0) | wanted[self.tiers.columns])
