"""Coefficients of runs: what each way to take an option adds to a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.index import Axis, Index
from allocator.data.terms import Terms


class RunTerms(Terms):
    """Coefficients of runs: ``rows`` are (the row's coordinates, then option, start, stop)."""

    def within(self, owners: Index) -> tuple[Ints, RunTerms]:
        """Terms of the rows that `owners` holds, and the position of each one's owner."""
        at = owners.find(self.rows.columns[: owners.dimen])
        mine = at >= 0
        return at[mine], RunTerms(self.rows.take(mine), self.coefficient[mine])

    def owners(self, axes: Sequence[Axis]) -> Index:
        """Rows that have at least one term, in order."""
        return Index.unique(axes, self.rows.columns[: len(axes)])[0]

    def over(self, owners: Index) -> RunTerms:
        """The same terms with the coordinates beyond those of `owners` left out."""
        count = owners.dimen
        kept = [*range(count), *range(self.rows.dimen - 3, self.rows.dimen)]
        axes = [self.rows.axes[k] for k in kept]
        return RunTerms(Index(axes, [self.rows.columns[k] for k in kept]), self.coefficient)

    def doubled(self) -> RunTerms:
        """The same terms with the option named in the row as well: one row an option."""
        axes, columns = self.rows.axes, self.rows.columns
        whole = (*axes[:-3], axes[-3], *axes[-3:])
        return RunTerms(Index(whole, [*columns[:-3], columns[-3], *columns[-3:]]), self.coefficient)

    def by_option(self) -> Index:
        """Rows with the option that acts on them."""
        twice = self.doubled()
        return twice.owners(twice.rows.axes[:-3])

    def range(self, owners: Index) -> tuple[Floats, Floats]:
        """Least and most that the terms can add to each owner, an option once."""
        at, mine = self.within(owners)
        least, most = np.zeros(len(owners)), np.zeros(len(owners))
        if not len(at):
            return least, most
        option = mine.rows.columns[-3]
        pair, where = np.unique(at * len(mine.rows.axes[-3]) + option, return_inverse=True)
        low, high = np.zeros(len(pair)), np.zeros(len(pair))
        np.minimum.at(low, where, mine.coefficient)
        np.maximum.at(high, where, mine.coefficient)
        owner = pair // len(mine.rows.axes[-3])
        np.add.at(least, owner, low)
        np.add.at(most, owner, high)
        return least, most


@dataclass(frozen=True)
class Levels:
    """A figure times a decision: one level for each way an option changes it.

    Attributes
    ----------
    rows : Index
        (the figure's coordinates, level).
    change : ndarray
        What the level adds per unit of the figure.
    runs : RunTerms
        Runs that make each level, by (the figure's coordinates, level).
    """

    rows: Index
    change: Floats
    runs: RunTerms

    @property
    def owners(self) -> Index:
        """Figures that have levels."""
        return self.runs.owners(self.rows.axes[:-1])
