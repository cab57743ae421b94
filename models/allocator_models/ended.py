"""What stands in for the payment of a contract that does not hold: its programmes at cost."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Model, Param, Set, Var, optional
from allocator_models.indices import Contract, Expression, Relation, Year
from allocator_models.payments import contract_cost


def declare(m: Model, data: Data) -> None:
    """Cost in place of a payment.

    Variables
        follows_ended[c, t]: what the payment follows, where the contract does not hold;
        otherwise 0.
        cost_ended[c, t] (money): the cost of its programmes there; otherwise 0.

    Constraints
        ended_least, ended_most[c, t]: low off <= follows_ended <= high off
        cost_ended_least, cost_ended_most[c, t] (money): least off <= cost_ended <= most off
        cost_held_least, cost_held_most[c, t] (money):
            least (1 - off) <= cost - cost_ended <= most (1 - off)

    with least and most what the cost, and low and high what the payment follows, can be.
    Once nothing is agreed a provider is paid what its activity costs.
    """
    x = data.endings
    m.ENDED = Set(x.rows)
    m.ended_here = optional(x.rows, data.contracts.rows)

    m.ended_low = Param(m.ENDED, x.low)
    m.ended_high = Param(m.ENDED, x.high)
    m.ended_min = Param(m.ENDED, x.min)
    m.ended_max = Param(m.ENDED, x.max)
    m.cost_low = Param(m.ENDED, x.cost_low)
    m.cost_high = Param(m.ENDED, x.cost_high)
    m.cost_min = Param(m.ENDED, x.cost_min)
    m.cost_max = Param(m.ENDED, x.cost_max)

    m.follows_ended = Var(m.ENDED, bounds=lambda m, c, t: (m.ended_min[c, t], m.ended_max[c, t]))
    m.cost_ended = Var(m.ENDED, bounds=lambda m, c, t: (m.cost_min[c, t], m.cost_max[c, t]))

    m.ended_least = Constraint(m.ENDED, rule=_ended_least)
    m.ended_most = Constraint(m.ENDED, rule=_ended_most)
    m.cost_ended_least = Constraint(m.ENDED, rule=_cost_ended_least)
    m.cost_ended_most = Constraint(m.ENDED, rule=_cost_ended_most)
    m.cost_held_least = Constraint(m.ENDED, rule=_cost_held_least)
    m.cost_held_most = Constraint(m.ENDED, rule=_cost_held_most)


def follows_ended(m: Model, c: Contract, t: Year) -> Expression:
    """What the payment follows, where the contract does not hold: one term, or none."""
    return sum(m.follows_ended[d, s] for d, s in m.ended_here[c, t])


def cost_ended(m: Model, c: Contract, t: Year) -> Expression:
    """Cost of its programmes, where the contract does not hold: one term, or none."""
    return sum(m.cost_ended[d, s] for d, s in m.ended_here[c, t])


def led_payment(m: Model, c: Contract, t: Year) -> Expression:
    """Payment on which a lead's overhead rests: none once the contract has been ended."""
    return m.payment[c, t] - cost_ended(m, c, t)


def _ended_least(m: Model, c: Contract, t: Year) -> Relation:
    return m.follows_ended[c, t] >= m.ended_low[c, t] * m.off[c, t]


def _ended_most(m: Model, c: Contract, t: Year) -> Relation:
    return m.follows_ended[c, t] <= m.ended_high[c, t] * m.off[c, t]


def _cost_ended_least(m: Model, c: Contract, t: Year) -> Relation:
    return m.cost_ended[c, t] >= m.cost_low[c, t] * m.off[c, t]


def _cost_ended_most(m: Model, c: Contract, t: Year) -> Relation:
    return m.cost_ended[c, t] <= m.cost_high[c, t] * m.off[c, t]


def _cost_held_least(m: Model, c: Contract, t: Year) -> Relation:
    held = contract_cost(m, c, t) - m.cost_ended[c, t]
    return held >= m.cost_low[c, t] * (1.0 - m.off[c, t])


def _cost_held_most(m: Model, c: Contract, t: Year) -> Relation:
    held = contract_cost(m, c, t) - m.cost_ended[c, t]
    return held <= m.cost_high[c, t] * (1.0 - m.off[c, t])
