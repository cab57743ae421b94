"""Response curves, and the chords a linear programme can use in their place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.data.index import numbered
from allocator.tolerances import ERROR_SHARE, NEAR_NOTHING, ROUNDING, SETTLED, STRAIGHT

Parameters = dict[str, Floats]

SLOPE_STEP = np.log(1.02)
"""Neighbouring chords differ in slope by at most this much (in logarithms)."""

MAX_BY_SLOPE = 64
"""Segments beyond which a small difference in slope buys no more of them."""

MAX_SEGMENTS = 256
"""Most segments of a driver before refinement."""

FREE_SEGMENTS = 8000
"""Segments a programme may have before finer chords would cost time."""

LN2 = np.log(2.0)


def _linear(x: Floats, p: Parameters) -> Floats:
    return p["per_unit"] * x


def _linear_slope(x: Floats, p: Parameters) -> Floats:
    return p["per_unit"] + 0.0 * x


def _power(x: Floats, p: Parameters) -> Floats:
    e, b = p["elasticity"], p["baseline"]
    return p["per_unit"] * b / e * (x / b) ** e


def _power_slope(x: Floats, p: Parameters) -> Floats:
    with np.errstate(divide="ignore"):
        return p["per_unit"] * (x / p["baseline"]) ** (p["elasticity"] - 1.0)


def _saturating(x: Floats, p: Parameters) -> Floats:
    return p["maximum"] * (1.0 - 2.0 ** (-x / p["half"]))


def _saturating_slope(x: Floats, p: Parameters) -> Floats:
    return p["maximum"] * LN2 / p["half"] * 2.0 ** (-x / p["half"])


def _logistic(x: Floats, p: Parameters) -> Floats:
    # tanh does not overflow where exp would.
    return p["maximum"] * (0.5 + 0.5 * np.tanh(0.5 * p["steepness"] * (x - p["half"])))


def _logistic_slope(x: Floats, p: Parameters) -> Floats:
    part = 0.5 + 0.5 * np.tanh(0.5 * p["steepness"] * (x - p["half"]))
    return p["maximum"] * p["steepness"] * part * (1.0 - part)


Curve = Callable[[Floats, Parameters], Floats]

EFFECT: dict[str, Curve] = {
    "linear": _linear,
    "power": _power,
    "saturating": _saturating,
    "logistic": _logistic,
}
"""Outcome in a year at an activity, by smooth shape."""

SLOPE: dict[str, Curve] = {
    "linear": _linear_slope,
    "power": _power_slope,
    "saturating": _saturating_slope,
    "logistic": _logistic_slope,
}
"""Derivative of the outcome, by smooth shape."""


def points_effect(x: Floats, activity: Floats, effect: Floats) -> Floats:
    """Outcome on straight lines through points, flat after the last one."""
    return np.interp(x, activity, effect)


def breakpoints(
    lo: Floats, hi: Floats, bend: Floats, decay: Floats, sparing: Flags, *, finer: bool = True
) -> tuple[Ints, Floats]:
    """Ends of chords that follow smooth concave curves closely enough.

    The slope of the curves changes (in logarithms) at most at the rate
    ``bend / x + decay``; breakpoints are equally spaced in the integral of that rate, so
    that every chord spends an equal part of the slope's change.

    Parameters
    ----------
    lo, hi : ndarray, shape (n,)
        Range of each driver.
    bend, decay : ndarray, shape (n,)
        ``1 - elasticity`` of the most bent power curve, ``ln 2 / half`` of the most bent
        saturating curve; 0 for straight lines.
    sparing : ndarray of bool, shape (n,)
        Ranges on which a breakpoint costs a yes-or-no decision: as few as the error allows.
    finer : bool
        Whether slopes matter everywhere, and there may be more of them where that costs no
        time; otherwise as few as the error allows.

    Returns
    -------
    owner : ndarray of int, shape (segments,)
        Which range a chord belongs to, in order.
    ends : ndarray, shape (segments, 2)
        Left and right end of each chord.
    """
    width = hi - lo
    open_width = width > 0
    floor = np.where(bend > 0, np.maximum(lo, hi * NEAR_NOTHING), lo)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(bend > 0, np.log(np.where(open_width, hi / floor, 1.0)), 0.0)
        reach = lo - np.log(NEAR_NOTHING) / decay
    roof = np.where((decay > 0) & (bend == 0), np.fmin(hi, reach), hi)
    decayed = decay * (roof - floor)
    change = bend * ratio + decayed
    by_slope = np.minimum(np.ceil(change / SLOPE_STEP - ROUNDING), MAX_BY_SLOPE)
    # A chord misses width x fall in slope / 8; on a wide range one end holds little of the
    # whole change in effect, which is why the range itself counts again.
    by_error = np.ceil(np.sqrt(change * (1.0 + ratio + decayed) / (8.0 * ERROR_SHARE)))
    few = sparing | (not finer)
    wanted = np.where(few, by_error, np.maximum(by_slope, by_error))
    count = np.clip(wanted, 1, MAX_SEGMENTS).astype(np.int64)
    more = np.where(few, count, count * _refinement(int(count[change > 0].sum())))
    count = np.where(change > 0, np.minimum(more, MAX_SEGMENTS), 1)
    count[~open_width] = 0
    owner, step = numbered(count)
    left = _at_change(step / count[owner], owner, floor, roof, bend, decay, change)
    right = _at_change((step + 1) / count[owner], owner, floor, roof, bend, decay, change)
    left[step == 0] = lo[owner[step == 0]]
    last = step == count[owner] - 1
    right[last] = hi[owner[last]]
    return owner, np.column_stack([left, right])


def _refinement(segments: int) -> int:
    """How many times finer the chords may be for nothing: small programmes solve at once."""
    return next((k for k in (8, 4, 2) if k * segments <= FREE_SEGMENTS), 1)


def _at_change(
    part: Floats,
    owner: Ints,
    floor: Floats,
    hi: Floats,
    bend: Floats,
    decay: Floats,
    change: Floats,
) -> Floats:
    """Where a given part of the slope's change is spent (Newton from the geometric mean)."""
    low, high, a, b = floor[owner], hi[owner], bend[owner], decay[owner]
    target = part * change[owner]
    straight = change[owner] <= 0
    x = low + part * (high - low)
    curved = ~straight & (a > 0)
    if curved.any():
        lc, hc, ac, bc, tc = low[curved], high[curved], a[curved], b[curved], target[curved]
        y = lc * (hc / lc) ** part[curved]
        for _ in range(30):
            miss = ac * np.log(y / lc) + bc * (y - lc) - tc
            step = miss / (ac / y + bc)
            y = np.clip(y - step, 0.5 * y, 2.0 * y)
            if np.all(np.abs(step) <= SETTLED * y):
                break
        x[curved] = np.clip(y, lc, hc)
    return x


def even_knots(
    slope: Curve, parameters: Parameters, low: float, high: float, change: float
) -> Floats:
    """Breakpoints inside a range that share a smooth curve's bend out evenly.

    A chord of width w misses a curve by ``w² |f''| / 8``; breakpoints equally spaced in the
    integral of ``√|f''|`` miss it alike. Used where a curve steepens, so that every
    breakpoint costs a yes-or-no decision: there are as few as `ERROR_SHARE` allows.

    Parameters
    ----------
    slope : callable
        Derivative of the curve.
    parameters : dict of str to float
        What it takes besides the place.
    low, high : float
        The range.
    change : float
        Change in effect that the error is a share of.

    Returns
    -------
    ndarray
        Strictly inside the range, ascending; empty for a straight line.
    """
    x = np.linspace(low, high, 2049)
    steep = slope(x, parameters)
    bend = np.sqrt(np.abs(np.diff(steep)) * np.diff(x))
    total = float(bend.sum())
    if change <= 0.0 or total**2 <= STRAIGHT * change:
        return np.empty(0)
    count = int(np.ceil(total / np.sqrt(8.0 * ERROR_SHARE * change)))
    spent = np.concatenate([[0.0], np.cumsum(bend)]) / total
    return np.interp(np.arange(1, count) / count, spent, x)


def chord_gap(left: Floats, right: Floats, chord: Floats, width: Floats) -> Floats:
    """Most a concave curve can rise above a chord, from its end slopes.

    The two end tangents and the chord make a triangle that holds the curve; its height is
    the bound. An infinite left slope (a power curve at nothing) leaves the right tangent.
    """
    steep = np.maximum(left - chord, 0.0)
    flat = np.maximum(chord - right, 0.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        height = np.where(steep > 0.0, flat / (1.0 + flat / steep), 0.0)
    return height * width
