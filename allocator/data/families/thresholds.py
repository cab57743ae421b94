"""How far the measures of conditional money have to rise."""

from __future__ import annotations

import numpy as np

from allocator.data.activity import distinct
from allocator.data.parts import Parts


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

    def __init__(self, data: Parts) -> None:
        incomes = data.incomes
        self.least, slides = np.minimum(incomes.least, incomes.threshold), incomes.span > 0
        self.rise = distinct(incomes.threshold - self.least)
        self.steps = incomes.rows.take(~slides)
        self.sliding = incomes.rows.take(slides)
