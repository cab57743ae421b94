"""Contracts that may be ended or suspended, and what then stands in for them."""

from __future__ import annotations

import numpy as np

from allocator.data.index import Index
from allocator.data.parts import Parts
from allocator.data.rules import Rules
from allocator.tolerances import ROOM


class Endings:
    """Rows of contracts that may not hold; arrays are money and follow `rows`.

    Attributes
    ----------
    rows : Index
        (contract, year) that may have been ended, or be suspended.
    ended_by : Index
        (contract, year, first year without it) by which it may have been ended.
    may_end : Index
        (contract, year) that may have been ended.
    suspends : RunTerms
        Runs that suspend each of `rows`.
    cost_low, cost_high : ndarray
        Least and most its programmes can cost, a little apart.
    cost_min, cost_max : ndarray
        The same or 0, whichever is further.
    low, high, min, max : ndarray
        The same four of what its payment follows.
    stranded, stranded_all : Index
        (contract, year) whose stranded cost some rule leaves out once it has been ended; and
        where a rule of sense equal does, so that it must be left out in full.
    """

    def __init__(self, data: Parts) -> None:
        contracts, payments, suspends = data.contracts, data.payments, data.options.suspends
        rules = data.rules
        self.rows = rows = contracts.rows.take(contracts.endable)
        self.ended_by, self.may_end = _ended(rows, contracts.ends)
        at = contracts.rows.positions(rows.columns)
        room = ROOM * np.maximum(np.abs(contracts.cost_low), np.abs(contracts.cost_high))
        self.cost_low, self.cost_high = (
            (contracts.cost_low - room)[at],
            (contracts.cost_high + room)[at],
        )
        filled = payments.rows
        width = np.bincount(
            filled.positions(payments.fills.columns[:2]), payments.width, len(filled)
        )
        where = filled.positions(rows.columns)
        self.low = low = payments.low[where]
        self.high = low + width[where]
        self.stranded, self.stranded_all = _left_out(rows, rules)
        self.suspends = suspends.within(rows)[1]
        self.cost_min = np.minimum(self.cost_low, 0.0)
        self.cost_max = np.maximum(self.cost_high, 0.0)
        self.min = np.minimum(low, 0.0)
        self.max = np.maximum(self.high, 0.0)


def _ended(rows: Index, ends: Index) -> tuple[Index, Index]:
    """Years in which each row may have been ended, and rows with such a year."""
    contract, t = rows.columns
    name, first = ends.columns
    pair, end = np.nonzero((contract[:, None] == name) & (t[:, None] >= first))
    before = Index((*rows.axes, rows.axes[1]), [contract[pair], t[pair], first[end]])
    return before, rows.take(np.unique(pair))


def _left_out(rows: Index, rules: Rules) -> tuple[Index, Index]:
    """Contracts whose stranded cost rules leave out once they have been ended."""
    terms = rules.stranded_ended.rows
    equal = rules.sense[rules.rows.positions(terms.columns[:2])] == "equal"
    found = rows.find(terms.columns[2:])
    mine = found >= 0
    return rows.take(np.unique(found[mine])), rows.take(np.unique(found[mine & equal]))
