"""Money in and out of pools, and whether it is allowed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.arrays import Floats, Ints
from allocator.evaluate import frames
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.pools import Pools
from allocator.evaluate.tables import blank_where_unlimited


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
    option_income, incomes, withheld : numpy.ndarray
        Money that options bring in every year, conditional money received, and money taken
        off until a condition is met.
    """

    at_cost: Floats
    contracts: Floats
    adjustments: Floats
    extra_cost: Floats
    options: Floats
    exit_fees: Floats
    lasting: Floats
    capital: Floats
    option_income: Floats
    incomes: Floats
    withheld: Floats

    @property
    def total(self) -> Floats:
        """All that is paid, but from capital and for programmes paid by several pools."""
        care = self.at_cost + self.contracts
        return care + self.adjustments + self.extra_cost + self.options + self.exit_fees

    @property
    def gained(self) -> Floats:
        """Money a pool has beyond its amount, by what the plan decides and achieves."""
        return self.option_income + self.incomes - self.withheld


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
    funded: Floats
    funded_lasting: Floats
    paid: Floats
    carry: Floats
    carry_in: Floats
    transfers: Floats
    transfers_in: Floats
    transfers_out: Floats

    @property
    def spend(self) -> Floats:
        """What a pool pays for care, capital apart."""
        return self.uses.at_cost + self.uses.contracts + self.funded

    @property
    def out(self) -> Floats:
        """Money that leaves a pool in a year."""
        return self.uses.total + self.funded + self.transfers_out + self.carry

    @property
    def lasting(self) -> Floats:
        """What leaves it every year, transfers included."""
        return self.uses.lasting + self.funded_lasting + self.transfers_out

    def slack(self, pools: Pools) -> Floats:
        """Money a pool has left in a year; negative where it is short."""
        return self.income(pools) - self.out

    def income(self, pools: Pools) -> Floats:
        """Money that comes into a pool in a year."""
        return pools.amount + self.uses.gained + self.transfers_in + self.carry_in

    def short(self, pools: Pools) -> Floats:
        """Money a pool is short of in a year, added up without rounding; negative with some left.

        Transfers may be far larger than anything a pool has, and cancel.
        """
        uses = self.uses
        care = uses.at_cost, uses.contracts, uses.adjustments, uses.extra_cost, uses.options
        out = *care, uses.exit_fees, uses.withheld, self.funded, self.carry
        into = (pools.amount, uses.option_income, uses.incomes, self.carry_in)
        return self._added_up(pools, out, into)

    def short_every_year(self, pools: Pools) -> Floats:
        """The same of what comes and goes every year."""
        out = self.uses.lasting, self.funded_lasting
        into = pools.lasting, pools.support, self.uses.option_income
        return self._added_up(pools, out, into)

    def _added_up(self, pools: Pools, out: tuple[Floats, ...], into: tuple[Floats, ...]) -> Floats:
        parts = np.stack([*out, *(-x for x in into)])
        found = np.zeros(parts.shape[1:])
        for b, t in np.ndindex(*found.shape):
            given, taken = (self.transfers[side == b, t] for side in (pools.giver, pools.taker))
            terms = [*parts[:, b, t].tolist(), *given.tolist(), *(-taken).tolist()]
            # Where nobody limits what comes in, nothing is short.
            endless = -math.inf in terms and math.inf not in terms
            finite = all(map(math.isfinite, terms))
            found[b, t] = math.fsum(terms) if finite else -math.inf if endless else math.nan
        return found

    def lasting_income(self, pools: Pools) -> Floats:
        """What comes every year, transfers included."""
        return pools.lasting + self.uses.option_income + self.transfers_in

    def underlying(self, pools: Pools) -> Floats:
        """What comes every year less what is spent every year."""
        return self.lasting_income(pools) - self.lasting

    def may_last(self, pools: Pools) -> Floats:
        """What may pay for what is spent every year: support of deficits counts as well."""
        return self.lasting_income(pools) + pools.support


def check_pools(pools: Pools, ledger: Ledger, findings: Findings) -> None:
    """Note overspent pools, and money carried or handed over beyond what is allowed."""
    carry, uses = ledger.carry, ledger.uses
    known = np.where(np.isfinite(pools.amount), pools.amount, 0.0)
    own = known.max(axis=1, initial=0.0)[:, None]
    has = known + pools.opening[:, None] + np.abs(uses.adjustments) + uses.option_income
    rows = (
        (
            "budget",
            ledger.out,
            ledger.income(pools),
            ledger.short(pools),
            has,
            "is overspent by {off}: {value} goes out, {limit} comes in",
        ),
        (
            "carry",
            carry,
            pools.carry_max,
            None,
            has,
            "carries {value} into the next year, {off} above the most allowed, {limit}",
        ),
        (
            "carry",
            -carry,
            -pools.carry_min,
            None,
            has,
            "owes {value} to the next year, {off} above the most allowed, {limit}",
        ),
        (
            "capital",
            uses.capital,
            pools.capital,
            None,
            pools.capital,
            "spends {value} on capital, {off} more than its capital, {limit}",
        ),
        (
            "recurrent",
            ledger.lasting,
            np.where(pools.balanced, ledger.may_last(pools), np.inf),
            np.where(pools.balanced, ledger.short_every_year(pools), -np.inf),
            has,
            "spends {value} that comes back every year, {off} more than comes in every year, "
            "{limit}",
        ),
    )
    subject = Subject("Pool", pools.names.all, pools.settings)
    for kind, value, limit, excess, there, said in rows:
        findings.add(
            kind,
            subject,
            said,
            value=value,
            limit=limit,
            most=True,
            terms=there,
            natural=own,
            excess=excess,
            money=there,
        )
    _check_transfers(pools, ledger.transfers, own, findings)


def _check_transfers(pools: Pools, moved: Floats, own: Floats, findings: Findings) -> None:
    pairs = [f"{giver} to {taker}" for giver, taker in pools.pairs.all]
    subject = Subject("Transfer", pairs, pools.settings)
    between = np.maximum(own[pools.giver], own[pools.taker])
    for value, limit, said in (
        (moved, pools.transfer_max, "is {value}, {off} above the most allowed, {limit}"),
        (-moved, np.zeros_like(moved), "is {off} less than nothing"),
    ):
        findings.add(
            "transfer",
            subject,
            said,
            value=value,
            limit=limit,
            most=True,
            terms=np.minimum(np.abs(moved), pools.transfer_max),
            natural=between,
            money=pools.transfer_max,
        )


def ledger_frame(pools: Pools, ledger: Ledger, years: Ints) -> pd.DataFrame:
    """Pools by year: money in, money out and what is left."""
    uses = ledger.uses
    columns = {
        "amount": blank_where_unlimited(pools.amount),
        "spend": ledger.spend,
        "at_cost": uses.at_cost,
        "contract_payments": uses.contracts,
        "funded": ledger.funded,
        "adjustments": uses.adjustments,
        "extra_cost": uses.extra_cost,
        "option_cost": uses.options,
        "option_income": uses.option_income,
        "incomes": uses.incomes,
        "held_back": uses.withheld,
        "exit_fees": uses.exit_fees,
        "transfers_in": ledger.transfers_in,
        "transfers_out": ledger.transfers_out,
        "carry_in": ledger.carry_in,
        "carry_out": ledger.carry,
        "slack": blank_where_unlimited(ledger.slack(pools)),
        "recurrent_income": blank_where_unlimited(ledger.lasting_income(pools)),
        "recurrent_spend": ledger.lasting,
        "underlying": blank_where_unlimited(ledger.underlying(pools)),
        "support": blank_where_unlimited(pools.support),
        "capital_amount": blank_where_unlimited(pools.capital),
        "capital_spend": uses.capital,
    }
    return frames.by_year({"pool": pools.names.array}, years, columns)


def transfer_frame(pools: Pools, ledger: Ledger, years: Ints) -> pd.DataFrame:
    """Transfers by year: from_pool, to_pool, year, amount."""
    names = {"from_pool": pools.names.array[pools.giver], "to_pool": pools.names.array[pools.taker]}
    return frames.by_year(names, years, {"amount": ledger.transfers})
