"""Contracts in force: who pays whom, for which programmes, and how it may end."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import Activity
from allocator.data.axes import Axes
from allocator.data.index import Index
from allocator.data.spans import Costs
from allocator.instance.facts.payment import DRIVERS
from allocator.instance.instance import Instance


class Contracts:
    """Contracts in the years they replace cost by a payment.

    Attributes
    ----------
    rows : Index
        (contract, year); the arrays below follow it.
    kind : ndarray of str
        What payment follows: value, cost or outcome.
    terms : Terms
        What decides the payments.
    markup : ndarray
        ``1 + overhead``: what the pool pays per unit of payment.
    payer : ndarray of int
        Pool that pays.
    provider, lead : ndarray of int
        Provider paid; lead that receives the overhead, -1 for none.
    outcome : ndarray of int
        Outcome that earns a bonus; -1 for none.
    ceiling : ndarray
        Most activity at tariff a block covers; inf for any.
    programmes : tuple of ndarray of int
        Programmes under each contract.
    members : Index
        (contract, year, programme): the same in one index.
    tariff : ndarray
        Tariff of each member in the year, following `members`.
    covered : ndarray of bool, shape (programmes, years)
        Programme-years a contract pays for.
    cost_low, cost_high : ndarray
        Least and most its programmes can cost, following `rows`.
    follows_low, follows_high : ndarray
        Least and most that what the payment follows can be if money were no limit, because
        what a pool leaves within reach rests on the very payment; NaN for an outcome.
    endable : ndarray of bool
        Rows in which the contract may have been ended, or may be suspended.
    ends : Index
        (contract, year) in which a contract may be ended for good.
    fee : ndarray
        Exit fee in money of the year, following `ends`.
    """

    def __init__(self, instance: Instance, axes: Axes, activity: Activity, costs: Costs) -> None:
        facts, homes = instance.facts, instance.rows["programmes"]["provider"]
        agreed = facts.agreements
        at = agreed.in_force
        names, t = [agreed.names[c] for c in at[0].tolist()], at[1]
        self.rows = rows = Index((axes.contract, axes.year), [axes.contract.codes(names), t])
        self.programmes = members = tuple(agreed.members[c] for c in at[0].tolist())
        first = np.array([mine[0] for mine in members], dtype=np.int64)
        owner = np.repeat(np.arange(len(rows)), [len(mine) for mine in members])
        who = np.concatenate([np.empty(0, np.int64), *members])
        self.kind = np.array([DRIVERS[kind] for kind in agreed.kind[at].tolist()], dtype=object)
        under = list(zip(members, t.tolist(), strict=True))

        def cost(each: Floats) -> Floats:
            return np.array([each[mine, year].sum() for mine, year in under], dtype=float)

        def follows(paid: Floats, activity: Floats) -> Floats:
            worth = [agreed.tariff[mine, year] @ activity[mine, year] for mine, year in under]
            by_value = np.where(self.kind == "value", worth, np.nan)
            return np.where(self.kind == "cost", paid, by_value)

        self.cost_low, self.cost_high = cost(costs.low), cost(costs.high)
        may = agreed.endable[at]
        self.terms = agreed.terms.take(at)
        self.markup = agreed.markup[at]
        self.payer = facts.budgets.payer[first]
        self.provider = axes.provider.find(homes[first].tolist())
        self.lead = axes.provider.find(agreed.lead[at].tolist())
        self.outcome = axes.outcome.find(agreed.bonus_outcome[at].tolist())
        self.ceiling = agreed.ceiling[at]
        self.members = Index((*rows.axes, axes.programme), [*(c[owner] for c in rows.columns), who])
        self.tariff = agreed.tariff[who, t[owner]]
        self.covered = agreed.covered
        low, high = _before_money(instance, activity)
        least, most = (cost(each) for each in costs.between(activity, low, high))
        self.follows_low, self.follows_high = follows(least, low), follows(most, high)
        self.endable = facts.commitments.loose[at]
        self.ends = rows.take(may)
        self.fee = agreed.exit_fee[at][may]


def _before_money(instance: Instance, activity: Activity) -> tuple[Floats, Floats]:
    """Least and most activity by everything but money, and by the bounds of its variable."""
    found = instance.facts.ranges
    low = np.minimum(np.maximum(found.free_lo, activity.floor), activity.lo)
    return low, np.maximum(np.minimum(found.free_hi, activity.top), activity.hi)
