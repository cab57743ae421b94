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
    row, _, t = instance.facts.by_year("capacity").in_force
    table = instance.rows["capacity"].take(row)
    homes: list[str] = instance.rows["programmes"]["place"].tolist()
    resource = Axis("resource", tuple(dict.fromkeys(table["resource"].tolist())))
    place = Axis("place", tuple(dict.fromkeys(["", *table["place"].tolist(), *homes])))
    what, where = (axis.codes(table[axis.name].tolist()) for axis in (resource, place))
    rows = Index((resource, place, axes.year), [what, where, t])

    used = instance.rows["use"]
    used = used.take(used["per_unit"] > 0)
    user = axes.programme.codes(used["programme"].tolist())
    pair_row, pair_use = _users(
        rows,
        resource.find(used["resource"].tolist()),
        place.codes(homes)[user],
        place.position[""],
    )
    use_rows = Index(
        (*rows.axes, axes.programme), [*(c[pair_row] for c in rows.columns), user[pair_use]]
    )
    return Capacity(
        rows,
        table["amount"],
        table["extra_max"],
        table["extra_cost"] * instance.facts.prices.index[t],
        axes.pool.find(table["extra_pool"].tolist()),
        use_rows,
        used["per_unit"][pair_use],
    )


def _users(rows: Index, used: Ints, home: Ints, everywhere: int) -> tuple[Ints, Ints]:
    """Pairs of capacity row and use: of the programme's place, and of every place."""
    known = np.flatnonzero(used >= 0)
    local = known[home[known] != everywhere]
    use = np.concatenate([known, local])
    at_place = np.concatenate([np.full(len(known), everywhere), home[local]])
    years = len(rows.axes[2])
    pair_use, t = np.repeat(use, years), np.tile(np.arange(years), len(use))
    pair_row = rows.find([used[pair_use], np.repeat(at_place, years), t])
    pair_row, pair_use = pair_row[pair_row >= 0], pair_use[pair_row >= 0]
    order = np.lexsort((pair_use, pair_row))
    return pair_row[order], pair_use[order]
