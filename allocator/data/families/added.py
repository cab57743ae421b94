"""Capacity that may be added."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.data.capacity import Capacity
from allocator.data.index import Axis, Index


@dataclass(frozen=True)
class Added:
    """Capacity that may be added at a price.

    Attributes
    ----------
    rows : Index
        (resource, place, year).
    charged : Index
        (pool, year, resource, place): who pays for it.
    """

    rows: Index
    charged: Index


def read_added(pool: Axis, room: Capacity) -> Added:
    """Find what may be added, and who pays for it."""
    more = room.extra_max > 0
    rows = room.rows.take(more)
    resource, place, year = rows.axes
    r, p, t = rows.columns
    charged = Index((pool, year, resource, place), [room.extra_pool[more], t, r, p])
    return Added(rows, charged)
