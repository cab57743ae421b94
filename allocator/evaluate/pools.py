"""Pools of money: what each receives, and what may move between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats, Ints
from allocator.evaluate.tables import Names, Tables, unlimited_where_blank
from allocator.instance.tables.settings import Settings


@dataclass(frozen=True)
class Pools:
    """Pools of money; arrays of shape (pool, year) and (pair, year).

    Attributes
    ----------
    names : Names
        Pools.
    settings : Settings
        How years and money are written.
    amount, carry_max, overdraw_max : numpy.ndarray
        Money received, most carried out, most owed; all kinds but capital together.
    lasting, capital : numpy.ndarray
        The part of the amount that comes every year, and the capital received; these three are
        inf where they are not limited.
    support : numpy.ndarray
        The part that supports a deficit until it is withdrawn.
    balanced : bool
        Whether what is spent every year must stay within what comes every year.
    opening : numpy.ndarray
        Shape (pool,): money brought into the first plan year.
    pairs : Names
        The two pools of a transfer.
    giver, taker : numpy.ndarray
        Shape (pair,): their positions.
    transfer_max : numpy.ndarray
        Most each pair may move; nothing for a pair the instance does not allow.
    """

    names: Names
    settings: Settings
    amount: Floats
    lasting: Floats
    capital: Floats
    support: Floats
    balanced: bool
    carry_max: Floats
    overdraw_max: Floats
    opening: Floats
    pairs: Names
    giver: Ints
    taker: Ints
    transfer_max: Floats

    @property
    def carry_min(self) -> Floats:
        """Least that may be carried out: a debt within bounds, none at the end."""
        least = -self.overdraw_max
        least[:, -1] = 0.0
        return least


def read_pools(tables: Tables) -> Pools:
    """Pools in force, and the transfers the instance allows."""
    rows, settings = tables["budgets"], tables.settings
    names = Names(rows["pool"])
    # Kinds in order, so that what a pool receives adds up in the same way every time.
    kinds = Names(sorted(set(rows["kind"])))
    in_force = tables.in_force(rows, Names(product(names.all, kinds.all)), "pool", "kind")
    shape = len(names), len(kinds), len(tables.years)
    revenue = kinds.array != "capital"

    def of_pool(column: str, counted: Flags = revenue) -> Floats:
        by_kind = in_force.figures(column, 0.0).reshape(shape)
        total: Floats = by_kind[:, counted].sum(axis=1)
        return total

    moves = tables["transfers"]
    moved = [names.positions(moves, c) for c in ("from_pool", "to_pool")]
    pairs, giver, taker = _pairs(names, np.column_stack(moved))
    return Pools(
        names=names,
        settings=settings,
        amount=unlimited_where_blank(of_pool("amount")),
        lasting=unlimited_where_blank(
            of_pool("amount", np.isin(kinds.array, ("recurrent", "grant")))
        ),
        capital=unlimited_where_blank(of_pool("amount", ~revenue)),
        support=unlimited_where_blank(of_pool("amount", kinds.array == "support")),
        balanced=settings.recurrent_balance,
        carry_max=of_pool("carry_max"),
        overdraw_max=of_pool("overdraw_max"),
        opening=of_pool("opening")[:, 0],
        pairs=pairs,
        giver=giver,
        taker=taker,
        transfer_max=tables.in_force(moves, pairs, "from_pool", "to_pool").figures("max", 0.0),
    )


def _pairs(names: Names, moved: Ints) -> tuple[Names, Ints, Ints]:
    """Pairs of pools in order, each once, and the positions of their givers and takers."""
    giver, taker = np.unique(moved, axis=0).T
    return Names(zip(names.array[giver], names.array[taker], strict=True)), giver, taker


def with_transfers(pools: Pools, handed: pd.DataFrame | None) -> Pools:
    """Pools with the pairs of a plan's transfers.

    Pairs the instance does not allow are taken in with nothing allowed, so that they show as
    violations.
    """
    if handed is None or not {"from_pool", "to_pool"} <= set(handed.columns):
        return pools
    own = np.column_stack([pools.giver, pools.taker])
    more = np.column_stack([pools.names.find(handed[c].tolist()) for c in ("from_pool", "to_pool")])
    known = more[(more >= 0).all(axis=1)]
    pairs, giver, taker = _pairs(pools.names, np.vstack([own, known]))
    most = np.zeros((len(pairs), pools.transfer_max.shape[1]))
    most[pairs.find(pools.pairs.all)] = pools.transfer_max
    return replace(pools, pairs=pairs, giver=giver, taker=taker, transfer_max=most)
