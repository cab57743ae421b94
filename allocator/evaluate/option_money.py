"""Money of options: what each costs in a year, who pays it, and what it brings in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.changes import Changes
from allocator.evaluate.options import Course
from allocator.evaluate.tables import Array, Codes, numbers, summed, words

COSTS = ("cost_once", "cost_yearly", "double_running", "cost_exit", "capital")
"""What options cost, in the order of the result table."""


@dataclass(frozen=True)
class OptionMoney:
    """Money of the options of a plan.

    Attributes
    ----------
    course : Course
        How the plan takes them.
    costs : dict of str to numpy.ndarray
        Kind of cost (:data:`COSTS`) to money, shape (option, year).
    income : numpy.ndarray
        Shape (pool, year): money that options bring in.
    """

    course: Course
    costs: dict[str, Array]
    income: Array

    @property
    def _own(self) -> Array:
        """1 for options whose yearly cost their pool pays, shape (option, 1)."""
        alone: Array = (self.course.options.programme < 0)[:, None].astype(float)
        return alone

    def of_programmes(self, size: int) -> Array:
        """Yearly costs that are part of programmes' spend, shape (programme, year)."""
        return _summed(self.course.options.programme, self.costs["cost_yearly"], size)

    def lasting(self, size: int) -> Array:
        """Yearly costs that pools pay directly, shape (pool, year)."""
        return _summed(self.course.options.pool, self._own * self.costs["cost_yearly"], size)

    def revenue(self, size: int) -> Array:
        """All costs but capital that pools pay directly, shape (pool, year)."""
        once = sum(self.costs[c] for c in ("cost_once", "double_running", "cost_exit"))
        return _summed(self.course.options.pool, np.asarray(once), size) + self.lasting(size)

    def capital(self, size: int) -> Array:
        """Capital of options, shape (pool, year)."""
        return _summed(self.course.options.pool, self.costs["capital"], size)


def _summed(code: Codes, figures: Array, size: int) -> Array:
    mine = code >= 0
    return summed(code[mine], figures[mine], size)


def option_money(course: Course, changes: Changes, pools: pd.Index) -> OptionMoney:
    """What the options of a plan cost and bring in, in the prices of the year."""
    options, begun = course.options, course.begun
    since = np.arange(course.taken.shape[1]) - begun
    both = course.taken & (since < np.maximum(options.lead, 1)[:, None])
    when = {
        "cost_once": course.starts.astype(float),
        "cost_yearly": course.in_place,
        "double_running": both.astype(float),
        "cost_exit": course.left.astype(float),
        "capital": course.starts.astype(float),
    }
    costs = {c: numbers(options.table, c)[:, None] * options.growth * when[c] for c in COSTS}
    income = changes.of("income")
    received = income.added(income.targets(pools), len(pools)) * options.growth
    return OptionMoney(course, costs, received)


def option_frame(money: OptionMoney, pools: pd.Index, programmes: pd.Index) -> pd.DataFrame:
    """Options by year, as :attr:`Evaluation.options` describes."""
    course, options = money.course, money.course.options
    count, years = course.taken.shape
    text = {
        "option": options.names.to_numpy(dtype=object),
        "label": np.array(options.labels, dtype=object),
        "group": words(options.table, "group"),
        "pool": np.append(pools.to_numpy(dtype=object), "")[options.pool],
        "programme": np.append(programmes.to_numpy(dtype=object), "")[options.programme],
    }
    said = {c: pd.Series(np.repeat(v, years), dtype="str") for c, v in text.items()}
    return pd.DataFrame(
        {
            **{c: said[c] for c in ("option", "label", "group")},
            "year": np.tile(options.years, count).astype(np.int64),
            "taken": course.taken.ravel(),
            "in_place": course.in_place.ravel(),
            **{c: money.costs[c].ravel() for c in COSTS},
            **{c: said[c] for c in ("pool", "programme")},
        }
    )
