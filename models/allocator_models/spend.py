"""What programmes cost: the term that pools, contracts, shares and providers have in common."""

from __future__ import annotations

from allocator_models.arrays import Model
from allocator_models.indices import Expression, Programme, Year
from allocator_models.stranded import stranded
from allocator_models.surcharge import surcharge


def spend(m: Model, i: Programme, t: Year) -> Expression:
    """What programme i costs in year t: activity at its price, surcharge, stranded cost."""
    return m.price[i, t] * m.activity[i, t] + surcharge(m, i, t) + stranded(m, i, t)
