"""Limits of activity that are rows, where a bound of its variable does not say it."""

from __future__ import annotations

import numpy as np

from allocator.data.index import Index
from allocator.data.stated import Stated
from allocator.tolerances import ROOM


class Limits:
    """Rows that limit activity; arrays are (programmes, years), in units of activity.

    Attributes
    ----------
    before : Index
        (year, year before) of every year after the first.
    growth_max, growth_min : Index
        (programme, year) after the first whose growth is limited.
    freed : ndarray
        The most that `growth_min` asks for: what closing the programme frees.
    least, most : Index
        (programme, year) whose least or most activity an option changes; also, in `least`,
        where one may close a programme that has a minimum.
    minimum, minimum_most : ndarray
        Least activity without options, and the most that options make of it.
    first : Index
        (programme, year) that must grow from the baseline, and that an option may close.
    scale : Index
        (programme, year) with a minimum viable scale above what must be done anyway.
    reach : ndarray
        Most activity that can be reached, and a little more.
    """

    def __init__(self, data: Stated) -> None:
        every, activity, options = data.programme_years, data.activity, data.options
        year = every.axes[1]
        later = np.arange(1, len(year))
        shape = activity.price.shape
        more = np.maximum(options.limit_min.range(every)[1], 0.0).reshape(shape)
        closed = options.closes.range(every)[1].reshape(shape) > 0
        self.minimum = minimum = np.maximum(activity.limit_min, 0.0)
        lower, upper = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        lower[options.limit_min.rows.columns[:2]] = True
        upper[options.limit_max.rows.columns[:2]] = True
        self.freed = np.zeros(shape)
        self.freed[:, 1:] = (1.0 + activity.growth_min[:, 1:]) * activity.hi[:, :-1] * (1.0 + ROOM)
        viable = (activity.start_min > 0) & (activity.start_min > activity.floor)
        self.before = Index((year, year), [later, later - 1])
        self.growth_max = activity.growth_rows("max", every.axes)
        self.growth_min = activity.growth_rows("min", every.axes)
        self.least = every.take((lower | (closed & (minimum > 0))).ravel())
        self.most = every.take((upper & np.isfinite(activity.limit_max)).ravel())
        self.minimum_most = minimum + more
        self.first = every.take((closed & (activity.first_min > 0)).ravel())
        self.scale = every.take(viable.ravel())
        self.reach = activity.hi * (1.0 + ROOM)
