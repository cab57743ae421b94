"""Pieces of a curve or a payment that a decision keeps in order."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Ints
from allocator.data.index import Index


class InOrder:
    """Pieces next to a decision.

    Parameters
    ----------
    pieces : Index
        (owner's two coordinates, piece).
    block : ndarray of int, shape (len(pieces),)
        Block of each piece within its owner.
    orders : Index
        (owner's two coordinates, block) of the decisions.

    Attributes
    ----------
    ending, opening : Index
        Pieces whose block ends with a decision, and those whose block begins after one.
    ended_by, opened_by : Index
        (the piece's coordinates, block) of that decision, following `ending` and `opening`.
    """

    def __init__(self, pieces: Index, block: Ints, orders: Index) -> None:
        def beside(of: Ints) -> tuple[Index, Index]:
            mine = (orders.find([*pieces.columns[:2], np.maximum(of, 0)]) >= 0) & (of >= 0)
            some = pieces.take(mine)
            return some, Index((*pieces.axes, orders.axes[2]), [*some.columns, of[mine]])

        self.ending, self.ended_by = beside(block)
        self.opening, self.opened_by = beside(block - 1)
