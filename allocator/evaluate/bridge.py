"""The bridge: from last year's outturn to the plan, in the steps finance people use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.evaluate.accounts import Round, read_round
from allocator.evaluate.evaluation import Evaluation
from allocator.evaluate.tables import Array, Codes, Flags, words
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance

STEPS = (
    "outturn",
    "full_year_effect",
    "inflation",
    "pressure",
    "double_running",
    "reserve",
    "deficit",
    "efficiency",
    "growth_and_demand",
    "decisions",
    "contracts",
    "extra_capacity",
    "plan",
)
"""Steps in order; the last is what the ones before it come to."""

TOGETHER = ["pool", "sector", "year", "recurrent"]
PENNY = 0.01
NOTHING = 1e-6
"""Currency below which a step is left out as rounding."""
ROUNDING = 1e-12
"""Share of a figure that adding it up may lose."""


def bridge(instance: Instance, checked: Evaluation, reference: Evaluation) -> pd.DataFrame:
    """Explain what every pool spends on every sector, step by step from the base year.

    Parameters
    ----------
    instance : Instance
        The round.
    checked : Evaluation
        The plan.
    reference : Evaluation
        The reference plan.

    Returns
    -------
    pandas.DataFrame
        pool, sector (blank: none in particular), year, step, recurrent, amount; in the order
        of :data:`STEPS`, steps of nothing left out. ``outturn`` is the baseline at base-year
        prices and ``inflation`` what the year's prices add to it; ``growth_and_demand`` is
        the reference plan at cost less that, ``decisions`` the plan at cost less the
        reference plan, and ``contracts`` what contracts pay less the cost of their
        activity. ``plan`` is all the pool uses, capital and extra capacity included, money
        moved to other pools and years left out. What several pools pay for is split in all
        steps as the plan splits it. Contracts come back every year; capital and extra
        capacity do not.
    """
    instance = with_evidence(instance)
    known = read_round(instance, None)
    size = known.programmes.shape
    spend = checked.allocation["spend"].to_numpy().reshape(size)
    before = reference.allocation["spend"].to_numpy().reshape(size)
    steps = _Steps(known)
    _add_programmes(steps, known, checked, spend, before)
    _add_contracts(steps, known, checked, spend)
    _add_adjustments(steps, known)
    extra = checked.budgets["extra_cost"].to_numpy().reshape(len(known.pools.names), size[1])
    pool, t = np.nonzero(extra)
    none = np.zeros(len(pool), dtype=np.intp)
    steps.add("extra_capacity", (pool, none, t, none), extra[pool, t])
    return steps.frame(NOTHING / instance.settings.money_scale)


class _Steps:
    """Amounts by pool, sector, year, whether they come back every year, and step.

    Parameters
    ----------
    known : Round
        Its pools, sectors and years.
    """

    def __init__(self, known: Round) -> None:
        self.pools, self.years = known.pools.names, known.programmes.years
        every = words(known.programmes.table, "sector").astype(str)
        # Sector 0 is none in particular.
        names, sector = np.unique(every, return_inverse=True)
        self.sectors = ["", *names.tolist()]
        self.sector: Codes = sector + 1
        shape = (len(self.pools), len(self.sectors), len(self.years), 2, len(STEPS))
        self.amount = np.zeros(shape)

    def add(self, step: str, where: tuple[Any, Any, Any, Any], amount: Any) -> None:
        """Add amounts to a step at positions of pool, sector, year and recurrence."""
        np.add.at(self.amount, (*where, STEPS.index(step)), amount)

    def frame(self, nothing: float) -> pd.DataFrame:
        """Tidy table with what the steps come to; amounts up to `nothing` left out."""
        amount = np.where(np.abs(self.amount) > nothing, self.amount, 0.0)
        amount[..., -1] = amount.sum(axis=-1)
        there = amount != 0.0
        there[..., -1] = there.any(axis=-1)
        pool, sector, year, step, once = np.nonzero(np.moveaxis(there[:, :, :, ::-1], 3, 4))
        lasting = 1 - once
        return pd.DataFrame(
            {
                "pool": pd.Series(self.pools.to_numpy(dtype=object)[pool], dtype="str"),
                "sector": pd.Series(np.array(self.sectors, dtype=object)[sector], dtype="str"),
                "year": self.years[year].astype(np.int64),
                "step": pd.Series(np.array(STEPS, dtype=object)[step], dtype="str"),
                "recurrent": lasting.astype(bool),
                "amount": amount[pool, sector, year, lasting, step],
            }
        )


def _add_programmes(
    steps: _Steps, known: Round, checked: Evaluation, spend: Array, before: Array
) -> None:
    """Steps of what programmes cost, for the pools that pay."""
    programmes = known.programmes
    row, t, pool, share = _payers(known, checked)
    base = programmes.unit_cost * programmes.baseline
    at_prices = programmes.price * programmes.baseline[:, None]
    amounts = {
        "outturn": np.broadcast_to(base[:, None], spend.shape),
        "inflation": at_prices - base[:, None],
        "growth_and_demand": before - at_prices,
        "decisions": spend - before,
    }
    lasting = _lasting(known)[row, t].astype(np.intp)
    for step, of in amounts.items():
        steps.add(step, (pool, steps.sector[row], t, lasting), share * of[row, t])


def _lasting(known: Round) -> Flags:
    """Whether what is spent on a programme comes back every year, shape (programme, year)."""
    programmes = known.programmes
    own = programmes.recurrent & ~programmes.capital
    lasting: Flags = own[:, None] | known.contracts.held
    return lasting


def _payers(known: Round, checked: Evaluation) -> tuple[Codes, Codes, Codes, Array]:
    """Programme, year and pool of everything that is paid, with the pool's share of it."""
    programmes, funding = known.programmes, known.funding
    own = known.pools.names.get_indexer(pd.Index(programmes.table["pool"]))
    alone, year = np.nonzero(~funding.shared)
    part, t = np.nonzero(funding.there)
    share = checked.funding["share"].to_numpy()
    # What costs nothing this year is put to the pool that would pay first.
    first = (funding.rank[part] == 0).astype(float)
    share = np.where(np.isnan(share), first, share)
    return (
        np.concatenate([alone, funding.programme[part]]),
        np.concatenate([year, t]),
        np.concatenate([own[alone], funding.pool[part]]),
        np.concatenate([np.ones(len(alone)), share]),
    )


def _add_contracts(steps: _Steps, known: Round, checked: Evaluation, spend: Array) -> None:
    """What contracts pay beyond the cost of their activity, to sectors by that cost."""
    contracts, frame = known.contracts, checked.contracts
    over = (frame["pool_payment"] - frame["cost"]).to_numpy().reshape(contracts.replaces.shape)
    row, t = np.nonzero(contracts.held)
    of = contracts.member[row]
    # A contract without any activity is split evenly.
    size = np.where(contracts.total(spend)[of, t] > 0, spend[row, t], 1.0)
    total = np.zeros(over.shape)
    np.add.at(total, (of, t), size)
    pool = known.pools.names.get_indexer(pd.Index(contracts.pool))[of]
    where = (pool, steps.sector[row], t, np.ones(len(row), dtype=np.intp))
    steps.add("contracts", where, over[of, t] * size / total[of, t])


def _add_adjustments(steps: _Steps, known: Round) -> None:
    """Adjustments, to the sectors of their selection by baseline spend."""
    adjustments = known.adjustments
    payer = known.pools.names.get_indexer(pd.Index(known.programmes.table["pool"]))
    every = np.arange(len(steps.sectors))
    for item, t, pool in np.argwhere(adjustments.amount):
        weight = adjustments.weight[item, t]
        own = np.where(payer == pool, weight, 0.0)
        parts = np.bincount(steps.sector, own if own.any() else weight, len(every))
        parts[0] = 0.0 if parts.any() else 1.0
        lasting = int(adjustments.recurrent[item, t])
        amount = adjustments.amount[item, t, pool] * parts / parts.sum()
        steps.add(adjustments.kind[item, t], (pool, every, t, lasting), amount)


def check_bridge(frame: pd.DataFrame, checked: Evaluation, penny: float = PENNY) -> list[str]:
    """What does not add up in a bridge, in words; empty when all does.

    Parameters
    ----------
    frame : pandas.DataFrame
        As :func:`bridge` gives it.
    checked : Evaluation
        The plan it explains.
    penny : float
        Money, in the instance's unit, by which two figures may differ.

    Returns
    -------
    list of str
        A sentence for every pool, sector and year whose steps do not come to its plan, and
        for every pool and year whose plan is not what the pool pays.
    """
    last = frame["step"] == "plan"
    amount = frame["amount"]
    sums = frame[TOGETHER].assign(
        steps=amount.where(~last, 0.0), plan=amount.where(last, 0.0), size=amount.abs()
    )
    sums = sums.groupby(TOGETHER, as_index=False).sum()
    room = np.maximum(penny, ROUNDING * sums["size"])
    problems = [
        f"Pool '{line['pool']}', sector '{line['sector']}', {line['year']}: "
        f"{'recurrent' if line['recurrent'] else 'non-recurrent'} steps come to "
        f"{line['steps']:,.2f} and the plan is {line['plan']:,.2f}."
        for line in sums[(sums["steps"] - sums["plan"]).abs() > room].to_dict("records")
    ]
    pools = _by_pool(frame[last], checked)
    room = np.maximum(penny, ROUNDING * pools["pays"].abs())
    for said in ("pays", "pays every year"):
        off = pools[(pools[f"bridge {said}"] - pools[said]).abs() > room]
        problems += [
            f"Pool '{line['pool']}', {line['year']}: the bridge comes to "
            f"{line[f'bridge {said}']:,.2f} and the pool {said} {line[said]:,.2f}."
            for line in off.to_dict("records")
        ]
    return problems


def _by_pool(plan: pd.DataFrame, checked: Evaluation) -> pd.DataFrame:
    """What every pool pays in a year, in all and every year, and what the bridge says of it."""
    budgets = checked.budgets
    uses = budgets["spend"] + budgets["capital_spend"] + budgets["adjustments"]
    pools = budgets[["pool", "year"]].assign(
        **{
            "pays": uses + budgets["extra_cost"],
            "pays every year": budgets["recurrent_spend"] - budgets["transfers_out"],
        }
    )
    total = plan[["pool", "year"]].assign(
        **{
            "bridge pays": plan["amount"],
            "bridge pays every year": plan["amount"].where(plan["recurrent"], 0.0),
        }
    )
    total = total.groupby(["pool", "year"], as_index=False).sum()
    return pools.merge(total, on=["pool", "year"], how="left").fillna(0.0)
