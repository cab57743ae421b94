"""What each pool has and pays for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.data.contracts import Contracts
from allocator.data.funding import Funding
from allocator.data.index import Axis, Index
from allocator.data.money import Money
from allocator.data.options import Options


@dataclass(frozen=True)
class Pools:
    """Rows of the pools; arrays are (pools, years), in money.

    Attributes
    ----------
    rows, capital, recurrent : Index
        (pool, year): all of them, those that programmes or options take capital from, and
        those in which what is spent every year must stay within what comes every year.
    income, recurrent_income : ndarray
        Money to run services, and the part of it that comes every year, less adjustments;
        of the first also what is held back.
    carried : Index
        (pool, year) that may carry money on, or owe it.
    carried_min : ndarray
        Least carried on: what may be owed.
    at_cost, at_cost_capital, at_cost_recurrent : Index
        (pool, year, programme) paid at cost: from revenue, from capital, and that part of
        the first that comes back every year.
    shared, shared_recurrent : Index
        (programme, pool, year) paid by shares, and that part that comes back every year.
    contracts, ends : Index
        (pool, year, contract) of the payments, and of the exit fees.
    """

    rows: Index
    capital: Index
    recurrent: Index
    income: Floats
    recurrent_income: Floats
    carried: Index
    carried_min: Floats
    at_cost: Index
    at_cost_capital: Index
    at_cost_recurrent: Index
    shared: Index
    shared_recurrent: Index
    contracts: Index
    ends: Index


def derive_pools(
    axes: tuple[Axis, Axis, Axis],
    funds: Money,
    who_pays: Funding,
    agreed: Contracts,
    chosen: Options,
    held_back: Floats,
    balanced: bool,
) -> Pools:
    """Find what each pool pays for.

    A programme under a contract, or paid by several pools, stands in a pool through that and
    not at cost.

    Parameters
    ----------
    axes : tuple of Axis
        Programme, year and pool.
    funds, who_pays, agreed, chosen
        Money, funding, contracts and options.
    held_back : ndarray, shape (pools, years)
        Taken off pools until conditions are met.
    balanced : bool
        Whether the instance asks for a recurrent balance.
    """
    programme, year, pool = axes
    rows = Index.product(pool, year)

    def paid(of: Flags) -> Index:
        i, t = np.nonzero(of)
        return Index((pool, year, programme), [funds.payer[i], t, i])

    capital, recurrent = who_pays.capital[:, None], who_pays.recurrent[:, None]
    at_cost = ~(agreed.covered | who_pays.shared)
    builds = np.zeros(funds.amount.shape, dtype=bool)
    builds[funds.payer[who_pays.capital]] = True
    builds[chosen.capital.rows.columns[:2]] = True
    income = funds.amount - who_pays.adjusted - held_back
    income[:, 0] += funds.opening
    least = -funds.overdraw_max
    least[:, -1] = 0.0
    i, _, t = who_pays.rows.columns
    shared = ~agreed.covered[i, t]
    contract, when = agreed.rows.columns
    leaver, first = agreed.ends.columns
    leaves = agreed.payer[agreed.rows.positions(agreed.ends.columns)]
    by_contract = (pool, year, agreed.rows.axes[0])
    return Pools(
        rows=rows,
        capital=rows.take(builds.ravel()),
        recurrent=rows.take(np.full(len(rows), balanced)),
        income=income,
        recurrent_income=funds.every_year - who_pays.adjusted_recurrent,
        carried=rows.take(((funds.carry_max > 0) | (least < 0)).ravel()),
        carried_min=least,
        at_cost=paid(at_cost & ~capital),
        at_cost_capital=paid(at_cost & capital),
        at_cost_recurrent=paid(at_cost & ~capital & recurrent),
        shared=who_pays.rows.take(shared),
        shared_recurrent=who_pays.rows.take(shared & who_pays.recurrent[i]),
        contracts=Index(by_contract, [agreed.payer, when, contract]),
        ends=Index(by_contract, [leaves, first, leaver]),
    )
