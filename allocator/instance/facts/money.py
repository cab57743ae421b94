"""How far money goes."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.tolerances import ROUNDING


def over(money: Floats, rate: Floats) -> Floats:
    """How far something can move for some money; any way where moving costs nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rate > 0, money / rate, np.inf)


def reaches(paid: Floats, mark: Floats) -> Flags:
    """Where money comes to a mark, rounding apart: beyond it a driver may move freely."""
    near = np.where(np.isfinite(mark), mark, 0.0)
    near -= ROUNDING * np.maximum(1.0, np.abs(near))
    return np.asarray(np.isfinite(mark) & (paid >= near))
