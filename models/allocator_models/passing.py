"""One-off programmes whose contract has been ended: paid at cost, they are one-off again."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.indices import Contract, Expression, Pool, Relation, Year
from allocator_models.spend import spend


def declare(m: Model, data: Data) -> None:
    """What drops out of the recurrent balance with a contract.

    Variables (in money)
        passing_ended[c, t]: cost of the one-off programmes of a contract that does not hold;
        otherwise at most 0.

    Constraints (money)
        passing_if[c, t]: passing_ended <= high off
        passing_within[c, t]: passing_ended <= their cost - low (1 - off)

    with low and high what they can cost. Payment under contract comes back every year,
    whatever it is for; the cost of a one-off programme does not. Nothing gains from counting
    less of it, so the inequalities are exact.
    """
    x = data.passing
    m.PASSING = Set(x.rows)
    m.passing_members = Members(x.members, x.rows)
    m.pays_passing = Members(x.paid, data.pools.rows)

    m.passing_low = Param(m.PASSING, x.low)
    m.passing_high = Param(m.PASSING, x.high)
    m.passing_min = Param(m.PASSING, x.min)

    m.passing_ended = Var(
        m.PASSING, bounds=lambda m, c, t: (m.passing_min[c, t], m.passing_high[c, t])
    )

    m.passing_if = Constraint(m.PASSING, rule=_passing_if)
    m.passing_within = Constraint(m.PASSING, rule=_passing_within)


def passing_cost(m: Model, b: Pool, t: Year) -> Expression:
    """What pool b pays for one-off programmes whose contract has been ended."""
    return sum(m.passing_ended[c, t] for c in m.pays_passing[b, t])


def _passing_if(m: Model, c: Contract, t: Year) -> Relation:
    return m.passing_ended[c, t] <= m.passing_high[c, t] * m.off[c, t]


def _passing_within(m: Model, c: Contract, t: Year) -> Relation:
    cost = sum(spend(m, i, t) for i in m.passing_members[c, t])
    return m.passing_ended[c, t] <= cost - m.passing_low[c, t] * (1.0 - m.off[c, t])
