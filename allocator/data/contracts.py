"""Contracts in force: who pays whom, for which programmes, and how it may end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats, Ints, Objects
from allocator.data.activity import Activity
from allocator.data.axes import Axes
from allocator.data.index import Index
from allocator.data.spans import Costs
from allocator.instance.facts.payment import DRIVERS, Terms
from allocator.instance.instance import Instance


@dataclass(frozen=True)
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
        Least and most that what the payment follows can be; NaN for an outcome.
    endable : ndarray of bool
        Rows in which the contract may have been ended, or may be suspended.
    ends : Index
        (contract, year) in which a contract may be ended for good.
    fee : ndarray
        Exit fee in money of the year, following `ends`.
    """

    rows: Index
    kind: Objects
    terms: Terms
    markup: Floats
    payer: Ints
    provider: Ints
    lead: Ints
    outcome: Ints
    ceiling: Floats
    programmes: tuple[Ints, ...]
    members: Index
    tariff: Floats
    covered: Flags
    cost_low: Floats
    cost_high: Floats
    follows_low: Floats
    follows_high: Floats
    endable: Flags
    ends: Index
    fee: Floats


def read_contracts(instance: Instance, axes: Axes, activity: Activity, costs: Costs) -> Contracts:
    """Extract the contracts that replace cost by a payment."""
    facts, homes = instance.facts, instance.rows["programmes"]["provider"]
    agreed = facts.agreements
    at = agreed.in_force
    names, t = [agreed.names[c] for c in at[0].tolist()], at[1]
    rows = Index((axes.contract, axes.year), [axes.contract.codes(names), t])
    members = tuple(agreed.members[c] for c in at[0].tolist())
    first = np.array([mine[0] for mine in members], dtype=np.int64)
    owner = np.repeat(np.arange(len(rows)), [len(mine) for mine in members])
    who = np.concatenate([np.empty(0, np.int64), *members])
    kind = np.array([DRIVERS[kind] for kind in agreed.kind[at].tolist()], dtype=object)
    under = list(zip(members, t.tolist(), strict=True))

    def cost(each: Floats) -> Floats:
        return np.array([each[mine, year].sum() for mine, year in under], dtype=float)

    def follows(paid: Floats, activity: Floats) -> Floats:
        worth = [agreed.tariff[mine, year] @ activity[mine, year] for mine, year in under]
        return np.where(kind == "cost", paid, np.where(kind == "value", worth, np.nan))

    low, high = cost(costs.low), cost(costs.high)
    may = agreed.endable[at]
    return Contracts(
        rows,
        kind,
        agreed.terms.take(at),
        agreed.markup[at],
        facts.budgets.payer[first],
        axes.provider.find(homes[first].tolist()),
        axes.provider.find(agreed.lead[at].tolist()),
        axes.outcome.find(agreed.bonus_outcome[at].tolist()),
        agreed.ceiling[at],
        members,
        Index((*rows.axes, axes.programme), [*(c[owner] for c in rows.columns), who]),
        agreed.tariff[who, t[owner]],
        agreed.covered,
        low,
        high,
        follows(low, activity.lo),
        follows(high, activity.hi),
        facts.commitments.loose[at],
        rows.take(may),
        agreed.exit_fee[at][may],
    )
