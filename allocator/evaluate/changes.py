"""What options in place change: limits, need, outcomes, costs, capacity, income, contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.evaluate.options import Course, Options
from allocator.evaluate.tables import Names, Tables

ON_PROGRAMMES = ("close", "demand", "limit_max", "limit_min", "outcome", "provider", "unit_cost")
"""Measures of programmes; those of anything else name what they act on themselves."""


@dataclass(frozen=True)
class Change:
    """Effects of options on one measure, a row an effect.

    Attributes
    ----------
    option, delay : numpy.ndarray
        Position of the option, and years until it is felt.
    target : numpy.ndarray
        Position of what it acts on; -1 for a contract that pays for nothing.
    outcome : numpy.ndarray
        Position of the outcome it acts on, -1 for none.
    value : numpy.ndarray
        What it multiplies by or adds.
    multiplies, adds : numpy.ndarray
        Which of the two it does.
    share : numpy.ndarray
        Shape (row, year): share with which it is felt under a plan.
    """

    option: Ints
    delay: Ints
    target: Ints
    outcome: Ints
    value: Floats
    multiplies: Flags
    adds: Flags
    share: Floats

    def under(self, course: Course) -> Change:
        """The same as felt under a plan."""
        if not len(self.option):
            return self
        return replace(self, share=course.felt(self.option, self.delay))

    def where(self, size: int) -> Flags:
        """Where any of them is felt, shape (size, year)."""
        mine = self.target >= 0
        felt = np.zeros((size, self.share.shape[1]), dtype=bool)
        np.logical_or.at(felt, self.target[mine], self.share[mine] > 0)
        return felt

    def factor(self, size: int) -> Floats:
        """What figures are multiplied by, shape (size, year)."""
        times = 1.0 + (self.value[:, None] - 1.0) * self.share
        factor = np.ones((size, self.share.shape[1]))
        np.multiply.at(factor, self.target[self.multiplies], times[self.multiplies])
        return factor

    def added(self, size: int) -> Floats:
        """What is added to figures, shape (size, year)."""
        more = self.value[:, None] * self.share
        added = np.zeros((size, self.share.shape[1]))
        np.add.at(added, self.target[self.adds], more[self.adds])
        return added

    def apply(self, figures: Floats) -> Floats:
        """Figures multiplied and then added to; what is not limited stays so.

        Parameters
        ----------
        figures : numpy.ndarray
            Shape (figure, year).
        """
        if not len(self.option):
            return figures
        factor, added = self.factor(len(figures)), self.added(len(figures))
        finite = np.isfinite(figures)
        changed: Floats = np.where(finite, np.where(finite, figures, 0.0) * factor + added, figures)
        return changed


Changes = Mapping[str, Change]
"""Effects of options by the measure they change."""


def read_changes(
    tables: Tables, options: Options, outcomes: Names, targets: Mapping[str, Names]
) -> Changes:
    """Effects in the rows of the table, of options that nobody has taken yet.

    Parameters
    ----------
    tables : Tables
        The round.
    options : Options
        The options.
    outcomes : Names
        Outcomes.
    targets : mapping of str to Names
        What measures act on: of programmes all, and ``capacity`` (resource and place),
        ``contract`` and ``income`` (pools).

    Raises
    ------
    InstanceError
        When an option acts on something that is not there.
    """
    every = tables["option_effects"]
    changes: dict[str, Change] = {}
    for measure, names in targets.items():
        rows = every.take(np.flatnonzero(every["measure"] == measure))
        on = ("target", "place") if measure == "capacity" else ("target",)
        found = names.find(rows["target"]) if measure == "contract" else names.positions(rows, *on)
        changes[measure] = Change(
            option=options.names.positions(rows, "option"),
            delay=rows["delay"],
            target=found,
            outcome=outcomes.find(rows["outcome"]),
            value=rows["value"],
            multiplies=rows["operation"] == "multiply",
            adds=rows["operation"] == "add",
            share=np.zeros((len(rows), len(tables.years))),
        )
    return changes


def felt(changes: Changes, course: Course) -> Changes:
    """Effects as they are felt under a plan."""
    return {measure: change.under(course) for measure, change in changes.items()}
