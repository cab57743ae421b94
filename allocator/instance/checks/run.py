"""All checks of an instance, run together so that everything wrong is said at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from allocator.errors import Problem
from allocator.instance.checks import contracts as checks_contracts
from allocator.instance.checks import incomes as checks_incomes
from allocator.instance.checks import limits as checks_limits
from allocator.instance.checks import links as checks_links
from allocator.instance.checks import money as checks_money
from allocator.instance.checks import option_effects as checks_option_effects
from allocator.instance.checks import options as checks_options
from allocator.instance.checks import people as checks_people
from allocator.instance.checks import programmes as checks_programmes
from allocator.instance.checks import pump
from allocator.instance.checks import references as checks_references
from allocator.instance.checks import rules as checks_rules
from allocator.instance.checks import worst as checks_worst
from allocator.instance.checks import worth as checks_worth
from allocator.instance.checks import years as checks_years
from allocator.instance.checks.collisions import TABLES, collisions, unlimited
from allocator.instance.checks.problem import Problems
from allocator.instance.facts.propagate import propagate
from allocator.instance.tables.draft import Draft

Check = Callable[[Draft], Problems]


def impossible(draft: Draft) -> Problems:
    """Bounds that collide, and activity that nothing limits."""
    if draft.settings is not None and draft.whole(*TABLES):
        ranges = propagate(draft)
        yield from collisions(draft, ranges)
        yield from unlimited(draft, ranges)


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
    (impossible,),
)
"""Checks in the order in which they run.

A stage trusts what the stages before it found usable: tables with an error are set
aside for checks that need all of their rows.
"""


def run(draft: Draft) -> list[Problem]:
    """Problems of the draft that reading its cells did not show."""
    problems: list[Problem] = []
    for stage in STAGES:
        found = [p for check in stage for p in check(draft)]
        draft.partial |= _with_errors(found)
        problems += found
    return problems


def _with_errors(problems: Iterable[Problem]) -> set[str]:
    return {p.table for p in problems if p.severity == "error"}
