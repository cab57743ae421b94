"""Outcomes of a plan on the true curves, who they reach, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.evaluate.activity import Demand, Effects, Need, about
from allocator.evaluate.changes import Changes
from allocator.evaluate.curves import true_effect
from allocator.evaluate.findings import Findings
from allocator.evaluate.tables import (
    Array,
    Codes,
    Flags,
    Programmes,
    numbers,
    places_of,
    positions,
    summed,
    words,
)
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Segments:
    """Who benefits.

    Attributes
    ----------
    names : pandas.Index
        Segments; G of them, none without the table.
    share : numpy.ndarray
        Shape (programme, G): part of a programme's outcome that goes to each.
    equity : numpy.ndarray
        Shape (programme,): weight of a programme's outcome in the objective.
    """

    names: pd.Index
    share: Array
    equity: Array


def read_segments(instance: Instance, programmes: Programmes) -> Segments:
    """Reach and weights; weights rescaled to mean 1 over the heads of all segments."""
    table, reach = instance.segments, instance.reach
    names = pd.Index(table["segment"].unique())
    size = len(programmes.names)
    if not len(names):
        return Segments(names, np.zeros((size, 0)), np.ones(size))
    code = positions(names, table, "segments", "segment")
    heads, weight = numbers(table, "heads"), numbers(table, "weight")
    weight = weight * heads.sum() / (weight * heads).sum()

    places = pd.Index(words(programmes.table, "place")).unique()
    where = places.get_indexer(pd.Index(programmes.table["place"]))
    home = words(table, "place")
    shares = np.zeros((len(places), len(names)))
    weights = np.zeros((len(places), len(names)))
    at, everywhere = places_of(home), np.arange(len(home))
    anywhere = at.get("", everywhere[:0])
    for p, place in enumerate(places):
        here = np.sort(np.concatenate([at.get(place, everywhere[:0]), anywhere]))
        here = here if place else everywhere
        local = summed(code[here], heads[here], len(names))
        worth = summed(code[here], (heads * weight)[here], len(names))
        np.divide(local, local.sum(), out=shares[p], where=local > 0)
        np.divide(worth, local, out=weights[p], where=local > 0)

    share = shares[where]
    reached = positions(programmes.names, reach, "reach", "programme")
    share[reached] = 0.0
    share[reached, positions(names, reach, "reach", "segment")] = numbers(reach, "share")
    return Segments(names, share, (share * weights[where]).sum(axis=1))


@dataclass(frozen=True)
class Outcomes:
    """What a plan achieves, a row a programme and outcome, and years as columns.

    Attributes
    ----------
    names : pandas.Index
        Outcomes; K of them.
    programme, outcome : numpy.ndarray
        Shape (pair,): positions.
    amount, value, beyond : numpy.ndarray
        Shape (pair, year): unweighted; weighted and discounted; the part of the amount that
        arrives after the last plan year.
    harm_value : float
        Weighted harm, positive when it takes value away.
    """

    names: pd.Index
    programme: Codes
    outcome: Codes
    amount: Array
    value: Array
    beyond: Array
    harm_value: float

    def by_programme(self, outcome: int, size: int) -> Array:
        """Unweighted amount of one outcome, shape (programme, year)."""
        mine = self.outcome == outcome
        return summed(self.programme[mine], self.amount[mine], size)


def discounting(instance: Instance, outcome: Codes, delay: Array) -> Array:
    """Discount factor of rows by year of purchase, for outcomes that arrive `delay` later."""
    settings = instance.settings
    wait = np.arange(len(settings.years)) + delay[:, None]
    discounted = instance.outcomes["discounted"].to_numpy(dtype=bool)[outcome]
    return np.where(discounted[:, None], (1.0 + settings.discount_rate) ** -wait, 1.0)


def work_out(
    instance: Instance,
    programmes: Programmes,
    demand: Demand,
    need: Need,
    activity: Array,
    equity: Array,
    changes: Changes,
    found: Findings,
) -> Outcomes:
    """Outcomes bought and harm done, credited in the year of the activity.

    Parameters
    ----------
    instance, programmes, demand : Instance, Programmes, Demand
        The round.
    need : Need
        Met and unmet need of programmes with demand.
    activity : numpy.ndarray
        Shape (programme, year).
    equity : numpy.ndarray
        Shape (programme,): weight of a programme's outcomes.
    changes : Changes
        Effects of options: they multiply what is bought and then add to it, not to harm.
    found : Findings
        Takes drivers below nothing, where no curve is defined.
    """
    names = pd.Index(instance.outcomes["outcome"])
    weight = numbers(instance.outcomes, "weight")
    table = instance.responses
    who = positions(programmes.names, table, "responses", "programme")
    what = positions(names, table, "responses", "outcome")
    driver = np.where(demand.there, need.met, activity)
    effect = _effects_of(instance, programmes, who, driver)
    _check_drivers(driver[who], who, programmes, found)
    delay = numbers(table, "delay")
    who, what, effect, delay = _changed(who, what, effect, delay, changes, programmes, names)
    worth = weight[what, None] * equity[who, None] * discounting(instance, what, delay)
    late = np.arange(len(programmes.years)) + delay[:, None] >= len(programmes.years)

    harmed = np.argwhere(demand.harm_outcome >= 0)
    cell = (harmed[:, 0], harmed[:, 1])
    hit = demand.harm_outcome[cell]
    harm = np.zeros((len(harmed), len(programmes.years)))
    harm[np.arange(len(harmed)), harmed[:, 1]] = -demand.harm[cell] * need.unmet[cell]
    harm_worth = weight[hit, None] * equity[cell[0], None]
    harm_worth = harm_worth * discounting(instance, hit, np.zeros(len(hit)))

    key = np.concatenate([who, cell[0]]) * len(names) + np.concatenate([what, hit])
    pairs, pair = np.unique(key, return_inverse=True)
    amount = np.concatenate([effect, harm])
    value = np.concatenate([effect * worth, harm * harm_worth])
    beyond = np.concatenate([np.where(late, effect, 0.0), np.zeros_like(harm)])
    return Outcomes(
        names=names,
        programme=pairs // max(len(names), 1),
        outcome=pairs % max(len(names), 1),
        amount=summed(pair, amount, len(pairs)),
        value=summed(pair, value, len(pairs)),
        beyond=summed(pair, beyond, len(pairs)),
        harm_value=-float((harm * harm_worth).sum()),
    )


def _changed(
    who: Codes,
    what: Codes,
    effect: Array,
    delay: Array,
    changes: Changes,
    programmes: Programmes,
    names: pd.Index,
) -> tuple[Codes, Codes, Array, Array]:
    """What is bought with what options in place make of it.

    What they add arrives as the outcome of the programme itself does, at once where it has
    none.
    """
    mine = changes.of("outcome")
    programme = mine.targets(programmes.names)
    outcome = positions(names, mine.table, "option_effects", "outcome")
    pairs = pd.Index(who * len(names) + what)
    row = pairs.get_indexer(pd.Index(programme * len(names) + outcome)).astype(np.intp)
    new = np.flatnonzero(row < 0)
    row[new] = len(who) + np.arange(len(new))
    nothing = np.zeros((len(new), effect.shape[1]))
    return (
        np.concatenate([who, programme[new]]),
        np.concatenate([what, outcome[new]]),
        mine.apply(np.concatenate([effect, nothing]), row),
        np.concatenate([delay, np.zeros(len(new))]),
    )


def _effects_of(instance: Instance, programmes: Programmes, who: Codes, driver: Array) -> Array:
    """Effect of every response, shape (response, year)."""
    table = instance.responses
    shape = words(table, "shape")
    column = {c: numbers(table, c)[:, None] for c in ("per_unit", "elasticity", "maximum", "half")}
    column["steepness"] = numbers(table, "steepness")[:, None]
    column["baseline"] = programmes.baseline[who, None]
    parameters = {
        "linear": ("per_unit",),
        "power": ("per_unit", "baseline", "elasticity"),
        "saturating": ("maximum", "half"),
        "logistic": ("maximum", "half", "steepness"),
    }
    effect = np.full((len(table), len(programmes.years)), np.nan)
    for name, needed in parameters.items():
        mine = shape == name
        given = {c: column[c][mine] for c in needed}
        effect[mine] = true_effect(name, driver[who[mine]], **given)
    for r, activity, amount in _points(instance, shape == "points"):
        effect[r] = true_effect("points", driver[who[r]], activity=activity, effect=amount)
    return effect


def _points(instance: Instance, mine: Flags) -> list[tuple[int, Array, Array]]:
    """Response, activity and effect of every curve made of points."""
    table, points = instance.responses, instance.response_points
    row = {
        (p, k): r
        for r, p, k in zip(
            np.flatnonzero(mine),
            table["programme"][mine],
            table["outcome"][mine],
            strict=True,
        )
    }
    response = np.array(
        [row.get(key, -1) for key in zip(points["programme"], points["outcome"], strict=True)],
        dtype=np.intp,
    )
    activity, effect = numbers(points, "activity"), numbers(points, "effect")
    order = np.lexsort((activity, response))
    order = order[response[order] >= 0]
    starts = np.flatnonzero(np.diff(response[order], prepend=-1))
    return [
        (int(response[part[0]]), activity[part], effect[part])
        for part in np.split(order, starts[1:])
        if len(part)
    ]


def _check_drivers(driver: Array, who: Codes, programmes: Programmes, found: Findings) -> None:
    """Note met need below nothing, where no curve is defined."""
    everyone = about(programmes)
    subject = replace(
        everyone,
        names=[str(everyone.names[i]) for i in who],
        amount=lambda value, row: programmes.amount(value, who[row]),
    )
    found.add(
        "response",
        subject,
        "would meet {value} of need, and its response starts at nothing",
        value=driver,
        limit=np.zeros_like(driver),
        most=False,
        terms=np.abs(driver),
        natural=programmes.baseline[who, None],
    )


def tail_value(
    instance: Instance, programmes: Programmes, effects: Effects, activity: Array
) -> float:
    """Worth of need avoided in the tail years, at what it would have cost to meet it."""
    settings = instance.settings
    years = len(settings.years)
    kernel = effects.kernel(years + settings.tail_years)
    deviation = (activity - programmes.baseline[:, None])[effects.source]
    saved = programmes.price[effects.target, -1] * (1.0 - programmes.fixed_share[effects.target])
    total = 0.0
    for n in range(1, settings.tail_years + 1):
        lags = years + n - np.arange(1, years + 1)
        avoided = (kernel[:, lags] * deviation).sum(axis=1)
        discount = (1.0 + settings.discount_rate) ** -(years - 1 + n)
        total += discount * float(avoided @ saved)
    return settings.saving_value * total


def outcome_frame(outcomes: Outcomes, years: Codes) -> pd.DataFrame:
    """Outcomes by year: outcome, year, amount, beyond_horizon, value."""
    size = len(outcomes.names)
    columns = {"amount": outcomes.amount, "beyond_horizon": outcomes.beyond}
    columns["value"] = outcomes.value
    frame = {
        "outcome": outcomes.names.repeat(len(years)),
        "year": np.tile(years, size).astype(np.int64),
    }
    frame |= {c: summed(outcomes.outcome, v, size).ravel() for c, v in columns.items()}
    return pd.DataFrame(frame)


def programme_frame(outcomes: Outcomes, programmes: Programmes) -> pd.DataFrame:
    """Outcomes by programme: programme, outcome, year, amount, value."""
    years = programmes.years
    return pd.DataFrame(
        {
            "programme": programmes.names[outcomes.programme].repeat(len(years)),
            "outcome": outcomes.names[outcomes.outcome].repeat(len(years)),
            "year": np.tile(years, len(outcomes.programme)).astype(np.int64),
            "amount": outcomes.amount.ravel(),
            "value": outcomes.value.ravel(),
        }
    )


def segment_frame(outcomes: Outcomes, segments: Segments, years: Codes) -> pd.DataFrame:
    """Outcomes by segment: outcome, segment, year, amount."""
    size, groups = len(outcomes.names), len(segments.names)
    share = segments.share[outcomes.programme]
    amount = summed(outcomes.outcome, share[:, :, None] * outcomes.amount[:, None, :], size)
    return pd.DataFrame(
        {
            "outcome": outcomes.names.repeat(groups * len(years)),
            "segment": np.tile(np.repeat(segments.names.to_numpy(), len(years)), size),
            "year": np.tile(years, size * groups).astype(np.int64),
            "amount": amount.ravel(),
        }
    )
