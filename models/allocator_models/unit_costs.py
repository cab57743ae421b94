"""Unit costs that options change: activity, split by level."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.indices import Expression, Level, Programme, Relation, Segment, Year
from allocator_models.options import effect, effects


def declare(m: Model, data: Data) -> None:
    """Activity by level of unit cost.

    Variables (in the programme's unit of activity)
        level_activity[i, t, l]: activity while level l holds, otherwise 0.
        level_fill[i, t, l, n]: how far segment n is filled while level l holds.

    Constraints
        level_least, level_most[i, t, l]: lo z <= level_activity <= hi z
        rest_least, rest_most[i, t]: lo (1 - sum z) <= activity - sum level_activity
                                     <= hi (1 - sum z)
        level_filled[i, t, l]: level_activity = start z + sum_n level_fill[n]
        level_open[i, t, l, n]: level_fill <= width z
        rest_filled, rest_open[i, t, n]: 0 <= fill - sum_l level_fill <= width (1 - sum z)

    with z the sum of the runs that make the level, of which at most one is taken. lo and hi
    are what can be reached: the convex hull of the levels, with no other constant. Where
    activity has a curve each level fills its own segments, so that a level taken in part by
    the relaxation has only its part of the steep end of the curve.
    """
    levels, x = data.options.prices, data.level_fills
    owners = levels.owners
    m.LEVELS = Set(levels.rows)
    m.LEVELLED = Set(owners)
    m.LEVEL_CURVED = Set(x.curved)
    m.LEVEL_FILLS = Set(x.fills)
    m.SPLIT = Set(x.split)
    m.levels_of = Members(levels.rows, data.surcharge.rows)
    m.level_fills_of = Members(x.fills, x.curved)
    m.fills_at = Members(x.fills, x.split, by=(0, 1, 3))

    m.level_change = Param(m.LEVELS, levels.change)
    m.level_holds = effects(levels.runs, levels.rows)
    m.levelled = effects(levels.runs.over(owners), owners)

    m.level_activity = Var(m.LEVELS, bounds=lambda m, i, t, n: (0.0, m.hi[i, t]))
    m.level_fill = Var(m.LEVEL_FILLS, bounds=lambda m, i, t, k, n: (0.0, m.width[i, t, n]))

    m.level_least = Constraint(m.LEVELS, rule=_level_least)
    m.level_most = Constraint(m.LEVELS, rule=_level_most)
    m.rest_least = Constraint(m.LEVELLED, rule=_rest_least)
    m.rest_most = Constraint(m.LEVELLED, rule=_rest_most)
    m.level_filled = Constraint(m.LEVEL_CURVED, rule=_level_filled)
    m.level_open = Constraint(m.LEVEL_FILLS, rule=_level_open)
    m.rest_filled = Constraint(m.SPLIT, rule=_rest_filled)
    m.rest_open = Constraint(m.SPLIT, rule=_rest_open)


def changed_cost(m: Model, i: Programme, t: Year) -> Expression:
    """What the changes of its unit cost come to, for a programme with a surcharge."""
    return sum(m.level_change[i, t, n] * m.level_activity[i, t, n] for n in m.levels_of[i, t])


def _rest(m: Model, i: Programme, t: Year) -> Expression:
    """Activity while no level holds."""
    return m.activity[i, t] - sum(m.level_activity[i, t, n] for n in m.levels_of[i, t])


def _split(m: Model, i: Programme, t: Year, n: Segment) -> Expression:
    """How far segment n is filled while any level holds."""
    return sum(m.level_fill[i, t, k, n] for k in m.fills_at[i, t, n])


def _none_holds(m: Model, i: Programme, t: Year) -> Expression:
    return 1.0 - effect(m, m.levelled, i, t)


def _level_least(m: Model, i: Programme, t: Year, n: Level) -> Relation:
    return m.level_activity[i, t, n] >= m.lo[i, t] * effect(m, m.level_holds, i, t, n)


def _level_most(m: Model, i: Programme, t: Year, n: Level) -> Relation:
    return m.level_activity[i, t, n] <= m.hi[i, t] * effect(m, m.level_holds, i, t, n)


def _rest_least(m: Model, i: Programme, t: Year) -> Relation:
    return _rest(m, i, t) >= m.lo[i, t] * _none_holds(m, i, t)


def _rest_most(m: Model, i: Programme, t: Year) -> Relation:
    return _rest(m, i, t) <= m.hi[i, t] * _none_holds(m, i, t)


def _level_filled(m: Model, i: Programme, t: Year, k: Level) -> Relation:
    start = m.start[i, t] * effect(m, m.level_holds, i, t, k)
    filled = sum(m.level_fill[i, t, k, n] for n in m.level_fills_of[i, t, k])
    return m.level_activity[i, t, k] == start + filled


def _level_open(m: Model, i: Programme, t: Year, k: Level, n: Segment) -> Relation:
    return m.level_fill[i, t, k, n] <= m.width[i, t, n] * effect(m, m.level_holds, i, t, k)


def _rest_filled(m: Model, i: Programme, t: Year, n: Segment) -> Relation:
    return m.fill[i, t, n] >= _split(m, i, t, n)


def _rest_open(m: Model, i: Programme, t: Year, n: Segment) -> Relation:
    rest = m.fill[i, t, n] - _split(m, i, t, n)
    return rest <= m.width[i, t, n] * _none_holds(m, i, t)
