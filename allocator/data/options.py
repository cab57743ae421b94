"""Options as runs: every way to take one is one column, and what it changes is its coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.axes import Axes
from allocator.data.capacity import Capacity
from allocator.data.choices import read_choices
from allocator.data.index import Axis
from allocator.data.option_runs import OptionRuns
from allocator.data.runs import Levels, RunTerms
from allocator.instance.instance import Instance


class Options:
    """Indivisible decisions by run.

    Attributes
    ----------
    option : Axis
    runs : Index
        (option, start, stop): every possible run.
    taken : ndarray of bool, shape (runs, years)
        Years each run covers.
    pounds : ndarray
        All money a run costs over the plan, following `runs`.
    cost, lasting, capital, income : RunTerms
        Money of a pool in a year: all revenue costs paid directly, the part that comes every
        year, capital, and money received.
    spend : RunTerms
        Yearly cost that is part of a programme's spend.
    demand, outcome, capacity : RunTerms
        Added to need arriving, to an outcome of a programme, to a resource, less what the
        options use of it.
    limit_min, limit_max, closes : RunTerms
        Added to a programme's least and most activity; 1 where nothing may be done.
    suspends : RunTerms
        1 where a contract does not hold, by (contract, year).
    prices, outcomes : Levels
        Unit cost by level, over (programme, year); outcomes multiplied by level, over
        (outcome, programme, year).
    at_most, exactly : Choices
        Groups, links, and the year between two runs.
    """

    def __init__(self, instance: Instance, axes: Axes, capacity: Capacity) -> None:
        facts, runs = instance.facts, OptionRuns(instance, axes)
        effects = _Effects(instance, axes, runs)
        money = _Money(instance, axes, runs)
        limits = facts.limits
        arriving = np.zeros(limits.most.shape)
        arriving[facts.demand.at] = facts.demand.arriving
        self.at_most, self.exactly = read_choices(instance, runs)
        self.option = runs.option
        self.runs = runs.index
        self.taken = runs.every.taken
        self.pounds = money.pounds
        self.cost = money.cost
        self.lasting = money.lasting
        self.capital = money.capital
        self.income = effects.on_income()
        self.spend = money.spend
        self.demand = effects.on_programmes("demand", arriving)
        self.outcome = effects.on_outcomes()
        self.capacity = effects.on_capacity(capacity)
        self.limit_min = effects.on_programmes("limit_min", np.maximum(limits.least, 0.0))
        self.limit_max = effects.on_programmes(
            "limit_max", np.where(np.isfinite(limits.most), limits.most, 0.0)
        )
        self.closes = effects.closes()
        self.suspends = effects.suspends()
        self.prices = effects.price_levels()
        self.outcomes = effects.outcome_levels()


class _Money:
    """What runs cost their pools and programmes, and how many pounds that is."""

    def __init__(self, instance: Instance, axes: Axes, runs: OptionRuns) -> None:
        table, every, n = instance.rows["options"], runs.every, instance.facts.prices.index
        figure = {
            name: table[name][every.option][:, None]
            for name in ("cost_once", "cost_exit", "double_running", "cost_yearly", "capital")
        }
        lead, t = table["lead_years"][every.option], np.arange(len(axes.year))
        start = every.start[:, None] == t
        both = t < (every.start + np.maximum(lead, 1))[:, None]
        once = figure["cost_once"] * start
        once = once + figure["cost_exit"] * (every.stop[:, None] + 1 == t)
        once = once + figure["double_running"] * (both & every.taken)
        yearly, capital = figure["cost_yearly"] * every.in_place, figure["capital"] * start
        code = axes.programme.find(table["programme"].tolist())[every.option]
        payer = axes.pool.find(instance.facts.payers)[every.option]
        own, each = code >= 0, np.arange(len(every.option))
        direct = np.where(own[:, None], 0.0, yearly)
        self.pounds: Floats = ((np.abs(once) + np.abs(yearly) + capital) * n).sum(axis=1)
        self.cost, self.lasting, self.capital = (
            runs.terms([axes.pool], [([payer], each, money * n)])
            for money in (once + direct, direct, capital)
        )
        spend = [([code[own]], each[own], (yearly * n)[own])]
        self.spend = runs.terms([axes.programme], spend)


class _Effects:
    """What runs do to the figures of an instance."""

    def __init__(self, instance: Instance, axes: Axes, runs: OptionRuns) -> None:
        self.axes, self.runs, self.prices = axes, runs, instance.facts.prices
        self.use = instance.facts.by_year("option_use")
        columns = ("option", "measure", "target", "outcome", "place", "operation", "value", "delay")
        self.lines = [
            dict(zip(columns, line, strict=True))
            for line in instance.rows["option_effects"].tuples(columns)
        ]

    def of(self, measure: str) -> Iterator[tuple[dict[str, Any], Ints, Floats]]:
        """Effects of one measure: the row, the runs of its option, their shares felt."""
        every = self.runs.every
        for line in self.lines:
            if line["measure"] == measure:
                mine = every.of(self.runs.option.position[line["option"]])
                yield line, mine, every.felt(line["delay"])[mine]

    def on_programmes(self, measure: str, base: Floats) -> RunTerms:
        """Added to a figure of programmes: the value, or the base times (value - 1).

        Parameters
        ----------
        base : ndarray, shape (programmes, years)
            The figure that is multiplied.
        """
        parts = []
        for line, mine, felt in self.of(measure):
            i, value = self.axes.programme.position[line["target"]], line["value"]
            adds = line["operation"] == "add"
            change = value * felt if adds else (value - 1.0) * felt * base[i]
            parts.append(([np.full(len(mine), i)], mine, change))
        return self.runs.terms([self.axes.programme], parts)

    def _stops(self, measure: str, axis: Axis) -> RunTerms:
        """1 where something is suspended, in part of a year or in the whole."""
        parts = [
            ([np.full(len(mine), axis.position[line["target"]])], mine, (felt > 0).astype(float))
            for line, mine, felt in self.of(measure)
            if line["target"] in axis.position
        ]
        return self.runs.terms([axis], parts)

    def closes(self) -> RunTerms:
        """1 where a programme is closed."""
        return self._stops("close", self.axes.programme)

    def suspends(self) -> RunTerms:
        """1 where a contract does not hold."""
        return self._stops("contract", self.axes.contract)

    def on_outcomes(self) -> RunTerms:
        """Added to outcomes of programmes."""
        parts = [
            ([np.full(len(mine), part) for part in self._outcome(line)], mine, line["value"] * felt)
            for line, mine, felt in self.of("outcome")
            if line["operation"] == "add"
        ]
        return self.runs.terms([self.axes.outcome, self.axes.programme], parts)

    def on_income(self) -> RunTerms:
        """Added to the money of pools."""
        parts = []
        for line, mine, felt in self.of("income"):
            pool = np.full(len(mine), self.axes.pool.position[line["target"]])
            parts.append(([pool], mine, line["value"] * felt * self.prices.index))
        return self.runs.terms([self.axes.pool], parts)

    def on_capacity(self, capacity: Capacity) -> RunTerms:
        """Added to resources."""
        resource, place, year = capacity.rows.axes
        parts = []
        for line, mine, felt in self.of("capacity"):
            r, p = resource.position[line["target"]], place.position[line["place"]]
            t = np.arange(len(year))
            at = capacity.rows.find([np.full(len(t), r), np.full(len(t), p), t])
            amount = np.where(at >= 0, np.append(capacity.amount, 0.0)[at], 0.0)
            value, adds = line["value"], line["operation"] == "add"
            change = felt * value if adds else felt * (value - 1) * amount
            where = [np.full(len(mine), r), np.full(len(mine), p)]
            parts.append((where, mine, np.where(at >= 0, change, 0.0)))
        return self.runs.terms([resource, place], [*parts, *self._used(capacity)])

    def _used(self, capacity: Capacity) -> Iterator[tuple[list[Ints], Ints, Floats]]:
        """What options use of resources, as less of them, where there are any."""
        resource, place, year = capacity.rows.axes
        table, every = self.use, self.runs.every
        for (option, name, home), amount in zip(
            table.keys, table.values("amount", 0.0), strict=True
        ):
            mine = every.of(self.runs.option.position[option])
            for where in dict.fromkeys(("", home)):
                if name in resource.position and where in place.position:
                    r, p = resource.position[name], place.position[where]
                    t = np.arange(len(year))
                    here = capacity.rows.find([np.full(len(t), r), np.full(len(t), p), t]) >= 0
                    at = [np.full(len(mine), r), np.full(len(mine), p)]
                    yield at, mine, -every.felt(0)[mine] * np.where(here, amount, 0.0)

    def price_levels(self) -> Levels:
        """Unit costs with an option."""
        parts = []
        for line, mine, felt in self.of("unit_cost"):
            i, value = self.axes.programme.position[line["target"]], line["value"]
            adds = line["operation"] == "add"
            unit = value * self.prices.growth[i] if adds else self.prices.unit_cost[i] * (value - 1)
            parts.append(((i,), mine, felt * unit))
        return self.runs.levels([self.axes.programme], parts)

    def outcome_levels(self) -> Levels:
        """Outcomes that options multiply."""
        parts = [
            (self._outcome(line), mine, felt * (line["value"] - 1.0))
            for line, mine, felt in self.of("outcome")
            if line["operation"] == "multiply"
        ]
        return self.runs.levels([self.axes.outcome, self.axes.programme], parts)

    def _outcome(self, line: dict[str, Any]) -> tuple[int, int]:
        """Outcome and programme that an effect acts on."""
        outcome, programme = self.axes.outcome.position, self.axes.programme.position
        return outcome[line["outcome"]], programme[line["target"]]
