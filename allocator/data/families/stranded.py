"""Cost that falls later than activity: where, since when, and how far."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.data.activity import Activity, distinct
from allocator.data.index import Axis, Index
from allocator.data.parts import Parts
from allocator.tolerances import ROOM


class Stranded:
    """Rows of stranded cost.

    Attributes
    ----------
    rows : Index
        (programme, year) that can have any.
    most : ndarray
        Most of it, in money, following `rows`.
    since : Index
        (programme, year, earlier year) that is looked back to.
    early : Index
        (programme, year) that looks back to the baseline.
    exact : Index
        (programme, year) where something would gain from overstating it.
    sources : Index
        (programme, year, earlier year or baseline) it can come from where it is exact.
    source_year : Index
        (programme, year, earlier year or baseline, year) of the sources in the plan.
    base : ndarray
        Activity of a source that is the baseline, 0 for years; following `sources`.
    room : ndarray
        How far the most activity of the year, or of any looked back to, can lie above the
        least of the source: the tightest constant that frees its row. Following `sources`.
    """

    def __init__(self, data: Parts) -> None:
        every, activity, wanted = data.programme_years, data.activity, data.stranded_exact
        year = every.axes[1]
        self.rows = rows = every.take(np.repeat(activity.late, len(year)))
        i, t = rows.columns
        highest = np.maximum(activity.baseline, activity.top.max(axis=1))
        self.most = activity.stranded_rate[i, t] * highest[i]
        looked = _looked_back(i, t, activity, len(year))
        row, source = np.nonzero(looked[:, :-1])
        self.since = Index((*every.axes, year), [i[row], t[row], source])
        self.exact = rows.take(wanted[rows.columns])
        sources, self.base, self.room = _sources(self.exact, activity)
        there = sources.take(sources.columns[2] < len(year))
        self.early = rows.take(looked[:, -1])
        self.sources = sources
        self.source_year = Index((*there.axes, year), [*there.columns, there.columns[2]])


def _looked_back(i: Ints, t: Ints, activity: Activity, years: int) -> Flags:
    """Years each programme-year looks back to, and last whether to the baseline."""
    s, release = np.arange(years), activity.release_years[i]
    since = (s[None, :] < t[:, None]) & (s[None, :] >= (t - release)[:, None])
    return np.column_stack([since, t < release])


def _sources(exact: Index, activity: Activity) -> tuple[Index, Floats, Floats]:
    """Sources of exact stranded cost, their activity before the plan, and their room."""
    i, t = exact.columns
    year = exact.axes[1]
    looked = _looked_back(i, t, activity, len(year))
    base = activity.baseline[i]
    low = np.column_stack([activity.lo[i], base])
    high = np.where(looked, np.column_stack([activity.hi[i], base]), 0.0)
    most = np.maximum(high.max(axis=1, initial=0.0), activity.hi[i, t])
    row, source = np.nonzero(looked)
    back = Axis("looked back to", (*year.labels, "baseline"))
    room = most[row] * (1.0 + ROOM) - low[row, source]
    return (
        Index((*exact.axes, back), [i[row], t[row], source]),
        np.where(source == len(year), base[row], 0.0),
        np.maximum(distinct(room), 0.0),
    )
