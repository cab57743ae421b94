"""Need, and need avoided by other programmes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.evaluate.changes import Change
from allocator.evaluate.findings import Findings
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.tables import Names, Tables, pick, summed


@dataclass(frozen=True)
class Effects:
    """Need avoided by programmes, as arrays over the rows of the table.

    Attributes
    ----------
    source, target : numpy.ndarray
        Positions of the programmes.
    kernel : numpy.ndarray
        Shape (effect, lag): units avoided per unit of source activity, by years since, as
        many of them as the plan and its tail have years.
    baseline : numpy.ndarray
        Shape (effect,): activity of the source on whose deviation need depends.
    size : int
        Number of programmes.
    """

    source: Ints
    target: Ints
    kernel: Floats
    baseline: Floats
    size: int

    def deviation(self, activity: Floats) -> Floats:
        """How far activity of the sources is from their baseline, shape (effect, year)."""
        return activity[self.source] - self.baseline[:, None]

    def felt(self, kernel: Floats, deviation: Floats) -> Floats:
        """Sum over the years of doing of kernel times deviation; shape (programme, year)."""
        years = deviation.shape[1]
        total = np.zeros_like(deviation)
        for lag in range(years):
            total[:, lag:] += kernel[:, lag, None] * deviation[:, : years - lag]
        return summed(self.target, total, self.size)

    @cached_property
    def backstop(self) -> Floats:
        """Most by which need may rise when others shrink (`B`), shape (programme, lag)."""
        at_baseline = np.abs(self.kernel).cumsum(axis=1) * self.baseline[:, None]
        return summed(self.target, at_baseline, self.size)


def read_effects(tables: Tables, programmes: Programmes) -> Effects:
    """Effects that fade away from the year in which they are first felt."""
    rows = tables["effects"]
    source = programmes.names.positions(rows, "source")
    lags = np.arange(len(tables.years) + tables.settings.tail_years)
    age = lags - rows["delay"][:, None]
    fading = rows["fade"][:, None] ** np.maximum(age, 0)
    return Effects(
        source=source,
        target=programmes.names.positions(rows, "target"),
        kernel=np.where(age >= 0, rows["per_unit"][:, None] * fading, 0.0),
        baseline=programmes.baseline[source],
        size=len(programmes.names),
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
    arriving: Floats
    opening: Floats
    carry: Floats
    min_met: Floats
    harm: Floats
    harm_outcome: Ints

    def moved(self, change: Change) -> Demand:
        """The same with what options make of the need arriving where there is any demand."""
        return replace(self, arriving=np.where(self.there, change.apply(self.arriving), 0.0))


def read_demand(tables: Tables, programmes: Programmes, outcomes: Names) -> Demand:
    """Demand in force; ``min_met`` blank is 1 for emergency and entitlement, otherwise 0."""
    rows = tables["demand"]
    in_force = tables.in_force(rows, programmes.names, "programme")
    min_met = in_force.figures("min_met")
    bound = np.isin(programmes.rows["class"], ("emergency", "entitlement"))
    blank = np.where(bound[:, None], 1.0, 0.0)
    return Demand(
        there=in_force.there,
        arriving=in_force.figures("demand", 0.0),
        opening=in_force.figures("opening_backlog", 0.0)[:, 0],
        carry=in_force.figures("carry", 0.0),
        min_met=np.where(np.isnan(min_met), blank, min_met),
        harm=in_force.figures("harm", 0.0),
        harm_outcome=pick(outcomes.find(rows["harm_outcome"]), in_force.at, -1),
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
    driver : numpy.ndarray
        What drives outcomes: met need, or activity where there is no demand.
    """

    need: Floats
    met: Floats
    avoided: Floats
    unmet: Floats
    potential: Floats
    potential_terms: Floats
    backstop: Floats
    driver: Floats


def follow_need(demand: Demand, effects: Effects, activity: Floats, given: Floats) -> Need:
    """Need year by year, with the least unmet need that the plan's activity allows.

    That is what other programmes cannot avoid, or more where activity of a later year is
    only in place if it is left waiting.

    Parameters
    ----------
    demand, effects : Demand, Effects
        Need that arrives, and how it is avoided.
    activity : numpy.ndarray
        Shape (programme, year).
    given : numpy.ndarray
        Unmet need as the plan states it, NaN where it does not.
    """
    deviation = effects.deviation(activity)
    potential = effects.felt(effects.kernel, deviation)
    cover = np.minimum(potential, demand.arriving)
    backstop = effects.backstop[:, : activity.shape[1]]
    wanted = _waiting_wanted(demand, activity, backstop)

    need = np.zeros_like(activity)
    unmet = np.zeros_like(activity)
    for t in range(activity.shape[1]):
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
        potential_terms=effects.felt(np.abs(effects.kernel), np.abs(deviation)),
        backstop=backstop,
        driver=np.where(demand.there, need - unmet, activity),
    )


def _waiting_wanted(demand: Demand, activity: Floats, backstop: Floats) -> Floats:
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
    activity: Floats,
    natural: Floats,
    programmes: Programmes,
    findings: Findings,
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
    findings : Findings
        Takes the violations.
    """
    subject = programmes.subject
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
        findings.add(
            "demand",
            subject,
            said,
            value=value,
            limit=limit + nowhere,
            most=True,
            terms=terms,
            natural=natural,
        )
