"""Money of pools as the tables give it: budgets, transfers, funding, adjustments."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.facts.heads import Heads
from allocator.instance.tables.by_year import ByYear
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.selections import Selections


class Budgets:
    """Pools by year, arrays of shape (pools, years).

    Parameters
    ----------
    budgets, transfers : ByYear
        The tables.
    programmes : Rows
        The table.

    Attributes
    ----------
    names : list of str
        Pools, by first row of the budgets table.
    place : dict of str to int
        Position of each.
    payer : ndarray of int, shape (programmes,)
        Pool that each programme names.
    revenue, steady, capital : ndarray
        Money received to run services, the part of it that comes every year, and capital; inf
        where it is not limited.
    recurrent : ndarray
        Money that may pay for what is spent every year: the steady part, and support of deficits.
    carry_max, overdraw_max : ndarray
        Most carried on, most owed on.
    opening : ndarray, shape (pools,)
        Money brought into the first plan year.
    giver, taker : ndarray of int
        Pools of each transfer.
    transfer_max : ndarray, shape (transfers, years)
        Most it may move; 0 where there is none.
    """

    def __init__(self, budgets: ByYear, transfers: ByYear, programmes: Rows) -> None:
        rows = budgets.rows
        self.names: list[str] = list(dict.fromkeys(rows["pool"].tolist()))
        self.place = {pool: b for b, pool in enumerate(self.names)}
        self.payer = self.places(programmes["pool"].tolist())
        shape = (len(self.names), budgets.index.shape[1])
        row, _, t = budgets.in_force
        b, kind = self.places(rows["pool"].tolist())[row], rows["kind"][row]
        revenue, lasting = kind != "capital", np.isin(kind, ("recurrent", "grant"))

        def total(column: str, some: Flags) -> Floats:
            found, each = np.zeros(shape), rows[column][row[some]]
            np.add.at(found, (b[some], t[some]), np.where(np.isnan(each), np.inf, each))
            return found

        self.revenue, self.capital = total("amount", revenue), total("amount", ~revenue)
        self.steady = total("amount", lasting)
        self.recurrent = self.steady + total("amount", kind == "support")
        self.carry_max = total("carry_max", revenue)
        self.overdraw_max = total("overdraw_max", revenue)
        self.opening: Floats = total("opening", revenue)[:, 0]
        self.giver, self.taker = (
            self.places([key[end] for key in transfers.keys]) for end in (0, 1)
        )
        self.transfer_max = transfers.values("max", 0.0)

    def places(self, pools: list[str]) -> Ints:
        """Positions of some pools; -1 for a blank one."""
        return np.array([self.place[pool] if pool else -1 for pool in pools], dtype=np.int64)


class Funding:
    """Programmes paid from several pools.

    Parameters
    ----------
    funding : ByYear
        The table.
    rank, place : dict of str to int
        Positions of programmes and pools.

    Attributes
    ----------
    programme, pool : ndarray of int
        Programme and pool of each share.
    there : ndarray of bool, shape (shares, years)
        Where a row holds.
    share_min, share_max : ndarray, shape (shares, years)
        Shares of the programme's cost; 0 where no row holds.
    shared : ndarray of bool, shape (programmes, years)
        Programme-years that are paid from several pools.
    """

    def __init__(self, funding: ByYear, rank: dict[str, int], place: dict[str, int]) -> None:
        self.programme = np.array([rank[name] for name, _ in funding.keys], dtype=np.int64)
        self.pool = np.array([place[pool] for _, pool in funding.keys], dtype=np.int64)
        self.there: Flags = funding.index >= 0
        self.share_min, self.share_max = (
            funding.values(c, 0.0) for c in ("share_min", "share_max")
        )
        self.shared = np.zeros((len(rank), self.there.shape[1]), dtype=bool)
        np.logical_or.at(self.shared, self.programme, self.there)


class Adjustments:
    """Money that is no programme, arrays of shape (pools, years).

    Parameters
    ----------
    adjustments : ByYear
        The table.
    spend : ndarray, shape (programmes,)
        Base-year spend, by which a selection's items are shared out.
    selections : Selections
        Members of every selection.
    budgets : Budgets
        The pools.

    Attributes
    ----------
    revenue, recurrent : ndarray
        Net money that adjustments take, and the part of it that comes every year.
    paid : dict of str to ndarray, shape (years,)
        The part that providers are paid, by provider.
    """

    def __init__(
        self, adjustments: ByYear, spend: Floats, selections: Selections, budgets: Budgets
    ) -> None:
        rows, pools = adjustments.rows, len(budgets.names)
        self.revenue = np.zeros((pools, adjustments.index.shape[1]))
        self.recurrent = np.zeros_like(self.revenue)
        self.paid: dict[str, Floats] = {}
        sign = np.where(rows["kind"] == "efficiency", -1.0, 1.0)
        amount = sign * (rows["amount"] * rows["delivery"])
        for row, _, t in zip(*(part.tolist() for part in adjustments.in_force), strict=True):
            if rows["pool"][row]:
                share = np.zeros(pools)
                share[budgets.place[rows["pool"][row]]] = 1.0
            else:
                members, counted = selections.counted(rows["selection"][row])
                weight = counted * spend[members]
                share = np.bincount(budgets.payer[members], weight, pools) / weight.sum()
            self.revenue[:, t] += amount[row] * share
            if rows["recurrent"][row]:
                self.recurrent[:, t] += amount[row] * share
            if rows["provider"][row]:
                none = np.zeros(self.revenue.shape[1])
                self.paid.setdefault(rows["provider"][row], none)[t] += amount[row]


class Conditional:
    """Conditional money by row of the incomes table that holds in a year.

    Parameters
    ----------
    incomes : ByYear
        The table.
    budgets : Budgets
        The pools.
    heads : Heads
        People by place.

    Attributes
    ----------
    row, year : ndarray of int
        Row of the table and year measured, by condition.
    pool : ndarray of int
        Pool that receives it.
    amount : ndarray
        Money earned when all of it is.
    received : ndarray of int
        Year in which it is received, which may lie beyond the plan.
    held_back, earned : ndarray, shape (pools, years)
        Money taken off pools whatever is earned; most that can be earned.
    """

    def __init__(self, incomes: ByYear, budgets: Budgets, heads: Heads) -> None:
        rows, shape = incomes.rows, budgets.revenue.shape
        self.row, _, self.year = incomes.in_force
        self.pool: Ints = budgets.places(rows["pool"].tolist())[self.row]
        basis = rows["basis"][self.row]
        off = basis == "held_back"
        steady = budgets.steady[self.pool, self.year]
        size = np.where(basis == "per_head", heads.total[self.year], np.where(off, steady, 1.0))
        self.amount: Floats = rows["amount"][self.row] * rows["share"][self.row] * size
        self.received: Ints = self.year + rows["lag"][self.row]
        self.held_back, self.earned = np.zeros(shape), np.zeros(shape)
        np.add.at(self.held_back, (self.pool[off], self.year[off]), self.amount[off])
        within = self.received < shape[1]
        where = self.pool[within], self.received[within]
        np.add.at(self.earned, where, self.amount[within])
