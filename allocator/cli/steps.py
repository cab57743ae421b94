"""What several verbs do on their way: read the instance, choose its evidence, solve it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import allocator
from allocator.cli.arguments import Evidence
from allocator.cli.exits import Exit
from allocator.cli.output import quoted, say, working
from allocator.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.plan import Plan

STATUSES = {
    "optimal": Exit.DONE,
    "feasible": Exit.DONE,
    "infeasible": Exit.INFEASIBLE,
    "unbounded": Exit.BAD_INPUT,
    "limit": Exit.LIMIT,
}
"""Exit status of each status of a plan."""

CHECKING = "Stopping: the best plan found so far is being checked."
"""What the first Ctrl-C is answered with while the best plan is sought."""


class Began(NamedTuple):
    """When a command began to read, and how long it read."""

    at: float
    reading: float


def read_instance(path: Path, told: bool = False) -> tuple[Instance, Began]:
    """Instance at `path` and when reading it began; warnings are counted on standard error."""
    start = time.perf_counter()
    with working("Reading", told=told):
        instance = allocator.read(path)
    if instance.warnings:
        from allocator.report.text.problems import told_once
        from allocator.words import count

        others = told_once(instance.warnings)  # what is unvalued stands in every summary
        if others:
            them = "it" if len(others) == 1 else "them"
            say(f"{count(len(others), 'warning')}: allocator check {quoted(path)} lists {them}.")
    return instance, Began(start, time.perf_counter() - start)


def evidence_case(instance: Instance, asked: Evidence | None) -> str:
    """Evidence case to use; refuses another than the instance has chosen already."""
    chosen = instance.settings.evidence
    if asked is not None and chosen not in ("", asked.value):
        raise UsageError(
            f"--evidence {asked.value}: the instance's figures are those of the case '{chosen}' "
            f"already (evidence in instance.toml)."
        )
    return chosen or (asked or Evidence.CENTRAL).value


def best_plan(
    instance: Instance, began: Began, *, cut_short: bool = False, told: bool = False, **options: Any
) -> Plan:
    """Solved plan that knows how long all took, which a time limit counts from the reading on.

    One that failed its check is refused. A solve that is interrupted ends the verb, unless it may
    be `cut_short` and has a plan.
    """
    if options.get("time_limit") is not None:
        options["time_limit"] = max(0.0, options["time_limit"] - began.reading)
    with working("Finding the best plan", cut_short=CHECKING if cut_short else "", told=told):
        plan: Plan = allocator.solve(instance, **options)
    if plan.solver.get("interrupted") and not (cut_short and plan.found):
        raise KeyboardInterrupt
    refuse_unverified(plan)
    return timed(plan, began, read=began.reading)


def timed(plan: Plan, began: Began, **parts: float) -> Plan:
    """A plan that knows how long all took until now, and parts of that."""
    total = time.perf_counter() - began.at
    return replace(plan, seconds={**plan.seconds, **parts, "total": total})


def refuse_unverified(plan: Plan, where: str = "") -> None:
    """Stop at a plan that failed its independent check."""
    if plan.found and not plan.verified:
        raise VerificationError(f"{where}The largest violation is {plan.max_violation:.1e}.")
