"""Contracts: what pools pay for activity."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.indices import Contract, Expression, Piece, Relation, Year
from allocator_models.outcomes import outcome
from allocator_models.spend import spend
from allocator_models.stranded import stranded


def declare(m: Model, data: Data) -> None:
    """Payment under contract.

    Variables (in money)
        payment[c, t]: what contract c pays its provider in year t.

    Constraints (money)
        payment_is[c, t]: payment = constant + slope follows
        payment_covers[c, t, n]: payment >= constant[n] + slope[n] follows

    ``follows`` is the value of activity at tariff, its cost, or the outcome that earns a
    bonus. A contract replaces cost by payment: activity avoided under a block frees no cash
    but leaves its provider with cost. A payment with several pieces is held from below by
    each where it is the largest of them and nothing gains from a higher one; where it is
    not, or may be ended or suspended, its pieces are filled in order
    (:mod:`allocator_models.filling`; :mod:`allocator.data.payments` decides which).
    """
    c, x = data.contracts, data.paid
    m.CONTRACTS = Set(c.rows)
    m.STRAIGHT = Set(x.straight)
    m.PIECES = Set(x.pieces)
    m.by_value = Members(x.by_value, c.rows)
    m.by_cost = Members(x.by_cost, c.rows)
    m.by_outcome = Members(x.by_outcome, c.rows)
    m.members_of = Members(c.members, c.rows)

    m.payment_min = Param(m.CONTRACTS, x.least)
    m.payment_max = Param(m.CONTRACTS, x.most)
    m.tariff = Param(x.by_value, x.tariff)
    m.payment_constant = Param(m.STRAIGHT, x.constant)
    m.payment_slope = Param(m.STRAIGHT, x.slope)
    m.piece_constant = Param(m.PIECES, x.piece_constant)
    m.piece_slope = Param(m.PIECES, x.piece_slope)
    m.overhead = Param(m.CONTRACTS, c.markup - 1.0)

    m.payment = Var(m.CONTRACTS, bounds=lambda m, c, t: (m.payment_min[c, t], m.payment_max[c, t]))

    m.payment_is = Constraint(m.STRAIGHT, rule=_payment_is)
    m.payment_covers = Constraint(m.PIECES, rule=_payment_covers)


def follows(m: Model, c: Contract, t: Year) -> Expression:
    """What contract c's payment follows in year t: value, cost or outcome."""
    cost = sum(spend(m, i, t) for i in m.by_cost[c, t])
    earned = sum(outcome(m, k, i, t) for k, i in m.by_outcome[c, t])
    return value(m, c, t) + cost + earned


def contract_cost(m: Model, c: Contract, t: Year) -> Expression:
    """What the activity under contract c costs its provider, stranded cost included."""
    return sum(spend(m, i, t) for i in m.members_of[c, t])


def contract_stranded(m: Model, c: Contract, t: Year) -> Expression:
    """Stranded cost of the programmes under contract c."""
    return sum(stranded(m, i, t) for i in m.members_of[c, t])


def value(m: Model, c: Contract, t: Year) -> Expression:
    """Value at tariff of the activity of a contract that pays by value."""
    return sum(m.tariff[c, t, i] * m.activity[i, t] for i in m.by_value[c, t])


def _payment_is(m: Model, c: Contract, t: Year) -> Relation:
    return m.payment[c, t] == m.payment_constant[c, t] + m.payment_slope[c, t] * follows(m, c, t)


def _payment_covers(m: Model, c: Contract, t: Year, n: Piece) -> Relation:
    return m.payment[c, t] >= m.piece_constant[c, t, n] + m.piece_slope[c, t, n] * follows(m, c, t)
