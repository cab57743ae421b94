"""Pools of money and what moves between them."""

from __future__ import annotations

from allocator.data.axes import Axes
from allocator.data.index import Index
from allocator.instance.instance import Instance


class Money:
    """Pools by year; arrays are (pools, years).

    Attributes
    ----------
    amount, every_year, capital : ndarray
        Money received to run services, the part of it that comes every year, and capital; inf
        where it is not limited.
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

    def __init__(self, instance: Instance, axes: Axes) -> None:
        budgets = instance.facts.budgets
        _, move, t = instance.facts.by_year("transfers").in_force
        moves = [budgets.giver[move], budgets.taker[move], t]
        self.amount = budgets.revenue
        self.every_year = budgets.recurrent
        self.capital = budgets.capital
        self.carry_max = budgets.carry_max
        self.overdraw_max = budgets.overdraw_max
        self.opening = budgets.opening
        self.transfers = Index((axes.pool, axes.pool, axes.year), moves)
        self.transfer_max = budgets.transfer_max[move, t]
        self.payer = budgets.payer
