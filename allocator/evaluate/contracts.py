"""Contracts: what is paid for activity in place of its cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.arrays import Flags, Floats, Ints, Objects
from allocator.evaluate import frames
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.people import People
from allocator.evaluate.programmes import Programmes, growth
from allocator.evaluate.spending import Spending
from allocator.evaluate.tables import (
    Names,
    Tables,
    pick,
    places_of,
    summed,
    year_before,
    year_or_nan,
)
from allocator.evaluate.tolerances import REACHED, SAME
from allocator.instance.tables.settings import Settings


@dataclass(frozen=True)
class Contracts:
    """Contracts of the programmes; arrays of shape (contract, year) unless said.

    Attributes
    ----------
    names : Names
        Contracts that have terms and at least one programme; C of them.
    settings : Settings
        How years and money are written.
    member : numpy.ndarray
        Shape (programme,): position of its contract, -1 without one.
    provider : numpy.ndarray
        Shape (C,): who is paid.
    pool : numpy.ndarray
        Shape (C,): position of the pool that pays.
    kind : numpy.ndarray
        Type in the year; `cost` where the contract has no terms or does not hold.
    replaces : numpy.ndarray
        Whether a payment stands in place of cost. A contract that pays cost and nothing
        else changes nothing.
    columns : dict of str to numpy.ndarray
        Number columns of the table; amounts in the contract's prices of the year.
    rebased : numpy.ndarray
        Whether a block pays for activity by now.
    fixed_until : numpy.ndarray
        Year from which a fixed payment is no longer fixed; NaN for none.
    bonus_outcome : numpy.ndarray
        Position of the outcome that earns a bonus, -1 for none.
    lead : numpy.ndarray
        Lead provider's name, blank for none.
    heads : numpy.ndarray
        People of the places of its programmes.
    may_end : numpy.ndarray
        First year from which it may be ended early, as the row of the year says; NaN for
        never.
    ended, suspended : numpy.ndarray
        Whether the plan has ended it, and whether an option in place suspends it.
    left : numpy.ndarray
        Whether cost is paid instead of what it would otherwise pay.
    """

    names: Names
    settings: Settings
    member: Ints
    provider: Objects
    pool: Ints
    kind: Objects
    replaces: Flags
    columns: dict[str, Floats]
    rebased: Flags
    fixed_until: Floats
    bonus_outcome: Ints
    lead: Objects
    heads: Floats
    may_end: Floats
    ended: Flags
    suspended: Flags
    left: Flags

    @property
    def exit_fees(self) -> Floats:
        """Cost of ending them, in the first year without each."""
        first = self.ended & ~year_before(self.ended, False)
        fees: Floats = np.where(first, self.columns["exit_fee"], 0.0)
        return fees

    @cached_property
    def contracted(self) -> Flags:
        """Whether a contract pays for the programme, shape (programme, year)."""
        return self.by_programme(self.replaces)

    @cached_property
    def counted(self) -> Flags:
        """Whether a rule on payment counts a contract, as long as it has terms, left or not."""
        return self.replaces | self.left

    def by_programme(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What is so of every programme's contract, shape (programme, year); no or 0 without."""
        return np.vstack([values, np.zeros_like(values, shape=(1, values.shape[1]))])[self.member]

    def total(self, figures: Floats) -> Floats:
        """Sum figures of programmes over every contract."""
        return summed(self.member, figures, len(self.names))


AMOUNTS = (
    "fixed",
    "volume",
    "per_head",
    "gain_cap",
    "loss_cap",
    "bonus",
    "bonus_step",
    "ceiling",
    "threshold",
    "min_income",
    "max_income",
    "exit_fee",
)
RATES = ("up_rate", "down_rate", "gain_share", "loss_share", "marginal_rate", "overhead")


def read_contracts(
    tables: Tables, programmes: Programmes, people: People, outcomes: Names
) -> Contracts:
    """Contracts in force; in the years one does not hold it pays cost."""
    every, years = tables["contracts"], tables.years
    of = programmes.rows["contract"]
    used = set(of.tolist())
    names = Names(name for name in every["contract"] if name in used)
    rows = every.take(names.find(every["contract"]) >= 0)
    in_force = tables.in_force(rows, names, "contract")
    grown = growth(tables, in_force.figures("uplift"))
    columns = {c: in_force.figures(c) * grown for c in AMOUNTS}
    columns |= {c: in_force.figures(c, 0.0) for c in RATES}
    columns["bonus_threshold"] = in_force.figures("bonus_threshold")
    columns["exit_fee"] = np.nan_to_num(columns["exit_fee"])

    start, end, rebasing = (
        pick(year_or_nan(rows, c), in_force.at, np.nan) for c in ("start", "end", "rebasing_year")
    )
    holds = in_force.there & ~(start > years) & ~(end < years)
    kind = np.where(holds, in_force.words("type", "cost"), "cost")
    limited = ~np.isnan(columns["min_income"]) | ~np.isnan(columns["max_income"])
    replaces = holds & ((kind != "cost") | limited | (columns["overhead"] > 0))
    columns["overhead"] = np.where(replaces, columns["overhead"], 0.0)

    member = names.find(of)
    under = places_of(member)
    first = np.array([under[c][0] for c in range(len(names))], dtype=np.int64)
    baseline = summed(member, programmes.base_payment, len(names))
    columns["fixed"] = _or(columns["fixed"], baseline[:, None] * grown)
    columns["volume"] = _or(columns["volume"], columns["fixed"])
    home = programmes.rows["place"]
    heads = [people.of(home[under[c]].tolist()) for c in range(len(names))]
    none = np.zeros(in_force.at.shape, dtype=bool)
    return Contracts(
        names=names,
        settings=tables.settings,
        member=member,
        provider=programmes.rows["provider"][first],
        pool=programmes.pool[first],
        kind=kind,
        replaces=replaces,
        columns=columns,
        rebased=holds & (kind == "block") & (rebasing <= years),
        fixed_until=np.fmin(rebasing, end + 1.0),
        bonus_outcome=pick(outcomes.find(rows["bonus_outcome"]), in_force.at, -1),
        lead=np.where(replaces, in_force.words("lead"), ""),
        heads=np.array(heads).reshape(none.shape),
        may_end=np.fmax(start, years[0]) + in_force.figures("notice_years"),
        ended=none,
        suspended=none,
        left=none,
    )


def _or(figures: Floats, otherwise: Floats) -> Floats:
    """Figures, and others where they are blank."""
    return np.where(np.isnan(figures), otherwise, figures)


def leave(contracts: Contracts, ended: Flags, suspended: Flags) -> Contracts:
    """Contracts without the years in which they are ended or suspended.

    Parameters
    ----------
    contracts : Contracts
        As the tables have them.
    ended, suspended : numpy.ndarray
        Shape (contract, year): by the plan; by an option in place.
    """
    off = ended | suspended
    if not off.any():
        return contracts
    after = np.full((len(off), off.shape[1] + 1), np.nan)
    for t, year in reversed(list(enumerate(contracts.settings.years))):
        after[:, t] = np.where(off[:, t], year, after[:, t + 1])
    overhead = np.where(off, 0.0, contracts.columns["overhead"])
    return replace(
        contracts,
        kind=np.where(off, "cost", contracts.kind),
        replaces=contracts.replaces & ~off,
        columns=contracts.columns | {"overhead": overhead},
        rebased=contracts.rebased & ~off,
        fixed_until=np.fmin(contracts.fixed_until, after[:, :-1]),
        lead=np.where(off, "", contracts.lead),
        ended=ended,
        suspended=suspended,
        left=contracts.replaces & off,
    )


@dataclass(frozen=True)
class Payments:
    """What contracts come to; arrays of shape (contract, year).

    Attributes
    ----------
    contracts : Contracts
        The contracts as the plan leaves them.
    cost, stranded : numpy.ndarray
        Cost of the activity with stranded cost, and the stranded part.
    value, baseline : numpy.ndarray
        Activity at tariff, and what the baseline would be.
    fixed : numpy.ndarray
        The fixed part or the budget; NaN where a contract has none.
    achieved : numpy.ndarray
        Outcome that earns a bonus.
    payment, pool_payment : numpy.ndarray
        What the provider is paid, and what the pool pays with the overhead.
    """

    contracts: Contracts
    cost: Floats
    stranded: Floats
    value: Floats
    baseline: Floats
    fixed: Floats
    achieved: Floats
    payment: Floats
    pool_payment: Floats


def pay(
    contracts: Contracts,
    programmes: Programmes,
    activity: Floats,
    spending: Spending,
    outcomes: Outcomes,
) -> Payments:
    """Payment of every contract, by its type.

    Parameters
    ----------
    contracts, programmes : Contracts, Programmes
        The round.
    activity : numpy.ndarray
        Shape (programme, year).
    spending : Spending
        What it costs.
    outcomes : Outcomes
        Outcomes of the plan, for those that earn a bonus.
    """
    c, kind = contracts.columns, contracts.kind
    value = contracts.total(programmes.tariff * activity)
    baseline = contracts.total(programmes.tariff * programmes.baseline[:, None])
    late = contracts.total(spending.stranded)
    cost = contracts.total(spending.running) + late
    budget = c["per_head"] * contracts.heads
    achieved = _achieved(contracts, outcomes)
    step = np.where(reached(achieved, c["bonus_threshold"]), c["bonus_step"], 0.0)
    paid = {
        "cost": cost,
        "block": np.where(contracts.rebased, value, c["fixed"]),
        "activity": _marginal(value, c["threshold"], c["marginal_rate"]),
        "cost_and_volume": c["fixed"] + c["up_rate"] * np.maximum(value - c["volume"], 0.0),
        "aligned": c["fixed"]
        + c["up_rate"] * np.maximum(value - baseline, 0.0)
        - c["down_rate"] * np.maximum(baseline - value, 0.0),
        "capitated": budget
        - _capped(c["gain_share"] * np.maximum(budget - cost, 0.0), c["gain_cap"])
        + _capped(c["loss_share"] * np.maximum(cost - budget, 0.0), c["loss_cap"]),
        "outcome": c["fixed"] + c["bonus"] * achieved + step,
    }
    payment = np.select([kind == k for k in paid], list(paid.values()), np.nan)
    limited = _capped(np.fmax(payment, c["min_income"]), c["max_income"])
    payment = np.where(contracts.replaces, limited, cost)
    unfixed = (kind == "cost") | (kind == "activity") | contracts.rebased
    fixed = np.where(unfixed, np.nan, c["fixed"])
    return Payments(
        contracts=contracts,
        cost=cost,
        stranded=late,
        value=value,
        baseline=baseline,
        fixed=np.where(kind == "capitated", budget, fixed),
        achieved=achieved,
        payment=payment,
        pool_payment=payment * (1.0 + c["overhead"]),
    )


def reached(figures: Floats, threshold: Floats, terms: Floats | float = 0.0) -> Flags:
    """Whether figures come up to a threshold, given what rounding may take; NaN is none.

    Parameters
    ----------
    figures, threshold : numpy.ndarray
        Of the same shape.
    terms : numpy.ndarray
        Sizes of the terms of the figures summed.
    """
    size = np.maximum(np.maximum(1.0, np.abs(threshold)), terms)
    there: Flags = figures >= threshold - REACHED * size
    return there


def _capped(figures: Floats, cap: Floats) -> Floats:
    """Figures up to a cap; a cap that is blank is none."""
    capped: Floats = np.fmin(figures, cap)
    return capped


def _marginal(value: Floats, threshold: Floats, rate: Floats) -> Floats:
    """Value up to a threshold and a rate of it above; a blank threshold is none."""
    above = np.maximum(np.nan_to_num(value - threshold), 0.0)
    return value - (1.0 - rate) * above


def _achieved(contracts: Contracts, outcomes: Outcomes) -> Floats:
    """Outcome that earns a bonus, by contract and year."""
    achieved = np.zeros(contracts.bonus_outcome.shape)
    for k in np.unique(contracts.bonus_outcome[contracts.bonus_outcome >= 0]).tolist():
        amount = contracts.total(outcomes.by_programme(k))
        achieved = np.where(contracts.bonus_outcome == k, amount, achieved)
    return achieved


def check_contracts(payments: Payments, findings: Findings) -> None:
    """Note activity above what a block covers, and contracts ended before they may be."""
    contracts = payments.contracts
    _check_ends(contracts, findings)
    ceiling = contracts.columns["ceiling"]
    covers = (contracts.kind == "block") & ~contracts.rebased & ~np.isnan(ceiling)
    findings.add(
        "contract",
        Subject("Contract", contracts.names.all, contracts.settings),
        "covers activity worth {limit} at tariff; {value} is planned, {off} above its ceiling",
        value=payments.value,
        limit=np.where(covers, ceiling, np.inf),
        most=True,
        terms=payments.value,
        money=np.where(covers, ceiling, 0.0),
        natural=payments.value.max(axis=1, initial=0.0)[:, None],
    )


def _check_ends(contracts: Contracts, findings: Findings) -> None:
    label, years = contracts.settings.year_label, contracts.settings.years
    for c in np.flatnonzero(contracts.ended.any(axis=1)).tolist():
        t = int(contracts.ended[c].argmax())
        name, year, may_end = contracts.names.all[c], years[t], contracts.may_end[c, t]
        if year >= may_end:
            continue
        terms = "nothing in its terms allows that"
        if not np.isnan(may_end):
            terms = f"its notice allows that from {label(int(may_end))} on"
        asked = float(years[-1] + 1) if np.isnan(may_end) else float(may_end)
        message = f"Contract '{name}' in {label(year)} is ended; {terms}."
        findings.broken("contract", name, year, (year, asked), message)


def check_stays_ended(given: Floats, contracts: Contracts, findings: Findings) -> None:
    """Note contracts that a plan has ended and then says are not.

    Parameters
    ----------
    given : numpy.ndarray
        Shape (contract, year): what the plan says; NaN where it says nothing.
    contracts : Contracts
        As the plan leaves them.
    findings : Findings
        Takes the violations.
    """
    label, years = contracts.settings.year_label, contracts.settings.years
    again = contracts.ended & (given == 0)
    for c in np.flatnonzero(again.any(axis=1)).tolist():
        name, year = contracts.names.all[c], years[again[c].argmax()]
        message = f"Contract '{name}' in {label(year)} goes on; once ended it stays ended."
        findings.broken("contract", name, year, (0.0, 1.0), message)


def contract_frame(payments: Payments, pools: Names, years: Ints) -> pd.DataFrame:
    """Contracts by year, as :attr:`Evaluation.contracts` describes."""
    contracts = payments.contracts
    states = [_state(payments, c, t) for c, t in np.ndindex(payments.cost.shape)]
    return frames.by_year(
        {"contract": contracts.names.array},
        years,
        {
            "type": contracts.kind,
            "provider": contracts.provider,
            "pool": pools.array[contracts.pool],
            "payment": payments.payment,
            "pool_payment": payments.pool_payment,
            "cost": payments.cost,
            "value": payments.value,
            "fixed": payments.fixed,
            "stranded": payments.stranded,
            "state": np.array(states, dtype=object).reshape(payments.cost.shape),
            "ended": contracts.ended,
            "suspended": contracts.suspended,
            "exit_fee": contracts.exit_fees,
        },
    )


def _state(payments: Payments, c: int, t: int) -> str:
    """Where a contract stands in a year, in a few words."""
    contracts = payments.contracts
    column = {name: figures[c, t] for name, figures in contracts.columns.items()}
    kind = contracts.kind[c, t]
    if contracts.ended[c, t] or contracts.suspended[c, t]:
        return "ended" if contracts.ended[c, t] else "suspended"
    if not contracts.replaces[c, t] or kind == "cost":
        state = "at cost"
    elif kind == "block":
        until = contracts.fixed_until[c, t]
        label = contracts.settings.year_label
        fixed = "fixed" if np.isnan(until) else f"fixed until {label(int(until))}"
        state = "rebased" if contracts.rebased[c, t] else fixed
    else:
        state = _followed(payments, kind, column, c, t)
    for limit, said in (("min_income", "least"), ("max_income", "most")):
        if contracts.replaces[c, t] and payments.payment[c, t] == column[limit]:
            return f"{state}, at its {said} income"
    return state


def _followed(payments: Payments, kind: str, column: dict[str, float], c: int, t: int) -> str:
    """Which side of its break point a payment that follows activity or cost stands on."""
    value, cost = payments.value[c, t], payments.cost[c, t]
    if kind == "activity":
        return "above its threshold" if _over(value, column["threshold"]) else "by activity"
    if kind == "cost_and_volume":
        return "above its volume" if _over(value, column["volume"]) else "within its volume"
    if kind == "outcome":
        if np.isnan(column["bonus_threshold"]):
            return "with its bonus"
        met = reached(payments.achieved[c, t], payments.contracts.columns["bonus_threshold"][c, t])
        return "with its bonus and its step" if met else "with its bonus, without its step"
    if kind == "capitated":
        budget = payments.fixed[c, t]
        return _side(cost, budget, ("underspent", "on budget", "overspent"))
    words_for = ("below its baseline", "at its baseline", "above its baseline")
    return _side(value, payments.baseline[c, t], words_for)


def _over(value: float, limit: float) -> bool:
    """Whether a figure is above a limit by more than rounding; a limit that is NaN is none."""
    return bool(value - limit > SAME * abs(limit))


def _side(value: float, middle: float, said: tuple[str, str, str]) -> str:
    """Words for a figure below, at or above another."""
    return said[int(_over(value, middle)) - int(_over(middle, value)) + 1]
