"""Resources that activity needs besides money, and what is added of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.evaluate.changes import Changes
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.tables import (
    Array,
    Codes,
    Programmes,
    figure,
    numbers,
    pick,
    places_of,
    positions,
    rows_by_year,
    words,
)
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Capacity:
    """Resources by place; arrays of shape (capacity row, year).

    Attributes
    ----------
    keys : pandas.DataFrame
        resource and place of every row, a place blank for the whole system.
    amount, extra_max, extra_price : numpy.ndarray
        Units there are, most that may be added, money per unit added that year.
    extra_pool : numpy.ndarray
        Position of the pool that pays, -1 for none.
    """

    keys: pd.DataFrame
    amount: Array
    extra_max: Array
    extra_price: Array
    extra_pool: Codes


def read_capacity(instance: Instance, programmes: Programmes, pools: pd.Index) -> Capacity:
    """Capacity in force, what is added priced with the instance's uplift."""
    table, settings = instance.capacity, instance.settings
    keys = table[["resource", "place"]].drop_duplicates().reset_index(drop=True)
    code = pd.MultiIndex.from_frame(keys).get_indexer(
        pd.MultiIndex.from_frame(table[["resource", "place"]])
    )
    rows = rows_by_year(table, code.astype(np.intp), len(keys), programmes.years)
    paid = table["extra_pool"] != ""
    pool = np.full(len(table) + 1, -1, dtype=np.intp)
    pool[np.flatnonzero(paid)] = positions(pools, table[paid], "capacity", "extra_pool")
    uplift = (1.0 + settings.cost_uplift) ** (programmes.years - settings.base_year)
    return Capacity(
        keys=keys,
        amount=pick(numbers(table, "amount"), rows, 0.0),
        extra_max=pick(numbers(table, "extra_max"), rows, 0.0),
        extra_price=pick(numbers(table, "extra_cost"), rows, 0.0) * uplift,
        extra_pool=pool[rows],
    )


def changed_capacity(capacity: Capacity, changes: Changes) -> Capacity:
    """Capacity with what options add to it or multiply it by.

    Raises
    ------
    InstanceError
        When an option acts on a resource and place that have no row.
    """
    mine = changes.of("capacity")
    names = pd.Index(["\x1f".join(key) for key in capacity.keys.itertuples(index=False)])
    asked = zip(mine.table["target"], mine.table["place"], strict=True)
    rows = mine.table.assign(target=["\x1f".join(key) for key in asked])
    target = positions(names, rows, "option_effects", "target")
    return replace(capacity, amount=mine.apply(capacity.amount, target))


def _row(resource: str, place: str) -> str:
    """A row of the capacity table as messages name it."""
    return f"{resource}, {place}" if place else resource


def capacity_used(
    instance: Instance, capacity: Capacity, programmes: Programmes, activity: Array
) -> Array:
    """Units of every capacity row that the plan's activity needs; shape (row, year)."""
    table, years = instance.use, len(programmes.years)
    who = positions(programmes.names, table, "use", "programme")
    need = numbers(table, "per_unit")[:, None] * activity[who]
    resource, place = words(table, "resource"), words(programmes.table, "place")[who]
    used = np.zeros((len(capacity.keys), years))
    anywhere, here = places_of(resource), places_of(resource + "\x1f" + place)
    for row, (name, where) in enumerate(capacity.keys.itertuples(index=False)):
        mine = here.get(f"{name}\x1f{where}") if where else anywhere.get(name)
        if mine is not None:
            used[row] = need[mine].sum(axis=0)
    return used


def settle_extra(capacity: Capacity, used: Array, given: Array) -> Array:
    """Capacity added: as the plan says, or the least that is needed and may be had."""
    least = np.clip(used - capacity.amount, 0.0, capacity.extra_max)
    return np.where(np.isnan(given), least, given)


def extra_cost(capacity: Capacity, extra: Array, shape: tuple[int, ...]) -> Array:
    """Cost of what is added, charged to its pools; shape (pool, year)."""
    cost = np.zeros(shape)
    row, t = np.nonzero(capacity.extra_pool >= 0)
    np.add.at(cost, (capacity.extra_pool[row, t], t), (extra * capacity.extra_price)[row, t])
    return cost


def check_capacity(
    instance: Instance,
    capacity: Capacity,
    used: Array,
    extra: Array,
    programmes: Programmes,
    found: Findings,
) -> None:
    """Note resources used beyond what there is, and more added than may be."""
    unit = dict(zip(instance.resources["resource"], instance.resources["unit"], strict=True))
    rows = list(capacity.keys.itertuples(index=False))
    subject = Subject(
        what="Resource",
        names=[_row(*key) for key in rows],
        years=programmes.years,
        settings=instance.settings,
        amount=lambda value, row: f"{figure(value)} {unit[rows[row][0]]}".rstrip(),
    )
    there = capacity.amount + extra
    for value, limit, terms, said in (
        (used, there, used + np.abs(extra), "needs {value} and has {limit}, {off} too little"),
        (extra, capacity.extra_max, np.abs(extra), "gets {value} more, {off} above {limit}"),
        (-extra, np.zeros_like(extra), np.abs(extra), "gets {off} less than nothing more"),
    ):
        found.add(
            "capacity",
            subject,
            said,
            value=value,
            limit=limit,
            most=True,
            terms=terms,
            natural=capacity.amount.max(axis=1, initial=0.0)[:, None],
        )


def capacity_frame(
    capacity: Capacity, used: Array, extra: Array, programmes: Programmes
) -> pd.DataFrame:
    """Capacity by year: resource, place, year, used, amount, extra, slack."""
    years = programmes.years
    columns = {"used": used, "amount": capacity.amount, "extra": extra}
    columns["slack"] = capacity.amount + extra - used
    frame = {
        "resource": pd.Index(capacity.keys["resource"]).repeat(len(years)),
        "place": pd.Index(capacity.keys["place"]).repeat(len(years)),
        "year": np.tile(years, len(capacity.keys)).astype(np.int64),
    }
    return pd.DataFrame(frame | {c: v.ravel() for c, v in columns.items()})
