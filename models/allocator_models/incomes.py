"""Conditional money: received only if a threshold is met."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import Coefficients, Constraint, Model, Param, Set, Var
from allocator_models.indices import Condition, Expression, Relation, Year
from allocator_models.outcomes import outcome


def declare(m: Model, data: Data) -> None:
    """Conditions on activity, unmet need and outcomes.

    Variables
        reached[j, t]: 1 when condition j is met in year t.
        earned[j, t]: share of its money that is earned, 0 <= earned <= reached.

    Constraints (in the unit of the measure; least is the least it can be)
        earned_step[j, t]: measure >= least + (threshold - least) reached
        earned_when[j, t]: earned = reached
        earned_sliding[j, t]: measure >= least + (threshold - least) reached + span earned
        earned_if_reached[j, t]: earned <= reached, where the money slides

    Commissioners hold money back, or are held to targets themselves, until outcomes are
    met. More of it never hurts a pool, so one direction is exact. For conditions of sense
    max both sides change sign.
    """
    e = data.incomes
    m.INCOMES = Set(e.rows)
    m.STEPS = Set(e.steps)
    m.SLIDING = Set(e.sliding)

    m.income_least = Param(m.INCOMES, e.start)
    m.income_rise = Param(m.INCOMES, e.rise)
    m.income_span = Param(m.INCOMES, e.span)
    m.income_amount = Param(m.INCOMES, e.amount)
    m.income_activity = Coefficients(e.activity, e.rows)
    m.income_unmet = Coefficients(e.unmet, e.rows)
    m.income_outcome = Coefficients(e.outcome, e.rows)

    m.earned = Var(m.INCOMES, bounds=lambda m, j, t: (0.0, 1.0))
    m.reached = Var(m.INCOMES, domain=pyo.Binary)

    m.earned_if_reached = Constraint(m.SLIDING, rule=_if_reached)
    m.earned_sliding = Constraint(m.SLIDING, rule=_sliding)
    m.earned_when = Constraint(m.STEPS, rule=_when)
    m.earned_step = Constraint(m.STEPS, rule=_step)


def _measure(m: Model, j: Condition, t: Year) -> Expression:
    """What condition j measures in year t, times its sign."""
    activity = m.income_activity.times(m.activity, j, t)
    unmet = m.income_unmet.times(m.unmet, j, t)
    return activity + unmet + m.income_outcome.of(m, outcome, j, t)


def _least(m: Model, j: Condition, t: Year) -> Expression:
    """Least that condition j must measure."""
    return m.income_least[j, t] + m.income_rise[j, t] * m.reached[j, t]


def _if_reached(m: Model, j: Condition, t: Year) -> Relation:
    return m.earned[j, t] <= m.reached[j, t]


def _sliding(m: Model, j: Condition, t: Year) -> Relation:
    return _measure(m, j, t) >= _least(m, j, t) + m.income_span[j, t] * m.earned[j, t]


def _when(m: Model, j: Condition, t: Year) -> Relation:
    return m.earned[j, t] == m.reached[j, t]


def _step(m: Model, j: Condition, t: Year) -> Relation:
    return _measure(m, j, t) >= _least(m, j, t)
