"""Conditional money: what is received only if a threshold is met."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import Activity, distinct
from allocator.data.axes import Axes
from allocator.data.demand import Demand
from allocator.data.index import Axis, Index
from allocator.data.measures import Expansion, Measures
from allocator.data.responses import Responses
from allocator.data.spans import Earnings, misstated
from allocator.data.terms import Terms
from allocator.instance.instance import Instance
from allocator.instance.tables.rows import Rows


class StatedIncomes:
    """What must be reached, and what is received for it.

    Attributes
    ----------
    rows : Index
        (condition, year measured); the arrays below follow it.
    sign : ndarray
        1 where the measure must be at least the threshold, -1 where at most.
    amount : ndarray
        Money earned when all of it is.
    stated : ndarray
        Figure to reach as it is stated, times `sign`.
    span : ndarray
        How much further all of it is paid; 0 for a step.
    steps, sliding : Index
        (condition, year) that earns all at once, and that earns by degrees.
    received : Index
        (pool, year received, condition, year measured) of what falls within the plan.
    held_back : ndarray, shape (pools, years)
        Money taken off pools whatever is earned.
    activity, unmet, outcome : Terms
        `sign` times the measure, by (condition, year) and the variable's coordinates.
    """

    def __init__(self, instance: Instance, axes: Axes, measures: Measures) -> None:
        found = instance.facts.conditional
        table = instance.rows["incomes"].take(found.row)
        labels = _labels(table.tuples(("income", "part")))
        name = Axis("condition", tuple(dict.fromkeys(labels)))
        self.rows = rows = Index((name, axes.year), [name.codes(labels), found.year])
        self.sign = np.where(table["sense"] == "max", -1.0, 1.0)
        self.amount, self.held_back = found.amount, found.held_back
        self.stated, full = self.sign * table["threshold"], self.sign * table["full"]
        self.span = np.where(np.isnan(full), 0.0, full - self.stated)
        self.steps, self.sliding = rows.take(self.span <= 0), rows.take(self.span > 0)
        inside = found.received < len(axes.year)
        when = [found.pool, found.received, *rows.columns]
        both = (axes.pool, axes.year, name, axes.year)
        self.received = Index(both, [column[inside] for column in when])
        expansion = _expanded(table, rows, measures)
        self.activity, self.unmet, self.outcome = (
            _signed(expansion.terms(kind), rows, self.sign)
            for kind in ("activity", "unmet", "outcome")
        )


class Incomes(StatedIncomes):
    """Conditions on the curves as they are cut.

    Parameters
    ----------
    stated : StatedIncomes
        What the cut leaves as it is.
    activity, demand, responses, earnings
        What conditions measure, and how far it can go.
    margin : int
        As in :func:`allocator.data.extract`.

    Attributes
    ----------
    threshold : ndarray
        Figure to reach, times `sign`, with the room that a margin leaves.
    least : ndarray
        Least that `sign` times the measure can be.
    start, rise : ndarray
        The same, or the threshold where that is less, and from there to the threshold.
    """

    def __init__(
        self,
        stated: StatedIncomes,
        activity: Activity,
        demand: Demand,
        responses: Responses,
        earnings: Earnings,
        margin: int,
    ) -> None:
        vars(self).update(vars(stated))
        rows = self.rows
        below, above = misstated(rows, self.outcome, responses)
        self.threshold = self.stated + {1: below, 0: np.zeros(len(rows)), -1: -above}[margin]
        self.least = np.zeros(len(rows))
        there = demand.rows.positions(self.unmet.rows.columns[2:])
        which = earnings.rows.positions(self.outcome.rows.columns[2:])
        cells = self.activity.rows.columns[2:]
        for terms, low, high in (
            (self.activity, activity.lo[cells], activity.hi[cells]),
            (self.unmet, np.zeros(len(there)), demand.unmet_max[there]),
            (self.outcome, earnings.low[which], earnings.high[which]),
        ):
            owner = rows.positions(terms.rows.columns[:2])
            ends = terms.coefficient * low, terms.coefficient * high
            self.least += np.bincount(owner, np.minimum(*ends), len(rows))
        self.start = np.minimum(self.least, self.threshold)
        self.rise = distinct(self.threshold - self.start)


def _expanded(table: Rows, rows: Index, measures: Measures) -> Expansion:
    """Terms of what each row of a table by year measures."""
    expansion = Expansion(measures, rows)
    lines = table.tuples(("measure", "selection", "outcome"))
    for n, (measure, selection, outcome) in enumerate(lines):
        who = measures.counted(selection, measure)
        at, t = np.array([n]), rows.columns[1][n : n + 1]
        if measure == "unmet":
            expansion.add_unmet(who, at, t)
        elif measure == "outcome":
            expansion.add_outcome(outcome, "", who, at, t)
        else:
            expansion.add_activity(measure, "equal", [(who, t, np.ones(1))], at)
    return expansion


def _labels(keys: list[tuple[str, str]]) -> list[str]:
    """One name for each income and part, apart even where they look alike."""
    known: dict[tuple[str, str], str] = {}
    used: set[str] = set()
    for key in keys:
        if key not in known:
            label = " / ".join(x for x in key if x)
            while label in used:
                label += "'"
            known[key] = label
            used.add(label)
    return [known[key] for key in keys]


def _signed(terms: Terms, rows: Index, sign: Floats) -> Terms:
    """Terms times the sign of their row."""
    return Terms(terms.rows, terms.coefficient * sign[rows.positions(terms.rows.columns[:2])])
