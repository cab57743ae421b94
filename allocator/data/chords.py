"""Chords of response curves: where they are cut, and how far they reach."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.data import curves
from allocator.data.index import Index, numbered
from allocator.data.response_curves import ResponseCurves
from allocator.tolerances import FAINT, ROOM, ROUNDING


def cut(
    curve: ResponseCurves,
    drivers: Index,
    reach: tuple[Floats, Floats],
    sparing: Flags,
    asked: dict[tuple[int, int], Floats],
    *,
    finer: bool = True,
) -> tuple[Ints, Floats]:
    """Chord ends of each driver's range: one set of segments serves all its outcomes.

    Parameters
    ----------
    curve : ResponseCurves
    drivers : Index
        (programme, year).
    reach : pair of ndarray
        Least and most each driver can be.
    sparing : ndarray of bool, shape (programmes,)
        Where a breakpoint costs a yes-or-no decision.
    asked : dict of (programme, year) to ndarray
        Where chords shall meet their curves besides.
    finer : bool
        Whether slopes matter everywhere, not only where chords are asked for.

    Returns
    -------
    owner : ndarray of int
        Driver of each segment.
    ends : ndarray, shape (segments, 2)
    """
    low, high = reach
    bend, decay = np.zeros(len(sparing)), np.zeros(len(sparing))
    power, saturating = curve.shape == "power", curve.shape == "saturating"
    np.maximum.at(bend, curve.programme[power], 1.0 - curve.parameters["elasticity"][power])
    halves = curve.parameters["half"][saturating]
    np.maximum.at(decay, curve.programme[saturating], curves.LN2 / halves)
    at = drivers.columns[0]
    owner, ends = curves.breakpoints(low, high, bend[at], decay[at], sparing[at], finer=finer)
    knot_owner, knots = curve.knots(drivers, low, high, asked)
    if not len(knots):
        return owner, ends
    wide = np.flatnonzero(high > low)
    at = np.concatenate([owner, wide, knot_owner])
    x = np.concatenate([ends[:, 0], high[wide], knots])
    order = np.lexsort((x, at))
    at, x = at[order], x[order]
    apart = (at[1:] == at[:-1]) & (x[1:] > x[:-1] + ROUNDING * high[at[1:]])
    return at[:-1][apart].astype(np.int64), np.column_stack([x[:-1][apart], x[1:][apart]])


def meet(owner: Ints, at: Ints, drivers: int) -> tuple[Ints, Ints]:
    """Pairs of response row and segment: every response meets all segments of its driver."""
    first = np.searchsorted(owner, np.arange(drivers + 1))
    count = np.diff(first)[at]
    pair, step = numbered(count)
    return pair, step + first[at[pair]]


def felt(slope: Floats, bent: Flags, width: Floats, pair: Ints) -> tuple[Floats, Floats]:
    """Slopes without those at the end of a curve that a solver would drop, and what that loses.

    Returns
    -------
    slope, lost : ndarray
        The loss is that of the segment and of all before it: chords stay below the curve.
    """
    faint = bent & (np.abs(slope) <= FAINT)
    if not faint.any():
        return slope, np.zeros(len(slope))
    lost = np.cumsum(np.where(faint, slope * width, 0.0))
    first = np.searchsorted(pair, pair)
    before = np.where(first > 0, lost[np.maximum(first - 1, 0)], 0.0)
    return np.where(faint, 0.0, slope), lost - before


def steepens(pair: Ints, slope: Floats, at: Ints, drivers: int) -> Flags:
    """Drivers with a curve whose slope rises somewhere."""
    rises = (pair[1:] == pair[:-1]) & (slope[1:] > slope[:-1] + ROUNDING * np.abs(slope[:-1]))
    out = np.zeros(drivers, dtype=bool)
    out[at[pair[1:][rises]]] = True
    return out


def drawn_out(
    owner: Ints,
    inner: tuple[Floats, Floats],
    outer: tuple[Floats, Floats],
    steep: Flags,
) -> tuple[Floats, Floats]:
    """How far each driver's first and last segments reach beyond what can be reached.

    Those that decisions open must be no longer than they need to be, or the relaxation
    fills them too cheaply.
    """
    cut = np.bincount(owner, minlength=len(steep)) > 0
    below = np.where(cut, inner[0] - outer[0], 0.0)
    beyond = np.where(cut, outer[1] - inner[1], 0.0)
    below = np.where(steep, np.minimum(below, ROOM * inner[0]), below)
    beyond = np.where(steep, np.minimum(beyond, ROOM * inner[1]), beyond)
    return np.maximum(below, 0.0), np.maximum(beyond, 0.0)
