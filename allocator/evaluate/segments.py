"""Segments of the population: whom outcomes reach, and what theirs weigh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.tables import Names, Tables, places_of, summed


@dataclass(frozen=True)
class Segments:
    """Who benefits.

    Attributes
    ----------
    names : Names
        Segments; G of them, none without the table.
    share : numpy.ndarray
        Shape (programme, G): part of a programme's outcome that goes to each.
    equity : numpy.ndarray
        Shape (programme,): weight of a programme's outcome in the objective.
    """

    names: Names
    share: Floats
    equity: Floats


def read_segments(tables: Tables, programmes: Programmes) -> Segments:
    """Reach and weights; weights rescaled to mean 1 over the heads of all segments."""
    rows, reach = tables["segments"], tables["reach"]
    names = Names(rows["segment"])
    size = len(programmes.names)
    if not len(names):
        return Segments(names, np.zeros((size, 0)), np.ones(size))
    code = names.find(rows["segment"])
    heads, weight = rows["heads"], rows["weight"]
    weight = weight * heads.sum() / (weight * heads).sum()

    places = Names(programmes.rows["place"])
    where = places.find(programmes.rows["place"])
    shares = np.zeros((len(places), len(names)))
    weights = np.zeros((len(places), len(names)))
    at, everywhere = places_of(rows["place"]), np.arange(len(rows))
    anywhere = at.get("", everywhere[:0])
    for p, place in enumerate(places.all):
        here = np.sort(np.concatenate([at.get(place, everywhere[:0]), anywhere]))
        here = here if place else everywhere
        local = summed(code[here], heads[here], len(names))
        worth = summed(code[here], (heads * weight)[here], len(names))
        np.divide(local, local.sum(), out=shares[p], where=local > 0)
        np.divide(worth, local, out=weights[p], where=local > 0)

    share = shares[where]
    reached = programmes.names.positions(reach, "programme")
    share[reached] = 0.0
    share[reached, names.positions(reach, "segment")] = reach["share"]
    return Segments(names, share, (share * weights[where]).sum(axis=1))
