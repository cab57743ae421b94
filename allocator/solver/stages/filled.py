"""Column values in which every curve is filled in order."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data import Data
from allocator.solver.program import Program


def refilled(data: Data, program: Program, x: Floats) -> Floats:
    """Column values with every curve's segments filled in order.

    Where a curve buys nothing that counts, the solver may leave segments out of order;
    filling the steeper ones first never lowers an outcome.
    """
    block = program.block("fill")
    if block is None or not len(block):
        return x
    r = data.responses
    owner = r.drivers.positions(r.segments.columns[:2])
    fill = np.maximum(x[block.span], 0.0)
    total = np.bincount(owner, fill, minlength=len(r.drivers))
    before = np.cumsum(r.width) - r.width
    first = np.searchsorted(owner, np.arange(len(r.drivers)))
    first = np.minimum(first, max(0, len(owner) - 1))
    before -= before[first][owner]
    out = x.copy()
    out[block.span] = np.clip(total[owner] - before, 0.0, r.width)
    return out
