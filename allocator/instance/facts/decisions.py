"""What options do to each figure: the least and the most over all that may be decided.

All decisions that windows, runs and groups allow count; links between options are left out,
so that a span is wider than the truth at worst.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.instance.facts.groups import Group
from allocator.instance.facts.runs import Runs
from allocator.instance.tables.rows import Rows

Span = tuple[Floats, Floats]


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
    optional: Flags
    """Years in which none of them need be taken."""


class Decisions:
    """What options may change.

    Parameters
    ----------
    options, option_effects : Rows
        The tables. Effects on what is not there are left out.
    groups : dict of str to Group
        Groups of options.
    runs : Runs
        Runs of options.
    payers : list of str
        Pool that pays for each option; blank for none.
    index : ndarray, shape (years,)
        Growth of prices since the base year.

    Attributes
    ----------
    names : list of str
        Options.
    effects : dict of str to dict of str to list of Effect
        Measure, then target: a programme, pool or contract, for capacity (resource, place).
    """

    def __init__(
        self,
        options: Rows,
        option_effects: Rows,
        *,
        groups: dict[str, Group],
        runs: Runs,
        payers: list[str],
        index: Floats,
    ) -> None:
        self.names: list[str] = options["option"].tolist()
        self._options, self._runs, self._index = options, runs, index
        self._years = len(index)
        self._taken = np.array(
            [runs.taken[runs.of(o)].any(axis=0) for o in range(len(self.names))], dtype=bool
        ).reshape(-1, self._years)
        self._groups_of: dict[int, list[_Group]] = {}
        for group in groups.values():
            if group.choose != "any":
                self._add_group(group)
        self._paid_by: dict[str, list[int]] = {}
        for o, pool in enumerate(payers):
            self._paid_by.setdefault(pool, []).append(o)
        self.effects = self._read_effects(option_effects)

    def _add_group(self, group: Group) -> None:
        open_years = self._taken[group.members].any(axis=0)
        first = self._years
        if group.choose == "exactly_one" and open_years.any():
            first = int(np.argmax(open_years))
        found = _Group(frozenset(group.members), group.most, first)
        for o in group.members:
            self._groups_of.setdefault(o, []).append(found)

    def _read_effects(self, rows: Rows) -> dict[str, dict[Any, list[Effect]]]:
        rank = {name: o for o, name in enumerate(self.names)}
        found: dict[str, dict[Any, list[Effect]]] = {}
        columns = ("option", "measure", "target", "place", "operation", "value", "delay")
        for line, option, measure, target, place, operation, value, delay in rows.lists(*columns):
            if option in rank and len(self._runs.of(rank[option])):
                key = (target, place) if measure == "capacity" else target
                effect = Effect(rank[option], operation, value, delay, line)
                found.setdefault(measure, {}).setdefault(key, []).append(effect)
        return found

    def of(self, measure: str) -> dict[Any, list[Effect]]:
        """Effects on a measure by target."""
        return self.effects.get(measure, {})

    def felt(self, option: int, delay: int = 0) -> Floats:
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
        mine = self._runs.of(option)
        return np.where(self._runs.taken[mine], self._runs.felt(delay)[mine], np.nan)

    # What options can do to a figure

    def span(self, measure: str, target: object, low: Floats, high: Floats) -> Span:
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

    def added(self, effects: Iterable[Effect], scale: float | Floats = 1.0) -> Span:
        """Least and most that effects which add come to together, by year."""
        return self._sum(
            [(e.option, self.felt(e.option, e.delay) * (e.value * scale)) for e in effects]
        )

    def stopped(self, measure: str, target: object) -> tuple[Flags, Flags]:
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

    def _sum(self, parts: list[tuple[int, Floats]]) -> Span:
        """Least and most of a sum of what each option adds in each of its runs.

        Parameters
        ----------
        parts : list of (int, ndarray of shape (runs, years))
            Option, and what it adds; NaN in years outside the run. What an option adds
            outside its runs is nothing.
        """
        low, high = np.zeros(self._years), np.zeros(self._years)
        together: dict[int, Floats] = {}
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
                elsewhere = np.any(self._taken[others], axis=0)
                optional[group.first :] = elsewhere[group.first :]
            found.append(_Cluster(members, group.most, optional))
            left -= group.members
        return found + [_Cluster([o], 1, everyone) for o in sorted(left)]

    # Money

    def raised(self, pools: set[str], kind: str) -> Floats:
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
                    (e.option, self.felt(e.option, e.delay) * (e.value * self._index))
                    for e in self.of("income").get(pool, [])
                ]
        mine = sorted(o for pool in pools for o in self._paid_by.get(pool, []))
        parts += [(o, -self._cost(o, kind)) for o in mine]
        return self._sum(parts)[1]

    def capital(self) -> set[str]:
        """Pools whose capital options use."""
        amounts = self._options["capital"]
        return {pool for pool, mine in self._paid_by.items() if (amounts[mine] > 0).any()}

    def _cost(self, option: int, kind: str) -> Floats:
        """What an option's pool pays in each of its runs; NaN in years outside the run."""
        rows, felt = self._options, self.felt(option)
        cost = np.where(np.isnan(felt), np.nan, 0.0)
        once, lead = rows["cost_once"][option], max(int(rows["lead_years"][option]), 1)
        for r, start in enumerate(self._runs.start[self._runs.of(option)].tolist()):
            if kind == "capital":
                cost[r, start] += rows["capital"][option]
            if kind == "revenue":
                cost[r, start] += once
                cost[r, start : start + lead] += rows["double_running"][option]
        if kind != "capital" and not rows["programme"][option]:
            cost = cost + rows["cost_yearly"][option] * felt
        found: Floats = cost * self._index
        return found

    def yearly(self) -> dict[str, Span]:
        """Least and most that yearly costs of options add to the spend of a programme."""
        parts: dict[str, list[tuple[int, Floats]]] = {}
        for o, (name, cost) in enumerate(self._options.tuples(("programme", "cost_yearly"))):
            if name and cost and len(self._runs.of(o)):
                parts.setdefault(name, []).append((o, self.felt(o) * (cost * self._index)))
        return {name: self._sum(found) for name, found in parts.items()}

    def unit_cost(self, programme: str, price: Floats, growth: Floats) -> Span:
        """Least and most that options change the unit cost of a programme by.

        Parameters
        ----------
        programme : str
        price, growth : ndarray, shape (years,)
            Its unit cost, and how that has grown since the base year.
        """
        return self._sum(
            [
                (
                    e.option,
                    self.felt(e.option, e.delay)
                    * (price * (e.value - 1.0) if e.operation == "multiply" else e.value * growth),
                )
                for e in self.of("unit_cost").get(programme, [])
            ]
        )


def _range(part: Floats) -> Span:
    """Least and most over runs; NaN in years in which an option cannot be taken."""
    never = np.isnan(part).all(axis=0)
    low = np.where(np.isnan(part), np.inf, part).min(axis=0, initial=np.inf)
    high = np.where(np.isnan(part), -np.inf, part).max(axis=0, initial=-np.inf)
    return np.where(never, np.nan, low), np.where(never, np.nan, high)


def _either(spans: list[Span], nothing: float, optional: Flags) -> Span:
    """Span of a figure that one of several options changes, or none where that may be."""
    low, high = (np.array([span[end] for span in spans]) for end in (0, 1))
    none = np.where(optional | np.isnan(low).all(axis=0), nothing, np.nan)[None]
    return (
        np.fmin.reduce(np.concatenate([low, none])),
        np.fmax.reduce(np.concatenate([high, none])),
    )


def _times(figure: Floats, factor: Floats) -> Floats:
    """Figure times a factor; one that is not there stays so."""
    there = np.isfinite(figure)
    return np.where(there, np.where(there, figure, 0.0) * factor, figure)
