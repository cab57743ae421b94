"""Outcomes: what the curves give, with what options add to them and multiply them by."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.indices import Expression, Level, Outcome, Programme, Relation, Year
from allocator_models.options import effect, effects


def declare(m: Model, data: Data) -> None:
    """Outcomes, and those that options multiply, split by level.

    Variables (in the outcome's unit)
        outcome_level[k, i, t, l]: what the curve gives while level l holds, otherwise 0.

    Constraints
        outcome_level_least, outcome_level_most[k, i, t, l]: lo z <= outcome_level <= hi z
        outcome_rest_least, outcome_rest_most[k, i, t]:
            lo (1 - sum z) <= bought - sum outcome_level <= hi (1 - sum z)

    with z the sum of the runs that make the level, of which at most one is taken, and lo and
    hi what the curve can come to: the convex hull of the levels, with no other constant. New
    ways of working can make the same activity worth more.
    """
    r, levels = data.responses, data.options.outcomes
    owners = levels.owners
    m.RESPONSES = Set(r.rows)
    m.OUTCOME_LEVELS = Set(levels.rows)
    m.OUTCOME_LEVELLED = Set(owners)
    m.slopes_of = Members(r.slope_rows, r.rows)
    m.outcome_levels_of = Members(levels.rows, r.rows)

    m.base_outcome = Param(m.RESPONSES, r.base)
    m.slope = Param(r.slope_rows, r.slope)
    m.outcome_added = effects(data.options.outcome, r.rows)
    m.outcome_change = Param(m.OUTCOME_LEVELS, levels.change)
    m.outcome_holds = effects(levels.runs, levels.rows)
    m.outcome_levelled = effects(levels.runs.over(owners), owners)
    low, high = data.outcome_range
    m.outcome_lo = Param(m.OUTCOME_LEVELLED, low, over=r.rows)
    m.outcome_hi = Param(m.OUTCOME_LEVELLED, high, over=r.rows)
    m.outcome_min = Param(m.OUTCOME_LEVELLED, low.clip(max=0.0), over=r.rows)
    m.outcome_max = Param(m.OUTCOME_LEVELLED, high.clip(min=0.0), over=r.rows)

    m.outcome_level = Var(
        m.OUTCOME_LEVELS,
        bounds=lambda m, k, i, t, n: (m.outcome_min[k, i, t], m.outcome_max[k, i, t]),
    )

    m.outcome_level_least = Constraint(m.OUTCOME_LEVELS, rule=_level_least)
    m.outcome_level_most = Constraint(m.OUTCOME_LEVELS, rule=_level_most)
    m.outcome_rest_least = Constraint(m.OUTCOME_LEVELLED, rule=_rest_least)
    m.outcome_rest_most = Constraint(m.OUTCOME_LEVELLED, rule=_rest_most)


def outcome(m: Model, k: Outcome, i: Programme, t: Year) -> Expression:
    """Outcome k of programme i in year t, with what options add, in the outcome's unit."""
    multiplied = sum(
        m.outcome_change[k, i, t, n] * m.outcome_level[k, i, t, n]
        for n in m.outcome_levels_of[k, i, t]
    )
    return _bought(m, k, i, t) + effect(m, m.outcome_added, k, i, t) + multiplied


def _bought(m: Model, k: Outcome, i: Programme, t: Year) -> Expression:
    """Outcome k that programme i buys in year t by its curve alone."""
    rise = sum(m.slope[k, i, t, n] * m.fill[i, t, n] for n in m.slopes_of[k, i, t])
    return m.base_outcome[k, i, t] + rise


def _rest(m: Model, k: Outcome, i: Programme, t: Year) -> Expression:
    """What the curve gives while no level holds."""
    split = sum(m.outcome_level[k, i, t, n] for n in m.outcome_levels_of[k, i, t])
    return _bought(m, k, i, t) - split


def _level_least(m: Model, k: Outcome, i: Programme, t: Year, n: Level) -> Relation:
    least = m.outcome_lo[k, i, t] * effect(m, m.outcome_holds, k, i, t, n)
    return m.outcome_level[k, i, t, n] >= least


def _level_most(m: Model, k: Outcome, i: Programme, t: Year, n: Level) -> Relation:
    most = m.outcome_hi[k, i, t] * effect(m, m.outcome_holds, k, i, t, n)
    return m.outcome_level[k, i, t, n] <= most


def _rest_least(m: Model, k: Outcome, i: Programme, t: Year) -> Relation:
    none = 1.0 - effect(m, m.outcome_levelled, k, i, t)
    return _rest(m, k, i, t) >= m.outcome_lo[k, i, t] * none


def _rest_most(m: Model, k: Outcome, i: Programme, t: Year) -> Relation:
    none = 1.0 - effect(m, m.outcome_levelled, k, i, t)
    return _rest(m, k, i, t) <= m.outcome_hi[k, i, t] * none
