"""Prices, limits and reachable ranges of activity."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from allocator.data.index import Axis, Index
from allocator.data.runs import RunTerms
from allocator.data.years import by_year, grid
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]

ROOM = 1e-3
"""How far beyond what can be reached a bound lies that must be tight, as a share of it."""

SLACK = 2.0
"""How far beyond what can be reached a bound lies that is only there to be finite."""


def distinct(apart: Numbers) -> Numbers:
    """Distances without those that are rounding: a solver could not tell, and none is meant."""
    return np.where(np.abs(apart) > NO_DISTANCE, apart, 0.0)


ROUNDING = 1e-9
"""Relative difference of figures that are the same."""

NO_DISTANCE = 1e-9
"""Figures this near are one figure."""


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
    limit_min, limit_max : ndarray
        Limits of basis activity and baseline, and the floor of safety; inf if none.
    first_min, first_max : ndarray
        Growth limits of year 1, which are on the baseline; inf if none.
    start_min : ndarray
        Minimum viable scale; 0 if none.
    growth_min, growth_max, growth_amount : ndarray
        Growth limits on the year before; NaN if none; year 1 is in first_min and first_max.
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
    limit_min: Numbers
    limit_max: Numbers
    first_min: Numbers
    first_max: Numbers
    start_min: Numbers
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
    limit_min, limit_max = np.full(shape, -np.inf), np.full(shape, np.inf)
    first_min, first_max = np.full(shape, -np.inf), np.full(shape, np.inf)
    growth_min, growth_max = np.full(shape, np.nan), np.full(shape, np.nan)
    growth_amount, start_min = np.zeros(shape), np.zeros(shape)
    for basis, rows in limits.groupby("basis", sort=False):
        i, t = programme.codes(rows["programme"].tolist()), rows["t"].to_numpy()
        least = grid(i, t, rows["min"], shape, np.nan)
        most = grid(i, t, rows["max"], shape, np.nan)
        if basis == "growth":
            growth_min, growth_max = least, most
            growth_amount = grid(i, t, rows["growth_amount"], shape, 0.0)
            first_min[:, 0] = np.fmax(-np.inf, (1 + least[:, 0]) * baseline)
            grown = (1 + most[:, 0]) * baseline + growth_amount[:, 0]
            first_max[:, 0] = np.fmin(np.inf, grown)
            continue
        scale = baseline[:, None] if basis == "baseline" else 1.0
        limit_min, limit_max = np.fmax(limit_min, least * scale), np.fmin(limit_max, most * scale)
        start_min = np.maximum(start_min, grid(i, t, rows["start_min"], shape, 0.0) * scale)
    safety = (table["class"] == "safety").to_numpy()[:, None] & np.isinf(limit_min)
    safety &= np.isnan(growth_min)
    limit_min = np.where(safety, baseline[:, None], limit_min)
    most = np.minimum(limit_max, first_max)
    return Activity(
        baseline,
        table["unit_cost"].to_numpy(),
        table["fixed_share"].to_numpy(),
        table["release_years"].to_numpy(),
        prices(instance),
        limit_min,
        limit_max,
        first_min,
        first_max,
        start_min,
        growth_min,
        growth_max,
        growth_amount,
        lo,
        hi,
        np.maximum(np.maximum(limit_min, first_min), 0.0),
        np.where(np.isfinite(most), most, SLACK * np.maximum(hi, lo)),
    )


def with_options(doing: Activity, least: RunTerms, most: RunTerms, closes: RunTerms) -> Activity:
    """Activity with the bounds of its variable widened by what options do to limits."""
    rows = Index.product(*least.rows.axes[:2])
    shape = doing.price.shape
    fewer = np.minimum(least.range(rows)[0], 0.0).reshape(shape)
    more = np.maximum(most.range(rows)[1], 0.0).reshape(shape)
    closed = closes.range(rows)[1].reshape(shape) > 0
    floor = np.maximum(np.maximum(doing.limit_min + fewer, doing.first_min), 0.0)
    top = np.minimum(doing.limit_max + more, doing.first_max)
    floor = np.where(closed, 0.0, floor)
    # What cannot be nothing is at least viable.
    viable = doing.lo >= doing.start_min * (1.0 - ROUNDING)
    return replace(
        doing,
        floor=np.where(viable, np.maximum(floor, doing.start_min), floor),
        top=np.where(np.isfinite(top), top, SLACK * np.maximum(doing.hi, doing.lo)),
    )
