"""Conditional money: what is received only if a threshold is met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import Activity
from allocator.data.axes import Axes
from allocator.data.demand import Demand
from allocator.data.index import Axis, Index
from allocator.data.measures import Expansion, Measures
from allocator.data.responses import Responses
from allocator.data.spans import Earnings, misstated
from allocator.data.terms import Terms
from allocator.instance.instance import Instance
from allocator.instance.tables.rows import Rows


@dataclass(frozen=True)
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
    received : Index
        (pool, year received, condition, year measured) of what falls within the plan.
    held_back : ndarray, shape (pools, years)
        Money taken off pools whatever is earned.
    activity, unmet, outcome : Terms
        `sign` times the measure, by (condition, year) and the variable's coordinates.
    """

    rows: Index
    sign: Floats
    amount: Floats
    stated: Floats
    span: Floats
    received: Index
    held_back: Floats
    activity: Terms
    unmet: Terms
    outcome: Terms


@dataclass(frozen=True)
class Incomes(StatedIncomes):
    """Conditions on the curves as they are cut.

    Attributes
    ----------
    threshold : ndarray
        Figure to reach, times `sign`, with the room that a margin leaves.
    least : ndarray
        Least that `sign` times the measure can be.
    """

    threshold: Floats
    least: Floats


def read_stated_incomes(instance: Instance, axes: Axes, measures: Measures) -> StatedIncomes:
    """Extract conditional money."""
    found = instance.facts.conditional
    table = instance.rows["incomes"].take(found.row)
    labels = _labels(table.tuples(("income", "part")))
    name = Axis("condition", tuple(dict.fromkeys(labels)))
    rows = Index((name, axes.year), [name.codes(labels), found.year])
    expansion = _expanded(table, rows, measures)
    sign = np.where(table["sense"] == "max", -1.0, 1.0)
    stated, full = sign * table["threshold"], sign * table["full"]
    inside = found.received < len(axes.year)
    when = [found.pool, found.received, *rows.columns]
    return StatedIncomes(
        rows,
        sign,
        found.amount,
        stated,
        np.where(np.isnan(full), 0.0, full - stated),
        Index((axes.pool, axes.year, name, axes.year), [column[inside] for column in when]),
        found.held_back,
        *(_signed(expansion.terms(kind), rows, sign) for kind in ("activity", "unmet", "outcome")),
    )


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


def read_incomes(
    stated: StatedIncomes,
    activity: Activity,
    demand: Demand,
    responses: Responses,
    earnings: Earnings,
    margin: int,
) -> Incomes:
    """What conditions come to on the curves as they are cut.

    Parameters
    ----------
    stated : StatedIncomes
    activity, demand, responses, earnings
        What they measure, and how far it can go.
    margin : int
        As in :func:`allocator.data.extract`.
    """
    c = stated
    below, above = misstated(c.rows, c.outcome, responses)
    wrong = {1: below, 0: np.zeros(len(c.rows)), -1: -above}[margin]
    least = np.zeros(len(c.rows))
    there = demand.rows.positions(c.unmet.rows.columns[2:])
    which = earnings.rows.positions(c.outcome.rows.columns[2:])
    cells = c.activity.rows.columns[2:]
    for terms, low, high in (
        (c.activity, activity.lo[cells], activity.hi[cells]),
        (c.unmet, np.zeros(len(there)), demand.unmet_max[there]),
        (c.outcome, earnings.low[which], earnings.high[which]),
    ):
        owner = c.rows.positions(terms.rows.columns[:2])
        ends = terms.coefficient * low, terms.coefficient * high
        least += np.bincount(owner, np.minimum(*ends), len(c.rows))
    return Incomes(**vars(c), threshold=c.stated + wrong, least=least)


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
