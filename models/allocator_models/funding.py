"""Programmes that several pools pay for together."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.indices import Pool, Programme, Relation, Year
from allocator_models.spend import spend


def declare(m: Model, data: Data) -> None:
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
    f, x = data.funding, data.shares
    m.FUNDING = Set(f.rows)
    m.SHARED = Set(x.shared)
    m.SHARE_LEAST = Set(x.least)
    m.SHARE_MOST = Set(x.most)
    m.funders_of = Members(f.rows, x.shared, by=(0, 2))

    m.paid_max = Param(m.FUNDING, x.paid_max)
    m.share_min = Param(m.FUNDING, f.share_min)
    m.share_max = Param(m.FUNDING, f.share_max)

    m.paid = Var(m.FUNDING, bounds=lambda m, i, b, t: (0.0, m.paid_max[i, b, t]))

    m.paid_in_full = Constraint(m.SHARED, rule=_paid_in_full)
    m.share_least = Constraint(m.SHARE_LEAST, rule=_share_least)
    m.share_most = Constraint(m.SHARE_MOST, rule=_share_most)


def _paid_in_full(m: Model, i: Programme, t: Year) -> Relation:
    return sum(m.paid[i, b, t] for b in m.funders_of[i, t]) == spend(m, i, t)


def _share_least(m: Model, i: Programme, b: Pool, t: Year) -> Relation:
    return m.paid[i, b, t] >= m.share_min[i, b, t] * spend(m, i, t)


def _share_most(m: Model, i: Programme, b: Pool, t: Year) -> Relation:
    return m.paid[i, b, t] <= m.share_max[i, b, t] * spend(m, i, t)
