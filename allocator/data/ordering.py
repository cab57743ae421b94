"""Where response curves must be filled in order, decided from what wants them high or low."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from allocator.data.index import Axis, Codes, Index

if TYPE_CHECKING:
    from allocator.data.data import Data

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ordering:
    """Blocks of segments and the decisions between them.

    Attributes
    ----------
    block : ndarray of int
        Block of each segment within its driver, following ``responses.segments``.
    orders : Index
        (programme, year, block): 1 once every segment up to the block's end is full.
    counted : ndarray of bool, shape (programmes,)
        Programmes with a curve that a rule, a threshold or a bonus rests on.
    exact : ndarray of bool, shape (programmes,)
        Programmes whose true curves may break a rule, a threshold or a budget that their
        chords keep: there the chords must meet the curves where the plan lies.
    """

    block: Codes
    orders: Index
    exact: Flags
    counted: Flags


def ordering(data: Data) -> Ordering:
    """Find the breakpoints at which a plan could gain from filling out of order.

    A curve that steepens is filled from its far end by a plan that wants its outcome high,
    one that flattens by a plan that wants it low. Only there is a decision needed.
    """
    r = data.responses
    up, down, exact, counted = _wanted(data)
    owner = r.drivers.positions(r.segments.columns[:2])
    breaks = np.zeros(len(owner), dtype=bool)  # a break just before the segment
    pair = r.rows.positions(r.slope_rows.columns[:3])
    segment = r.segments.positions(r.slope_rows.columns[1:])
    if len(pair):
        steepest = np.zeros(len(r.rows))
        np.maximum.at(steepest, pair, np.abs(r.slope))
        noise = 1e-9 * steepest[pair[1:]]  # where a curve is flat, its chords are rounding
        together = pair[1:] == pair[:-1]
        rises = together & (r.slope[1:] > r.slope[:-1] + noise)
        falls = together & (r.slope[1:] < r.slope[:-1] - noise)
        wrong = (rises & up[pair[1:]]) | (falls & down[pair[1:]])
        breaks[segment[1:][wrong]] = True
    number = np.cumsum(breaks)
    first = np.searchsorted(owner, np.arange(len(r.drivers)))
    first = np.minimum(first, max(0, len(owner) - 1))
    block = number - number[first][owner] if len(owner) else number
    at = np.flatnonzero(breaks)
    label = Axis("block", tuple(range(1, int(block.max(initial=0)) + 2)))
    programme, year, _ = r.segments.axes
    columns = [r.segments.columns[0][at], r.segments.columns[1][at], block[at] - 1]
    return Ordering(block, Index((programme, year, label), columns), exact, counted)


def _wanted(data: Data) -> tuple[Flags, Flags, Flags, Flags]:
    """Response rows something wants high or low; programmes exact, and counted."""
    r, rules, incomes, c = data.responses, data.rules, data.incomes, data.contracts
    up, down = r.value > 0, r.value < 0
    exact = np.zeros(len(data.programme), dtype=bool)
    gap, over = r.worst(r.gap) > 0, r.worst(r.over) > 0
    curved = gap | over
    counted = np.zeros(len(data.programme), dtype=bool)
    terms = rules.outcome
    which = r.rows.positions(terms.rows.columns[2:])
    sense = rules.sense[rules.rows.positions(terms.rows.columns[:2])]
    helps = (sense == "min") == (terms.coefficient > 0)
    up[which[helps | (sense == "equal")]] = True
    down[which[~helps | (sense == "equal")]] = True
    missed = np.where(sense == "equal", curved[which], np.where(helps, over[which], gap[which]))
    exact[r.rows.columns[1][which[missed]]] = True
    counted[r.rows.columns[1][which[curved[which]]]] = True

    terms = incomes.outcome
    which = r.rows.positions(terms.rows.columns[2:])
    helps = terms.coefficient > 0
    up[which[helps]] = True
    down[which[~helps]] = True
    missed = np.where(helps, over[which], gap[which])
    exact[r.rows.columns[1][which[missed]]] = True
    counted[r.rows.columns[1][which[curved[which]]]] = True

    row = c.rows.positions(c.members.columns[:2])
    pays = np.array([bool(cut.steps or np.any(cut.slope != 0)) for cut in c.pieces], dtype=bool)
    earns = (c.kind[row] == "outcome") & pays[row] if len(row) else np.zeros(0, dtype=bool)
    k = np.maximum(c.outcome[row], 0)
    _, t, i = c.members.columns
    found = r.rows.find([k, i, t])
    bonus = found[earns & (found >= 0)]
    down[bonus] = True
    high = data.payments.high[row] if len(row) else np.zeros(0, dtype=bool)
    wanted = found[earns & (found >= 0) & high]
    up[wanted] = True
    exact[r.rows.columns[1][bonus[curved[bonus]]]] = True
    return up, down, exact, counted | exact
