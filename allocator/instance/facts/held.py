"""Programmes that nothing values, and programmes kept at the reference plan."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags
from allocator.instance.tables.rows import Rows, among

STRICT = ("emergency", "entitlement")
"""Classes whose need must be met."""


def limits_changed(effects: Rows) -> Flags:
    """Mask of the option effects that close a programme or change its limits."""
    return np.isin(effects["measure"], ("limit_min", "limit_max", "close"))


class Held:
    """What is unvalued and what is held, masks over the programmes.

    Parameters
    ----------
    programmes, responses, demand, effects, option_effects : Rows
        The tables.

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
    """

    def __init__(
        self,
        programmes: Rows,
        *,
        responses: Rows,
        demand: Rows,
        effects: Rows,
        option_effects: Rows,
    ) -> None:
        names, said = programmes["programme"], programmes["held"]
        self.follows = among(names, demand["programme"])
        buys = among(names, [*responses["programme"], *effects["source"]])
        self.unvalued: Flags = ~(self.follows | buys)
        closed = option_effects["target"][limits_changed(option_effects)]
        self.set_free = among(names, closed)
        strict = np.isin(programmes["class"], STRICT)
        usual = ~self.follows & ~self.set_free & (self.unvalued | strict)
        self.held: Flags = (said == "yes") | ((said == "") & usual)
