"""The most money that can reach each pool, against the least it must pay for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.commitments import Commitments
from allocator.instance.facts.costs import LeastCosts
from allocator.instance.facts.money import over
from allocator.instance.facts.purses import Purse, Purses, repr_of
from allocator.instance.facts.ranges import Money, Shortage
from allocator.instance.tables.rows import Rows
from allocator.tolerances import COLLISION


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

    lo: Floats
    hi: Floats
    floors: Floats
    payments: Floats
    lasting: Floats

    def paid(self, purse: Purse) -> Floats:
        """Least payment of each contract out of a kind of money."""
        return self.lasting if purse.kind == "recurrent" else self.payments


@dataclass(frozen=True)
class InForce:
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

    paid: Floats
    followed: Floats
    by_cost: Flags


class Pools:
    """The most money that can reach each pool, against the least it must pay for.

    Parameters
    ----------
    programmes : Rows
        The table.
    purses : Purses
        Pools, alone and together.
    costs : LeastCosts
        The least that activity can cost.
    agreements : Agreements
        Contracts in force.
    commitments : Commitments
        What they can cost.
    """

    def __init__(
        self,
        programmes: Rows,
        purses: Purses,
        costs: LeastCosts,
        agreements: Agreements,
        commitments: Commitments,
    ) -> None:
        self._costs, self._purses = costs, purses.every
        self._agreements, self._commitments = agreements, commitments
        self._recurrent, self._names = programmes["recurrent"], programmes["programme"]
        self._baseline = programmes["baseline"]
        self._fixed, self._release = programmes["fixed_share"], programmes["release_years"]

    def floors(self, lo: Floats, hi: Floats) -> Floats:
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

    def least(self, lo: Floats, hi: Floats) -> Least:
        """Least that everything costs, given the least and the most activity."""
        floors = self.floors(lo, hi)
        payments = self._commitments.least(lo, floors)
        lasting = payments
        if self._commitments.loose.any():
            lasting = self._commitments.least(lo, floors, self._recurrent)
        return Least(lo, hi, floors, payments, lasting)

    def shortages(self, least: Least, settled: set[Purse]) -> Iterator[Shortage]:
        """Pools that cannot pay their floors, each once, in the first year it shows.

        Parameters
        ----------
        least : Least
        settled : set of Purse
            Purses that cannot pay, or share money with one that cannot: what their money
            allows is no use to anybody. Those found are added.
        """
        for purse in self._purses:
            if purse in settled:
                continue
            floor = purse.floor(least.floors, least.paid(purse))
            missing = -purse.overdraw - purse.left(floor)
            size = np.maximum(1.0, np.abs(floor))
            for t in np.flatnonzero(missing > COLLISION * size).tolist()[:1]:
                settled.update(other for other in self._purses if purse.shares_with(other))
                yield self._short(purse, t, least.floors, least.paid(purse))

    def _short(self, purse: Purse, t: int, floors: Floats, payments: Floats) -> Shortage:
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
        return Shortage(
            "budgets",
            int(purse.lines[t]),
            purse.name,
            t,
            float(floor[t]),
            money.total,
            claims,
            money=money,
        )

    def ceilings(self, least: Least, settled: set[Purse]) -> tuple[Floats, Ints]:
        """Most activity the money allows once everything else has its floor; budget lines.

        Activity under a contract is limited by what the pool can pay for it, which is not
        its cost; a programme paid by several pools by what they have together.
        """
        high = np.full(least.lo.shape, np.inf)
        lines = np.zeros(least.lo.shape, dtype=np.int64)
        in_force = self._in_force(least)
        for purse in self._purses:
            if purse in settled:
                continue
            floor = purse.floor(least.floors, least.paid(purse))
            spare = np.maximum(purse.left(floor) + purse.overdraw, 0.0)
            part = over(spare, purse.weight)
            _cut(high, lines, purse, purse.rows, self._bought(least, purse.rows, part))
            if len(purse.contracts):
                rows, most = self._under_contract(purse, spare, least, in_force)
                _cut(high, lines, purse, rows, most)
        return high, lines

    def _in_force(self, least: Least) -> InForce:
        by_cost, commitments = self._agreements.by_cost, self._commitments
        cost, worth = commitments.total(least.floors), commitments.worth(least.lo)
        paid = commitments.in_force(least.lo, least.floors)
        return InForce(paid, np.where(by_cost, cost, worth), by_cost)

    def _bought(self, least: Least, rows: Ints, spare: Floats) -> Floats:
        """Most activity of programmes for their floor and some more money."""
        return self._costs.most(least.lo, least.hi, rows, spare)

    def _under_contract(
        self, purse: Purse, spare: Floats, least: Least, in_force: InForce
    ) -> tuple[Ints, Floats]:
        """Programmes under the contracts of a purse, and most activity that it can pay for."""
        agreed, at = self._agreements, purse.contracts
        with np.errstate(invalid="ignore"):
            money = least.paid(purse)[at] + spare
        # Endless savings and the money they leave are no limit.
        money = np.where(np.isnan(money), np.inf, money)
        loose = self._commitments.loose[at]
        most = self._commitments.most_followed(money / agreed.markup[at], at)
        most = np.where(loose, np.minimum(most, agreed.ceiling[at]), most)
        left = most - in_force.followed[at]
        members = np.concatenate([agreed.members[c] for c in at.tolist()])
        owner = np.repeat(np.arange(len(at)), [len(agreed.members[c]) for c in at.tolist()])
        room = np.maximum(left, 0.0)[owner]
        by_tariff = least.lo[members] + over(room, agreed.tariff[members])
        dear = self._bought(least, members, room)
        found = np.where(in_force.by_cost[at][owner], dear, by_tariff)
        if loose.any():
            paid = in_force.paid[at]
            holds = paid - money <= COLLISION * np.maximum(1.0, np.abs(paid))
            holds &= left >= -COLLISION * np.maximum(1.0, np.abs(most))
            free = self._paid_at_cost(purse, (members, owner), money, least)
            either = np.where(holds[owner], np.maximum(found, free), free)
            found = np.where(loose[owner], either, found)
        return members, found

    def _paid_at_cost(
        self, purse: Purse, under: tuple[Ints, Ints], money: Floats, least: Least
    ) -> Floats:
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


def _cut(high: Floats, lines: Ints, purse: Purse, rows: Ints, most: Floats) -> None:
    """Lower the ceilings of some programmes to what a purse allows."""
    tighter = most < high[rows]
    high[rows] = np.where(tighter, most, high[rows])
    lines[rows] = np.where(tighter, purse.lines, lines[rows])
