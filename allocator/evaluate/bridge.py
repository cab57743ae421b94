"""The bridge: from last year's outturn to the plan, in the steps finance people use."""

from __future__ import annotations

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

COLUMNS = ("pool", "sector", "year", "step", "recurrent", "amount")
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
    parts = [
        _programmes(known, checked, spend, before),
        _contracts(known, checked, spend),
        _adjustments(known),
        _extra(checked),
    ]
    steps = pd.concat([part for part in parts if len(part)], ignore_index=True)
    steps["order"] = steps["step"].map(STEPS.index)
    total = steps.groupby([*TOGETHER, "order"], as_index=False).agg({"amount": "sum"})
    total = total[total["amount"].abs() * instance.settings.money_scale > NOTHING]
    plan = total.groupby(TOGETHER, as_index=False).agg({"amount": "sum"})
    frame = pd.concat([total, plan.assign(order=len(STEPS) - 1)], ignore_index=True)
    frame["step"] = [STEPS[n] for n in frame["order"]]
    frame["order"] = 2 * frame["order"] + ~frame["recurrent"]
    frame = frame.sort_values(["pool", "sector", "year", "order"], ignore_index=True)
    return frame.astype({"pool": "str", "sector": "str", "step": "str"})[list(COLUMNS)]


def _programmes(known: Round, checked: Evaluation, spend: Array, before: Array) -> pd.DataFrame:
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
    lasting = _lasting(known)
    where = pd.DataFrame(
        {
            "pool": known.pools.names.to_numpy()[pool],
            "sector": words(programmes.table, "sector")[row],
            "year": programmes.years[t],
            "recurrent": lasting[row, t],
        }
    )
    return pd.concat(
        [where.assign(step=step, amount=share * of[row, t]) for step, of in amounts.items()]
    )


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


def _contracts(known: Round, checked: Evaluation, spend: Array) -> pd.DataFrame:
    """What contracts pay beyond the cost of their activity, to sectors by that cost."""
    contracts, programmes = known.contracts, known.programmes
    frame = checked.contracts
    over = (frame["pool_payment"] - frame["cost"]).to_numpy().reshape(contracts.replaces.shape)
    row, t = np.nonzero(contracts.held)
    of = contracts.member[row]
    # A contract without any activity is split evenly.
    size = np.where(contracts.total(spend)[of, t] > 0, spend[row, t], 1.0)
    total = np.zeros(over.shape)
    np.add.at(total, (of, t), size)
    return pd.DataFrame(
        {
            "pool": np.array(contracts.pool, dtype=object)[of],
            "sector": words(programmes.table, "sector")[row],
            "year": programmes.years[t],
            "recurrent": np.ones(len(row), dtype=bool),
            "step": "contracts",
            "amount": over[of, t] * size / total[of, t],
        }
    )


def _adjustments(known: Round) -> pd.DataFrame:
    """Adjustments, to the sectors of their selection by baseline spend."""
    adjustments, programmes = known.adjustments, known.programmes
    sectors, sector = np.unique(words(programmes.table, "sector").astype(str), return_inverse=True)
    payer = known.pools.names.get_indexer(pd.Index(programmes.table["pool"]))
    rows = []
    for item, t, pool in np.argwhere(adjustments.amount):
        weight = adjustments.weight[item, t]
        own = np.where(payer == pool, weight, 0.0)
        parts = np.bincount(sector, own if own.any() else weight, len(sectors))
        about = sectors if parts.any() else [""]
        shares = parts / parts.sum() if parts.any() else [1.0]
        same = {
            "pool": known.pools.names[pool],
            "year": programmes.years[t],
            "step": adjustments.kind[item, t],
            "recurrent": adjustments.recurrent[item, t],
        }
        amount = adjustments.amount[item, t, pool]
        rows += [
            same | {"sector": name, "amount": amount * share}
            for name, share in zip(about, shares, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _extra(checked: Evaluation) -> pd.DataFrame:
    """Extra capacity, of no sector in particular and bought for the year."""
    budgets = checked.budgets
    return pd.DataFrame(
        {
            "pool": budgets["pool"],
            "sector": "",
            "year": budgets["year"],
            "recurrent": False,
            "step": "extra_capacity",
            "amount": budgets["extra_cost"],
        }
    )


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
    problems = []
    steps = frame[~last].assign(size=frame["amount"].abs())
    steps = steps.groupby(TOGETHER, as_index=False).agg({"amount": "sum", "size": "sum"})
    plan = frame.loc[last, [*TOGETHER, "amount"]].rename(columns={"amount": "plan"})
    for line in steps.merge(plan, on=TOGETHER, how="outer").fillna(0.0).to_dict("records"):
        if abs(line["amount"] - line["plan"]) > max(penny, ROUNDING * line["size"]):
            kind = "recurrent" if line["recurrent"] else "non-recurrent"
            problems.append(
                f"Pool '{line['pool']}', sector '{line['sector']}', {line['year']}: {kind} steps "
                f"come to {line['amount']:,.2f} and the plan is {line['plan']:,.2f}."
            )
    pools = _by_pool(frame[last], checked)
    for said in ("pays", "pays every year"):
        for line in pools.to_dict("records"):
            found, paid = line[f"bridge {said}"], line[said]
            if abs(found - paid) > max(penny, ROUNDING * line["pays"]):
                problems.append(
                    f"Pool '{line['pool']}', {line['year']}: the bridge comes to {found:,.2f} and "
                    f"the pool {said} {paid:,.2f}."
                )
    return problems


def _by_pool(plan: pd.DataFrame, checked: Evaluation) -> pd.DataFrame:
    """What every pool pays in a year, in all and every year, and what the bridge says of it."""
    budgets = checked.budgets
    uses = ["spend", "capital_spend", "adjustments", "extra_cost"]
    pools = budgets[["pool", "year"]].assign(
        **{
            "pays": budgets[uses].sum(axis=1),
            "pays every year": budgets["recurrent_spend"] - budgets["transfers_out"],
        }
    )
    for said, rows in (("pays", plan), ("pays every year", plan[plan["recurrent"]])):
        total = rows.groupby(["pool", "year"], as_index=False).agg({"amount": "sum"})
        total = total.rename(columns={"amount": f"bridge {said}"})
        pools = pools.merge(total, on=["pool", "year"], how="left")
    return pools.fillna(0.0)
