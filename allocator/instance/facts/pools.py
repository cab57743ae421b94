"""The most money that can reach each pool, against the least it must pay for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.costs import Costs, over
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.purses import Purse, purses, repr_of
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Array

_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Money:
    """What the money of a pool in a year can be made of at most."""

    amount: float
    raised: float
    transferred: float
    carried: float
    owed: float

    @property
    def total(self) -> float:
        """All of it together."""
        return self.amount + self.raised + self.transferred + self.carried + self.owed


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


@dataclass(frozen=True)
class Least:
    """Least that everything costs.

    Attributes
    ----------
    lo, hi : ndarray, shape (programmes, years)
        Least and most activity.
    floors : ndarray, shape (programmes, years)
        Least cost of each programme.
    payments, lasting : ndarray, shape (contracts, years)
        Least payment of each contract, and least of what is paid every year.
    """

    lo: Array
    hi: Array
    floors: Array
    payments: Array
    lasting: Array

    def paid(self, purse: Purse) -> Array:
        """Least payment of each contract out of a kind of money."""
        return self.lasting if purse.kind == "recurrent" else self.payments


@dataclass(frozen=True)
class Held:
    """Contracts while they hold, arrays of shape (contracts, years).

    Attributes
    ----------
    paid : ndarray
        Least that each costs its pool.
    followed : ndarray
        Least of what its payment follows.
    by_cost : ndarray of bool
        Whether that is cost.
    """

    paid: Array
    followed: Array
    by_cost: Array


class Pools:
    """Money of the draft's pools and prices of its programmes.

    Parameters
    ----------
    draft : Draft
        With whole tables.
    agreements : Agreements
        Contracts of the draft.
    decisions : Decisions
        Options of the draft.
    """

    def __init__(self, draft: Draft, agreements: Agreements, decisions: Decisions) -> None:
        programmes = draft["programmes"]
        self._costs = Costs(draft, decisions)
        self._recurrent = programmes["recurrent"]
        self._names = programmes["programme"]
        self._baseline = programmes["baseline"]
        self._fixed = programmes["fixed_share"]
        self._release = programmes["release_years"]
        self._agreements = agreements
        self._purses = list(purses(draft, agreements, decisions))

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
        return self._costs.least(lo, hi) + self._costs.price * stranded

    def least(self, lo: Array, hi: Array) -> Least:
        """Least that everything costs, given the least and the most activity."""
        floors = self.floors(lo, hi)
        payments = self._agreements.least(lo, floors)
        lasting = payments
        if self._agreements.loose.any():
            lasting = self._agreements.least(lo, floors, self._recurrent)
        return Least(lo, hi, floors, payments, lasting)

    def shortages(self, least: Least) -> Iterator[Short]:
        """Pools that cannot pay their floors, each once, in the first year it shows."""
        for purse in self._purses:
            if purse.short:
                continue
            floor = purse.floor(least.floors, least.paid(purse))
            missing = -purse.overdraw - purse.left(floor)
            size = np.maximum(1.0, np.abs(floor))
            for t in np.flatnonzero(missing > _TOLERANCE * size).tolist()[:1]:
                for other in self._purses:
                    same_money = (other.kind == "capital") == (purse.kind == "capital")
                    other.short |= same_money and not purse.pools.isdisjoint(other.pools)
                yield self._short(purse, t, least.floors, least.paid(purse))

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
        claims.append(("options", float(purse.options[t])))
        claims = sorted((c for c in claims if c[1] != 0.0), key=lambda c: -c[1])
        money = Money(
            float(purse.amount[t]),
            float(purse.raised[t]),
            float(purse.transferred[t]),
            float(purse.carried(floor)[t]),
            float(purse.overdraw[t]),
        )
        return Short(purse.name, int(purse.lines[t]), t, float(floor[t]), money, claims)

    def ceilings(self, least: Least) -> tuple[Array, Array]:
        """Most activity the money allows once everything else has its floor; budget lines.

        Activity under a contract is limited by what the pool can pay for it, which is not
        its cost; a programme paid by several pools by what they have together.
        """
        high = np.full(least.lo.shape, np.inf)
        lines = np.zeros(least.lo.shape, dtype=np.int64)
        held = self._held(least)
        for purse in self._purses:
            if purse.short:
                continue
            floor = purse.floor(least.floors, least.paid(purse))
            spare = np.maximum(purse.left(floor) + purse.overdraw, 0.0)
            part = over(spare, purse.weight)
            _cut(high, lines, purse, purse.rows, self._bought(least, purse.rows, part))
            if len(purse.contracts):
                rows, most = self._under_contract(purse, spare, least, held)
                _cut(high, lines, purse, rows, most)
        return high, lines

    def _held(self, least: Least) -> Held:
        agreed = self._agreements
        cost, worth = agreed.total(least.floors), agreed.worth(least.lo)
        by_cost = agreed.by_cost
        paid = agreed.held(least.lo, least.floors)
        return Held(paid, np.where(by_cost, cost, worth), by_cost)

    def _bought(self, least: Least, rows: Array, spare: Array) -> Array:
        """Most activity of programmes for their floor and some more money."""
        return self._costs.most(least.lo, least.hi, rows, spare)

    def _under_contract(
        self, purse: Purse, spare: Array, least: Least, held: Held
    ) -> tuple[Array, Array]:
        """Programmes under the contracts of a purse, and most activity that it can pay for."""
        agreed, at = self._agreements, purse.contracts
        with np.errstate(invalid="ignore"):
            money = least.paid(purse)[at] + spare
        # Endless savings and the money they leave are no limit.
        money = np.where(np.isnan(money), np.inf, money)
        loose = agreed.loose[at]
        most = agreed.most_followed(money / agreed.markup[at], at)
        most = np.where(loose, np.minimum(most, agreed.covered[at]), most)
        left = most - held.followed[at]
        members = np.concatenate([agreed.members[c] for c in at.tolist()])
        owner = np.repeat(np.arange(len(at)), [len(agreed.members[c]) for c in at.tolist()])
        room = np.maximum(left, 0.0)[owner]
        by_tariff = least.lo[members] + over(room, agreed.tariff[members])
        dear = self._bought(least, members, room)
        found = np.where(held.by_cost[at][owner], dear, by_tariff)
        if loose.any():
            paid = held.paid[at]
            holds = paid - money <= _TOLERANCE * np.maximum(1.0, np.abs(paid))
            holds &= left >= -_TOLERANCE * np.maximum(1.0, np.abs(most))
            free = self._paid_at_cost(purse, (members, owner), money, least)
            either = np.where(holds[owner], np.maximum(found, free), free)
            found = np.where(loose[owner], either, found)
        return members, found

    def _paid_at_cost(
        self, purse: Purse, under: tuple[Array, Array], money: Array, least: Least
    ) -> Array:
        """Most activity of contracts' programmes while they are ended or suspended.

        `under` are the programmes and, for each, the position of its contract in `money`.
        """
        members, owner = under
        counted = np.ones(len(members), dtype=bool)
        if purse.kind == "recurrent":
            counted = self._recurrent[members]
        floor = np.zeros(money.shape)
        with np.errstate(invalid="ignore"):
            np.add.at(floor, owner[counted], least.floors[members[counted]])
            spare = np.maximum(money - floor, 0.0)[owner]
        return np.where(counted[:, None], self._bought(least, members, spare), np.inf)


def _cut(high: Array, lines: Array, purse: Purse, rows: Array, most: Array) -> None:
    """Lower the ceilings of some programmes to what a purse allows."""
    tighter = most < high[rows]
    high[rows] = np.where(tighter, most, high[rows])
    lines[rows] = np.where(tighter, purse.lines, lines[rows])
