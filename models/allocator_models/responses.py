"""What activity, or need met, buys of each outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Data, Index
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.demand import need
from allocator_models.options import attach


def declare(m: Any, data: Data) -> None:
    """Segments of the response curves.

    Variables (in the programme's unit of activity)
        fill[i, t, n]: how far segment n is filled, 0 <= fill <= its width.

    Constraints
        driver_of_activity[i, t]: activity[i, t] = start[i, t] + sum_n fill[i, t, n]
        driver_of_need_met[i, t]: D + carry unmet[i, t-1] - unmet[i, t]
                                  = start[i, t] + sum_n fill[i, t, n]

        order_full[i, t, n]: fill[n] >= width[n] order[b], b the decision that ends n's block
        order_open[i, t, n]: fill[n] <= width[n] order[b], b the decision before n's block

    and where options multiply an outcome, the product split by level as unit costs are
    (:mod:`allocator_models.surcharge`): outcome_level[k, i, t, l], within what the outcome
    can be times the decision.

    One set of segments serves all outcomes of a programme. Where the data say that a plan
    would fill them out of order there are decisions order[i, t, b] in {0, 1} between blocks
    of segments (the incremental formulation: no constant but the widths). For a programme
    that meets need the driver is need met, so that avoiding an admission never loses outcome.
    """
    r = data.responses
    m.SEGMENTS = ArraySet(r.segments)
    m.RESPONSES = ArraySet(r.rows)
    m.DRIVERS = ArraySet(r.drivers)
    m.start = ArrayParam(m.DRIVERS, r.start, "start")
    m.width = ArrayParam(m.SEGMENTS, r.width, "width")
    m.fill = ArrayVar(m.SEGMENTS, bounds=lambda m, i, t, n: (0.0, m.width[i, t, n]))
    m.segments_of = ArraySetOf(r.segments.group((0, 1), r.drivers))

    m.SLOPES = ArraySet(r.slope_rows)
    m.base_outcome = ArrayParam(m.RESPONSES, r.base, "base_outcome")
    m.slope = ArrayParam(m.SLOPES, r.slope, "slope")
    m.slopes_of = ArraySetOf(r.slope_rows.group((0, 1, 2), r.rows))

    meets_need = data.demand.rows.find(r.drivers.columns) >= 0
    m.BY_ACTIVITY = ArraySet(r.drivers.take(~meets_need))
    m.driver_of_activity = ArrayConstraint(m.BY_ACTIVITY, rule=_by_activity)
    m.BY_NEED = ArraySet(r.drivers.take(meets_need))
    m.driver_of_need_met = ArrayConstraint(m.BY_NEED, rule=_by_need_met)
    _declare_order(m, data)
    attach(m, "outcome", data.options.outcome, r.rows)
    _declare_levels(m, data)


def _declare_order(m: Any, data: Data) -> None:
    x, segments = data.ordering, data.responses.segments
    m.ORDERS = ArraySet(x.orders)
    m.order = ArrayVar(m.ORDERS, domain=pyo.Binary)
    i, t, _ = segments.columns
    label = x.orders.axes[2]
    axes = (*segments.axes, label)
    for name, block in (("ending", x.block), ("opening", x.block - 1)):
        there = x.orders.find([i, t, np.maximum(block, 0)])
        mine = (there >= 0) & (block >= 0)
        index = segments.take(mine)
        setattr(m, f"{name.upper()}", ArraySet(index))
        pairs = Index(axes, [*index.columns, block[mine]])
        setattr(m, f"{name}_order", ArraySetOf(pairs.group((0, 1, 2), index)))
    m.order_full = ArrayConstraint(m.ENDING, rule=_order_full)
    m.order_open = ArrayConstraint(m.OPENING, rule=_order_open)


def _declare_levels(m: Any, data: Data) -> None:
    r, levels = data.responses, data.options.outcomes
    low, high = r.spans(*data.driver_range)
    at = r.rows.positions(levels.rows.columns[:3])
    m.OUTCOME_LEVELS = ArraySet(levels.rows)
    m.outcome_change = ArrayParam(m.OUTCOME_LEVELS, levels.change, "outcome_change")
    m.outcome_lo = ArrayParam(m.OUTCOME_LEVELS, low[at], "outcome_lo")
    m.outcome_hi = ArrayParam(m.OUTCOME_LEVELS, high[at], "outcome_hi")
    m.outcome_level = ArrayVar(
        m.OUTCOME_LEVELS,
        bounds=lambda m, k, i, t, n: (
            m.outcome_level_min[k, i, t, n],
            m.outcome_level_max[k, i, t, n],
        ),
    )
    m.outcome_level_min = ArrayParam(m.OUTCOME_LEVELS, np.minimum(low[at], 0.0))
    m.outcome_level_max = ArrayParam(m.OUTCOME_LEVELS, np.maximum(high[at], 0.0))
    attach(m, "outcome_level", levels.runs, levels.rows)
    m.outcome_level_least = ArrayConstraint(m.OUTCOME_LEVELS, rule=_outcome_level_least)
    m.outcome_level_most = ArrayConstraint(m.OUTCOME_LEVELS, rule=_outcome_level_most)
    owners = levels.owners
    at = r.rows.positions(owners.columns)
    m.OUTCOME_LEVELLED = ArraySet(owners)
    m.outcome_rest_lo = ArrayParam(m.OUTCOME_LEVELLED, low[at], "outcome_rest_lo")
    m.outcome_rest_hi = ArrayParam(m.OUTCOME_LEVELLED, high[at], "outcome_rest_hi")
    m.outcome_levels_of = ArraySetOf(levels.rows.group((0, 1, 2), r.rows))
    attach(m, "outcome_levelled", levels.runs.over(owners), owners)
    m.outcome_rest_least = ArrayConstraint(m.OUTCOME_LEVELLED, rule=_outcome_rest_least)
    m.outcome_rest_most = ArrayConstraint(m.OUTCOME_LEVELLED, rule=_outcome_rest_most)


def _order_full(m: Any, i: Any, t: Any, n: Any) -> Any:
    return m.fill[i, t, n] >= m.width[i, t, n] * sum(
        m.order[i, t, b] for b in m.ending_order[i, t, n]
    )


def _order_open(m: Any, i: Any, t: Any, n: Any) -> Any:
    return m.fill[i, t, n] <= m.width[i, t, n] * sum(
        m.order[i, t, b] for b in m.opening_order[i, t, n]
    )


def _outcome_is_level(m: Any, k: Any, i: Any, t: Any, n: Any) -> Any:
    """1 when the level holds."""
    return sum(
        m.outcome_level_weight[k, i, t, n, o, s, e] * m.run[o, s, e]
        for o, s, e in m.outcome_level_runs[k, i, t, n]
    )


def _outcome_levelled(m: Any, k: Any, i: Any, t: Any) -> Any:
    """1 when any level holds."""
    return sum(
        m.outcome_levelled_weight[k, i, t, o, s, e] * m.run[o, s, e]
        for o, s, e in m.outcome_levelled_runs[k, i, t]
    )


def _outcome_level_least(m: Any, k: Any, i: Any, t: Any, n: Any) -> Any:
    least = m.outcome_lo[k, i, t, n] * _outcome_is_level(m, k, i, t, n)
    return m.outcome_level[k, i, t, n] >= least


def _outcome_level_most(m: Any, k: Any, i: Any, t: Any, n: Any) -> Any:
    most = m.outcome_hi[k, i, t, n] * _outcome_is_level(m, k, i, t, n)
    return m.outcome_level[k, i, t, n] <= most


def _outcome_rest(m: Any, k: Any, i: Any, t: Any) -> Any:
    split = sum(m.outcome_level[k, i, t, n] for n in m.outcome_levels_of[k, i, t])
    return bought(m, k, i, t) - split


def _outcome_rest_least(m: Any, k: Any, i: Any, t: Any) -> Any:
    low = m.outcome_rest_lo[k, i, t]
    return _outcome_rest(m, k, i, t) >= low - low * _outcome_levelled(m, k, i, t)


def _outcome_rest_most(m: Any, k: Any, i: Any, t: Any) -> Any:
    high = m.outcome_rest_hi[k, i, t]
    return _outcome_rest(m, k, i, t) <= high - high * _outcome_levelled(m, k, i, t)


def _filled(m: Any, i: Any, t: Any) -> Any:
    return m.start[i, t] + sum(m.fill[i, t, n] for n in m.segments_of[i, t])


def _by_activity(m: Any, i: Any, t: Any) -> Any:
    return m.activity[i, t] == _filled(m, i, t)


def _by_need_met(m: Any, i: Any, t: Any) -> Any:
    return need(m, i, t) - m.unmet[i, t] == _filled(m, i, t)


def outcome(m: Any, k: Any, i: Any, t: Any) -> Any:
    """Outcome k of programme i in year t, with what options add, in the outcome's unit."""
    added = sum(
        m.outcome_weight[k, i, t, o, s, e] * m.run[o, s, e] for o, s, e in m.outcome_runs[k, i, t]
    )
    multiplied = sum(
        m.outcome_change[k, i, t, n] * m.outcome_level[k, i, t, n]
        for n in m.outcome_levels_of[k, i, t]
    )
    return bought(m, k, i, t) + added + multiplied


def bought(m: Any, k: Any, i: Any, t: Any) -> Any:
    """Outcome k that programme i buys in year t by its curve alone."""
    return m.base_outcome[k, i, t] + sum(
        m.slope[k, i, t, n] * m.fill[i, t, n] for n in m.slopes_of[k, i, t]
    )
