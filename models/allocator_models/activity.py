"""Activity of each programme in each year, and how fast it may grow."""

from __future__ import annotations

from allocator.data import Data, Index
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.indices import Expression, Programme, Relation, Year
from allocator_models.options import effect, effects


def declare(m: Model, data: Data) -> None:
    """Activity, and growth on the year before.

    Variables
        activity[i, t]: units of programme i in year t, floor <= activity <= top: its own
        limits, or a bound that is only there to be finite.

    Constraints (in the programme's unit of activity)
        growth_max[i, t]: activity[i, t] <= (1 + max) activity[i, t-1] + amount
        growth_min[i, t]: activity[i, t] >= (1 + min) activity[i, t-1]
                                            - (what it can come to) closed
        for years after the first; growth in the first year is on the baseline and so a
        limit of activity itself.

    Services cannot be built up or run down faster than staff, sites and people allow.
    """
    a, x = data.activity, data.limits
    m.PROGRAMME_YEARS = Set(data.programme_years)
    m.GROWTH_MAX = Set(x.growth_max)
    m.GROWTH_MIN = Set(x.growth_min)
    m.year_before = Members(x.before, Index.product(data.year))

    m.baseline = Param(Index.product(data.programme), a.baseline)
    m.price = Param(m.PROGRAMME_YEARS, a.price)
    m.floor = Param(m.PROGRAMME_YEARS, a.floor)
    m.top = Param(m.PROGRAMME_YEARS, a.top)
    m.lo = Param(m.PROGRAMME_YEARS, a.lo)  # least that can be reached
    m.hi = Param(m.PROGRAMME_YEARS, x.reach)  # most that can, and a little more
    m.growth_max_rate = Param(m.GROWTH_MAX, a.growth_max)
    m.growth_amount = Param(m.GROWTH_MAX, a.growth_amount)
    m.growth_min_rate = Param(m.GROWTH_MIN, a.growth_min)
    m.growth_min_freed = Param(m.GROWTH_MIN, x.freed)
    m.growth_closed = effects(data.options.closes, x.growth_min)

    m.activity = Var(m.PROGRAMME_YEARS, bounds=lambda m, i, t: (m.floor[i, t], m.top[i, t]))

    m.growth_max = Constraint(m.GROWTH_MAX, rule=_growth_max)
    m.growth_min = Constraint(m.GROWTH_MIN, rule=_growth_min)


def _last_year(m: Model, i: Programme, t: Year) -> Expression:
    """Activity in the year before t, a sum over the one year that precedes it."""
    return sum(m.activity[i, s] for s in m.year_before[t])


def _growth_max(m: Model, i: Programme, t: Year) -> Relation:
    grown = (1.0 + m.growth_max_rate[i, t]) * _last_year(m, i, t)
    return m.activity[i, t] <= grown + m.growth_amount[i, t]


def _growth_min(m: Model, i: Programme, t: Year) -> Relation:
    least = (1.0 + m.growth_min_rate[i, t]) * _last_year(m, i, t)
    freed = m.growth_min_freed[i, t] * effect(m, m.growth_closed, i, t)
    return m.activity[i, t] >= least - freed
