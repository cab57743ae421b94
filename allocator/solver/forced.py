"""Decisions forced on a model: not taken, or taken at some time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyomo.environ as pyo

from allocator.data import Data

Force = Callable[[Any, Data], None]
"""Adds to a model before it is compiled."""

Decision = tuple[str, str]
"""Kind (option or contract) and name."""

VARIABLES = {"option": "run", "contract": "end"}
"""Variables whose first coordinate is the name, by kind of decision."""


def forcing(
    off: Iterable[Decision] = (), on: Iterable[Decision] = (), also: Force | None = None
) -> Force:
    """What to add to a model so that decisions are not taken, or are at some time.

    Parameters
    ----------
    off, on : iterable of (str, str)
        Kind and name.
    also : callable, optional
        What is added to the model besides.
    """
    without, taken = set(off), sorted(set(on))

    def force(model: Any, data: Data) -> None:
        if also is not None:
            also(model, data)
        for kind, variable in VARIABLES.items():
            every: Any = getattr(model, variable, None)
            # A variable holds only the members somebody asked for; its set has them all.
            for key in [] if every is None else list(every.index_set()):
                if (kind, key[0]) in without:
                    every[key].fix(0)
        if taken:
            model.forced_on = pyo.ConstraintList()
        for kind, name in taken:
            every = getattr(model, VARIABLES[kind])
            ways = [every[key] for key in list(every.index_set()) if key[0] == name]
            model.forced_on.add(sum(ways) >= 1 if ways else pyo.Constraint.Infeasible)

    return force
