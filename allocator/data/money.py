"""Pools of money and what moves between them."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.arrays import Floats, Ints
from allocator.data.axes import Axes
from allocator.data.index import Index
from allocator.instance.instance import Instance


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

    amount: Floats
    every_year: Floats
    capital: Floats
    carry_max: Floats
    overdraw_max: Floats
    opening: Floats
    transfers: Index
    transfer_max: Floats
    payer: Ints


def read_money(instance: Instance, axes: Axes) -> Money:
    """Extract pools and transfers."""
    budgets = instance.facts.budgets
    _, move, t = instance.facts.by_year("transfers").in_force
    moves = [budgets.giver[move], budgets.taker[move], t]
    return Money(
        budgets.revenue,
        budgets.recurrent,
        budgets.capital,
        budgets.carry_max,
        budgets.overdraw_max,
        budgets.opening,
        Index((axes.pool, axes.pool, axes.year), moves),
        budgets.transfer_max[move, t],
        budgets.payer,
    )
