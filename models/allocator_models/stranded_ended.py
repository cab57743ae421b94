"""Stranded cost in what is paid for an ended contract, for rules that leave it out."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Model, Param, Set, Var, optional
from allocator_models.indices import Contract, Expression, Relation, Year
from allocator_models.payments import contract_stranded


def declare(m: Model, data: Data) -> None:
    """Stranded part of the cost that stands in for a payment.

    Variables (in money)
        stranded_ended[c, t]: stranded cost in what is paid for a contract that does not hold,
        >= 0.

    Constraints (money)
        stranded_ended_off[c, t]: stranded_ended <= most off
        stranded_ended_within[c, t]: stranded_ended <= sum_i stranded
        stranded_ended_all[c, t]: stranded_ended >= sum_i stranded - most (1 - off),
            for rules of sense equal

    where a rule counts that payment but no stranded cost: a position that has a maximum.
    What is paid for and what it cost cancel there.
    """
    x = data.endings
    m.STRANDED_ENDED = Set(x.stranded)
    m.STRANDED_ENDED_ALL = Set(x.stranded_all)
    m.stranded_ended_here = optional(x.stranded, data.contracts.rows)

    m.stranded_most = Param(m.STRANDED_ENDED, data.paid.stranded_most, over=data.contracts.rows)

    m.stranded_ended = Var(m.STRANDED_ENDED, bounds=lambda m, c, t: (0.0, m.stranded_most[c, t]))

    m.stranded_ended_off = Constraint(m.STRANDED_ENDED, rule=_off)
    m.stranded_ended_within = Constraint(m.STRANDED_ENDED, rule=_within)
    m.stranded_ended_all = Constraint(m.STRANDED_ENDED_ALL, rule=_all)


def stranded_ended(m: Model, c: Contract, t: Year) -> Expression:
    """Stranded cost paid for where the contract does not hold: one term, or none."""
    return sum(m.stranded_ended[d, s] for d, s in m.stranded_ended_here[c, t])


def _off(m: Model, c: Contract, t: Year) -> Relation:
    return m.stranded_ended[c, t] <= m.stranded_most[c, t] * m.off[c, t]


def _within(m: Model, c: Contract, t: Year) -> Relation:
    return m.stranded_ended[c, t] <= contract_stranded(m, c, t)


def _all(m: Model, c: Contract, t: Year) -> Relation:
    freed = m.stranded_most[c, t] * (1.0 - m.off[c, t])
    return m.stranded_ended[c, t] >= contract_stranded(m, c, t) - freed
