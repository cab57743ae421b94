"""Everything a formulation is built from."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.arrays import Flags, Floats
from allocator.data.activity import Activity
from allocator.data.capacity import Capacity
from allocator.data.contracts import Contracts
from allocator.data.demand import Demand
from allocator.data.equity import Equity
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
