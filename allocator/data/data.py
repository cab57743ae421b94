"""Everything a formulation is built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from allocator.arrays import Flags, Floats
from allocator.data.activity import Activity
from allocator.data.capacity import Capacity
from allocator.data.contracts import Contracts
from allocator.data.demand import Demand
from allocator.data.equity import Equity
from allocator.data.families.added import Added, read_added
from allocator.data.families.endings import Endings, read_endings
from allocator.data.families.filled import Filled, read_filled
from allocator.data.families.in_order import InOrder, read_order
from allocator.data.families.levels import LevelFills, read_level_fills
from allocator.data.families.limits import Limits, read_limits
from allocator.data.families.misses import Misses, read_misses
from allocator.data.families.needs import Needs, read_needs
from allocator.data.families.paid import Paid, read_paid
from allocator.data.families.passing import Passing, read_passing
from allocator.data.families.pools import Pools, read_pools
from allocator.data.families.positions import Positions, read_positions
from allocator.data.families.shares import Shares, read_shares
from allocator.data.families.stranded import Stranded, read_stranded
from allocator.data.families.thresholds import Thresholds, read_thresholds
from allocator.data.families.tiers import Tiers, read_tiers
from allocator.data.funding import Funding
from allocator.data.incomes import Incomes
from allocator.data.index import Axis, Index
from allocator.data.money import Money
from allocator.data.options import Options
from allocator.data.ordering import Ordering
from allocator.data.payments import Payments
from allocator.data.providers import Providers
from allocator.data.responses import Responses
from allocator.data.rules import Rules
from allocator.data.spans import Costs
from allocator.data.surcharge import Surcharge


@dataclass(frozen=True)
class Data:
    """An instance as arrays.

    A programme, year, pool or outcome is its position on its axis everywhere; an
    :class:`~allocator.data.index.Index` holds such positions, one column a coordinate, and
    the arrays beside it follow it row by row.

    Attributes
    ----------
    programme, year, pool, outcome : Axis
        Labels of the coordinates.
    programme_years : Index
        Every (programme, year).
    money_scale : float
        Units of currency in a unit of money.
    recurrent_balance : bool
        Whether what is spent every year must stay within what comes every year.
    activity, demand, money, funding, contracts, providers, capacity, responses, equity, rules
        One part a constraint family.
    options, surcharge, incomes, payments, ordering
        Indivisible decisions, and where the data need decisions to hold something exactly.
    driver_range : pair of ndarray, shape (programmes, years)
        Least and most the driver of a programme's curves can be.
    costs : Costs
        Least and most each programme can cost.
    tier_orders : Index
        (programme, year) of the cost thresholds that need a decision.
    stranded_exact : ndarray of bool, shape (programmes, years)
        Programme-years whose stranded cost would be overstated if it could be.
    harm_value : ndarray
        Objective lost per unit of unmet need, following ``demand.rows``.
    tail : ndarray, shape (programmes, years)
        Objective per unit of activity above baseline for need avoided after the plan.
    held : ndarray of bool, shape (programmes,)
        Programmes kept at the reference plan.
    target : ndarray, shape (programmes, years)
        Spend of the baseline rolled forward, which the reference plan is nearest to.
    """

    programme: Axis
    year: Axis
    pool: Axis
    outcome: Axis
    programme_years: Index
    money_scale: float
    recurrent_balance: bool
    activity: Activity
    demand: Demand
    money: Money
    funding: Funding
    contracts: Contracts
    providers: Providers
    capacity: Capacity
    responses: Responses
    equity: Equity
    rules: Rules
    options: Options
    surcharge: Surcharge
    incomes: Incomes
    payments: Payments
    ordering: Ordering
    driver_range: tuple[Floats, Floats]
    costs: Costs
    tier_orders: Index
    stranded_exact: Flags
    harm_value: Floats
    tail: Floats
    held: Flags
    target: Floats

    # What the rows of each family run over, derived once at first need.

    @cached_property
    def limits(self) -> Limits:
        """Limits of activity that are rows."""
        return read_limits(self.programme_years, self.activity, self.options)

    @cached_property
    def needs(self) -> Needs:
        """Need that is carried, or changed by options."""
        return read_needs(self.demand, self.options)

    @cached_property
    def by_activity(self) -> Index:
        """(programme, year) of the curves that follow activity."""
        drivers = self.responses.drivers
        return drivers.take(self.demand.rows.find(drivers.columns) < 0)

    @cached_property
    def by_need_met(self) -> Index:
        """(programme, year) of the curves that follow need met."""
        drivers = self.responses.drivers
        return drivers.take(self.demand.rows.find(drivers.columns) >= 0)

    @cached_property
    def curve_order(self) -> InOrder:
        """Segments of curves next to a decision."""
        order = self.ordering
        return read_order(self.responses.segments, order.block, order.orders)

    @cached_property
    def outcome_range(self) -> tuple[Floats, Floats]:
        """Least and most each curve can come to, following ``responses.rows``."""
        return self.responses.spans(*self.driver_range)

    @cached_property
    def tiers(self) -> Tiers:
        """How far surcharges and cost thresholds can move."""
        return read_tiers(self.surcharge, self.activity)

    @cached_property
    def level_fills(self) -> LevelFills:
        """Curves of programmes whose unit cost options change."""
        return read_level_fills(self.options.prices, self.responses, self.by_activity)

    @cached_property
    def stranded(self) -> Stranded:
        """Cost that falls later than activity."""
        return read_stranded(self.programme_years, self.activity, self.stranded_exact)

    @cached_property
    def added(self) -> Added:
        """Capacity that may be added."""
        return read_added(self.pool, self.capacity)

    @cached_property
    def paid(self) -> Paid:
        """What payments under contract follow, and the pieces that hold them."""
        parts = self.payments, self.activity, self.responses
        return read_paid(self.contracts, *parts, self.outcome)

    @cached_property
    def endings(self) -> Endings:
        """Contracts that may be ended or suspended."""
        suspends = self.options.suspends
        return read_endings(self.contracts, self.payments, suspends, self.rules)

    @cached_property
    def filled(self) -> Filled:
        """Payments that are filled in order."""
        return read_filled(self.contracts, self.payments)

    @cached_property
    def positions(self) -> Positions:
        """Providers whose deficit is limited."""
        return read_positions(self.contracts, self.providers)

    @cached_property
    def shares(self) -> Shares:
        """Programmes that several pools pay for."""
        return read_shares(self.programme_years, self.funding, self.activity, self.surcharge)

    @cached_property
    def thresholds(self) -> Thresholds:
        """How far the measures of conditional money have to rise."""
        return read_thresholds(self.incomes)

    @cached_property
    def pools(self) -> Pools:
        """What each pool has and pays for."""
        axes = self.programme, self.year, self.pool
        parts = self.money, self.funding, self.contracts, self.options, self.incomes.held_back
        return read_pools(axes, *parts, self.recurrent_balance)

    @cached_property
    def passing(self) -> Passing:
        """One-off programmes whose contract may be ended."""
        once = ~self.funding.recurrent & self.recurrent_balance
        return read_passing(self.pool, self.contracts, self.endings.rows, once, self.costs)

    @cached_property
    def misses(self) -> Misses:
        """By how much soft rules can be missed."""
        parts = self.activity, self.demand, self.responses, self.options, self.surcharge
        return read_misses(self.rules, *parts, self.contracts, self.paid)

    @cached_property
    def most_moved(self) -> Floats:
        """Twice the money that can move, so that it never binds, shape (programmes, years)."""
        reach = self.activity.top.copy()
        reach[self.demand.rows.columns] += self.demand.need_max
        return 2.0 * (self.activity.price * reach + self.target)
