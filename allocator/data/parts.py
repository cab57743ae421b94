"""What an instance says as arrays once its curves are cut."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data.incomes import Incomes
from allocator.data.ordering import Ordering
from allocator.data.payments import Payments, with_bonuses
from allocator.data.responses import Responses
from allocator.data.spans import Earnings
from allocator.data.stated import Stated
from allocator.data.wanted import Wanted

Knots = dict[tuple[int, int], Floats]
"""Activity at which chords shall meet their curves besides, by (programme, year) position."""


class Parts(Stated):
    """What an instance says, with the curves of its responses cut.

    Parameters
    ----------
    stated : Stated
        All that the cut leaves as it is; it is shared, not copied.
    knots, margin
        As in :func:`allocator.data.extract`.

    Attributes
    ----------
    responses, rules, incomes
        Chords, and what rests on them.
    payments, ordering
        Where the data need decisions to hold something exactly.
    tier_orders : Index
        (programme, year) of the cost thresholds that need a decision.
    stranded_exact : ndarray of bool, shape (programmes, years)
        Programme-years whose stranded cost would be overstated if it could be.
    """

    def __init__(self, stated: Stated, knots: Knots, margin: int) -> None:
        vars(self).update(vars(stated))
        self.responses = Responses(self.uncut, knots)
        earnings = Earnings(self.responses, self.driver_range, self.options)
        self.rules = self.stated_rules.allowing(self.responses, margin)
        self.incomes = Incomes(
            self.stated_incomes, self.activity, self.demand, self.responses, earnings, margin
        )
        pieces, error = with_bonuses(self.contracts, self.pieces, earnings)
        wanted = Wanted(
            activity=self.activity,
            contracts=self.contracts,
            pieces=pieces,
            providers=self.providers,
            rules=self.rules,
            incomes=self.incomes,
            responses=self.responses,
        )
        room = error if margin > 0 else np.zeros(len(error))
        self.payments = Payments(self.contracts, pieces, room, wanted)
        self.ordering = Ordering(self.responses, wanted)
        self.tier_orders = self.surcharge.orders(wanted.costs)
        self.stranded_exact = wanted.stranded
