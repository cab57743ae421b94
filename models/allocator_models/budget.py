"""Pools of money: what is spent, what moves between pools and what between years."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Axis, Data, Index
from allocator.data.activity import ROOM, distinct
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.capacity import extra_cost
from allocator_models.contracts import led_payment
from allocator_models.options import attach


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
            exactly where something would gain from overstating it, with source[i, t, s] in {0, 1}:
        stranded_source[i, t, s]: stranded <= late (activity[i, s] - activity[i, t]
                                              + room[s] (1 - source[s]))
        stranded_none[i, t]: stranded <= stranded_max sum_s source[s], sum_s source[s] <= 1

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
    m.transfer = ArrayVar(m.TRANSFERS, bounds=lambda m, p, q, t: (0.0, m.transfer_max[p, q, t]))
    least = -f.overdraw_max
    least[:, -1] = 0.0
    kept = (f.carry_max > 0) | (least < 0)
    carries = pools_by_year.take(kept.ravel())
    m.CARRIED = ArraySet(carries)
    m.carried_min = ArrayParam(m.CARRIED, least[carries.columns], "carried_min")
    m.carried_max = ArrayParam(m.CARRIED, f.carry_max[carries.columns], "carried_max")
    m.carried = ArrayVar(
        m.CARRIED, bounds=lambda m, b, t: (m.carried_min[b, t], m.carried_max[b, t])
    )


def _declare_stranded(m: Any, data: Data) -> None:
    a = data.activity
    years = len(data.year)
    late = np.flatnonzero((a.fixed_share > 0) & (a.release_years > 0))
    axes = (data.programme, data.year)
    i, t = np.repeat(late, years), np.tile(np.arange(years), len(late))
    m.STRANDED = ArraySet(Index(axes, [i, t]))
    same = Index((*axes, *axes), [i, t, i, t])
    m.stranded_here = ArraySetOf(same.group((0, 1), data.programme_years))
    rate = (a.fixed_share[:, None] * a.price)[i, t]
    highest = np.maximum(a.baseline, a.top.max(axis=1))[i]
    m.late = ArrayParam(m.STRANDED, rate, "late")
    m.stranded_max = ArrayParam(m.STRANDED, rate * highest, "stranded_max")
    m.stranded = ArrayVar(m.STRANDED, bounds=lambda m, i, t: (0.0, m.stranded_max[i, t]))
    s = np.arange(years)
    since = (s[None, :] < t[:, None]) & (s[None, :] >= (t - a.release_years[i])[:, None])
    row, year = np.nonzero(since)
    m.STRANDED_SINCE = ArraySet(Index((*axes, data.year), [i[row], t[row], year]))
    m.stranded_since = ArrayConstraint(m.STRANDED_SINCE, rule=_stranded_since)
    early = t < a.release_years[i]
    m.STRANDED_EARLY = ArraySet(Index(axes, [i[early], t[early]]))
    m.baseline = ArrayParam(m.STRANDED_EARLY, a.baseline[i[early]], "baseline")
    m.stranded_at_start = ArrayConstraint(m.STRANDED_EARLY, rule=_stranded_at_start)
    _declare_sources(m, data)


def _declare_sources(m: Any, data: Data) -> None:
    """Which year stranded cost comes from, where that must be exact.

    ``room`` is how far the most activity of the year, or of any looked back to, can lie above
    the least of year s: the tightest constant that frees the row.
    """
    a, years = data.activity, len(data.year)
    exact = m.STRANDED.array_index.take(data.stranded_exact[m.STRANDED.array_index.columns])
    i, t = exact.columns
    back = Axis("looked back to", (*data.year.labels, "baseline"))
    s = np.arange(years + 1)
    release = a.release_years[i]
    looked = (s[None, :] < t[:, None]) & (s[None, :] >= (t - release)[:, None])
    looked[:, years] = t < release
    low = np.column_stack([a.lo[i], a.baseline[i]])
    high = np.where(looked, np.column_stack([a.hi[i], a.baseline[i]]), 0.0)
    row, source = np.nonzero(looked)
    sources = Index((*exact.axes, back), [i[row], t[row], source])
    m.EXACT = ArraySet(exact)
    m.SOURCES = ArraySet(sources)
    m.source = ArrayVar(m.SOURCES, domain=pyo.Binary)
    m.sources_of = ArraySetOf(sources.group((0, 1), exact))
    late = (a.fixed_share[:, None] * a.price)[i[row], t[row]]
    most = np.maximum(high.max(axis=1, initial=0.0), a.hi[i, t])
    room = most[row] * (1.0 + ROOM) - low[row, source]
    m.source_late = ArrayParam(m.SOURCES, late, "source_late")
    m.source_room = ArrayParam(m.SOURCES, late * np.maximum(distinct(room), 0.0), "source_room")
    before = source == years
    m.source_fixed = ArrayParam(m.SOURCES, np.where(before, late * a.baseline[i[row]], 0.0))
    there = sources.take(~before)
    pairs = Index((*there.axes, data.year), [*there.columns, there.columns[2]])
    m.source_year = ArraySetOf(pairs.group((0, 1, 2), sources))
    m.stranded_source = ArrayConstraint(m.SOURCES, rule=_stranded_source)
    m.stranded_none = ArrayConstraint(m.EXACT, rule=_stranded_none)
    m.stranded_once = ArrayConstraint(m.EXACT, rule=_stranded_once)


def _stranded_source(m: Any, i: Any, t: Any, s: Any) -> Any:
    late = m.source_late[i, t, s]
    before = m.source_fixed[i, t, s] + late * sum(m.activity[i, y] for y in m.source_year[i, t, s])
    freed = m.source_room[i, t, s] - m.source_room[i, t, s] * m.source[i, t, s]
    return m.stranded[i, t] <= before - late * m.activity[i, t] + freed


def _stranded_none(m: Any, i: Any, t: Any) -> Any:
    return m.stranded[i, t] <= m.stranded_max[i, t] * sum(
        m.source[i, t, s] for s in m.sources_of[i, t]
    )


def _stranded_once(m: Any, i: Any, t: Any) -> Any:
    return sum(m.source[i, t, s] for s in m.sources_of[i, t]) <= 1.0


def _stranded_since(m: Any, i: Any, t: Any, s: Any) -> Any:
    return m.stranded[i, t] >= m.late[i, t] * m.activity[i, s] - m.late[i, t] * m.activity[i, t]


def _stranded_at_start(m: Any, i: Any, t: Any) -> Any:
    return m.stranded[i, t] >= m.late[i, t] * m.baseline[i, t] - m.late[i, t] * m.activity[i, t]


def balance(m: Any, data: Data) -> None:
    """Balance every pool in every year.

    Constraints (money)
        pool[b, t]: programmes at cost + shares paid + contracts (1 + overhead) payment
                    + adjustments + extra capacity + options - their income + exit fees
                    + transfers out + carried[b, t]
                    <= income - held back + earned + transfers in + carried[b, t-1]
        capital_pool[b, t]: programmes paid from capital + capital of options
                            <= capital received
        recurrent_pool[b, t]: what is spent every year + transfers out
                              <= what comes every year + transfers in

    A body may not spend more than it receives, nor spend once what it must find again every
    year; each part of spending brings its own term. A programme under a contract, or paid
    by several pools, stands in the pool through that and not at cost.
    """
    f, extra = data.money, data.funding
    pools = m.POOLS.array_index
    income = f.amount - extra.adjusted - data.incomes.held_back
    income[:, 0] += f.opening
    m.income = ArrayParam(m.POOLS, income.ravel(), "income")
    i, t = data.programme_years.columns
    at_cost = ~(data.contracts.covered | extra.shared).ravel()
    capital = extra.capital[i]
    _declare_payers(m, data, "revenue", at_cost & ~capital)
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
    c = data.contracts
    name, t = c.rows.columns
    paid = Index((data.pool, data.year, c.rows.axes[0]), [c.payer, t, name])
    m.contracts_of = ArraySetOf(paid.group((0, 1), pools))
    m.funded_by = ArraySetOf(_funded(data, np.ones(len(data.programme), bool)).group((0, 1), pools))
    _declare_decided(m, data)
    m.pool = ArrayConstraint(m.POOLS, rule=_pool)

    _declare_payers(m, data, "capital", at_cost & capital)
    spends = np.zeros(f.amount.shape, dtype=bool)
    i, t = data.programme_years.columns
    spends[f.payer[i[capital]], t[capital]] = True
    spends[data.options.capital.rows.columns[:2]] = True
    m.CAPITAL = ArraySet(pools.take(spends.ravel()))
    m.capital_income = ArrayParam(m.CAPITAL, f.capital[spends], "capital_income")
    attach(m, "capital", data.options.capital, m.CAPITAL.array_index)
    m.capital_pool = ArrayConstraint(m.CAPITAL, rule=_capital_pool)
    _declare_recurrent(m, data, at_cost & ~capital)


def _declare_decided(m: Any, data: Data) -> None:
    """Money that decisions cost and bring."""
    pools, chosen, x = m.POOLS.array_index, data.options, data.incomes
    attach(m, "cost", chosen.cost, pools)
    attach(m, "gain", chosen.income, pools)
    attach(m, "lasting", chosen.lasting, pools)
    m.income_amount = ArrayParam(m.INCOMES, x.amount, "income_amount")
    m.earned_for = ArraySetOf(x.received.group((0, 1), pools))
    ends = data.contracts.ends
    m.exit_fee = ArrayParam(m.ENDS, data.contracts.fee, "exit_fee")
    payer = data.contracts.payer[data.contracts.rows.positions(ends.columns)]
    left = Index((data.pool, data.year, ends.axes[0]), [payer, ends.columns[1], ends.columns[0]])
    m.leaves = ArraySetOf(left.group((0, 1), pools))


def _declare_recurrent(m: Any, data: Data, at_cost: Any) -> None:
    f, extra = data.money, data.funding
    i, _ = data.programme_years.columns
    rows = m.POOLS.array_index.take(np.full(len(m.POOLS), data.recurrent_balance))
    m.RECURRENT = ArraySet(rows)
    income = (f.every_year - extra.adjusted_recurrent)[rows.columns]
    m.recurrent_income = ArrayParam(m.RECURRENT, income, "recurrent_income")
    _declare_payers(m, data, "recurrent", at_cost & extra.recurrent[i])
    lasting = _funded(data, extra.recurrent)
    m.recurrent_funded_by = ArraySetOf(lasting.group((0, 1), m.POOLS.array_index))
    _declare_passing(m, data)
    m.recurrent_pool = ArrayConstraint(m.RECURRENT, rule=_recurrent_pool)


def _declare_passing(m: Any, data: Data) -> None:
    """Cost of one-off programmes whose contract has been ended: paid at cost, it is one-off.

    Constraints (money)
        passing_if[c, t]: passing_ended <= high off
        passing_within[c, t]: passing_ended <= their cost - low (1 - off)
    """
    c, extra = data.contracts, data.funding
    endable = m.ENDABLE.array_index
    _, t, i = c.members.columns
    once = ~extra.recurrent[i] & (endable.find(c.members.columns[:2]) >= 0)
    once &= data.recurrent_balance
    members = c.members.take(once)
    at = endable.find(members.columns[:2])
    some = np.zeros(len(endable), dtype=bool)
    some[at] = True
    rows = endable.take(some)
    where = rows.find(members.columns[:2])
    low, high = (
        np.bincount(where, x[i[once], t[once]], len(rows))
        for x in (data.costs.low, data.costs.high)
    )
    room = ROOM * np.maximum(np.abs(low), np.abs(high))
    m.PASSING = ArraySet(rows)
    m.passing_low = ArrayParam(m.PASSING, low - room, "passing_low")
    m.passing_high = ArrayParam(m.PASSING, np.maximum(high + room, 0.0), "passing_high")
    m.passing_min = ArrayParam(m.PASSING, np.minimum(low - room, 0.0), "passing_min")
    m.passing_ended = ArrayVar(
        m.PASSING, bounds=lambda m, c, t: (m.passing_min[c, t], m.passing_high[c, t])
    )
    m.passing_members = ArraySetOf(members.group((0, 1), rows))
    member_rows = members.columns[1:]
    late = m.STRANDED.array_index.find([member_rows[1], member_rows[0]]) >= 0
    m.passing_stranded = ArraySetOf(members.take(late).group((0, 1), rows))
    charged = m.SURCHARGE.array_index.find([member_rows[1], member_rows[0]]) >= 0
    m.passing_surcharged = ArraySetOf(members.take(charged).group((0, 1), rows))
    m.passing_if = ArrayConstraint(m.PASSING, rule=_passing_if)
    m.passing_within = ArrayConstraint(m.PASSING, rule=_passing_within)
    name, year = rows.columns
    payer = c.payer[c.rows.positions(rows.columns)]
    paid = Index((data.pool, data.year, rows.axes[0]), [payer, year, name])
    m.passing_of = ArraySetOf(paid.group((0, 1), m.POOLS.array_index))


def _passing_if(m: Any, c: Any, t: Any) -> Any:
    return m.passing_ended[c, t] <= m.passing_high[c, t] * m.off[c, t]


def _passing_within(m: Any, c: Any, t: Any) -> Any:
    running = sum(m.price[i, t] * m.activity[i, t] for i in m.passing_members[c, t])
    stranded = sum(m.stranded[i, t] for i in m.passing_stranded[c, t])
    extra = sum(m.surcharge[i, t] for i in m.passing_surcharged[c, t])
    kept = m.passing_low[c, t] - m.passing_low[c, t] * m.off[c, t]
    return m.passing_ended[c, t] <= running + stranded + extra - kept


def _declare_payers(m: Any, data: Data, kind: str, mask: Any) -> None:
    """Programme-years a pool pays for at cost: activity, and what is stranded."""
    pools = m.POOLS.array_index
    i, t = data.programme_years.columns
    paid = _owned(data, i[mask], t[mask])
    setattr(m, f"{kind}_paid_by", ArraySetOf(paid.group((0, 1), pools)))
    late = m.STRANDED.array_index
    mine = mask[data.programme_years.positions(late.columns)]
    stranded = _owned(data, *(column[mine] for column in late.columns))
    setattr(m, f"{kind}_stranded_in", ArraySetOf(stranded.group((0, 1), pools)))
    extra = m.SURCHARGE.array_index
    mine = mask[data.programme_years.positions(extra.columns)]
    surcharged = _owned(data, *(column[mine] for column in extra.columns))
    setattr(m, f"{kind}_surcharged_in", ArraySetOf(surcharged.group((0, 1), pools)))


def _owned(data: Data, i: Any, t: Any) -> Index:
    return Index((data.pool, data.year, data.programme), [data.money.payer[i], t, i])


def _funded(data: Data, of: Any) -> Index:
    i, b, t = data.funding.rows.columns
    mine = of[i] & ~data.contracts.covered[i, t]
    return Index((data.pool, data.year, data.programme), [b[mine], t[mine], i[mine]])


def _moved(m: Any, b: Any, t: Any) -> Any:
    """Transfers out of a pool less transfers into it."""
    out = sum(m.transfer[b, q, t] for q in m.gives_to[b, t])
    return out - sum(m.transfer[p, b, t] for p in m.takes_from[b, t])


def _under_contract(m: Any, b: Any, t: Any) -> Any:
    paid = sum(m.payment[c, t] for c in m.contracts_of[b, t])
    return paid + sum(m.overhead[c, t] * led_payment(m, c, t) for c in m.contracts_of[b, t])


def _options(m: Any, b: Any, t: Any) -> Any:
    """What options cost a pool, less what they bring it, and exit fees."""
    cost = sum(m.cost_weight[b, t, o, s, e] * m.run[o, s, e] for o, s, e in m.cost_runs[b, t])
    gain = sum(m.gain_weight[b, t, o, s, e] * m.run[o, s, e] for o, s, e in m.gain_runs[b, t])
    fees = sum(m.exit_fee[c, t] * m.end[c, t] for c in m.leaves[b, t])
    return cost - gain + fees


def _pool(m: Any, b: Any, t: Any) -> Any:
    spend = sum(m.price[i, t] * m.activity[i, t] for i in m.revenue_paid_by[b, t])
    stranded = sum(m.stranded[i, t] for i in m.revenue_stranded_in[b, t])
    shares = sum(m.paid[i, b, t] for i in m.funded_by[b, t])
    onward = sum(m.carried[b, s] for s in m.carries_on[b, t])
    brought = sum(m.carried[b, s] for s in m.carried_in[b, t])
    surcharge = sum(m.surcharge[i, t] for i in m.revenue_surcharged_in[b, t])
    care = spend + surcharge + stranded + shares + _under_contract(m, b, t)
    earned = sum(m.income_amount[j, s] * m.earned[j, s] for j, s in m.earned_for[b, t])
    out = care + extra_cost(m, b, t) + _options(m, b, t) + _moved(m, b, t) + onward
    return out <= m.income[b, t] + earned + brought


def _capital_pool(m: Any, b: Any, t: Any) -> Any:
    spend = sum(m.price[i, t] * m.activity[i, t] for i in m.capital_paid_by[b, t])
    stranded = sum(m.stranded[i, t] for i in m.capital_stranded_in[b, t])
    surcharge = sum(m.surcharge[i, t] for i in m.capital_surcharged_in[b, t])
    built = sum(
        m.capital_weight[b, t, o, s, e] * m.run[o, s, e] for o, s, e in m.capital_runs[b, t]
    )
    return spend + surcharge + stranded + built <= m.capital_income[b, t]


def _recurrent_pool(m: Any, b: Any, t: Any) -> Any:
    spend = sum(m.price[i, t] * m.activity[i, t] for i in m.recurrent_paid_by[b, t])
    stranded = sum(m.stranded[i, t] for i in m.recurrent_stranded_in[b, t])
    shares = sum(m.paid[i, b, t] for i in m.recurrent_funded_by[b, t])
    surcharge = sum(m.surcharge[i, t] for i in m.recurrent_surcharged_in[b, t])
    cost = sum(m.lasting_weight[b, t, o, s, e] * m.run[o, s, e] for o, s, e in m.lasting_runs[b, t])
    gain = sum(m.gain_weight[b, t, o, s, e] * m.run[o, s, e] for o, s, e in m.gain_runs[b, t])
    once = sum(m.passing_ended[c, t] for c in m.passing_of[b, t])
    care = spend + surcharge + stranded + shares + _under_contract(m, b, t) - once
    return care + cost - gain + _moved(m, b, t) <= m.recurrent_income[b, t]
