"""Pools of money: what is spent, what moves between pools and what between years."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Data, Index
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf
from allocator_models.capacity import extra_cost


def declare(m: Any, data: Data) -> None:
    """Stranded cost, transfers and carried money.

    Variables (in money)
        stranded[i, t]: cost that has not fallen with activity, >= 0.
        transfer[p, q, t]: money pool p hands to pool q, 0 <= transfer <= max.
        carried[b, t]: money carried into the next year (negative: owed to it),
        -overdraw_max <= carried <= carry_max, and nothing owed after the last year.

    Constraints (money)
        stranded_since[i, t, s]: stranded[i, t] >= late (activity[i, s] - activity[i, t])
        stranded_at_start[i, t]: stranded[i, t] >= late (baseline[i] - activity[i, t])
        for years s up to release_years before t, ``late`` = fixed_share price[i, t].

    Wards, leases and posts outlive the activity they were for. Nothing gains from a
    higher stranded cost, so the inequalities hold with equality at an optimum.
    """
    _declare_stranded(m, data)
    f = data.money
    pools_by_year = Index.product(data.pool, data.year)
    m.POOLS = ArraySet(pools_by_year)
    m.TRANSFERS = ArraySet(f.transfers)
    m.transfer_max = ArrayParam(m.TRANSFERS, f.transfer_max, "transfer_max")
    m.transfer = pyo.Var(
        m.TRANSFERS, dense=False, bounds=lambda m, p, q, t: (0.0, m.transfer_max[p, q, t])
    )
    least = -f.overdraw_max
    least[:, -1] = 0.0
    kept = (f.carry_max > 0) | (least < 0)
    carries = pools_by_year.take(kept.ravel())
    m.CARRIED = ArraySet(carries)
    m.carried_min = ArrayParam(m.CARRIED, least[carries.columns], "carried_min")
    m.carried_max = ArrayParam(m.CARRIED, f.carry_max[carries.columns], "carried_max")
    m.carried = pyo.Var(
        m.CARRIED, dense=False, bounds=lambda m, b, t: (m.carried_min[b, t], m.carried_max[b, t])
    )


def _declare_stranded(m: Any, data: Data) -> None:
    a = data.activity
    years = len(data.year)
    late = np.flatnonzero((a.fixed_share > 0) & (a.release_years > 0))
    axes = (data.programme, data.year)
    i, t = np.repeat(late, years), np.tile(np.arange(years), len(late))
    m.STRANDED = ArraySet(Index(axes, [i, t]))
    rate = (a.fixed_share[:, None] * a.price)[i, t]
    highest = np.maximum(a.baseline, a.top.max(axis=1))[i]
    m.late = ArrayParam(m.STRANDED, rate, "late")
    m.stranded_max = ArrayParam(m.STRANDED, rate * highest, "stranded_max")
    m.stranded = pyo.Var(
        m.STRANDED, dense=False, bounds=lambda m, i, t: (0.0, m.stranded_max[i, t])
    )
    s = np.arange(years)
    since = (s[None, :] < t[:, None]) & (s[None, :] >= (t - a.release_years[i])[:, None])
    row, year = np.nonzero(since)
    m.STRANDED_SINCE = ArraySet(Index((*axes, data.year), [i[row], t[row], year]))
    m.stranded_since = ArrayConstraint(m.STRANDED_SINCE, rule=_stranded_since)
    early = t < a.release_years[i]
    m.STRANDED_EARLY = ArraySet(Index(axes, [i[early], t[early]]))
    m.baseline = ArrayParam(m.STRANDED_EARLY, a.baseline[i[early]], "baseline")
    m.stranded_at_start = ArrayConstraint(m.STRANDED_EARLY, rule=_stranded_at_start)


def _stranded_since(m: Any, i: Any, t: Any, s: Any) -> Any:
    return m.stranded[i, t] >= m.late[i, t] * m.activity[i, s] - m.late[i, t] * m.activity[i, t]


def _stranded_at_start(m: Any, i: Any, t: Any) -> Any:
    return m.stranded[i, t] >= m.late[i, t] * m.baseline[i, t] - m.late[i, t] * m.activity[i, t]


def balance(m: Any, data: Data) -> None:
    """Balance every pool in every year.

    Constraint (money)
        pool[b, t]: sum_i price activity + sum_i stranded + extra capacity
                    + transfers out + carried[b, t]
                    <= amount + transfers in + carried[b, t-1]

    A body may not spend more than it receives; each part of spending brings its own term.
    """
    f = data.money
    pools = m.POOLS.array_index
    income = f.amount.copy()
    income[:, 0] += f.opening
    m.income = ArrayParam(m.POOLS, income.ravel(), "income")
    i, t = data.programme_years.columns
    m.paid_by = ArraySetOf(_owned(f.payer[i], data, (i, t)).group((0, 1), pools))
    i, t = m.STRANDED.array_index.columns
    m.stranded_in = ArraySetOf(_owned(f.payer[i], data, (i, t)).group((0, 1), pools))
    giver, taker, t = f.transfers.columns
    both = (data.pool, data.year, data.pool)
    m.gives_to = ArraySetOf(Index(both, [giver, t, taker]).group((0, 1), pools))
    m.takes_from = ArraySetOf(Index(both, [taker, t, giver]).group((0, 1), pools))
    b, t = m.CARRIED.array_index.columns
    pairs = (data.pool, data.year, data.year)
    m.carries_on = ArraySetOf(Index(pairs, [b, t, t]).group((0, 1), pools))
    inside = t + 1 < len(data.year)
    onward = Index(pairs, [b[inside], t[inside] + 1, t[inside]])
    m.carried_in = ArraySetOf(onward.group((0, 1), pools))
    m.pool = ArrayConstraint(m.POOLS, rule=_pool)


def _owned(pool: Any, data: Data, where: Any) -> Index:
    i, t = where
    return Index((data.pool, data.year, data.programme), [pool, t, i])


def _pool(m: Any, b: Any, t: Any) -> Any:
    spend = sum(m.price[i, t] * m.activity[i, t] for i in m.paid_by[b, t])
    stranded = sum(m.stranded[i, t] for i in m.stranded_in[b, t])
    out = sum(m.transfer[b, q, t] for q in m.gives_to[b, t])
    into = sum(m.transfer[p, b, t] for p in m.takes_from[b, t])
    onward = sum(m.carried[b, s] for s in m.carries_on[b, t])
    brought = sum(m.carried[b, s] for s in m.carried_in[b, t])
    uses = spend + stranded + extra_cost(m, b, t) + out + onward
    return uses <= m.income[b, t] + into + brought
