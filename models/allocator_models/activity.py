"""Activity of each programme in each year, and how fast it may grow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Data, Index
from allocator.data.activity import ROOM
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.options import attach


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

        limit_least[i, t], limit_most[i, t]: limits that options change
            activity >= least + sum change run - (what it can come to) closed
            activity <= most + sum change run
        closed[i, t, o]: activity <= hi (1 - the runs of option o that close it)
        scale_least, scale_most[i, t]: start_min on <= activity <= hi on, on in {0, 1}

    where a programme may be closed, growth_min lets go too (in the first year as a row of
    its own, first_growth). hi is the most that can be
    reached: no other constant stands here.

    Services cannot be built up or run down faster than staff, sites and people allow.
    """
    a = data.activity
    m.PY = ArraySet(data.programme_years)
    m.price = ArrayParam(m.PY, a.price.ravel(), "price")
    m.floor = ArrayParam(m.PY, a.floor.ravel(), "floor")
    m.top = ArrayParam(m.PY, a.top.ravel(), "top")
    m.activity = ArrayVar(m.PY, bounds=lambda m, i, t: (m.floor[i, t], m.top[i, t]))

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
    attach(m, "freed", data.options.closes, least)
    before = (least.columns[0], least.columns[1] - 1)
    freed = (1.0 + a.growth_min[least.columns]) * a.hi[before] * (1.0 + ROOM)
    m.growth_min_freed = ArrayParam(m.GROWTH_MIN, freed)
    m.growth_min = ArrayConstraint(m.GROWTH_MIN, rule=_growth_min)
    _declare_limits(m, data)
    _declare_scale(m, data)


def _declare_limits(m: Any, data: Data) -> None:
    """Limits that options change, and programmes they close."""
    a, o = data.activity, data.options
    rows = data.programme_years
    shape = a.price.shape
    more = np.maximum(o.limit_min.range(rows)[1], 0.0).reshape(shape)
    closed = o.closes.range(rows)[1].reshape(shape) > 0
    least = np.maximum(a.limit_min, 0.0)
    changes = np.zeros(shape, dtype=bool)
    changes[o.limit_min.rows.columns[:2]] = True
    changes |= closed & (least > 0)
    some = rows.take(changes.ravel())
    m.LIMIT_LEAST = ArraySet(some)
    m.least_alone = ArrayParam(m.LIMIT_LEAST, least[changes], "least_alone")
    m.least_freed = ArrayParam(m.LIMIT_LEAST, (least + more)[changes], "least_freed")
    attach(m, "least", o.limit_min, some)
    attach(m, "least_closed", o.closes, some)
    m.limit_least = ArrayConstraint(m.LIMIT_LEAST, rule=_limit_least)
    grows = closed & (a.first_min > 0)
    some = rows.take(grows.ravel())
    m.FIRST_FREED = ArraySet(some)
    m.first_min = ArrayParam(m.FIRST_FREED, a.first_min[grows], "first_min")
    attach(m, "first_freed", o.closes, some)
    m.first_growth = ArrayConstraint(m.FIRST_FREED, rule=_first_growth)

    changes = np.zeros(shape, dtype=bool)
    changes[o.limit_max.rows.columns[:2]] = True
    changes &= np.isfinite(a.limit_max)
    some = rows.take(changes.ravel())
    m.LIMIT_MOST = ArraySet(some)
    m.most_alone = ArrayParam(m.LIMIT_MOST, a.limit_max[changes], "most_alone")
    attach(m, "most", o.limit_max, some)
    m.limit_most = ArrayConstraint(m.LIMIT_MOST, rule=_limit_most)

    closes = o.closes.by_option()
    m.CLOSES = ArraySet(closes)
    at_most = a.hi[closes.columns[:2]] * (1.0 + ROOM)
    m.closable = ArrayParam(m.CLOSES, at_most, "closable")
    attach(m, "closes", o.closes.doubled(), closes)
    m.closed = ArrayConstraint(m.CLOSES, rule=_closed)


def _declare_scale(m: Any, data: Data) -> None:
    """Minimum viable scale."""
    a = data.activity
    wanted = (a.start_min > 0) & (a.start_min > a.floor)
    rows = data.programme_years.take(wanted.ravel())
    m.SCALE = ArraySet(rows)
    m.scale_min = ArrayParam(m.SCALE, a.start_min[wanted], "scale_min")
    m.scale_max = ArrayParam(m.SCALE, a.hi[wanted] * (1.0 + ROOM), "scale_max")
    m.on = ArrayVar(m.SCALE, domain=pyo.Binary)
    m.scale_least = ArrayConstraint(m.SCALE, rule=_scale_least)
    m.scale_most = ArrayConstraint(m.SCALE, rule=_scale_most)


def _last_year(m: Any, i: Any, t: Any) -> Any:
    """Activity in the year before t, a sum over the one year that precedes it."""
    return sum(m.activity[i, s] for s in m.previous_year[t])


def _growth_max(m: Any, i: Any, t: Any) -> Any:
    grown = m.growth_max_factor[i, t] * _last_year(m, i, t)
    return m.activity[i, t] <= grown + m.growth_amount[i, t]


def _growth_min(m: Any, i: Any, t: Any) -> Any:
    freed = sum(m.freed_weight[i, t, o, s, e] * m.run[o, s, e] for o, s, e in m.freed_runs[i, t])
    least = m.growth_min_factor[i, t] * _last_year(m, i, t)
    return m.activity[i, t] >= least - m.growth_min_freed[i, t] * freed


def _limit_least(m: Any, i: Any, t: Any) -> Any:
    change = sum(m.least_weight[i, t, o, s, e] * m.run[o, s, e] for o, s, e in m.least_runs[i, t])
    closed = sum(
        m.least_closed_weight[i, t, o, s, e] * m.run[o, s, e]
        for o, s, e in m.least_closed_runs[i, t]
    )
    return m.activity[i, t] >= m.least_alone[i, t] + change - m.least_freed[i, t] * closed


def _first_growth(m: Any, i: Any, t: Any) -> Any:
    freed = sum(
        m.first_freed_weight[i, t, o, s, e] * m.run[o, s, e] for o, s, e in m.first_freed_runs[i, t]
    )
    return m.activity[i, t] >= m.first_min[i, t] - m.first_min[i, t] * freed


def _limit_most(m: Any, i: Any, t: Any) -> Any:
    change = sum(m.most_weight[i, t, o, s, e] * m.run[o, s, e] for o, s, e in m.most_runs[i, t])
    return m.activity[i, t] <= m.most_alone[i, t] + change


def _closed(m: Any, i: Any, t: Any, n: Any) -> Any:
    closed = sum(
        m.closes_weight[i, t, n, o, s, e] * m.run[o, s, e] for o, s, e in m.closes_runs[i, t, n]
    )
    return m.activity[i, t] <= m.closable[i, t, n] - m.closable[i, t, n] * closed


def _scale_least(m: Any, i: Any, t: Any) -> Any:
    return m.activity[i, t] >= m.scale_min[i, t] * m.on[i, t]


def _scale_most(m: Any, i: Any, t: Any) -> Any:
    return m.activity[i, t] <= m.scale_max[i, t] * m.on[i, t]
