"""Checks of what options change: figures that exist, and that may be changed together."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.instance.checks import option_closing
from allocator.instance.checks.problem import Problems, needs, planned, problem
from allocator.instance.facts.agreements import replaces_cost
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.legal import EFFECT_OPERATIONS
from allocator.instance.tables.rows import Rows
from allocator.words import listing, number

CASES = ("value", "low", "high")
"""Columns of option_effects that may stand for the figure of an effect."""


def operations(facts: Timeless) -> Problems:
    """An effect does to its figure what can be done to it."""
    rows = facts["option_effects"]
    for position, (measure, operation) in enumerate(rows.tuples(("measure", "operation"))):
        allowed = EFFECT_OPERATIONS[measure]
        if operation not in allowed:
            yield problem(
                rows,
                position,
                "operation",
                f"measure {measure} cannot be {operation}; it takes {' or '.join(allowed)}.",
            )


def columns_that_belong(facts: Timeless) -> Problems:
    """Place and outcome stand only where they mean something, the outcome always there."""
    rows = facts["option_effects"]
    for column in ("place", "outcome"):
        owner = "capacity" if column == "place" else "outcome"
        given, mine = rows[column] != "", rows["measure"] == owner
        for position in np.flatnonzero(given & ~mine).tolist():
            yield problem(
                rows, position, column, f"{column} belongs to measure {owner} only; clear it."
            )
        if column == "outcome":
            for position in np.flatnonzero(mine & ~given).tolist():
                yield problem(
                    rows, position, column, "measure outcome needs the outcome it changes."
                )


def values(facts: Timeless) -> Problems:
    """An effect has a figure unless it suspends, and multiplies by 0 or more."""
    rows = facts["option_effects"]
    whole = np.isin(rows["operation"], ("suspend", "move"))
    done = {"suspend": "suspended", "move": "moved"}
    for column in CASES:
        for position in np.flatnonzero(whole & ~np.isnan(rows[column])).tolist():
            yield problem(
                rows,
                position,
                column,
                f"measure {rows['measure'][position]} is {done[rows['operation'][position]]} "
                f"whole and has no {column}; clear it.",
            )
        negative = (rows["operation"] == "multiply") & (rows[column] < 0)
        for position in np.flatnonzero(negative).tolist():
            yield problem(
                rows,
                position,
                column,
                f"a figure cannot be multiplied by {number(rows[column][position])}: write 0 or "
                "more (0.9 is 10% less), or operation add.",
            )
    value = rows["value"]
    figured = ~whole & ~np.isin(rows["measure"], ("close", "contract", "provider"))
    for position in np.flatnonzero(figured & np.isnan(value)).tolist():
        operation = rows["operation"][position]
        yield problem(rows, position, "value", f"operation {operation} needs a value.")
    nothing = np.where(rows["operation"] == "multiply", 1.0, 0.0)
    same = ~whole & (value == nothing) & np.isnan(rows["low"]) & np.isnan(rows["high"])
    for position in np.flatnonzero(same).tolist():
        words = "adds 0" if rows["operation"][position] == "add" else "multiplies by 1"
        yield problem(
            rows,
            position,
            "value",
            f"the effect {words} and changes nothing.",
            severity="warning",
        )


def evidence_of_options(facts: Timeless) -> Problems:
    """The figure of an effect lies between its low and its high one.

    They may stand either way round: a low case of what avoids demand is a higher figure.
    """
    rows = facts["option_effects"]
    value, low, high = (rows[column] for column in CASES)
    outside = (value < np.minimum(low, high)) | (value > np.maximum(low, high))
    for position in np.flatnonzero(
        outside & ~np.isin(rows["operation"], ("suspend", "move"))
    ).tolist():
        yield problem(
            rows,
            position,
            "value",
            f"{number(value[position])} is not between low {number(low[position])} and high "
            f"{number(high[position])}.",
        )


@needs("capacity")
def capacity_there(facts: Timeless) -> Problems:
    """Capacity that changes has a row to change."""
    rows = facts["option_effects"]
    places: dict[str, set[str]] = defaultdict(set)
    for resource, place in facts["capacity"].tuples(("resource", "place")):
        places[resource].add(place)
    for position in np.flatnonzero(rows["measure"] == "capacity").tolist():
        resource, place = rows["target"][position], rows["place"][position]
        if place in places[resource]:
            continue
        where = f"in '{place}'" if place else "with a blank place"
        if places[resource]:
            known = listing(f"'{p}'" if p else "a blank one" for p in sorted(places[resource]))
            advice = f"its rows are for the place {known}"
        else:
            advice = "give capacity a row for it"
        yield problem(
            rows,
            position,
            "place",
            f"there is no capacity of '{resource}' {where} to change; {advice}.",
        )


@needs("demand")
def demand_there(facts: Timeless) -> Problems:
    """Demand that changes has rows to change."""
    rows = facts["option_effects"]
    known = set(facts["demand"]["programme"].tolist())
    for position in np.flatnonzero(rows["measure"] == "demand").tolist():
        name = rows["target"][position]
        if name not in known:
            yield problem(
                rows,
                position,
                "target",
                f"'{name}' has no demand to change; give it rows in demand.",
            )


@needs("limits", "programmes")
def limits_there(facts: Timeless) -> Problems:
    """A limit that changes has a row to change."""
    rows, limits, programmes = facts["option_effects"], facts["limits"], facts["programmes"]
    levels = limits["basis"] != "growth"
    with_max = set(limits["programme"][levels & ~np.isnan(limits["max"])].tolist())
    with_min = set(limits["programme"][levels & ~np.isnan(limits["min"])].tolist())
    with_min |= set(programmes["programme"][programmes["class"] == "safety"].tolist())
    lacking = {
        ("limit_max", "add"): ("max", with_max),
        ("limit_max", "multiply"): ("max", with_max),
        ("limit_min", "multiply"): ("min", with_min),
    }
    for position, (measure, operation) in enumerate(rows.tuples(("measure", "operation"))):
        column, known = lacking.get((measure, operation), ("", set()))
        name = rows["target"][position]
        if column and name not in known:
            yield problem(
                rows,
                position,
                "target",
                f"'{name}' has no {column} of basis activity or baseline to change; give it one "
                "in limits.",
            )


@needs("responses")
def outcomes_there(facts: Timeless) -> Problems:
    """An outcome that is multiplied is bought by the programme."""
    rows = facts["option_effects"]
    bought = set(facts["responses"].tuples())
    multiplied = (rows["measure"] == "outcome") & (rows["operation"] == "multiply")
    for position in np.flatnonzero(multiplied & (rows["outcome"] != "")).tolist():
        name, outcome = rows["target"][position], rows["outcome"][position]
        if (name, outcome) not in bought:
            yield problem(
                rows,
                position,
                "outcome",
                f"'{name}' has no response for '{outcome}' to multiply (harm is not changed); "
                "give it one, or write operation add.",
            )


@needs("programmes")
def costs_stay_positive(facts: Timeless) -> Problems:
    """A unit of activity still costs something whatever an option does to it."""
    rows, programmes = facts["option_effects"], facts["programmes"]
    above = np.where(np.isnan(programmes["cost_threshold"]), 1.0, programmes["cost_above"])
    names, costs = programmes["programme"].tolist(), programmes["unit_cost"]
    cheapest = dict(zip(names, (costs * np.minimum(above, 1.0)).tolist(), strict=True))
    usual = dict(zip(names, costs.tolist(), strict=True))
    for position in np.flatnonzero(rows["measure"] == "unit_cost").tolist():
        name = rows["target"][position]
        added = rows["operation"][position] == "add"
        for column in CASES:
            value = float(rows[column][position])
            falls = added and cheapest[name] < usual[name]
            left = cheapest[name] + value if added else usual[name] * value
            if left < 0:
                yield problem(
                    rows,
                    position,
                    column,
                    f"a unit of '{name}' would cost {number(left)}, less than nothing: "
                    f"its unit cost is {number(usual[name])}"
                    + (f", {number(cheapest[name])} above the threshold." if falls else "."),
                )


@needs("contracts")
def contracts_worth_suspending(facts: Timeless) -> Problems:
    """A contract that pays the plain cost is not changed by being suspended."""
    rows, contracts = facts["option_effects"], facts["contracts"]
    paying = set(contracts["contract"][replaces_cost(contracts)].tolist())
    for position in np.flatnonzero(rows["measure"] == "contract").tolist():
        name = rows["target"][position]
        if name not in paying:
            yield problem(
                rows,
                position,
                "target",
                f"contract '{name}' pays the plain cost, as its programmes are paid without it, "
                "so suspending it changes nothing.",
                severity="warning",
            )


def _figure(rows: Rows, position: int) -> tuple[str, ...]:
    """What an effect changes: effects with the same answer change the same figure."""
    return tuple(rows[column][position] for column in ("measure", "target", "place", "outcome"))


@planned("options", "option_links")
def one_multiplier_at_a_time(facts: Facts) -> Problems:
    """Options that multiply the same figure are never in place together."""
    rows, choices = facts["option_effects"], facts.choices
    multiplies = (rows["operation"] == "multiply") | (rows["measure"] == "unit_cost")
    acting: dict[tuple[str, ...], dict[int, int]] = defaultdict(dict)
    for position in rows.in_file(multiplies):
        option = choices.rank.get(rows["option"][position])
        if option is not None:
            acting[_figure(rows, position)].setdefault(option, position)
    for figure, position_of in acting.items():
        pair = choices.beside_each_other(position_of)
        if pair:
            first, second = (choices.names[one] for one in pair)
            words = "change" if figure[0] == "unit_cost" else "multiply"
            yield problem(
                rows,
                position_of[pair[1]],
                "target",
                f"'{first}' and '{second}' both {words} the {_words(figure)}, and may be taken "
                "together; put them in one group of choose at_most_one, or let one exclude the "
                "other in option_links"
                + ("." if words == "change" else ", or write what they add."),
            )


def _words(figure: tuple[str, ...]) -> str:
    measure, target, place, outcome = figure
    of = {
        "capacity": f"capacity of '{target}'" + (f" in '{place}'" if place else ""),
        "limit_min": f"least activity of '{target}'",
        "limit_max": f"most activity of '{target}'",
        "demand": f"demand for '{target}'",
        "outcome": f"'{outcome}' that '{target}' buys",
        "unit_cost": f"unit cost of '{target}'",
    }
    return of[measure]


CHECKS = (
    operations,
    columns_that_belong,
    values,
    evidence_of_options,
    capacity_there,
    demand_there,
    limits_there,
    outcomes_there,
    costs_stay_positive,
    contracts_worth_suspending,
    one_multiplier_at_a_time,
    *option_closing.CHECKS,
)
