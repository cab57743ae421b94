"""Need that programmes with demand must meet, and how much of it can be avoided."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.held import STRICT
from allocator.instance.facts.kernel import Effects
from allocator.instance.tables.by_year import ByYear
from allocator.instance.tables.rows import Rows
from allocator.tolerances import ENDLESS


class Demand:
    """Need as the demand table gives it, arrays of shape (programmes with demand, years).

    Parameters
    ----------
    demand : ByYear
        The table.
    programmes : Rows
        The table.
    rank : dict of str to int
        Position of each programme.

    Attributes
    ----------
    at : ndarray of int
        Position of each programme with demand.
    names : list of str
        Its name.
    arriving : ndarray
        Need that arrives.
    carry : ndarray
        Share of last year's unmet need that waits.
    min_met : ndarray
        Least share that is met: all of it in an emergency or entitlement unless said.
    opening : ndarray, shape (programmes with demand,)
        Need waiting before the first plan year.
    lines : ndarray of int
        Lines of the demand table.
    """

    def __init__(self, demand: ByYear, programmes: Rows, rank: dict[str, int]) -> None:
        self.names: list[str] = [name for (name,) in demand.keys]
        self.at = np.array([rank[name] for name in self.names], dtype=np.int64)
        self.arriving = demand.values("demand", 0.0)
        self.carry = demand.values("carry", 0.0)
        self.opening: Floats = demand.values("opening_backlog", 0.0)[:, 0]
        self.lines = demand.lines()
        usual = np.isin(programmes["class"][self.at], STRICT).astype(float)[:, None]
        given = demand.values("min_met")
        self.min_met: Floats = np.where(np.isnan(given), usual, given)


class Need:
    """Need that can arrive, and what of it can be avoided.

    Parameters
    ----------
    demand : Demand
        Need without options.
    effects : Effects
        Effects between programmes.
    baseline : ndarray, shape (programmes,)
        Activity in the base year.
    decisions : Decisions
        What options may change.

    Attributes
    ----------
    at : ndarray of int
        Position of each programme with demand.
    least, most : ndarray, shape (programmes with demand, years)
        Least and most need that can arrive.
    slack : ndarray, shape (programmes with demand, years)
        Activity that may stand above need because a source could shrink to nothing.
    """

    def __init__(
        self, demand: Demand, effects: Effects, baseline: Floats, decisions: Decisions
    ) -> None:
        self.at, self.lines = demand.at, demand.lines
        self.carry, self.opening, self.min_met = demand.carry, demand.opening, demand.min_met
        self.least, self.most = demand.arriving.copy(), demand.arriving.copy()
        place = {name: g for g, name in enumerate(demand.names)}
        for name in decisions.of("demand"):
            if name in place:
                g = place[name]
                self.least[g], self.most[g] = decisions.span(
                    "demand", name, self.least[g], self.most[g]
                )
        group = np.full(len(baseline), -1)
        group[self.at] = np.arange(len(self.at))
        hit = group[effects.target] >= 0
        self.target, self.source = group[effects.target[hit]], effects.source[hit]
        self.kernel = effects.kernel[hit]
        self.baseline = baseline
        self.slack = self._felt(np.abs(self.kernel), self._steady(self.baseline[self.source]))

    def _steady(self, values: Floats) -> Floats:
        return np.repeat(values[:, None], self.kernel.shape[1], axis=1)

    def _felt(self, strength: Floats, moved: Floats) -> Floats:
        """Sum over sources and years so far of strength times what each source moved."""
        years = strength.shape[1]
        felt = np.zeros((len(self.at), years))
        for t in range(years):
            each = np.einsum("es,es->e", strength[:, : t + 1][:, ::-1], moved[:, : t + 1])
            np.add.at(felt[:, t], self.target, each)
        return felt

    def span(self, lo: Floats, hi: Floats) -> tuple[Floats, Floats, Floats]:
        """Least and most need, and most that can be avoided, by programme and year."""
        potential = self._potential(lo, hi)
        low, high = self._needs(potential, hi)
        return low, high, self._avoided(potential, self.most)

    def activity(self, lo: Floats, hi: Floats) -> tuple[Floats, Floats]:
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

    def _potential(self, lo: Floats, hi: Floats) -> Floats:
        """Most need that could be avoided if any amount arrived."""
        base = self._steady(self.baseline[self.source])
        up, down = hi[self.source] - base, lo[self.source] - base
        rising = np.maximum(self.kernel, 0.0)
        falling = np.minimum(self.kernel, 0.0)
        finite = np.where(np.isinf(up), ENDLESS, up)
        return self._felt(rising, finite) + self._felt(falling, down)

    def _avoided(self, potential: Floats, arriving: Floats) -> Floats:
        """Most that can be avoided of the need arriving."""
        return np.maximum(np.minimum(potential, arriving), -self.slack)

    def _needs(self, potential: Floats, hi: Floats) -> tuple[Floats, Floats]:
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
