"""Payments that are filled in order."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.data.contracts import Contracts
from allocator.data.families.in_order import InOrder, read_order
from allocator.data.index import Index
from allocator.data.payments import Payments


@dataclass(frozen=True)
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

    rows: Index
    order: InOrder
    whole: Index
    first: Index


def read_filled(contracts: Contracts, payments: Payments) -> Filled:
    """Lay out the pieces that are filled in order."""
    endable = contracts.endable[contracts.rows.positions(payments.fills.columns[:2])]
    return Filled(
        rows=contracts.rows.take(payments.filled),
        order=read_order(payments.fills, payments.block, payments.orders),
        whole=payments.fills.take(payments.whole),
        first=payments.fills.take((payments.block == 0) & endable),
    )
