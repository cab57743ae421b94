"""Money that is not a programme: efficiency, pressures, reserves and the like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats, Ints, Objects
from allocator.evaluate import frames
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.selections import Selections
from allocator.evaluate.tables import Names, Tables, summed


@dataclass(frozen=True)
class Adjustments:
    """Adjustments by item; I of them.

    Attributes
    ----------
    names : Names
        Items.
    kind : numpy.ndarray
        Shape (I, year): kind in the year.
    recurrent : numpy.ndarray
        Shape (I, year): whether it comes back every year.
    weight : numpy.ndarray
        Shape (I, year, programme): what its selection's programmes spend in the base year;
        nothing without a selection.
    amount : numpy.ndarray
        Shape (I, year, pool): money it takes from each pool; negative when it is saved.
    provider : numpy.ndarray
        Shape (I, year): provider that is paid it, blank for none.
    """

    names: Names
    kind: Objects
    recurrent: Flags
    weight: Floats
    amount: Floats
    provider: Objects

    @property
    def net(self) -> Floats:
        """Money taken from every pool, shape (pool, year)."""
        total: Floats = self.amount.sum(axis=0).T
        return total

    @property
    def lasting(self) -> Floats:
        """The part of it that comes back every year."""
        total: Floats = (self.amount * self.recurrent[:, :, None]).sum(axis=0).T
        return total

    @property
    def held(self) -> Floats:
        """Deficits that come back every year and nobody is paid: cover for a loss, by year."""
        kept = self.recurrent & (self.kind == "deficit") & (self.provider == "")
        total: Floats = np.where(kept, self.amount.sum(axis=2), 0.0).sum(axis=0)
        return total

    def paid_to(self, providers: Names, *, once: bool = False) -> Floats:
        """Money that providers are paid, shape (provider, year).

        Parameters
        ----------
        providers : Names
            Providers.
        once : bool
            Only what does not come back every year.
        """
        mine = np.where(once & self.recurrent, 0.0, self.amount.sum(axis=2))
        paid = np.zeros((len(providers), mine.shape[1]))
        who = providers.find(self.provider.ravel()).reshape(mine.shape)
        item, t = np.nonzero(who >= 0)
        np.add.at(paid, (who[item, t], t), mine[item, t])
        return paid


def read_adjustments(
    tables: Tables, programmes: Programmes, selections: Selections, pools: Names
) -> Adjustments:
    """Adjustments in force, `amount · delivery`, split over pools by baseline spend."""
    rows = tables["adjustments"]
    names = Names(rows["item"])
    in_force = tables.in_force(rows, names, "item")
    kind, shape = in_force.words("kind"), in_force.at.shape
    net = np.where(in_force.there, in_force.figures("amount") * in_force.figures("delivery"), 0.0)
    net = np.where(kind == "efficiency", -net, net)

    about = in_force.words("selection")
    selection = selections.names.find(about.ravel()).reshape(shape)
    share = np.zeros((*shape, len(programmes.names)))
    for s in np.unique(selection[about != ""]).tolist():
        one = np.zeros(len(programmes.names))
        who, counts = selections.of(s)
        one[who] = counts
        share[(selection == s) & (about != "")] = one
    weight = share * programmes.base_spend

    by_pool = summed(programmes.pool, weight.reshape(-1, len(programmes.names)).T, len(pools)).T
    by_pool = by_pool.reshape(*shape, len(pools))
    total = by_pool.sum(axis=2, keepdims=True)
    split = np.divide(by_pool, total, out=np.zeros_like(by_pool), where=total > 0)
    named = pools.find(in_force.words("pool").ravel()).reshape(shape)
    item, when = np.nonzero(named >= 0)
    split[item, when] = 0.0
    split[item, when, named[item, when]] = 1.0
    return Adjustments(
        names=names,
        kind=kind,
        recurrent=in_force.flags("recurrent"),
        weight=weight,
        amount=net[:, :, None] * split,
        provider=in_force.words("provider"),
    )


def adjustment_frame(adjustments: Adjustments, pools: Names, years: Ints) -> pd.DataFrame:
    """Adjustments by pool and year: pool, year, kind, item, amount, only where there is any."""
    pool, year, item = np.nonzero(adjustments.amount.transpose(2, 1, 0))
    return frames.table(
        {
            "pool": pools.array[pool],
            "year": years[year],
            "kind": adjustments.kind[item, year],
            "item": adjustments.names.array[item],
            "amount": adjustments.amount[item, year, pool],
        }
    )
