"""Resources of places, and what activity needs of them."""

from __future__ import annotations

import numpy as np

from allocator.data.axes import Axes
from allocator.data.index import Axis, Index
from allocator.instance.instance import Instance


class Capacity:
    """Resources by place and year.

    Attributes
    ----------
    rows : Index
        (resource, place, year) of what is limited; place "" is everywhere.
    amount, extra_max, extra_price : ndarray
        Available, most that may be added, and what a unit added costs in the year.
    extra_pool : ndarray of int
        Pool charged for what is added; -1 for none.
    added : Index
        (resource, place, year) where some may be added.
    charged : Index
        (pool, year, resource, place) of these: who pays.
    use_rows : Index
        (resource, place, year, programme).
    use : ndarray
        Resource per unit of activity.
    """

    def __init__(self, instance: Instance, axes: Axes) -> None:
        found, by_year = instance.facts.capacity, instance.facts.by_year("capacity")
        _, group, t = by_year.in_force
        limited = np.isfinite(found.amount[group, t])
        group, t = group[limited], t[limited]
        resource = Axis("resource", tuple(dict.fromkeys(name for name, _ in found.keys)))
        place = Axis("place", tuple(dict.fromkeys(["", *(home for _, home in found.keys)])))
        what = resource.codes([name for name, _ in found.keys])[group]
        where = place.codes([home for _, home in found.keys])[group]
        self.rows = rows = Index((resource, place, axes.year), [what, where, t])

        position = np.full(by_year.index.shape, -1)
        position[group, t] = np.arange(len(rows))
        entry, year = np.nonzero(position[found.group] >= 0)
        row = position[found.group[entry], year]
        order = np.lexsort((entry, row))
        entry, row = entry[order], row[order]
        columns = [*(column[row] for column in rows.columns), found.programme[entry]]
        self.amount = found.amount[group, t]
        self.extra_max = found.extra_max[group, t]
        self.extra_price = found.extra_price[group, t]
        self.extra_pool = axes.pool.find(found.extra_pool[group, t].tolist())
        self.added = rows.take(self.extra_max > 0)
        r, p, t = self.added.columns
        payer = self.extra_pool[self.extra_max > 0]
        self.charged = Index((axes.pool, axes.year, resource, place), [payer, t, r, p])
        self.use_rows = Index((*rows.axes, axes.programme), columns)
        self.use = found.per_unit[entry]
