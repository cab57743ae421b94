"""Response curves of programmes whose unit cost options change, filled level by level."""

from __future__ import annotations

import numpy as np

from allocator.data.index import Index, numbered
from allocator.data.parts import Parts


class LevelFills:
    """Segments by level.

    Attributes
    ----------
    curved : Index
        (programme, year, level) of the programmes with curves of activity.
    fills : Index
        (programme, year, level, segment).
    split : Index
        (programme, year, segment) that is split by level.
    """

    def __init__(self, data: Parts, by_activity: Index) -> None:
        levels, responses = data.options.prices, data.responses
        self.curved = curved = levels.rows.take(by_activity.find(levels.rows.columns[:2]) >= 0)
        drivers, segments = responses.drivers, responses.segments
        count = np.bincount(responses.owner, None, len(drivers))
        first = np.cumsum(count) - count
        at = drivers.positions(curved.columns[:2])
        owner, step = numbered(count[at])
        number = segments.columns[2][first[at[owner]] + step]
        axes = (*curved.axes, segments.axes[2])
        self.fills = Index(axes, [*(column[owner] for column in curved.columns), number])
        i, t, _, n = self.fills.columns
        self.split = segments.take(np.unique(segments.positions([i, t, n])))
