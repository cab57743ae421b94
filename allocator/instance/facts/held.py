"""Programmes that nothing values, and programmes kept at the reference plan."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from allocator.arrays import Flags, Values
from allocator.instance.tables.rows import Rows, among

STRICT = ("emergency", "entitlement")
"""Classes whose need must be met."""


def limits_changed(measure: Values) -> Flags:
    """Where an option effect closes a programme or changes its limits, by its measure."""
    return np.isin(measure, ("limit_min", "limit_max", "close"))


class Held:
    """What is unvalued and what is held, masks over the programmes.

    Parameters
    ----------
    programmes : Rows
        The table.
    following, buying, avoiding, freed : sequence of str
        Programmes with demand, with a response, with an effect on another's need, and those that
        options close or limit.

    Attributes
    ----------
    follows : ndarray of bool
        It has demand to follow.
    unvalued : ndarray of bool
        No response, demand or effect says what it buys.
    avoids_only : ndarray of bool
        Valued only by what it avoids: it has an effect, and neither response nor demand.
    set_free : ndarray of bool
        Options close or limit it, so that nothing else holds it.
    held : ndarray of bool
        Kept at its baseline, or as near to it as limits, rules and budgets allow.
    unvalued_held, avoids_only_held : ndarray of bool
        Both.
    reason : ndarray of str
        Why a programme is held: ``said`` (held = yes), ``unvalued``, ``avoids only`` or
        ``class`` (need that must be met, without demand); blank where it is not.
    """

    def __init__(
        self,
        programmes: Rows,
        following: Iterable[str],
        buying: Iterable[str],
        avoiding: Iterable[str],
        freed: Iterable[str],
    ) -> None:
        names, said = programmes["programme"], programmes["held"]
        self.follows = among(names, following)
        bought, avoids = among(names, buying), among(names, avoiding)
        self.unvalued: Flags = ~(self.follows | bought | avoids)
        self.avoids_only: Flags = avoids & ~(self.follows | bought)
        self.set_free = among(names, freed)
        strict = np.isin(programmes["class"], STRICT)
        blind = self.unvalued | self.avoids_only
        usual = ~self.follows & ~self.set_free & (blind | strict)
        self.held: Flags = (said == "yes") | ((said == "") & usual)
        self.unvalued_held = self.unvalued & self.held
        self.avoids_only_held = self.avoids_only & self.held
        self.reason: Values = np.select(
            [~self.held, said == "yes", self.unvalued, self.avoids_only],
            ["", "said", "unvalued", "avoids only"],
            "class",
        )
