"""Who pays for what: shares of several pools, money that is no programme, kinds of money."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.axes import Axes
from allocator.data.index import Index
from allocator.instance.instance import Instance


class Funding:
    """Programmes paid from several pools, and money that is not a programme.

    Attributes
    ----------
    rows : Index
        (programme, pool, year) of the shared funding.
    share_min, share_max : ndarray
        Shares of the programme's cost, following `rows`.
    shared : ndarray of bool, shape (programmes, years)
        Programme-years that are paid from several pools.
    adjusted, adjusted_recurrent : ndarray, shape (pools, years)
        Net money adjustments take from each pool, and the part that comes every year.
    recurrent, capital : ndarray of bool, shape (programmes,)
        Programmes that come back every year; programmes paid from capital.
    """

    def __init__(self, instance: Instance, axes: Axes) -> None:
        programmes, facts = instance.rows["programmes"], instance.facts
        _, share, t = facts.by_year("funding").in_force
        shares = facts.funding
        i, b = shares.programme[share], shares.pool[share]
        self.rows = Index((axes.programme, axes.pool, axes.year), [i, b, t])
        self.share_min = shares.share_min[share, t]
        self.share_max = shares.share_max[share, t]
        self.shared = shares.shared
        self.adjusted = facts.adjustments.revenue
        self.adjusted_recurrent = facts.adjustments.recurrent
        self.recurrent = programmes["recurrent"]
        self.capital = programmes["money"] == "capital"

    def split(self, payer: Ints) -> tuple[tuple[Ints, Ints, Ints], Floats]:
        """Part of each programme that counts in each pool.

        A shared programme counts by the middle of its shares, scaled to sum to 1.

        Returns
        -------
        where : tuple of ndarray of int
            Programme, pool and year of each part.
        part : ndarray
            The parts; those of a programme and year sum to 1.
        """
        i, b, t = self.rows.columns
        middle = (self.share_min + self.share_max) / 2.0
        total = np.zeros(self.shared.shape)
        np.add.at(total, (i, t), middle)
        alone, year = np.nonzero(~self.shared)
        where = tuple(np.concatenate(pair) for pair in ((alone, i), (payer[alone], b), (year, t)))
        part = middle / np.where(total[i, t] > 0, total[i, t], 1.0)
        return (where[0], where[1], where[2]), np.concatenate([np.ones(len(alone)), part])
