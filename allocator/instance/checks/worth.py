"""Checks of responses, demand, effects and capacity."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np

from allocator.instance.checks.problem import Problems, entry_problem, needs, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.legal import SHAPE_PARAMETERS
from allocator.instance.tables.rows import Rows
from allocator.words import number, told_apart

_PARAMETERS = ("per_unit", "elasticity", "maximum", "half", "steepness")


def parameters(facts: Timeless) -> Problems:
    """A response has the parameters of its shape and no others."""
    rows = facts["responses"]
    for name in _PARAMETERS:
        given = ~np.isnan(rows[name])
        wanted = np.array([name in SHAPE_PARAMETERS[s] for s in rows["shape"].tolist()], dtype=bool)
        for position in np.flatnonzero(wanted & ~given).tolist():
            shape = rows["shape"][position]
            yield problem(rows, position, name, f"a response of shape {shape} needs {name}.")
        for position in np.flatnonzero(given & ~wanted).tolist():
            shape = rows["shape"][position]
            takes = ", ".join(SHAPE_PARAMETERS[shape]) or "points in response_points only"
            yield problem(
                rows,
                position,
                name,
                f"a response of shape {shape} has no {name}; it takes {takes}.",
            )


def evidence_in_order(facts: Timeless) -> Problems:
    """Low, central and high figures are in order."""
    responses, effects = facts["responses"], facts["effects"]
    central = np.where(np.isnan(responses["maximum"]), responses["per_unit"], responses["maximum"])
    for rows, middle in ((responses, central), (effects, effects["per_unit"])):
        low, high = rows["low"], rows["high"]
        crossed = (low > middle) | (low > high)
        for position in np.flatnonzero(crossed).tolist():
            upper = middle[position] if low[position] > middle[position] else high[position]
            what = "the central figure" if upper == middle[position] else "high"
            lower, upper = told_apart(low[position], upper, number)
            message = f"low {lower} is more than {what} {upper}."
            yield problem(rows, position, "low", message)
        for position in np.flatnonzero(high < middle).tolist():
            upper, middle_one = told_apart(high[position], middle[position], number)
            message = f"high {upper} is less than the central figure {middle_one}."
            yield problem(rows, position, "high", message)
    curved = (responses["shape"] == "points") & ~(
        np.isnan(responses["low"]) & np.isnan(responses["high"])
    )
    for position in np.flatnonzero(curved).tolist():
        yield problem(
            responses, position, "low", "low and high have no meaning for a response of points."
        )


@needs("programmes")
def curves_of_programmes(facts: Timeless) -> Problems:
    """Emergencies have no benefit curve; a power curve has a baseline to start from."""
    rows, programmes = facts["responses"], facts["programmes"]
    classes = dict(zip(programmes["programme"], programmes["class"], strict=True))
    baselines = dict(zip(programmes["programme"], programmes["baseline"], strict=True))
    for position, name in enumerate(rows["programme"].tolist()):
        if classes.get(name) == "emergency":
            yield problem(
                rows,
                position,
                "programme",
                f"'{name}' is an emergency: it follows demand, and more of it is never a benefit; "
                "put the harm of unmet need into demand instead.",
            )
        if rows["shape"][position] == "power":
            if baselines.get(name) == 0.0:
                yield problem(
                    rows,
                    position,
                    "shape",
                    f"a power curve bends around the baseline, and that of '{name}' is 0; give it "
                    "one, or choose linear, saturating or points.",
                )
            if rows["per_unit"][position] < 0:
                yield problem(
                    rows,
                    position,
                    "per_unit",
                    f"a power curve cannot fall: per_unit is {number(rows['per_unit'][position])} "
                    "and must be 0 or more.",
                )


@needs("responses", "response_points")
def points(facts: Timeless) -> Problems:
    """A curve of points starts at no activity, has two points or more and never falls."""
    rows, curves = facts["response_points"], facts["responses"]
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    names = ("programme", "outcome")
    keys = rows.tuples(names)
    for position in rows.by_line:
        found[keys[position]].append(position)
    shapes = dict(zip(curves.tuples(), curves["shape"].tolist(), strict=True))
    for position, key in enumerate(curves.tuples()):
        if shapes[key] == "points" and len(found[key]) < 2:
            count = f"only {len(found[key])}" if found[key] else "none"
            yield problem(
                curves,
                position,
                "shape",
                f"a response of points needs at least two rows in response_points; '{key[0]}' has "
                f"{count} for '{key[1]}'.",
            )
    for key, positions in found.items():
        if positions and shapes.get(key) != "points":
            yield problem(
                rows,
                positions[0],
                "programme",
                f"'{key[0]}' has points for '{key[1]}' but no response of shape points for it.",
            )
        elif positions:
            yield from _rising(rows, positions)


def _rising(rows: Rows, positions: list[int]) -> Problems:
    positions = sorted(positions, key=lambda p: float(rows["activity"][p]))
    if rows["activity"][positions[0]] > 0:
        yield problem(
            rows,
            positions[0],
            "activity",
            f"the first point is at activity {number(rows['activity'][positions[0]])}; add the "
            "point for activity 0, so that the curve is known everywhere.",
        )
    for before, after in itertools.pairwise(positions):
        if rows["effect"][after] < rows["effect"][before]:
            high, low = told_apart(rows["effect"][before], rows["effect"][after], number)
            message = f"the curve falls from {high} to {low}; more activity may not buy less."
            yield problem(rows, after, "effect", message)


def demand_makes_sense(facts: Timeless) -> Problems:
    """Harm has an outcome, and entitlements leave nothing unmet."""
    rows = facts["demand"]
    named = rows["harm_outcome"] != ""
    for position in np.flatnonzero((rows["harm"] > 0) & ~named).tolist():
        yield problem(rows, position, "harm_outcome", "harm needs the outcome that is lost.")
    for position in np.flatnonzero((rows["harm"] == 0) & named).tolist():
        yield problem(
            rows,
            position,
            "harm",
            "an outcome is named but the harm is 0, so unmet need does no harm.",
            severity="warning",
        )
    programmes = facts["programmes"]
    classes = dict(zip(programmes["programme"], programmes["class"], strict=True))
    for position in np.flatnonzero(rows["min_met"] < 1).tolist():
        name = rows["programme"][position]
        if classes.get(name) == "entitlement":
            yield problem(
                rows,
                position,
                "min_met",
                f"'{name}' is an entitlement: all need must be met, so min_met is 1 or blank.",
            )


def credited_or_harmed(facts: Timeless) -> Problems:
    """A programme has a response or a harm for an outcome, never both."""
    credited = set(facts["responses"].tuples())
    rows = facts["demand"]
    for position, key in enumerate(rows.tuples(("programme", "harm_outcome"))):
        if key in credited:
            yield problem(
                rows,
                position,
                "harm_outcome",
                f"'{key[0]}' already has a response for '{key[1]}': need that is met would count "
                "twice; keep the response or the harm.",
            )


@needs("demand")
def effects_hit_demand(facts: Timeless) -> Problems:
    """An effect avoids the demand of another programme."""
    rows = facts["effects"]
    with_demand = set(facts["demand"]["programme"].tolist())
    for position, (source, target) in enumerate(rows.tuples()):
        if source == target:
            yield problem(rows, position, "target", f"'{source}' cannot avoid its own demand.")
        elif target not in with_demand:
            yield problem(
                rows,
                position,
                "target",
                f"'{target}' has no demand that could be avoided; give it rows in demand.",
            )


@planned("demand")
def effects_within_the_plan(facts: Facts) -> Problems:
    """An effect is felt in the plan or in the years after it that count."""
    rows = facts["effects"]
    horizon = len(facts.years) + facts.settings.tail_years
    for position in np.flatnonzero(rows["delay"] >= horizon).tolist():
        yield problem(
            rows,
            position,
            "delay",
            f"the effect is first felt after {rows['delay'][position]} years, when the plan is "
            "over; it changes nothing.",
            severity="warning",
        )


def extra_capacity_paid(facts: Timeless) -> Problems:
    """Capacity that may be added is paid by a pool."""
    rows = facts["capacity"]
    unpaid = (rows["extra_max"] > 0) & (rows["extra_pool"] == "")
    for position in np.flatnonzero(unpaid).tolist():
        yield problem(
            rows, position, "extra_pool", "capacity may be added (extra_max) but no pool pays."
        )


@needs("capacity", "programmes", "options")
def used_resources_exist(facts: Timeless) -> Problems:
    """What programmes and options use has a capacity: one problem for each resource and place."""
    covered = set(facts["capacity"].tuples(("resource", "place")))
    limited = {resource for resource, _ in covered}
    programmes = facts["programmes"]
    home = dict(zip(programmes["programme"], programmes["place"], strict=True))
    users: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    use, taken = facts["use"], facts["option_use"]
    needs = [("programme", p, r, home.get(n, "")) for p, (n, r) in enumerate(use.tuples())]
    columns = ("resource", "place")
    needs += [("option", p, r, where) for p, (r, where) in enumerate(taken.tuples(columns))]
    for thing, position, resource, place in needs:
        if covered.isdisjoint({(resource, ""), (resource, place)}):
            users[thing, resource, place if resource in limited else ""].append(position)
    for (thing, resource, place), positions in users.items():
        rows = use if thing == "programme" else taken
        names = list(dict.fromkeys(rows[thing][positions].tolist()))
        who = f"'{names[0]}' uses" if len(names) == 1 else f"{len(names):,} {thing}s use"
        lacking = ""
        if resource in limited:
            lacking = f" in '{place}' or for every place" if place else " for every place"
        yield problem(
            rows,
            positions[0],
            "resource",
            f"'{resource}' has no capacity{lacking}; {who} it; give capacity a row for it, with a "
            "blank amount for not limited.",
        )


def tail_settings(facts: Timeless) -> Problems:
    """The years after the plan count only with a length and a value."""
    settings = facts.draft.settings
    if (settings.tail_years > 0) != (settings.saving_value > 0):
        blank = "saving_value" if settings.tail_years else "tail_years"
        given = "tail_years" if settings.tail_years else "saving_value"
        message = f"{given} has no effect while {blank} is 0."
        yield entry_problem(facts.draft, given, message, severity="warning")


def shrinking_settings(facts: Timeless) -> Problems:
    """The outcome that responses are shrunk for and its cost are given together."""
    outcome, cost = facts.draft.settings.shrink_outcome, facts.draft.settings.shrink_cost
    if outcome and cost <= 0:
        yield entry_problem(
            facts.draft,
            "shrink_outcome",
            f"the figures of '{outcome}' are drawn towards a reference cost, and shrink_cost is "
            "0; give the cost of a unit of it in the money unit.",
        )
    if cost > 0 and not outcome:
        message = "shrink_cost has no effect while shrink_outcome is blank."
        yield entry_problem(facts.draft, "shrink_cost", message, severity="warning")


CHECKS = (
    parameters,
    evidence_in_order,
    curves_of_programmes,
    points,
    demand_makes_sense,
    credited_or_harmed,
    effects_hit_demand,
    effects_within_the_plan,
    extra_capacity_paid,
    used_resources_exist,
    tail_settings,
    shrinking_settings,
)
