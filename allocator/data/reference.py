"""The reference plan: the baseline rolled forward."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.data.activity import Activity
from allocator.data.demand import Demand
from allocator.data.funding import Funding
from allocator.data.money import Money


def read_target(
    activity: Activity,
    demand: Demand,
    money: Money,
    funding: Funding,
    held: Flags,
    held_back: Floats,
) -> Floats:
    """Spend of the reference plan: held at baseline, need followed, the rest pro rata.

    Parameters
    ----------
    activity, demand, money, funding
        What there is to do, and to do it with.
    held : ndarray of bool, shape (programmes,)
        Programmes kept at their baseline.
    held_back : ndarray, shape (pools, years)
        Money taken off pools whatever is earned.

    Returns
    -------
    ndarray, shape (programmes, years)
    """
    fixed = held.copy()
    fixed[demand.rows.columns[0]] = True
    done = np.repeat(activity.baseline[:, None], activity.price.shape[1], axis=1)
    i, t = demand.rows.columns
    done[i, t] = np.where(held[i], activity.baseline[i], demand.arriving)
    target = np.where(fixed[:, None], done * activity.price, 0.0)
    (i, b, t), part = funding.split(money.payer)
    base = np.where(fixed, 0.0, activity.baseline * activity.unit_cost)
    revenue = money.amount + _handed_on(money) - funding.adjusted - held_back
    spread = np.zeros_like(target)
    for capital, amount in ((False, revenue), (True, money.capital)):
        mine = part * (funding.capital[i] == capital)
        spent, start = np.zeros_like(amount), np.zeros_like(amount)
        np.add.at(spent, (b, t), target[i, t] * mine)
        np.add.at(start, (b, t), base[i] * mine)
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.where(start > 0, np.maximum(amount - spent, 0.0) / start, 0.0)
        # Where money is not limited the baseline goes on at what it costs.
        goes_on = np.where(fixed[i], 0.0, activity.baseline[i] * activity.price[i, t])
        endless = np.isinf(growth)
        shared = base[i] * np.where(endless, 0.0, growth)[b, t]
        np.add.at(spread, (i, t), np.where(endless[b, t], goes_on, shared) * mine)
    return target + spread


def _handed_on(money: Money) -> Floats:
    """Money of pools that pay for nothing themselves, where they may hand it."""
    giver, taker, t = money.transfers.columns
    idle = ~np.isin(np.arange(len(money.amount)), money.payer)
    most = np.where(idle[giver], money.transfer_max, 0.0)
    total = np.zeros(money.amount.shape)
    np.add.at(total, (giver, t), most)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(total[giver, t] > 0, most / total[giver, t], 0.0)
    handed = np.zeros(money.amount.shape)
    given = money.amount[giver, t]
    endless = np.isinf(given)
    share = part * np.where(endless, 0.0, given)
    np.add.at(handed, (taker, t), np.where(endless, most, np.minimum(most, share)))
    return handed
