"""Providers whose deficit is limited, and what they are paid."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Ints
from allocator.data.index import Index
from allocator.data.stated import Stated


class Positions:
    """Rows of provider positions.

    Attributes
    ----------
    rows : Index
        (provider, year) whose deficit is limited.
    holds, leads : Index
        (provider, year, contract) it is paid for, and whose overhead it receives.
    """

    def __init__(self, data: Stated) -> None:
        contracts, providers = data.contracts, data.providers
        self.rows = rows = providers.rows.take(np.isfinite(providers.deficit_max))
        contract, t = contracts.rows.columns

        def contracts_of(provider: Ints) -> Index:
            mine = (provider >= 0) & (rows.find([np.maximum(provider, 0), t]) >= 0)
            axes = (*rows.axes, contracts.rows.axes[0])
            return Index(axes, [provider[mine], t[mine], contract[mine]])

        self.holds = contracts_of(contracts.provider)
        self.leads = contracts_of(contracts.lead)
