"""Limits of activity that options change, and programmes that they close."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Model, Param, Set
from allocator_models.indices import Option, Programme, Relation, Year
from allocator_models.options import effect, effects


def declare(m: Model, data: Data) -> None:
    """Limits that options change.

    Constraints (in the programme's unit of activity)
        limit_least[i, t]: activity >= minimum + sum change run - (what it can come to) closed
        limit_most[i, t]: activity <= maximum + sum change run
        first_growth[i, t]: activity >= first (1 - closed), where growth is on the baseline
        closed[i, t, o]: activity <= hi (1 - the runs of option o that close it)

    ``hi`` is the most that can be reached: no other constant stands here. New sites,
    closures and reconfigurations change what a programme may and must do.
    """
    a, o, x = data.activity, data.options, data.limits
    closes = o.closes.by_option()
    m.LIMIT_LEAST = Set(x.least)
    m.LIMIT_MOST = Set(x.most)
    m.FIRST_FREED = Set(x.first)
    m.CLOSES = Set(closes)

    m.minimum = Param(m.LIMIT_LEAST, x.minimum)
    m.minimum_most = Param(m.LIMIT_LEAST, x.minimum_most)
    m.minimum_change = effects(o.limit_min, x.least)
    m.minimum_closed = effects(o.closes, x.least)
    m.first_min = Param(m.FIRST_FREED, a.first_min)
    m.first_closed = effects(o.closes, x.first)
    m.maximum = Param(m.LIMIT_MOST, a.limit_max)
    m.maximum_change = effects(o.limit_max, x.most)
    m.closed_by = effects(o.closes.doubled(), closes)

    m.limit_least = Constraint(m.LIMIT_LEAST, rule=_limit_least)
    m.first_growth = Constraint(m.FIRST_FREED, rule=_first_growth)
    m.limit_most = Constraint(m.LIMIT_MOST, rule=_limit_most)
    m.closed = Constraint(m.CLOSES, rule=_closed)


def _limit_least(m: Model, i: Programme, t: Year) -> Relation:
    least = m.minimum[i, t] + effect(m, m.minimum_change, i, t)
    return m.activity[i, t] >= least - m.minimum_most[i, t] * effect(m, m.minimum_closed, i, t)


def _first_growth(m: Model, i: Programme, t: Year) -> Relation:
    return m.activity[i, t] >= m.first_min[i, t] * (1.0 - effect(m, m.first_closed, i, t))


def _limit_most(m: Model, i: Programme, t: Year) -> Relation:
    return m.activity[i, t] <= m.maximum[i, t] + effect(m, m.maximum_change, i, t)


def _closed(m: Model, i: Programme, t: Year, o: Option) -> Relation:
    return m.activity[i, t] <= m.hi[i, t] * (1.0 - effect(m, m.closed_by, i, t, o))
