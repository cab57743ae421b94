"""What options in place change: limits, need, outcomes, costs, capacity, income, contracts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.options import Course
from allocator.evaluate.tables import (
    Array,
    Codes,
    Flags,
    Programmes,
    numbers,
    positions,
    words,
)
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Changes:
    """Effects of options under a plan.

    Attributes
    ----------
    table : pandas.DataFrame
        Rows of ``option_effects``.
    share : numpy.ndarray
        Shape (row, year): share with which each is felt.
    """

    table: pd.DataFrame
    share: Array

    def of(self, measure: str) -> Changes:
        """Those of one measure."""
        mine = np.flatnonzero(words(self.table, "measure") == measure)
        return Changes(self.table.iloc[mine].reset_index(drop=True), self.share[mine])

    def targets(self, names: pd.Index) -> Codes:
        """Positions of what they act on."""
        return positions(names, self.table, "option_effects", "target")

    def where(self, names: pd.Index, size: int) -> Flags:
        """Where any of them is felt, shape (size, year); a target that is not there is left."""
        at = names.get_indexer(pd.Index(self.table["target"]))
        felt = np.zeros((size, self.share.shape[1]), dtype=bool)
        np.logical_or.at(felt, at[at >= 0], self.share[at >= 0] > 0)
        return felt

    def factor(self, target: Codes, size: int) -> Array:
        """What figures are multiplied by, shape (size, year)."""
        mine = words(self.table, "operation") == "multiply"
        times = 1.0 + (numbers(self.table, "value")[:, None] - 1.0) * self.share
        factor = np.ones((size, self.share.shape[1]))
        np.multiply.at(factor, target[mine], times[mine])
        return factor

    def added(self, target: Codes, size: int) -> Array:
        """What is added to figures, shape (size, year)."""
        mine = words(self.table, "operation") == "add"
        more = numbers(self.table, "value")[:, None] * self.share
        added = np.zeros((size, self.share.shape[1]))
        np.add.at(added, target[mine], more[mine])
        return added

    def apply(self, figures: Array, target: Codes) -> Array:
        """Figures multiplied and then added to; what is not limited stays so.

        Parameters
        ----------
        figures : numpy.ndarray
            Shape (figure, year).
        target : numpy.ndarray
            Position of the figure that each row acts on.
        """
        factor, added = self.factor(target, len(figures)), self.added(target, len(figures))
        finite = np.isfinite(figures)
        changed: Array = np.where(finite, np.where(finite, figures, 0.0) * factor + added, figures)
        return changed


def read_changes(instance: Instance, course: Course) -> Changes:
    """Effects in the rows of the table, felt as a plan takes their options."""
    table = instance.option_effects
    option = positions(course.options.names, table, "option_effects", "option")
    return Changes(table, course.felt(option, table["delay"].to_numpy(dtype=np.intp)))


def unit_cost_change(changes: Changes, programmes: Programmes) -> Array:
    """What options add to the cost of a unit of activity, shape (programme, year)."""
    mine = changes.of("unit_cost")
    target = mine.targets(programmes.names)
    value = numbers(mine.table, "value")[:, None]
    multiplies = (words(mine.table, "operation") == "multiply")[:, None]
    each = np.where(
        multiplies, programmes.price[target] * (value - 1.0), programmes.growth[target] * value
    )
    change = np.zeros(programmes.shape)
    np.add.at(change, target, each * mine.share)
    return change


def surcharge(programmes: Programmes, activity: Array, changes: Changes, yearly: Array) -> Array:
    """Cost of activity beyond its plain unit cost, shape (programme, year); may be negative.

    Parameters
    ----------
    programmes : Programmes
        Prices, and the activity above which units cost more or less.
    activity : numpy.ndarray
        Shape (programme, year).
    changes : Changes
        Effects of options on unit costs.
    yearly : numpy.ndarray
        Shape (programme, year): yearly costs of options that are part of programmes.
    """
    table = programmes.table
    over = np.fmax(activity - numbers(table, "cost_threshold")[:, None], 0.0)
    dearer = programmes.price * (numbers(table, "cost_above")[:, None] - 1.0) * over
    return dearer + unit_cost_change(changes, programmes) * activity + yearly
