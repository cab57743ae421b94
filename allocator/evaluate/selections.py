"""Selections of programmes, and the people they serve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.evaluate.tables import (
    Array,
    Codes,
    Programmes,
    numbers,
    pick,
    positions,
    rows_by_year,
    summed,
    words,
)
from allocator.instance.instance import Instance

EVERY = ("", "all")
"""Names of the selection of all programmes, which no table declares."""

_COLUMNS = ("sector", "place", "provider", "pool", "contract", "programme", "class")


@dataclass(frozen=True)
class Selections:
    """Selections with the share of every programme that counts.

    Attributes
    ----------
    names : pandas.Index
        Selections, the two names of all programmes first; S of them.
    rows, programme, share : numpy.ndarray
        Selection, programme and share of every programme in a selection.
    heads : numpy.ndarray
        Shape (S, year): people of the places a selection names in all its rows, otherwise of
        all places.
    """

    names: pd.Index
    rows: Codes
    programme: Codes
    share: Array
    heads: Array

    def total(self, figures: Array) -> Array:
        """Sum figures of programmes over every selection, by share; shape (S, year).

        Parameters
        ----------
        figures : numpy.ndarray
            Shape (programme, year).
        """
        return summed(self.rows, self.share[:, None] * figures[self.programme], len(self.names))

    def shares(self, programmes: Codes) -> Array:
        """Share of some programmes in every selection, shape (S, programme)."""
        where = np.full(int(self.programme.max(initial=-1)) + 1, -1, dtype=np.intp)
        where[programmes] = np.arange(len(programmes))
        at = where[self.programme]
        share = np.zeros((len(self.names), len(programmes)))
        share[self.rows[at >= 0], at[at >= 0]] = self.share[at >= 0]
        return share


def read_selections(instance: Instance, programmes: Programmes) -> Selections:
    """Programmes of every selection: a row takes those that match all it names.

    The rows of a selection add up; a programme that several rows take counts once, with the
    largest of their shares.
    """
    table = instance.selections
    names = pd.Index([*EVERY, *table["selection"].unique()])
    code = positions(names, table, "selections", "selection")
    columns = {c: words(programmes.table, c) for c in _COLUMNS}
    tags = _tagged(words(programmes.table, "tags"))
    asked = {c: words(table, c) for c in (*_COLUMNS, "tag")}
    shares = numbers(table, "share")
    size = len(programmes.names)
    everyone = np.arange(size)
    counted = {
        s: np.ones(size) if name in EVERY else np.zeros(size) for s, name in enumerate(names)
    }
    for r, s in enumerate(code):
        match = np.ones(size, dtype=bool)
        for c in _COLUMNS:
            if asked[c][r]:
                match &= columns[c] == asked[c][r]
        if asked["tag"][r]:
            match &= np.isin(everyone, tags.get(asked["tag"][r], []))
        counted[s] = np.maximum(counted[s], np.where(match, shares[r], 0.0))
    taken = [(s, everyone[share > 0], share[share > 0]) for s, share in counted.items()]
    return Selections(
        names=names,
        rows=np.concatenate([np.full(len(who), s) for s, who, _ in taken]),
        programme=np.concatenate([who for _, who, _ in taken]),
        share=np.concatenate([share for *_, share in taken]),
        heads=_heads(instance, programmes, names, code),
    )


def _tagged(tags: npt.NDArray[np.object_]) -> dict[str, list[int]]:
    """Positions of the programmes that carry each tag."""
    found: dict[str, list[int]] = {}
    for position, said in enumerate(tags):
        for tag in set(str(said).split()):
            found.setdefault(tag, []).append(position)
    return found


def _heads(instance: Instance, programmes: Programmes, names: pd.Index, code: Codes) -> Array:
    table, years = instance.places, programmes.years
    places = pd.Index(table["place"].unique())
    key = positions(places, table, "places", "place")
    people = pick(numbers(table, "heads"), rows_by_year(table, key, len(places), years), 0.0)
    named = words(instance.selections, "place")
    heads = np.repeat(people.sum(axis=0)[None, :], len(names), axis=0)
    for s in np.unique(code):
        mine = set(named[code == s])
        if "" not in mine:
            heads[s] = people[places.isin(mine)].sum(axis=0)
    return heads
