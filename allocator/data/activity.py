"""Prices of activity, and the bounds of its variable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from allocator.arrays import Floats
from allocator.data.index import Axis, Index
from allocator.data.options import Options
from allocator.data.reach import Reach
from allocator.instance.instance import Instance
from allocator.tolerances import NO_DISTANCE, ROUNDING

SLACK = 2.0
"""How far beyond what can be reached a bound lies that is only there to be finite."""


def distinct(apart: Floats) -> Floats:
    """Distances without those that are rounding: a solver could not tell, and none is meant."""
    return np.where(np.abs(apart) > NO_DISTANCE, apart, 0.0)


class Activity:
    """What a programme costs and may do; arrays are (programmes, years) unless said.

    Attributes
    ----------
    baseline, unit_cost : ndarray, shape (programmes,)
        Base-year activity and unit cost.
    release_years : ndarray of int, shape (programmes,)
        Years until it is released.
    late_share, late : ndarray, shape (programmes,)
        Share of cost that is released later than activity, and whether there is any.
    price : ndarray
        Unit cost in each plan year.
    stranded_rate : ndarray
        Money stranded per unit of activity lost.
    limit_min, limit_max : ndarray
        Limits of basis activity and baseline, and the floor of safety; inf if none.
    first_min : ndarray
        Least growth of year 1, which is on the baseline; -inf if none.
    start_min : ndarray
        Minimum viable scale; 0 if none.
    growth_min, growth_max, growth_amount : ndarray
        Growth limits on the year before; NaN if none; year 1 is in `first_min` and `top`.
    lo, hi : ndarray
        Reachable range once limits, growth, money, need and capacity have been
        propagated; ``hi`` is finite.
    highest : ndarray, shape (programmes,)
        Most activity a programme can ever have had.
    floor, top : ndarray
        Bounds for a variable: the limits of the year itself, and where there is none a
        finite one that cannot bind, so that prices stay with the row that does.
    """

    def __init__(self, instance: Instance, reach: Reach, options: Options) -> None:
        programmes, limits = instance.rows["programmes"], instance.facts.limits
        self.baseline = baseline = programmes["baseline"]
        shape = reach.lo.shape
        self.first_min, first_max = np.full(shape, -np.inf), np.full(shape, np.inf)
        least, most = limits.grown(0, baseline, baseline)
        self.first_min[:, 0] = np.fmax(-np.inf, least)
        first_max[:, 0] = np.fmin(np.inf, most)

        rows = Index.product(*options.closes.rows.axes[:2])
        fewer = np.minimum(options.limit_min.range(rows)[0], 0.0).reshape(shape)
        more = np.maximum(options.limit_max.range(rows)[1], 0.0).reshape(shape)
        closed = options.closes.range(rows)[1].reshape(shape) > 0
        floor = np.maximum(np.maximum(limits.least + fewer, self.first_min), 0.0)
        floor = np.where(closed, 0.0, floor)
        # What cannot be nothing is at least viable.
        viable = reach.lo >= limits.start_min * (1.0 - ROUNDING)
        top = np.minimum(limits.most + more, first_max)
        self.unit_cost = programmes["unit_cost"]
        self.release_years = programmes["release_years"]
        self.late_share = np.where(self.release_years > 0, programmes["fixed_share"], 0.0)
        self.late = self.late_share > 0
        self.price = instance.facts.prices.unit_cost
        self.stranded_rate = self.late_share[:, None] * self.price
        self.limit_min = limits.least
        self.limit_max = limits.most
        self.start_min = limits.start_min
        self.growth_min = limits.growth_min
        self.growth_max = limits.growth_max
        self.growth_amount = limits.growth_amount
        self.lo = reach.lo
        self.hi = reach.hi
        self.highest = np.maximum(baseline, reach.hi.max(axis=1, initial=0.0))
        self.floor = np.where(viable, np.maximum(floor, limits.start_min), floor)
        self.top = np.where(np.isfinite(top), top, SLACK * np.maximum(reach.hi, reach.lo))

    def growth_rows(self, sense: str, axes: Sequence[Axis]) -> Index:
        """Programme-years after the first with a growth limit (``min`` or ``max``)."""
        limit = self.growth_min if sense == "min" else self.growth_max
        rows, t = np.nonzero(~np.isnan(limit))
        later = t > 0
        return Index(axes, [rows[later], t[later]])
