"""Everything a formulation is built from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.data.activity import ROOM, Activity, activity, prices, with_options
from allocator.data.contracts import (
    Contracts,
    Costs,
    Providers,
    contracts,
    earnings,
    holding,
    providers,
)
from allocator.data.demand import Demand, demand, with_more_need
from allocator.data.equity import Equity, equity
from allocator.data.funding import Funding, funding
from allocator.data.incomes import Incomes, incomes
from allocator.data.index import Axis, Index
from allocator.data.money import Capacity, Money, capacity, money
from allocator.data.options import Options, acted_on, option_outcomes, options
from allocator.data.ordering import Ordering, ordering
from allocator.data.payments import Payments, payments, stranded_wanted
from allocator.data.responses import Responses, discount, responses
from allocator.data.rules import Measured, Rules, rules
from allocator.data.surcharge import Surcharge, costs, surcharge, tier_orders
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]

HELD_WEIGHT = 1000.0
"""How much more a held programme counts than others when the reference plan is found."""


@dataclass(frozen=True)
class Data:
    """An instance as arrays.

    Attributes
    ----------
    programme, year, pool, outcome : Axis
        Labels of the coordinates.
    programme_years : Index
        Every (programme, year).
    activity, demand, money, funding, contracts, providers, capacity, responses, equity, rules
        One part a constraint family.
    options, surcharge, incomes, payments, ordering
        Indivisible decisions, and where the data need decisions to hold something exactly.
    driver_range : pair of ndarray, shape (programmes, years)
        Least and most the driver of a programme's curves can be.
    costs : Costs
        Least and most each programme can cost.
    tier_orders : Index
        (programme, year) of the cost thresholds that need a decision.
    stranded_exact : ndarray of bool, shape (programmes, years)
        Programme-years whose stranded cost would be overstated if it could be.
    money_scale : float
        Units of currency in a unit of money.
    recurrent_balance : bool
        Whether what is spent every year must stay within what comes every year.
    harm_value : ndarray
        Objective lost per unit of unmet need, following ``demand.rows``.
    tail : ndarray, shape (programmes, years)
        Objective per unit of activity above baseline for need avoided after the plan.
    held : ndarray of bool, shape (programmes,)
        Programmes kept at the reference plan.
    target : ndarray, shape (programmes, years)
        Spend of the baseline rolled forward, which the reference plan is nearest to.
    """

    programme: Axis
    year: Axis
    pool: Axis
    outcome: Axis
    programme_years: Index
    activity: Activity
    demand: Demand
    money: Money
    funding: Funding
    recurrent_balance: bool
    money_scale: float
    contracts: Contracts
    providers: Providers
    capacity: Capacity
    responses: Responses
    equity: Equity
    rules: Rules
    options: Options
    surcharge: Surcharge
    incomes: Incomes
    payments: Payments
    ordering: Ordering
    driver_range: tuple[Numbers, Numbers]
    costs: Costs
    tier_orders: Index
    stranded_exact: npt.NDArray[np.bool_]
    harm_value: Numbers
    tail: Numbers
    held: npt.NDArray[np.bool_]
    target: Numbers


def extract(
    instance: Instance,
    knots: dict[tuple[int, int], Numbers] | None = None,
    margin: int = 0,
) -> Data:
    """Turn a checked instance into arrays.

    Parameters
    ----------
    instance : Instance
    knots : dict of (programme, year) positions to ndarray, optional
        Activity at which chords shall meet their curves besides where they do anyway.
    margin : int
        1: rules, thresholds and steps on outcomes allow for all that the chords may miss, so
        that the true curves keep them wherever the plan lies; -1: rules and thresholds give
        way by as much, so that whatever the true curves reach is allowed; 0: neither.

    Returns
    -------
    Data
    """
    programme = Axis("programme", tuple(instance.programmes["programme"]))
    year = Axis("year", instance.settings.years)
    pool = Axis("pool", tuple(dict.fromkeys(instance.budgets["pool"])))
    outcome = Axis("outcome", tuple(instance.outcomes["outcome"]))
    funds = money(instance, pool, year)
    ranges = instance.facts.ranges
    lo, hi, driver_lo, driver_hi = (
        _finite(reach, instance, funds)
        for reach in (ranges.lo, ranges.hi, ranges.driver_lo, ranges.driver_hi)
    )
    drivers = (driver_lo, driver_hi)

    doing = activity(instance, programme, (lo, hi))
    need = demand(instance, programme, year, outcome, doing.price)
    room = capacity(instance, programme, pool, year)
    held = _held(instance, programme, need)
    contract = Axis("contract", tuple(dict.fromkeys(holding(instance)["contract"])))
    everything = (programme, year, pool, outcome)
    chosen = options(instance, everything, doing, need, room, contract)
    doing = with_options(doing, chosen.limit_min, chosen.limit_max, chosen.closes)
    need = with_more_need(need, chosen.demand)
    extra = surcharge(instance, (programme, year), doing, chosen)

    shares = funding(instance, programme, pool, year, funds.payer)
    who = providers(instance, year)
    fair = equity(instance, programme)
    at = need.rows.columns
    # Just beyond the limits: a curve that ended where one binds could take its price.
    outer = doing.floor * (1.0 - ROOM), np.maximum(doing.top, driver_hi) * (1.0 + ROOM)
    outer[0][at] = 0.0
    outer[1][at] = np.maximum(driver_hi[at], need.need_max) * (1.0 + ROOM)
    buys = responses(
        _with_option_outcomes(instance),
        programme,
        year,
        outcome,
        drivers,
        outer,
        fair.weight,
        knots,
    )
    stretch = np.ones(len(buys.rows))
    levels = chosen.outcomes
    many = buys.rows.positions(levels.rows.columns[:-1])
    np.maximum.at(stretch, many, 1.0 + levels.change)
    buys = replace(buys, stretch=stretch)
    axes = (programme, year, outcome)
    low = driver_lo.copy()
    low[at] = np.minimum(need.arriving * need.min_met, need.need_max)
    driver_range = (np.minimum(low, driver_lo), driver_hi)
    earned = earnings(buys, driver_range, chosen)
    spent = costs(doing, extra)
    agreed = contracts(instance, axes, pool, who.axis, doing, earned, spent, contract)
    if margin < 1:
        agreed = replace(agreed, error=np.zeros(len(agreed.rows)))
    parts = (doing, need, buys, fair)
    conditional = incomes(
        instance,
        (pool, year),
        funds.every_year,
        Measured(instance, axes, *parts, (shares.recurrent, agreed, who, extra)),
        earned,
        margin,
    )
    data = Data(
        programme=programme,
        year=year,
        pool=pool,
        outcome=outcome,
        programme_years=Index.product(programme, year),
        activity=doing,
        demand=need,
        money=funds,
        funding=shares,
        recurrent_balance=instance.settings.recurrent_balance,
        money_scale=instance.settings.money_scale,
        contracts=agreed,
        providers=who,
        capacity=room,
        responses=buys,
        equity=fair,
        rules=rules(instance, axes, *parts, shares.recurrent, agreed, who, extra, margin),
        options=chosen,
        surcharge=extra,
        incomes=conditional,
        payments=LATER,
        ordering=LATER,
        driver_range=driver_range,
        costs=spent,
        tier_orders=LATER,
        stranded_exact=LATER,
        harm_value=_harm_value(instance, need, fair),
        tail=need.tail,
        held=held,
        target=_target(doing, need, funds, shares, held, conditional.held_back),
    )
    data = replace(data, payments=payments(data), tier_orders=tier_orders(data))
    return replace(data, stranded_exact=stranded_wanted(data), ordering=ordering(data))


LATER: Any = None
"""Stands for a part that is worked out from the others."""


def _with_option_outcomes(instance: Instance) -> Instance:
    """Instance with a flat response wherever only an option gives a programme an outcome."""
    new = option_outcomes(instance)
    if new.empty:
        return instance
    flat = new.reindex(columns=instance.responses.columns)
    flat = flat.assign(shape="linear", per_unit=0.0, delay=0)
    table = pd.concat([instance.responses, flat], ignore_index=True)
    table["delay"] = table["delay"].astype(np.int64)
    return replace(instance, tables={**instance.tables, "responses": table})


def _finite(reach: Numbers, instance: Instance, funds: Money) -> Numbers:
    """Reach with all the money there is behind a programme that nothing else limits."""
    resort = (funds.amount + funds.capital).sum(axis=0) / prices(instance)
    return np.where(np.isinf(reach), resort, reach)


def _harm_value(instance: Instance, need: Demand, fair: Equity) -> Numbers:
    """Harm in units of the objective: weight, discount and equity."""
    factor, discounted = discount(instance)
    i, t = need.rows.columns
    k = need.harm_outcome
    fall = np.where(discounted[k], factor**t, 1.0)
    worth = instance.outcomes["weight"].to_numpy()[k] * fall * fair.weight[i]
    return np.where(k >= 0, need.harm * worth, 0.0)


def _held(instance: Instance, programme: Axis, need: Demand) -> npt.NDArray[np.bool_]:
    table = instance.programmes
    valued = np.zeros(len(programme), bool)
    valued[programme.codes(instance.responses["programme"].tolist())] = True
    valued[programme.codes(instance.effects["source"].tolist())] = True
    follows = np.zeros(len(programme), bool)
    follows[need.rows.columns[0]] = True
    strict = table["class"].isin(["emergency", "entitlement"]).to_numpy()
    moved = table["programme"].isin(acted_on(instance)).to_numpy()
    default = ~follows & (~valued | strict) & ~moved
    said = table["held"].to_numpy(dtype=object)
    return (said == "yes") | ((said == "") & default)


def _target(
    doing: Activity,
    need: Demand,
    funds: Money,
    shares: Funding,
    held: npt.NDArray[np.bool_],
    held_back: Numbers,
) -> Numbers:
    """Baseline rolled forward: held at baseline, need followed, the rest pro rata."""
    fixed = held.copy()
    follows = np.unique(need.rows.columns[0])
    fixed[follows] = True
    activity = np.repeat(doing.baseline[:, None], doing.price.shape[1], axis=1)
    i, t = need.rows.columns
    activity[i, t] = np.where(held[i], doing.baseline[i], need.arriving)
    target = np.where(fixed[:, None], activity * doing.price, 0.0)
    (i, b, t), part = shares.split(funds.payer)
    base = np.where(fixed, 0.0, doing.baseline * doing.unit_cost)
    revenue = funds.amount + _handed_on(funds) - shares.adjusted - held_back
    spread = np.zeros_like(target)
    for capital, amount in ((False, revenue), (True, funds.capital)):
        mine = part * (shares.capital[i] == capital)
        spent, start = np.zeros_like(amount), np.zeros_like(amount)
        np.add.at(spent, (b, t), target[i, t] * mine)
        np.add.at(start, (b, t), base[i] * mine)
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.where(start > 0, np.maximum(amount - spent, 0.0) / start, 0.0)
        np.add.at(spread, (i, t), base[i] * growth[b, t] * mine)
    return target + spread


def _handed_on(funds: Money) -> Numbers:
    """Money of pools that pay for nothing themselves, where they may hand it."""
    giver, taker, t = funds.transfers.columns
    idle = ~np.isin(np.arange(len(funds.amount)), funds.payer)
    most = np.where(idle[giver], funds.transfer_max, 0.0)
    total = np.zeros(funds.amount.shape)
    np.add.at(total, (giver, t), most)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(total[giver, t] > 0, most / total[giver, t], 0.0)
    handed = np.zeros(funds.amount.shape)
    np.add.at(handed, (taker, t), np.minimum(most, part * funds.amount[giver, t]))
    return handed
