"""Which options can be taken, and which can be taken together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.facts.groups import Group
from allocator.instance.facts.runs import Runs
from allocator.instance.tables.rows import Rows


class Choices:
    """Options and what stands between them.

    Parameters
    ----------
    options, links : Rows
        The tables options and option_links.
    groups : dict of str to Group
        Groups of options.
    runs : Runs
        Runs of options.

    Attributes
    ----------
    names : list of str
    rank : dict of str to int
        Position of each.
    groups : dict of str to Group
    requires : list of dict of int to int
        For each option those it requires, with the position of the link.
    excluded : list of set of int
        For each option those that may not be taken in the same year by a link.
    """

    def __init__(self, options: Rows, links: Rows, groups: dict[str, Group], runs: Runs) -> None:
        self.names: list[str] = options["option"].tolist()
        self.rank = {name: i for i, name in enumerate(self.names)}
        self.groups, self._runs = groups, runs
        self._groups_of: list[list[Group]] = [[] for _ in self.names]
        for group in self.groups.values():
            for member in group.members:
                self._groups_of[member].append(group)
        self.requires: list[dict[int, int]] = [{} for _ in self.names]
        self.excluded: list[set[int]] = [set() for _ in self.names]
        self._needed: dict[int, list[int]] = {}
        rows = links.tuples(("option", "link", "other"))
        for position in links.by_line:
            option, link, other = rows[position]
            a, b = self.rank.get(option), self.rank.get(other)
            if a is None or b is None or a == b:
                continue
            if link == "requires":
                self.requires[a].setdefault(b, position)
            else:
                self.excluded[a].add(b)
                self.excluded[b].add(a)

    def needed(self, option: int) -> list[int]:
        """The option and all it requires, the nearest first."""
        if option not in self._needed:
            found = {option: None}
            ahead = [option]
            for one in ahead:
                fresh = [other for other in self.requires[one] if other not in found]
                found.update(dict.fromkeys(fresh))
                ahead += fresh
            self._needed[option] = list(found)
        return self._needed[option]

    def groups_with(self, options: Iterable[int]) -> list[Group]:
        """Groups that hold any of these options."""
        found = {group.name: group for one in options for group in self._groups_of[one]}
        return list(found.values())

    def ruled_out_by(self, option: int) -> set[int]:
        """Options that can never be taken in a year in which this one is."""
        every = self.needed(option)
        found = {other for one in every for other in self.excluded[one]}
        for one in every:
            for group in self._groups_of[one]:
                if group.one_at_a_time:
                    found.update(group.members)
        return found.difference(every)

    def together(self, taken: Iterable[int]) -> bool:
        """Whether these options, and all they require, may be taken in the same year."""
        every = {other for one in taken for other in self.needed(one)}
        if any(not every.isdisjoint(self.excluded[one]) for one in every):
            return False
        groups = self.groups_with(every)
        return all(len(every.intersection(group.members)) <= group.most for group in groups)

    def beside_each_other(self, options: Iterable[int]) -> tuple[int, int] | None:
        """First two of some options that may be taken in the same year, links counted."""
        seen: dict[frozenset[str], list[int]] = {}
        for option in options:
            mine = frozenset(g.name for g in self._groups_of[option] if g.one_at_a_time)
            for theirs, others in seen.items():
                if mine & theirs:
                    continue  # a group lets one of them be taken at a time
                for other in others:
                    if self.together((other, option)):
                        return other, option
            seen.setdefault(mine, []).append(option)
        return None

    def one_after_the_other(self, options: Iterable[int]) -> Iterator[int]:
        """Those of some options that may be taken with all that came before them."""
        every: set[int] = set()
        shut: set[int] = set()
        counted: Counter[str] = Counter()
        for option in options:
            more = [other for other in self.needed(option) if other not in every]
            apart = {other for one in more for other in self.excluded[one]}
            if not shut.isdisjoint(more) or not apart.isdisjoint(more) or apart & every:
                continue
            joined = Counter(group.name for one in more for group in self._groups_of[one])
            groups = self.groups
            if all(counted[name] + n <= groups[name].most for name, n in joined.items()):
                every.update(more)
                shut |= apart
                counted.update(joined)
                yield option

    @cached_property
    def possible(self) -> Flags:
        """Runs in whose years all that the option requires can be taken too."""
        runs = self._runs
        found = np.ones(len(runs.option), dtype=bool)
        changed = True
        while changed:
            changed = False
            for option, others in enumerate(self.requires):
                mine = runs.of(option)
                for other in others:
                    theirs = runs.of(other)
                    shut = ~runs.taken[theirs[found[theirs]]].any(axis=0)
                    lost = found[mine] & (runs.taken[mine] & shut).any(axis=1)
                    found[mine[lost]] = False
                    changed |= bool(lost.any())
        return found

    def starts(self, option: int) -> Ints:
        """Positions at which an option can start, in order."""
        mine = self._runs.of(option)
        return self._runs.start[mine[self.possible[mine]]]

    def most_felt(self, option: int, delay: int) -> Floats:
        """Largest share with which an effect can be felt in each plan year.

        That of the run that starts first and lasts to the end, which is always possible.
        """
        mine = self._runs.of(option)
        there = mine[self.possible[mine]]
        if not len(there):
            return np.zeros(self._runs.taken.shape[1])
        first = there[self._runs.start[there] == self._runs.start[there[0]]]
        return self._runs.felt(delay)[first[-1]]
