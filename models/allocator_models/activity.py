"""Activity of each programme in each year, and how fast it may grow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Data, Index
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf


def declare(m: Any, data: Data) -> None:
    """Activity and its limits.

    Variables
        activity[i, t]: units of programme i in year t, floor <= activity <= top: its own
        limits, or a bound that is only there to be finite.

    Constraints (in the programme's unit of activity)
        growth_max[i, t]: activity[i, t] <= (1 + max) activity[i, t-1] + amount
        growth_min[i, t]: activity[i, t] >= (1 + min) activity[i, t-1]
        for years after the first; growth in the first year is on the baseline and so a
        limit of activity itself.

    Services cannot be built up or run down faster than staff, sites and people allow.
    """
    a = data.activity
    m.PY = ArraySet(data.programme_years)
    m.price = ArrayParam(m.PY, a.price.ravel(), "price")
    m.floor = ArrayParam(m.PY, a.floor.ravel(), "floor")
    m.top = ArrayParam(m.PY, a.top.ravel(), "top")
    m.activity = pyo.Var(m.PY, dense=False, bounds=lambda m, i, t: (m.floor[i, t], m.top[i, t]))

    later = np.arange(1, len(data.year))
    pairs = Index((data.year, data.year), [later, later - 1])
    m.previous_year = ArraySetOf(pairs.group((0,), Index.product(data.year)))

    axes = (data.programme, data.year)
    most = a.growth_rows("max", axes)
    m.GROWTH_MAX = ArraySet(most)
    m.growth_max_factor = ArrayParam(m.GROWTH_MAX, 1.0 + a.growth_max[most.columns])
    m.growth_amount = ArrayParam(m.GROWTH_MAX, a.growth_amount[most.columns])
    m.growth_max = ArrayConstraint(m.GROWTH_MAX, rule=_growth_max)
    least = a.growth_rows("min", axes)
    m.GROWTH_MIN = ArraySet(least)
    m.growth_min_factor = ArrayParam(m.GROWTH_MIN, 1.0 + a.growth_min[least.columns])
    m.growth_min = ArrayConstraint(m.GROWTH_MIN, rule=_growth_min)


def _last_year(m: Any, i: Any, t: Any) -> Any:
    """Activity in the year before t, a sum over the one year that precedes it."""
    return sum(m.activity[i, s] for s in m.previous_year[t])


def _growth_max(m: Any, i: Any, t: Any) -> Any:
    grown = m.growth_max_factor[i, t] * _last_year(m, i, t)
    return m.activity[i, t] <= grown + m.growth_amount[i, t]


def _growth_min(m: Any, i: Any, t: Any) -> Any:
    return m.activity[i, t] >= m.growth_min_factor[i, t] * _last_year(m, i, t)
