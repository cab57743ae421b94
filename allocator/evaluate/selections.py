"""Selections of programmes, and the people they serve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.arrays import Floats, Ints, Objects
from allocator.evaluate.people import People
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.tables import Names, Tables, places_of, summed
from allocator.instance.tables.lists import names_in

EVERY = ("", "all")
"""Names of the selection of all programmes, which no table declares."""

_NOBODY = np.empty(0, dtype=np.int64)
_COLUMNS = ("sector", "place", "provider", "pool", "contract", "programme", "class")


@dataclass(frozen=True)
class Members:
    """Who is in every group of several, and with what share.

    Attributes
    ----------
    groups : int
        Number of groups.
    group, member : numpy.ndarray
        Positions, in order of the groups and then of the members.
    share : numpy.ndarray
        Share of the member that counts.
    """

    groups: int
    group: Ints
    member: Ints
    share: Floats

    def total(self, figures: Floats) -> Floats:
        """Sum figures of members over every group, by share; shape (group, year).

        Parameters
        ----------
        figures : numpy.ndarray
            Shape (member, year).
        """
        return summed(self.group, self.share[:, None] * figures[self.member], self.groups)

    def of(self, group: int) -> tuple[Ints, Floats]:
        """Members of one group and their shares."""
        mine = slice(*self._starts[group : group + 2].tolist())
        return self.member[mine], self.share[mine]

    @cached_property
    def _starts(self) -> Ints:
        return np.searchsorted(self.group, np.arange(self.groups + 1)).astype(np.int64)


@dataclass(frozen=True)
class Selections:
    """Selections with the share of every programme that counts.

    Attributes
    ----------
    names : Names
        Selections, the two names of all programmes first; S of them.
    programmes : Members
        Programmes of every selection.
    heads : numpy.ndarray
        Shape (S, year): people of the places a selection names in all its rows, otherwise of
        all places.
    """

    names: Names
    programmes: Members
    heads: Floats

    def total(self, figures: Floats) -> Floats:
        """Sum figures of programmes over every selection, by share; shape (S, year)."""
        return self.programmes.total(figures)

    def of(self, selection: int) -> tuple[Ints, Floats]:
        """Programmes of one selection and their shares."""
        return self.programmes.of(selection)

    def whole(self, owner: Ints, size: int) -> Members:
        """Owners all of whose programmes are in a selection, with the least of their shares.

        Parameters
        ----------
        owner : numpy.ndarray
            Owner of every programme, -1 for none.
        size : int
            Number of owners.
        """
        count = np.bincount(owner[owner >= 0], minlength=size)
        key, where = self._owned(owner, size)
        least = np.full(len(key), np.inf)
        np.minimum.at(least, where, self.programmes.share[owner[self.programmes.member] >= 0])
        full = np.bincount(where, minlength=len(key)) == count[key % max(size, 1)]
        return self._members(key[full], least[full], size)

    def some(self, owner: Ints, size: int) -> Members:
        """Owners that have a programme in a selection, each of them once; as :meth:`whole`."""
        key, _ = self._owned(owner, size)
        return self._members(key, np.ones(len(key)), size)

    def _owned(self, owner: Ints, size: int) -> tuple[Ints, Ints]:
        """Selection and owner as one key, in order, and the key of every programme with one."""
        of = owner[self.programmes.member]
        mine = of >= 0
        key = self.programmes.group[mine] * max(size, 1) + of[mine]
        keys, where = np.unique(key, return_inverse=True)
        return keys, where

    def _members(self, key: Ints, share: Floats, size: int) -> Members:
        return Members(len(self.names), key // max(size, 1), key % max(size, 1), share)


def read_selections(tables: Tables, programmes: Programmes, people: People) -> Selections:
    """Programmes of every selection: a row takes those that match all it names.

    The rows of a selection add up; a programme that several rows take counts once, with the
    largest of their shares.
    """
    rows = tables["selections"]
    names = Names([*EVERY, *rows["selection"]])
    code = names.find(rows["selection"])
    where = {c: places_of(programmes.rows[c]) for c in _COLUMNS if (rows[c] != "").any()}
    if (rows["tag"] != "").any():
        where["tag"] = _tagged(programmes.rows["tags"])
    everyone = np.arange(len(programmes.names))
    parts = [(s, everyone, 1.0) for s in range(len(EVERY))]
    for s, (_, share, *asked) in zip(code.tolist(), rows.lists("share", *where), strict=True):
        groups = [
            places.get(name, _NOBODY)
            for places, name in zip(where.values(), asked, strict=True)
            if name
        ]
        parts.append((s, _in_all(groups, everyone), share))
    heads = np.repeat(people.everyone[None, :], len(names), axis=0)
    for s, mine in places_of(code).items():
        heads[s] = people.of(rows["place"][mine].tolist())
    return Selections(names, _largest(parts, len(names), len(everyone)), heads)


def _in_all(groups: list[Ints], everyone: Ints) -> Ints:
    """Programmes that are in all groups; each group is in order."""
    first, *others = sorted(groups, key=len) or [everyone]
    for group in others:
        at = np.minimum(np.searchsorted(group, first), len(group) - 1)
        first = first[group[at] == first]
    return first


def _largest(parts: list[tuple[int, Ints, float]], groups: int, size: int) -> Members:
    """Members of every group, each with the largest of its shares."""
    count = [len(who) for _, who, _ in parts]
    code = np.repeat([s for s, *_ in parts], count)
    who = np.concatenate([who for _, who, _ in parts])
    key, where = np.unique(code * max(size, 1) + who, return_inverse=True)
    most = np.zeros(len(key))
    np.maximum.at(most, where, np.repeat([share for *_, share in parts], count))
    key, most = key[most > 0], most[most > 0]
    return Members(groups, key // max(size, 1), key % max(size, 1), most)


def _tagged(tags: Objects) -> dict[str, Ints]:
    """Positions of the programmes that carry each tag."""
    found: dict[str, list[int]] = {}
    for position, said in enumerate(tags.tolist()):
        for tag in names_in(said):
            found.setdefault(tag, []).append(position)
    return {tag: np.array(mine, dtype=np.int64) for tag, mine in found.items()}
