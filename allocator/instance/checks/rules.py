"""Checks of the rules table: do the parts of a rule go together."""

from __future__ import annotations

import numpy as np

from allocator.instance.checks.measured import REFERENCES, Measured
from allocator.instance.checks.problem import Problems, needs, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.legal import LEGAL_RULES
from allocator.instance.tables.rows import BLANK_YEAR
from allocator.instance.tables.years import year_of
from allocator.words import number


def legal_combinations(facts: Timeless) -> Problems:
    """Measure, basis and sense have a meaning together."""
    rows = facts["rules"]
    for position, (_, measure, basis, sense) in enumerate(rows.lists("measure", "basis", "sense")):
        bases = LEGAL_RULES[measure]
        if basis not in bases:
            yield problem(
                rows,
                position,
                "basis",
                f"measure {measure} cannot have basis {basis}; it takes {', '.join(bases)}.",
            )
        elif sense not in bases[basis]:
            yield problem(
                rows,
                position,
                "sense",
                f"measure {measure} with basis {basis} cannot be {sense}; it takes "
                f"{', '.join(bases[basis])}.",
            )


def columns_that_belong(facts: Timeless) -> Problems:
    """Outcome, segment, relative_to and reference stand only where they mean something."""
    rows = facts["rules"]
    outcome = rows["measure"] == "outcome"
    compared = np.isin(rows["basis"], ("share", "ratio"))
    growth = rows["basis"] == "growth"
    given = {c: rows[c] != "" for c in ("outcome", "segment", "relative_to", "reference")}
    for position in np.flatnonzero(outcome & ~given["outcome"]).tolist():
        yield problem(rows, position, "outcome", "measure outcome needs the outcome it measures.")
    misplaced = (
        ("outcome", given["outcome"] & ~outcome, "measure outcome"),
        ("segment", given["segment"] & ~outcome, "measure outcome"),
        ("relative_to", given["relative_to"] & ~compared, "basis share or ratio"),
        ("reference", given["reference"] & ~growth, "basis growth"),
    )
    for column, wrong, place in misplaced:
        for position in np.flatnonzero(wrong).tolist():
            yield problem(rows, position, column, f"{column} belongs to {place} only; clear it.")


def values(facts: Timeless) -> Problems:
    """The figure of a rule is one its basis can have."""
    rows = facts["rules"]
    value, basis = rows["value"], rows["basis"]
    share = basis == "share"
    for position in np.flatnonzero(share & ((value < 0) | (value > 1))).tolist():
        yield problem(
            rows,
            position,
            "value",
            f"a share is from 0 to 1, not {number(value[position])}"
            + ("; write 5% as 0.05." if value[position] > 1 else "."),
        )
    for position in np.flatnonzero((basis == "growth") & (value < -1)).tolist():
        yield problem(
            rows, position, "value", "growth is -1 (nothing left) or more; 0.05 is 5% more."
        )
    natural = ~np.isin(rows["measure"], ("outcome", "position")) & (basis != "growth") & ~share
    for position in np.flatnonzero(natural & (value < 0)).tolist():
        measure = rows["measure"][position]
        yield problem(
            rows,
            position,
            "value",
            f"{number(value[position])} is not allowed: {measure} is never negative.",
        )


@planned()
def growth_references(facts: Facts) -> Problems:
    """Growth is measured on the baseline, the year before or an earlier plan year."""
    rows = facts["rules"]
    years = facts.years
    for position in np.flatnonzero(rows["basis"] == "growth").tolist():
        text = rows["reference"][position]
        if text in REFERENCES:
            continue
        year = year_of(text)
        own = rows["year"][position]
        if year is None or year not in years:
            base = year == years[0] - 1
            hint = "write baseline." if base else f"plan years are {years[0]} to {years[-1]}."
            yield problem(
                rows,
                position,
                "reference",
                f"'{text}' is not a reference: it is baseline, previous or a plan year;",
                hint,
            )
        elif own == BLANK_YEAR:
            yield problem(
                rows,
                position,
                "reference",
                f"growth on {year} cannot hold in every year; give the rule a year after {year}.",
            )
        elif own <= year:
            yield problem(
                rows,
                position,
                "reference",
                f"the reference {year} must be before the rule's own year, {own}.",
            )


@needs("places")
def heads_known(facts: Timeless) -> Problems:
    """A rule per head has a population to divide by."""
    rows = facts["rules"]
    if len(facts["places"]):
        return
    for position in np.flatnonzero(rows["basis"] == "per_head").tolist():
        yield problem(rows, position, "basis", "a rule per head needs the table places with heads.")


@needs("programmes", "selections", "responses", "demand", "option_effects")
def measured_programmes(facts: Timeless) -> Problems:
    """A rule measures something its programmes have, in one unit."""
    measured = Measured(facts)
    rows = facts["rules"]
    for position in range(len(rows)):
        yield from measured.check(rows, position)
        if rows["basis"][position] == "share":
            yield from measured.inside(rows, position)
        if rows["basis"][position] == "growth":
            yield from measured.growth_of_nothing(rows, position)


@planned("programmes", "selections", "contracts", "places")
def contracts_wholly_measured(facts: Facts) -> Problems:
    """A payment rule holds every contract wholly or not at all."""
    rows, programmes = facts["rules"], facts["programmes"]
    asked = np.flatnonzero(rows["measure"] == "payment").tolist()
    if not asked:
        return
    agreements = facts.agreements
    paying = agreements.holds.any(axis=1)
    owner = np.full(len(programmes), -1)
    for c in np.flatnonzero(paying).tolist():
        owner[agreements.members[c]] = c
    shares = np.zeros(len(programmes))
    for position in asked:
        compared = rows["basis"][position] in ("share", "ratio")
        for column in ("selection", "relative_to") if compared else ("selection",):
            who, share = facts.selections.counted(rows[column][position])
            shares[who] = share
            for c in np.unique(owner[who][owner[who] >= 0]).tolist():
                name = agreements.names[c]
                members = programmes.in_file(agreements.members[c])
                counted = shares[members]
                if np.ptp(counted) == 0.0:
                    continue
                out = members[int(np.argmin(counted))]
                into = members[int(np.argmax(counted))]
                less = number(float(counted.min())) if counted.min() > 0 else "not at all"
                yield problem(
                    rows,
                    position,
                    column,
                    f"contract '{name}' has one payment and counts wholly or not at all, but "
                    f"'{programmes['programme'][into]}' counts {number(float(counted.max()))} and "
                    f"'{programmes['programme'][out]}' {less}; select by contract instead.",
                )
            shares[who] = 0.0


CHECKS = (
    legal_combinations,
    columns_that_belong,
    values,
    growth_references,
    heads_known,
    measured_programmes,
    contracts_wholly_measured,
)
