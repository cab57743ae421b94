"""Staff, beds and slots: what activity needs besides money."""

from __future__ import annotations

from typing import Any

from allocator.data import Data, Index
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.options import attach


def declare(m: Any, data: Data) -> None:
    """Capacity and what may be added to it.

    Variables (in the resource's unit)
        extra[r, p, t]: capacity added at a price, 0 <= extra <= extra_max.

    Constraint
        capacity[r, p, t]: sum_i use[i] activity[i, t] <= amount + extra + sum change run
        over the programmes of place p, or all of them where p is blank.

    Money cannot buy care that nobody is there to give.
    """
    c = data.capacity
    m.CAPACITY = ArraySet(c.rows)
    addable = c.rows.take(c.extra_max > 0)
    m.EXTRA = ArraySet(addable)
    pools = Index.product(data.pool, data.year)
    more = c.extra_max > 0
    m.extra_max = ArrayParam(m.EXTRA, c.extra_max[more], "extra_max")
    m.extra_price = ArrayParam(m.EXTRA, c.extra_price[more], "extra_price")
    m.extra = ArrayVar(m.EXTRA, bounds=lambda m, r, p, t: (0.0, m.extra_max[r, p, t]))
    resource, place, year = c.rows.axes
    r, p, t = addable.columns
    charged = Index((data.pool, year, resource, place), [c.extra_pool[more], t, r, p])
    m.charged_to = ArraySetOf(charged.group((0, 1), pools))
    m.available = ArrayParam(m.CAPACITY, c.amount, "available")
    m.USE = ArraySet(c.use_rows)
    m.use = ArrayParam(m.USE, c.use, "use")
    m.users_of = ArraySetOf(c.use_rows.group((0, 1, 2), c.rows))
    same = Index((*c.rows.axes, year), [r, p, t, t])
    m.extra_here = ArraySetOf(same.group((0, 1, 2), c.rows))
    attach(m, "room", data.options.capacity, c.rows)
    m.capacity = ArrayConstraint(m.CAPACITY, rule=_capacity)


def _capacity(m: Any, r: Any, p: Any, t: Any) -> Any:
    used = sum(m.use[r, p, t, i] * m.activity[i, t] for i in m.users_of[r, p, t])
    bought = sum(m.extra[r, p, s] for s in m.extra_here[r, p, t])
    opened = sum(
        m.room_weight[r, p, t, o, s, e] * m.run[o, s, e] for o, s, e in m.room_runs[r, p, t]
    )
    return used <= m.available[r, p, t] + bought + opened


def extra_cost(m: Any, b: Any, t: Any) -> Any:
    """Money pool b pays for capacity added in year t."""
    return sum(m.extra_price[r, p, t] * m.extra[r, p, t] for r, p in m.charged_to[b, t])
