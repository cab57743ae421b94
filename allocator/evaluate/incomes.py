"""Conditional money: what is measured, what it earns, and when it is received."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats, Ints
from allocator.evaluate import frames
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.payments import reached
from allocator.evaluate.pools import Pools
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.selections import Selections
from allocator.evaluate.tables import Names, Tables
from allocator.instance.tables.rows import Rows


@dataclass(frozen=True)
class Conditions:
    """Conditions in force, a row a condition and year in which it is measured.

    Attributes
    ----------
    rows : Rows
        Rows of ``incomes``, one a row.
    year, pool, selection : numpy.ndarray
        Positions of the year measured, of the pool and of the selection.
    whole : numpy.ndarray
        Money the condition is worth.
    shape : tuple of int
        Number of pools and of years.
    """

    rows: Rows
    year: Ints
    pool: Ints
    selection: Ints
    whole: Floats
    shape: tuple[int, int]

    @property
    def withheld(self) -> Floats:
        """Money taken off the pool in the year measured, whatever is earned."""
        return np.where(self.rows["basis"] == "held_back", self.whole, 0.0)

    @property
    def received(self) -> Ints:
        """Year in which money is received, counted from 0; it may lie beyond the plan."""
        when: Ints = self.year + self.rows["lag"]
        return when


def read_conditions(
    tables: Tables, programmes: Programmes, selections: Selections, pools: Pools
) -> Conditions:
    """Conditions in force with what each is worth."""
    every = tables["incomes"]
    names = Names(every.tuples(("income", "part")))
    rows, year = tables.in_force(every, names, "income", "part").listed()
    pool = pools.names.positions(rows, "pool")
    size = np.select(
        [rows["basis"] == "per_head", rows["basis"] == "held_back"],
        [selections.heads[0, year], pools.lasting[pool, year]],
        1.0,
    )
    return Conditions(
        rows=rows,
        year=year,
        pool=pool,
        selection=selections.names.positions(rows, "selection"),
        whole=rows["amount"] * size * rows["share"],
        shape=(len(pools.names), programmes.shape[1]),
    )


@dataclass(frozen=True)
class Incomes:
    """What a plan earns, a row a condition and year.

    Attributes
    ----------
    conditions : Conditions
        The conditions.
    value : numpy.ndarray
        What is measured.
    earned : numpy.ndarray
        Share of its money that is earned.
    """

    conditions: Conditions
    value: Floats
    earned: Floats

    @property
    def amount(self) -> Floats:
        """Money earned."""
        return self.conditions.whole * self.earned

    @property
    def received(self) -> Floats:
        """Money that comes in within the plan, shape (pool, year)."""
        when = self.conditions.received
        return self._by_pool(when, self.amount, when < self.conditions.shape[1])

    @property
    def withheld(self) -> Floats:
        """Money taken off pools until a condition is met, shape (pool, year)."""
        c = self.conditions
        return self._by_pool(c.year, c.withheld, np.ones(len(c.year), dtype=bool))

    def _by_pool(self, when: Ints, money: Floats, mine: Flags) -> Floats:
        total = np.zeros(self.conditions.shape)
        np.add.at(total, (self.conditions.pool[mine], when[mine]), money[mine])
        return total


def earn_incomes(
    conditions: Conditions,
    programmes: Programmes,
    selections: Selections,
    achieved: tuple[Floats, Floats, Outcomes],
) -> Incomes:
    """Conditional money of a plan.

    Parameters
    ----------
    conditions, programmes, selections
        The round.
    achieved : tuple of numpy.ndarray, numpy.ndarray and Outcomes
        Activity and unmet need, shape (programme, year), and outcomes.
    """
    value, terms = _measured(conditions, programmes, selections, achieved)
    return Incomes(conditions, value, _earned(conditions.rows, value, terms))


def _measured(
    conditions: Conditions,
    programmes: Programmes,
    selections: Selections,
    achieved: tuple[Floats, Floats, Outcomes],
) -> tuple[Floats, Floats]:
    """What rows measure in their year, and the sizes of its terms summed."""
    activity, unmet, outcomes = achieved
    measure, outcome = conditions.rows["measure"], conditions.rows["outcome"]
    value, terms = np.zeros(len(measure)), np.zeros(len(measure))
    figures = {
        "activity": activity,
        "value": programmes.unit_cost[:, None] * activity,
        "unmet": unmet,
    }
    for kind, about in dict.fromkeys(zip(measure.tolist(), outcome.tolist(), strict=True)):
        mine = (measure == kind) & (outcome == about)
        of = figures.get(kind)
        if of is None:
            of = outcomes.by_programme(int(outcomes.names.find([about])[0]))
        at = conditions.selection[mine], conditions.year[mine]
        value[mine] = selections.total(of)[at]
        terms[mine] = selections.total(np.abs(of))[at]
    return value, terms


def _earned(rows: Rows, value: Floats, terms: Floats) -> Floats:
    """Share of each row's money that is earned."""
    sign = np.where(rows["sense"] == "max", -1.0, 1.0)
    threshold, full = rows["threshold"], rows["full"]
    step = reached(sign * value, sign * threshold, terms).astype(float)
    slides = ~np.isnan(full) & (full != threshold)
    part = np.zeros(len(value))
    np.divide(value - threshold, full - threshold, out=part, where=slides)
    return np.where(slides, np.clip(part, 0.0, 1.0), step)


def income_frame(incomes: Incomes, years: Ints) -> pd.DataFrame:
    """Conditions by year, as :attr:`Evaluation.incomes` describes."""
    conditions, rows = incomes.conditions, incomes.conditions.rows
    when = conditions.received
    label = [
        label or (f"{income}, {part}" if part else income)
        for _, label, income, part in rows.lists("label", "income", "part")
    ]
    return frames.table(
        {
            "income": rows["income"],
            "part": rows["part"],
            "label": np.array(label, dtype=object),
            "pool": rows["pool"],
            "year": years[conditions.year],
            "received": np.where(when < len(years), years[0] + when, 0),
            "measure": rows["measure"],
            "sense": rows["sense"],
            "value": incomes.value,
            "threshold": rows["threshold"],
            "full": rows["full"],
            "earned": incomes.earned,
            "amount": incomes.amount,
            "held_back": conditions.withheld,
        }
    )
