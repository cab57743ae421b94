"""Programmes that several pools pay for together, and within which shares."""

from __future__ import annotations

import numpy as np

from allocator.data.stated import Stated


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

    def __init__(self, data: Stated) -> None:
        every, funding, activity = data.programme_years, data.funding, data.activity
        surcharge = data.surcharge
        i, _, t = funding.rows.columns
        more = np.zeros(activity.price.shape)
        more[surcharge.rows.columns] = np.maximum(surcharge.high, 0.0)
        most = activity.price[i, t] * (
            activity.hi[i, t] + (activity.late_share * activity.highest)[i]
        )
        self.shared = every.take(funding.shared.ravel())
        self.least = funding.rows.take(funding.share_min > 0.0)
        self.most = funding.rows.take(funding.share_max < 1.0)
        self.paid_max = most + more[i, t]
