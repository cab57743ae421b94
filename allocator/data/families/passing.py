"""One-off programmes whose contract may be ended: paid at cost, they are one-off again."""

from __future__ import annotations

import numpy as np

from allocator.data.index import Index
from allocator.data.stated import Stated
from allocator.tolerances import ROOM


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

    def __init__(self, data: Stated) -> None:
        contracts, costs = data.contracts, data.costs
        endable = contracts.rows.take(contracts.endable)
        once = ~data.funding.recurrent & data.recurrent_balance
        _, t, i = contracts.members.columns
        at = endable.find(contracts.members.columns[:2])
        mine = once[i] & (at >= 0)
        self.members = contracts.members.take(mine)
        self.rows = rows = endable.take(np.unique(at[mine]))
        where = rows.find(self.members.columns[:2])
        low, high = (
            np.bincount(where, x[i[mine], t[mine]], len(rows)) for x in (costs.low, costs.high)
        )
        room = ROOM * np.maximum(np.abs(low), np.abs(high))
        contract, year = rows.columns
        payer = contracts.payer[contracts.rows.positions(rows.columns)]
        self.paid = Index((data.pool, rows.axes[1], rows.axes[0]), [payer, year, contract])
        self.low = low - room
        self.high = np.maximum(high + room, 0.0)
        self.min = np.minimum(low - room, 0.0)
