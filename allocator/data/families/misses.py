"""By how much a soft rule can be missed."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data.families.paid import Paid
from allocator.data.options import Options
from allocator.data.parts import Parts
from allocator.data.responses import Responses


class Misses:
    """Rows that soft rules may miss.

    Attributes
    ----------
    short, over : Index
        (rule, year) that may be missed from below, and from above.
    most : ndarray
        The most that a rule's two sides can be apart, in the unit of its left side; following
        ``rules.rows``.
    """

    def __init__(self, data: Parts, paid: Paid) -> None:
        rules, activity, demand = data.rules, data.activity, data.demand
        responses, options, surcharge = data.responses, data.options, data.surcharge
        contracts = data.contracts
        highest = np.maximum(activity.baseline[:, None], activity.top.max(axis=1, keepdims=True))
        size = np.zeros(activity.price.shape)
        size[surcharge.rows.columns] = np.maximum(np.abs(surcharge.low), np.abs(surcharge.high))
        payment = np.maximum(paid.least, paid.most)
        self.most = np.abs(rules.right)
        for terms, reach, over in (
            (rules.stranded_ended, paid.stranded_most, contracts.rows),
            (rules.activity, activity.top, None),
            (rules.surcharge, size, None),
            (rules.ended, contracts.cost_high, contracts.rows),
            (rules.stranded, activity.price * highest, None),
            (rules.unmet, demand.unmet_max, demand.rows),
            (rules.outcome, _most_bought(responses, options), responses.rows),
            (rules.payment, payment, contracts.rows),
        ):
            member = terms.rows.columns[2:]
            far = reach[member] if over is None else reach[over.positions(member)]
            row = rules.rows.positions(terms.rows.columns[:2])
            self.most += np.bincount(row, np.abs(terms.coefficient) * far, len(rules.rows))
        self.short = rules.rows.take(rules.soft("below"))
        self.over = rules.rows.take(rules.soft("above"))


def _most_bought(responses: Responses, options: Options) -> Floats:
    """Largest size of each outcome, with what options make of it."""
    rise = np.abs(responses.slope) * responses.width[responses.segment]
    most = np.abs(responses.base) + np.bincount(responses.pair, rise, len(responses.rows))
    factor = np.zeros(len(responses.rows))
    levels = responses.rows.positions(options.outcomes.rows.columns[:3])
    np.maximum.at(factor, levels, np.abs(options.outcomes.change))
    added = np.maximum(*(np.abs(x) for x in options.outcome.range(responses.rows)))
    return most * (1.0 + factor) + added
