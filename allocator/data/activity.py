"""Prices, limits and reachable ranges of activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allocator.data.index import Axis, Index
from allocator.data.years import by_year, grid
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]

SLACK = 2.0
"""How far beyond what can be reached a bound lies that is only there to be finite."""


@dataclass(frozen=True)
class Activity:
    """What a programme costs and may do; arrays are (programmes, years) unless said.

    Attributes
    ----------
    baseline, unit_cost, fixed_share : ndarray, shape (programmes,)
        Base-year activity, base-year unit cost, share of cost released late.
    release_years : ndarray of int, shape (programmes,)
        Years until it is released.
    price : ndarray
        Unit cost in each plan year.
    own_min, own_max : ndarray
        Limits of the year itself, growth on the baseline in year 1 included; inf if none.
    growth_min, growth_max, growth_amount : ndarray
        Growth limits on the year before; NaN if none; year 1 is in own_min and own_max.
    lo, hi : ndarray
        Reachable range once limits, growth, money, need and capacity have been
        propagated; ``hi`` is finite.
    floor, top : ndarray
        Bounds for a variable: the limits of the year itself, and where there is none a
        finite one that cannot bind, so that prices stay with the row that does.
    """

    baseline: Numbers
    unit_cost: Numbers
    fixed_share: Numbers
    release_years: npt.NDArray[np.int64]
    price: Numbers
    own_min: Numbers
    own_max: Numbers
    growth_min: Numbers
    growth_max: Numbers
    growth_amount: Numbers
    lo: Numbers
    hi: Numbers
    floor: Numbers
    top: Numbers

    def growth_rows(self, sense: str, axes: tuple[Axis, Axis]) -> Index:
        """Programme-years after the first with a growth limit (``min`` or ``max``)."""
        limit = self.growth_min if sense == "min" else self.growth_max
        rows, t = np.nonzero(~np.isnan(limit))
        later = t > 0
        return Index(axes, [rows[later], t[later]])


def prices(instance: Instance) -> Numbers:
    """Unit cost of each programme in each plan year, shape (programmes, years)."""
    settings = instance.settings
    programmes = instance.programmes
    uplift = programmes["cost_uplift"].fillna(settings.cost_uplift).to_numpy()
    lag = np.asarray(settings.years) - settings.base_year
    return programmes["unit_cost"].to_numpy()[:, None] * (1.0 + uplift)[:, None] ** lag[None, :]


def activity(instance: Instance, programme: Axis, reach: tuple[Numbers, Numbers]) -> Activity:
    """Extract prices, limits and reachable ranges.

    Parameters
    ----------
    instance : Instance
    programme : Axis
        Programme labels in table order.
    reach : pair of ndarray, shape (programmes, years)
        Least and most activity that limits, growth, need, capacity and money leave.
    """
    table = instance.programmes
    lo, hi = reach
    shape = lo.shape
    baseline = table["baseline"].to_numpy()
    limits = by_year(instance.limits, ["programme", "basis"], instance.settings.years)
    own_min, own_max = np.full(shape, -np.inf), np.full(shape, np.inf)
    growth_min, growth_max = np.full(shape, np.nan), np.full(shape, np.nan)
    growth_amount = np.zeros(shape)
    for basis, rows in limits.groupby("basis", sort=False):
        i, t = programme.codes(rows["programme"].tolist()), rows["t"].to_numpy()
        least = grid(i, t, rows["min"], shape, np.nan)
        most = grid(i, t, rows["max"], shape, np.nan)
        if basis == "growth":
            growth_min, growth_max = least, most
            growth_amount = grid(i, t, rows["growth_amount"], shape, 0.0)
            least = _first_year((1 + least[:, 0]) * baseline, shape)
            most = _first_year((1 + most[:, 0]) * baseline + growth_amount[:, 0], shape)
        elif basis == "baseline":
            least, most = least * baseline[:, None], most * baseline[:, None]
        own_min, own_max = np.fmax(own_min, least), np.fmin(own_max, most)
    safety = (table["class"] == "safety").to_numpy()[:, None] & np.isinf(own_min)
    safety &= np.isnan(growth_min)
    own_min = np.where(safety, baseline[:, None], own_min)
    own_min = np.maximum(own_min, 0.0)
    return Activity(
        baseline,
        table["unit_cost"].to_numpy(),
        table["fixed_share"].to_numpy(),
        table["release_years"].to_numpy(),
        prices(instance),
        own_min,
        own_max,
        growth_min,
        growth_max,
        growth_amount,
        lo,
        hi,
        own_min,
        np.where(np.isfinite(own_max), own_max, SLACK * np.maximum(hi, lo)),
    )


def _first_year(limit: Numbers, shape: tuple[int, int]) -> Numbers:
    """Limit that holds in the first plan year only."""
    out = np.full(shape, np.nan)
    out[:, 0] = limit
    return out
