"""One-off programmes whose contract may be ended: paid at cost, they are one-off again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.data.contracts import Contracts
from allocator.data.index import Axis, Index
from allocator.data.spans import Costs
from allocator.tolerances import ROOM


@dataclass(frozen=True)
class Passing:
    """Rows of one-off cost under contracts; arrays are money and follow `rows`.

    Attributes
    ----------
    rows : Index
        (contract, year) that may be ended and has one-off programmes.
    members : Index
        (contract, year, programme) of those.
    low, high : ndarray
        Least and most they can cost, a little apart.
    min : ndarray
        The least, or 0 if that is less.
    paid : Index
        (pool, year, contract): who pays.
    """

    rows: Index
    members: Index
    low: Floats
    high: Floats
    min: Floats
    paid: Index


def read_passing(
    pool: Axis, contracts: Contracts, endable: Index, once: Flags, costs: Costs
) -> Passing:
    """Find one-off programmes whose contract may be ended.

    Parameters
    ----------
    pool : Axis
    contracts : Contracts
    endable : Index
        (contract, year) that may be ended or suspended.
    once : ndarray of bool, shape (programmes,)
        Programmes whose cost does not come back.
    costs : Costs
        Least and most each programme can cost.
    """
    _, t, i = contracts.members.columns
    at = endable.find(contracts.members.columns[:2])
    mine = once[i] & (at >= 0)
    members = contracts.members.take(mine)
    rows = endable.take(np.unique(at[mine]))
    where = rows.find(members.columns[:2])
    low, high = (
        np.bincount(where, x[i[mine], t[mine]], len(rows)) for x in (costs.low, costs.high)
    )
    room = ROOM * np.maximum(np.abs(low), np.abs(high))
    contract, year = rows.columns
    payer = contracts.payer[contracts.rows.positions(rows.columns)]
    paid = Index((pool, rows.axes[1], rows.axes[0]), [payer, year, contract])
    return Passing(
        rows=rows,
        members=members,
        low=low - room,
        high=np.maximum(high + room, 0.0),
        min=np.minimum(low - room, 0.0),
        paid=paid,
    )
