"""Response curves of programmes whose unit cost options change, filled level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.data.index import Index
from allocator.data.responses import Responses
from allocator.data.runs import Levels


@dataclass(frozen=True)
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

    curved: Index
    fills: Index
    split: Index


def read_level_fills(levels: Levels, responses: Responses, by_activity: Index) -> LevelFills:
    """Give each level the segments of its programme.

    Parameters
    ----------
    levels : Levels
        Unit costs by level, over (programme, year).
    responses : Responses
    by_activity : Index
        (programme, year) of the curves that follow activity.
    """
    curved = levels.rows.take(by_activity.find(levels.rows.columns[:2]) >= 0)
    drivers, segments = responses.drivers, responses.segments
    count = np.bincount(drivers.positions(segments.columns[:2]), None, len(drivers))
    first = np.cumsum(count) - count
    at = drivers.positions(curved.columns[:2])
    owner = np.repeat(np.arange(len(curved)), count[at])
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count[at]) - count[at], count[at])
    number = segments.columns[2][first[at[owner]] + step]
    axes = (*curved.axes, segments.axes[2])
    fills = Index(axes, [*(column[owner] for column in curved.columns), number])
    i, t, _, n = fills.columns
    split = segments.take(np.unique(segments.positions([i, t, n])))
    return LevelFills(curved, fills, split)
