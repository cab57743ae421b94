"""How many pounds a plan moves from the reference plan."""

from __future__ import annotations

from typing import Any

from allocator.data import Data, Index
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar


def declare(m: Any, data: Data) -> None:
    """Pounds moved.

    Variables (money)
        up[i, t], down[i, t]: spend on need met above and below its reference, >= 0.

    Constraint (money)
        moved[i, t]: price (activity + avoided) - up + down = target

    Need avoided counts as met: a bed-day that nobody needs any more is no money moved, even
    where a block contract leaves its cost where it was. ``target`` is the baseline rolled
    forward while the reference plan is sought; the solver then puts the reference plan's own
    spend in its place, and among the plans with the best objective takes the one that moves
    the fewest pounds. The bounds of ``up`` and ``down`` are twice what could be moved: they
    are finite for the certificate and never bind.
    """
    a = data.activity
    m.MOVES = ArraySet(data.programme_years)
    m.target = ArrayParam(m.MOVES, data.target.ravel(), "target")
    reach = a.top.copy()
    reach[data.demand.rows.columns] += data.demand.need_max
    most = 2.0 * (a.price * reach + data.target)
    m.most_moved = ArrayParam(m.MOVES, most.ravel(), "most_moved")
    m.up = ArrayVar(m.MOVES, bounds=lambda m, i, t: (0.0, m.most_moved[i, t]))
    m.down = ArrayVar(m.MOVES, bounds=lambda m, i, t: (0.0, m.most_moved[i, t]))
    d = data.demand.avoided
    same = Index((*d.axes, *d.axes), [*d.columns, *d.columns])
    m.avoided_in = ArraySetOf(same.group((0, 1), data.programme_years))
    m.moved = ArrayConstraint(m.MOVES, rule=_moved)


def _moved(m: Any, i: Any, t: Any) -> Any:
    avoided = sum(m.avoided[j, s] for j, s in m.avoided_in[i, t])
    met = m.activity[i, t] + avoided
    return m.price[i, t] * met - m.up[i, t] + m.down[i, t] == m.target[i, t]
