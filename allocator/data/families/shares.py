"""Programmes that several pools pay for together, and within which shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import Activity
from allocator.data.funding import Funding
from allocator.data.index import Index
from allocator.data.surcharge import Surcharge


@dataclass(frozen=True)
class Shares:
    """Rows of shared funding.

    Attributes
    ----------
    shared : Index
        (programme, year).
    least, most : Index
        (programme, pool, year) with a least share above 0, and with a most below 1.
    paid_max : ndarray
        Most a pool can have to pay, in money, following ``funding.rows``.
    """

    shared: Index
    least: Index
    most: Index
    paid_max: Floats


def read_shares(every: Index, funding: Funding, activity: Activity, surcharge: Surcharge) -> Shares:
    """Find which shares are rows, and the most that can be paid.

    Parameters
    ----------
    every : Index
        Every (programme, year).
    funding, activity, surcharge
        Shares, activity and surcharges.
    """
    i, _, t = funding.rows.columns
    more = np.zeros(activity.price.shape)
    more[surcharge.rows.columns] = np.maximum(surcharge.high, 0.0)
    most = activity.price[i, t] * (activity.hi[i, t] + (activity.late_share * activity.highest)[i])
    return Shares(
        shared=every.take(funding.shared.ravel()),
        least=funding.rows.take(funding.share_min > 0.0),
        most=funding.rows.take(funding.share_max < 1.0),
        paid_max=most + more[i, t],
    )
