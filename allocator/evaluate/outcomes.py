"""Outcomes of a plan on the true curves, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats, Ints
from allocator.evaluate import frames
from allocator.evaluate.changes import Change
from allocator.evaluate.curves import true_effect
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.need import Demand, Effects, Need
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.segments import Segments
from allocator.evaluate.tables import Names, Tables, places_of, summed
from allocator.instance.tables.settings import Settings

PARAMETERS = {
    "linear": ("per_unit",),
    "power": ("per_unit", "baseline", "elasticity"),
    "saturating": ("maximum", "half"),
    "logistic": ("maximum", "half", "steepness"),
}
"""What the curve of each shape needs; points are apart."""


def discount(settings: Settings, wait: Any) -> Any:
    """What a unit of value is worth that arrives so many years after the first plan year."""
    return (1.0 + settings.discount_rate) ** -wait


@dataclass(frozen=True)
class Curve:
    """Responses of one shape, or one made of points.

    Attributes
    ----------
    shape : str
        As in the table.
    rows : numpy.ndarray
        Positions of the responses.
    parameters : dict of str to numpy.ndarray
        What the shape needs, each of shape (row, 1); of points their activity and effect.
    """

    shape: str
    rows: Ints
    parameters: dict[str, Floats]


@dataclass(frozen=True)
class Responses:
    """What activity buys and what unmet need harms; R responses and H harms.

    Attributes
    ----------
    names : Names
        Outcomes; K of them.
    programme : numpy.ndarray
        Shape (R,): whose activity or met need drives each.
    curves : list of Curve
        Their curves.
    curved : int
        Number of responses in the table. After them stand those that options alone make:
        nothing without them, and what they add arrives at once.
    worth : numpy.ndarray
        Shape (R, year): value of a unit, weighted and discounted.
    late : numpy.ndarray
        Shape (R, year): whether it arrives after the last plan year.
    harmed, year : numpy.ndarray
        Shape (H,): programme and year in which unmet need harms.
    harm : numpy.ndarray
        Shape (H,): harm of a unit of it.
    harm_worth : numpy.ndarray
        Shape (H, year): value of a unit of harm.
    pair : numpy.ndarray
        Shape (R + H,): position among the pairs of programme and outcome.
    pair_programme, pair_outcome : numpy.ndarray
        Shape (pair,): positions.
    changed : numpy.ndarray
        Response that each effect of an option on an outcome acts on.
    """

    names: Names
    programme: Ints
    curves: list[Curve]
    curved: int
    worth: Floats
    late: Flags
    harmed: Ints
    year: Ints
    harm: Floats
    harm_worth: Floats
    pair: Ints
    pair_programme: Ints
    pair_outcome: Ints
    changed: Ints

    def effects(self, driver: Floats) -> Floats:
        """Outcome of every response on its true curve, before options; shape (R, year)."""
        effect = np.zeros(self.late.shape)
        effect[: self.curved] = np.nan
        for curve in self.curves:
            at = driver[self.programme[curve.rows]]
            effect[curve.rows] = true_effect(curve.shape, at, **curve.parameters)
        return effect


def read_responses(
    tables: Tables,
    programmes: Programmes,
    names: Names,
    demand: Demand,
    segments: Segments,
    change: Change,
) -> Responses:
    """Responses with what a unit is worth.

    Parameters
    ----------
    tables, programmes : Tables, Programmes
        The round.
    names : Names
        Outcomes.
    demand : Demand
        Where unmet need harms.
    segments : Segments
        Weights of a programme's outcomes.
    change : Change
        Effects of options on outcomes, by programme.
    """
    rows, outcomes = tables["responses"], tables["outcomes"]
    who, what = programmes.names.positions(rows, "programme"), names.positions(rows, "outcome")
    size = max(len(names), 1)
    known = Names((who * size + what).tolist())
    of_change = change.target * size + change.outcome
    row = known.find(of_change)
    new = np.flatnonzero(row < 0)
    row[new] = len(rows) + np.arange(len(new))
    who = np.concatenate([who, change.target[new]])
    what = np.concatenate([what, change.outcome[new]])
    wait = np.arange(len(tables.years)) + np.append(rows["delay"], np.zeros_like(new))[:, None]

    harmed, year = np.nonzero(demand.harm_outcome >= 0)
    hit = demand.harm_outcome[harmed, year]
    key = np.concatenate([who, harmed]) * size + np.concatenate([what, hit])
    pairs, pair = np.unique(key, return_inverse=True)

    def worth(programme: Ints, outcome: Ints, wait: Ints) -> Floats:
        value = outcomes["weight"][outcome] * segments.equity[programme]
        late = outcomes["discounted"][outcome, None]
        return value[:, None] * np.where(late, discount(tables.settings, wait), 1.0)

    return Responses(
        names=names,
        programme=who,
        curves=_curves(tables, programmes.baseline[who[: len(rows)]]),
        curved=len(rows),
        worth=worth(who, what, wait),
        late=wait >= len(tables.years),
        harmed=harmed,
        year=year,
        harm=demand.harm[harmed, year],
        harm_worth=worth(harmed, hit, np.arange(len(tables.years))[None, :]),
        pair=pair,
        pair_programme=pairs // size,
        pair_outcome=pairs % size,
        changed=row,
    )


def _curves(tables: Tables, baseline: Floats) -> list[Curve]:
    """Curves of the responses in the table, those of one shape together."""
    rows, points = tables["responses"], tables["response_points"]
    curves = []
    for shape, needed in PARAMETERS.items():
        mine = np.flatnonzero(rows["shape"] == shape)
        columns = {c: baseline if c == "baseline" else rows[c] for c in needed}
        if len(mine):
            curves.append(Curve(shape, mine, {c: v[mine, None] for c, v in columns.items()}))
    of = places_of(points.tuples(("programme", "outcome")))
    named = rows.tuples(("programme", "outcome"))
    for row in np.flatnonzero(rows["shape"] == "points").tolist():
        mine = of.get(named[row], np.empty(0, dtype=np.int64))
        mine = mine[np.argsort(points["activity"][mine], kind="stable")]
        parameters = {c: points[c][mine] for c in ("activity", "effect")}
        curves.append(Curve("points", np.array([row]), parameters))
    return curves


@dataclass(frozen=True)
class Outcomes:
    """What a plan achieves, a row a programme and outcome, and years as columns.

    Attributes
    ----------
    names : Names
        Outcomes; K of them.
    programme, outcome : numpy.ndarray
        Shape (pair,): positions.
    amount, value, beyond : numpy.ndarray
        Shape (pair, year): unweighted; weighted and discounted; the part of the amount that
        arrives after the last plan year.
    harm_value : float
        Weighted harm, positive when it takes value away.
    size : int
        Number of programmes.
    """

    names: Names
    programme: Ints
    outcome: Ints
    amount: Floats
    value: Floats
    beyond: Floats
    harm_value: float
    size: int

    def by_programme(self, outcome: int) -> Floats:
        """Unweighted amount of one outcome, shape (programme, year)."""
        mine = self.outcome == outcome
        return summed(self.programme[mine], self.amount[mine], self.size)


def work_out_outcomes(responses: Responses, change: Change, need: Need) -> Outcomes:
    """Outcomes bought and harm done, credited in the year of the activity.

    Parameters
    ----------
    responses : Responses
        What activity buys and what unmet need harms.
    change : Change
        Effects of options: they multiply what is bought and then add to it, not to harm.
    need : Need
        What drives the curves, and need left unmet.
    """
    r = responses
    effect = replace(change, target=r.changed).apply(r.effects(need.driver))
    harm = np.zeros(r.harm_worth.shape)
    harm[np.arange(len(harm)), r.year] = -r.harm * need.unmet[r.harmed, r.year]
    size = len(r.pair_programme)
    return Outcomes(
        names=r.names,
        programme=r.pair_programme,
        outcome=r.pair_outcome,
        amount=summed(r.pair, np.concatenate([effect, harm]), size),
        value=summed(r.pair, np.concatenate([effect * r.worth, harm * r.harm_worth]), size),
        beyond=summed(r.pair[: len(effect)], np.where(r.late, effect, 0.0), size),
        harm_value=-float((harm * r.harm_worth).sum()),
        size=len(need.driver),
    )


def check_drivers(
    responses: Responses, programmes: Programmes, need: Need, findings: Findings
) -> None:
    """Note met need below nothing, where no curve is defined."""
    who = responses.programme[: responses.curved]
    driver = need.driver[who]
    findings.add(
        "response",
        Subject(
            programmes.subject.what,
            [programmes.names.all[i] for i in who.tolist()],
            programmes.settings,
            lambda value, row, more: programmes.amount(value, who[row], more),
        ),
        "would meet {value} of need, and its response starts at nothing",
        value=driver,
        limit=np.zeros_like(driver),
        most=False,
        terms=np.abs(driver),
        natural=programmes.baseline[who, None],
    )


def tail_value(programmes: Programmes, effects: Effects, activity: Floats) -> float:
    """Worth of need avoided in the tail years, at what it would have cost to meet it."""
    settings, years = programmes.settings, programmes.shape[1]
    deviation = effects.deviation(activity)
    saved = programmes.price[effects.target, -1] * (1.0 - programmes.fixed_share[effects.target])
    total = 0.0
    for n in range(1, settings.tail_years + 1):
        lags = years + n - np.arange(1, years + 1)
        avoided = (effects.kernel[:, lags] * deviation).sum(axis=1)
        total += discount(settings, years - 1 + n) * float(avoided @ saved)
    return settings.saving_value * total


def outcome_frame(outcomes: Outcomes, years: Ints) -> pd.DataFrame:
    """Outcomes by year, as :attr:`Evaluation.outcomes` describes."""
    columns = {
        "amount": outcomes.amount,
        "beyond_horizon": outcomes.beyond,
        "value": outcomes.value,
    }
    totals = {c: summed(outcomes.outcome, v, len(outcomes.names)) for c, v in columns.items()}
    return frames.by_year({"outcome": outcomes.names.array}, years, totals)


def programme_frame(outcomes: Outcomes, programmes: Programmes, years: Ints) -> pd.DataFrame:
    """Outcomes by programme, as :attr:`Evaluation.by_programme` describes."""
    names = {
        "programme": programmes.names.array[outcomes.programme],
        "outcome": outcomes.names.array[outcomes.outcome],
    }
    columns = {"amount": outcomes.amount, "value": outcomes.value}
    return frames.by_year(names, years, columns)


def segment_frame(outcomes: Outcomes, segments: Segments, years: Ints) -> pd.DataFrame:
    """Outcomes by segment, as :attr:`Evaluation.segments` describes."""
    size, groups = len(outcomes.names), len(segments.names)
    share = segments.share[outcomes.programme]
    amount = summed(outcomes.outcome, share[:, :, None] * outcomes.amount[:, None, :], size)
    names = {
        "outcome": np.repeat(outcomes.names.array, groups),
        "segment": np.tile(segments.names.array, size),
    }
    return frames.by_year(names, years, {"amount": amount.reshape(size * groups, len(years))})
