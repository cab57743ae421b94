"""Which programmes a selection holds, and how much of each counts."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.instance.rows import Array, Rows

EVERYTHING = "all"
"""The built-in selection of every programme."""

CRITERIA = ("sector", "place", "provider", "pool", "contract", "programme", "class", "tag")


class Selections:
    """Members of every selection.

    Parameters
    ----------
    programmes, selections : Rows
        The tables.

    Attributes
    ----------
    masks : ndarray of bool, shape (selection rows, programmes)
        Programmes each row of the selections table picks.
    """

    def __init__(self, programmes: Rows, selections: Rows) -> None:
        self._programmes = programmes
        self._selections = selections
        self._picked: dict[tuple[str, str], Array] = {}
        self._tags: dict[str, list[int]] = defaultdict(list)
        for position, tags in enumerate(programmes["tags"].tolist()):
            for tag in set(tags.split()):
                self._tags[tag].append(position)
        self.masks = np.ones((len(selections), len(programmes)), dtype=bool)
        for criterion in CRITERIA:
            for row, value in enumerate(selections[criterion].tolist()):
                if value:
                    self.masks[row] &= self.picked(criterion, value)
        self.rows_of: dict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(selections["selection"].tolist()):
            self.rows_of[name].append(row)

    def picked(self, criterion: str, value: str) -> Array:
        """Mask of the programmes with `value` as their sector, place, tag and so on."""
        if (criterion, value) not in self._picked:
            if criterion == "tag":
                mask = np.zeros(len(self._programmes), dtype=bool)
                mask[self._tags.get(value, [])] = True
            else:
                mask = self._programmes[criterion] == value
            self._picked[criterion, value] = mask
        return self._picked[criterion, value]

    def words(self, criterion: str) -> set[str]:
        """Values a criterion may have in these programmes."""
        if criterion == "tag":
            return set(self._tags)
        return set(self._programmes[criterion].tolist()) - {""}

    def shares(self, selection: str) -> Array:
        """Share of each programme that counts; a blank selection holds every programme."""
        if selection in ("", EVERYTHING):
            return np.ones(len(self._programmes))
        total = np.zeros(len(self._programmes))
        for row in self.rows_of.get(selection, []):
            share = float(self._selections["share"][row])
            total = np.maximum(total, np.where(self.masks[row], share, 0.0))
        return total
