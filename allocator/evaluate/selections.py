"""Selections of programmes, and the people they serve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from allocator.evaluate.tables import (
    Array,
    Codes,
    Programmes,
    numbers,
    pick,
    places_of,
    positions,
    rows_by_year,
    summed,
    words,
)
from allocator.instance.instance import Instance

EVERY = ("", "all")
"""Names of the selection of all programmes, which no table declares."""

_NOBODY = np.empty(0, dtype=np.intp)
_COLUMNS = ("sector", "place", "provider", "pool", "contract", "programme", "class")


@dataclass(frozen=True)
class Selections:
    """Selections with the share of every programme that counts.

    Attributes
    ----------
    names : pandas.Index
        Selections, the two names of all programmes first; S of them.
    rows, programme, share : numpy.ndarray
        Selection, programme and share of every programme in a selection, in order.
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

    def of(self, selection: int) -> tuple[Codes, Array]:
        """Programmes of one selection and their shares."""
        mine = slice(*self._starts[selection : selection + 2].tolist())
        return self.programme[mine], self.share[mine]

    @cached_property
    def _starts(self) -> Codes:
        return np.searchsorted(self.rows, np.arange(len(self.names) + 1)).astype(np.intp)

    def whole(self, group: Codes, size: int) -> sp.csr_array:
        """Least share of groups of programmes in every selection, shape (S, group).

        Parameters
        ----------
        group : numpy.ndarray
            Group of every programme, -1 for none.
        size : int
            Number of groups.
        """
        count = np.bincount(group[group >= 0], minlength=size)
        of = group[self.programme]
        mine = of >= 0
        key, where = np.unique(self.rows[mine] * max(size, 1) + of[mine], return_inverse=True)
        least = np.full(len(key), np.inf)
        np.minimum.at(least, where, self.share[mine])
        row, column = key // max(size, 1), key % max(size, 1)
        full = np.bincount(where, minlength=len(key)) == count[column]
        entries = (least[full], (row[full], column[full]))
        return sp.csr_array(entries, shape=(len(self.names), size))


def read_selections(instance: Instance, programmes: Programmes) -> Selections:
    """Programmes of every selection: a row takes those that match all it names.

    The rows of a selection add up; a programme that several rows take counts once, with the
    largest of their shares.
    """
    table = instance.selections
    names = pd.Index([*EVERY, *table["selection"].unique()])
    code = positions(names, table, "selections", "selection")
    columns = {c: words(programmes.table, c) for c in _COLUMNS}
    where = {c: places_of(columns[c]) for c in _COLUMNS}
    where["tag"] = _tagged(words(programmes.table, "tags"))
    asked = {c: words(table, c) for c in where}
    shares = numbers(table, "share")
    everyone = np.arange(len(programmes.names))
    parts = [(s, everyone, 1.0) for s in range(len(EVERY))]
    for r, s in enumerate(code.tolist()):
        groups = [where[c].get(asked[c][r], _NOBODY) for c in where if asked[c][r]]
        parts.append((s, _in_all(groups, everyone), shares[r]))
    rows, programme, share = _largest(parts, len(everyone))
    return Selections(
        names=names,
        rows=rows,
        programme=programme,
        share=share,
        heads=_heads(instance, programmes, names, code),
    )


def _in_all(groups: list[Codes], everyone: Codes) -> Codes:
    """Programmes that are in all groups; each group is in order."""
    first, *others = sorted(groups, key=len) or [everyone]
    for group in others:
        at = np.minimum(np.searchsorted(group, first), len(group) - 1)
        first = first[group[at] == first]
    return first


def _largest(parts: list[tuple[int, Codes, float]], size: int) -> tuple[Codes, Codes, Array]:
    """Selection, programme and largest share of all that is taken, in order."""
    count = [len(who) for _, who, _ in parts]
    code = np.repeat([s for s, *_ in parts], count)
    who = np.concatenate([who for _, who, _ in parts])
    key, where = np.unique(code * max(size, 1) + who, return_inverse=True)
    most = np.zeros(len(key))
    np.maximum.at(most, where, np.repeat([share for *_, share in parts], count))
    key, most = key[most > 0], most[most > 0]
    return key // max(size, 1), key % max(size, 1), most


def _tagged(tags: npt.NDArray[np.object_]) -> dict[Any, Codes]:
    """Positions of the programmes that carry each tag."""
    found: dict[str, list[int]] = {}
    for position, said in enumerate(tags):
        for tag in set(str(said).split()):
            found.setdefault(tag, []).append(position)
    return {tag: np.array(mine, dtype=np.intp) for tag, mine in found.items()}


def _heads(instance: Instance, programmes: Programmes, names: pd.Index, code: Codes) -> Array:
    table, years = instance.places, programmes.years
    places = pd.Index(table["place"].unique())
    key = positions(places, table, "places", "place")
    people = pick(numbers(table, "heads"), rows_by_year(table, key, len(places), years), 0.0)
    named = words(instance.selections, "place")
    heads = np.repeat(people.sum(axis=0)[None, :], len(names), axis=0)
    for s, rows in places_of(code).items():
        mine = set(named[rows].tolist())
        if "" not in mine:
            at = np.sort(places.get_indexer(pd.Index(list(mine))))
            heads[s] = people[at[at >= 0]].sum(axis=0)
    return heads
