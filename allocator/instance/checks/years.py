"""Checks of the years that rows are about."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Ints
from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.tables.rows import BLANK_YEAR
from allocator.instance.tables.schema import TABLES
from allocator.words import listing, number

_CONTINUOUS = {
    "budgets": "pool",
    "demand": "programme",
    "capacity": "resource",
    "places": "place",
}
"""Tables that must say something for every plan year, and what they say it about."""


@planned()
def years_of_the_plan(facts: Facts) -> Problems:
    """A row with a year names a plan year."""
    years = np.array(facts.years)
    base = years[0] - 1
    for name, table in TABLES.items():
        if "year" not in table.columns:
            continue
        rows = facts[name]
        inside = (rows["year"] == BLANK_YEAR) | np.isin(rows["year"], years)
        for position in np.flatnonzero(~inside).tolist():
            year = rows["year"][position]
            why = " (the base year is not planned)" if year == base else ""
            yield problem(
                rows,
                position,
                "year",
                f"{year} is not a plan year{why}; the plan runs from {years[0]} to {years[-1]}.",
            )
        facts.drop(name, inside)


@planned()
def gaps(facts: Facts) -> Problems:
    """Pools, demand, capacity and places have a figure for every plan year."""
    for name, thing in _CONTINUOUS.items():
        if not facts.draft.whole(name):
            continue
        rows = facts[name]
        grid = facts.by_year(name)
        covers: dict[tuple[object, ...], Ints] = {}
        for key, row in zip(grid.keys, grid.index, strict=True):
            # A pool's kinds of money cover its years together.
            of = key[:1] if name == "budgets" else key
            covers[of] = np.maximum(covers.get(of, row), row)
        for key, found in covers.items():
            missing = [y for y, p in zip(facts.years, found, strict=True) if p < 0]
            if not missing:
                continue
            position = int(found[found >= 0][0])
            yield problem(
                rows,
                position,
                "year",
                f"{thing} '{key[0]}' has no row for "
                f"{listing(map(str, missing))}; add one, or a row with a blank year for every "
                "year.",
            )


@planned("providers")
def provider_gaps(facts: Facts) -> Problems:
    """A provider whose deficit is limited has a row for every plan year."""
    rows, grid = facts["providers"], facts.by_year("providers")
    limited = ~np.isnan(grid.values("deficit_max"))
    for group in np.flatnonzero(limited.any(axis=1) & (grid.index < 0).any(axis=1)).tolist():
        missing = [y for y, p in zip(facts.years, grid.index[group], strict=True) if p < 0]
        position = int(grid.index[group][limited[group]][0])
        yield problem(
            rows,
            position,
            "year",
            f"the deficit of provider '{grid.keys[group][0]}' is limited, but there is no row for "
            f"{listing(map(str, missing))}; add one, or a row with a blank year for every year.",
        )


@planned()
def openings(facts: Facts) -> Problems:
    """What is there at the start is read in the first plan year only."""
    for name, column in (("budgets", "opening"), ("demand", "opening_backlog")):
        rows = facts[name]
        grid = facts.by_year(name)
        values = grid.values(column, 0.0)
        differ = (values[:, 1:] != 0.0) & (values[:, 1:] != values[:, :1])
        for group, year in np.argwhere(differ).tolist():
            position = int(grid.index[group, year + 1])
            yield problem(
                rows,
                position,
                column,
                f"{column} of {number(values[group, year + 1])} in {facts.years[year + 1]} is not "
                f"used: only the first plan year's counts, {number(values[group, 0])}.",
                severity="warning",
            )


@planned()
def carried_past_the_end(facts: Facts) -> Problems:
    """Nothing may be owed, and nothing is gained by money left, at the end of the plan."""
    rows = facts["budgets"]
    last = rows["year"] == facts.years[-1]
    for position in np.flatnonzero(last & (rows["overdraw_max"] > 0)).tolist():
        yield problem(
            rows,
            position,
            "overdraw_max",
            "nothing may be owed after the last plan year, so this has no effect.",
            severity="warning",
        )


CHECKS = (years_of_the_plan, gaps, provider_gaps, openings, carried_past_the_end)
