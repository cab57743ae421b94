"""Providers whose deficit is limited, and what they are paid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Ints
from allocator.data.contracts import Contracts
from allocator.data.index import Index
from allocator.data.providers import Providers


@dataclass(frozen=True)
class Positions:
    """Rows of provider positions.

    Attributes
    ----------
    rows : Index
        (provider, year) whose deficit is limited.
    holds, leads : Index
        (provider, year, contract) it is paid for, and whose overhead it receives.
    """

    rows: Index
    holds: Index
    leads: Index


def read_positions(contracts: Contracts, providers: Providers) -> Positions:
    """Find the contracts of the providers whose deficit is limited."""
    rows = providers.rows.take(np.isfinite(providers.deficit_max))
    contract, t = contracts.rows.columns

    def contracts_of(provider: Ints) -> Index:
        mine = (provider >= 0) & (rows.find([np.maximum(provider, 0), t]) >= 0)
        axes = (*rows.axes, contracts.rows.axes[0])
        return Index(axes, [provider[mine], t[mine], contract[mine]])

    return Positions(rows, contracts_of(contracts.provider), contracts_of(contracts.lead))
