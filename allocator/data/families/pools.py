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


def read_pools(
    axes: tuple[Axis, Axis, Axis],
    money: Money,
    funding: Funding,
    contracts: Contracts,
    options: Options,
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
    money, funding, contracts, options
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
        return Index((pool, year, programme), [money.payer[i], t, i])

    capital, recurrent = funding.capital[:, None], funding.recurrent[:, None]
    at_cost = ~(contracts.covered | funding.shared)
    builds = np.zeros(money.amount.shape, dtype=bool)
    builds[money.payer[funding.capital]] = True
    builds[options.capital.rows.columns[:2]] = True
    income = money.amount - funding.adjusted - held_back
    income[:, 0] += money.opening
    least = -money.overdraw_max
    least[:, -1] = 0.0
    i, _, t = funding.rows.columns
    shared = ~contracts.covered[i, t]
    contract, when = contracts.rows.columns
    leaver, first = contracts.ends.columns
    leaves = contracts.payer[contracts.rows.positions(contracts.ends.columns)]
    by_contract = (pool, year, contracts.rows.axes[0])
    return Pools(
        rows=rows,
        capital=rows.take(builds.ravel()),
        recurrent=rows.take(np.full(len(rows), balanced)),
        income=income,
        recurrent_income=money.every_year - funding.adjusted_recurrent,
        carried=rows.take(((money.carry_max > 0) | (least < 0)).ravel()),
        carried_min=least,
        at_cost=paid(at_cost & ~capital),
        at_cost_capital=paid(at_cost & capital),
        at_cost_recurrent=paid(at_cost & ~capital & recurrent),
        shared=funding.rows.take(shared),
        shared_recurrent=funding.rows.take(shared & funding.recurrent[i]),
        contracts=Index(by_contract, [contracts.payer, when, contract]),
        ends=Index(by_contract, [leaves, first, leaver]),
    )
