"""Effects between programmes: who avoids whose need, how strongly and how long after."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.instance.tables.rows import Rows


class Effects:
    """Effects between programmes.

    Parameters
    ----------
    effects : Rows
        The table.
    rank : dict of str to int
        Position of each programme.
    years : int
        Number of plan years.

    Attributes
    ----------
    source, target : ndarray of int
        Programmes, by effect.
    kernel : ndarray, shape (effects, years)
        Need avoided per unit of source activity so many years before.
    """

    def __init__(self, effects: Rows, rank: dict[str, int], years: int) -> None:
        self._rows = effects
        self.source, self.target = (
            np.array([rank[name] for name in effects[end].tolist()], dtype=np.int64)
            for end in ("source", "target")
        )
        self.kernel = self.after(np.arange(years))

    def after(self, lags: Ints) -> Floats:
        """Need avoided per unit of source activity some years before, shape (effects, lags)."""
        each, delay, fade = (self._rows[c][:, None] for c in ("per_unit", "delay", "fade"))
        since = np.maximum(lags - delay, 0)
        return np.where(lags >= delay, each * fade**since, 0.0)
