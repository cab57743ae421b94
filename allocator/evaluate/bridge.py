"""The bridge: from last year's outturn to the plan, in the steps finance people use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Floats, Ints
from allocator.evaluate import frames
from allocator.evaluate.evaluation import Evaluation
from allocator.evaluate.funding import shares_paid
from allocator.evaluate.option_money import OptionMoney
from allocator.evaluate.round import Round
from allocator.evaluate.tables import Names, pick, year_before
from allocator.evaluate.tolerances import NO_STEP
from allocator.evaluate.workings import Workings

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

ONCE, LASTING, CAPITAL = range(3)
"""Money that does not come back, that comes back every year, and capital."""


def bridge(checked: Evaluation, reference: Evaluation) -> pd.DataFrame:
    """Explain what every pool spends on every sector, step by step from the base year.

    Parameters
    ----------
    checked : Evaluation
        The plan.
    reference : Evaluation
        The reference plan of the same round.

    Returns
    -------
    pandas.DataFrame
        pool, sector (blank: none in particular), year, step, recurrent, capital (whether it
        is capital and not revenue), amount; in the order
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
        is split up to ``inflation`` as the reference plan splits it in the first year, so that
        the outturn of a pool is one number; what another split changes is growth and demand
        where the reference plan splits so, and a decision where the plan does. Contracts,
        yearly costs of options and their income come back every year; capital, extra capacity
        and what is paid or received once do not.
    """
    plan, before = checked.workings, reference.workings
    steps = _Steps(plan.decided.round)
    _add_programmes(steps, plan, before)
    _add_options(steps, plan.accounts.options)
    _add_contracts(steps, plan)
    _add_adjustments(steps, plan.decided.round)
    uses = plan.accounts.ledger.uses
    for step, amount, lasting in (
        ("extra_capacity", uses.extra_cost, ONCE),
        ("option_income", -uses.option_income, LASTING),
        ("incomes", -uses.incomes, ONCE),
        ("held_back", uses.withheld, ONCE),
    ):
        pool, t = np.nonzero(amount)
        steps.add(step, (pool, 0, t, lasting), amount[pool, t])
    return steps.frame(NO_STEP / plan.decided.round.tables.settings.money_scale)


class _Steps:
    """Amounts by pool, sector, year, kind of money and step.

    Parameters
    ----------
    known : Round
        Its pools, sectors and years.
    """

    def __init__(self, known: Round) -> None:
        self.pools, self.years = known.pools.names, known.tables.years
        every = known.programmes.rows["sector"].tolist()
        # Sector 0 is none in particular.
        self.sectors = Names(["", *sorted(set(every))])
        self.sector = self.sectors.find(every)
        shape = (len(self.pools), len(self.sectors), len(self.years), 3, len(STEPS))
        self.amount = np.zeros(shape)

    def add(self, step: str, where: tuple[Any, Any, Any, Any], amount: Any) -> None:
        """Add amounts to a step at positions of pool, sector, year and kind of money."""
        np.add.at(self.amount, (*where, STEPS.index(step)), amount)

    def frame(self, nothing: float) -> pd.DataFrame:
        """Tidy table with what the steps come to; amounts up to `nothing` left out."""
        amount = np.where(np.abs(self.amount) > nothing, self.amount, 0.0)
        amount[..., -1] = amount.sum(axis=-1)
        there = amount != 0.0
        there[..., -1] = there.any(axis=-1)
        # What lasts first, then what does not, then capital.
        order = np.array([LASTING, ONCE, CAPITAL])
        pool, sector, year, step, at = np.nonzero(np.moveaxis(there[:, :, :, order], 3, 4))
        kind = order[at]
        return frames.table(
            {
                "pool": self.pools.array[pool],
                "sector": self.sectors.array[sector],
                "year": self.years[year],
                "step": np.array(STEPS, dtype=object)[step],
                "recurrent": kind == LASTING,
                "capital": kind == CAPITAL,
                "amount": amount[pool, sector, year, kind, step],
            }
        )


def _add_programmes(steps: _Steps, plan: Workings, before: Workings) -> None:
    """Steps of what programmes cost, for the pools that pay."""
    programmes = plan.decided.round.programmes
    shares = _shares(plan, before)
    base = np.broadcast_to(programmes.base_spend[:, None], programmes.price.shape)
    at_prices = programmes.price * programmes.baseline[:, None]
    options, rest = _of_programmes(plan)
    spend = plan.accounts.spending.total - options - rest
    reference = before.accounts.spending.total - sum(_of_programmes(before))
    own = (programmes.recurrent & ~programmes.capital)[:, None]
    kind = np.where(own | plan.decided.contracts.contracted, LASTING, ONCE)
    kind = np.where(programmes.capital[:, None], CAPITAL, kind)
    row, t = shares.row, shares.t
    where = (shares.pool, steps.sector[row], t, kind[row, t])
    # What each pool has paid up to a step; the steps are the differences.
    at_base, later = shares.first * base[row, t], shares.first * at_prices[row, t]
    rolled, planned = shares.before * reference[row, t], shares.now * spend[row, t]
    for step, of in (
        ("outturn", at_base),
        ("inflation", later - at_base),
        ("growth_and_demand", rolled - later),
        ("decisions", planned - rolled),
        ("options", shares.now * options[row, t]),
        ("full_year_effect", shares.now * rest[row, t]),
    ):
        steps.add(step, where, of)


def _yearly(money: OptionMoney) -> tuple[Floats, Floats]:
    """Yearly costs of options, and the part that a full year adds to the first part of one.

    Both have the shape (option, year).
    """
    cost, share = money.costs["cost_yearly"], money.course.in_place
    before = year_before(share, 0.0)
    part = np.zeros_like(share)
    np.divide(share - before, share, out=part, where=(before > 0) & (share > before))
    return cost * (1.0 - part), cost * part


def _of_programmes(plan: Workings) -> tuple[Floats, Floats]:
    """The same of options that are part of programmes' spend, shape (programme, year)."""
    money, size = plan.accounts.options, len(plan.activity)
    yearly, rest = _yearly(money)
    return money.of_programmes(yearly, size), money.of_programmes(rest, size)


def _add_options(steps: _Steps, money: OptionMoney) -> None:
    """What options cost their pools directly, to the sector of their programme."""
    options, costs = money.course.options, money.costs
    yearly, rest = (money.direct(part) for part in _yearly(money))
    sector = pick(steps.sector, options.programme, 0)
    for step, amount, lasting in (
        ("options", yearly, LASTING),
        ("full_year_effect", rest, LASTING),
        ("double_running", costs["double_running"], ONCE),
        ("one_off", costs["cost_once"] + costs["cost_exit"], ONCE),
        ("option_capital", costs["capital"], CAPITAL),
    ):
        o, t = np.nonzero(amount)
        steps.add(step, (options.pool[o], sector[o], t, lasting), amount[o, t])


@dataclass(frozen=True)
class _Shares:
    """Who pays for what: a row a programme, year and pool that pays in any of three cases.

    Attributes
    ----------
    row, t, pool : numpy.ndarray
        Programme, year and pool.
    first, before, now : numpy.ndarray
        The pool's share as the reference plan splits the first year, as it splits this one, and
        as the plan does.
    """

    row: Ints
    t: Ints
    pool: Ints
    first: Floats
    before: Floats
    now: Floats


def _shares(plan: Workings, before: Workings) -> _Shares:
    """Shares of everything that is paid."""
    mine, theirs = _payers(plan), _payers(before)
    years = plan.activity.shape[1]
    at_first = theirs[1] == 0
    row, pool, share = (part[at_first] for part in (theirs[0], theirs[2], theirs[3]))
    first = (
        np.repeat(row, years),
        np.tile(np.arange(years), len(row)),
        np.repeat(pool, years),
        np.repeat(share, years),
    )
    every = [np.concatenate([case[k] for case in (first, theirs, mine)]) for k in range(3)]
    keys, at = np.unique(np.stack(every), axis=1, return_inverse=True)
    sizes = [len(case[0]) for case in (first, theirs, mine)]
    parts = np.split(at.ravel(), np.cumsum(sizes)[:-1])
    found = np.zeros((3, keys.shape[1]))
    for case, (where, split) in enumerate(zip(parts, (first[3], theirs[3], mine[3]), strict=True)):
        found[case, where] = split
    return _Shares(*keys, *found)


def _payers(plan: Workings) -> tuple[Ints, Ints, Ints, Floats]:
    """Programme, year and pool of everything that is paid, with the pool's share of it."""
    decided, funding = plan.decided, plan.decided.funding
    alone, year = np.nonzero(~funding.shared)
    part, t = np.nonzero(funding.there)
    share = shares_paid(funding, plan.accounts.ledger.paid, plan.accounts.spending.total)[part, t]
    # What costs nothing this year is put to the pool that would pay first.
    share = np.where(np.isnan(share), funding.rank[part] == 0, share)
    return (
        np.concatenate([alone, funding.programme[part]]),
        np.concatenate([year, t]),
        np.concatenate([decided.round.programmes.pool[alone], funding.pool[part]]),
        np.concatenate([np.ones(len(alone)), share]),
    )


def _add_contracts(steps: _Steps, plan: Workings) -> None:
    """What contracts pay beyond the cost of their activity, and fees for ending them."""
    contracts, payments = plan.decided.contracts, plan.accounts.payments
    spend = plan.accounts.spending.total
    over = np.where(contracts.replaces, payments.pool_payment - payments.cost, 0.0)
    for step, amount, lasting in (
        ("contracts", over, LASTING),
        ("exit_fees", contracts.exit_fees, ONCE),
    ):
        row, t = np.nonzero(contracts.by_programme(amount))
        of = contracts.member[row]
        # A contract without any activity is split evenly.
        size = np.where(contracts.total(spend)[of, t] > 0, spend[row, t], 1.0)
        total = np.zeros(amount.shape)
        np.add.at(total, (of, t), size)
        where = (contracts.pool[of], steps.sector[row], t, lasting)
        steps.add(step, where, amount[of, t] * size / total[of, t])


def _add_adjustments(steps: _Steps, known: Round) -> None:
    """Adjustments, to the sectors of their selection by baseline spend."""
    adjustments = known.adjustments
    every = np.arange(len(steps.sectors))
    for item, t, pool in np.argwhere(adjustments.amount):
        weight = adjustments.weight[item, t]
        own = np.where(known.programmes.pool == pool, weight, 0.0)
        parts = np.bincount(steps.sector, own if own.any() else weight, len(every))
        parts[0] = 0.0 if parts.any() else 1.0
        lasting = LASTING if adjustments.recurrent[item, t] else ONCE
        amount = adjustments.amount[item, t, pool] * parts / parts.sum()
        steps.add(adjustments.kind[item, t], (pool, every, t, lasting), amount)
