"""The rules table: what is asked, of whom, in which year and with which price."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.arrays import Floats, Ints, Objects
from allocator.evaluate.selections import Selections
from allocator.evaluate.tables import Names, Tables, places_of
from allocator.instance.tables.years import year_of


@dataclass(frozen=True)
class Rules:
    """Rules in force, a row a rule and year.

    Attributes
    ----------
    name, label, kind, basis, sense : numpy.ndarray
        Objects of the table; `kind` is the measure, with outcome and segment apart.
    year : numpy.ndarray
        Position of the plan year.
    selection, relative_to : numpy.ndarray
        Positions of the selections.
    reference : numpy.ndarray
        Column of the reference year: 0 for the base year.
    value, penalty, heads : numpy.ndarray
        Figure of the rule, its price (NaN: hard), and people it is counted for.
    subject : numpy.ndarray
        Shape (row, 2): positions of outcome and segment, -1 for none.
    """

    name: Objects
    label: Objects
    kind: Objects
    basis: Objects
    sense: Objects
    year: Ints
    selection: Ints
    relative_to: Ints
    reference: Ints
    value: Floats
    penalty: Floats
    heads: Floats
    subject: Ints

    @cached_property
    def measures(self) -> list[tuple[str, int, int, Ints]]:
        """Every measure with outcome and segment, and the rows that use it."""
        subjects = zip(self.kind.tolist(), *self.subject.T.tolist(), strict=True)
        return [(*subject, mine) for subject, mine in places_of(subjects).items()]


def read_rules(tables: Tables, selections: Selections, outcomes: Names, segments: Names) -> Rules:
    """Rules in force in every plan year, sorted by rule and year."""
    every = tables["rules"]
    rows, year = tables.in_force(every, Names(every["rule"]), "rule").listed()
    selection = selections.names.positions(rows, "selection")
    return Rules(
        name=rows["rule"],
        label=np.where(rows["label"] == "", rows["rule"], rows["label"]),
        kind=rows["measure"],
        basis=rows["basis"],
        sense=rows["sense"],
        year=year,
        selection=selection,
        relative_to=selections.names.positions(rows, "relative_to"),
        reference=_reference(rows["reference"], year, tables.settings.base_year),
        value=rows["value"],
        penalty=rows["penalty"],
        heads=selections.heads[selection, year],
        subject=np.column_stack([outcomes.find(rows["outcome"]), segments.find(rows["segment"])]),
    )


def _reference(written: Objects, year: Ints, base: int) -> Ints:
    """Column of the year a rule on growth compares with; the base year is column 0."""
    named = {
        word: 0 if word == "baseline" else (year_of(word) or base) - base
        for word in set(written.tolist()) - {"", "previous"}
    }
    return np.array(
        [named.get(w, t) for w, t in zip(written.tolist(), year.tolist(), strict=True)],
        dtype=np.int64,
    )
