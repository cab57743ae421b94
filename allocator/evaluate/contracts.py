"""Contracts: what is paid for activity in place of its cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.pools import Costs
from allocator.evaluate.tables import (
    Array,
    Codes,
    Flags,
    Programmes,
    Words,
    money,
    numbers,
    pick,
    places_of,
    positions,
    rows_by_year,
    summed,
    words,
)
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Contracts:
    """Contracts of the programmes; arrays of shape (contract, year) unless said.

    Attributes
    ----------
    names : pandas.Index
        Contracts that have terms and at least one programme; C of them.
    member : numpy.ndarray
        Shape (programme,): position of its contract, -1 without one.
    provider, pool : list of str
        Who is paid and who pays, by contract.
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

    names: pd.Index
    member: Codes
    provider: list[str]
    pool: list[str]
    kind: Words
    replaces: Flags
    columns: dict[str, Array]
    rebased: Flags
    fixed_until: Array
    bonus_outcome: Codes
    lead: Words
    heads: Array
    may_end: Array
    ended: Flags
    suspended: Flags
    left: Flags

    @property
    def exit_fees(self) -> Array:
        """Cost of ending them, in the first year without each."""
        before = np.column_stack([np.zeros(len(self.names), dtype=bool), self.ended[:, :-1]])
        fees: Array = np.where(self.ended & ~before, self.columns["exit_fee"], 0.0)
        return fees

    @property
    def held(self) -> Flags:
        """Whether a contract pays for the programme, shape (programme, year)."""
        return self._by_programme(self.replaces)

    @property
    def counted(self) -> Flags:
        """Whether a rule on payment counts the programme with its contract, held or left."""
        return self._by_programme(self.replaces | self.left)

    def _by_programme(self, flags: Flags) -> Flags:
        rows = np.vstack([flags, np.zeros((1, flags.shape[1]), dtype=bool)])
        mine: Flags = rows[self.member]
        return mine

    def total(self, figures: Array) -> Array:
        """Sum figures of programmes over every contract."""
        mine = self.member >= 0
        return summed(self.member[mine], figures[mine], len(self.names))


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
ROUNDING = 1e-9
"""Share of a figure by which two that are the same may differ."""

REACHED = 1e-7
"""Share of a threshold by which it may be missed and still counts as met."""

RATES = ("up_rate", "down_rate", "gain_share", "loss_share", "marginal_rate", "overhead")


def read_contracts(instance: Instance, programmes: Programmes) -> Contracts:
    """Contracts in force; in the years one does not hold it pays cost."""
    table, settings, years = instance.contracts, instance.settings, programmes.years
    used = set(programmes.table["contract"])
    names = pd.Index([name for name in table["contract"].unique() if name in used])
    table = table[table["contract"].isin(names)].reset_index(drop=True)
    rows = rows_by_year(table, positions(names, table, "contracts", "contract"), len(names), years)
    uplift = pick(numbers(table, "uplift"), rows)
    uplift = np.where(np.isnan(uplift), settings.cost_uplift, uplift)
    growth = (1.0 + uplift) ** (years - settings.base_year)
    columns = {c: pick(numbers(table, c), rows) * growth for c in AMOUNTS}
    columns |= {c: pick(numbers(table, c), rows, 0.0) for c in RATES}
    columns["bonus_threshold"] = pick(numbers(table, "bonus_threshold"), rows)
    columns["exit_fee"] = np.nan_to_num(columns["exit_fee"])

    ends = {
        c: pick(table[c].to_numpy(dtype=float, na_value=np.nan), rows)
        for c in ("start", "end", "rebasing_year")
    }
    notice = pick(numbers(table, "notice_years"), rows)
    holds = (rows >= 0) & ~(ends["start"] > years) & ~(ends["end"] < years)
    kind = np.where(holds, np.append(words(table, "type"), "cost")[rows], "cost")
    limited = ~np.isnan(columns["min_income"]) | ~np.isnan(columns["max_income"])
    replaces = holds & ((kind != "cost") | limited | (columns["overhead"] > 0))
    columns["overhead"] = np.where(replaces, columns["overhead"], 0.0)

    member = names.get_indexer(pd.Index(programmes.table["contract"])).astype(np.intp)
    under = places_of(member)
    first = [int(under[c][0]) for c in range(len(names))]
    base = programmes.base_tariff * programmes.baseline
    mine = member >= 0
    baseline = summed(member[mine], base[mine], len(names))[:, None] * growth
    columns["fixed"] = np.where(np.isnan(columns["fixed"]), baseline, columns["fixed"])
    blank = np.isnan(columns["volume"])
    columns["volume"] = np.where(blank, columns["fixed"], columns["volume"])
    outcomes = pd.Index(instance.outcomes["outcome"])
    bonus = outcomes.get_indexer(pd.Index(table["bonus_outcome"])).astype(np.intp)
    return Contracts(
        names=names,
        member=member,
        provider=[str(programmes.table["provider"].iloc[i]) for i in first],
        pool=[str(programmes.table["pool"].iloc[i]) for i in first],
        kind=kind,
        replaces=replaces,
        columns=columns,
        rebased=holds & (kind == "block") & (ends["rebasing_year"] <= years),
        fixed_until=np.fmin(ends["rebasing_year"], ends["end"] + 1.0),
        bonus_outcome=np.append(bonus, -1)[rows],
        lead=np.where(replaces, np.append(words(table, "lead"), "")[rows], ""),
        heads=_heads(instance, programmes, member, len(names)),
        may_end=np.fmax(ends["start"], years[0]) + notice,
        ended=np.zeros(rows.shape, dtype=bool),
        suspended=np.zeros(rows.shape, dtype=bool),
        left=np.zeros(rows.shape, dtype=bool),
    )


def leave(contracts: Contracts, years: Codes, ended: Flags, suspended: Flags) -> Contracts:
    """Contracts without the years in which they are ended or suspended.

    Parameters
    ----------
    contracts : Contracts
        As the tables have them.
    years : numpy.ndarray
        Plan years.
    ended, suspended : numpy.ndarray
        Shape (contract, year): by the plan; by an option in place.
    """
    off = ended | suspended
    after = np.full((len(off), off.shape[1] + 1), np.nan)
    for t in range(len(years) - 1, -1, -1):
        after[:, t] = np.where(off[:, t], years[t], after[:, t + 1])
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


def _heads(instance: Instance, programmes: Programmes, member: Codes, size: int) -> Array:
    """People of the places of every contract's programmes; all places when one has none."""
    table, years = instance.places, programmes.years
    places = pd.Index(table["place"].unique())
    key = positions(places, table, "places", "place")
    people = pick(numbers(table, "heads"), rows_by_year(table, key, len(places), years), 0.0)
    home = words(programmes.table, "place")
    heads = np.zeros((size, len(years)))
    every, under = people.sum(axis=0), places_of(member)
    for c in range(size):
        mine = set(home[under[c]].tolist())
        at = np.sort(places.get_indexer(pd.Index(list(mine))))
        heads[c] = every if "" in mine else people[at[at >= 0]].sum(axis=0)
    return heads


@dataclass(frozen=True)
class Payments:
    """What contracts come to; arrays of shape (contract, year).

    Attributes
    ----------
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
    cost: Array
    stranded: Array
    value: Array
    baseline: Array
    fixed: Array
    achieved: Array
    payment: Array
    pool_payment: Array


def pay(
    contracts: Contracts,
    programmes: Programmes,
    activity: Array,
    costs: Costs,
    outcomes: Outcomes,
) -> Payments:
    """Payment of every contract, by its type.

    Parameters
    ----------
    contracts, programmes : Contracts, Programmes
        The round.
    activity : numpy.ndarray
        Shape (programme, year).
    costs : Costs
        What it costs.
    outcomes : Outcomes
        Outcomes of the plan, for those that earn a bonus.
    """
    c, kind = contracts.columns, contracts.kind
    value = contracts.total(programmes.tariff * activity)
    baseline = contracts.total(programmes.tariff * programmes.baseline[:, None])
    late = contracts.total(costs.stranded)
    cost = contracts.total(costs.running) + late
    budget = c["per_head"] * contracts.heads
    achieved = _earned(contracts, outcomes, programmes)
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
    fixed = np.where(np.isin(kind, ("cost", "activity")) | contracts.rebased, np.nan, c["fixed"])
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


def reached(figures: Array, threshold: Array, terms: Array | float = 0.0) -> Flags:
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


def _capped(figures: Array, cap: Array) -> Array:
    """Figures up to a cap; a cap that is blank is none."""
    capped: Array = np.fmin(figures, cap)
    return capped


def _marginal(value: Array, threshold: Array, rate: Array) -> Array:
    """Value up to a threshold and a rate of it above; a blank threshold is none."""
    above = np.maximum(np.nan_to_num(value - threshold), 0.0)
    return value - (1.0 - rate) * above


def _earned(contracts: Contracts, outcomes: Outcomes, programmes: Programmes) -> Array:
    """Outcome that earns a bonus, by contract and year."""
    earned = np.zeros(contracts.bonus_outcome.shape)
    for k in np.unique(contracts.bonus_outcome[contracts.bonus_outcome >= 0]):
        amount = contracts.total(outcomes.by_programme(int(k), len(programmes.names)))
        earned = np.where(contracts.bonus_outcome == k, amount, earned)
    return earned


def check_contracts(payments: Payments, programmes: Programmes, found: Findings) -> None:
    """Note activity above what a block covers, and contracts ended before they may be."""
    contracts, settings = payments.contracts, programmes.settings
    _check_ends(contracts, programmes, found)
    ceiling = contracts.columns["ceiling"]
    covers = (contracts.kind == "block") & ~contracts.rebased & ~np.isnan(ceiling)
    found.add(
        "contract",
        Subject(
            what="Contract",
            names=list(contracts.names),
            years=programmes.years,
            settings=settings,
            amount=lambda value, _: money(value, settings),
        ),
        "covers activity worth {limit} at tariff; {value} is planned, {off} above its ceiling",
        value=payments.value,
        limit=np.where(covers, ceiling, np.inf),
        most=True,
        terms=payments.value,
        natural=payments.value.max(axis=1, initial=0.0)[:, None],
    )


def _check_ends(contracts: Contracts, programmes: Programmes, found: Findings) -> None:
    label, years = programmes.settings.year_label, programmes.years
    for c in np.flatnonzero(contracts.ended.any(axis=1)).tolist():
        t = int(contracts.ended[c].argmax())
        name, year, may_end = str(contracts.names[c]), int(years[t]), contracts.may_end[c, t]
        if year >= may_end:
            continue
        terms = "nothing in its terms allows that"
        if not np.isnan(may_end):
            terms = f"its notice allows that from {label(int(may_end))} on"
        asked = float(years[-1] + 1) if np.isnan(may_end) else float(may_end)
        message = f"Contract '{name}' in {label(year)} is ended; {terms}."
        found.broken("contract", name, year, (year, asked), message)


def check_stays_ended(
    given: Array, contracts: Contracts, programmes: Programmes, found: Findings
) -> None:
    """Note contracts that a plan has ended and then says are not.

    Parameters
    ----------
    given : numpy.ndarray
        Shape (contract, year): what the plan says; NaN where it says nothing.
    contracts : Contracts
        As the plan leaves them.
    programmes : Programmes
        Their years.
    found : Findings
        Takes the violations.
    """
    label, years = programmes.settings.year_label, programmes.years
    again = contracts.ended & (given == 0)
    for c in np.flatnonzero(again.any(axis=1)).tolist():
        name, year = str(contracts.names[c]), int(years[again[c].argmax()])
        message = f"Contract '{name}' in {label(year)} goes on; once ended it stays ended."
        found.broken("contract", name, year, (0.0, 1.0), message)


def contract_frame(payments: Payments, programmes: Programmes) -> pd.DataFrame:
    """Contracts by year, as :attr:`Evaluation.contracts` describes."""
    contracts, years = payments.contracts, programmes.years
    repeated = {
        "contract": list(contracts.names),
        "provider": contracts.provider,
        "pool": contracts.pool,
    }
    text = {c: np.repeat(np.array(v, dtype=object), len(years)) for c, v in repeated.items()}
    text["type"] = contracts.kind.ravel()
    words_of = {c: pd.Series(v, dtype="str") for c, v in text.items()}
    frame = {
        "contract": words_of["contract"],
        "year": np.tile(years, len(contracts.names)).astype(np.int64),
        **{c: words_of[c] for c in ("type", "provider", "pool")},
    }
    figures = ("payment", "pool_payment", "cost", "value", "fixed", "stranded")
    frame |= {c: getattr(payments, c).ravel() for c in figures}
    state = [_state(payments, programmes, c, t) for c, t in np.ndindex(payments.cost.shape)]
    frame |= {
        "state": pd.Series(state, dtype="str"),
        "ended": contracts.ended.ravel(),
        "suspended": contracts.suspended.ravel(),
        "exit_fee": contracts.exit_fees.ravel(),
    }
    return pd.DataFrame(frame)


def _state(payments: Payments, programmes: Programmes, c: int, t: int) -> str:
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
        label = programmes.settings.year_label
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
    return bool(value - limit > ROUNDING * abs(limit))


def _side(value: float, middle: float, said: tuple[str, str, str]) -> str:
    """Words for a figure below, at or above another."""
    return said[int(_over(value, middle)) - int(_over(middle, value)) + 1]
