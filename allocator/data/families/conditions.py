"""How far the measures of conditional money have to rise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import distinct
from allocator.data.incomes import Incomes
from allocator.data.index import Index


@dataclass(frozen=True)
class Conditions:
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


def derive_conditions(earns: Incomes) -> Conditions:
    """Find how far each measure has to rise."""
    least, slides = np.minimum(earns.least, earns.threshold), earns.span > 0
    rise = distinct(earns.threshold - least)
    return Conditions(least, rise, earns.rows.take(~slides), earns.rows.take(slides))
