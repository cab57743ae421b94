"""Contracts: what pools pay for activity, and where that leaves providers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Axis, Data, Index
from allocator.data.activity import ROOM
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.options import attach
from allocator_models.responses import outcome


def declare(m: Any, data: Data) -> None:
    """Payment under contract, and provider positions.

    Variables (in money)
        payment[c, t]: what contract c pays its provider in year t.

    Constraints (money)
        payment_is[c, t]: payment = constant + slope follows
        payment_covers[c, t, n]: payment >= constant[n] + slope[n] follows
        payment_filled[c, t]: follows = low on + sum_n piece_fill[n] + follows_ended
        payment_follows[c, t]: payment = at_low on + sum_n slope[n] piece_fill[n]
                               + sum_b jump[b] step[b] + cost_ended
        block_ceiling[c, t]: sum_i tariff activity <= ceiling, where the contract holds
        position[p, t]: sum of payments + overheads + other income - cost >= -deficit_max

    ``follows`` is the value of activity at tariff, its cost, or the outcome that earns a
    bonus. A contract replaces cost by payment: activity avoided under a block frees no cash
    but leaves its provider with cost. A payment with several pieces is held from below by
    each where it is the largest of them and nothing gains from a higher one; where it is
    not, or may be ended or suspended, its pieces are filled in order as curves are
    (:mod:`allocator.data.payments` decides which):

        step[c, t, b]: 1 once every piece up to block b's end is full
        off[c, t]: 1 where the contract has been ended or an option suspends it; on = 1 - off
        end[c, t]: 1 in the first year without it
        follows_ended, cost_ended: what the payment follows, and the cost of its programmes,
        where it does not hold; otherwise 0
    """
    c = data.contracts
    _declare_follows(m, data)
    low, high = payment_range(data)
    m.CONTRACTS = ArraySet(c.rows)
    m.payment_min = ArrayParam(m.CONTRACTS, low, "payment_min")
    m.payment_max = ArrayParam(m.CONTRACTS, high, "payment_max")
    m.payment = ArrayVar(
        m.CONTRACTS, bounds=lambda m, c, t: (m.payment_min[c, t], m.payment_max[c, t])
    )

    _declare_ends(m, data)
    _declare_fills(m, data)
    pay = data.payments
    count = np.array([len(p.slope) for p in pay.pieces], dtype=np.int64) * ~pay.filled
    owner = np.repeat(np.arange(len(pay.pieces)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    straight = count[owner] == 1
    cut = [p for p, filled in zip(pay.pieces, pay.filled, strict=True) if not filled]
    constant = np.concatenate([np.empty(0), *(p.constant for p in cut)])
    slope = np.concatenate([np.empty(0), *(p.slope for p in cut)])
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


def _declare_ends(m: Any, data: Data) -> None:
    """Ending a contract for good, and suspending it while an option is in place.

    Constraints
        ended_once[c]: sum_t end[c, t] <= 1, by the last year of the contract
        off_ended[c, t]: off >= sum_{s <= t} end[c, s]
        off_suspended[c, t, o]: off >= the runs of option o that suspend it
        off_only[c, t]: off <= all of these together
    """
    c = data.contracts
    rows = c.rows.take(c.endable)
    m.ENDABLE = ArraySet(rows)
    m.ENDS = ArraySet(c.ends)
    m.end = ArrayVar(m.ENDS, domain=pyo.Binary)
    m.off = ArrayVar(m.ENDABLE, bounds=lambda m, c, t: (0.0, 1.0))
    name, first = c.ends.columns
    contract, t = rows.columns
    pair, end = np.nonzero((contract[:, None] == name) & (t[:, None] >= first))
    before = Index((*rows.axes, rows.axes[1]), [contract[pair], t[pair], first[end]])
    m.ended_by = ArraySetOf(before.group((0, 1), rows))
    may = np.zeros(len(rows), dtype=bool)
    may[pair] = True
    m.MAY_END = ArraySet(rows.take(may))
    m.off_ended = ArrayConstraint(m.MAY_END, rule=_off_ended)
    m.ended_once = ArrayConstraint(m.MAY_END, rule=_ended_once)
    _, suspends = data.options.suspends.within(rows)
    each = suspends.by_option()
    m.SUSPENDABLE = ArraySet(each)
    attach(m, "suspends", suspends.doubled(), each)
    attach(m, "suspended", suspends, rows)
    m.off_suspended = ArrayConstraint(m.SUSPENDABLE, rule=_off_suspended)
    m.off_only = ArrayConstraint(m.ENDABLE, rule=_off_only)


def _declare_fills(m: Any, data: Data) -> None:
    """Payments filled in order, and what stands in for them where a contract does not hold.

    Constraints
        piece_full[c, t, n]: piece_fill >= width step, the step that ends n's block
        piece_open[c, t, n]: piece_fill <= width step, the step before n's block
        piece_whole[c, t, n]: piece_fill <= width step for the band left out below a step
        piece_on[c, t, n]: piece_fill <= width on, in the first block of a contract that may end
        cost_ended = cost where the contract does not hold: within its range times off, and
        within that range times on of the cost
    """
    c, pay = data.contracts, data.payments
    rows = c.rows.take(pay.filled)
    m.FILLED = ArraySet(rows)
    m.fill_low = ArrayParam(m.FILLED, pay.low, "fill_low")
    m.fill_at_low = ArrayParam(m.FILLED, pay.at_low, "fill_at_low")
    m.FILLS = ArraySet(pay.fills)
    m.piece_width = ArrayParam(m.FILLS, pay.width, "piece_width")
    m.fill_slope = ArrayParam(m.FILLS, pay.slope, "fill_slope")
    m.piece_fill = ArrayVar(m.FILLS, bounds=lambda m, c, t, n: (0.0, m.piece_width[c, t, n]))
    m.fills_of = ArraySetOf(pay.fills.group((0, 1), rows))
    m.STEPS_PAID = ArraySet(pay.orders)
    m.step = ArrayVar(m.STEPS_PAID, domain=pyo.Binary)
    m.jump = ArrayParam(m.STEPS_PAID, pay.jump, "jump")
    m.steps_of = ArraySetOf(pay.orders.group((0, 1), rows))
    axes = (*pay.fills.axes, pay.orders.axes[2])
    name, t, _ = pay.fills.columns
    for kind, block in (("ending", pay.block), ("opening", pay.block - 1)):
        mine = (pay.orders.find([name, t, np.maximum(block, 0)]) >= 0) & (block >= 0)
        index = pay.fills.take(mine)
        setattr(m, f"PIECE_{kind.upper()}", ArraySet(index))
        pairs = Index(axes, [*index.columns, block[mine]])
        setattr(m, f"piece_{kind}", ArraySetOf(pairs.group((0, 1, 2), index)))
    m.piece_full = ArrayConstraint(m.PIECE_ENDING, rule=_piece_full)
    m.piece_open = ArrayConstraint(m.PIECE_OPENING, rule=_piece_open)
    m.WHOLE = ArraySet(pay.fills.take(pay.whole))
    m.piece_whole = ArrayConstraint(m.WHOLE, rule=_piece_whole)

    endable = rows.find(m.ENDABLE.array_index.columns)
    same = Index((*rows.axes, *rows.axes), [*(x[endable] for x in rows.columns)] * 2)
    m.off_here = ArraySetOf(same.group((0, 1), c.rows))
    first = pay.block == 0
    first &= m.ENDABLE.array_index.find([name, t]) >= 0
    m.FIRST_PIECES = ArraySet(pay.fills.take(first))
    m.piece_on = ArrayConstraint(m.FIRST_PIECES, rule=_piece_on)
    _declare_ended(m, data)
    m.payment_filled = ArrayConstraint(m.FILLED, rule=_payment_filled)
    m.payment_follows = ArrayConstraint(m.FILLED, rule=_payment_follows)


def _declare_ended(m: Any, data: Data) -> None:
    c, pay = data.contracts, data.payments
    at = c.rows.positions(m.ENDABLE.array_index.columns)
    room = ROOM * np.maximum(np.abs(c.cost_low), np.abs(c.cost_high))
    low, high = c.cost_low - room, c.cost_high + room
    m.cost_low = ArrayParam(m.ENDABLE, low[at], "cost_low")
    m.cost_high = ArrayParam(m.ENDABLE, high[at], "cost_high")
    where = np.cumsum(pay.filled) - 1
    width = np.bincount(
        m.FILLED.array_index.positions(pay.fills.columns[:2]), pay.width, len(pay.low)
    )
    least = pay.low[where[at]]
    m.ended_low = ArrayParam(m.ENDABLE, least, "ended_low")
    m.ended_high = ArrayParam(m.ENDABLE, least + width[where[at]], "ended_high")
    m.ended_min = ArrayParam(m.ENDABLE, np.minimum(least, 0.0))
    m.ended_max = ArrayParam(m.ENDABLE, np.maximum(least + width[where[at]], 0.0))
    m.cost_min = ArrayParam(m.ENDABLE, np.minimum(low[at], 0.0))
    m.cost_max = ArrayParam(m.ENDABLE, np.maximum(high[at], 0.0))
    m.follows_ended = ArrayVar(
        m.ENDABLE, bounds=lambda m, c, t: (m.ended_min[c, t], m.ended_max[c, t])
    )
    m.cost_ended = ArrayVar(m.ENDABLE, bounds=lambda m, c, t: (m.cost_min[c, t], m.cost_max[c, t]))
    m.ended_least = ArrayConstraint(m.ENDABLE, rule=_ended_least)
    m.ended_most = ArrayConstraint(m.ENDABLE, rule=_ended_most)
    m.cost_ended_least = ArrayConstraint(m.ENDABLE, rule=_cost_ended_least)
    m.cost_ended_most = ArrayConstraint(m.ENDABLE, rule=_cost_ended_most)
    m.cost_held_least = ArrayConstraint(m.ENDABLE, rule=_cost_held_least)
    m.cost_held_most = ArrayConstraint(m.ENDABLE, rule=_cost_held_most)


def _ended(m: Any, c: Any, t: Any) -> Any:
    """1 when the contract has been ended by year t."""
    return sum(m.end[c, s] for s in m.ended_by[c, t])


def _off(m: Any, c: Any, t: Any) -> Any:
    """1 where the contract does not hold: one term, or none where it always does."""
    return sum(m.off[d, s] for d, s in m.off_here[c, t])


def _off_ended(m: Any, c: Any, t: Any) -> Any:
    return m.off[c, t] >= _ended(m, c, t)


def _ended_once(m: Any, c: Any, t: Any) -> Any:
    return _ended(m, c, t) <= 1.0


def _off_suspended(m: Any, c: Any, t: Any, n: Any) -> Any:
    return m.off[c, t] >= sum(
        m.suspends_weight[c, t, n, o, s, e] * m.run[o, s, e] for o, s, e in m.suspends_runs[c, t, n]
    )


def _off_only(m: Any, c: Any, t: Any) -> Any:
    suspended = sum(
        m.suspended_weight[c, t, o, s, e] * m.run[o, s, e] for o, s, e in m.suspended_runs[c, t]
    )
    return m.off[c, t] <= _ended(m, c, t) + suspended


def _piece_full(m: Any, c: Any, t: Any, n: Any) -> Any:
    return m.piece_fill[c, t, n] >= m.piece_width[c, t, n] * sum(
        m.step[c, t, b] for b in m.piece_ending[c, t, n]
    )


def _piece_open(m: Any, c: Any, t: Any, n: Any) -> Any:
    return m.piece_fill[c, t, n] <= m.piece_width[c, t, n] * sum(
        m.step[c, t, b] for b in m.piece_opening[c, t, n]
    )


def _piece_whole(m: Any, c: Any, t: Any, n: Any) -> Any:
    return m.piece_fill[c, t, n] <= m.piece_width[c, t, n] * sum(
        m.step[c, t, b] for b in m.piece_ending[c, t, n]
    )


def _piece_on(m: Any, c: Any, t: Any, n: Any) -> Any:
    width = m.piece_width[c, t, n]
    return m.piece_fill[c, t, n] <= width - width * m.off[c, t]


def _payment_filled(m: Any, c: Any, t: Any) -> Any:
    low = m.fill_low[c, t]
    filled = sum(m.piece_fill[c, t, n] for n in m.fills_of[c, t])
    ended = sum(m.follows_ended[d, s] for d, s in m.off_here[c, t])
    return follows(m, c, t) == low - low * _off(m, c, t) + filled + ended


def _payment_follows(m: Any, c: Any, t: Any) -> Any:
    start = m.fill_at_low[c, t]
    filled = sum(m.fill_slope[c, t, n] * m.piece_fill[c, t, n] for n in m.fills_of[c, t])
    stepped = sum(m.jump[c, t, b] * m.step[c, t, b] for b in m.steps_of[c, t])
    ended = sum(m.cost_ended[d, s] for d, s in m.off_here[c, t])
    return m.payment[c, t] == start - start * _off(m, c, t) + filled + stepped + ended


def _ended_least(m: Any, c: Any, t: Any) -> Any:
    return m.follows_ended[c, t] >= m.ended_low[c, t] * m.off[c, t]


def _ended_most(m: Any, c: Any, t: Any) -> Any:
    return m.follows_ended[c, t] <= m.ended_high[c, t] * m.off[c, t]


def _cost_ended_least(m: Any, c: Any, t: Any) -> Any:
    return m.cost_ended[c, t] >= m.cost_low[c, t] * m.off[c, t]


def _cost_ended_most(m: Any, c: Any, t: Any) -> Any:
    return m.cost_ended[c, t] <= m.cost_high[c, t] * m.off[c, t]


def _cost_held_least(m: Any, c: Any, t: Any) -> Any:
    held = m.cost_low[c, t] - m.cost_low[c, t] * m.off[c, t]
    return cost_of(m, c, t) - m.cost_ended[c, t] >= held


def _cost_held_most(m: Any, c: Any, t: Any) -> Any:
    held = m.cost_high[c, t] - m.cost_high[c, t] * m.off[c, t]
    return cost_of(m, c, t) - m.cost_ended[c, t] <= held


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
    extra = m.SURCHARGE.array_index.find([i, t]) >= 0
    m.surcharged_in = ArraySetOf(c.members.take((kind == "cost") & extra).group((0, 1), c.rows))
    m.costs_surcharged = ArraySetOf(c.members.take(extra).group((0, 1), c.rows))

    r = data.responses
    k = c.outcome[where]
    earns = (kind == "outcome") & (r.rows.find([np.maximum(k, 0), i, t]) >= 0)
    axes = (*c.rows.axes, data.outcome, data.programme)
    rows = Index(axes, [*(x[earns] for x in c.members.columns[:2]), k[earns], i[earns]])
    m.earns = ArraySetOf(rows.group((0, 1), c.rows))


def payment_range(data: Data) -> tuple[Any, Any]:
    """Least and most each payment can be, well apart so that neither binds.

    What a payment follows is within what can be reached; its pieces are read on twice that
    range, and where the contract may be ended the cost of its programmes counts too.
    """
    c, pay = data.contracts, data.payments
    low, high = np.zeros(len(c.rows)), np.zeros(len(c.rows))
    for row, cut in enumerate(pay.pieces):
        spread = max(1.0, cut.at[-1] - cut.at[0])
        at = np.concatenate([[cut.at[0] - spread], cut.at[1:-1], [cut.at[-1] + spread]])
        ends = np.concatenate([cut.constant + cut.slope * x for x in (at[:-1], at[1:])])
        if c.endable[row]:
            ends = np.append(ends, [c.cost_low[row], c.cost_high[row]])
        room = 1.0 + np.abs(ends).max()
        low[row], high[row] = min(0.0, ends.min()) - room, ends.max() + room
    return low, high


def follows(m: Any, c: Any, t: Any) -> Any:
    """What contract c's payment follows in year t."""
    activity = sum(m.follow_activity[c, t, i] * m.activity[i, t] for i in m.members_of[c, t])
    stranded = sum(m.stranded[i, t] for i in m.strands_in[c, t])
    extra = sum(m.surcharge[i, t] for i in m.surcharged_in[c, t])
    earned = sum(outcome(m, k, i, t) for k, i in m.earns[c, t])
    return activity + stranded + extra + earned


def _payment_is(m: Any, c: Any, t: Any) -> Any:
    return m.payment[c, t] == m.payment_constant[c, t] + m.payment_slope[c, t] * follows(m, c, t)


def _payment_covers(m: Any, c: Any, t: Any, n: Any) -> Any:
    return m.payment[c, t] >= m.piece_constant[c, t, n] + m.piece_slope[c, t, n] * follows(m, c, t)


def _block_ceiling(m: Any, c: Any, t: Any) -> Any:
    ended = sum(m.follows_ended[d, s] for d, s in m.off_here[c, t])
    worth = sum(m.tariff[c, t, i] * m.activity[i, t] for i in m.members_of[c, t])
    return worth - ended <= m.ceiling[c, t] - m.ceiling[c, t] * _off(m, c, t)


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
    extra = sum(m.surcharge[i, t] for i in m.costs_surcharged[c, t])
    return running + extra + sum(m.stranded[i, t] for i in m.costs_stranded[c, t])


def led_payment(m: Any, c: Any, t: Any) -> Any:
    """Payment on which a lead's overhead rests: none once the contract has been ended."""
    return m.payment[c, t] - sum(m.cost_ended[d, s] for d, s in m.off_here[c, t])


def _position(m: Any, p: Any, t: Any) -> Any:
    paid = sum(m.payment[c, t] for c in m.holds[p, t])
    led = sum(m.overhead[c, t] * led_payment(m, c, t) for c in m.leads[p, t])
    cost = sum(cost_of(m, c, t) for c in m.holds[p, t])
    return paid + led + m.other_income[p, t] - cost >= -m.deficit_max[p, t]
