"""What activity, or need met, buys of each outcome."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf


def declare(m: Any, data: Data) -> None:
    """Segments of the response curves.

    Variables (in the programme's unit of activity)
        fill[i, t, n]: how far segment n is filled, 0 <= fill <= its width.

    Constraints
        driver_of_activity[i, t]: activity[i, t] = start[i, t] + sum_n fill[i, t, n]
        driver_of_need_met[i, t]: D + carry unmet[i, t-1] - unmet[i, t]
                                  = start[i, t] + sum_n fill[i, t, n]

    One set of segments serves all outcomes of a programme. Curves are concave, so an
    optimum fills steeper segments first and needs no ordering. For a programme that meets
    need the driver is need met, so that avoiding an admission never loses outcome.
    """
    r = data.responses
    m.SEGMENTS = ArraySet(r.segments)
    m.RESPONSES = ArraySet(r.rows)
    m.DRIVERS = ArraySet(r.drivers)
    m.start = ArrayParam(m.DRIVERS, r.start, "start")
    m.width = ArrayParam(m.SEGMENTS, r.width, "width")
    m.fill = pyo.Var(m.SEGMENTS, dense=False, bounds=lambda m, i, t, n: (0.0, m.width[i, t, n]))
    m.segments_of = ArraySetOf(r.segments.group((0, 1), r.drivers))

    m.SLOPES = ArraySet(r.slope_rows)
    m.base_outcome = ArrayParam(m.RESPONSES, r.base, "base_outcome")
    m.slope = ArrayParam(m.SLOPES, r.slope, "slope")
    m.slopes_of = ArraySetOf(r.slope_rows.group((0, 1, 2), r.rows))

    meets_need = data.demand.rows.find(r.drivers.columns) >= 0
    m.BY_ACTIVITY = ArraySet(r.drivers.take(~meets_need))
    m.driver_of_activity = ArrayConstraint(m.BY_ACTIVITY, rule=_by_activity)
    m.BY_NEED = ArraySet(r.drivers.take(meets_need))
    m.driver_of_need_met = ArrayConstraint(m.BY_NEED, rule=_by_need_met)


def _filled(m: Any, i: Any, t: Any) -> Any:
    return m.start[i, t] + sum(m.fill[i, t, n] for n in m.segments_of[i, t])


def _by_activity(m: Any, i: Any, t: Any) -> Any:
    return m.activity[i, t] == _filled(m, i, t)


def _by_need_met(m: Any, i: Any, t: Any) -> Any:
    carried = sum(m.unmet[j, s] for j, s in m.unmet_before[i, t])
    met = m.need[i, t] + m.carry[i, t] * carried - m.unmet[i, t]
    return met == _filled(m, i, t)


def outcome(m: Any, k: Any, i: Any, t: Any) -> Any:
    """Outcome k that programme i buys in year t, in the outcome's unit."""
    return m.base_outcome[k, i, t] + sum(
        m.slope[k, i, t, n] * m.fill[i, t, n] for n in m.slopes_of[k, i, t]
    )
