"""Spend, stranded cost, and the pools of money that pay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.tables import (
    Array,
    Codes,
    Flags,
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
class Costs:
    """What activity costs; arrays of shape (programme, year).

    Attributes
    ----------
    plain, surcharge, stranded : numpy.ndarray
        At its price; what does not follow the plain unit cost; fixed cost of activity given
        up.
    """

    plain: Array
    surcharge: Array
    stranded: Array

    @property
    def running(self) -> Array:
        """Cost of what is done."""
        return self.plain + self.surcharge

    @property
    def spend(self) -> Array:
        """All of it."""
        return self.running + self.stranded


@dataclass(frozen=True)
class Pools:
    """Pools of money; arrays of shape (pool, year) and (pair, year).

    Attributes
    ----------
    names : pandas.Index
        Pools.
    amount, carry_max, overdraw_max : numpy.ndarray
        Money received, most carried out, most owed; all kinds but capital together.
    lasting, capital : numpy.ndarray
        The part of the amount that comes every year, and the capital received.
    balanced : bool
        Whether what is spent every year must stay within what comes every year.
    opening : numpy.ndarray
        Shape (pool,): money brought into the first plan year.
    giver, taker : numpy.ndarray
        Shape (pair,): positions of the pools of a transfer.
    transfer_max : numpy.ndarray
        Most each pair may move; nothing for a pair the instance does not allow.
    """

    names: pd.Index
    amount: Array
    lasting: Array
    capital: Array
    balanced: bool
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

    revenue = kinds != "capital"

    def of_pool(column: str, counted: Flags = revenue) -> Array:
        figures = pick(numbers(table, column), rows, 0.0)
        by_kind = figures.reshape(len(names), len(kinds), len(years))
        total: Array = by_kind[:, counted].sum(axis=1)
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
        lasting=of_pool("amount", np.isin(kinds, ("recurrent", "grant"))),
        capital=of_pool("amount", ~revenue),
        balanced=instance.settings.recurrent_balance,
        carry_max=of_pool("carry_max"),
        overdraw_max=of_pool("overdraw_max"),
        opening=of_pool("opening")[:, 0],
        giver=every // len(names),
        taker=every % len(names),
        transfer_max=pick(numbers(instance.transfers, "max"), allowed, 0.0),
    )


@dataclass(frozen=True)
class Uses:
    """What pools pay for, before money moves; arrays of shape (pool, year).

    Attributes
    ----------
    at_cost, contracts : numpy.ndarray
        Programmes paid at cost by their own pool; contracts with overheads.
    adjustments, extra_cost : numpy.ndarray
        Money that is not a programme, net; extra capacity.
    options, exit_fees : numpy.ndarray
        Costs of options paid directly; fees of contracts ended early.
    lasting : numpy.ndarray
        Part of these that comes back every year.
    capital : numpy.ndarray
        Programmes paid from capital, and capital of options.
    option_income, incomes, held_back : numpy.ndarray
        Money that options bring in every year, conditional money received, and money taken
        off until a condition is met.
    """

    at_cost: Array
    contracts: Array
    adjustments: Array
    extra_cost: Array
    options: Array
    exit_fees: Array
    lasting: Array
    capital: Array
    option_income: Array
    incomes: Array
    held_back: Array

    @property
    def total(self) -> Array:
        """All that is paid, but from capital and for programmes paid by several pools."""
        care = self.at_cost + self.contracts
        return care + self.adjustments + self.extra_cost + self.options + self.exit_fees

    @property
    def gained(self) -> Array:
        """Money a pool has beyond its amount, by what the plan decides and achieves."""
        return self.option_income + self.incomes - self.held_back


@dataclass(frozen=True)
class Ledger:
    """Money in and out of every pool; arrays of shape (pool, year), transfers by pair.

    Attributes
    ----------
    uses : Uses
        What it pays for.
    funded, funded_lasting : numpy.ndarray
        Its parts of programmes that several pools pay for, and of those that come back
        every year.
    paid : numpy.ndarray
        Those parts by programme, shape (part, year).
    carry, carry_in, transfers, transfers_in, transfers_out : numpy.ndarray
        Money moved between years and pools.
    """

    uses: Uses
    funded: Array
    funded_lasting: Array
    paid: Array
    carry: Array
    carry_in: Array
    transfers: Array
    transfers_in: Array
    transfers_out: Array

    @property
    def spend(self) -> Array:
        """What a pool pays for care, capital apart."""
        return self.uses.at_cost + self.uses.contracts + self.funded

    @property
    def out(self) -> Array:
        """Money that leaves a pool in a year."""
        return self.uses.total + self.funded + self.transfers_out + self.carry

    @property
    def lasting(self) -> Array:
        """What leaves it every year, transfers included."""
        return self.uses.lasting + self.funded_lasting + self.transfers_out

    def slack(self, pools: Pools) -> Array:
        """Money a pool has left in a year; negative where it is short."""
        return self.income(pools) - self.out

    def income(self, pools: Pools) -> Array:
        """Money that comes into a pool in a year."""
        return pools.amount + self.uses.gained + self.transfers_in + self.carry_in

    def lasting_income(self, pools: Pools) -> Array:
        """What comes every year, transfers included."""
        return pools.lasting + self.uses.option_income + self.transfers_in

    def underlying(self, pools: Pools) -> Array:
        """What comes every year less what is spent every year."""
        return self.lasting_income(pools) - self.lasting


def check_pools(pools: Pools, ledger: Ledger, programmes: Programmes, found: Findings) -> None:
    """Note overspent pools, and money carried or handed over beyond what is allowed."""
    carry = ledger.carry
    own = np.maximum(pools.amount, ledger.spend).max(axis=1, initial=0.0)[:, None]
    uses = ledger.uses
    gains = (uses.option_income, uses.incomes, uses.held_back)
    money_in = (*gains, ledger.transfers_in, ledger.carry_in)
    care = (ledger.spend, uses.adjustments, uses.extra_cost, uses.options, uses.exit_fees)
    money_out = (*care, ledger.transfers_out, carry)
    terms = np.abs(np.stack([*money_in, *money_out])).sum(axis=0)
    every_year = np.abs(np.stack([uses.lasting, ledger.funded_lasting, ledger.transfers_out]))
    rows = (
        (
            "budget",
            ledger.out,
            ledger.income(pools),
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
        (
            "capital",
            uses.capital,
            pools.capital,
            uses.capital,
            "spends {value} on capital, {off} more than its capital, {limit}",
        ),
        (
            "recurrent",
            ledger.lasting,
            np.where(pools.balanced, ledger.lasting_income(pools), np.inf),
            every_year.sum(axis=0),
            "spends {value} that comes back every year, {off} more than comes in every year, "
            "{limit}",
        ),
    )
    for kind, value, limit, size, said in rows:
        _add(kind, "Pool", list(pools.names), said, value, limit, size, own, programmes, found)
    _check_transfers(pools, ledger.transfers, own, programmes, found)


def _check_transfers(
    pools: Pools, moved: Array, own: Array, programmes: Programmes, found: Findings
) -> None:
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
    uses = ledger.uses
    columns = {
        "amount": pools.amount,
        "spend": ledger.spend,
        "at_cost": uses.at_cost,
        "contract_payments": uses.contracts,
        "funded": ledger.funded,
        "adjustments": uses.adjustments,
        "extra_cost": uses.extra_cost,
        "option_cost": uses.options,
        "option_income": uses.option_income,
        "incomes": uses.incomes,
        "held_back": uses.held_back,
        "exit_fees": uses.exit_fees,
        "transfers_in": ledger.transfers_in,
        "transfers_out": ledger.transfers_out,
        "carry_in": ledger.carry_in,
        "carry_out": ledger.carry,
        "slack": ledger.slack(pools),
        "recurrent_income": ledger.lasting_income(pools),
        "recurrent_spend": ledger.lasting,
        "underlying": ledger.underlying(pools),
        "capital_amount": pools.capital,
        "capital_spend": uses.capital,
    }
    frame = {
        "pool": pools.names.repeat(len(years)),
        "year": np.tile(years, len(pools.names)).astype(np.int64),
    }
    return pd.DataFrame(frame | {c: v.ravel() for c, v in columns.items()})
