"""Effects between programmes: who avoids whose need, how strongly and how long after."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.instance.tables.rows import Rows
from allocator.tolerances import RESIDUE, SMALL


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
        """Need avoided per unit of source activity some years before, shape (effects, lags).

        What has faded to nothing that a sum of the round could feel is nothing.
        """
        each, delay, fade = (self._rows[c][:, None] for c in ("per_unit", "delay", "fade"))
        left = fade ** np.maximum(lags - delay, 0)
        felt = (lags >= delay) & (left > RESIDUE) & (each * left > SMALL)
        return np.where(felt, each * left, 0.0)
