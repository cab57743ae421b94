"""Checks of when contracts hold, and of ending them early."""

from __future__ import annotations

import numpy as np

from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.agreements import replaces_cost
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.rows import BLANK_YEAR
from allocator.words import number


@planned()
def times_in_order(facts: Facts) -> Problems:
    """A contract holds in some plan year, and is rebased while it does."""
    rows = facts["contracts"]
    first, last = facts.years[0], facts.years[-1]
    for position, (_, year, start, end, rebasing) in enumerate(
        rows.lists("year", "start", "end", "rebasing_year")
    ):
        begins = max(start or first, first)
        ends = min(end or last, last)
        if start and end and start > end:
            yield problem(rows, position, "start", f"start {start} is after end {end}.")
        elif begins > ends:
            column = "start" if start > last else "end"
            yield problem(
                rows,
                position,
                column,
                f"the contract holds in no plan year; the plan runs from {first} to {last}.",
            )
        elif year and not begins <= year <= ends:
            yield problem(
                rows,
                position,
                "year",
                f"the row is about {year}, when the contract does not hold ({begins} to {ends}).",
            )
        elif rebasing and not begins <= rebasing <= ends:
            yield problem(
                rows,
                position,
                "rebasing_year",
                f"{rebasing} is not a plan year in which the contract holds ({begins} to {ends}).",
            )


@planned()
def ending_early(facts: Facts) -> Problems:
    """A contract that may be ended early pays something else than cost, and can be."""
    rows = facts["contracts"]
    notice, years = rows["notice_years"], facts.years
    given = ~np.isnan(notice)
    for position in np.flatnonzero(given & (notice != np.floor(notice))).tolist():
        yield problem(
            rows,
            position,
            "notice_years",
            f"{number(notice[position])} is not a whole number of years of notice.",
        )
    for position in np.flatnonzero(~given & (rows["exit_fee"] > 0)).tolist():
        yield problem(
            rows,
            position,
            "exit_fee",
            "an exit fee is paid for ending the contract early, which only notice_years allows; "
            "write 0 for a contract that may be ended at once, or clear the fee.",
        )
    plain = ~replaces_cost(rows)
    for position in np.flatnonzero(given & plain).tolist():
        yield problem(
            rows,
            position,
            "notice_years",
            "the contract pays the plain cost, as its programmes are paid without it, so there is "
            "nothing to end; clear notice_years and exit_fee.",
        )
    first = np.maximum(rows["start"], years[0])
    last = np.where(rows["end"] == BLANK_YEAR, years[-1], np.minimum(rows["end"], years[-1]))
    late = given & ~plain & (first + np.where(given, notice, 0.0) > last)
    for position in np.flatnonzero(late).tolist():
        yield problem(
            rows,
            position,
            "notice_years",
            f"notice of {number(notice[position])} years ends after {last[position]}, the last "
            "plan year in which the contract holds, so it cannot be ended early.",
            severity="warning",
        )


def one_notice(facts: Timeless) -> Problems:
    """The rows of a contract agree on how it may be ended early."""
    rows = facts["contracts"]
    first: dict[str, int] = {}
    notice = rows["notice_years"]
    for position in rows.by_line:
        name = rows["contract"][position]
        start = first.setdefault(name, position)
        one, other = notice[start], notice[position]
        if one != other and not (np.isnan(one) and np.isnan(other)):
            yield problem(
                rows,
                position,
                "notice_years",
                f"contract '{name}' is ended as a whole, but its notice_years is "
                f"{_or_blank(other)} here and {_or_blank(one)} on line {rows.lines[start]}; write "
                "the same in all its rows.",
            )


def _or_blank(value: float) -> str:
    return "blank" if np.isnan(value) else number(value)


CHECKS = (
    times_in_order,
    ending_early,
    one_notice,
)
