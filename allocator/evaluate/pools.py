"""Spend, stranded cost, and the pools of money that pay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.tables import (
    Array,
    Codes,
    Programmes,
    money,
    numbers,
    pick,
    positions,
    rows_by_year,
    words,
)
from allocator.instance.instance import Instance


def stranded_cost(programmes: Programmes, activity: Array) -> Array:
    """Fixed cost of activity given up in the last ``release_years``; shape (programme, year)."""
    done = np.column_stack([programmes.baseline, activity])
    peak = np.full(programmes.shape, -np.inf)
    for t in range(programmes.shape[1]):
        for back in range(1, t + 2):
            held = programmes.release_years >= back
            peak[held, t] = np.maximum(peak[held, t], done[held, t + 1 - back])
    drop = np.maximum(peak - activity, 0.0)
    return programmes.fixed_share[:, None] * programmes.price * drop


@dataclass(frozen=True)
class Pools:
    """Pools of money; arrays of shape (pool, year) and (pair, year).

    Attributes
    ----------
    names : pandas.Index
        Pools.
    amount, carry_max, overdraw_max : numpy.ndarray
        Money received, most carried out, most owed; all kinds of money together.
    opening : numpy.ndarray
        Shape (pool,): money brought into the first plan year.
    giver, taker : numpy.ndarray
        Shape (pair,): positions of the pools of a transfer.
    transfer_max : numpy.ndarray
        Most each pair may move; nothing for a pair the instance does not allow.
    """

    names: pd.Index
    amount: Array
    carry_max: Array
    overdraw_max: Array
    opening: Array
    giver: Codes
    taker: Codes
    transfer_max: Array

    @property
    def pairs(self) -> pd.DataFrame:
        """from_pool and to_pool of every pair."""
        return pd.DataFrame(
            {"from_pool": self.names[self.giver], "to_pool": self.names[self.taker]}
        )

    @property
    def carry_min(self) -> Array:
        """Least that may be carried out: a debt within bounds, none at the end."""
        least = -self.overdraw_max
        least[:, -1] = 0.0
        return least


def read_pools(instance: Instance, programmes: Programmes, handed: pd.DataFrame | None) -> Pools:
    """Pools and transfers in force.

    Parameters
    ----------
    instance, programmes : Instance, Programmes
        The round.
    handed : pandas.DataFrame or None
        Transfers of a plan: pairs the instance does not allow are taken in with nothing
        allowed, so that they show as violations.
    """
    table, years = instance.budgets, programmes.years
    names = pd.Index(table["pool"].unique())
    code = positions(names, table, "budgets", "pool")
    kinds, kind = np.unique(words(table, "kind"), return_inverse=True)
    rows = rows_by_year(table, code * len(kinds) + kind, len(names) * len(kinds), years)

    def of_pool(column: str) -> Array:
        figures = pick(numbers(table, column), rows, 0.0)
        total: Array = figures.reshape(len(names), len(kinds), len(years)).sum(axis=1)
        return total

    pairs = instance.transfers[["from_pool", "to_pool"]]
    if handed is not None and {"from_pool", "to_pool"} <= set(handed.columns):
        known = handed["from_pool"].isin(names) & handed["to_pool"].isin(names)
        pairs = pd.concat([pairs, handed.loc[known, ["from_pool", "to_pool"]]])
    giver = positions(names, pairs, "transfers", "from_pool")
    taker = positions(names, pairs, "transfers", "to_pool")
    every, pair = np.unique(giver * len(names) + taker, return_inverse=True)
    allowed = rows_by_year(instance.transfers, pair[: len(instance.transfers)], len(every), years)
    return Pools(
        names=names,
        amount=of_pool("amount"),
        carry_max=of_pool("carry_max"),
        overdraw_max=of_pool("overdraw_max"),
        opening=of_pool("opening")[:, 0],
        giver=every // len(names),
        taker=every % len(names),
        transfer_max=pick(numbers(instance.transfers, "max"), allowed, 0.0),
    )


@dataclass(frozen=True)
class Ledger:
    """Money in and out of every pool; arrays of shape (pool, year), transfers by pair."""

    spend: Array
    extra_cost: Array
    carry: Array
    carry_in: Array
    transfers: Array
    transfers_in: Array
    transfers_out: Array

    @property
    def out(self) -> Array:
        """Money that leaves a pool in a year."""
        return self.spend + self.extra_cost + self.transfers_out + self.carry

    def slack(self, pools: Pools) -> Array:
        """Money a pool has left in a year; negative where it is short."""
        return pools.amount + self.transfers_in + self.carry_in - self.out


def check_pools(pools: Pools, ledger: Ledger, programmes: Programmes, found: Findings) -> None:
    """Note overspent pools, and money carried or handed over beyond what is allowed."""
    carry, moved = ledger.carry, ledger.transfers
    own = np.maximum(pools.amount, ledger.spend).max(axis=1, initial=0.0)[:, None]
    money_in = (ledger.transfers_in, ledger.carry_in)
    money_out = (ledger.spend, ledger.extra_cost, ledger.transfers_out, carry)
    terms = np.abs(np.stack([*money_in, *money_out])).sum(axis=0)
    income = pools.amount + ledger.transfers_in + ledger.carry_in
    rows = (
        (
            "budget",
            ledger.out,
            income,
            terms,
            "is overspent by {off}: {value} goes out, {limit} comes in",
        ),
        (
            "carry",
            carry,
            pools.carry_max,
            np.abs(carry),
            "carries {value} into the next year, {off} above the most allowed, {limit}",
        ),
        (
            "carry",
            -carry,
            -pools.carry_min,
            np.abs(carry),
            "owes {value} to the next year, {off} above the most allowed, {limit}",
        ),
    )
    for kind, value, limit, size, said in rows:
        _add(kind, "Pool", list(pools.names), said, value, limit, size, own, programmes, found)
    pairs = [f"{a} to {b}" for a, b in pools.pairs.itertuples(index=False)]
    between = np.maximum(own[pools.giver], own[pools.taker])
    for value, limit, said in (
        (moved, pools.transfer_max, "is {value}, {off} above the most allowed, {limit}"),
        (-moved, np.zeros_like(moved), "is {off} less than nothing"),
    ):
        size = np.abs(moved)
        _add("transfer", "Transfer", pairs, said, value, limit, size, between, programmes, found)


def _add(
    kind: str,
    what: str,
    names: list[str],
    said: str,
    value: Array,
    limit: Array,
    terms: Array,
    natural: Array,
    programmes: Programmes,
    found: Findings,
) -> None:
    settings = programmes.settings
    subject = Subject(what, names, programmes.years, settings, lambda v, _: money(v, settings))
    found.add(
        kind, subject, said, value=value, limit=limit, most=True, terms=terms, natural=natural
    )


def ledger_frame(pools: Pools, ledger: Ledger, years: Codes) -> pd.DataFrame:
    """Pools by year: money in, money out and what is left."""
    columns = {
        "amount": pools.amount,
        "spend": ledger.spend,
        "extra_cost": ledger.extra_cost,
        "transfers_in": ledger.transfers_in,
        "transfers_out": ledger.transfers_out,
        "carry_in": ledger.carry_in,
        "carry_out": ledger.carry,
        "slack": ledger.slack(pools),
    }
    frame = {
        "pool": pools.names.repeat(len(years)),
        "year": np.tile(years, len(pools.names)).astype(np.int64),
    }
    return pd.DataFrame(frame | {c: v.ravel() for c, v in columns.items()})
