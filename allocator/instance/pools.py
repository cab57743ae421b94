"""The most money that can reach each pool, against the least it must pay for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.instance.agreements import Agreements
from allocator.instance.draft import Draft
from allocator.instance.purses import Purse, purses, repr_of
from allocator.instance.rows import Array

_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Money:
    """What the money of a pool in a year can be made of at most."""

    amount: float
    transferred: float
    carried: float
    owed: float

    @property
    def total(self) -> float:
        """All of it together."""
        return self.amount + self.transferred + self.carried + self.owed


@dataclass(frozen=True)
class Short:
    """A pool, or pools that share money, whose floors are more than its money.

    Attributes
    ----------
    name : str
        The pool, or the pools.
    line : int
        Line of the budget row; 0 for none.
    year : int
        Position of the plan year.
    needed : float
        Least it must pay.
    money : Money
        Most there can be.
    claims : list of (str, float)
        What it must pay for and how much, largest first.
    """

    name: str
    line: int
    year: int
    needed: float
    money: Money
    claims: list[tuple[str, float]]


class Pools:
    """Money of the draft's pools and prices of its programmes.

    Parameters
    ----------
    draft : Draft
        With whole tables.
    agreements : Agreements
        Contracts of the draft.
    """

    def __init__(self, draft: Draft, agreements: Agreements) -> None:
        programmes, settings = draft["programmes"], draft.settings
        assert settings is not None
        uplift = programmes["cost_uplift"]
        uplift = np.where(np.isnan(uplift), settings.cost_uplift, uplift)
        elapsed = np.array(draft.years) - settings.base_year
        self.price = programmes["unit_cost"][:, None] * (1 + uplift[:, None]) ** elapsed
        self._names = programmes["programme"]
        self._baseline = programmes["baseline"]
        self._fixed = programmes["fixed_share"]
        self._release = programmes["release_years"]
        self._agreements = agreements
        self._purses = list(purses(draft, agreements))

    def floors(self, lo: Array, hi: Array) -> Array:
        """Least cost by programme and year: of activity, and of what is not yet released."""
        stranded = np.zeros(lo.shape)
        for release in np.unique(self._release[self._fixed > 0]).tolist():
            at = np.flatnonzero((self._release == release) & (self._fixed > 0))
            if release > 0:
                before = np.repeat(self._baseline[at][:, None], release, axis=1)
                past = np.concatenate([before, lo[at, :-1]], axis=1)
                highest = np.lib.stride_tricks.sliding_window_view(past, release, axis=1).max(-1)
                stranded[at] = self._fixed[at][:, None] * np.maximum(highest - hi[at], 0.0)
        floors: Array = self.price * (lo + stranded)
        return floors

    def shortages(self, floors: Array, payments: Array) -> Iterator[Short]:
        """Pools that cannot pay their floors, each once, in the first year it shows.

        Parameters
        ----------
        floors : ndarray, shape (programmes, years)
            Least cost of each programme.
        payments : ndarray, shape (contracts, years)
            Least payment of each contract.
        """
        for purse in self._purses:
            if purse.short:
                continue
            floor = purse.floor(floors, payments)
            missing = -purse.overdraw - purse.left(floor)
            size = np.maximum(1.0, np.abs(floor))
            for t in np.flatnonzero(missing > _TOLERANCE * size).tolist()[:1]:
                for other in self._purses:
                    same_money = (other.kind == "capital") == (purse.kind == "capital")
                    other.short |= same_money and not purse.pools.isdisjoint(other.pools)
                yield self._short(purse, t, floors, payments)

    def _short(self, purse: Purse, t: int, floors: Array, payments: Array) -> Short:
        floor = purse.floor(floors, payments)
        names = self._names[purse.rows].tolist()
        costs = (purse.weight * floors[purse.rows])[:, t].tolist()
        claims = [(repr_of(name), cost) for name, cost in zip(names, costs, strict=True)]
        claims += [
            (f"contract {repr_of(self._agreements.names[c])}", float(payments[c, t]))
            for c in purse.contracts.tolist()
        ]
        claims.append(("adjustments", float(purse.adjustments[t])))
        claims = sorted((c for c in claims if c[1] != 0.0), key=lambda c: -c[1])
        money = Money(
            float(purse.amount[t]),
            float(purse.transferred[t]),
            float(purse.carried(floor)[t]),
            float(purse.overdraw[t]),
        )
        return Short(purse.name, int(purse.lines[t]), t, float(floor[t]), money, claims)

    def ceilings(self, lo: Array, floors: Array, payments: Array) -> tuple[Array, Array]:
        """Most activity the money allows once everything else has its floor; budget lines.

        Activity under a contract is limited by what the pool can pay for it, which is not
        its cost; a programme paid by several pools by what they have together.
        """
        high = np.full(lo.shape, np.inf)
        lines = np.zeros(lo.shape, dtype=np.int64)
        for purse in self._purses:
            if purse.short:
                continue
            spare = np.maximum(purse.left(purse.floor(floors, payments)) + purse.overdraw, 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                room = spare / (purse.weight * self.price[purse.rows])
            room = np.where(purse.weight > 0, room, np.inf)
            _cut(high, lines, purse, purse.rows, lo[purse.rows] + room)
            if len(purse.contracts):
                self._under_contract(purse, spare, (lo, floors, payments), high, lines)
        return high, lines

    def _under_contract(
        self,
        purse: Purse,
        spare: Array,
        least: tuple[Array, Array, Array],
        high: Array,
        lines: Array,
    ) -> None:
        lo, floors, payments = least
        agreed = self._agreements
        most = agreed.most_followed((payments + spare) / agreed.markup)
        left = most - np.where(agreed.by_cost, agreed.total(floors), agreed.worth(lo))
        for c in purse.contracts.tolist():
            members = agreed.members[c]
            unit = np.where(agreed.by_cost[c], self.price[members], agreed.tariff[members])
            with np.errstate(divide="ignore", invalid="ignore"):
                room = np.maximum(left[c], 0.0) / unit
            room = np.where(unit > 0, room, np.inf)
            _cut(high, lines, purse, members, lo[members] + room)


def _cut(high: Array, lines: Array, purse: Purse, rows: Array, most: Array) -> None:
    """Lower the ceilings of some programmes to what a purse allows."""
    tighter = most < high[rows]
    high[rows] = np.where(tighter, most, high[rows])
    lines[rows] = np.where(tighter, purse.lines, lines[rows])
