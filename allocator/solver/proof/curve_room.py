"""What the true curves could add to a bound that was proved on their chords.

The bound of a linear programme prices everything a segment needs; what a driver adds to it
is the most its chords are worth at that price. On the true curve the same driver could add
a little more. Along each segment the curve rises above its chord by at most the segment's
gap, so the most it can add is found segment by segment, at the prices of the optimum. This
is far tighter than adding up the worst gap of every curve, and as safe.
"""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data import Data
from allocator.solver.program import Program
from allocator.tolerances import CURVED


def curve_room(data: Data, program: Program, row_dual: Floats) -> float:
    """Most by which the best plan on the true curves can beat the bound on the chords.

    Parameters
    ----------
    data : Data
    program : Program
        The programme the duals belong to; it maximises.
    row_dual : ndarray, shape (rows,)
        The duals the bound was computed from.

    Returns
    -------
    float
        In units of the objective; 0.0 when every curve is made of straight lines.
    """
    r = data.responses
    fill = program.block("fill")
    if fill is None or not len(fill):
        return 0.0
    worth = _worth(data, program, row_dual)
    gap = np.bincount(r.segment, np.maximum(worth[r.pair], 0.0) * r.gap, minlength=len(r.segments))

    columns = program.matrix.T.tocsr()[fill.span]
    gain = (program.cost[fill.span] - columns @ row_dual) * r.width
    driver = r.owner
    first = np.searchsorted(driver, np.arange(len(r.drivers)))
    first = np.minimum(first, len(driver) - 1)
    after = np.cumsum(gain)
    before = after - gain
    start = before[first][driver]
    height = np.maximum(before, after) - start
    on_chords, on_curves = np.zeros(len(r.drivers)), np.zeros(len(r.drivers))
    np.maximum.at(on_chords, driver, height)
    np.maximum.at(on_curves, driver, height + gap)
    return float(np.sum(on_curves - on_chords)) * (1.0 + CURVED)


def _worth(data: Data, program: Program, row_dual: Floats) -> Floats:
    """Value of a unit of each response's outcome: in the objective and to the rules."""
    r, rules = data.responses, data.rules
    worth = r.value.copy()
    terms = rules.outcome
    if not len(terms.rows):
        return worth
    price = np.zeros(len(rules.rows))
    for sense in ("min", "max", "equal"):
        block = program.block(f"rule_{sense}")
        if block is not None and block.index is not None:
            price[rules.rows.positions(block.index.columns)] = row_dual[block.span]
    at = rules.rows.positions(terms.rows.columns[:2])
    np.add.at(worth, r.rows.positions(terms.rows.columns[2:]), -price[at] * terms.coefficient)
    return worth
