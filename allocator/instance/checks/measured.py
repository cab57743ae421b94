"""Checks of what the selections of rules and incomes hold."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.instance.checks.problem import Problems, problem
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.selections import in_order
from allocator.words import listing, number

REFERENCES = ("", "baseline", "previous")
"""What growth may be measured on besides a plan year."""


class Measured:
    """What the selections of rules and incomes hold."""

    def __init__(self, facts: Timeless) -> None:
        self._facts, self._programmes = facts, facts["programmes"]
        self._examples: dict[str, tuple[str, ...]] = {}

    def members(self, selection: str) -> Ints:
        """Programmes that count, in order."""
        return self._facts.selections.counted(selection)[0]

    def _share_of(self, programmes: Ints, selection: str) -> Floats:
        """Share of some programmes in a selection."""
        who, shares = self._facts.selections.counted(selection)
        if len(who) == len(self._programmes):
            return shares[programmes]
        found = np.zeros(len(programmes))
        there = in_order(programmes, who)
        found[there] = shares[np.searchsorted(who, programmes[there])]
        return found

    def _one_of_each_unit(self, selection: str) -> tuple[str, ...]:
        """One programme of each unit in the selection, with its unit."""
        if selection not in self._examples:
            found: dict[str, str] = {}
            for i in self._programmes.in_file(self.members(selection)):
                found.setdefault(self._programmes["unit"][i], self._programmes["programme"][i])
            self._examples[selection] = tuple(f"'{p}' in {u}" for u, p in found.items())
        return self._examples[selection]

    def check(self, rows: Rows, position: int) -> Problems:
        """What a row measures is there to be measured."""
        checks = {
            "activity": self._units,
            "unmet": self._unmet,
            "outcome": self._outcome,
            "recurrent_spend": self._recurrent,
            "position": self._position,
        }
        check = checks.get(rows["measure"][position])
        if check is not None:
            yield from check(rows, position)

    def _units(self, rows: Rows, position: int) -> Problems:
        """Activity is added in one unit only."""
        compared = rows["basis"][position] in ("share", "ratio")
        columns = ("selection", "relative_to") if compared else ("selection",)
        for column in columns:
            units = self._one_of_each_unit(rows[column][position])
            if len(units) > 1:
                yield problem(
                    rows,
                    position,
                    column,
                    f"activity in different units cannot be added: {units[0]} and {units[1]}; "
                    "measure value instead, or select one unit.",
                )

    def _unmet(self, rows: Rows, position: int) -> Problems:
        """Some need could be unmet."""
        if not self._facts.held.follows[self.members(rows["selection"][position])].any():
            yield problem(
                rows,
                position,
                "measure",
                "no programme of the selection has demand that could be unmet.",
            )

    def _outcome(self, rows: Rows, position: int) -> Problems:
        """Something changes the outcome."""
        outcome = rows["outcome"][position]
        buyers = self._facts.buyers.get(outcome)
        if outcome and (
            buyers is None or not buyers[self.members(rows["selection"][position])].any()
        ):
            yield problem(
                rows,
                position,
                "outcome",
                f"no programme of the selection changes '{outcome}': none has a response or a "
                "harm for it, and no option adds any.",
            )

    def _recurrent(self, rows: Rows, position: int) -> Problems:
        """Something is recurrent."""
        if not self._programmes["recurrent"][self.members(rows["selection"][position])].any():
            yield problem(
                rows,
                position,
                "measure",
                "no programme of the selection is recurrent, so its recurrent_spend is always 0.",
            )

    def _position(self, rows: Rows, position: int) -> Problems:
        """Providers are counted wholly."""
        who, shares = self._facts.selections.counted(rows["selection"][position])
        provided = self._programmes["provider"][who] != ""
        if not provided.any():
            yield problem(
                rows,
                position,
                "selection",
                "measure position is that of the providers of the selection's programmes, and "
                "none of them names a provider.",
            )
        part = np.flatnonzero(provided & (shares < 1))
        if len(part):
            first = self._programmes.in_file(who[part])[0]
            share = float(shares[np.searchsorted(who, first)])
            yield problem(
                rows,
                position,
                "selection",
                f"a provider's position counts wholly, but '{self._programmes['programme'][first]}"
                f"' of '{self._programmes['provider'][first]}' counts "
                f"{number(share)} in the selection.",
            )

    def inside(self, rows: Rows, position: int) -> Problems:
        """A share is of a whole that holds it."""
        who, part = self._facts.selections.counted(rows["selection"][position])
        outside = who[part > self._share_of(who, rows["relative_to"][position])]
        if len(outside):
            names = listing(
                (
                    f"'{self._programmes['programme'][i]}'"
                    for i in self._programmes.in_file(outside)
                ),
                3,
            )
            yield problem(
                rows,
                position,
                "relative_to",
                f"a share is of a whole that holds it, but {names} counts less or not at all in "
                "relative_to; use basis ratio, or widen that selection.",
            )

    def growth_of_nothing(self, rows: Rows, position: int) -> Problems:
        """Growth is of something."""
        who = self.members(rows["selection"][position])
        if rows["measure"][position] == "recurrent_spend":
            who = who[self._programmes["recurrent"][who]]
        if rows["reference"][position] in REFERENCES and not self._facts.base_spend[who].any():
            yield problem(
                rows,
                position,
                "basis",
                "the selection has no baseline to grow from, so growth of it is always 0.",
                severity="warning",
            )
