"""Contracts: their terms in every year, and which a plan has left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from allocator.arrays import Flags, Floats, Ints, Objects
from allocator.evaluate.findings import Findings
from allocator.evaluate.people import People
from allocator.evaluate.programmes import Programmes, growth
from allocator.evaluate.tables import (
    Names,
    Tables,
    pick,
    places_of,
    summed,
    year_before,
    year_or_nan,
)
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


def check_ends(contracts: Contracts, findings: Findings) -> None:
    """Note contracts ended before they may be."""
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
