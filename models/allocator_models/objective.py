"""What a plan is worth."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import Model, Objective, Param
from allocator_models.indices import Expression
from allocator_models.outcomes import outcome


def declare(m: Model, data: Data) -> None:
    """Maximise weighted outcomes (in units of the outcomes' weights).

    Objective
        sum_{k,i,t} value[k, i, t] outcome[k, i, t] - sum_{i,t} harm[i, t] unmet[i, t]
        - sum_{j,t} penalty (short + over) + sum_{i,t} tail[i, t] (activity - baseline)

    ``value`` is weight, discount to the year of arrival and equity; ``harm`` the same for
    unmet need; ``tail`` credits need avoided after the last plan year.
    """
    r, x = data.rules, data.misses
    m.value = Param(data.responses.rows, data.responses.value)
    m.harm = Param(data.demand.rows, data.harm_value)
    m.tail = Param(data.programme_years, data.tail)
    m.short_penalty = Param(x.short, r.penalty, over=r.rows)
    m.over_penalty = Param(x.over, r.penalty, over=r.rows)

    m.worth = Objective(rule=_worth, sense=pyo.maximize)


def _worth(m: Model) -> Expression:
    bought = sum(m.value[k, i, t] * outcome(m, k, i, t) for k, i, t in m.RESPONSES)
    harmed = sum(m.harm[i, t] * m.unmet[i, t] for i, t in m.DEMAND)
    beyond = sum(m.tail[i, t] * (m.activity[i, t] - m.baseline[i]) for i, t in m.PROGRAMME_YEARS)
    missed = sum(m.short_penalty[j, t] * m.short[j, t] for j, t in m.SHORT) + sum(
        m.over_penalty[j, t] * m.over[j, t] for j, t in m.OVER
    )
    return bought - harmed + beyond - missed
