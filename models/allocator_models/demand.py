"""Need that arrives anyway: met by activity, avoided by other programmes, or unmet."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var, optional
from allocator_models.indices import Expression, Programme, Relation, Year
from allocator_models.options import effect, effects


def declare(m: Model, data: Data) -> None:
    """Need, what is avoided of it, and what stays unmet.

    Variables (in the programme's unit of activity)
        unmet[i, t]: need that is neither met nor avoided, 0 <= unmet <= its ceiling.
        avoided[i, t]: need that other programmes keep from arriving, -B <= avoided <= D.

    Constraints
        need_balance[i, t]: activity + avoided + unmet = D + carry unmet[i, t-1]
        avoidable[i, t]: avoided <= sum_{h,s} kernel (activity[h, s] - baseline[h])
        met_enough[i, t]: unmet <= (1 - min_met) (D + carry unmet[i, t-1])
        avoided_within[i, t]: avoided <= D, where options change D

    D is need arriving and what options add to it, with the opening backlog in the first
    year. Avoided need is an
    inequality, so that a floor on the target cannot make deflection infeasible; it may be
    negative, down to B, where a source falls below its baseline and need rises.
    ``met_enough`` is a row only where need is carried or changed by options; elsewhere it is
    the bound of ``unmet``.
    """
    d = data.demand
    m.DEMAND = Set(d.rows)
    m.AVOIDED = Set(d.avoided)
    m.MET = Set(d.met)
    m.WITHIN = Set(d.within)
    m.unmet_before = Members(d.before, d.rows)
    m.avoided_here = optional(d.avoided, data.programme_years)
    m.sources_of = Members(d.kernel_rows, d.avoided)

    m.arriving = Param(m.DEMAND, d.arriving)
    m.arriving_most = Param(m.DEMAND, d.arriving_most)
    m.opening = Param(m.DEMAND, d.opening)
    m.need_added = effects(data.options.demand, d.rows)
    m.carry = Param(m.DEMAND, d.carry)
    m.min_met = Param(m.DEMAND, d.min_met)
    m.unmet_max = Param(m.DEMAND, d.unmet_max)
    m.surplus = Param(m.AVOIDED, d.surplus)
    m.kernel = Param(d.kernel_rows, d.kernel)

    m.unmet = Var(m.DEMAND, bounds=lambda m, i, t: (0.0, m.unmet_max[i, t]))
    m.avoided = Var(m.AVOIDED, bounds=lambda m, i, t: (-m.surplus[i, t], m.arriving_most[i, t]))

    m.need_balance = Constraint(m.DEMAND, rule=_need_balance)
    m.avoidable = Constraint(m.AVOIDED, rule=_avoidable)
    m.met_enough = Constraint(m.MET, rule=_met_enough)
    m.avoided_within = Constraint(m.WITHIN, rule=_avoided_within)


def need(m: Model, i: Programme, t: Year) -> Expression:
    """Need of a year: what arrives and what waited."""
    waits = m.carry[i, t] * sum(m.unmet[j, s] for j, s in m.unmet_before[i, t])
    return m.arriving[i, t] + m.opening[i, t] + effect(m, m.need_added, i, t) + waits


def need_avoided(m: Model, i: Programme, t: Year) -> Expression:
    """Need that other programmes keep from arriving: one term, or none."""
    return sum(m.avoided[j, s] for j, s in m.avoided_here[i, t])


def _need_balance(m: Model, i: Programme, t: Year) -> Relation:
    return m.activity[i, t] + need_avoided(m, i, t) + m.unmet[i, t] == need(m, i, t)


def _avoidable(m: Model, i: Programme, t: Year) -> Relation:
    return m.avoided[i, t] <= sum(
        m.kernel[i, t, h, s] * (m.activity[h, s] - m.baseline[h]) for h, s in m.sources_of[i, t]
    )


def _met_enough(m: Model, i: Programme, t: Year) -> Relation:
    return m.unmet[i, t] <= (1.0 - m.min_met[i, t]) * need(m, i, t)


def _avoided_within(m: Model, i: Programme, t: Year) -> Relation:
    return m.avoided[i, t] <= m.arriving[i, t] + effect(m, m.need_added, i, t)
