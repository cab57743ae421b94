"""What an instance says as arrays, wherever the curves of its responses are cut."""

from __future__ import annotations

from typing import Any

from allocator.arrays import Floats
from allocator.data.activity import Activity
from allocator.data.axes import Axes
from allocator.data.capacity import Capacity
from allocator.data.contracts import Contracts
from allocator.data.demand import Demand
from allocator.data.equity import Equity
from allocator.data.funding import Funding
from allocator.data.held import HeldLines
from allocator.data.incomes import StatedIncomes
from allocator.data.index import Index
from allocator.data.measures import Measures
from allocator.data.money import Money
from allocator.data.options import Options
from allocator.data.payments import read_pieces
from allocator.data.providers import Providers
from allocator.data.reach import Reach
from allocator.data.reference import read_target
from allocator.data.responses import UncutResponses
from allocator.data.rules import read_rules
from allocator.data.spans import Costs, read_driver_range
from allocator.data.surcharge import Surcharge
from allocator.data.worth import read_harm_value, read_tail
from allocator.instance.instance import Instance


class Stated:
    """What does not depend on where curves are cut: read once, used for every cut.

    Parameters
    ----------
    instance : Instance
    wider : bool
        Whether curves go beyond what can be reached (:class:`~allocator.data.reach.Reach`).

    Attributes
    ----------
    axes : Axes
        Labels of all coordinates.
    programme, year, pool, outcome : Axis
        Those of the coordinates that most rows have.
    programme_years : Index
        Every (programme, year).
    money_scale : float
        Units of currency in a unit of money.
    recurrent_balance : bool
        Whether what is spent every year must stay within what comes every year.
    money, funding, capacity, providers, equity, activity, demand, contracts
        One part a constraint family.
    options, surcharge
        Indivisible decisions, and what cost has beyond the plain unit cost.
    driver_range : pair of ndarray, shape (programmes, years)
        Least and most the driver of a programme's curves can be.
    costs : Costs
        Least and most each programme can cost.
    pieces : tuple of Pieces or None
        Payments by row of the contracts; None where one follows an outcome.
    uncut, stated_rules, stated_incomes
        Responses, rules and conditional money before the curves are cut.
    harm_value : ndarray
        Objective lost per unit of unmet need, following ``demand.rows``.
    tail : ndarray, shape (programmes, years)
        Objective per unit of activity above baseline for need avoided after the plan.
    held : ndarray of bool, shape (programmes,)
        Programmes kept at their baseline, as far as they can be.
    held_lines : HeldLines
        They year by year, at `levels` where that says something.
    target : ndarray, shape (programmes, years)
        Spend of the baseline rolled forward, which the reference plan is nearest to.
    standing : dict of str to object
        What has been made of these alone, by name: every cut shares it.
    """

    def __init__(
        self, instance: Instance, levels: Floats | None = None, *, wider: bool = False
    ) -> None:
        self.standing: dict[str, Any] = {}
        self.money_scale = instance.settings.money_scale
        self.recurrent_balance = instance.settings.recurrent_balance
        self.axes = axes = Axes(instance)
        self.programme, self.year = axes.programme, axes.year
        self.pool, self.outcome = axes.pool, axes.outcome
        self.programme_years = Index.product(axes.programme, axes.year)
        self.money = Money(instance, axes)
        self.funding = Funding(instance, axes)
        self.capacity = Capacity(instance, axes)
        self.providers = Providers(instance, axes)
        self.equity = Equity(instance, axes)
        self.options = Options(instance, axes, self.capacity)

        reach = Reach(instance, self.money, wider=wider)
        self.activity = Activity(instance, reach, self.options)
        self.demand = Demand(instance, axes, self.options.demand)
        self.driver_range = read_driver_range(reach, self.demand)
        self.surcharge = Surcharge(instance, axes, self.activity, self.options)
        self.costs = Costs(self.activity, self.surcharge)
        self.contracts = Contracts(instance, axes, self.activity, self.costs)
        self.pieces = read_pieces(self.contracts)
        self.uncut = UncutResponses(
            instance, axes, reach, self.activity, self.demand, self.equity, self.options
        )

        measures = Measures(
            instance,
            axes,
            activity=self.activity,
            demand=self.demand,
            responses=self.uncut.rows,
            equity=self.equity,
            funding=self.funding,
            contracts=self.contracts,
            providers=self.providers,
            surcharge=self.surcharge,
        )
        self.stated_rules = read_rules(instance, axes, measures)
        self.stated_incomes = StatedIncomes(instance, axes, measures)

        self.harm_value = read_harm_value(instance, self.demand, self.equity)
        self.tail = read_tail(instance, axes)
        self.held = instance.facts.held.held
        self.held_lines = HeldLines(instance, axes, self.activity, self.money, self.held, levels)
        self.target = read_target(
            self.activity,
            self.demand,
            self.money,
            self.funding,
            self.held,
            self.stated_incomes.held_back,
        )
