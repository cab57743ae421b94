"""Checks of what programmes may do: limits, and minimum viable scale."""

from __future__ import annotations

import numpy as np

from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.words import number, told_apart


def limits_make_sense(facts: Timeless) -> Problems:
    """Limits say something, do not cross and stay above zero."""
    rows = facts["limits"]
    low, high, growth = rows["min"], rows["max"], rows["basis"] == "growth"
    for position in np.flatnonzero(low > high).tolist():
        least, most = told_apart(low[position], high[position], number)
        message = f"min {least} is more than max {most}, so no activity is allowed."
        yield problem(rows, position, "min", message)
    for column in ("min", "max"):
        floor = np.where(growth, -1.0, 0.0)
        for position in np.flatnonzero(rows[column] < floor).tolist():
            allowed = "-1 (nothing left) or more" if growth[position] else "0 or more"
            value = number(rows[column][position])
            basis = rows["basis"][position]
            yield problem(
                rows,
                position,
                column,
                f"{value} is not allowed: a {column} on basis {basis} must be {allowed}.",
            )
    added = rows["growth_amount"] > 0
    for position in np.flatnonzero(added & (~growth | np.isnan(high))).tolist():
        yield problem(
            rows,
            position,
            "growth_amount",
            "growth_amount is added to a growth max; it needs basis growth and a max (0 for "
            "nothing on top).",
        )
    silent = np.isnan(low) & np.isnan(high) & np.isnan(rows["start_min"])
    for position in np.flatnonzero(silent & ~added).tolist():
        yield problem(
            rows,
            position,
            "max",
            "the row has neither a min nor a max and limits nothing.",
            severity="warning",
        )


@planned("limits", "programmes", "option_effects")
def scale_that_can_start(facts: Facts) -> Problems:
    """A minimum viable scale is one the programme can reach and need not exceed anyway."""
    rows = facts["limits"]
    for position in np.flatnonzero((rows["basis"] == "growth") & (rows["start_min"] >= 0)).tolist():
        yield problem(
            rows,
            position,
            "start_min",
            "a minimum viable scale is an amount of activity; write it in a row of basis activity "
            "or baseline, not growth.",
        )
    effects, limits = facts["option_effects"], facts.limits
    floor = np.where(limits.safe, 0.0, np.maximum(limits.least, 0.0))
    raised = set(effects["target"][effects["measure"] == "limit_max"].tolist())
    dropped = set(effects["target"][np.isin(effects["measure"], ("limit_min", "close"))].tolist())
    for i, name in enumerate(facts["programmes"]["programme"].tolist()):
        row, least, most = limits.start_row[i], floor[i], limits.most[i]
        given = row >= 0
        starts = np.where(given, limits.start_min[i], -np.inf)
        beyond = np.flatnonzero(starts > most)
        if len(beyond) and name not in raised:
            t = int(beyond[0])
            least_started, can = told_apart(starts[t], most[t], number)
            yield problem(
                rows,
                int(row[t]),
                "start_min",
                f"'{name}' does nothing or at least {least_started}, but can do at most "
                f"{can} in {facts.years[t]}, so it could never run; lower start_min or "
                "raise max.",
            )
        elif given.any() and (starts <= least)[given].all() and name not in dropped:
            t = int(np.flatnonzero(given)[0])
            yield problem(
                rows,
                int(row[t]),
                "start_min",
                f"'{name}' does at least {number(least[t])} anyway, so a minimum viable scale of "
                f"{number(starts[t])} has no effect.",
                severity="warning",
            )


CHECKS = (limits_make_sense, scale_that_can_start)
