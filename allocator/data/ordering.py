"""Where response curves must be filled in order, decided from what wants them high or low."""

from __future__ import annotations

import numpy as np

from allocator.data.index import Axis, Index
from allocator.data.responses import Responses
from allocator.data.wanted import Wanted
from allocator.tolerances import ROUNDING


class Ordering:
    """Blocks of segments and the decisions between them.

    Attributes
    ----------
    block : ndarray of int
        Block of each segment within its driver, following ``responses.segments``.
    orders : Index
        (programme, year, block): 1 once every segment up to the block's end is full.
    exact : ndarray of bool, shape (programmes,)
        Programmes whose true curves may break a rule, a threshold or a budget that their
        chords keep: there the chords must meet the curves where the plan lies.
    counted : ndarray of bool, shape (programmes,)
        Programmes with a curve that a rule, a threshold or a bonus rests on.
    """

    def __init__(self, responses: Responses, wanted: Wanted) -> None:
        r, high, low = responses, wanted.outcomes_high, wanted.outcomes_low
        owner, pair, segment = r.owner, r.pair, r.segment
        breaks = np.zeros(len(owner), dtype=bool)  # a break just before the segment
        if len(pair):
            steepest = np.zeros(len(r.rows))
            np.maximum.at(steepest, pair, np.abs(r.slope))
            noise = ROUNDING * steepest[pair[1:]]  # where a curve is flat, its chords are rounding
            together = pair[1:] == pair[:-1]
            rises = together & (r.slope[1:] > r.slope[:-1] + noise)
            falls = together & (r.slope[1:] < r.slope[:-1] - noise)
            wrong = (rises & high[pair[1:]]) | (falls & low[pair[1:]])
            breaks[segment[1:][wrong]] = True
        number = np.cumsum(breaks)
        first = np.searchsorted(owner, np.arange(len(r.drivers)))
        first = np.minimum(first, max(0, len(owner) - 1))
        self.block = block = number - number[first][owner] if len(owner) else number
        at = np.flatnonzero(breaks)
        label = Axis("block", tuple(range(1, int(block.max(initial=0)) + 2)))
        programme, year, _ = r.segments.axes
        columns = [r.segments.columns[0][at], r.segments.columns[1][at], block[at] - 1]
        self.orders = Index((programme, year, label), columns)
        self.exact = wanted.exact
        self.counted = wanted.counted
