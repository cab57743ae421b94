"""By how much a soft rule can be missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import Activity
from allocator.data.contracts import Contracts
from allocator.data.demand import Demand
from allocator.data.families.paid import Paid
from allocator.data.index import Index
from allocator.data.options import Options
from allocator.data.responses import Responses
from allocator.data.rules import Rules
from allocator.data.surcharge import Surcharge


@dataclass(frozen=True)
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

    short: Index
    over: Index
    most: Floats


def derive_misses(
    rules: Rules,
    doing: Activity,
    need: Demand,
    buys: Responses,
    chosen: Options,
    extra: Surcharge,
    agreed: Contracts,
    paid: Paid,
) -> Misses:
    """Bound the violation of every rule.

    Parameters
    ----------
    rules : Rules
    doing, need, buys, chosen, extra, agreed, paid
        What its left side is made of.
    """
    highest = np.maximum(doing.baseline[:, None], doing.top.max(axis=1, keepdims=True))
    surcharge = np.zeros(doing.price.shape)
    surcharge[extra.rows.columns] = np.maximum(np.abs(extra.low), np.abs(extra.high))
    payment = np.maximum(paid.least, paid.most)
    contracts, outcomes = agreed.rows, buys.rows
    most = np.abs(rules.right)
    for terms, size, over in (
        (rules.stranded_ended, paid.stranded_most, contracts),
        (rules.activity, doing.top, None),
        (rules.surcharge, surcharge, None),
        (rules.ended, agreed.cost_high, contracts),
        (rules.stranded, doing.price * highest, None),
        (rules.unmet, need.unmet_max, need.rows),
        (rules.outcome, _most_bought(buys, chosen), outcomes),
        (rules.payment, payment, contracts),
    ):
        member = terms.rows.columns[2:]
        reach = size[member] if over is None else size[over.positions(member)]
        row = rules.rows.positions(terms.rows.columns[:2])
        most = most + np.bincount(row, np.abs(terms.coefficient) * reach, len(most))
    return Misses(rules.rows.take(rules.soft("below")), rules.rows.take(rules.soft("above")), most)


def _most_bought(buys: Responses, chosen: Options) -> Floats:
    """Largest size of each outcome, with what options make of it."""
    at = buys.rows.positions(buys.slope_rows.columns[:3])
    width = buys.width[buys.segments.positions(buys.slope_rows.columns[1:])]
    most = np.abs(buys.base) + np.bincount(at, np.abs(buys.slope) * width, len(buys.rows))
    factor = np.zeros(len(buys.rows))
    levels = buys.rows.positions(chosen.outcomes.rows.columns[:3])
    np.maximum.at(factor, levels, np.abs(chosen.outcomes.change))
    added = np.maximum(*(np.abs(x) for x in chosen.outcome.range(buys.rows)))
    return most * (1.0 + factor) + added
