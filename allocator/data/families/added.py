"""Capacity that may be added."""

from __future__ import annotations

from allocator.data.index import Index
from allocator.data.parts import Parts


class Added:
    """Capacity that may be added at a price.

    Attributes
    ----------
    rows : Index
        (resource, place, year).
    charged : Index
        (pool, year, resource, place): who pays for it.
    """

    def __init__(self, data: Parts) -> None:
        pool, room = data.pool, data.capacity
        more = room.extra_max > 0
        self.rows = rows = room.rows.take(more)
        resource, place, year = rows.axes
        r, p, t = rows.columns
        self.charged = Index((pool, year, resource, place), [room.extra_pool[more], t, r, p])
