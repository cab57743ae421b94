"""How far money goes."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats


def over(money: Floats, rate: Floats) -> Floats:
    """How far something can move for some money; any way where moving costs nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rate > 0, money / rate, np.inf)
