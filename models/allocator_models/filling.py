"""Payments that are filled in order, as curves are."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.ended import cost_ended, follows_ended
from allocator_models.endings import off
from allocator_models.indices import Contract, Expression, Piece, Relation, Year
from allocator_models.payments import follows


def declare(m: Model, data: Data) -> None:
    """Payments filled in order.

    Variables
        piece_fill[c, t, n]: how far piece n of what the payment follows is filled.
        step[c, t, b]: 1 once every piece up to block b's end is full.

    Constraints
        payment_filled[c, t]: follows = low on + sum_n piece_fill[n] + follows_ended
        payment_follows[c, t] (money): payment = at_low on + sum_n slope[n] piece_fill[n]
                               + sum_b jump[b] step[b] + cost_ended
        piece_full[c, t, n]: piece_fill >= width step, the step that ends n's block
        piece_open[c, t, n]: piece_fill <= width step, the step before n's block
        piece_whole[c, t, n]: piece_fill <= width step for the band left out below a step
        piece_on[c, t, n]: piece_fill <= width on, in the first block of a contract that may end

    with on = 1 - off: where a contract does not hold, its programmes are paid at cost. No
    constant stands here but the widths.
    """
    pay, order = data.payments, data.payments.in_order
    m.FILLED = Set(pay.rows)
    m.FILLS = Set(pay.fills)
    m.STEPS_PAID = Set(pay.orders)
    m.PIECE_ENDING = Set(order.ending)
    m.PIECE_OPENING = Set(order.opening)
    m.WHOLE = Set(pay.whole)
    m.FIRST_PIECES = Set(pay.first)
    m.fills_of = Members(pay.fills, pay.rows)
    m.steps_of = Members(pay.orders, pay.rows)
    m.piece_ending = Members(order.ended_by, order.ending)
    m.piece_opening = Members(order.opened_by, order.opening)

    m.fill_low = Param(m.FILLED, pay.low)
    m.fill_at_low = Param(m.FILLED, pay.at_low)
    m.piece_width = Param(m.FILLS, pay.width)
    m.fill_slope = Param(m.FILLS, pay.slope)
    m.jump = Param(m.STEPS_PAID, pay.jump)

    m.piece_fill = Var(m.FILLS, bounds=lambda m, c, t, n: (0.0, m.piece_width[c, t, n]))
    m.step = Var(m.STEPS_PAID, domain=pyo.Binary)

    m.payment_filled = Constraint(m.FILLED, rule=_payment_filled)
    m.payment_follows = Constraint(m.FILLED, rule=_payment_follows)
    m.piece_full = Constraint(m.PIECE_ENDING, rule=_piece_full)
    m.piece_open = Constraint(m.PIECE_OPENING, rule=_piece_open)
    m.piece_whole = Constraint(m.WHOLE, rule=_piece_whole)
    m.piece_on = Constraint(m.FIRST_PIECES, rule=_piece_on)


def _payment_filled(m: Model, c: Contract, t: Year) -> Relation:
    filled = sum(m.piece_fill[c, t, n] for n in m.fills_of[c, t])
    on = m.fill_low[c, t] * (1.0 - off(m, c, t))
    return follows(m, c, t) == on + filled + follows_ended(m, c, t)


def _payment_follows(m: Model, c: Contract, t: Year) -> Relation:
    filled = sum(m.fill_slope[c, t, n] * m.piece_fill[c, t, n] for n in m.fills_of[c, t])
    stepped = sum(m.jump[c, t, b] * m.step[c, t, b] for b in m.steps_of[c, t])
    on = m.fill_at_low[c, t] * (1.0 - off(m, c, t))
    return m.payment[c, t] == on + filled + stepped + cost_ended(m, c, t)


def _ends(m: Model, c: Contract, t: Year, n: Piece) -> Expression:
    """1 once the block of piece n is full."""
    return sum(m.step[c, t, b] for b in m.piece_ending[c, t, n])


def _opens(m: Model, c: Contract, t: Year, n: Piece) -> Expression:
    """1 once the block before that of piece n is full."""
    return sum(m.step[c, t, b] for b in m.piece_opening[c, t, n])


def _piece_full(m: Model, c: Contract, t: Year, n: Piece) -> Relation:
    return m.piece_fill[c, t, n] >= m.piece_width[c, t, n] * _ends(m, c, t, n)


def _piece_open(m: Model, c: Contract, t: Year, n: Piece) -> Relation:
    return m.piece_fill[c, t, n] <= m.piece_width[c, t, n] * _opens(m, c, t, n)


def _piece_whole(m: Model, c: Contract, t: Year, n: Piece) -> Relation:
    return m.piece_fill[c, t, n] <= m.piece_width[c, t, n] * _ends(m, c, t, n)


def _piece_on(m: Model, c: Contract, t: Year, n: Piece) -> Relation:
    return m.piece_fill[c, t, n] <= m.piece_width[c, t, n] * (1.0 - m.off[c, t])
