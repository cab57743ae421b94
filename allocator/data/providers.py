"""Providers and what they may lose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.axes import Axes
from allocator.data.index import Axis, Index
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Providers:
    """Providers by year.

    Attributes
    ----------
    axis : Axis
        Names of all providers of programmes, contracts and the providers table.
    rows : Index
        (provider, year) of every provider and year.
    other : ndarray
        Other income less other cost, following `rows`.
    deficit_max : ndarray
        Most that may be lost; inf where it is not limited.
    """

    axis: Axis
    rows: Index
    other: Floats
    deficit_max: Floats


def read_providers(instance: Instance, axes: Axes) -> Providers:
    """Extract providers and what they may lose."""
    row, _, t = instance.facts.by_year("providers").in_force
    given = instance.rows["providers"].take(row)
    rows = Index.product(axes.provider, axes.year)
    at = rows.positions([axes.provider.codes(given["provider"].tolist()), t])
    other, deficit = np.zeros(len(rows)), np.full(len(rows), np.inf)
    other[at] = given["other_income"] - given["other_cost"]
    deficit[at] = np.where(np.isnan(given["deficit_max"]), np.inf, given["deficit_max"])
    return Providers(axes.provider, rows, other, deficit)
