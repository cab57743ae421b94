"""What activity costs beyond its plain unit cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Data, Index
from allocator.data.activity import ROOM, distinct
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.options import attach


def declare(m: Any, data: Data) -> None:
    """Cost thresholds, unit costs that options change, and yearly costs of options.

    Variables
        surcharge[i, t] (money): may be negative.
        above[i, t] (activity): activity above the cost threshold, >= 0.
        beyond[i, t]: 1 when activity is above it.
        level_activity[i, t, l] (activity): activity while level l holds, otherwise 0.

    Constraints
        surcharge_is[i, t]: surcharge = change above + sum_l change[l] level_activity[l]
                            + sum cost run
        tier_below[i, t]: activity - above <= threshold
        tier_full[i, t]: activity - above >= lo + (threshold - lo) beyond
        tier_above[i, t]: above <= (hi - threshold) beyond
        level_least, level_most[i, t, l]: lo z <= level_activity <= hi z
        level_filled[i, t, l]: level_activity = start z + sum_n level_fill[n]
        level_open[i, t, l, n]: level_fill <= width z
        rest_open[i, t, n]: 0 <= fill - sum_l level_fill <= width (1 - sum z)
        rest_least, rest_most[i, t]: lo (1 - sum z) <= activity - sum level_activity
                                     <= hi (1 - sum z)

    with z the sum of the runs that make the level, of which at most one is taken. lo and hi
    are what can be reached: the convex hull of the levels, with no other constant.
    """
    x, a = data.surcharge, data.activity
    m.SURCHARGE = ArraySet(x.rows)
    room = 1.0 + np.maximum(np.abs(x.low), np.abs(x.high))
    m.surcharge_min = ArrayParam(m.SURCHARGE, x.low - room, "surcharge_min")
    m.surcharge_max = ArrayParam(m.SURCHARGE, x.high + room, "surcharge_max")
    m.surcharge = ArrayVar(
        m.SURCHARGE,
        bounds=lambda m, i, t: (m.surcharge_min[i, t], m.surcharge_max[i, t]),
    )
    same = Index((*x.rows.axes, *x.rows.axes), [*x.rows.columns, *x.rows.columns])
    m.surcharge_here = ArraySetOf(same.group((0, 1), data.programme_years))

    low, high = a.lo[x.tiers.columns], a.hi[x.tiers.columns] * (1.0 + ROOM)
    low = np.minimum(low, x.threshold)
    m.TIERS = ArraySet(x.tiers)
    m.tier_change = ArrayParam(m.TIERS, x.change, "tier_change")
    m.tier_threshold = ArrayParam(m.TIERS, x.threshold, "tier_threshold")
    m.tier_low = ArrayParam(m.TIERS, low, "tier_low")
    m.tier_rise = ArrayParam(m.TIERS, distinct(x.threshold - low), "tier_rise")
    m.tier_room = ArrayParam(m.TIERS, distinct(high - x.threshold), "tier_room")
    m.above = ArrayVar(m.TIERS, bounds=lambda m, i, t: (0.0, m.tier_room[i, t]))
    m.tier_below = ArrayConstraint(m.TIERS, rule=_tier_below)
    m.BEYOND = ArraySet(data.tier_orders)
    m.beyond = ArrayVar(m.BEYOND, domain=pyo.Binary)
    m.tier_full = ArrayConstraint(m.BEYOND, rule=_tier_full)
    m.tier_above = ArrayConstraint(m.BEYOND, rule=_tier_above)
    twice = Index((*x.tiers.axes, *x.tiers.axes), [*x.tiers.columns, *x.tiers.columns])
    m.tier_here = ArraySetOf(twice.group((0, 1), x.rows))

    _declare_levels(m, data)
    attach(m, "spend", data.options.spend, x.rows)
    m.surcharge_is = ArrayConstraint(m.SURCHARGE, rule=_surcharge_is)


def _declare_levels(m: Any, data: Data) -> None:
    levels, a = data.options.prices, data.activity
    i, t, _ = levels.rows.columns
    m.LEVELS = ArraySet(levels.rows)
    m.level_change = ArrayParam(m.LEVELS, levels.change, "level_change")
    m.level_lo = ArrayParam(m.LEVELS, a.lo[i, t], "level_lo")
    m.level_hi = ArrayParam(m.LEVELS, a.hi[i, t] * (1.0 + ROOM), "level_hi")
    m.level_activity = ArrayVar(m.LEVELS, bounds=lambda m, i, t, n: (0.0, m.level_hi[i, t, n]))
    attach(m, "level", levels.runs, levels.rows)
    m.level_least = ArrayConstraint(m.LEVELS, rule=_level_least)
    m.level_most = ArrayConstraint(m.LEVELS, rule=_level_most)
    owners = levels.owners
    m.LEVELLED = ArraySet(owners)
    m.rest_lo = ArrayParam(m.LEVELLED, a.lo[owners.columns], "rest_lo")
    m.rest_hi = ArrayParam(m.LEVELLED, a.hi[owners.columns] * (1.0 + ROOM), "rest_hi")
    m.levels_of = ArraySetOf(levels.rows.group((0, 1), data.surcharge.rows))
    attach(m, "levelled", levels.runs.over(owners), owners)
    m.rest_least = ArrayConstraint(m.LEVELLED, rule=_rest_least)
    m.rest_most = ArrayConstraint(m.LEVELLED, rule=_rest_most)
    _declare_level_fills(m, data)


def _declare_level_fills(m: Any, data: Data) -> None:
    """Segments of the response curves, filled level by level."""
    levels, r = data.options.prices, data.responses
    by_activity = m.BY_ACTIVITY.array_index
    curved = levels.rows.take(by_activity.find(levels.rows.columns[:2]) >= 0)
    count = np.bincount(r.drivers.positions(r.segments.columns[:2]), minlength=len(r.drivers))
    first = np.cumsum(count) - count
    at = r.drivers.positions(curved.columns[:2])
    owner = np.repeat(np.arange(len(curved)), count[at])
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count[at]) - count[at], count[at])
    segment = r.segments.columns[2][first[at[owner]] + step]
    fills = Index(
        (*curved.axes, r.segments.axes[2]), [*(c[owner] for c in curved.columns), segment]
    )
    m.LEVEL_CURVED = ArraySet(curved)
    m.LEVEL_FILLS = ArraySet(fills)
    i, t, _, n = fills.columns
    width = r.width[r.segments.positions([i, t, n])]
    m.level_width = ArrayParam(m.LEVEL_FILLS, width, "level_width")
    m.level_fill = ArrayVar(
        m.LEVEL_FILLS, bounds=lambda m, i, t, k, n: (0.0, m.level_width[i, t, k, n])
    )
    m.level_fills_of = ArraySetOf(fills.group((0, 1, 2), curved))
    m.level_filled = ArrayConstraint(m.LEVEL_CURVED, rule=_level_filled)
    m.level_open = ArrayConstraint(m.LEVEL_FILLS, rule=_level_open)
    key = np.unique(r.segments.positions([i, t, n]))
    split = r.segments.take(key)
    m.SPLIT = ArraySet(split)
    m.fills_at = ArraySetOf(fills.group((0, 1, 3), split))
    m.rest_filled = ArrayConstraint(m.SPLIT, rule=_rest_filled)
    m.rest_open = ArrayConstraint(m.SPLIT, rule=_rest_open)


def surcharge(m: Any, i: Any, t: Any) -> Any:
    """Surcharge of a programme and year: one term, or none."""
    return sum(m.surcharge[j, s] for j, s in m.surcharge_here[i, t])


def _level(m: Any, i: Any, t: Any, n: Any) -> Any:
    """1 when the level holds."""
    return sum(
        m.level_weight[i, t, n, o, s, e] * m.run[o, s, e] for o, s, e in m.level_runs[i, t, n]
    )


def _levelled(m: Any, i: Any, t: Any) -> Any:
    """1 when any level holds."""
    return sum(
        m.levelled_weight[i, t, o, s, e] * m.run[o, s, e] for o, s, e in m.levelled_runs[i, t]
    )


def _rest(m: Any, i: Any, t: Any) -> Any:
    return m.activity[i, t] - sum(m.level_activity[i, t, n] for n in m.levels_of[i, t])


def _level_least(m: Any, i: Any, t: Any, n: Any) -> Any:
    return m.level_activity[i, t, n] >= m.level_lo[i, t, n] * _level(m, i, t, n)


def _level_most(m: Any, i: Any, t: Any, n: Any) -> Any:
    return m.level_activity[i, t, n] <= m.level_hi[i, t, n] * _level(m, i, t, n)


def _rest_least(m: Any, i: Any, t: Any) -> Any:
    return _rest(m, i, t) >= m.rest_lo[i, t] - m.rest_lo[i, t] * _levelled(m, i, t)


def _rest_most(m: Any, i: Any, t: Any) -> Any:
    return _rest(m, i, t) <= m.rest_hi[i, t] - m.rest_hi[i, t] * _levelled(m, i, t)


def _level_filled(m: Any, i: Any, t: Any, k: Any) -> Any:
    filled = sum(m.level_fill[i, t, k, n] for n in m.level_fills_of[i, t, k])
    return m.level_activity[i, t, k] == m.start[i, t] * _level(m, i, t, k) + filled


def _level_open(m: Any, i: Any, t: Any, k: Any, n: Any) -> Any:
    return m.level_fill[i, t, k, n] <= m.level_width[i, t, k, n] * _level(m, i, t, k)


def _rest_filled(m: Any, i: Any, t: Any, n: Any) -> Any:
    return m.fill[i, t, n] >= sum(m.level_fill[i, t, k, n] for k in m.fills_at[i, t, n])


def _rest_open(m: Any, i: Any, t: Any, n: Any) -> Any:
    rest = m.fill[i, t, n] - sum(m.level_fill[i, t, k, n] for k in m.fills_at[i, t, n])
    return rest <= m.width[i, t, n] - m.width[i, t, n] * _levelled(m, i, t)


def _tier_below(m: Any, i: Any, t: Any) -> Any:
    return m.activity[i, t] - m.above[i, t] <= m.tier_threshold[i, t]


def _tier_full(m: Any, i: Any, t: Any) -> Any:
    least = m.tier_low[i, t] + m.tier_rise[i, t] * m.beyond[i, t]
    return m.activity[i, t] - m.above[i, t] >= least


def _tier_above(m: Any, i: Any, t: Any) -> Any:
    return m.above[i, t] <= m.tier_room[i, t] * m.beyond[i, t]


def _surcharge_is(m: Any, i: Any, t: Any) -> Any:
    tiers = sum(m.tier_change[j, s] * m.above[j, s] for j, s in m.tier_here[i, t])
    levels = sum(m.level_change[i, t, n] * m.level_activity[i, t, n] for n in m.levels_of[i, t])
    yearly = sum(m.spend_weight[i, t, o, s, e] * m.run[o, s, e] for o, s, e in m.spend_runs[i, t])
    return m.surcharge[i, t] == tiers + levels + yearly
