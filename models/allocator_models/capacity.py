"""Staff, beds and slots: what activity needs besides money."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var, optional
from allocator_models.indices import Expression, Place, Pool, Relation, Resource, Year
from allocator_models.options import effect, effects


def declare(m: Model, data: Data) -> None:
    """Capacity and what may be added to it.

    Variables (in the resource's unit)
        extra[r, p, t]: capacity added at a price, 0 <= extra <= extra_max.

    Constraint
        capacity[r, p, t]: sum_i use[i] activity[i, t] <= amount + extra + sum change run
        over the programmes of place p, or all of them where p is blank.

    Money cannot buy care that nobody is there to give.
    """
    c = data.capacity
    m.CAPACITY = Set(c.rows)
    m.EXTRA = Set(c.added)
    m.users_of = Members(c.use_rows, c.rows)
    m.extra_here = optional(c.added, c.rows)
    m.charged_to = Members(c.charged, data.pools.rows)

    m.available = Param(m.CAPACITY, c.amount)
    m.capacity_added = effects(data.options.capacity, c.rows)
    m.use = Param(c.use_rows, c.use)
    m.extra_max = Param(m.EXTRA, c.extra_max, over=c.rows)
    m.extra_price = Param(m.EXTRA, c.extra_price, over=c.rows)

    m.extra = Var(m.EXTRA, bounds=lambda m, r, p, t: (0.0, m.extra_max[r, p, t]))

    m.capacity = Constraint(m.CAPACITY, rule=_capacity)


def _capacity(m: Model, r: Resource, p: Place, t: Year) -> Relation:
    used = sum(m.use[r, p, t, i] * m.activity[i, t] for i in m.users_of[r, p, t])
    bought = sum(m.extra[q, h, s] for q, h, s in m.extra_here[r, p, t])
    added = effect(m, m.capacity_added, r, p, t)
    return used - bought - added <= m.available[r, p, t]


def extra_cost(m: Model, b: Pool, t: Year) -> Expression:
    """Money pool b pays for capacity added in year t."""
    return sum(m.extra_price[r, p, t] * m.extra[r, p, t] for r, p in m.charged_to[b, t])
