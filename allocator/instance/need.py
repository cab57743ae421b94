"""Need that programmes with demand must meet, and how much of it can be avoided."""

from __future__ import annotations

import numpy as np

from allocator.instance.by_year import by_year
from allocator.instance.draft import Draft
from allocator.instance.pump import kernel
from allocator.instance.rows import Array


class Need:
    """Need of the programmes with demand.

    Parameters
    ----------
    draft : Draft
        With whole tables.
    rank : dict of str to int
        Position of each programme.

    Attributes
    ----------
    at : ndarray of int
        Position of each programme with demand.
    slack : ndarray, shape (programmes with demand, years)
        Activity that may stand above need because a source could shrink to nothing.
    """

    def __init__(self, draft: Draft, rank: dict[str, int]) -> None:
        grid = by_year(draft["demand"], draft.years)
        self.at = np.array([rank[key[0]] for key in grid.keys], dtype=np.int64)
        self.demand = grid.values("demand", 0.0)
        self.carry = grid.values("carry", 0.0)
        self.opening = grid.values("opening_backlog", 0.0)[:, 0]
        self.lines = grid.lines()
        classes = draft["programmes"]["class"][self.at]
        usual = np.isin(classes, ("emergency", "entitlement")).astype(float)[:, None]
        given = grid.values("min_met")
        self.min_met = np.where(np.isnan(given), usual, given)
        effects = draft["effects"]
        place = {key[0]: g for g, key in enumerate(grid.keys)}
        hit = np.array([name in place for name in effects["target"].tolist()], dtype=bool)
        self.target = np.array(
            [place[name] for name in effects["target"][hit].tolist()], dtype=np.int64
        )
        self.source = np.array(
            [rank[name] for name in effects["source"][hit].tolist()], dtype=np.int64
        )
        self.kernel = kernel(
            effects["per_unit"][hit], effects["delay"][hit], effects["fade"][hit], len(draft.years)
        )
        self.baseline = draft["programmes"]["baseline"]
        self.slack = self._felt(np.abs(self.kernel), self._steady(self.baseline[self.source]))

    def _steady(self, values: Array) -> Array:
        return np.repeat(values[:, None], self.kernel.shape[1], axis=1)

    def _felt(self, strength: Array, moved: Array) -> Array:
        """Sum over sources and years so far of strength times what each source moved."""
        years = strength.shape[1]
        felt = np.zeros((len(self.at), years))
        for t in range(years):
            each = np.einsum("es,es->e", strength[:, : t + 1][:, ::-1], moved[:, : t + 1])
            np.add.at(felt[:, t], self.target, each)
        return felt

    def span(self, lo: Array, hi: Array) -> tuple[Array, Array, Array]:
        """Least and most need, and most that can be avoided, by programme and year."""
        base = self._steady(self.baseline[self.source])
        up, down = hi[self.source] - base, lo[self.source] - base
        rising = np.maximum(self.kernel, 0.0)
        falling = np.minimum(self.kernel, 0.0)
        finite = np.where(np.isinf(up), 1e30, up)
        avoided = self._felt(rising, finite) + self._felt(falling, down)
        avoided = np.maximum(np.minimum(avoided, self.demand), -self.slack)
        low, high = np.empty_like(self.demand), np.empty_like(self.demand)
        left_low, left_high = self.opening, self.opening
        for t in range(self.demand.shape[1]):
            share = np.ones(len(self.at)) if t == 0 else self.carry[:, t]
            low[:, t] = self.demand[:, t] + share * left_low
            high[:, t] = self.demand[:, t] + share * left_high
            left_low = np.maximum(low[:, t] - avoided[:, t] - hi[self.at, t], 0.0)
            left_high = (1.0 - self.min_met[:, t]) * high[:, t]
        return low, high, avoided
