"""The system as a whole: the underlying position of pools and providers together."""

from __future__ import annotations

import pandas as pd

from allocator.arrays import Ints
from allocator.evaluate import frames
from allocator.evaluate.adjustments import Adjustments
from allocator.evaluate.ledger import Ledger
from allocator.evaluate.pools import Pools
from allocator.evaluate.providers import Books
from allocator.evaluate.tables import blank_where_unlimited


def system_frame(
    pools: Pools, ledger: Ledger, books: Books, adjustments: Adjustments, years: Ints
) -> pd.DataFrame:
    """System by year, as :attr:`Evaluation.system` describes.

    What a pool pays a provider for its deficit is a cost of the one and income of the other and
    falls out. What a pool only holds against a provider's loss is nobody's income: the loss
    itself is counted, so the money held is not counted once more.
    """
    of_pools, of_providers = ledger.underlying(pools).sum(axis=0), books.underlying.sum(axis=0)
    return frames.table(
        {
            "year": years,
            "pools": blank_where_unlimited(of_pools),
            "held": adjustments.held,
            "providers": of_providers,
            "underlying": blank_where_unlimited(of_pools + adjustments.held + of_providers),
            "support": blank_where_unlimited(pools.support.sum(axis=0)),
        }
    )
