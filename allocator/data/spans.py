"""How far costs and outcomes can go, and by how much chords may misstate them."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.activity import Activity
from allocator.data.demand import Demand
from allocator.data.index import Index
from allocator.data.options import Options
from allocator.data.reach import Reach
from allocator.data.responses import Responses
from allocator.data.surcharge import Surcharge
from allocator.data.terms import Terms


class Costs:
    """Least and most each programme can cost, arrays of shape (programmes, years)."""

    def __init__(self, activity: Activity, surcharge: Surcharge) -> None:
        late = activity.stranded_rate * activity.highest[:, None]
        self.low, self.high = activity.price * activity.lo, activity.price * activity.hi + late
        self.low[surcharge.rows.columns] += surcharge.low
        self.high[surcharge.rows.columns] += surcharge.high
        self._dearest = activity.price.copy()
        self._dearest[surcharge.rows.columns] += surcharge.dearer

    def between(self, activity: Activity, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """The same while activity stays within a wider range."""
        highest = np.maximum(activity.highest, high.max(axis=1, initial=0.0))
        late = activity.stranded_rate * (highest - activity.highest)[:, None]
        least = self.low - self._dearest * (activity.lo - low)
        return least, self.high + self._dearest * (high - activity.hi) + late


def read_driver_range(reach: Reach, demand: Demand) -> tuple[Floats, Floats]:
    """Least and most the driver of each programme can be, whatever options do to need.

    Returns
    -------
    low, high : ndarray, shape (programmes, years)
    """
    low, at = reach.driver_lo.copy(), demand.rows.columns
    low[at] = np.minimum(demand.arriving * demand.min_met, demand.need_max)
    return np.minimum(low, reach.driver_lo), reach.driver_hi


class Earnings:
    """Least and most of each outcome that each programme can come to.

    Attributes
    ----------
    rows : Index
        (outcome, programme, year); the arrays follow it.
    low, high, error : ndarray
        Range, and most by which chords may misstate it.
    """

    def __init__(
        self, responses: Responses, driver_range: tuple[Floats, Floats], options: Options
    ) -> None:
        low, high = responses.spans(*driver_range)
        self.error = np.maximum(responses.worst(responses.gap), responses.worst(responses.over))
        levels = options.outcomes
        at = responses.rows.positions(levels.rows.columns[:-1])
        least, most = np.zeros(len(responses.rows)), np.zeros(len(responses.rows))
        np.minimum.at(least, at, levels.change)
        np.maximum.at(most, at, levels.change)
        ends = [x * (1.0 + f) for x in (low, high) for f in (least, most)]
        low, high = np.minimum.reduce(ends), np.maximum.reduce(ends)
        fewer, more = options.outcome.range(responses.rows)
        self.rows = responses.rows
        self.low = low + fewer
        self.high = high + more

    def of(self, outcome: int, members: Ints, t: int) -> tuple[float, float, float]:
        """Range and error of an outcome summed over some programmes in a year."""
        there = self.rows.find([np.full(len(members), outcome), members, np.full(len(members), t)])
        mine = there[there >= 0]
        low, high, error = (x[mine].sum() for x in (self.low, self.high, self.error))
        return float(low), float(high), float(error)


def misstated(rows: Index, bought: Terms, responses: Responses) -> tuple[Floats, Floats]:
    """How far the true curves can lie below, and above, what rows count of outcomes."""
    at = rows.positions(bought.rows.columns[:2])
    which = responses.rows.positions(bought.rows.columns[2:])
    gap, over = responses.worst(responses.gap)[which], responses.worst(responses.over)[which]
    size, up = np.abs(bought.coefficient), bought.coefficient > 0
    below = np.bincount(at, size * np.where(up, over, gap), len(rows))
    above = np.bincount(at, size * np.where(up, gap, over), len(rows))
    return below.astype(float), above.astype(float)
