"""Everything a formulation is built from."""

from __future__ import annotations

from functools import cached_property

from allocator.arrays import Floats
from allocator.data.families.endings import Endings
from allocator.data.families.levels import LevelFills
from allocator.data.families.limits import Limits
from allocator.data.families.misses import Misses
from allocator.data.families.paid import Paid
from allocator.data.families.passing import Passing
from allocator.data.families.pools import Pools
from allocator.data.families.positions import Positions
from allocator.data.families.shares import Shares
from allocator.data.families.stranded import Stranded
from allocator.data.in_order import InOrder
from allocator.data.index import Index
from allocator.data.parts import Parts
from allocator.data.standing import standing
from allocator.data.stated import Stated


class Data(Parts):
    """An instance as arrays: its parts, and what the rows of each family run over.

    A programme, year, pool or outcome is its position on its axis everywhere; an
    :class:`~allocator.data.index.Index` holds such positions, one column a coordinate, and
    the arrays beside it follow it row by row.
    """

    # Each is made at first need: these once for every cut of the curves,
    limits = standing(Limits)
    passing = standing(Passing)
    pools = standing(Pools)
    positions = standing(Positions)
    shares = standing(Shares)

    @standing
    def by_activity(self: Stated) -> Index:
        """(programme, year) of the curves that follow activity."""
        drivers = self.uncut.drivers
        return drivers.take(self.demand.rows.find(drivers.columns) < 0)

    @standing
    def by_need_met(self: Stated) -> Index:
        """(programme, year) of the curves that follow need met."""
        drivers = self.uncut.drivers
        return drivers.take(self.demand.rows.find(drivers.columns) >= 0)

    @standing
    def most_moved(self: Stated) -> Floats:
        """Twice the money that can move, so that it never binds, shape (programmes, years)."""
        reach = self.activity.top.copy()
        reach[self.demand.rows.columns] += self.demand.need_max
        return 2.0 * (self.activity.price * reach + self.target)

    # and these anew for each.
    stranded = cached_property(Stranded)
    paid = cached_property(Paid)
    endings = cached_property(Endings)

    @cached_property
    def level_fills(self) -> LevelFills:
        """Curves of programmes whose unit cost options change."""
        return LevelFills(self, self.by_activity)

    @cached_property
    def curve_order(self) -> InOrder:
        """Segments of curves next to a decision."""
        return InOrder(self.responses.segments, self.ordering.block, self.ordering.orders)

    @cached_property
    def outcome_range(self) -> tuple[Floats, Floats]:
        """Least and most each curve can come to, following ``responses.rows``."""
        return self.responses.spans(*self.driver_range)

    @cached_property
    def misses(self) -> Misses:
        """By how much soft rules can be missed."""
        return Misses(self, self.paid)
