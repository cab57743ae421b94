"""All checks of an instance, run together so that everything wrong is said at once."""

from __future__ import annotations

from allocator.errors import Problem
from allocator.instance.checks import collisions, pump
from allocator.instance.checks import contracts as checks_contracts
from allocator.instance.checks import incomes as checks_incomes
from allocator.instance.checks import limits as checks_limits
from allocator.instance.checks import links as checks_links
from allocator.instance.checks import money as checks_money
from allocator.instance.checks import option_effects as checks_option_effects
from allocator.instance.checks import options as checks_options
from allocator.instance.checks import people as checks_people
from allocator.instance.checks import programmes as checks_programmes
from allocator.instance.checks import references as checks_references
from allocator.instance.checks import rules as checks_rules
from allocator.instance.checks import worst as checks_worst
from allocator.instance.checks import worth as checks_worth
from allocator.instance.checks import years as checks_years
from allocator.instance.checks.problem import Check
from allocator.instance.facts.timeless import Timeless

STAGES: tuple[tuple[Check, ...], ...] = (
    checks_references.CHECKS,
    (*checks_years.CHECKS, *checks_options.STRUCTURE),
    (
        *checks_programmes.CHECKS,
        *checks_limits.CHECKS,
        *checks_people.CHECKS,
        *checks_worth.CHECKS,
        *checks_money.CHECKS,
        *checks_contracts.CHECKS,
        *checks_rules.CHECKS,
        *checks_options.CHECKS,
        *checks_links.CHECKS,
        *checks_option_effects.CHECKS,
        *checks_worst.CHECKS,
        *checks_incomes.CHECKS,
    ),
    pump.CHECKS,
    collisions.CHECKS,
)
"""Checks in the order in which they run.

A stage trusts what the stages before it found usable: tables with an error are set
aside for checks that need all of their rows.
"""


def run(facts: Timeless) -> list[Problem]:
    """Problems of an instance that reading its cells did not show."""
    problems: list[Problem] = []
    for stage in STAGES:
        found = [p for check in stage for p in check(facts)]
        facts.draft.partial |= {p.table for p in found if p.severity == "error"}
        problems += found
    return problems
