"""Money that is not a programme: efficiency, pressures, reserves and the like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.selections import Selections
from allocator.evaluate.tables import (
    Array,
    Flags,
    Programmes,
    Words,
    numbers,
    pick,
    positions,
    rows_by_year,
    summed,
    words,
)
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Adjustments:
    """Adjustments by item; I of them.

    Attributes
    ----------
    names, kind : numpy.ndarray
        Shape (I, year): item, and its kind in the year.
    recurrent : numpy.ndarray
        Shape (I, year): whether it comes back every year.
    weight : numpy.ndarray
        Shape (I, year, programme): what its selection's programmes spend in the base year;
        nothing without a selection.
    amount : numpy.ndarray
        Shape (I, year, pool): money it takes from each pool; negative when it is saved.
    """

    names: Words
    kind: Words
    recurrent: Flags
    weight: Array
    amount: Array

    def net(self) -> Array:
        """Money taken from every pool, shape (pool, year)."""
        total: Array = self.amount.sum(axis=0).T
        return total

    def lasting(self) -> Array:
        """The part of it that comes back every year."""
        total: Array = (self.amount * self.recurrent[:, :, None]).sum(axis=0).T
        return total


def read_adjustments(
    instance: Instance, programmes: Programmes, chosen: Selections, pools: pd.Index
) -> Adjustments:
    """Adjustments in force, `amount · delivery`, split over pools by baseline spend."""
    table, years = instance.adjustments, programmes.years
    items = pd.Index(table["item"].unique())
    rows = rows_by_year(table, positions(items, table, "adjustments", "item"), len(items), years)
    kind = np.append(words(table, "kind"), "")[rows]
    net = pick(numbers(table, "amount") * numbers(table, "delivery"), rows, 0.0)
    net = np.where(kind == "efficiency", -net, net)

    size = len(programmes.names)
    spend = programmes.unit_cost * programmes.baseline
    about = np.append(words(table, "selection"), "")[rows]
    selection = chosen.names.get_indexer(pd.Index(about.ravel())).reshape(rows.shape)
    share = np.zeros((len(items), len(years), size))
    for s in np.unique(selection):
        one = np.zeros(size)
        who, counts = chosen.of(s)
        one[who] = counts
        share[selection == s] = one
    weight = np.where((about == "")[:, :, None], 0.0, share) * spend

    payer = pools.get_indexer(pd.Index(programmes.table["pool"]))
    by_pool = summed(payer, weight.reshape(-1, size).T, len(pools)).T
    by_pool = by_pool.reshape(*rows.shape, len(pools))
    total = by_pool.sum(axis=2, keepdims=True)
    split = np.divide(by_pool, total, out=np.zeros_like(by_pool), where=total > 0)
    named = pools.get_indexer(pd.Index(np.append(words(table, "pool"), "")[rows].ravel()))
    item, when = np.nonzero(named.reshape(rows.shape) >= 0)
    split[item, when] = 0.0
    split[item, when, named[named >= 0]] = 1.0
    return Adjustments(
        names=np.repeat(items.to_numpy(dtype=object)[:, None], len(years), axis=1),
        kind=kind,
        recurrent=np.append(table["recurrent"].to_numpy(dtype=bool), False)[rows],
        weight=weight,
        amount=net[:, :, None] * split,
    )


def adjustment_frame(
    adjustments: Adjustments, programmes: Programmes, pools: pd.Index
) -> pd.DataFrame:
    """Adjustments by pool and year: pool, year, kind, item, amount, only where there is any."""
    pool, year, item = np.nonzero(adjustments.amount.transpose(2, 1, 0))
    at = item, year
    return pd.DataFrame(
        {
            "pool": pd.Series(pools.to_numpy()[pool], dtype="str"),
            "year": programmes.years[year].astype(np.int64),
            "kind": pd.Series(adjustments.kind[at], dtype="str"),
            "item": pd.Series(adjustments.names[at], dtype="str"),
            "amount": adjustments.amount[(item, year, pool)],
        }
    )
