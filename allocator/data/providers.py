"""Providers and what they may lose."""

from __future__ import annotations

import numpy as np

from allocator.data.axes import Axes
from allocator.data.index import Index
from allocator.instance.instance import Instance


class Providers:
    """Providers by year.

    Attributes
    ----------
    axis : Axis
        Names of all providers of programmes, contracts, options and the providers table.
    rows : Index
        (provider, year) of every provider and year.
    other : ndarray
        Other income, adjustments it is paid included, less other cost, following `rows`.
    deficit_max : ndarray
        Most that may be lost; inf where it is not limited.
    """

    def __init__(self, instance: Instance, axes: Axes) -> None:
        row, _, t = instance.facts.by_year("providers").in_force
        given = instance.rows["providers"].take(row)
        self.rows = rows = Index.product(axes.provider, axes.year)
        at = rows.positions([axes.provider.codes(given["provider"].tolist()), t])
        self.other, self.deficit_max = np.zeros(len(rows)), np.full(len(rows), np.inf)
        self.other[at] = given["other_income"] - given["other_cost"]
        self.deficit_max[at] = np.where(
            np.isnan(given["deficit_max"]), np.inf, given["deficit_max"]
        )
        for name, amount in instance.facts.adjustments.paid.items():
            self.other[rows.columns[0] == axes.provider.codes([name])[0]] += amount
        self.axis = axes.provider
