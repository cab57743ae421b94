"""Resources of places, and what activity needs of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.axes import Axes
from allocator.data.index import Axis, Index
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Capacity:
    """Resources by place and year.

    Attributes
    ----------
    rows : Index
        (resource, place, year); place "" is everywhere.
    amount, extra_max, extra_price : ndarray
        Available, most that may be added, and what a unit added costs in the year.
    extra_pool : ndarray of int
        Pool charged for what is added; -1 for none.
    use_rows : Index
        (resource, place, year, programme).
    use : ndarray
        Resource per unit of activity.
    """

    rows: Index
    amount: Floats
    extra_max: Floats
    extra_price: Floats
    extra_pool: Ints
    use_rows: Index
    use: Floats


def read_capacity(instance: Instance, axes: Axes) -> Capacity:
    """Extract capacity and what activity uses of it."""
    found, by_year = instance.facts.capacity, instance.facts.by_year("capacity")
    _, group, t = by_year.in_force
    resource = Axis("resource", tuple(dict.fromkeys(name for name, _ in found.keys)))
    place = Axis("place", tuple(dict.fromkeys(["", *(home for _, home in found.keys)])))
    what = resource.codes([name for name, _ in found.keys])[group]
    where = place.codes([home for _, home in found.keys])[group]
    rows = Index((resource, place, axes.year), [what, where, t])

    position = np.full(by_year.index.shape, -1)
    position[group, t] = np.arange(len(rows))
    entry, year = np.nonzero(by_year.there[found.group])
    row = position[found.group[entry], year]
    order = np.lexsort((entry, row))
    entry, row = entry[order], row[order]
    columns = [*(column[row] for column in rows.columns), found.programme[entry]]
    return Capacity(
        rows,
        found.amount[group, t],
        found.extra_max[group, t],
        found.extra_price[group, t],
        axes.pool.find(found.extra_pool[group, t].tolist()),
        Index((*rows.axes, axes.programme), columns),
        found.per_unit[entry],
    )
