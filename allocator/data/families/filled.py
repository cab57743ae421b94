"""Payments that are filled in order."""

from __future__ import annotations

from allocator.data.families.in_order import InOrder
from allocator.data.parts import Parts


class Filled:
    """Rows of payments filled in order.

    Attributes
    ----------
    rows : Index
        (contract, year).
    order : InOrder
        Pieces next to a decision.
    whole : Index
        (contract, year, piece) filled wholly or not at all: the band left out below a step.
    first : Index
        (contract, year, piece) of the first block, where the contract may be ended.
    """

    def __init__(self, data: Parts) -> None:
        contracts, payments = data.contracts, data.payments
        endable = contracts.endable[contracts.rows.positions(payments.fills.columns[:2])]
        self.rows = contracts.rows.take(payments.filled)
        self.order = InOrder(payments.fills, payments.block, payments.orders)
        self.whole = payments.fills.take(payments.whole)
        self.first = payments.fills.take((payments.block == 0) & endable)
