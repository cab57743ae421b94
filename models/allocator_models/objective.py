"""What a plan is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import ArrayObjective, ArrayParam, ArraySet
from allocator_models.responses import outcome


def declare(m: Any, data: Data) -> None:
    """Maximise weighted outcomes (in units of the outcomes' weights).

    Objective
        sum_{k,i,t} value[k, i, t] outcome[k, i, t] - sum_{i,t} harm[i, t] unmet[i, t]
        - sum_{j,t} penalty (short + over) + sum_{i,t} tail[i, t] (activity - baseline)

    ``value`` is weight, discount to the year of arrival and equity; ``harm`` the same for
    unmet need; ``tail`` credits need avoided after the last plan year.
    """
    r = data.responses
    m.value = ArrayParam(m.RESPONSES, r.value, "value")
    m.harm = ArrayParam(m.DEMAND, data.harm_value, "harm")
    i, t = np.nonzero(data.tail)
    m.TAIL = ArraySet(data.programme_years.take((data.tail != 0).ravel()))
    m.tail = ArrayParam(m.TAIL, data.tail[i, t], "tail")
    m.tail_base = ArrayParam(m.TAIL, data.activity.baseline[i], "tail_base")
    m.worth = ArrayObjective(rule=_worth, sense=pyo.maximize)


def _worth(m: Any) -> Any:
    bought = sum(m.value[k, i, t] * outcome(m, k, i, t) for k, i, t in m.RESPONSES)
    harmed = sum(m.harm[i, t] * m.unmet[i, t] for i, t in m.DEMAND)
    beyond = sum(
        m.tail[i, t] * m.activity[i, t] - m.tail[i, t] * m.tail_base[i, t] for i, t in m.TAIL
    )
    missed = sum(m.short_penalty[j, t] * m.short[j, t] for j, t in m.SHORT) + sum(
        m.over_penalty[j, t] * m.over[j, t] for j, t in m.OVER
    )
    return bought - harmed + beyond - missed
