"""Programmes that several pools pay for together."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.data import Data, Index
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.surcharge import surcharge


def declare(m: Any, data: Data) -> None:
    """Shares of pools in what a programme costs.

    Variables (in money)
        paid[i, b, t]: what pool b pays for programme i in year t, >= 0.

    Constraints (money)
        paid_in_full[i, t]: sum_b paid = cost of the programme
        share_least[i, b, t]: paid >= share_min cost
        share_most[i, b, t]: paid <= share_max cost

    Better Care Fund and section 75 services are paid for by the NHS and a council together,
    within shares they have agreed.
    """
    f, a = data.funding, data.activity
    m.FUNDING = ArraySet(f.rows)
    i, _, t = f.rows.columns
    late = a.fixed_share * (a.release_years > 0)
    highest = np.maximum(a.baseline, a.hi.max(axis=1, initial=0.0))
    most = a.price[i, t] * (a.hi[i, t] + (late * highest)[i])
    more = np.zeros(a.price.shape)
    more[data.surcharge.rows.columns] = np.maximum(data.surcharge.high, 0.0)
    most = most + more[i, t]
    m.paid_max = ArrayParam(m.FUNDING, most, "paid_max")
    m.paid = ArrayVar(m.FUNDING, bounds=lambda m, i, b, t: (0.0, m.paid_max[i, b, t]))
    shared_i, shared_t = np.nonzero(f.shared)
    shared = Index((data.programme, data.year), [shared_i, shared_t])
    m.SHARED = ArraySet(shared)
    m.funders_of = ArraySetOf(f.rows.group((0, 2), shared))
    m.paid_in_full = ArrayConstraint(m.SHARED, rule=_paid_in_full)

    floor, ceiling = f.share_min > 0.0, f.share_max < 1.0
    m.SHARE_LEAST = ArraySet(f.rows.take(floor))
    m.share_min = ArrayParam(m.SHARE_LEAST, f.share_min[floor], "share_min")
    m.share_least = ArrayConstraint(m.SHARE_LEAST, rule=_share_least)
    m.SHARE_MOST = ArraySet(f.rows.take(ceiling))
    m.share_max = ArrayParam(m.SHARE_MOST, f.share_max[ceiling], "share_max")
    m.share_most = ArrayConstraint(m.SHARE_MOST, rule=_share_most)


def cost(m: Any, i: Any, t: Any) -> Any:
    """What programme i costs in year t, stranded cost included."""
    stranded = sum(m.stranded[j, s] for j, s in m.stranded_here[i, t])
    return m.price[i, t] * m.activity[i, t] + surcharge(m, i, t) + stranded


def _paid_in_full(m: Any, i: Any, t: Any) -> Any:
    return sum(m.paid[i, b, t] for b in m.funders_of[i, t]) == cost(m, i, t)


def _share_least(m: Any, i: Any, b: Any, t: Any) -> Any:
    return m.paid[i, b, t] >= m.share_min[i, b, t] * cost(m, i, t)


def _share_most(m: Any, i: Any, b: Any, t: Any) -> Any:
    return m.paid[i, b, t] <= m.share_max[i, b, t] * cost(m, i, t)
