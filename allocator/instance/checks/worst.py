"""Checks that no options together leave less than nothing of a figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.choices import Choices
from allocator.instance.facts.facts import Facts
from allocator.tolerances import ROUNDING
from allocator.words import listing, number

_MOST_WORK = 200_000
"""Effects looked at before a search among them stops, over all figures: a second or less."""

_MOST_SPARED = 100
"""Options among which those that need not be named are looked for."""

_MEASURES = ("demand", "limit_max")
"""Figures that are nothing at least; capacity is not among them: what options take off it
decides which of them go together."""


@dataclass(frozen=True)
class _Figure:
    """A figure that options change.

    Attributes
    ----------
    words : str
        Its name.
    amount : ndarray, shape (years,)
        What it is without any option; inf where there is none.
    rows : list of int
        Positions of the effects on it, one an option.
    """

    words: str
    amount: Floats
    rows: list[int]


@dataclass(frozen=True)
class _Acts:
    """What options do to a figure when they are felt most.

    Attributes
    ----------
    rows, option : ndarray, shape (acts,)
        Position of the effect and of its option.
    multiplies : ndarray of bool, shape (acts,)
    change : ndarray, shape (acts, years)
        What is added, as a share of the figure where it multiplies.
    """

    rows: Ints
    option: Ints
    multiplies: Flags
    change: Floats


@planned("options", "option_links", "option_effects", "programmes", "demand", "limits")
def nothing_below_zero(facts: Facts) -> Problems:
    """Demand and most activity stay at 0 or more, whatever is taken together.

    Looked for with the figures as written and with the low and the high ones.
    """
    rows = facts["option_effects"]
    falls = (rows["operation"] == "add") & (_least(rows["value"], rows["low"], rows["high"]) < 0)
    if not (falls & np.isin(rows["measure"], _MEASURES)).any():
        return
    search, settings = _Search(facts.choices), facts.settings
    for figure in _figures(facts):
        found = _first_shortfall(facts, search, figure)
        if found:
            case, t, acts, taken, left = found
            names = listing(f"'{facts.choices.names[o]}'" for o in acts.option[taken].tolist())
            figures = "" if case == "value" else f" (with the {case} figures)"
            taking = [a for a in taken if acts.change[a, t] < 0 and not acts.multiplies[a]]
            yield problem(
                rows,
                int(acts.rows[taking[0]]),
                case,
                f"with {names}{figures} the {figure.words} in "
                f"{settings.year_label(facts.years[t])} would be {number(left)}, less than "
                f"nothing; take less off{_apart(facts.choices, acts.option[taken].tolist())}.",
            )


def _apart(choices: Choices, options: list[int]) -> str:
    """How two of some options can be kept apart; nothing where one needs the other."""
    for a in options:
        for b in options:
            if a < b and b not in choices.needed(a) and a not in choices.needed(b):
                return f", or let '{choices.names[a]}' exclude '{choices.names[b]}' in option_links"
    return ""


def _least(*columns: Floats) -> Floats:
    return np.fmin.reduce(np.array(columns))


def _figures(facts: Facts) -> Iterator[_Figure]:
    """Figures that are something in a plan year and that options change."""
    rows = facts["option_effects"]
    acting: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, key in enumerate(rows.tuples(("measure", "target"))):
        if key[0] in _MEASURES:
            acting[key].append(position)
    demand = facts.by_year("demand")
    arriving = dict(zip(demand.keys, demand.values("demand", np.inf), strict=True))
    for (measure, name), positions in acting.items():
        if measure == "demand" and (name,) in arriving:
            yield _Figure(f"demand for '{name}'", arriving[name,], positions)
        elif measure == "limit_max" and name in facts.rank:
            most = facts.limits.most[facts.rank[name]]
            yield _Figure(f"most activity of '{name}'", most, positions)


def _first_shortfall(
    facts: Facts, search: _Search, figure: _Figure
) -> tuple[str, int, _Acts, list[int], float] | None:
    """Case, year, acts, those taken and what is left, where options take too much off."""
    given = facts["option_effects"].take(np.array(figure.rows, dtype=np.int64))
    for case in ("value", "low", "high"):
        if np.isnan(given[case]).all():
            continue
        acts = _acts(facts, figure, case)
        for t in np.flatnonzero(search.bound(figure.amount, acts)).tolist():
            amount = float(figure.amount[t])
            taken = search.too_much(amount, acts, t)
            if taken:
                return case, t, acts, taken, _left(amount, acts, taken, t)
    return None


def _acts(facts: Facts, figure: _Figure, case: str) -> _Acts:
    """What options do to the figure in each plan year when they are felt most."""
    choices = facts.choices
    rows = facts["option_effects"].take(np.array(figure.rows, dtype=np.int64))
    value = np.where(np.isnan(rows[case]), rows["value"], rows[case])
    option = np.array([choices.rank[name] for name in rows["option"].tolist()], dtype=np.int64)
    felt = np.array(
        [
            choices.most_felt(o, d)
            for o, d in zip(option.tolist(), rows["delay"].tolist(), strict=True)
        ]
    )
    multiplies: Flags = rows["operation"] == "multiply"
    each = np.where(multiplies, np.maximum(value, 0.0) - 1.0, value)
    return _Acts(np.array(figure.rows), option, multiplies, each[:, None] * felt)


def _left(amount: float, acts: _Acts, some: list[int], t: int) -> float:
    """What some acts leave of an amount: those that multiply count first."""
    at = np.array(some, dtype=np.int64)
    change, multiplies = acts.change[at, t], acts.multiplies[at]
    return float(amount * np.prod(1.0 + change[multiplies]) + change[~multiplies].sum())


def _edge(amount: Floats | float) -> Floats:
    """What less than nothing begins at."""
    return -ROUNDING * np.maximum(1.0, amount)


class _Search:
    """Finds options that may be taken together and leave less than nothing.

    Every option is counted in one group that allows only so many, the largest it is in.
    """

    def __init__(self, choices: Choices) -> None:
        self.choices, self.work = choices, 0
        self.cluster = np.arange(len(choices.names))
        self.most = np.ones(len(choices.names), dtype=np.int64)
        tight = [group for group in choices.groups.values() if group.choose != "any"]
        for n, group in enumerate(sorted(tight, key=lambda g: len(g.members))):
            self.cluster[group.members] = len(choices.names) + n
            self.most[group.members] = group.most

    def bound(self, amount: Floats, acts: _Acts) -> Flags:
        """Years in which the worst of every group together leave less than nothing."""
        there = np.isfinite(amount)
        each = np.where(there, amount, 0.0)
        factor, added = np.ones(len(amount)), np.zeros(len(amount))
        cluster = self.cluster[acts.option]
        order = np.argsort(cluster, kind="stable")
        starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
        for members in np.split(order, starts[1:]):
            most = int(self.most[acts.option[members[0]]])
            times = acts.multiplies[members]
            falls = np.sort(np.minimum(acts.change[members[~times]], 0.0), axis=0)
            added += falls[:most].sum(axis=0)
            cuts = np.sort(np.minimum(1.0 + acts.change[members[times]], 1.0), axis=0)
            factor *= np.prod(cuts[:most], axis=0)
        found: Flags = there & (each * factor + added < _edge(each))
        return found

    def too_much(self, amount: float, acts: _Acts, t: int) -> list[int]:
        """Acts of options that go together and leave less than nothing, or none.

        Options that take the most off are tried first, and no longer than is reasonable: what
        is found is certain, what is not found may still be there.
        """
        case = _Case(self, amount, acts, t)
        taken = case.greedy() or case.extend([], 0)
        for one in list(taken) if len(taken) <= _MOST_SPARED else []:
            fewer = [other for other in taken if other != one]
            if case.short(case.all_of(fewer)):
                taken = fewer
        return case.all_of(taken)


class _Case:
    """The search among the acts on one figure in one year."""

    def __init__(self, search: _Search, amount: float, acts: _Acts, t: int) -> None:
        self._of, self._amount, self._acts, self._t = search, amount, acts, t
        self._change = acts.change[:, t]
        falls = np.flatnonzero(self._change < 0)
        order = np.lexsort((self._change[falls], acts.multiplies[falls]))
        self._falling: list[int] = falls[order].tolist()
        self._options: list[int] = acts.option.tolist()
        self._act_of = {o: a for a, o in enumerate(self._options)}
        required = {o for links in search.choices.requires for o in links}
        self._required = [a for a in self._falling if self._options[a] in required]

    def short(self, some: list[int]) -> bool:
        """Whether some acts leave less than nothing."""
        return _left(self._amount, self._acts, some, self._t) < float(_edge(self._amount))

    def all_of(self, taken: list[int]) -> list[int]:
        """Acts of the options taken and of all they require."""
        every = dict.fromkeys(o for one in taken for o in self._of.choices.needed(one))
        return [self._act_of[o] for o in every if o in self._act_of]

    def _still(self, taken: list[int], start: int) -> list[int]:
        """The worst acts that the groups still allow: from `start` on, or required."""
        full: dict[int, int] = defaultdict(int)
        for o in taken:
            full[int(self._of.cluster[o])] += 1
        counted: dict[tuple[int, bool], int] = defaultdict(int)
        found = []
        for a in dict.fromkeys([*self._required, *self._falling[start:]]):
            o = self._options[a]
            group = int(self._of.cluster[o])
            kind = group, bool(self._acts.multiplies[a])
            if o not in taken and full[group] + counted[kind] < self._of.most[o]:
                counted[kind] += 1
                found.append(a)
        return found

    def greedy(self) -> list[int]:
        """Options that go together, the worst first, up to the one that leaves too little."""
        taken: list[int] = []
        factor, added, counted = 1.0, 0.0, set[int]()
        for option in self._of.choices.one_after_the_other(self._options[a] for a in self._falling):
            taken.append(option)
            for a in self.all_of([option]):
                if a not in counted:
                    counted.add(a)
                    times = bool(self._acts.multiplies[a])
                    factor *= 1.0 + float(self._change[a]) if times else 1.0
                    added += 0.0 if times else float(self._change[a])
            if self._amount * factor + added < float(_edge(self._amount)):
                return taken
        return []

    def extend(self, taken: list[int], start: int) -> list[int]:
        """Options that leave less than nothing, those taken among them; none where none do."""
        self._of.work += len(self._falling)
        if self.short(self.all_of(taken)):
            return taken
        here = [self._act_of[o] for o in taken]
        worst = [a for a in here if self._change[a] < 0] + self._still(taken, start)
        if not self.short(worst):
            return []
        for n, a in enumerate(self._falling[start:], start):
            if self._of.work > _MOST_WORK:
                break
            more = [*taken, self._options[a]]
            found = self.extend(more, n + 1) if self._of.choices.together(more) else []
            if found:
                return found
        return []


CHECKS = (nothing_below_zero,)
