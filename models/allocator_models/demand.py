"""Need that arrives anyway: met by activity, avoided by other programmes, or unmet."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.data import Data, Index
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.options import attach


def declare(m: Any, data: Data) -> None:
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
    m.DEMAND = ArraySet(d.rows)
    m.AVOIDED = ArraySet(d.avoided)
    at_avoided = d.rows.positions(d.avoided.columns)
    attach(m, "need", data.options.demand, d.rows)
    m.need = ArrayParam(m.DEMAND, d.arriving + d.opening, "need")
    m.unmet_max = ArrayParam(m.DEMAND, d.unmet_max, "unmet_max")
    m.carry = ArrayParam(m.DEMAND, d.carry, "carry")
    m.unmet = ArrayVar(m.DEMAND, bounds=lambda m, i, t: (0.0, m.unmet_max[i, t]))

    m.unmet_before = ArraySetOf(d.before.group((0, 1), d.rows))
    m.avoided_here = ArraySetOf(_same(d.avoided).group((0, 1), d.rows))
    m.avoided_min = ArrayParam(m.AVOIDED, -d.surplus, "avoided_min")
    m.avoided_max = ArrayParam(m.AVOIDED, d.arriving_most[at_avoided], "avoided_max")
    m.avoided = ArrayVar(
        m.AVOIDED,
        bounds=lambda m, i, t: (m.avoided_min[i, t], m.avoided_max[i, t]),
    )
    _declare_effects(m, data)
    m.need_balance = ArrayConstraint(m.DEMAND, rule=_need_balance)

    carried = np.zeros(len(d.rows), dtype=bool)
    carried[d.rows.positions(d.before.columns[:2])] = True
    changed = np.zeros(len(d.rows), dtype=bool)
    there = d.rows.find(data.options.demand.rows.columns[:2])
    changed[there[there >= 0]] = True
    carried |= changed
    carried &= d.min_met < 1
    m.MET = ArraySet(d.rows.take(carried))
    m.miss_share = ArrayParam(m.MET, 1.0 - d.min_met[carried], "miss_share")
    m.met_enough = ArrayConstraint(m.MET, rule=_met_enough)
    within = d.avoided.take(changed[at_avoided])
    m.WITHIN = ArraySet(within)
    m.arriving = ArrayParam(m.WITHIN, d.arriving[d.rows.positions(within.columns)], "arriving")
    m.avoided_within = ArrayConstraint(m.WITHIN, rule=_avoided_within)


def _same(rows: Index) -> Index:
    """Each member paired with itself, so that a sum over it has one term or none."""
    return Index((*rows.axes, *rows.axes), [*rows.columns, *rows.columns])


def _declare_effects(m: Any, data: Data) -> None:
    d = data.demand
    m.KERNEL = ArraySet(d.kernel_rows)
    m.kernel = ArrayParam(m.KERNEL, d.kernel, "kernel")
    m.effects_on = ArraySetOf(d.kernel_rows.group((0, 1), d.avoided))
    source = d.kernel_rows.columns[2]
    at = d.avoided.positions(d.kernel_rows.columns[:2])
    start = np.bincount(at, d.kernel * data.activity.baseline[source], minlength=len(d.avoided))
    m.avoided_at_baseline = ArrayParam(m.AVOIDED, start, "avoided_at_baseline")
    m.avoidable = ArrayConstraint(m.AVOIDED, rule=_avoidable)


def need(m: Any, i: Any, t: Any) -> Any:
    """Need of a year: what arrives and what waited."""
    waits = m.carry[i, t] * sum(m.unmet[j, s] for j, s in m.unmet_before[i, t])
    return m.need[i, t] + _changed(m, i, t) + waits


def _changed(m: Any, i: Any, t: Any) -> Any:
    """Need that options add."""
    return sum(m.need_weight[i, t, o, s, e] * m.run[o, s, e] for o, s, e in m.need_runs[i, t])


def _need_balance(m: Any, i: Any, t: Any) -> Any:
    kept_away = sum(m.avoided[j, s] for j, s in m.avoided_here[i, t])
    return m.activity[i, t] + kept_away + m.unmet[i, t] == need(m, i, t)


def _avoidable(m: Any, i: Any, t: Any) -> Any:
    effect = sum(m.kernel[i, t, h, s] * m.activity[h, s] for h, s in m.effects_on[i, t])
    return m.avoided[i, t] <= effect - m.avoided_at_baseline[i, t]


def _met_enough(m: Any, i: Any, t: Any) -> Any:
    return m.unmet[i, t] <= m.miss_share[i, t] * need(m, i, t)


def _avoided_within(m: Any, i: Any, t: Any) -> Any:
    return m.avoided[i, t] <= m.arriving[i, t] + _changed(m, i, t)
