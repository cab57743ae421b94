"""Which options can be taken, and which can be taken together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from allocator.instance.facts.decisions import possible_runs, share_in_place
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Array, Rows

Run = tuple[int, int]

_ONE_AT_A_TIME = ("at_most_one", "exactly_one")


@dataclass
class Group:
    """Options of which only so many may be taken in a year.

    Attributes
    ----------
    name, choose : str
    most : int
        Most that may be taken in a year; as many as there are for ``any``.
    members : list of int
        Positions in the options table.
    """

    name: str
    choose: str
    most: int
    members: list[int] = field(default_factory=list)

    @property
    def one_at_a_time(self) -> bool:
        """Whether no two of its options are ever taken together."""
        return self.choose != "any" and self.most == 1


def groups_of(options: Rows) -> dict[str, Group]:
    """Groups by name; what a group allows is read from the first of its rows."""
    found: dict[str, Group] = {}
    for position, (_, words, choose, most) in enumerate(options.lists("group", "choose", "most")):
        for name in dict.fromkeys(words.split()):
            if name not in found:
                limit = 1 if choose in _ONE_AT_A_TIME else most
                found[name] = Group(name, choose, len(options) if choose == "any" else limit)
            found[name].members.append(position)
    return found


class Choices:
    """Options of a draft and what stands between them.

    Parameters
    ----------
    draft : Draft
        With whole options and option_links, and years.

    Attributes
    ----------
    names : list of str
    groups : dict of str to Group
    requires : list of dict of int to int
        For each option those it requires, with the position of the link.
    excluded : list of set of int
        For each option those that may not be taken in the same year by a link.
    """

    def __init__(self, draft: Draft) -> None:
        self.options, self.links = draft["options"], draft["option_links"]
        assert draft.settings is not None
        self.years, self._financial = draft.years, draft.settings.financial_years
        self.names: list[str] = self.options["option"].tolist()
        self.rank = {name: i for i, name in enumerate(self.names)}
        self.groups = groups_of(self.options)
        self._groups_of: list[list[Group]] = [[] for _ in self.names]
        for group in self.groups.values():
            for member in group.members:
                self._groups_of[member].append(group)
        self.requires: list[dict[int, int]] = [{} for _ in self.names]
        self.excluded: list[set[int]] = [set() for _ in self.names]
        self._needed: dict[int, list[int]] = {}
        for position, (option, link, other) in enumerate(
            self.links.tuples(("option", "link", "other"))
        ):
            a, b = self.rank.get(option), self.rank.get(other)
            if a is None or b is None or a == b:
                continue
            if link == "requires":
                self.requires[a].setdefault(b, position)
            else:
                self.excluded[a].add(b)
                self.excluded[b].add(a)

    def window(self, option: int) -> Run:
        """Positions of the first and the last plan year in which an option may start."""
        earliest, latest = (int(self.options[c][option]) for c in ("earliest", "latest"))
        first = 0 if earliest == BLANK_YEAR else earliest - self.years[0]
        last = len(self.years) - 1 if latest == BLANK_YEAR else latest - self.years[0]
        return first, last

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

    @cached_property
    def runs(self) -> list[list[Run]]:
        """Runs of each option in whose years all it requires can be taken too."""
        rows = self.options
        found = []
        for position in range(len(self.names)):
            first, last = self.window(position)
            least, reviews = int(rows["min_years"][position]), rows["review_years"][position]
            found.append(possible_runs(first, last, least, reviews, len(self.years)))
        changed = True
        while changed:
            changed = False
            for option, others in enumerate(self.requires):
                for other in others:
                    open_years = self._covered(found[other])
                    kept = [r for r in found[option] if open_years[r[0] : r[1] + 1].all()]
                    changed |= len(kept) < len(found[option])
                    found[option] = kept
        return found

    def _covered(self, runs: list[Run]) -> Array:
        covered = np.zeros(len(self.years), dtype=bool)
        for start, end in runs:
            covered[start : end + 1] = True
        return covered

    def most_felt(self, option: int, delay: int) -> Array:
        """Largest share with which an effect can be felt in each plan year.

        That of the run that starts first and lasts to the end, which is always possible.
        """
        rows, felt = self.options, np.zeros(len(self.years))
        lead, month = int(rows["lead_years"][option]), int(rows["start_month"][option])
        first = min((start for start, _ in self.runs[option]), default=len(felt))
        for t in range(first, len(felt)):
            felt[t] = share_in_place(first, lead, month, self._financial, t - delay)
        return felt
