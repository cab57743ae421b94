"""The most money that can reach each pool, against the least its programmes must spend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.instance.by_year import by_year
from allocator.instance.draft import Draft
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
        Line of the budget row.
    year : int
        Position of the plan year.
    needed : float
        Least the programmes must spend.
    money : Money
        Most there can be.
    members : ndarray of bool
        Programmes the pool pays for.
    """

    name: str
    line: int
    year: int
    needed: float
    money: Money
    members: Array


@dataclass
class _Purse:
    """One pool, or pools joined by transfers taken together."""

    name: str
    members: Array
    amount: Array
    transferred: Array
    opening: float
    carry_max: Array
    overdraw: Array
    lines: Array
    short: bool = False

    def carried(self, floor: Array) -> Array:
        """Most money carried into each year, and past the last."""
        carried = [self.opening]
        for t in range(len(self.amount)):
            left = carried[-1] + self.amount[t] + self.transferred[t] - floor[t]
            carried.append(min(float(self.carry_max[t]), float(left)))
        return np.array(carried)


class Pools:
    """Money of the draft's pools and prices of its programmes.

    Parameters
    ----------
    draft : Draft
        With whole tables.
    """

    def __init__(self, draft: Draft) -> None:
        programmes, settings = draft["programmes"], draft.settings
        assert settings is not None
        uplift = programmes["cost_uplift"]
        uplift = np.where(np.isnan(uplift), settings.cost_uplift, uplift)
        elapsed = np.array(draft.years) - settings.base_year
        self.price = programmes["unit_cost"][:, None] * (1 + uplift[:, None]) ** elapsed
        self._baseline = programmes["baseline"]
        self._fixed = programmes["fixed_share"]
        self._release = programmes["release_years"]
        self._purses = _purses(draft)

    def floors(self, lo: Array, hi: Array) -> Array:
        """Least spend by programme and year: on activity, and on cost not yet released."""
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

    def shortages(self, floors: Array) -> Iterator[Short]:
        """Pools that cannot pay their floors, each once, in the first year it shows."""
        named = np.zeros(len(floors), dtype=bool)
        for purse in self._purses:
            if purse.short or (purse.members & named).any():
                continue
            floor = floors[purse.members].sum(axis=0)
            carried = purse.carried(floor)
            lowest = -purse.overdraw
            scale = np.maximum(1.0, floor)
            missing = lowest - _left(purse, carried, floor) > _TOLERANCE * scale
            for t in np.flatnonzero(missing).tolist()[:1]:
                purse.short = True
                named |= purse.members
                money = Money(
                    float(purse.amount[t]),
                    float(purse.transferred[t]),
                    float(carried[t]),
                    float(purse.overdraw[t]),
                )
                name, line = purse.name, int(purse.lines[t])
                yield Short(name, line, t, float(floor[t]), money, purse.members)

    def ceilings(self, lo: Array, floors: Array) -> tuple[Array, Array]:
        """Most activity the money allows once everybody else has their floor; budget lines."""
        high = np.full(lo.shape, np.inf)
        lines = np.zeros(lo.shape, dtype=np.int64)
        for purse in self._purses:
            if purse.short:
                continue
            floor = floors[purse.members].sum(axis=0)
            carried = purse.carried(floor)
            spare = _left(purse, carried, floor) + purse.overdraw
            most: Array = lo[purse.members] + np.maximum(spare, 0.0) / self.price[purse.members]
            tighter = most < high[purse.members]
            high[purse.members] = np.where(tighter, most, high[purse.members])
            lines[purse.members] = np.where(tighter, purse.lines, lines[purse.members])
        return high, lines


def _left(purse: _Purse, carried: Array, floor: Array) -> Array:
    """Most that can be left at the end of each year when everybody spends their floor."""
    left: Array = carried[:-1] + purse.amount + purse.transferred - floor
    return left


def _purses(draft: Draft) -> list[_Purse]:
    grid = by_year(draft["budgets"], draft.years)
    pools = [key[0] for key in grid.keys]
    place = {pool: g for g, pool in enumerate(pools)}
    amount, opening = grid.values("amount", 0.0), grid.values("opening", 0.0)[:, 0]
    carry, overdraw = grid.values("carry_max", 0.0), grid.values("overdraw_max", 0.0)
    overdraw[:, -1] = 0.0
    received = np.zeros(amount.shape)
    transfers = by_year(draft["transfers"], draft.years)
    most = transfers.values("max", 0.0)
    linked = list(range(len(pools)))
    for group, (giver, taker) in enumerate(transfers.keys):
        received[place[taker]] += most[group]
        old, new = linked[place[giver]], linked[place[taker]]
        linked = [new if link == old else link for link in linked]
    home = np.array([place[pool] for pool in draft["programmes"]["pool"].tolist()], dtype=np.int64)
    lines = grid.lines()
    single = [
        _Purse(
            f"pool '{pool}'",
            home == g,
            amount[g],
            received[g],
            float(opening[g]),
            carry[g],
            overdraw[g],
            lines[g],
        )
        for g, pool in enumerate(pools)
    ]
    joined = []
    for link in sorted(set(linked)):
        share = np.flatnonzero(np.array(linked) == link)
        if len(share) > 1:
            names = ", ".join(f"'{pools[g]}'" for g in share.tolist())
            joined.append(
                _Purse(
                    f"pools {names} together",
                    np.isin(home, share),
                    amount[share].sum(axis=0),
                    np.zeros(amount.shape[1]),
                    float(opening[share].sum()),
                    carry[share].sum(axis=0),
                    overdraw[share].sum(axis=0),
                    lines[share[0]],
                )
            )
    return single + joined
