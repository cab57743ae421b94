"""Money of options: what each costs in a year, who pays it, and what it brings in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats
from allocator.evaluate import frames
from allocator.evaluate.changes import Change
from allocator.evaluate.options import COSTS, Course
from allocator.evaluate.tables import Names, pick, summed

KINDS = COSTS
"""Kinds of money options cost, in the order of the result table."""


@dataclass(frozen=True)
class OptionMoney:
    """Money of the options of a plan.

    Attributes
    ----------
    course : Course
        How the plan takes them.
    costs : dict of str to numpy.ndarray
        Kind of money (:data:`KINDS`) to its amount, shape (option, year).
    income : numpy.ndarray
        Shape (pool, year): money that options bring in.
    """

    course: Course
    costs: dict[str, Floats]
    income: Floats

    def of_programmes(self, yearly: Floats, size: int) -> Floats:
        """Yearly costs that are part of programmes' spend, shape (programme, year)."""
        return summed(self.course.options.programme, yearly, size)

    def direct(self, yearly: Floats) -> Floats:
        """Yearly costs that pools pay directly, shape (option, year)."""
        alone = self.course.options.programme < 0
        return np.where(alone[:, None], yearly, 0.0)

    @property
    def lasting(self) -> Floats:
        """Yearly costs that pools pay directly, shape (pool, year)."""
        return self._by_pool(self.direct(self.costs["cost_yearly"]))

    @property
    def revenue(self) -> Floats:
        """All costs but capital that pools pay directly, shape (pool, year)."""
        once = self.costs["cost_once"] + self.costs["double_running"] + self.costs["cost_exit"]
        return self._by_pool(once) + self.lasting

    @property
    def capital(self) -> Floats:
        """Capital of options, shape (pool, year)."""
        return self._by_pool(self.costs["capital"])

    def _by_pool(self, figures: Floats) -> Floats:
        return summed(self.course.options.pool, figures, len(self.income))


def option_money(course: Course, income: Change, pools: Names) -> OptionMoney:
    """What the options of a plan cost and bring in, in the prices of the year.

    Parameters
    ----------
    course : Course
        How the plan takes them.
    income : Change
        What they bring in.
    pools : Names
        The pools.
    """
    options = course.options
    since = np.arange(course.taken.shape[1]) - course.begun
    both = course.taken & (since < np.maximum(options.lead, 1)[:, None])
    when: dict[str, Flags | Floats] = {
        "cost_once": course.starts,
        "cost_yearly": course.in_place,
        "double_running": both,
        "cost_exit": course.left,
        "capital": course.starts,
    }
    costs = {kind: options.rows[kind][:, None] * options.growth * when[kind] for kind in KINDS}
    return OptionMoney(course, costs, income.added(len(pools)) * options.growth)


def option_frame(money: OptionMoney, pools: Names, programmes: Names) -> pd.DataFrame:
    """Options by year, as :attr:`Evaluation.options` describes."""
    course, options = money.course, money.course.options
    names = {
        "option": options.names.array,
        "label": np.array(options.labels, dtype=object),
        "group": options.rows["group"],
    }
    columns = {
        "taken": course.taken,
        "in_place": course.in_place,
        **money.costs,
        "pool": pick(pools.array, options.pool, ""),
        "programme": pick(programmes.array, options.programme, ""),
    }
    return frames.by_year(names, options.years, columns)
