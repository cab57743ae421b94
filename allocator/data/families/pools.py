"""What each pool has and pays for."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags
from allocator.data.index import Index
from allocator.data.stated import Stated


class Pools:
    """Rows of the pools; arrays are (pools, years), in money.

    Attributes
    ----------
    rows, limited, capital, recurrent : Index
        (pool, year): all of them, those whose money is limited, those that programmes or
        options take limited capital from, and those in which what is spent every year must
        stay within what comes every year.
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

    def __init__(self, data: Stated) -> None:
        money, funding, contracts = data.money, data.funding, data.contracts
        programme, year, pool = data.programme, data.year, data.pool
        self.rows = rows = Index.product(pool, year)

        def paid(of: Flags) -> Index:
            i, t = np.nonzero(of)
            return Index((pool, year, programme), [money.payer[i], t, i])

        capital, recurrent = funding.capital[:, None], funding.recurrent[:, None]
        at_cost = ~(contracts.covered | funding.shared)
        builds = np.zeros(money.amount.shape, dtype=bool)
        builds[money.payer[funding.capital]] = True
        builds[data.options.capital.rows.columns[:2]] = True
        self.income = money.amount - funding.adjusted - data.stated_incomes.held_back
        self.income[:, 0] += money.opening
        self.carried_min = least = -money.overdraw_max
        least[:, -1] = 0.0
        i, _, t = funding.rows.columns
        shared = ~contracts.covered[i, t]
        contract, when = contracts.rows.columns
        leaver, first = contracts.ends.columns
        leaves = contracts.payer[contracts.rows.positions(contracts.ends.columns)]
        by_contract = (pool, year, contracts.rows.axes[0])
        self.limited = rows.take(np.isfinite(money.amount).ravel())
        self.capital = rows.take((builds & np.isfinite(money.capital)).ravel())
        steady = np.isfinite(money.every_year) & data.recurrent_balance
        self.recurrent = rows.take(steady.ravel())
        self.recurrent_income = money.every_year - funding.adjusted_recurrent
        self.carried = rows.take(((money.carry_max > 0) | (least < 0)).ravel())
        self.at_cost = paid(at_cost & ~capital)
        self.at_cost_capital = paid(at_cost & capital)
        self.at_cost_recurrent = paid(at_cost & ~capital & recurrent)
        self.shared = funding.rows.take(shared)
        self.shared_recurrent = funding.rows.take(shared & funding.recurrent[i])
        self.contracts = Index(by_contract, [contracts.payer, when, contract])
        self.ends = Index(by_contract, [leaves, first, leaver])
