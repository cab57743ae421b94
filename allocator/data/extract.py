"""From a checked instance to arrays: the parts, and the order in which they are read."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import read_activity
from allocator.data.axes import read_axes
from allocator.data.capacity import read_capacity
from allocator.data.contracts import read_contracts
from allocator.data.data import Data
from allocator.data.demand import read_demand
from allocator.data.equity import read_equity
from allocator.data.funding import read_funding
from allocator.data.incomes import read_incomes, read_stated_incomes
from allocator.data.index import Index
from allocator.data.measures import Measures
from allocator.data.money import read_money
from allocator.data.options import read_options
from allocator.data.ordering import read_ordering
from allocator.data.payments import read_payments, read_pieces, with_bonuses
from allocator.data.providers import read_providers
from allocator.data.reach import read_reach
from allocator.data.reference import read_target
from allocator.data.responses import read_responses, read_uncut_responses
from allocator.data.rules import read_rules
from allocator.data.spans import read_costs, read_driver_range, read_earnings
from allocator.data.surcharge import read_surcharge
from allocator.data.wanted import read_wanted
from allocator.data.worth import read_harm_value, read_tail
from allocator.instance.instance import Instance

Knots = dict[tuple[int, int], Floats]
"""Activity at which chords shall meet their curves besides, by (programme, year) position."""


def extract(instance: Instance, knots: Knots | None = None, margin: int = 0) -> Data:
    """Turn a checked instance into arrays.

    Parameters
    ----------
    instance : Instance
    knots : dict of (programme, year) positions to ndarray, optional
        Activity at which chords shall meet their curves besides where they do anyway.
    margin : int
        1: rules, thresholds and steps on outcomes allow for all that the chords may miss, so
        that the true curves keep them wherever the plan lies; -1: rules and thresholds give
        way by as much, so that whatever the true curves reach is allowed; 0: neither.

    Returns
    -------
    Data
    """
    return Extraction(instance).data(knots, margin)


class Extraction:
    """An instance as arrays, whose curves may be cut more than once.

    What does not depend on where curves are cut is read here, once; :meth:`data` adds the
    rest.

    Parameters
    ----------
    instance : Instance
    """

    def __init__(self, instance: Instance) -> None:
        self.settings = instance.settings
        self.axes = axes = read_axes(instance)
        self.programme_years = Index.product(axes.programme, axes.year)
        self.money = read_money(instance, axes)
        self.funding = read_funding(instance, axes)
        self.capacity = read_capacity(instance, axes)
        self.providers = read_providers(instance, axes)
        self.equity = read_equity(instance, axes)
        self.options = read_options(instance, axes, self.capacity)

        reach = read_reach(instance, self.money)
        self.activity = read_activity(instance, reach, self.options)
        self.demand = read_demand(instance, axes, self.options.demand)
        self.driver_range = read_driver_range(reach, self.demand)
        self.surcharge = read_surcharge(instance, axes, self.activity, self.options)
        self.costs = read_costs(self.activity, self.surcharge)
        self.contracts = read_contracts(instance, axes, self.activity, self.costs)
        self.pieces = read_pieces(self.contracts)
        self.uncut = read_uncut_responses(
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
        self.rules = read_rules(instance, axes, measures)
        self.stated_incomes = read_stated_incomes(instance, axes, measures)

        self.harm_value = read_harm_value(instance, self.demand, self.equity)
        self.tail = read_tail(instance, axes)
        self.held = instance.facts.held.held
        self.target = read_target(
            self.activity,
            self.demand,
            self.money,
            self.funding,
            self.held,
            self.stated_incomes.held_back,
        )

    def data(self, knots: Knots | None = None, margin: int = 0) -> Data:
        """Cut the curves; parameters are those of :func:`extract`."""
        responses = read_responses(self.uncut, knots or {})
        earnings = read_earnings(responses, self.driver_range, self.options)
        rules = self.rules.allowing(responses, margin)
        incomes = read_incomes(
            self.stated_incomes, self.activity, self.demand, responses, earnings, margin
        )
        pieces, error = with_bonuses(self.contracts, self.pieces, earnings)
        wanted = read_wanted(
            activity=self.activity,
            contracts=self.contracts,
            pieces=pieces,
            providers=self.providers,
            rules=rules,
            incomes=incomes,
            responses=responses,
        )
        room = error if margin > 0 else np.zeros(len(error))
        return Data(
            programme=self.axes.programme,
            year=self.axes.year,
            pool=self.axes.pool,
            outcome=self.axes.outcome,
            programme_years=self.programme_years,
            money_scale=self.settings.money_scale,
            recurrent_balance=self.settings.recurrent_balance,
            activity=self.activity,
            demand=self.demand,
            money=self.money,
            funding=self.funding,
            contracts=self.contracts,
            providers=self.providers,
            capacity=self.capacity,
            responses=responses,
            equity=self.equity,
            rules=rules,
            options=self.options,
            surcharge=self.surcharge,
            incomes=incomes,
            payments=read_payments(self.contracts, pieces, room, wanted),
            ordering=read_ordering(responses, wanted),
            driver_range=self.driver_range,
            costs=self.costs,
            tier_orders=self.surcharge.orders(wanted.costs),
            stranded_exact=wanted.stranded,
            harm_value=self.harm_value,
            tail=self.tail,
            held=self.held,
            target=self.target,
        )
