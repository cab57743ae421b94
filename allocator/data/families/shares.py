"""Programmes that several pools pay for together, and within which shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import Activity
from allocator.data.funding import Funding
from allocator.data.index import Axis, Index
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


def derive_shares(
    axes: tuple[Axis, Axis], who_pays: Funding, doing: Activity, extra: Surcharge
) -> Shares:
    """Find which shares are rows, and the most that can be paid.

    Parameters
    ----------
    axes : tuple of Axis
        Programme and year.
    who_pays, doing, extra
        Shares, activity and surcharges.
    """
    i, _, t = who_pays.rows.columns
    late = doing.fixed_share * (doing.release_years > 0)
    highest = np.maximum(doing.baseline, doing.hi.max(axis=1, initial=0.0))
    more = np.zeros(doing.price.shape)
    more[extra.rows.columns] = np.maximum(extra.high, 0.0)
    most = doing.price[i, t] * (doing.hi[i, t] + (late * highest)[i])
    return Shares(
        shared=Index(axes, np.nonzero(who_pays.shared)),
        least=who_pays.rows.take(who_pays.share_min > 0.0),
        most=who_pays.rows.take(who_pays.share_max < 1.0),
        paid_max=most + more[i, t],
    )
