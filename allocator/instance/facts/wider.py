"""Facts of a round in which some of what bounds activity may give way."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np

from allocator.instance.facts.capacity import Capacity
from allocator.instance.facts.deriving import fact
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.limits import Limits
from allocator.instance.facts.need import Need
from allocator.instance.facts.propagate import Bounding, propagate
from allocator.instance.facts.purses import Purses
from allocator.instance.facts.ranges import Ranges


@dataclass(frozen=True)
class Room:
    """What may give way.

    Attributes
    ----------
    money : float
        Most money that may be added to each pool in each year, and to its capital.
    capacity : bool
        Whether there may be any amount of every resource.
    limits : bool
        Whether activity may leave its limits, need stay unmet and blocks cover more.
    """

    money: float = 0.0
    capacity: bool = False
    limits: bool = False


class Wider(Facts):
    """Facts whose ranges hold for every round that gives way within some room.

    All that the tables state stays as it is; only what follows from it for the reach of
    activity is wider.

    Parameters
    ----------
    facts : Facts
        Of the round as it is.
    room : Room
    """

    def __init__(self, facts: Facts, room: Room) -> None:
        super().__init__(facts.draft)
        self.inherit(facts)
        self._known.pop("ranges", None)
        self._room = room

    @fact
    def ranges(self) -> Ranges:
        """Least and most activity each programme can reach within the room."""
        return propagate(self.bounding())

    def bounding(self) -> Bounding:
        """All that bounds activity, as far as it does not give way."""
        found, room = super().bounding(), self._room
        if room.limits:
            found = replace(found, levels=_unlimited(found.levels), need=_unmet(found.need))
            ceiling = np.full(found.commitments.ceiling.shape, np.inf)
            commitments, agreements = copy.copy(found.commitments), copy.copy(found.agreements)
            commitments.ceiling = agreements.ceiling = ceiling
            found = replace(found, commitments=commitments, agreements=agreements)
        if room.capacity:
            found = replace(found, capacity=_endless(found.capacity))
        of = self.least_costs, found.agreements, found.commitments
        purses = _richer(self.purses, room.money)
        return replace(found, pools=self.pools_of(purses, *of))


def _richer(purses: Purses, money: float) -> Purses:
    """Purses with more in each."""
    richer = copy.copy(purses)
    richer.every = [
        replace(purse, amount=purse.amount + money * len(purse.pools)) for purse in purses.every
    ]
    return richer


def _endless(capacity: Capacity) -> Capacity:
    endless = copy.copy(capacity)
    endless.available = np.full(capacity.available.shape, np.inf)
    return endless


def _unlimited(levels: Limits) -> Limits:
    free = copy.copy(levels)
    shape = levels.least.shape
    free.least, free.most = np.full(shape, -np.inf), np.full(shape, np.inf)
    free.growth_min, free.growth_max = np.full(shape, np.nan), np.full(shape, np.nan)
    return free


def _unmet(need: Need) -> Need:
    free = copy.copy(need)
    free.min_met = np.zeros(need.min_met.shape)
    return free
