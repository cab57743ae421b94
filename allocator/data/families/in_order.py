"""Pieces of a curve or a payment that a decision keeps in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Ints
from allocator.data.index import Index


@dataclass(frozen=True)
class InOrder:
    """Pieces next to a decision.

    Attributes
    ----------
    ending, opening : Index
        Pieces whose block ends with a decision, and those whose block begins after one.
    ended_by, opened_by : Index
        (the piece's coordinates, block) of that decision, following `ending` and `opening`.
    """

    ending: Index
    ended_by: Index
    opening: Index
    opened_by: Index


def read_order(pieces: Index, block: Ints, orders: Index) -> InOrder:
    """Find the decisions next to each piece.

    Parameters
    ----------
    pieces : Index
        (owner's two coordinates, piece).
    block : ndarray of int, shape (len(pieces),)
        Block of each piece within its owner.
    orders : Index
        (owner's two coordinates, block) of the decisions.
    """

    def beside(of: Ints) -> tuple[Index, Index]:
        owner = pieces.columns[:2]
        mine = (orders.find([*owner, np.maximum(of, 0)]) >= 0) & (of >= 0)
        some = pieces.take(mine)
        return some, Index((*pieces.axes, orders.axes[2]), [*some.columns, of[mine]])

    return InOrder(*beside(block), *beside(block - 1))
