"""Checks of what options close or limit, and when what they change is felt."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags
from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.held import limits_changed


@planned("programmes", "responses", "demand", "effects", "limits")
def not_simply_cut(facts: Facts) -> Problems:
    """A programme that an option may close or limit is kept up by something."""
    rows, programmes = facts["option_effects"], facts["programmes"]
    exposed = facts.held.unvalued & (programmes["held"] == "") & (programmes["baseline"] > 0)
    exposed &= ~_floored(facts)
    told: set[str] = set()
    for position in rows.in_file(limits_changed(rows["measure"])):
        name = rows["target"][position]
        i = facts.rank[name]
        if name in told:
            continue
        if programmes["held"][i] == "yes":
            told.add(name)
            yield problem(
                rows,
                position,
                "target",
                f"'{name}' is held (held = yes in programmes), so no option can close or limit "
                "it; leave held blank.",
            )
        elif exposed[i]:
            told.add(name)
            yield problem(
                rows,
                position,
                "target",
                f"nothing says what '{name}' is worth, and it is not held while an option may "
                "close or limit it, so it would simply be cut; give it a min in limits in every "
                "plan year (closing sets that aside), or write held = no if that is meant.",
            )


def _floored(facts: Facts) -> Flags:
    """Programmes that some minimum keeps up in every plan year."""
    limits = facts.limits
    kept = (limits.least > 0.0) | (limits.growth_min > -1.0)
    safe = facts["programmes"]["class"] == "safety"
    found: Flags = kept.all(axis=1) | safe
    return found


@planned("programmes", "demand", "effects", "options")
def need_that_must_be_met(facts: Facts) -> Problems:
    """A service whose need must be met cannot be closed unless the need goes elsewhere."""
    rows, years = facts["option_effects"], facts.years
    options = facts["options"]
    moved = set(facts["effects"]["target"].tolist())
    moved |= set(rows["target"][rows["measure"] == "demand"].tolist())
    opens = np.maximum(options["earliest"], years[0]) + options["lead_years"] - years[0]
    first = dict(zip(options["option"].tolist(), opens.tolist(), strict=True))
    must = _must_be_met(facts)
    for position in np.flatnonzero(rows["measure"] == "close").tolist():
        name = rows["target"][position]
        closed = np.arange(len(years)) >= first.get(rows["option"][position], len(years))
        if name in must and name not in moved and (must[name] & closed).any():
            yield problem(
                rows,
                position,
                "target",
                f"'{name}' cannot be closed: its need must be met (min_met, or its class) and "
                "nothing avoids or moves it; give the option an effect on its demand, or lower "
                "min_met.",
            )


def _must_be_met(facts: Facts) -> dict[str, Flags]:
    """Plan years in which some need of a programme must be met, for those with demand."""
    demand = facts.demand
    must = (demand.arriving > 0.0) & (demand.min_met > 0.0)
    return dict(zip(demand.names, must, strict=True))


@planned("options")
def felt_within_the_plan(facts: Facts) -> Problems:
    """An effect that is felt after the plan changes nothing."""
    rows, options, years = facts["option_effects"], facts["options"], facts.years
    opens = np.maximum(options["earliest"], years[0]) + options["lead_years"]
    first = dict(zip(options["option"].tolist(), opens.tolist(), strict=True))
    for position, (_, option, delay) in enumerate(rows.lists("option", "delay")):
        felt = first.get(option, years[0]) + delay
        if delay and felt > years[-1]:
            yield problem(
                rows,
                position,
                "delay",
                f"the effect is felt in {felt} at the earliest, when the plan is over; it changes "
                "nothing.",
                severity="warning",
            )


CHECKS = (
    not_simply_cut,
    need_that_must_be_met,
    felt_within_the_plan,
)
