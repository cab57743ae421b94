"""All checks of an instance, run together so that everything wrong is said at once."""

from __future__ import annotations

from allocator.errors import Problem
from allocator.instance.checks import (
    amounts,
    collisions,
    contracts,
    growing,
    incomes,
    limits,
    links,
    money,
    moves,
    option_effects,
    options,
    people,
    programmes,
    pump,
    references,
    rules,
    sizes,
    worst,
    worth,
    years,
)
from allocator.instance.checks.problem import Check
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless

STAGES: tuple[tuple[Check, ...], ...] = (
    references.CHECKS,
    (*years.CHECKS, *options.STRUCTURE),
    (
        *programmes.CHECKS,
        *limits.CHECKS,
        *people.CHECKS,
        *worth.CHECKS,
        *money.CHECKS,
        *growing.CHECKS,
        *contracts.CHECKS,
        *rules.CHECKS,
        *options.CHECKS,
        *links.CHECKS,
        *option_effects.CHECKS,
        *moves.CHECKS,
        *worst.CHECKS,
        *incomes.CHECKS,
        *sizes.CHECKS,
        *amounts.CHECKS,
    ),
    pump.CHECKS,
    collisions.CHECKS,
)
"""Checks in the order in which they run.

A stage trusts what the stages before it found usable: tables with an error are set
aside for checks that need all of their rows.
"""


def run(facts: Timeless) -> tuple[list[Problem], bool]:
    """Problems of an instance that reading its cells did not show.

    Returns
    -------
    list of Problem
    bool
        Whether the errors among them are only that there is too little money or capacity.
    """
    problems: list[Problem] = []
    wrong: set[Check] = set()
    for stage in STAGES:
        refused: set[str] = set()
        for check in stage:
            found = list(check(facts))
            tables = {p.table for p in found if p.severity == "error"}
            wrong |= {check} if tables else set()
            refused |= tables
            problems += found
        facts.draft.partial |= refused
    if wrong != {collisions.impossible} or not isinstance(facts, Facts):
        return problems, False
    return problems, not facts.ranges.collisions
