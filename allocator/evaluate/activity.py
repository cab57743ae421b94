"""Limits on activity, need, and need avoided by other programmes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.changes import Changes
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.tables import (
    Array,
    Codes,
    Flags,
    Programmes,
    numbers,
    pick,
    positions,
    rows_by_year,
    summed,
    words,
)
from allocator.instance.instance import Instance


def year_before(values: Array, first: Array) -> Array:
    """Figures of the year before; `first` before the first plan year."""
    return np.column_stack([first, values[:, :-1]])


def about(programmes: Programmes) -> Subject:
    """Programmes as the subject of messages."""
    return Subject(
        what="Programme",
        names=programmes.names.tolist(),
        years=programmes.years,
        settings=programmes.settings,
        amount=programmes.amount,
    )


@dataclass(frozen=True)
class Limits:
    """Limits on activity, shape (programme, year); infinite where there is none.

    Attributes
    ----------
    least, most : numpy.ndarray
        From rows of basis activity and baseline, and from class safety.
    growth_least, growth_most : numpy.ndarray
        From rows of basis growth, on the activity of the plan the year before.
    scale : numpy.ndarray
        Least activity that is viable, unless there is none.
    closed : numpy.ndarray
        Whether an option in place closes the programme: nothing but this limits it then.
    """

    least: Array
    most: Array
    growth_least: Array
    growth_most: Array
    scale: Array
    closed: Flags

    @property
    def lo(self) -> Array:
        """Least activity allowed, never below nothing."""
        return np.maximum(np.maximum(self.least, self.growth_least), 0.0)

    @property
    def hi(self) -> Array:
        """Most activity allowed."""
        return np.where(self.closed, 0.0, np.minimum(self.most, self.growth_most))


def read_limits(
    instance: Instance, programmes: Programmes, activity: Array, changes: Changes
) -> Limits:
    """Limits in force, those on growth for the plan's own activity the year before.

    Options change the least and the most of all rows together, and what they close is not
    kept from falling to nothing.
    """
    parts = {
        basis: _limit_rows(instance.limits, basis, programmes)
        for basis in ("activity", "baseline", "growth")
    }
    base = programmes.baseline[:, None]
    floors = [parts["activity"]["min"], parts["baseline"]["min"] * base]
    ceilings = [parts["activity"]["max"], parts["baseline"]["max"] * base]
    scales = [parts["activity"]["start_min"], parts["baseline"]["start_min"] * base]
    low, high, amount = (parts["growth"][c] for c in ("min", "max", "growth_amount"))
    free = np.isnan(floors[0]) & np.isnan(floors[1]) & np.isnan(low)
    safe = (words(programmes.table, "class") == "safety")[:, None] & free
    floors.append(np.where(safe, base, np.nan))
    # Without a minimum it is nothing, which is where options start from.
    least = np.maximum.reduce([np.where(np.isnan(f), 0.0, np.maximum(f, 0.0)) for f in floors])
    most = np.minimum.reduce([np.where(np.isnan(c), np.inf, c) for c in ceilings])
    before = year_before(activity, programmes.baseline)
    lower, upper = changes.of("limit_min"), changes.of("limit_max")
    closed = changes.of("close").where(programmes.names, len(least))
    return Limits(
        least=np.where(closed, 0.0, lower.apply(least, lower.targets(programmes.names))),
        most=upper.apply(most, upper.targets(programmes.names)),
        growth_least=np.where(np.isnan(low) | closed, -np.inf, (1.0 + low) * before),
        growth_most=np.where(np.isnan(high), np.inf, (1.0 + high) * before + amount),
        scale=np.where(closed, 0.0, np.fmax(np.fmax(*scales), 0.0)),
        closed=closed,
    )


def _limit_rows(limits: pd.DataFrame, basis: str, programmes: Programmes) -> dict[str, Array]:
    """Columns of the rows of one basis, shape (programme, year); NaN where there is none."""
    table = limits[words(limits, "basis") == basis]
    key = positions(programmes.names, table, "limits", "programme")
    rows = rows_by_year(table, key, len(programmes.names), programmes.years)
    columns = ("min", "max", "growth_amount", "start_min")
    return {c: pick(numbers(table, c), rows) for c in columns}


def check_limits(
    limits: Limits, activity: Array, natural: Array, programmes: Programmes, found: Findings
) -> None:
    """Note activity outside its limits.

    Parameters
    ----------
    limits : Limits
        Limits in force.
    activity : numpy.ndarray
        Shape (programme, year).
    natural : numpy.ndarray
        Shape (programme, 1): the size of the programme.
    programmes : Programmes
        Names and units.
    found : Findings
        Takes the violations.
    """
    subject = about(programmes)
    before = year_before(activity, programmes.baseline)
    most_open = np.where(limits.closed, np.inf, limits.most)
    for bound, growth, most, said in (
        (limits.least, limits.growth_least, False, "{off} below the least allowed, {limit}"),
        (most_open, limits.growth_most, True, "{off} above the most allowed, {limit}"),
    ):
        found.add(
            "limit",
            subject,
            "does {value}, " + said,
            value=activity,
            limit=bound,
            most=most,
            terms=activity,
            natural=natural,
        )
        found.add(
            "growth",
            subject,
            "does {value} after {before} the year before, " + said,
            value=activity,
            limit=growth,
            most=most,
            terms=activity + before,
            natural=natural,
            also={"before": before},
        )
    found.add(
        "limit",
        subject,
        "does {value} while an option closes it",
        value=activity,
        limit=np.where(limits.closed, 0.0, np.inf),
        most=True,
        terms=activity,
        natural=natural,
    )
    found.add(
        "limit",
        subject,
        "does {value}, which is neither nothing nor the least that is viable, {limit}",
        value=activity,
        limit=limits.scale,
        most=False,
        terms=activity,
        natural=natural,
        excess=np.minimum(activity, limits.scale - activity),
    )


@dataclass(frozen=True)
class Effects:
    """Need avoided by programmes, as arrays over the rows of the table."""

    source: Codes
    target: Codes
    per_unit: Array
    delay: Array
    fade: Array

    def kernel(self, lags: int) -> Array:
        """Units avoided per unit of source activity, by years since; shape (effect, lag)."""
        age = np.arange(lags) - self.delay[:, None]
        fading = self.fade[:, None] ** np.maximum(age, 0.0)
        return np.where(age >= 0, self.per_unit[:, None] * fading, 0.0)

    def felt(self, kernel: Array, deviation: Array, years: int) -> Array:
        """Sum over the years of doing of kernel times deviation; shape (effect, year)."""
        total = np.zeros((len(self.source), years))
        for lag in range(years):
            total[:, lag:] += kernel[:, lag, None] * deviation[self.source, : years - lag]
        return total


def read_effects(instance: Instance, programmes: Programmes) -> Effects:
    """Rows of ``effects`` as arrays."""
    table = instance.effects
    return Effects(
        source=positions(programmes.names, table, "effects", "source"),
        target=positions(programmes.names, table, "effects", "target"),
        per_unit=numbers(table, "per_unit"),
        delay=numbers(table, "delay"),
        fade=numbers(table, "fade"),
    )


@dataclass(frozen=True)
class Demand:
    """Need that arrives, shape (programme, year); nothing where there is no demand.

    Attributes
    ----------
    there : numpy.ndarray
        Whether the programme has demand in the year.
    arriving, opening, carry, min_met, harm : numpy.ndarray
        As in the table; opening backlog of shape (programme,).
    harm_outcome : numpy.ndarray
        Position of the outcome harmed, -1 for none.
    """

    there: Flags
    arriving: Array
    opening: Array
    carry: Array
    min_met: Array
    harm: Array
    harm_outcome: Codes


def has_demand(instance: Instance, programmes: Programmes) -> Flags:
    """Whether need arrives for a programme in a year, shape (programme, year)."""
    table = instance.demand
    key = positions(programmes.names, table, "demand", "programme")
    there: Flags = rows_by_year(table, key, len(programmes.names), programmes.years) >= 0
    return there


def read_demand(
    instance: Instance, programmes: Programmes, outcomes: pd.Index, changes: Changes
) -> Demand:
    """Demand in force; ``min_met`` blank is 1 for emergency and entitlement, otherwise 0.

    Options change the need arriving where there is any demand.
    """
    table = instance.demand
    key = positions(programmes.names, table, "demand", "programme")
    rows = rows_by_year(table, key, len(programmes.names), programmes.years)
    min_met = pick(numbers(table, "min_met"), rows)
    bound = np.isin(words(programmes.table, "class"), ("emergency", "entitlement"))
    harmed = table["harm_outcome"] != ""
    harm_outcome = np.full(len(table) + 1, -1, dtype=np.intp)
    harm_outcome[np.flatnonzero(harmed)] = positions(
        outcomes, table[harmed], "demand", "harm_outcome"
    )
    arriving = pick(numbers(table, "demand"), rows, 0.0)
    moves = changes.of("demand")
    moved = moves.apply(arriving, moves.targets(programmes.names))
    return Demand(
        there=rows >= 0,
        arriving=np.where(rows >= 0, moved, arriving),
        opening=pick(numbers(table, "opening_backlog"), rows[:, 0], 0.0),
        carry=pick(numbers(table, "carry"), rows, 0.0),
        min_met=np.where(np.isnan(min_met), np.where(bound[:, None], 1.0, 0.0), min_met),
        harm=pick(numbers(table, "harm"), rows, 0.0),
        harm_outcome=harm_outcome[rows],
    )


@dataclass(frozen=True)
class Need:
    """How need is met, shape (programme, year); nothing where there is no demand.

    Attributes
    ----------
    need, met, avoided, unmet : numpy.ndarray
        ``need = activity + avoided + unmet`` and ``met = need - unmet``.
    potential : numpy.ndarray
        Most that may be avoided, as other programmes do.
    potential_terms : numpy.ndarray
        Sum of the sizes of its terms.
    backstop : numpy.ndarray
        Most by which need may rise when other programmes shrink (`B`).
    """

    need: Array
    met: Array
    avoided: Array
    unmet: Array
    potential: Array
    potential_terms: Array
    backstop: Array


def follow_need(
    demand: Demand, effects: Effects, programmes: Programmes, activity: Array, given: Array
) -> Need:
    """Need year by year, with the least unmet need that the plan's activity allows.

    That is what other programmes cannot avoid, or more where activity of a later year is
    only in place if it is left waiting.

    Parameters
    ----------
    demand, effects, programmes
        The instance.
    activity : numpy.ndarray
        Shape (programme, year).
    given : numpy.ndarray
        Unmet need as the plan states it, NaN where it does not.
    """
    size, years = programmes.shape
    kernel = effects.kernel(years)
    deviation = activity - programmes.baseline[:, None]
    felt = effects.felt(kernel, deviation, years)
    terms = effects.felt(np.abs(kernel), np.abs(deviation), years)
    at_baseline = np.abs(kernel).cumsum(axis=1) * programmes.baseline[effects.source, None]
    potential = summed(effects.target, felt, size)
    cover = np.minimum(potential, demand.arriving)
    backstop = summed(effects.target, at_baseline, size)
    wanted = _waiting_wanted(demand, activity, backstop)

    need = np.zeros(programmes.shape)
    unmet = np.zeros(programmes.shape)
    for t in range(years):
        waiting = demand.carry[:, t] * unmet[:, t - 1] if t else demand.opening
        need[:, t] = demand.arriving[:, t] + waiting
        left = need[:, t] - activity[:, t]
        most = np.minimum((1.0 - demand.min_met[:, t]) * need[:, t], left + backstop[:, t])
        least = np.maximum(np.maximum(left - cover[:, t], 0.0), np.minimum(wanted[:, t], most))
        unmet[:, t] = np.where(np.isnan(given[:, t]), least, given[:, t])
        unmet[~demand.there[:, t], t] = 0.0
    return Need(
        need=need,
        met=need - unmet,
        avoided=need - activity - unmet,
        unmet=unmet,
        potential=potential,
        potential_terms=summed(effects.target, terms, size),
        backstop=backstop,
    )


def _waiting_wanted(demand: Demand, activity: Array, backstop: Array) -> Array:
    """Unmet need that later activity must find waiting, so as not to exceed all need."""
    wanted = np.zeros(activity.shape)
    for t in range(activity.shape[1] - 1, 0, -1):
        beyond = activity[:, t] + wanted[:, t] - demand.arriving[:, t] - backstop[:, t]
        carry = demand.carry[:, t]
        np.divide(np.maximum(beyond, 0.0), carry, out=wanted[:, t - 1], where=carry > 0)
    return wanted


def check_need(
    demand: Demand,
    need: Need,
    activity: Array,
    natural: Array,
    programmes: Programmes,
    found: Findings,
) -> None:
    """Note need that is met by nothing, left unmet too far, or activity above all need.

    Parameters
    ----------
    demand, need : Demand, Need
        What arrives and how it is met.
    activity : numpy.ndarray
        Shape (programme, year).
    natural : numpy.ndarray
        Shape (programme, 1): the size of the programme.
    programmes : Programmes
        Names and units.
    found : Findings
        Takes the violations.
    """
    subject = about(programmes)
    total = need.need + np.abs(need.unmet)
    balance = total + activity + need.potential_terms
    nowhere = np.where(demand.there, 0.0, np.inf)  # asks nothing without demand
    for value, limit, terms, said in (
        (
            need.avoided,
            np.minimum(need.potential, demand.arriving),
            balance,
            "counts on {value} of need being avoided; other programmes avoid {limit} at most, "
            "{off} less",
        ),
        (
            activity,
            need.need - need.unmet + need.backstop,
            balance + need.backstop,
            "does {value}, {off} above all the need there can be, {limit}",
        ),
        (
            need.unmet,
            (1.0 - demand.min_met) * need.need,
            total,
            "leaves {value} of need unmet, {off} above the most allowed, {limit}",
        ),
        (
            -need.unmet,
            np.zeros(programmes.shape),
            total,
            "states unmet need {off} below nothing",
        ),
    ):
        found.add(
            "demand",
            subject,
            said,
            value=value,
            limit=limit + nowhere,
            most=True,
            terms=terms,
            natural=natural,
        )
