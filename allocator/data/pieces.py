"""Piecewise straight payments, cut at their kinks on what can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.tolerances import NO_SIZE, ONE_KINK, RESIDUE, ROUNDING

Payment = Callable[[Floats], Floats]
"""Payment at any number of places."""


@dataclass(frozen=True)
class Pieces:
    """A payment as straight pieces ``constant + slope x`` on the reachable range of x.

    Attributes
    ----------
    constant, slope : ndarray, shape (pieces,)
        From the lowest x to the highest; neighbours differ in slope or by a step.
    at : ndarray, shape (pieces + 1,)
        Ends of the pieces.
    """

    constant: Floats
    slope: Floats
    at: Floats

    @property
    def straight(self) -> bool:
        """Whether one piece says it all."""
        return len(self.slope) == 1

    @property
    def jumps(self) -> Floats:
        """Step of the payment between neighbouring pieces; 0 where it is continuous."""
        inner = self.at[1:-1]
        rise = np.diff(self.constant) + np.diff(self.slope) * inner
        size = max(NO_SIZE, float(np.max(np.abs(self.constant + self.slope * self.at[1:]))))
        return np.where(np.abs(rise) > ROUNDING * size, rise, 0.0)

    @property
    def steps(self) -> bool:
        """Whether the payment jumps somewhere."""
        return bool(self.jumps.any())

    @property
    def convex(self) -> bool:
        """Whether the payment is the largest of its pieces."""
        return not self.steps and bool(np.all(np.diff(self.slope) > 0.0))


def pieces(payment: Payment, kinks: Iterable[float], reach: tuple[float, float]) -> Pieces:
    """Cut a piecewise straight payment at its kinks, on its reachable range.

    Parameters
    ----------
    payment : callable
        Payment at x, straight between kinks; it may jump at a kink.
    kinks : iterable of float
        Where its slope may change; those outside the range do not count.
    reach : (float, float)
        Least and most x can be.
    """
    low, high = reach
    if high - low <= ROUNDING * max(1.0, abs(high)):
        return Pieces(payment(np.array([low])), np.zeros(1), np.array([low, low]))
    x = _ends(kinks, reach)
    near = max(ONE_KINK * (high - low), RESIDUE * max(1.0, abs(high)))  # kinks this near are one
    keep = np.append(True, np.diff(x) > near)
    x = x[keep]
    x[-1] = high
    slope, constant = _lines(payment, x)
    size = max(1.0, float(np.max(np.abs(slope))))
    rise = np.diff(constant) + np.diff(slope) * x[1:-1]
    tall = max(NO_SIZE, float(np.max(np.abs(constant + slope * x[1:]))))
    changes = (np.abs(np.diff(slope)) > ROUNDING * size) | (np.abs(rise) > ROUNDING * tall)
    first = np.append(True, changes)
    return Pieces(constant[first], slope[first], np.append(x[:-1][first], high))


def _ends(kinks: Iterable[float], reach: tuple[float, float]) -> Floats:
    """Ends of a range and the kinks within it, in order."""
    low, high = reach
    return np.array([low, *sorted({k for k in kinks if low < k < high}), high])


def _lines(payment: Payment, x: Floats) -> tuple[Floats, Floats]:
    """Slope and constant of a payment inside each interval, whatever it does at the ends."""
    third = np.diff(x) / 3.0
    left, right = x[:-1] + third, x[1:] - third
    at_left, at_right = payment(left), payment(right)
    rise = at_right - at_left
    size = max(NO_SIZE, float(np.max(np.abs([at_left, at_right]))))
    width = right - left
    flat = (np.abs(rise) <= RESIDUE * size) | (width <= 0.0)
    slope = np.where(flat, 0.0, rise / np.where(flat, 1.0, width))
    return slope, at_left - slope * left


def clamped(
    payment: Payment,
    kinks: Iterable[float],
    reach: tuple[float, float],
    least: float,
    most: float,
) -> tuple[Payment, list[float]]:
    """Payment kept between a least and a most income, with the kinks that makes.

    Parameters
    ----------
    payment, kinks, reach
        As in :func:`pieces`.
    least, most : float
        Income limits; infinite for none.
    """
    limits = [limit for limit in (least, most) if np.isfinite(limit)]
    ends, crossings = _ends(kinks, reach), []
    if limits and reach[0] < reach[1]:
        slope, constant = _lines(payment, ends)
        for limit in limits:
            with np.errstate(divide="ignore", invalid="ignore"):
                at = (limit - constant) / slope
            crossings += at[(at > ends[:-1]) & (at < ends[1:])].tolist()
    return lambda x: np.minimum(np.maximum(payment(x), least), most), [*kinks, *crossings]
