"""Limits of activity that are rows, where a bound of its variable does not say it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import ROOM, Activity
from allocator.data.index import Axis, Index
from allocator.data.options import Options


@dataclass(frozen=True)
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

    before: Index
    growth_max: Index
    growth_min: Index
    freed: Floats
    least: Index
    most: Index
    minimum: Floats
    minimum_most: Floats
    first: Index
    scale: Index
    reach: Floats


def derive_limits(axes: tuple[Axis, Axis], doing: Activity, chosen: Options) -> Limits:
    """Find which limits are rows.

    Parameters
    ----------
    axes : tuple of Axis
        Programme and year.
    doing : Activity
    chosen : Options
        What changes limits and closes programmes.
    """
    year = axes[1]
    later = np.arange(1, len(year))
    shape = doing.price.shape
    every = Index.product(*axes)
    more = np.maximum(chosen.limit_min.range(every)[1], 0.0).reshape(shape)
    closed = chosen.closes.range(every)[1].reshape(shape) > 0
    minimum = np.maximum(doing.limit_min, 0.0)
    lower, upper = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    lower[chosen.limit_min.rows.columns[:2]] = True
    upper[chosen.limit_max.rows.columns[:2]] = True
    freed = np.zeros(shape)
    freed[:, 1:] = (1.0 + doing.growth_min[:, 1:]) * doing.hi[:, :-1] * (1.0 + ROOM)
    viable = (doing.start_min > 0) & (doing.start_min > doing.floor)
    return Limits(
        before=Index((year, year), [later, later - 1]),
        growth_max=doing.growth_rows("max", axes),
        growth_min=doing.growth_rows("min", axes),
        freed=freed,
        least=every.take((lower | (closed & (minimum > 0))).ravel()),
        most=every.take((upper & np.isfinite(doing.limit_max)).ravel()),
        minimum=minimum,
        minimum_most=minimum + more,
        first=every.take((closed & (doing.first_min > 0)).ravel()),
        scale=every.take(viable.ravel()),
        reach=doing.hi * (1.0 + ROOM),
    )
