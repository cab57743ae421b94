"""The bridge: from last year's outturn to the plan, in the steps finance people use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.evaluate.accounts import Round, decide, read_round
from allocator.evaluate.evaluation import Evaluation
from allocator.evaluate.tables import Array, Codes, Flags, summed, words
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
    "options",
    "one_off",
    "option_capital",
    "contracts",
    "exit_fees",
    "extra_capacity",
    "option_income",
    "incomes",
    "held_back",
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
        reference plan, both without the yearly costs of options, and ``contracts`` what
        contracts pay less the cost of their activity. ``options`` is what options cost every
        year; where one came into place part-way through the year before, what the rest of a
        year adds is a ``full_year_effect``. Their ``double_running``, what they cost once or
        on leaving (``one_off``) and their ``option_capital`` are apart, as are
        ``exit_fees`` of contracts ended early. Money that comes in is negative:
        ``option_income``, and ``incomes`` received on conditions, for which ``held_back`` is
        taken off first. ``plan`` is all the pool uses less that, capital and extra capacity
        included, money moved to other pools and years left out. What several pools pay for
        is split in all steps as the plan splits it. Contracts, yearly costs of options and
        their income come back every year; capital, extra capacity and what is paid or
        received once do not.
    """
    instance = with_evidence(instance)
    known = read_round(instance, None)
    ended = _flags(checked.contracts, "ended", len(known.programmes.years))
    known = decide(instance, known, _flags(checked.options, "taken", ended.shape[1]), ended)
    steps = _Steps(known)
    _add_programmes(steps, known, checked, reference)
    _add_options(steps, known, checked)
    _add_contracts(steps, known, checked)
    _add_adjustments(steps, known)
    for step, column, sign, lasting in POOLED:
        amount = _by_year(checked.budgets, column, ended.shape[1])
        pool, t = np.nonzero(amount)
        none = np.zeros(len(pool), dtype=np.intp)
        steps.add(step, (pool, none, t, none + lasting), sign * amount[pool, t])
    return steps.frame(NOTHING / instance.settings.money_scale)


POOLED = (
    ("extra_capacity", "extra_cost", 1.0, 0),
    ("option_income", "option_income", -1.0, 1),
    ("incomes", "incomes", -1.0, 0),
    ("held_back", "held_back", 1.0, 0),
)
"""Steps that belong to no sector: column of the budgets, sign, whether every year."""


def _by_year(frame: pd.DataFrame, column: str, years: int) -> Array:
    """Column of a table whose rows go through the years one thing at a time."""
    figures: Array = frame[column].to_numpy(dtype=float).reshape(-1, years)
    return figures


def _flags(frame: pd.DataFrame, column: str, years: int) -> Flags:
    return _by_year(frame, column, years) == 1


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
    steps: _Steps, known: Round, checked: Evaluation, reference: Evaluation
) -> None:
    """Steps of what programmes cost, for the pools that pay."""
    programmes, years = known.programmes, len(known.programmes.years)
    row, t, pool, share = _payers(known, checked)
    base = programmes.unit_cost * programmes.baseline
    at_prices = programmes.price * programmes.baseline[:, None]
    options, rest = (_of_programmes(known, part) for part in _yearly(checked, years))
    spend = _by_year(checked.allocation, "spend", years) - options - rest
    before = _by_year(reference.allocation, "spend", years)
    before = before - sum(_of_programmes(known, part) for part in _yearly(reference, years))
    amounts = {
        "outturn": np.broadcast_to(base[:, None], spend.shape),
        "inflation": at_prices - base[:, None],
        "growth_and_demand": before - at_prices,
        "decisions": spend - before,
        "options": options,
        "full_year_effect": rest,
    }
    lasting = _lasting(known)[row, t].astype(np.intp)
    for step, of in amounts.items():
        steps.add(step, (pool, steps.sector[row], t, lasting), share * of[row, t])


def _yearly(checked: Evaluation, years: int) -> tuple[Array, Array]:
    """Yearly costs of options, and the part that a full year adds to the first part of one.

    Both have the shape (option, year).
    """
    cost = _by_year(checked.options, "cost_yearly", years)
    share = _by_year(checked.options, "in_place", years)
    before = np.zeros_like(share)
    before[:, 1:] = share[:, :-1]
    part = np.zeros_like(share)
    np.divide(share - before, share, out=part, where=(before > 0) & (share > before))
    return cost * (1.0 - part), cost * part


def _of_programmes(known: Round, figures: Array) -> Array:
    """Figures of options that are part of programmes' spend, shape (programme, year)."""
    of = known.course.options.programme
    return summed(of[of >= 0], figures[of >= 0], len(known.programmes.names))


def _add_options(steps: _Steps, known: Round, checked: Evaluation) -> None:
    """What options cost their pools directly, to the sector of their programme."""
    options, years = known.course.options, len(known.programmes.years)
    alone = (options.programme < 0)[:, None]
    yearly, rest = (np.where(alone, part, 0.0) for part in _yearly(checked, years))
    once, leaving, both, capital = (
        _by_year(checked.options, column, years)
        for column in ("cost_once", "cost_exit", "double_running", "capital")
    )
    sector = np.append(steps.sector, 0)[options.programme]
    for step, amount, lasting in (
        ("options", yearly, 1),
        ("full_year_effect", rest, 1),
        ("double_running", both, 0),
        ("one_off", once + leaving, 0),
        ("option_capital", capital, 0),
    ):
        o, t = np.nonzero(amount)
        where = options.pool[o], sector[o], t, np.full(len(o), lasting)
        steps.add(step, where, amount[o, t])


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


def _add_contracts(steps: _Steps, known: Round, checked: Evaluation) -> None:
    """What contracts pay beyond the cost of their activity, and fees for ending them."""
    contracts, frame = known.contracts, checked.contracts
    years = len(known.programmes.years)
    over = _by_year(frame, "pool_payment", years) - _by_year(frame, "cost", years)
    over = np.where(contracts.replaces, over, 0.0)
    spend = _by_year(checked.allocation, "spend", years)
    for step, amount, lasting in (
        ("contracts", over, 1),
        ("exit_fees", _by_year(frame, "exit_fee", years), 0),
    ):
        member = contracts.member
        row, t = np.nonzero(np.vstack([amount, np.zeros((1, years))])[member])
        of = member[row]
        # A contract without any activity is split evenly.
        size = np.where(contracts.total(spend)[of, t] > 0, spend[row, t], 1.0)
        total = np.zeros(amount.shape)
        np.add.at(total, (of, t), size)
        pool = known.pools.names.get_indexer(pd.Index(contracts.pool))[of]
        where = (pool, steps.sector[row], t, np.full(len(row), lasting))
        steps.add(step, where, amount[of, t] * size / total[of, t])


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
    """What pools pay less what they gain, in all and every year, and the bridge's word for it."""
    budgets = checked.budgets
    uses = ["spend", "capital_spend", "adjustments", "extra_cost", "option_cost", "exit_fees"]
    gains = budgets["option_income"] + budgets["incomes"] - budgets["held_back"]
    lasting = budgets["recurrent_spend"] - budgets["transfers_out"]
    pools = budgets[["pool", "year"]].assign(
        **{
            "pays": budgets[uses].sum(axis=1) - gains,
            "pays every year": lasting - budgets["option_income"],
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
