"""How far the measures of conditional money have to rise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import distinct
from allocator.data.incomes import Incomes
from allocator.data.index import Index


@dataclass(frozen=True)
class Thresholds:
    """Rows of conditional money.

    Attributes
    ----------
    least, rise : ndarray
        Least that a measure can be, and from there to its threshold, in the measure's unit;
        following ``incomes.rows``.
    steps, sliding : Index
        (condition, year) that earns all at once, and that earns by degrees.
    """

    least: Floats
    rise: Floats
    steps: Index
    sliding: Index


def read_thresholds(incomes: Incomes) -> Thresholds:
    """Find how far each measure has to rise."""
    least, slides = np.minimum(incomes.least, incomes.threshold), incomes.span > 0
    rise = distinct(incomes.threshold - least)
    return Thresholds(least, rise, incomes.rows.take(~slides), incomes.rows.take(slides))
