"""Conditional money: what is measured, what it earns, and when it is received."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.contracts import reached
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.pools import Pools
from allocator.evaluate.selections import Selections
from allocator.evaluate.tables import (
    Array,
    Codes,
    Flags,
    Programmes,
    numbers,
    positions,
    rows_by_year,
    words,
)
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Incomes:
    """Conditions in force, a row a condition and year in which it is measured.

    Attributes
    ----------
    table : pandas.DataFrame
        Rows of ``incomes``, one a row.
    year, pool : numpy.ndarray
        Positions of the year measured and of the pool.
    value : numpy.ndarray
        What is measured.
    whole, earned : numpy.ndarray
        Money the condition is worth, and the share of it that is earned.
    """

    table: pd.DataFrame
    year: Codes
    pool: Codes
    value: Array
    whole: Array
    earned: Array

    @property
    def amount(self) -> Array:
        """Money earned."""
        return self.whole * self.earned

    @property
    def held(self) -> Array:
        """Money taken off the pool in the year measured, whatever is earned."""
        return np.where(words(self.table, "basis") == "held_back", self.whole, 0.0)

    @property
    def lag(self) -> Codes:
        """Years from the year measured to the year received."""
        return self.table["lag"].to_numpy(dtype=np.intp)

    def received(self, shape: tuple[int, ...]) -> Array:
        """Money that comes in within the plan, shape (pool, year)."""
        when = self.year + self.lag
        inside = when < shape[1]
        return self._summed(shape, when[inside], self.amount[inside], inside)

    def held_back(self, shape: tuple[int, ...]) -> Array:
        """Money taken off pools, shape (pool, year)."""
        return self._summed(shape, self.year, self.held, np.ones(len(self.year), dtype=bool))

    def _summed(self, shape: tuple[int, ...], when: Codes, money: Array, mine: Flags) -> Array:
        total = np.zeros(shape)
        np.add.at(total, (self.pool[mine], when), money)
        return total


def earn_incomes(
    instance: Instance,
    programmes: Programmes,
    chosen: Selections,
    pools: Pools,
    achieved: tuple[Array, Array, Outcomes],
) -> Incomes:
    """Conditional money of a plan.

    Parameters
    ----------
    instance, programmes, chosen, pools
        The round.
    achieved : tuple of numpy.ndarray, numpy.ndarray and Outcomes
        Activity and unmet need, shape (programme, year), and outcomes.
    """
    every, years = instance.incomes, programmes.years
    names = pd.MultiIndex.from_frame(every[["income", "part"]]).unique()
    key = names.get_indexer(pd.MultiIndex.from_frame(every[["income", "part"]]))
    rows = rows_by_year(every, key.astype(np.intp), len(names), years)
    year = np.nonzero(rows >= 0)[1]
    table = every.iloc[rows[rows >= 0]].reset_index(drop=True)
    pool = positions(pools.names, table, "incomes", "pool")
    value, terms = _measured(table, year, programmes, chosen, achieved)
    basis = words(table, "basis")
    size = np.select(
        [basis == "per_head", basis == "held_back"],
        [chosen.heads[0, year], pools.lasting[pool, year]],
        1.0,
    )
    return Incomes(
        table=table,
        year=year,
        pool=pool,
        value=value,
        whole=numbers(table, "amount") * size * numbers(table, "share"),
        earned=_earned(table, value, terms),
    )


def _measured(
    table: pd.DataFrame,
    year: Codes,
    programmes: Programmes,
    chosen: Selections,
    achieved: tuple[Array, Array, Outcomes],
) -> tuple[Array, Array]:
    """What rows measure in their year, and the sizes of its terms summed."""
    activity, unmet, outcomes = achieved
    measure, outcome = words(table, "measure"), words(table, "outcome")
    selection = positions(chosen.names, table, "incomes", "selection")
    value, terms = np.zeros(len(table)), np.zeros(len(table))
    figures = {
        "activity": activity,
        "value": programmes.unit_cost[:, None] * activity,
        "unmet": unmet,
    }
    for kind, about in dict.fromkeys(zip(measure, outcome, strict=True)):
        mine = (measure == kind) & (outcome == about)
        of = figures.get(kind)
        if of is None:
            k = int(outcomes.names.get_indexer(pd.Index([about]))[0])
            of = outcomes.by_programme(k, len(activity))
        at = selection[mine], year[mine]
        value[mine] = chosen.total(of)[at]
        terms[mine] = chosen.total(np.abs(of))[at]
    return value, terms


def _earned(table: pd.DataFrame, value: Array, terms: Array) -> Array:
    """Share of each row's money that is earned."""
    sign = np.where(words(table, "sense") == "max", -1.0, 1.0)
    threshold, full = numbers(table, "threshold"), numbers(table, "full")
    step = reached(sign * value, sign * threshold, terms).astype(float)
    slides = ~np.isnan(full) & (full != threshold)
    part = np.zeros(len(table))
    np.divide(value - threshold, full - threshold, out=part, where=slides)
    return np.where(slides, np.clip(part, 0.0, 1.0), step)


def income_frame(incomes: Incomes, years: Codes) -> pd.DataFrame:
    """Conditions by year, as :attr:`Evaluation.incomes` describes."""
    table = incomes.table
    when = incomes.year + incomes.lag
    received = np.where(when < len(years), years[0] + when, 0)
    named = zip(table["label"], table["income"], table["part"], strict=True)
    label = [label or (f"{income}, {part}" if part else income) for label, income, part in named]
    kept = ("income", "part", "pool", "measure", "sense")
    text = {c: pd.Series(words(table, c), dtype="str") for c in kept}
    return pd.DataFrame(
        {
            **{c: text[c] for c in ("income", "part")},
            "label": pd.Series(label, dtype="str"),
            "pool": text["pool"],
            "year": years[incomes.year].astype(np.int64),
            "received": received.astype(np.int64),
            **{c: text[c] for c in ("measure", "sense")},
            "value": incomes.value,
            **{c: numbers(table, c) for c in ("threshold", "full")},
            "earned": incomes.earned,
            "amount": incomes.amount,
            "held_back": incomes.held,
        }
    )
