"""The response curves themselves: what activity truly buys, without chords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from allocator.arrays import Floats


def linear(x: Any, per_unit: Any) -> Floats:
    """Outcome of `x` units of activity that each buy `per_unit`."""
    return np.asarray(per_unit * np.asarray(x, dtype=float))


def power(x: Any, per_unit: Any, baseline: Any, elasticity: Any) -> Floats:
    """Outcome on a curve of constant elasticity with slope `per_unit` at `baseline`.

    Below nothing the curve is not defined; it is read there as at nothing.
    """
    ratio = np.maximum(np.asarray(x, dtype=float), 0.0) / baseline
    return np.asarray(per_unit * baseline / elasticity * ratio**elasticity)


def saturating(x: Any, maximum: Any, half: Any) -> Floats:
    """Outcome that closes half of what is left to `maximum` with every `half` units."""
    return np.asarray(maximum * (1.0 - np.exp2(-np.asarray(x, dtype=float) / half)))


def logistic(x: Any, maximum: Any, half: Any, steepness: Any) -> Floats:
    """Outcome on an S-shaped curve that passes half of `maximum` at `half` units."""
    with np.errstate(over="ignore"):
        return np.asarray(maximum / (1.0 + np.exp(-steepness * (np.asarray(x) - half))))


def points(x: Any, activity: Any, effect: Any) -> Floats:
    """Outcome on straight lines through points, in order of activity.

    Flat after the last point, and below the first one, where need and activity never are.
    """
    return np.asarray(np.interp(np.asarray(x, dtype=float), activity, effect))


CURVES: dict[str, Callable[..., Floats]] = {
    "linear": linear,
    "power": power,
    "saturating": saturating,
    "logistic": logistic,
    "points": points,
}


def true_effect(shape: str, x: Any, **parameters: Any) -> Floats:
    """Outcome in a year at driver `x` on the true curve.

    Parameters
    ----------
    shape : str
        linear, power, saturating, logistic or points.
    x : array_like
        Activity, or met need of a programme with demand; any shape.
    **parameters
        What the shape needs, each a number or an array that broadcasts with `x`:
        ``per_unit``; ``per_unit, baseline, elasticity``; ``maximum, half``;
        ``maximum, half, steepness``; ``activity, effect`` (of the points).

    Returns
    -------
    numpy.ndarray
        Outcome, in the outcome's unit.

    Raises
    ------
    KeyError
        For a shape that does not exist.
    """
    return CURVES[shape](x, **parameters)
