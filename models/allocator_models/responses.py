"""What activity, or need met, buys: response curves as segments."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.demand import need
from allocator_models.indices import Expression, Programme, Relation, Segment, Year


def declare(m: Model, data: Data) -> None:
    """Segments of the response curves.

    Variables (in the programme's unit of activity)
        fill[i, t, n]: how far segment n is filled, 0 <= fill <= its width.
        order[i, t, b]: 1 once every segment up to the end of block b is full.

    Constraints
        driver_of_activity[i, t]: activity[i, t] = start[i, t] + sum_n fill[i, t, n]
        driver_of_need_met[i, t]: D + carry unmet[i, t-1] - unmet[i, t]
                                  = start[i, t] + sum_n fill[i, t, n]
        order_full[i, t, n]: fill[n] >= width[n] order[b], b the decision that ends n's block
        order_open[i, t, n]: fill[n] <= width[n] order[b], b the decision before n's block

    One set of segments serves all outcomes of a programme. Where the data say that a plan
    would fill them out of order there are decisions between blocks
    of segments (the incremental formulation: no constant but the widths). For a programme
    that meets need the driver is need met, so that avoiding an admission never loses outcome.
    """
    r, order = data.responses, data.curve_order
    m.SEGMENTS = Set(r.segments)
    m.BY_ACTIVITY = Set(data.by_activity)
    m.BY_NEED = Set(data.by_need_met)
    m.ORDERS = Set(data.ordering.orders)
    m.ENDING = Set(order.ending)
    m.OPENING = Set(order.opening)
    m.segments_of = Members(r.segments, r.drivers)
    m.ending_order = Members(order.ended_by, order.ending)
    m.opening_order = Members(order.opened_by, order.opening)

    m.start = Param(r.drivers, r.start)
    m.width = Param(m.SEGMENTS, r.width)

    m.fill = Var(m.SEGMENTS, bounds=lambda m, i, t, n: (0.0, m.width[i, t, n]))
    m.order = Var(m.ORDERS, domain=pyo.Binary)

    m.driver_of_activity = Constraint(m.BY_ACTIVITY, rule=_by_activity)
    m.driver_of_need_met = Constraint(m.BY_NEED, rule=_by_need_met)
    m.order_full = Constraint(m.ENDING, rule=_order_full)
    m.order_open = Constraint(m.OPENING, rule=_order_open)


def _filled(m: Model, i: Programme, t: Year) -> Expression:
    return m.start[i, t] + sum(m.fill[i, t, n] for n in m.segments_of[i, t])


def _by_activity(m: Model, i: Programme, t: Year) -> Relation:
    return m.activity[i, t] == _filled(m, i, t)


def _by_need_met(m: Model, i: Programme, t: Year) -> Relation:
    return need(m, i, t) - m.unmet[i, t] == _filled(m, i, t)


def _order_full(m: Model, i: Programme, t: Year, n: Segment) -> Relation:
    full = sum(m.order[i, t, b] for b in m.ending_order[i, t, n])
    return m.fill[i, t, n] >= m.width[i, t, n] * full


def _order_open(m: Model, i: Programme, t: Year, n: Segment) -> Relation:
    opened = sum(m.order[i, t, b] for b in m.opening_order[i, t, n])
    return m.fill[i, t, n] <= m.width[i, t, n] * opened
