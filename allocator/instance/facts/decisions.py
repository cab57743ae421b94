"""Options read from the tables: when each may run, and what it does to each figure.

Pure functions of a draft. A *run* is one way an option can be taken: the first and the
last year of it, as positions of plan years. What options do to a figure is given as the
least and the most over all decisions that windows, runs and groups allow; links between
options are left out, so that a span is wider than the truth at worst.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Array

NO_REVIEW = "none"
"""Text of ``review_years`` for an option that cannot be left again."""

Run = tuple[int, int]
Span = tuple[Array, Array]


def possible_runs(
    earliest: int, latest: int, min_years: int, review_years: str, years: int
) -> list[Run]:
    """Runs an option can have.

    Parameters
    ----------
    earliest, latest : int
        First and last position at which it may start; parts outside the plan are ignored.
    min_years : int
        Least years from start to end, unless the plan ends first.
    review_years : str
        Years after its start at which it may be left, separated by spaces; blank: at any
        time; ``none``: never.
    years : int
        Number of plan years.

    Returns
    -------
    list of (int, int)
        First and last position of each run, by start, the shortest first.
    """
    last = years - 1
    reviews = {int(word) for word in review_years.split() if word != NO_REVIEW}
    anytime = not review_years.strip()

    def may_end(start: int, end: int) -> bool:
        length = end - start + 1
        return end == last or (length >= min_years and (anytime or length in reviews))

    starts = range(max(earliest, 0), min(latest, last) + 1)
    return [(s, e) for s in starts for e in range(s, years) if may_end(s, e)]


def share_in_place(
    start: int, lead_years: int, start_month: int, financial_years: bool, t: int
) -> float:
    """Part of year `t` in which an option started in `start`, and not left, is in place.

    Parameters
    ----------
    start, t : int
        Positions of plan years.
    lead_years : int
        Years from the start until it is in place.
    start_month : int
        Calendar month in which it comes into place, 0 for the first month of the year.
    financial_years : bool
        Whether a plan year begins in April rather than January.

    Returns
    -------
    float
        0 before it is in place, the share of months left in its first year in place, 1
        afterwards.
    """
    since = t - start - lead_years
    if since < 0:
        return 0.0
    if since > 0 or start_month == 0:
        return 1.0
    month = (start_month - 4) % 12 + 1 if financial_years else start_month
    return (13 - month) / 12


@dataclass(frozen=True)
class Effect:
    """What an option does to a figure.

    Attributes
    ----------
    option : int
        Position of the option.
    operation : str
        add, multiply or suspend.
    value : float
        NaN for suspend.
    delay : int
        Years after it is in place until it is felt.
    line : int
        Line of the option_effects table.
    """

    option: int
    operation: str
    value: float
    delay: int
    line: int


@dataclass(frozen=True)
class _Group:
    members: frozenset[int]
    most: int
    first: int
    """First year in which one of them must be taken; beyond the plan for none."""


@dataclass(frozen=True)
class _Cluster:
    """Options of which only so many count at a time, for one figure."""

    members: list[int]
    most: int
    optional: Array
    """Years in which none of them need be taken."""


class Decisions:
    """Options of the draft.

    Parameters
    ----------
    draft : Draft
        With known years and whole programmes, options and option_effects. Effects on what
        is not there are left out.

    Attributes
    ----------
    names : list of str
        Options.
    runs : list of list of (int, int)
        Runs each of them can have.
    taken : ndarray of bool, shape (options, years)
        Where each of them can be taken.
    effects : dict of str to dict of str to list of Effect
        Measure, then target: a programme, pool or contract, for capacity (resource, place).
    """

    def __init__(self, draft: Draft) -> None:
        settings, rows = draft.settings, draft["options"]
        assert settings is not None
        self._draft, self._years = draft, len(draft.years)
        self.names: list[str] = rows["option"].tolist()
        first = draft.years[0]

        def place(year: int, blank: int) -> int:
            return blank if year == BLANK_YEAR else year - first

        self.runs = [
            possible_runs(place(start, 0), place(latest, self._years), least, reviews, self._years)
            for _, start, latest, least, reviews in rows.lists(
                "earliest", "latest", "min_years", "review_years"
            )
        ]
        self.taken = np.zeros((len(self.names), self._years), dtype=bool)
        for o, runs in enumerate(self.runs):
            for start, end in runs:
                self.taken[o, start : end + 1] = True
        self.index = (1.0 + settings.cost_uplift) ** (np.array(draft.years) - settings.base_year)
        self._groups = self._read_groups()
        self._groups_of: dict[int, list[_Group]] = {}
        for group in self._groups:
            for o in group.members:
                self._groups_of.setdefault(o, []).append(group)
        self.effects = self._read_effects()
        self._felt: dict[tuple[int, int], Array] = {}

    def _read_groups(self) -> list[_Group]:
        named: dict[str, set[int]] = {}
        rows = self._draft["options"]
        kind = {}
        for o, (_, words, choose, most) in enumerate(rows.lists("group", "choose", "most")):
            for word in words.split():
                named.setdefault(word, set()).add(o)
                kind[word] = (choose, most if choose == "at_most" else 1)
        found = []
        for word, members in named.items():
            choose, most = kind[word]
            if choose == "any":
                continue
            starts = [s for o in members for s, _ in self.runs[o]]
            first = min(starts, default=self._years) if choose == "exactly_one" else self._years
            found.append(_Group(frozenset(members), most, first))
        return found

    def _read_effects(self) -> dict[str, dict[object, list[Effect]]]:
        rank = {name: o for o, name in enumerate(self.names)}
        found: dict[str, dict[object, list[Effect]]] = {}
        columns = ("option", "measure", "target", "place", "operation", "value", "delay")
        for line, option, measure, target, place, operation, value, delay in self._draft[
            "option_effects"
        ].lists(*columns):
            if option in rank and self.runs[rank[option]]:
                key = (target, place) if measure == "capacity" else target
                effect = Effect(rank[option], operation, value, delay, line)
                found.setdefault(measure, {}).setdefault(key, []).append(effect)
        return found

    def of(self, measure: str) -> dict[object, list[Effect]]:
        """Effects on a measure by target."""
        return self.effects.get(measure, {})

    def felt(self, option: int, delay: int = 0) -> Array:
        """Share of each year in which an effect of an option is felt.

        Parameters
        ----------
        option : int
        delay : int
            Years until the effect is felt.

        Returns
        -------
        ndarray, shape (runs, years)
            NaN in years outside the run.
        """
        if (option, delay) not in self._felt:
            settings, rows = self._draft.settings, self._draft["options"]
            assert settings is not None
            lead, month = int(rows["lead_years"][option]), int(rows["start_month"][option])
            since = np.array(
                [
                    share_in_place(0, lead, month, settings.financial_years, t - delay)
                    for t in range(self._years)
                ]
            )
            found = np.full((len(self.runs[option]), self._years), np.nan)
            for r, (start, end) in enumerate(self.runs[option]):
                found[r, start : end + 1] = since[: end - start + 1]
            self._felt[option, delay] = found
        return self._felt[option, delay]

    # What options can do to a figure

    def span(self, measure: str, target: object, low: Array, high: Array) -> Span:
        """Least and most a figure can be, given its least and most without options.

        Parameters
        ----------
        measure, target
            As in :attr:`effects`; effects that multiply count before those that add.
        low, high : ndarray, shape (years,)
            Infinite for none.
        """
        effects = self.of(measure).get(target, [])
        factor = self._factor([e for e in effects if e.operation == "multiply"])
        added = self.added([e for e in effects if e.operation == "add"])
        ends = np.array([_times(end, f) for end in (low, high) for f in factor])
        return ends.min(axis=0) + added[0], ends.max(axis=0) + added[1]

    def added(self, effects: Iterable[Effect], scale: float | Array = 1.0) -> Span:
        """Least and most that effects which add come to together, by year."""
        return self._sum(
            [(e.option, self.felt(e.option, e.delay) * (e.value * scale)) for e in effects]
        )

    def stopped(self, measure: str, target: object) -> tuple[Array, Array]:
        """Where options may, and where they must, have suspended something, by year."""
        effects = self.of(measure).get(target, [])
        found = []
        for e in effects:
            felt = self.felt(e.option, e.delay)
            found.append((e.option, np.where(np.isnan(felt), np.nan, felt > 0.0)))
        low, high = self._sum(found)
        return high > 0.0, low > 0.0

    def _factor(self, effects: list[Effect]) -> Span:
        """Least and most by which effects multiply together."""
        parts = {e.option: 1.0 + (e.value - 1.0) * self.felt(e.option, e.delay) for e in effects}
        low, high = np.ones(self._years), np.ones(self._years)
        for cluster in self._clusters(set(parts)):
            together = [cluster.members] if cluster.most == 1 else [[o] for o in cluster.members]
            for members in together:
                found = _either([_range(parts[o]) for o in members], 1.0, cluster.optional)
                ends = np.array([bound * f for bound in (low, high) for f in found])
                low, high = ends.min(axis=0), ends.max(axis=0)
        return low, high

    def _sum(self, parts: list[tuple[int, Array]]) -> Span:
        """Least and most of a sum of what each option adds in each of its runs.

        Parameters
        ----------
        parts : list of (int, ndarray of shape (runs, years))
            Option, and what it adds; NaN in years outside the run. What an option adds
            outside its runs is nothing.
        """
        low, high = np.zeros(self._years), np.zeros(self._years)
        together: dict[int, Array] = {}
        for option, part in parts:
            together[option] = part if option not in together else together[option] + part
        for cluster in self._clusters(set(together)):
            spans = [_range(together[o]) for o in cluster.members]
            if cluster.most == 1:
                least, most = _either(spans, 0.0, cluster.optional)
            else:
                lows = np.sort([np.nan_to_num(np.minimum(s[0], 0.0)) for s in spans], axis=0)
                highs = np.sort([np.nan_to_num(np.maximum(s[1], 0.0)) for s in spans], axis=0)
                least = lows[: cluster.most].sum(axis=0)
                most = highs[-cluster.most :].sum(axis=0)
            low, high = low + least, high + most
        return low, high

    def _clusters(self, options: set[int]) -> list[_Cluster]:
        """Options split so that each belongs to one cluster, the largest groups first."""
        everyone = np.ones(self._years, dtype=bool)
        left, found = set(options), []
        groups = {id(g): g for o in sorted(options) for g in self._groups_of.get(o, [])}
        order = sorted(
            groups.values(),
            key=lambda g: (-len(g.members & options), g.first, sorted(g.members)),
        )
        for group in order:
            members = sorted(group.members & left)
            if not members:
                continue
            optional = everyone.copy()
            if group.members & options <= left:
                others = sorted(group.members - options)
                elsewhere = np.any(self.taken[others], axis=0)
                optional[group.first :] = elsewhere[group.first :]
            found.append(_Cluster(members, group.most, optional))
            left -= group.members
        return found + [_Cluster([o], 1, everyone) for o in sorted(left)]

    # Money

    def raised(self, pools: set[str], kind: str) -> Array:
        """Most money that options can bring some pools together in each year, less their cost.

        Parameters
        ----------
        pools : set of str
        kind : str
            revenue, recurrent (what comes and goes every year) or capital.

        Returns
        -------
        ndarray, shape (years,)
            Less than nothing where an option that must be taken costs money. The cost of
            leaving an option is left out, and so is what belongs to a programme's spend.
        """
        parts = []
        if not self.names:
            return np.zeros(self._years)
        if kind != "capital":
            for pool in sorted(pools):
                parts += [
                    (e.option, self.felt(e.option, e.delay) * (e.value * self.index))
                    for e in self.of("income").get(pool, [])
                ]
        mine = sorted(o for pool in pools for o in self._paid_by.get(pool, []))
        parts += [(o, -self._cost(o, kind)) for o in mine]
        return self._sum(parts)[1]

    def capital(self) -> set[str]:
        """Pools whose capital options use."""
        amounts = self._draft["options"]["capital"].tolist()
        return {pool for pool, amount in zip(self.payers, amounts, strict=True) if amount > 0}

    @cached_property
    def payers(self) -> list[str]:
        """Pool that pays for each option; blank for none."""
        programmes = self._draft["programmes"]
        home = dict(zip(programmes["programme"].tolist(), programmes["pool"].tolist(), strict=True))
        return [
            pool or home.get(programme, "")
            for _, pool, programme in self._draft["options"].lists("pool", "programme")
        ]

    @cached_property
    def _paid_by(self) -> dict[str, list[int]]:
        """Options each pool pays for."""
        found: dict[str, list[int]] = {}
        for o, pool in enumerate(self.payers):
            found.setdefault(pool, []).append(o)
        return found

    def _cost(self, option: int, kind: str) -> Array:
        """What an option's pool pays in each of its runs; NaN in years outside the run."""
        rows = self._draft["options"]
        felt = self.felt(option)
        cost = np.where(np.isnan(felt), np.nan, 0.0)
        once, lead = rows["cost_once"][option], max(int(rows["lead_years"][option]), 1)
        for r, (start, _) in enumerate(self.runs[option]):
            if kind == "capital":
                cost[r, start] += rows["capital"][option]
            if kind == "revenue":
                cost[r, start] += once
                cost[r, start : start + lead] += rows["double_running"][option]
        if kind != "capital" and not rows["programme"][option]:
            cost = cost + rows["cost_yearly"][option] * felt
        found: Array = cost * self.index
        return found

    def yearly(self) -> dict[str, Span]:
        """Least and most that yearly costs of options add to the spend of a programme."""
        parts: dict[str, list[tuple[int, Array]]] = {}
        for o, (_, name, cost) in enumerate(
            self._draft["options"].lists("programme", "cost_yearly")
        ):
            if name and cost and self.runs[o]:
                parts.setdefault(name, []).append((o, self.felt(o) * (cost * self.index)))
        return {name: self._sum(found) for name, found in parts.items()}

    def unit_cost(self, programme: str, price: Array, index: Array) -> Span:
        """Least and most that options change the unit cost of a programme by.

        Parameters
        ----------
        programme : str
        price, index : ndarray, shape (years,)
            Its unit cost, and the growth of its unit cost since the base year.
        """
        return self._sum(
            [
                (
                    e.option,
                    self.felt(e.option, e.delay)
                    * (price * (e.value - 1.0) if e.operation == "multiply" else e.value * index),
                )
                for e in self.of("unit_cost").get(programme, [])
            ]
        )


def _range(part: Array) -> Span:
    """Least and most over runs; NaN in years in which an option cannot be taken."""
    never = np.isnan(part).all(axis=0)
    low = np.where(np.isnan(part), np.inf, part).min(axis=0, initial=np.inf)
    high = np.where(np.isnan(part), -np.inf, part).max(axis=0, initial=-np.inf)
    return np.where(never, np.nan, low), np.where(never, np.nan, high)


def _either(spans: list[Span], nothing: float, optional: Array) -> Span:
    """Span of a figure that one of several options changes, or none where that may be."""
    low, high = (np.array([span[end] for span in spans]) for end in (0, 1))
    none = np.where(optional | np.isnan(low).all(axis=0), nothing, np.nan)[None]
    return (
        np.fmin.reduce(np.concatenate([low, none])),
        np.fmax.reduce(np.concatenate([high, none])),
    )


def _times(figure: Array, factor: Array) -> Array:
    """Figure times a factor; one that is not there stays so."""
    there = np.isfinite(figure)
    return np.where(there, np.where(there, figure, 0.0) * factor, figure)
