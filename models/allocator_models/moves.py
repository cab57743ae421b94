"""How many pounds a plan moves from the reference plan."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Model, Param, Set, Var
from allocator_models.demand import need_avoided
from allocator_models.indices import Programme, Relation, Year


def declare(m: Model, data: Data) -> None:
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
    m.MOVES = Set(data.programme_years)
    m.target = Param(m.MOVES, data.target)
    m.most_moved = Param(m.MOVES, data.most_moved)

    m.up = Var(m.MOVES, bounds=lambda m, i, t: (0.0, m.most_moved[i, t]))
    m.down = Var(m.MOVES, bounds=lambda m, i, t: (0.0, m.most_moved[i, t]))

    m.moved = Constraint(m.MOVES, rule=_moved)


def _moved(m: Model, i: Programme, t: Year) -> Relation:
    met = m.activity[i, t] + need_avoided(m, i, t)
    return m.price[i, t] * met - m.up[i, t] + m.down[i, t] == m.target[i, t]
