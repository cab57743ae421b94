"""Places and the people who live in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.arrays import Floats
from allocator.evaluate.tables import Names, Tables


@dataclass(frozen=True)
class People:
    """People by place.

    Attributes
    ----------
    places : Names
        Places.
    heads : numpy.ndarray
        Shape (place, year).
    """

    places: Names
    heads: Floats

    @cached_property
    def everyone(self) -> Floats:
        """People of all places, by year."""
        total: Floats = self.heads.sum(axis=0)
        return total

    def of(self, places: Iterable[str]) -> Floats:
        """People of some places by year; of all of them where one is blank."""
        named = set(places)
        if "" in named:
            return self.everyone
        at = np.sort(self.places.find(named))
        total: Floats = self.heads[at[at >= 0]].sum(axis=0)
        return total


def read_people(tables: Tables) -> People:
    """Places with the people of every year; nobody where no row says how many."""
    rows = tables["places"]
    places = Names(rows["place"])
    return People(places, tables.in_force(rows, places, "place").figures("heads", 0.0))
