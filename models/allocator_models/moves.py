"""How many pounds a plan moves from the reference plan."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet


def declare(m: Any, data: Data) -> None:
    """Pounds moved.

    Variables (money)
        up[i, t], down[i, t]: spend on activity above and below its reference, >= 0.

    Constraint (money)
        moved[i, t]: price activity - up + down = target

    ``target`` is the baseline rolled forward while the reference plan is sought; the
    solver then puts the reference plan's own spend in its place, and among the plans with
    the best objective takes the one that moves the fewest pounds. The bounds of ``up`` and
    ``down`` are twice what could be moved: they are finite for the certificate and never
    bind.
    """
    a = data.activity
    m.MOVES = ArraySet(data.programme_years)
    m.target = ArrayParam(m.MOVES, data.target.ravel(), "target")
    most = 2.0 * (a.price * a.top + data.target)
    m.most_moved = ArrayParam(m.MOVES, most.ravel(), "most_moved")
    m.up = pyo.Var(m.MOVES, dense=False, bounds=lambda m, i, t: (0.0, m.most_moved[i, t]))
    m.down = pyo.Var(m.MOVES, dense=False, bounds=lambda m, i, t: (0.0, m.most_moved[i, t]))
    m.moved = ArrayConstraint(m.MOVES, rule=_moved)


def _moved(m: Any, i: Any, t: Any) -> Any:
    return m.price[i, t] * m.activity[i, t] - m.up[i, t] + m.down[i, t] == m.target[i, t]
