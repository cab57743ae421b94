"""Need that programmes with demand must meet, and how much of it can be avoided."""

from __future__ import annotations

import numpy as np

from allocator.instance.checks.pump import kernel
from allocator.instance.facts.decisions import Decisions
from allocator.instance.tables.by_year import by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Array


class Need:
    """Need of the programmes with demand.

    Parameters
    ----------
    draft : Draft
        With whole tables.
    rank : dict of str to int
        Position of each programme.
    decisions : Decisions
        Options of the draft.

    Attributes
    ----------
    at : ndarray of int
        Position of each programme with demand.
    least, most : ndarray, shape (programmes with demand, years)
        Least and most need that can arrive.
    slack : ndarray, shape (programmes with demand, years)
        Activity that may stand above need because a source could shrink to nothing.
    """

    def __init__(self, draft: Draft, rank: dict[str, int], decisions: Decisions) -> None:
        grid = by_year(draft["demand"], draft.years)
        self.at = np.array([rank[key[0]] for key in grid.keys], dtype=np.int64)
        self.least = grid.values("demand", 0.0)
        self.most = self.least.copy()
        self.carry = grid.values("carry", 0.0)
        self.opening = grid.values("opening_backlog", 0.0)[:, 0]
        self.lines = grid.lines()
        classes = draft["programmes"]["class"][self.at]
        usual = np.isin(classes, ("emergency", "entitlement")).astype(float)[:, None]
        given = grid.values("min_met")
        self.min_met = np.where(np.isnan(given), usual, given)
        effects = draft["effects"]
        place = {key[0]: g for g, key in enumerate(grid.keys)}
        for name in decisions.of("demand"):
            if name in place:
                g = place[name]
                self.least[g], self.most[g] = decisions.span(
                    "demand", name, self.least[g], self.most[g]
                )
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
        potential = self._potential(lo, hi)
        low, high = self._needs(potential, hi)
        return low, high, self._avoided(potential, self.most)

    def activity(self, lo: Array, hi: Array) -> tuple[Array, Array]:
        """Least and most activity that need leaves, by programme and year."""
        potential = self._potential(lo, hi)
        low, high = self._needs(potential, hi)
        # More need can be avoided where more arrives: the least activity is where what
        # arrives is what can be avoided.
        arriving = np.clip(potential, self.least, self.most)
        with np.errstate(invalid="ignore"):
            must = np.maximum(self.min_met * (low + (arriving - self.least)), 0.0)
        must -= self._avoided(potential, arriving)
        return must, high + self.slack

    def _potential(self, lo: Array, hi: Array) -> Array:
        """Most need that could be avoided if any amount arrived."""
        base = self._steady(self.baseline[self.source])
        up, down = hi[self.source] - base, lo[self.source] - base
        rising = np.maximum(self.kernel, 0.0)
        falling = np.minimum(self.kernel, 0.0)
        finite = np.where(np.isinf(up), 1e30, up)
        return self._felt(rising, finite) + self._felt(falling, down)

    def _avoided(self, potential: Array, arriving: Array) -> Array:
        """Most that can be avoided of the need arriving."""
        return np.maximum(np.minimum(potential, arriving), -self.slack)

    def _needs(self, potential: Array, hi: Array) -> tuple[Array, Array]:
        """Least and most need, what is still there from the years before included."""
        avoided = self._avoided(potential, self.least)
        low, high = np.empty_like(self.least), np.empty_like(self.most)
        left_low, left_high = self.opening, self.opening
        for t in range(low.shape[1]):
            share = np.ones(len(self.at)) if t == 0 else self.carry[:, t]
            low[:, t] = self.least[:, t] + share * left_low
            high[:, t] = self.most[:, t] + share * left_high
            left_low = np.maximum(low[:, t] - avoided[:, t] - hi[self.at, t], 0.0)
            left_high = (1.0 - self.min_met[:, t]) * high[:, t]
        return low, high
