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
    following, buying, freed : sequence of str
        Programmes with demand, with a response or an effect, and those that options close or
        limit.

    Attributes
    ----------
    follows : ndarray of bool
        It has demand to follow.
    unvalued : ndarray of bool
        No response, demand or effect says what it buys.
    set_free : ndarray of bool
        Options close or limit it, so that nothing else holds it.
    held : ndarray of bool
        Kept at the reference plan.
    unvalued_held : ndarray of bool
        Both.
    """

    def __init__(
        self,
        programmes: Rows,
        following: Iterable[str],
        buying: Iterable[str],
        freed: Iterable[str],
    ) -> None:
        names, said = programmes["programme"], programmes["held"]
        self.follows = among(names, following)
        self.unvalued: Flags = ~(self.follows | among(names, buying))
        self.set_free = among(names, freed)
        strict = np.isin(programmes["class"], STRICT)
        usual = ~self.follows & ~self.set_free & (self.unvalued | strict)
        self.held: Flags = (said == "yes") | ((said == "") & usual)
        self.unvalued_held = self.unvalued & self.held
