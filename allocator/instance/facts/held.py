"""Programmes that nothing values, and programmes kept at the reference plan."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags
from allocator.instance.tables.draft import Draft
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
    draft : Draft
        With programmes, responses, demand, effects and option_effects.

    Attributes
    ----------
    unvalued : ndarray of bool
        No response, demand or effect says what it buys.
    set_free : ndarray of bool
        Options close or limit it, so that nothing else holds it.
    held : ndarray of bool
        Kept at the reference plan.
    """

    def __init__(self, draft: Draft) -> None:
        programmes, effects = draft["programmes"], draft["option_effects"]
        names, said = programmes["programme"], programmes["held"]
        follows = among(names, draft["demand"]["programme"])
        buys = among(names, [*draft["responses"]["programme"], *draft["effects"]["source"]])
        self.unvalued: Flags = ~(follows | buys)
        self.set_free = among(names, effects["target"][limits_changed(effects)])
        strict = np.isin(programmes["class"], STRICT)
        usual = ~follows & ~self.set_free & (self.unvalued | strict)
        self.held: Flags = (said == "yes") | ((said == "") & usual)
