"""Conditional money: received only if a threshold is met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Data
from allocator.data.activity import distinct
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.responses import outcome


def declare(m: Any, data: Data) -> None:
    """Conditions on activity, unmet need and outcomes.

    Variables
        reached[j, t]: 1 when condition j is met in year t.
        earned[j, t]: share of its money that is earned, 0 <= earned <= reached.

    Constraints (in the unit of the measure; least is the least it can be)
        earned_step[j, t]: measure >= least + (threshold - least) earned
        earned_sliding[j, t]: measure >= least + (threshold - least) reached + span earned
        earned_if_reached[j, t]: earned <= reached, where the money slides

    Commissioners hold money back, or are held to targets themselves, until outcomes are
    met. More of it never hurts a pool, so one direction is exact. For conditions of sense
    max both sides change sign.
    """
    x = data.incomes
    m.INCOMES = ArraySet(x.rows)
    m.earned = ArrayVar(m.INCOMES, bounds=lambda m, j, t: (0.0, 1.0))
    least = np.minimum(x.least, x.threshold)
    m.income_least = ArrayParam(m.INCOMES, least, "income_least")
    m.income_rise = ArrayParam(m.INCOMES, distinct(x.threshold - least), "income_rise")
    m.income_span = ArrayParam(m.INCOMES, x.span, "income_span")
    for name in ("activity", "unmet", "outcome"):
        terms = getattr(x, name)
        index = ArraySet(terms.rows)
        setattr(m, f"INCOME_{name.upper()}", index)
        setattr(m, f"income_{name}", ArrayParam(index, terms.coefficient, f"income_{name}"))
        setattr(m, f"{name}_in_income", ArraySetOf(terms.rows.group((0, 1), x.rows)))
    slides = x.span > 0
    m.SLIDING = ArraySet(x.rows.take(slides))
    m.STEPS = ArraySet(x.rows.take(~slides))
    m.REACHED = ArraySet(x.rows)
    m.reached = ArrayVar(m.REACHED, domain=pyo.Binary)
    m.earned_if_reached = ArrayConstraint(m.SLIDING, rule=_if_reached)
    m.earned_sliding = ArrayConstraint(m.SLIDING, rule=_sliding)
    m.earned_when = ArrayConstraint(m.STEPS, rule=_when)
    m.earned_step = ArrayConstraint(m.STEPS, rule=_step)


def _measure(m: Any, j: Any, t: Any) -> Any:
    """What condition j measures in year t, times its sign."""
    activity = sum(
        m.income_activity[j, t, i, s] * m.activity[i, s] for i, s in m.activity_in_income[j, t]
    )
    unmet = sum(m.income_unmet[j, t, i, s] * m.unmet[i, s] for i, s in m.unmet_in_income[j, t])
    bought = sum(
        m.income_outcome[j, t, k, i, s] * outcome(m, k, i, s)
        for k, i, s in m.outcome_in_income[j, t]
    )
    return activity + unmet + bought


def _if_reached(m: Any, j: Any, t: Any) -> Any:
    return m.earned[j, t] <= m.reached[j, t]


def _sliding(m: Any, j: Any, t: Any) -> Any:
    least = m.income_least[j, t] + m.income_rise[j, t] * m.reached[j, t]
    return _measure(m, j, t) >= least + m.income_span[j, t] * m.earned[j, t]


def _when(m: Any, j: Any, t: Any) -> Any:
    return m.earned[j, t] == m.reached[j, t]


def _step(m: Any, j: Any, t: Any) -> Any:
    return _measure(m, j, t) >= m.income_least[j, t] + m.income_rise[j, t] * m.reached[j, t]
