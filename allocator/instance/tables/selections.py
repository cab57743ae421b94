"""Which programmes a selection holds, and how much of each counts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.tables.lists import names_in
from allocator.instance.tables.rows import Rows, positions_of

EVERYTHING = "all"
"""The built-in selection of every programme."""

_NOBODY = np.empty(0, dtype=np.int64)

CRITERIA = ("sector", "place", "provider", "pool", "contract", "programme", "class", "tag")


class Selections:
    """Members of every selection.

    Parameters
    ----------
    programmes, selections : Rows
        The tables.

    Attributes
    ----------
    rows_of : dict of str to list of int
        Rows of the selections table that make up each selection, by line.
    """

    def __init__(self, programmes: Rows, selections: Rows) -> None:
        self._programmes = programmes
        self._selections = selections
        self._picked: dict[str, dict[Any, Ints]] = {}
        self._everyone = np.arange(len(programmes))
        self._counted: dict[str, tuple[Ints, Floats]] = {}
        self.rows_of: dict[str, list[int]] = defaultdict(list)
        for row in selections.by_line:
            self.rows_of[selections["selection"][row]].append(row)

    def _with(self, criterion: str) -> dict[Any, Ints]:
        """Positions of the programmes with each sector, place, tag and so on, in order."""
        if criterion not in self._picked:
            if criterion == "tag":
                self._picked[criterion] = _tagged(self._programmes["tags"].tolist())
            else:
                self._picked[criterion] = positions_of(self._programmes[criterion])
        return self._picked[criterion]

    def of_row(self, row: int) -> Ints:
        """Positions of the programmes that a row of the selections table picks, in order."""
        asked = [(c, self._selections[c][row]) for c in CRITERIA]
        found = [self._with(c).get(value, _NOBODY) for c, value in asked if value]
        found.sort(key=len)
        members = found[0] if found else self._everyone
        for others in found[1:]:
            members = members[in_order(members, others)]
        return members

    def words(self, criterion: str) -> set[str]:
        """Values a criterion may have in these programmes."""
        return set(self._with(criterion)) - {""}

    def counted(self, selection: str) -> tuple[Ints, Floats]:
        """Programmes that count in a selection, in order, and the share of each.

        A blank selection holds every programme.
        """
        if selection not in self._counted:
            self._counted[selection] = self._count(selection)
        return self._counted[selection]

    def _count(self, selection: str) -> tuple[Ints, Floats]:
        if selection in ("", EVERYTHING):
            return self._everyone, np.ones(len(self._everyone))
        rows = self.rows_of.get(selection, [])
        parts = [self.of_row(row) for row in rows]
        shares = [float(self._selections["share"][row]) for row in rows]
        who = np.concatenate([_NOBODY, *parts])
        share = np.repeat(shares, [len(part) for part in parts])
        members, where = np.unique(who, return_inverse=True)
        most = np.zeros(len(members))
        np.maximum.at(most, where, share)
        return members[most > 0.0], most[most > 0.0]

    def places(self, selection: str) -> list[str]:
        """Places named by every row of a selection; empty when some row names none."""
        rows = self.rows_of.get(selection, [])
        places = {str(self._selections["place"][row]) for row in rows}
        return [] if "" in places else sorted(places)


def in_order(values: Ints, among: Ints) -> Flags:
    """Mask of the values that are among others, which stand in order without a repeat."""
    if not len(among):
        return np.zeros(len(values), dtype=bool)
    at = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return np.asarray(among[at] == values)


def _tagged(tags: list[str]) -> dict[Any, Ints]:
    found: dict[str, list[int]] = defaultdict(list)
    for position, words in enumerate(tags):
        for tag in names_in(words):
            found[tag].append(position)
    return {tag: np.array(positions, dtype=np.int64) for tag, positions in found.items()}
