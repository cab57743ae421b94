"""Pools of money, what moves between them, and what activity needs besides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allocator.data.index import Axis, Codes, Index
from allocator.data.years import by_year
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Money:
    """Pools by year; arrays are (pools, years).

    Attributes
    ----------
    amount, every_year, capital : ndarray
        Money received to run services, the part of it that comes every year, and capital.
    carry_max, overdraw_max : ndarray
        Most carried on, most owed on.
    opening : ndarray, shape (pools,)
        Money brought into the first plan year.
    transfers : Index
        (giving pool, receiving pool, year).
    transfer_max : ndarray
        Most that may move, following `transfers`.
    payer : ndarray of int, shape (programmes,)
        Pool that pays for each programme.
    """

    amount: Numbers
    every_year: Numbers
    capital: Numbers
    carry_max: Numbers
    overdraw_max: Numbers
    opening: Numbers
    transfers: Index
    transfer_max: Numbers
    payer: Codes


def money(instance: Instance, pool: Axis, year: Axis) -> Money:
    """Extract pools and transfers."""
    years = instance.settings.years
    shape = (len(pool), len(year))
    budgets = by_year(instance.budgets, ["pool", "kind"], years)
    b, t = pool.codes(budgets["pool"].tolist()), budgets["t"].to_numpy()
    kind = budgets["kind"].to_numpy(dtype=object)
    lasting, revenue = np.isin(kind, ("recurrent", "grant")), kind != "capital"

    def total(column: str, rows: npt.NDArray[np.bool_]) -> Numbers:
        out = np.zeros(shape)
        np.add.at(out, (b[rows], t[rows]), budgets[column].to_numpy(dtype=float)[rows])
        return out

    opening = np.zeros(len(pool))
    first = (t == 0) & revenue
    np.add.at(opening, b[first], budgets["opening"].to_numpy()[first])
    moves = by_year(instance.transfers, ["from_pool", "to_pool"], years)
    transfers = Index(
        (pool, pool, year),
        [
            pool.codes(moves["from_pool"].tolist()),
            pool.codes(moves["to_pool"].tolist()),
            moves["t"].to_numpy(),
        ],
    )
    payer = pool.codes(instance.programmes["pool"].tolist())
    return Money(
        total("amount", revenue),
        total("amount", lasting),
        total("amount", ~revenue),
        total("carry_max", revenue),
        total("overdraw_max", revenue),
        opening,
        transfers,
        moves["max"].to_numpy(dtype=float),
        payer,
    )


@dataclass(frozen=True)
class Capacity:
    """Resources by place and year.

    Attributes
    ----------
    rows : Index
        (resource, place, year); place "" is everywhere.
    amount, extra_max, extra_price : ndarray
        Available, most that may be added, and what a unit added costs in the year.
    extra_pool : ndarray of int
        Pool charged for what is added; -1 for none.
    use_rows : Index
        (resource, place, year, programme).
    use : ndarray
        Resource per unit of activity.
    """

    rows: Index
    amount: Numbers
    extra_max: Numbers
    extra_price: Numbers
    extra_pool: Codes
    use_rows: Index
    use: Numbers


def capacity(instance: Instance, programme: Axis, pool: Axis, year: Axis) -> Capacity:
    """Extract capacity and what activity uses of it."""
    settings = instance.settings
    table = by_year(instance.capacity, ["resource", "place"], settings.years)
    resource = Axis("resource", tuple(dict.fromkeys(table["resource"])))
    homes = instance.programmes["place"].tolist()
    place = Axis("place", tuple(dict.fromkeys(["", *table["place"], *homes])))
    t = table["t"].to_numpy()
    rows = Index(
        (resource, place, year),
        [resource.codes(table["resource"].tolist()), place.codes(table["place"].tolist()), t],
    )
    lag = np.asarray(settings.years)[t] - settings.base_year
    price = table["extra_cost"].to_numpy() * (1.0 + settings.cost_uplift) ** lag
    extra_pool = np.array([pool.position.get(b, -1) for b in table["extra_pool"]], dtype=np.int64)

    use = instance.use[instance.use["per_unit"].to_numpy() > 0]
    user = programme.codes(use["programme"].tolist())
    used = np.array([resource.position.get(r, -1) for r in use["resource"]], dtype=np.int64)
    home = place.codes(homes)[user]
    per_unit = use["per_unit"].to_numpy()
    pair_row, pair_use = _users(rows, used, home, place.position[""])
    use_rows = Index(
        (resource, place, year, programme), [*(c[pair_row] for c in rows.columns), user[pair_use]]
    )
    return Capacity(
        rows,
        table["amount"].to_numpy(),
        table["extra_max"].to_numpy(),
        price,
        extra_pool,
        use_rows,
        per_unit[pair_use],
    )


def _users(rows: Index, used: Codes, home: Codes, everywhere: int) -> tuple[Codes, Codes]:
    """Pairs of capacity row and use: of the programme's place, and of every place."""
    known = np.flatnonzero(used >= 0)
    local = known[home[known] != everywhere]
    use = np.concatenate([known, local])
    at_place = np.concatenate([np.full(len(known), everywhere), home[local]])
    years = len(rows.axes[2])
    pair_use, t = np.repeat(use, years), np.tile(np.arange(years), len(use))
    pair_row = rows.find([used[pair_use], np.repeat(at_place, years), t])
    pair_row, pair_use = pair_row[pair_row >= 0], pair_use[pair_row >= 0]
    order = np.lexsort((pair_use, pair_row))
    return pair_row[order], pair_use[order]
