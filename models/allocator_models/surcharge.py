"""What activity costs beyond its plain unit cost."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import Constraint, Model, Param, Set, Var, optional
from allocator_models.indices import Expression, Programme, Relation, Year
from allocator_models.options import effect, effects
from allocator_models.unit_costs import changed_cost


def declare(m: Model, data: Data) -> None:
    """Surcharges, and cost thresholds.

    Variables
        surcharge[i, t] (money): may be negative.
        above[i, t] (activity): activity above the cost threshold, >= 0.
        beyond[i, t]: 1 when activity is above it.

    Constraints
        surcharge_is[i, t]: surcharge = change above + what changed unit costs come to
                            + sum cost run
        tier_below[i, t]: activity - above <= threshold
        tier_full[i, t]: activity - above >= lo + (threshold - lo) beyond
        tier_above[i, t]: above <= (hi - threshold) beyond

    with lo and hi what can be reached. More of a service can cost more (locums, the private
    sector) or less (a site's fixed cost is spread) than what there is.
    """
    s = data.surcharge
    m.SURCHARGE = Set(s.rows)
    m.TIERS = Set(s.tiers)
    m.BEYOND = Set(data.tier_orders)
    m.surcharge_here = optional(s.rows, data.programme_years)
    m.tier_here = optional(s.tiers, s.rows)

    m.surcharge_min = Param(m.SURCHARGE, s.least)
    m.surcharge_max = Param(m.SURCHARGE, s.most)
    m.surcharge_added = effects(data.options.spend, s.rows)
    m.tier_change = Param(m.TIERS, s.change)
    m.tier_threshold = Param(m.TIERS, s.threshold)
    m.tier_low = Param(m.TIERS, s.tier_low)
    m.tier_rise = Param(m.TIERS, s.rise)
    m.tier_room = Param(m.TIERS, s.room)

    m.surcharge = Var(
        m.SURCHARGE, bounds=lambda m, i, t: (m.surcharge_min[i, t], m.surcharge_max[i, t])
    )
    m.above = Var(m.TIERS, bounds=lambda m, i, t: (0.0, m.tier_room[i, t]))
    m.beyond = Var(m.BEYOND, domain=pyo.Binary)

    m.surcharge_is = Constraint(m.SURCHARGE, rule=_surcharge_is)
    m.tier_below = Constraint(m.TIERS, rule=_tier_below)
    m.tier_full = Constraint(m.BEYOND, rule=_tier_full)
    m.tier_above = Constraint(m.BEYOND, rule=_tier_above)


def surcharge(m: Model, i: Programme, t: Year) -> Expression:
    """Surcharge of a programme and year: one term, or none."""
    return sum(m.surcharge[j, s] for j, s in m.surcharge_here[i, t])


def _surcharge_is(m: Model, i: Programme, t: Year) -> Relation:
    tiers = sum(m.tier_change[j, s] * m.above[j, s] for j, s in m.tier_here[i, t])
    yearly = effect(m, m.surcharge_added, i, t)
    return m.surcharge[i, t] == tiers + changed_cost(m, i, t) + yearly


def _tier_below(m: Model, i: Programme, t: Year) -> Relation:
    return m.activity[i, t] - m.above[i, t] <= m.tier_threshold[i, t]


def _tier_full(m: Model, i: Programme, t: Year) -> Relation:
    least = m.tier_low[i, t] + m.tier_rise[i, t] * m.beyond[i, t]
    return m.activity[i, t] - m.above[i, t] >= least


def _tier_above(m: Model, i: Programme, t: Year) -> Relation:
    return m.above[i, t] <= m.tier_room[i, t] * m.beyond[i, t]
