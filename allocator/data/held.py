"""Lines that are held at their baseline, and how they give way where they must."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.data.activity import Activity
from allocator.data.axes import Axes
from allocator.data.index import Axis, Index
from allocator.data.money import Money
from allocator.instance.instance import Instance
from allocator.tolerances import PENNY, ROUNDING


class HeldLines:
    """Held programmes year by year; arrays follow `rows` unless said.

    Attributes
    ----------
    rows : Index
        (programme, year).
    level : ndarray
        Activity a line is held at: its baseline, or the nearest its own limits allow.
    rate : ndarray
        Money a unit of activity counts when it is given up: its price, or a penny where it has
        none.
    room : ndarray
        Money from the level down to the least the line can do.
    most : ndarray
        More than a line can lie off from where its share puts it, in money.
    shares : Index
        (pool, year, order): each is one share by which its lines give way.
    line_shares : Index
        (pool, year, order, programme): the share of each line.
    orders : Index
        Orders, those that give way last first.
    upto : Index
        (order, programme, year): lines of an order and of all that give way after it.
    all : Index
        One member, or none where nothing is held.
    most_apart : ndarray
        More than all of them can lie off together, following `all`.
    every : Index
        (that member, programme, year).
    """

    def __init__(
        self,
        instance: Instance,
        axes: Axes,
        activity: Activity,
        money: Money,
        held: Flags,
        levels: Floats | None,
    ) -> None:
        shape = activity.price.shape
        least, most = _own_limits(instance, shape)
        wanted = np.repeat(activity.baseline[:, None], shape[1], axis=1)
        if levels is not None:
            wanted = np.where(np.isnan(levels), wanted, levels)
        i, t = np.nonzero(held[:, None] & np.ones(shape, dtype=bool))
        self.rows = Index((axes.programme, axes.year), [i, t])
        low, high = least[i, t], most[i, t]
        self.level = np.clip(wanted[i, t], low, np.maximum(low, high))
        penny = PENNY / instance.settings.money_scale
        price = activity.price[i, t]
        self.rate = np.where(price > 0, price, penny)
        gap = self.level - low
        self.room = self.rate * np.where(gap > ROUNDING * self.level, gap, 0.0)
        self.most = 2.0 * (self.rate * activity.top[i, t] + self.room)

        said = instance.rows["programmes"]["held_order"][i].astype(np.int64)
        ranks, rank = np.unique(said, return_inverse=True)
        order = Axis("order", tuple(ranks.tolist()))
        pool = money.payer[i]
        self.shares, _ = Index.unique((axes.pool, axes.year, order), [pool, t, rank])
        self.line_shares = Index((axes.pool, axes.year, order, axes.programme), [pool, t, rank, i])
        self.orders = Index((order,), [np.arange(len(ranks))])
        self.upto = Index((order, axes.programme, axes.year), _up_to(rank, i, t, len(ranks)))
        one = Axis("held", ("all",))
        self.all = Index((one,), [np.zeros(min(1, len(i)), dtype=np.int64)])
        self.every = Index((one, axes.programme, axes.year), [np.zeros(len(i), np.int64), i, t])
        self.most_apart = np.full(len(self.all), self.most.sum())
        self._share = self.shares.positions([pool, t, rank])
        self._rank = rank

    @property
    def share(self) -> Ints:
        """Share by which each line gives way, as a position in `shares`."""
        return self._share

    def among(self, order: int) -> Flags:
        """Which lines count up to an order."""
        found: Flags = self._rank <= order
        return found


def _own_limits(instance: Instance, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Least and most by a programme's own limits, year after year."""
    limits, baseline = instance.facts.limits, instance.rows["programmes"]["baseline"]
    least, most = np.zeros(shape), np.zeros(shape)
    low, high = baseline, baseline
    for t in range(shape[1]):
        floor, ceiling = limits.grown(t, low, high)
        low = np.fmax(np.maximum(limits.least[:, t], 0.0), floor)
        high = np.fmin(limits.most[:, t], ceiling)
        least[:, t], most[:, t] = low, high
    return least, most


def _up_to(rank: Ints, i: Ints, t: Ints, ranks: int) -> list[Ints]:
    """Order, programme and year of the lines up to each order."""
    orders = [np.flatnonzero(rank <= order) for order in range(ranks)]
    each = np.concatenate([np.empty(0, np.int64), *orders]).astype(np.int64)
    owner = np.repeat(np.arange(ranks), [len(lines) for lines in orders])
    return [owner, i[each], t[each]]
