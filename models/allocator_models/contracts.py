"""Contracts: what pools pay for activity, and where that leaves providers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Axis, Data, Index
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf
from allocator_models.responses import outcome


def declare(m: Any, data: Data) -> None:
    """Payment under contract, and provider positions.

    Variables (in money)
        payment[c, t]: what contract c pays its provider in year t.

    Constraints (money)
        payment_is[c, t]: payment = constant + slope follows
        payment_covers[c, t, n]: payment >= constant[n] + slope[n] follows
        block_ceiling[c, t]: sum_i tariff activity <= ceiling
        position[p, t]: sum of payments + overheads + other income - cost >= -deficit_max

    ``follows`` is the value of activity at tariff, its cost, or the outcome that earns a
    bonus. A contract replaces cost by payment: activity avoided under a block frees no cash
    but leaves its provider with cost. A payment with several pieces is the largest of them;
    the inequality is exact because nothing gains from a higher one, which the data ensure.
    """
    c = data.contracts
    _declare_follows(m, data)
    low, high = payment_range(data)
    m.CONTRACTS = ArraySet(c.rows)
    m.payment_min = ArrayParam(m.CONTRACTS, low, "payment_min")
    m.payment_max = ArrayParam(m.CONTRACTS, high, "payment_max")
    m.payment = pyo.Var(
        m.CONTRACTS, dense=False, bounds=lambda m, c, t: (m.payment_min[c, t], m.payment_max[c, t])
    )

    count = np.array([len(p.slope) for p in c.pieces], dtype=np.int64)
    owner = np.repeat(np.arange(len(c.pieces)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    straight = count[owner] == 1
    constant = np.concatenate([np.empty(0), *(p.constant for p in c.pieces)])
    slope = np.concatenate([np.empty(0), *(p.slope for p in c.pieces)])
    labels = Axis("piece", tuple(range(1, int(count.max(initial=1)) + 1)))
    one = c.rows.take(owner[straight])
    m.STRAIGHT = ArraySet(one)
    m.payment_constant = ArrayParam(m.STRAIGHT, constant[straight], "payment_constant")
    m.payment_slope = ArrayParam(m.STRAIGHT, slope[straight], "payment_slope")
    m.payment_is = ArrayConstraint(m.STRAIGHT, rule=_payment_is)
    at = [column[owner[~straight]] for column in c.rows.columns]
    m.PIECES = ArraySet(Index((*c.rows.axes, labels), [*at, number[~straight]]))
    m.piece_constant = ArrayParam(m.PIECES, constant[~straight], "piece_constant")
    m.piece_slope = ArrayParam(m.PIECES, slope[~straight], "piece_slope")
    m.payment_covers = ArrayConstraint(m.PIECES, rule=_payment_covers)

    limited = np.isfinite(c.ceiling)
    m.CEILINGS = ArraySet(c.rows.take(limited))
    m.ceiling = ArrayParam(m.CEILINGS, c.ceiling[limited], "ceiling")
    m.block_ceiling = ArrayConstraint(m.CEILINGS, rule=_block_ceiling)
    _declare_positions(m, data)


def _declare_follows(m: Any, data: Data) -> None:
    """What each payment follows, as terms of activity, stranded cost and outcomes."""
    c = data.contracts
    where = c.rows.positions(c.members.columns[:2])
    kind = c.kind[where]
    _, t, i = c.members.columns
    price = data.activity.price[i, t]
    m.MEMBERS = ArraySet(c.members)
    m.tariff = ArrayParam(m.MEMBERS, c.tariff, "tariff")
    weight = np.where(kind == "cost", price, np.where(kind == "value", c.tariff, 0.0))
    m.follow_activity = ArrayParam(m.MEMBERS, weight, "follow_activity")
    m.members_of = ArraySetOf(c.members.group((0, 1), c.rows))
    strands = m.STRANDED.array_index.find([i, t]) >= 0
    m.strands_in = ArraySetOf(c.members.take((kind == "cost") & strands).group((0, 1), c.rows))
    m.costs_stranded = ArraySetOf(c.members.take(strands).group((0, 1), c.rows))

    r = data.responses
    k = c.outcome[where]
    earns = (kind == "outcome") & (r.rows.find([np.maximum(k, 0), i, t]) >= 0)
    axes = (*c.rows.axes, data.outcome, data.programme)
    rows = Index(axes, [*(x[earns] for x in c.members.columns[:2]), k[earns], i[earns]])
    m.earns = ArraySetOf(rows.group((0, 1), c.rows))


def payment_range(data: Data) -> tuple[Any, Any]:
    """Least and most each payment can be, a little apart so that neither binds."""
    c, r, a = data.contracts, data.responses, data.activity
    where = c.rows.positions(c.members.columns[:2])
    _, t, i = c.members.columns
    highest = np.maximum(a.baseline, a.top.max(axis=1, initial=0.0))[i]
    at = r.rows.find([np.maximum(c.outcome[where], 0), i, t])
    rise = np.abs(r.base)
    width = r.width[r.segments.positions(r.slope_rows.columns[1:])]
    np.add.at(rise, r.rows.positions(r.slope_rows.columns[:3]), np.abs(r.slope) * width)
    earned = np.where(at >= 0, np.append(rise, 0.0)[at], 0.0)
    size = {
        "value": c.tariff * a.top[i, t],
        "cost": a.price[i, t] * (a.top[i, t] + a.fixed_share[i] * highest),
        "outcome": earned,
    }
    kind = c.kind[where]
    counted = sum(np.where(kind == k, x, 0.0) for k, x in size.items())
    reach = np.bincount(where, counted, len(c.rows))
    low, high = np.zeros(len(c.rows)), np.zeros(len(c.rows))
    for row, cut in enumerate(c.pieces):
        ends = np.concatenate([cut.constant, cut.constant + cut.slope * reach[row]])
        ends = np.append(ends, cut.constant - cut.slope * reach[row]) if kind_of(c, row) else ends
        room = 1.0 + np.abs(ends).max()
        low[row], high[row] = min(0.0, ends.min()) - room, ends.max() + room
    return low, high


def kind_of(contracts: Any, row: int) -> bool:
    """Whether a payment follows an outcome, which may be negative."""
    return bool(contracts.kind[row] == "outcome")


def follows(m: Any, c: Any, t: Any) -> Any:
    """What contract c's payment follows in year t."""
    activity = sum(m.follow_activity[c, t, i] * m.activity[i, t] for i in m.members_of[c, t])
    stranded = sum(m.stranded[i, t] for i in m.strands_in[c, t])
    earned = sum(outcome(m, k, i, t) for k, i in m.earns[c, t])
    return activity + stranded + earned


def _payment_is(m: Any, c: Any, t: Any) -> Any:
    return m.payment[c, t] == m.payment_constant[c, t] + m.payment_slope[c, t] * follows(m, c, t)


def _payment_covers(m: Any, c: Any, t: Any, n: Any) -> Any:
    return m.payment[c, t] >= m.piece_constant[c, t, n] + m.piece_slope[c, t, n] * follows(m, c, t)


def _block_ceiling(m: Any, c: Any, t: Any) -> Any:
    return sum(m.tariff[c, t, i] * m.activity[i, t] for i in m.members_of[c, t]) <= m.ceiling[c, t]


def _declare_positions(m: Any, data: Data) -> None:
    c, p = data.contracts, data.providers
    limited = np.isfinite(p.deficit_max)
    rows = p.rows.take(limited)
    m.LIMITED = ArraySet(rows)
    m.deficit_max = ArrayParam(m.LIMITED, p.deficit_max[limited], "deficit_max")
    m.other_income = ArrayParam(m.LIMITED, p.other[limited], "other_income")
    name, t = c.rows.columns
    axes = (p.axis, data.year, c.rows.axes[0])
    m.overhead = ArrayParam(m.CONTRACTS, c.markup - 1.0, "overhead")
    for attribute, who in (("holds", c.provider), ("leads", c.lead)):
        mine = who >= 0
        mine &= rows.find([np.maximum(who, 0), t]) >= 0
        index = Index(axes, [who[mine], t[mine], name[mine]])
        setattr(m, attribute, ArraySetOf(index.group((0, 1), rows)))
    m.position = ArrayConstraint(m.LIMITED, rule=_position)


def cost_of(m: Any, c: Any, t: Any) -> Any:
    """What the activity under contract c costs its provider, stranded cost included."""
    running = sum(m.price[i, t] * m.activity[i, t] for i in m.members_of[c, t])
    return running + sum(m.stranded[i, t] for i in m.costs_stranded[c, t])


def _position(m: Any, p: Any, t: Any) -> Any:
    paid = sum(m.payment[c, t] for c in m.holds[p, t])
    led = sum(m.overhead[c, t] * m.payment[c, t] for c in m.leads[p, t])
    cost = sum(cost_of(m, c, t) for c in m.holds[p, t])
    return paid + led + m.other_income[p, t] - cost >= -m.deficit_max[p, t]
