"""What activity costs at its cheapest, whatever is decided about it."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.money import over, reaches
from allocator.instance.facts.prices import Prices
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.selections import in_order
from allocator.tolerances import RESIDUE


class LeastCosts:
    """The least that activity can cost.

    Parameters
    ----------
    programmes : Rows
        The table.
    rank : dict of str to int
        Position of each programme.
    prices : Prices
        Plain unit costs.
    decisions : Decisions
        What options may change.

    Attributes
    ----------
    price : ndarray, shape (programmes, years)
        Plain unit cost.
    odd : ndarray of int
        Programmes whose cost need not be price times activity.
    yearly : ndarray, shape (programmes, years)
        Least that yearly costs of options add to their spend.
    """

    def __init__(
        self, programmes: Rows, rank: dict[str, int], prices: Prices, decisions: Decisions
    ) -> None:
        self.price = prices.unit_cost
        self.yearly = np.zeros(self.price.shape)
        for name, (least, _) in decisions.yearly().items():
            if name in rank:
                self.yearly[rank[name]] = least
        changed = [rank[name] for name in decisions.of("unit_cost") if name in rank]
        bent = ~np.isnan(programmes["cost_threshold"]) & (programmes["cost_above"] != 1.0)
        paid = self.yearly.any(axis=1)
        self.odd = np.union1d(np.flatnonzero(bent | paid), np.array(changed, dtype=np.int64))
        self._read_slopes(programmes, decisions, prices.growth)

    def _read_slopes(self, programmes: Rows, decisions: Decisions, growth: Floats) -> None:
        """Cheapest cost of a unit of the odd ones below and above their threshold."""
        odd, names = self.odd, programmes["programme"]
        price = self.price[odd]
        change = np.zeros(price.shape)
        for row, i in enumerate(odd.tolist()):
            change[row] = decisions.unit_cost(names[i], price[row], growth[i])[0]
        threshold, factor = programmes["cost_threshold"][odd], programmes["cost_above"][odd]
        bent = ~np.isnan(threshold)
        self._kink = np.repeat(np.where(bent, threshold, 0.0)[:, None], price.shape[1], axis=1)
        slopes = price + change, price * np.where(bent, factor, 1.0)[:, None] + change
        self._below, self._above = (
            np.where(np.abs(slope) <= RESIDUE * price, 0.0, slope) for slope in slopes
        )

    def _at(self, activity: Floats, at: Ints) -> Floats:
        """Cheapest cost of some activity of some odd ones."""
        kink = self._kink[at]
        low, more = np.minimum(activity, kink), np.maximum(activity - kink, 0.0)
        found: Floats = self._below[at] * low + self._above[at] * more
        return found

    def least(self, lo: Floats, hi: Floats) -> Floats:
        """Least that activity can cost, shape (programmes, years).

        Parameters
        ----------
        lo, hi : ndarray, shape (programmes, years)
            Least and most activity.
        """
        found: Floats = self.price * lo
        if len(self.odd):
            at = np.arange(len(self.odd))
            found[self.odd] = self._least(lo, hi, at) + self.yearly[self.odd]
        return found

    def _least(self, lo: Floats, hi: Floats, at: Ints) -> Floats:
        """Least that the activity of some odd ones can cost, yearly costs of options apart."""
        odd, kink = self.odd[at], self._kink[at]
        low = lo[odd]
        high = np.maximum(hi[odd], low)
        endless = np.isinf(high)
        high = np.where(endless, np.maximum(kink, low), high)
        between = np.clip(kink, low, high)
        found = np.minimum.reduce([self._at(end, at) for end in (low, high, between)])
        return np.where(endless & (self._above[at] < 0.0), -np.inf, found)

    def most(self, lo: Floats, hi: Floats, rows: Ints, spare: Floats) -> Floats:
        """Most activity of some programmes that costs no more than their least and a bit.

        Parameters
        ----------
        lo, hi : ndarray, shape (programmes, years)
            Least and most activity.
        rows : ndarray of int
            Which programmes.
        spare : ndarray, shape (rows, years)
            Money there is beyond the least that their activity costs.

        Returns
        -------
        ndarray, shape (rows, years)
            inf where more activity costs nothing.
        """
        found: Floats = lo[rows] + over(spare, self.price[rows])
        if len(self.odd):
            chosen = np.flatnonzero(in_order(rows, self.odd))
            at = np.searchsorted(self.odd, rows[chosen])
            with np.errstate(invalid="ignore"):
                money = self._least(lo, hi, at) + spare[chosen]
            found[chosen] = self._bought(at, np.where(np.isnan(money), np.inf, money))
        return found

    def _bought(self, at: Ints, money: Floats) -> Floats:
        """Most activity of the odd ones in `at` that some money buys."""
        kink, below, above = self._kink[at], self._below[at], self._above[at]
        first = below * kink
        beyond = kink + over(np.maximum(money - first, 0.0), above)
        # Where a unit beyond the kink saves money, enough of them pay for any number.
        endless = (above < 0.0) | (below <= 0.0)
        within = np.where(endless, beyond, np.minimum(over(money, below), kink))
        return np.where(reaches(money, first), beyond, within)
