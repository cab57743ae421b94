"""Figures a plan may mean otherwise than they are read: money read as activity, or the reverse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.tolerances import FAR, NEAR, OFF
from allocator.words import count, number

ADVICE = (
    "If they are {other}, say so: call the column '{word}', or '{word} {year}' where each year "
    "has a column."
)


@dataclass(frozen=True)
class _Reading:
    """Figures as they were read, beside what they are usually and would be otherwise."""

    said: Floats
    usual: Floats
    otherwise: Floats
    what: str
    other: str
    word: str


def doubts(programmes: Programmes, activity: Floats, spend: Floats) -> tuple[str, ...]:
    """What the figures of a plan look like where they do not look like what they are read as.

    Parameters
    ----------
    programmes : Programmes
    activity, spend : numpy.ndarray
        Shape (programme, year): what the lines of a plan say that name one of them; else NaN.

    Returns
    -------
    tuple of str
        A sentence or two each.
    """
    baseline = np.broadcast_to(programmes.baseline[:, None], activity.shape)
    cost = programmes.unit_cost[:, None] * baseline
    readings = (
        _Reading(activity, baseline, cost, "baseline activity", "money", "spend"),
        _Reading(spend, cost, baseline, "cost of the baseline", "activity", "activity"),
    )
    return tuple(said for reading in readings for said in _doubt(programmes, reading))


def _doubt(programmes: Programmes, r: _Reading) -> Iterator[str]:
    told = (r.said > 0.0) & (r.usual > 0.0)
    if not told.any():
        return
    off = _apart(r.said, r.usual, told)
    far = told & (off > FAR)
    near = told & (off > OFF) & (r.otherwise > 0.0)
    near &= _apart(r.said, r.otherwise, near) < NEAR
    # One unit cost may be met by chance.
    costs = np.unique(programmes.unit_cost[near.any(axis=1)])
    if 2 * far.sum() > told.sum():
        lines, how = far, f"more than {FAR:g} times the {r.what}, or less than a {FAR:g}th of it"
    elif 2 * near.sum() > told.sum() and len(costs) > 1:
        other = "what the baseline costs" if r.word == "spend" else "the baseline activity"
        lines, how = near, f"near {other}, and not near the {r.what}"
    else:
        return
    i, t = (int(at[0]) for at in np.nonzero(lines))
    settings = programmes.settings
    year = settings.year_label(settings.years[t])
    first = f"{programmes.names.all[i]} in {year}: {number(float(r.said[i, t]))}"
    whole = count(int(told.sum()), "line")
    advice = ADVICE.format(other=r.other, word=r.word, year=year)
    yield (
        f"Of {whole} named, {int(lines.sum()):,} {'has' if lines.sum() == 1 else 'have'} a figure "
        f"{how} ({first}, {r.what} {number(float(r.usual[i, t]))}). {advice}"
    )


def _apart(said: Floats, other: Floats, where: Flags) -> Floats:
    """How many times one is the other, or the other the one; 1 elsewhere."""
    ratio = np.divide(said, other, out=np.ones(said.shape), where=where)
    return np.maximum(ratio, 1.0 / ratio)
