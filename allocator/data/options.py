"""Options as runs: every way to take one is one column, and what it changes is its coefficients."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.data.activity import Activity
from allocator.data.demand import Demand
from allocator.data.index import Axis, Codes, Index
from allocator.data.money import Capacity
from allocator.data.runs import Levels, RunTerms
from allocator.instance.facts.decisions import possible_runs, share_in_place
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]

EPS = 1e-12


@dataclass(frozen=True)
class Choices:
    """Rows ``sum coefficient run <= most`` (or ``= most``) between runs.

    Attributes
    ----------
    rows : Index
        (what the row says, year).
    most : ndarray
        Right side, following `rows`.
    terms : RunTerms
    """

    rows: Index
    most: Numbers
    terms: RunTerms


@dataclass(frozen=True)
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
        Added to need arriving, to an outcome of a programme, to a resource.
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

    option: Axis
    runs: Index
    taken: npt.NDArray[np.bool_]
    pounds: Numbers
    cost: RunTerms
    lasting: RunTerms
    capital: RunTerms
    income: RunTerms
    spend: RunTerms
    demand: RunTerms
    outcome: RunTerms
    capacity: RunTerms
    limit_min: RunTerms
    limit_max: RunTerms
    closes: RunTerms
    suspends: RunTerms
    prices: Levels
    outcomes: Levels
    at_most: Choices
    exactly: Choices


class _Extraction:
    """Runs of all options and what they do, worked a column of the table at a time."""

    def __init__(self, instance: Instance, axes: tuple[Axis, Axis, Axis, Axis]) -> None:
        self.programme, self.year, self.pool, self.outcome = axes
        self.instance = instance
        table = instance.options
        self.table = table
        self.option = Axis("option", tuple(table["option"]))
        settings = instance.settings
        years = len(self.year)
        first = table["earliest"].fillna(settings.years[0]).to_numpy(dtype=np.int64)
        last = table["latest"].fillna(settings.years[-1]).to_numpy(dtype=np.int64)
        self.opens = np.maximum(first - settings.years[0], 0)
        found = [
            possible_runs(int(a), int(b), int(least), review, years)
            for a, b, least, review in zip(
                first - settings.years[0],
                last - settings.years[0],
                table["min_years"],
                table["review_years"],
                strict=True,
            )
        ]
        count = np.array([len(f) for f in found], dtype=np.int64)
        self.o = np.repeat(np.arange(len(table)), count)
        self._first_run = np.concatenate([[0], np.cumsum(count)])
        pairs = np.array([p for f in found for p in f], dtype=np.int64).reshape(-1, 2)
        self.s, self.e = pairs[:, 0], pairs[:, 1]
        self.runs = Index((self.option, self.year, self.year), [self.o, self.s, self.e])
        t = np.arange(years)
        self.taken = (self.s[:, None] <= t) & (t <= self.e[:, None])
        lead = table["lead_years"].to_numpy(dtype=np.int64)
        opening = np.array(
            [
                share_in_place(0, 0, int(month), settings.financial_years, 0)
                for month in table["start_month"]
            ]
        )
        since = t - (self.s + lead[self.o])[:, None]
        share = np.where(since == 0, opening[self.o][:, None], 1.0)
        self.lead = lead
        self.in_place = np.where((since >= 0) & self.taken, share, 0.0)
        self.n = (1.0 + settings.cost_uplift) ** (np.asarray(settings.years) - settings.base_year)
        own = table["pool"].to_numpy(dtype=object)
        home = dict(zip(instance.programmes["programme"], instance.programmes["pool"], strict=True))
        payer = [p or home.get(i, "") for p, i in zip(own, table["programme"], strict=True)]
        self.payer = np.array([self.pool.position.get(p, -1) for p in payer], dtype=np.int64)
        self.effects = instance.option_effects.to_dict("records")

    def runs_of(self, option: int) -> Codes:
        """Runs of one option."""
        return np.arange(*self._first_run[option : option + 2])

    def felt(self, delay: int) -> Numbers:
        """Share of each run's effect that is felt in each year, shape (runs, years)."""
        if not delay:
            return self.in_place
        later = np.zeros_like(self.in_place)
        if delay < later.shape[1]:
            later[:, delay:] = self.in_place[:, :-delay]
        return np.where(self.taken, later, 0.0)

    def terms(
        self,
        axes: Sequence[Axis],
        parts: Sequence[tuple[Sequence[Codes], Codes, Numbers]],
        runs: Index | None = None,
    ) -> RunTerms:
        """Coefficients over (axes with the year last, option, start, stop), added up.

        Parameters
        ----------
        axes : sequence of Axis
            Coordinates of the rows but the year.
        parts : sequence of (columns, run, coefficient)
            Coordinates of n entries, the run of each and its coefficients by year (n, years).
        """
        whole = (*axes, self.year)
        columns: list[list[Codes]] = [[] for _ in axes]
        run_of, t_of, value_of = [], [], []
        for where, run, coefficient in parts:
            n, t = np.nonzero(np.abs(coefficient) > EPS)
            for target, column in zip(columns, where, strict=True):
                target.append(np.asarray(column, dtype=np.int64)[n])
            run_of.append(np.asarray(run, dtype=np.int64)[n])
            t_of.append(t)
            value_of.append(coefficient[n, t])
        empty = np.empty(0, np.int64)
        joined = [np.concatenate([empty, *column]) for column in columns]
        run = np.concatenate([empty, *run_of])
        joined.append(np.concatenate([empty, *t_of]))
        value = np.concatenate([np.empty(0), *value_of])
        key = run.copy()
        size = max(1, len(self.runs))
        for axis, column in zip(whole, joined, strict=True):
            key = key + column * size
            size *= max(1, len(axis))
        _, at, where_to = np.unique(key, return_index=True, return_inverse=True)
        total = np.bincount(where_to, value, len(at)).astype(float)
        mine = run[at]
        index = Index(
            (*whole, *self.runs.axes),
            [*(column[at] for column in joined), *(c[mine] for c in self.runs.columns)],
        )
        return RunTerms(index, total)

    def _number(self, column: str) -> Numbers:
        values: Numbers = self.table[column].to_numpy(dtype=float)
        return values[self.o]

    def money(self) -> dict[str, RunTerms]:
        """What runs cost their pools and programmes, and how many pounds that is."""
        t = np.arange(len(self.year))
        start = self.s[:, None] == t
        both = t < (self.s + np.maximum(self.lead[self.o], 1))[:, None]
        once = self._number("cost_once")[:, None] * start
        once = once + self._number("cost_exit")[:, None] * (self.e[:, None] + 1 == t)
        once = once + self._number("double_running")[:, None] * (both & self.taken)
        yearly = self._number("cost_yearly")[:, None] * self.in_place
        capital = self._number("capital")[:, None] * start
        names = self.table["programme"].tolist()
        code = np.array([self.programme.position.get(i, -1) for i in names], dtype=np.int64)[self.o]
        payer, every = self.payer[self.o], np.arange(len(self.o))
        own = code >= 0
        direct = np.where(own[:, None], 0.0, yearly)
        self.pounds = ((np.abs(once) + np.abs(yearly) + capital) * self.n).sum(axis=1)
        return {
            "cost": self.terms([self.pool], [([payer], every, (once + direct) * self.n)]),
            "lasting": self.terms([self.pool], [([payer], every, direct * self.n)]),
            "capital": self.terms([self.pool], [([payer], every, capital * self.n)]),
            "spend": self.terms(
                [self.programme], [([code[own]], every[own], (yearly * self.n)[own])]
            ),
        }

    def of(self, measure: str) -> list[tuple[dict[Hashable, Any], Codes, Numbers]]:
        """Effects of one measure: the row, the runs of its option, their shares felt."""
        found = []
        felt: dict[int, Numbers] = {}
        for line in self.effects:
            if line["measure"] == measure:
                mine, delay = self.runs_of(self.option.position[line["option"]]), int(line["delay"])
                if delay not in felt:
                    felt[delay] = self.felt(delay)
                found.append((line, mine, felt[delay][mine]))
        return found

    def on_programmes(self, measure: str, base: Numbers | None) -> RunTerms:
        """Added to a figure of programmes: the value, or the base times (value - 1).

        Parameters
        ----------
        base : ndarray, shape (programmes, years), or None
            The figure that is multiplied; None for effects that suspend.
        """
        parts = []
        for line, mine, felt in self.of(measure):
            i = self.programme.position[line["target"]]
            if base is None:
                change = (felt > 0).astype(float)
            elif line["operation"] == "add":
                change = float(line["value"]) * felt
            else:
                change = (float(line["value"]) - 1.0) * felt * base[i]
            parts.append(([np.full(len(mine), i)], mine, change))
        return self.terms([self.programme], parts)

    def on_outcomes(self) -> RunTerms:
        parts = [
            (
                [
                    np.full(len(mine), self.outcome.position[line["outcome"]]),
                    np.full(len(mine), self.programme.position[line["target"]]),
                ],
                mine,
                float(line["value"]) * felt,
            )
            for line, mine, felt in self.of("outcome")
            if line["operation"] == "add"
        ]
        return self.terms([self.outcome, self.programme], parts)

    def on_income(self) -> RunTerms:
        parts = [
            (
                [np.full(len(mine), self.pool.position[line["target"]])],
                mine,
                float(line["value"]) * felt * self.n,
            )
            for line, mine, felt in self.of("income")
        ]
        return self.terms([self.pool], parts)

    def on_capacity(self, room: Capacity) -> RunTerms:
        resource, place, _ = room.rows.axes
        parts = []
        for line, mine, felt in self.of("capacity"):
            r, p = resource.position[line["target"]], place.position[line["place"]]
            t = np.arange(len(self.year))
            at = room.rows.find([np.full(len(t), r), np.full(len(t), p), t])
            amount = np.where(at >= 0, np.append(room.amount, 0.0)[at], 0.0)
            factor = float(line["value"])
            change = felt * factor if line["operation"] == "add" else felt * (factor - 1) * amount
            where = [np.full(len(mine), r), np.full(len(mine), p)]
            parts.append((where, mine, np.where(at >= 0, change, 0.0)))
        return self.terms([resource, place], parts)

    def on_contracts(self, contract: Axis) -> RunTerms:
        parts = [
            (
                [np.full(len(mine), contract.position[line["target"]])],
                mine,
                (felt > 0).astype(float),
            )
            for line, mine, felt in self.of("contract")
            if line["target"] in contract.position
        ]
        return self.terms([contract], parts)

    def levels(
        self,
        axes: Sequence[Axis],
        parts: Sequence[tuple[tuple[int, ...], Codes, Numbers]],
    ) -> Levels:
        """Levels of figures that options multiply.

        Parameters
        ----------
        axes : sequence of Axis
            Coordinates of a figure but the year.
        parts : sequence of (figure, runs, change)
            What the runs of an option add per unit of a figure, by year (runs, years).
        """
        together: dict[tuple[int, ...], list[tuple[Codes, Numbers]]] = {}
        for figure, mine, change in parts:
            together.setdefault(figure, []).append((mine, change))
        keys: list[tuple[int, ...]] = []
        changes: list[float] = []
        members: list[tuple[int, int]] = []
        for figure, changes_of in together.items():
            touched = np.unique(np.concatenate([mine for mine, _ in changes_of]))
            change = np.zeros((len(touched), len(self.year)))
            for mine, more in changes_of:
                change[np.searchsorted(touched, mine)] += more
            for t in range(len(self.year)):
                some = np.flatnonzero(np.abs(change[:, t]) > EPS)
                kinds: dict[tuple[int, float], int] = {}
                for n, run in zip(some.tolist(), touched[some].tolist(), strict=True):
                    kind = int(self.o[run]), float(change[n, t])
                    if kind not in kinds:
                        kinds[kind] = len(keys)
                        keys.append((*figure, t, len(kinds) - 1))
                        changes.append(kind[1])
                    members.append((kinds[kind], run))
        most = max((key[-1] for key in keys), default=0) + 1
        label = Axis("level", tuple(range(1, most + 1)))
        table = np.array(keys, dtype=np.int64).reshape(len(keys), len(axes) + 2)
        rows = Index((*axes, self.year, label), list(table.T))
        pairs = np.array(members, dtype=np.int64).reshape(-1, 2)
        runs = Index(
            (*rows.axes, *self.runs.axes),
            [
                *(column[pairs[:, 0]] for column in rows.columns),
                *(column[pairs[:, 1]] for column in self.runs.columns),
            ],
        )
        return Levels(rows, np.array(changes), RunTerms(runs, np.ones(len(pairs))))

    def price_levels(self, doing: Activity) -> Levels:
        uplift = self.instance.programmes["cost_uplift"].fillna(self.instance.settings.cost_uplift)
        lag = np.asarray(self.instance.settings.years) - self.instance.settings.base_year
        grown = (1.0 + uplift.to_numpy())[:, None] ** lag[None, :]
        parts = []
        for line, mine, felt in self.of("unit_cost"):
            i, value = self.programme.position[line["target"]], float(line["value"])
            unit = value * grown[i] if line["operation"] == "add" else doing.price[i] * (value - 1)
            parts.append(((i,), mine, felt * unit))
        return self.levels([self.programme], parts)

    def outcome_levels(self) -> Levels:
        parts = [
            (
                (
                    self.outcome.position[line["outcome"]],
                    self.programme.position[line["target"]],
                ),
                mine,
                felt * (float(line["value"]) - 1.0),
            )
            for line, mine, felt in self.of("outcome")
            if line["operation"] == "multiply"
        ]
        return self.levels([self.outcome, self.programme], parts)

    def choices(self) -> tuple[Choices, Choices]:
        """Groups, links and the year between two runs of an option."""
        most_said, exact_said = [], []
        covered = self.taken.astype(float)
        kinds, most = self.table["choose"].tolist(), self.table["most"].tolist()
        for group, mine in self._groups().items():
            kind = kinds[mine[0]]
            runs = np.concatenate([self.runs_of(o) for o in sorted(set(mine))])
            if kind == "exactly_one":
                opens = int(self.opens[mine].min())
                exact_said.append(_Said(f"group {group}", 1.0, [(runs, covered[runs])], opens))
            elif kind != "any":
                cap = 1.0 if kind == "at_most_one" else float(most[mine[0]])
                most_said.append(_Said(f"group {group}", cap, [(runs, covered[runs])]))
        links = self.instance.option_links
        for name, link, other in zip(links["option"], links["link"], links["other"], strict=True):
            a, b = (self.runs_of(self.option.position[x]) for x in (name, other))
            sign, right = (-1.0, 0.0) if link == "requires" else (1.0, 1.0)
            parts = [(a, covered[a]), (b, sign * covered[b])]
            most_said.append(_Said(f"{name} {link} {other}", right, parts))
        after = self.e[:, None] + 1 == np.arange(len(self.year))
        for o, name in enumerate(self.option.labels):
            runs = self.runs_of(o)
            if len(runs) > 1:
                once = [(runs, covered[runs] + after[runs])]
                most_said.append(_Said(f"{name} once at a time", 1.0, once))
        return self._rows(most_said), self._rows(exact_said)

    def _groups(self) -> dict[str, list[int]]:
        """Options of each group."""
        member: dict[str, list[int]] = {}
        for o, groups in enumerate(self.table["group"]):
            for group in groups.split():
                member.setdefault(group, []).append(o)
        return member

    def _rows(self, said: list[_Said]) -> Choices:
        name = Axis("choice", tuple(dict.fromkeys(line.label for line in said)))
        parts: list[tuple[Sequence[Codes], Codes, Numbers]] = []
        where = [np.empty((0, 2), np.int64)]
        for n, line in enumerate(said):
            for runs, change in line.parts:
                kept = change.copy()
                kept[:, : line.opens] = 0.0
                parts.append(([np.full(len(runs), n)], runs, kept))
            years = np.arange(line.opens, len(self.year))
            where.append(np.column_stack([np.full(len(years), n), years]))
        at = np.concatenate(where)
        rows = Index((name, self.year), [at[:, 0], at[:, 1]])
        terms = self.terms([name], parts)
        most = np.array([line.most for line in said], dtype=float)[at[:, 0]]
        # A row without a run in a year says nothing: where one had to be there, the checks
        # have refused the instance.
        spoken = np.zeros(len(rows), dtype=bool)
        spoken[rows.find(terms.rows.columns[:2])] = True
        return Choices(rows.take(spoken), most[spoken], terms)


@dataclass(frozen=True)
class _Said:
    """A row between runs: its name, its right side, runs with coefficients by year, and when."""

    label: str
    most: float
    parts: list[tuple[Codes, Numbers]]
    opens: int = 0


def options(
    instance: Instance,
    axes: tuple[Axis, Axis, Axis, Axis],
    doing: Activity,
    need: Demand,
    room: Capacity,
    contract: Axis,
) -> Options:
    """Extract options as runs.

    Parameters
    ----------
    instance : Instance
    axes : tuple of Axis
        Programme, year, pool and outcome.
    doing, need, room
        What options multiply: prices and limits, need arriving, capacity.
    contract : Axis
        Contracts that hold in some year.
    """
    work = _Extraction(instance, axes)
    arriving = np.zeros(doing.price.shape)
    arriving[need.rows.columns] = need.arriving
    money = work.money()
    at_most, exactly = work.choices()
    return Options(
        option=work.option,
        runs=work.runs,
        taken=work.taken,
        pounds=work.pounds,
        income=work.on_income(),
        demand=work.on_programmes("demand", arriving),
        outcome=work.on_outcomes(),
        capacity=work.on_capacity(room),
        limit_min=work.on_programmes("limit_min", np.maximum(doing.limit_min, 0.0)),
        limit_max=work.on_programmes(
            "limit_max", np.where(np.isfinite(doing.limit_max), doing.limit_max, 0.0)
        ),
        closes=work.on_programmes("close", None),
        suspends=work.on_contracts(contract),
        prices=work.price_levels(doing),
        outcomes=work.outcome_levels(),
        at_most=at_most,
        exactly=exactly,
        **money,
    )


def acted_on(instance: Instance) -> set[str]:
    """Programmes whose limits an option changes, or that one closes."""
    effects = instance.option_effects
    mine = effects["measure"].isin(["limit_min", "limit_max", "close"])
    return set(effects.loc[mine, "target"])


def option_outcomes(instance: Instance) -> pd.DataFrame:
    """Programmes and outcomes that options add to, without a response of their own."""
    effects = instance.option_effects
    added = effects.loc[effects["measure"] == "outcome", ["target", "outcome"]].drop_duplicates()
    added = added.rename(columns={"target": "programme"})
    known = set(zip(instance.responses["programme"], instance.responses["outcome"], strict=True))
    new = [pair not in known for pair in zip(added["programme"], added["outcome"], strict=True)]
    return added[new].reset_index(drop=True)
