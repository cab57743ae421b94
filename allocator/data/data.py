"""Everything a formulation is built from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allocator.data.activity import Activity, activity, prices
from allocator.data.contracts import (
    Contracts,
    Providers,
    contracts,
    earnings,
    providers,
)
from allocator.data.contracts_linear import refuse_what_needs_binaries
from allocator.data.demand import Demand, demand
from allocator.data.equity import Equity, equity
from allocator.data.funding import Funding, funding
from allocator.data.index import Axis, Index
from allocator.data.money import Capacity, Money, capacity, money
from allocator.data.responses import Responses, discount, responses
from allocator.data.rules import Rules, rules
from allocator.instance.instance import Instance
from allocator.instance.propagate import reachable

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
    contracts: Contracts
    providers: Providers
    capacity: Capacity
    responses: Responses
    equity: Equity
    rules: Rules
    harm_value: Numbers
    tail: Numbers
    held: npt.NDArray[np.bool_]
    target: Numbers


def extract(instance: Instance) -> Data:
    """Turn a checked instance into arrays.

    Parameters
    ----------
    instance : Instance

    Returns
    -------
    Data

    Raises
    ------
    NeedsBinaries
        When a response can only be planned with yes-or-no decisions.
    """
    programme = Axis("programme", tuple(instance.programmes["programme"]))
    year = Axis("year", instance.settings.years)
    pool = Axis("pool", tuple(dict.fromkeys(instance.budgets["pool"])))
    outcome = Axis("outcome", tuple(instance.outcomes["outcome"]))
    funds = money(instance, pool, year)
    reach = reachable(instance)
    lo, hi, driver_lo, driver_hi = (
        _finite(reach[name].to_numpy().reshape(len(programme), len(year)), instance, funds)
        for name in ("lo", "hi", "driver_lo", "driver_hi")
    )

    doing = activity(instance, programme, (lo, hi))
    need = demand(instance, programme, year, outcome, doing.price)
    room = capacity(instance, programme, pool, year)
    shares = funding(instance, programme, pool, year, funds.payer)
    who = providers(instance, year)
    fair = equity(instance, programme)
    at = need.rows.columns
    outer = doing.floor.copy(), np.maximum(doing.top, driver_hi)
    outer[0][at], outer[1][at] = 0.0, np.maximum(driver_hi[at], need.need_max)
    drivers = (driver_lo, driver_hi)
    buys = responses(instance, programme, year, outcome, drivers, outer, fair.weight)
    held = _held(instance, programme, need)
    axes = (programme, year, outcome)
    low = driver_lo.copy()
    low[at] = np.minimum(need.arriving * need.min_met, need.need_max)
    earned = earnings(buys, (low, driver_hi))
    agreed = contracts(instance, axes, pool, who.axis, doing, earned)
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
        contracts=agreed,
        providers=who,
        capacity=room,
        responses=buys,
        equity=fair,
        rules=rules(instance, axes, doing, need, buys, fair, shares.recurrent, agreed, who),
        harm_value=_harm_value(instance, need, fair),
        tail=need.tail,
        held=held,
        target=_target(doing, need, funds, shares, held),
    )
    refuse_what_needs_binaries(instance, data)
    return data


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
    default = ~follows & (~valued | strict)
    said = table["held"].to_numpy(dtype=object)
    return (said == "yes") | ((said == "") & default)


def _target(
    doing: Activity,
    need: Demand,
    funds: Money,
    shares: Funding,
    held: npt.NDArray[np.bool_],
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
    revenue = funds.amount + _handed_on(funds) - shares.adjusted
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
