"""The verb ``solve``."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.arguments import (
    All,
    Debug,
    Figures,
    HeldAs,
    InstancePath,
    Json,
    Out,
    Overwrite,
    Progress,
)
from allocator.cli.beside import Against, Beside
from allocator.cli.exits import Exit
from allocator.cli.output import print_json, printer, results, say
from allocator.cli.steps import STATUSES, best_plan, evidence_case, read_instance, timed
from allocator.errors import UsageError

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.plan import Plan


class Algorithm(StrEnum):
    """Algorithms of the solver."""

    AUTO = "auto"
    SIMPLEX = "simplex"
    IPX = "ipx"
    HIPO = "hipo"
    PDLP = "pdlp"


class Show(StrEnum):
    """Reports of a plan besides its summary."""

    SECTORS = "sectors"
    MOVES = "moves"
    DECIDED = "decided"
    OUTCOMES = "outcomes"
    ACCOUNTS = "accounts"
    BINDING = "binding"
    EVIDENCE = "evidence"
    PROVIDERS = "providers"
    CONTRACTS = "contracts"
    POOLS = "pools"
    BRIDGE = "bridge"
    BRIDGE_BY_SECTOR = "bridge-by-sector"
    OPTIONS = "options"
    INCOMES = "incomes"
    DECISIONS = "decisions"
    PRICES = "prices"
    ALL = "all"


Keep = Annotated[
    float | None,
    typer.Option(
        min=0.0, max=1.0, help="Keep this share of the gain and move as few pounds as possible."
    ),
]
Solver = Annotated[
    Algorithm,
    typer.Option(
        "--solver",
        "--algorithm",
        metavar="NAME",
        help=f"How the solver works; auto goes by kind and size: {', '.join(Algorithm)}.",
    ),
]
Threads = Annotated[int, typer.Option(min=1, help="Threads the solver may use.")]
TimeLimit = Annotated[
    float | None, typer.Option(min=0.0, metavar="SECONDS", help="Stop so long after the start.")
]
Gap = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        metavar="SHARE",
        show_default="0.00025",
        help="With yes-or-no decisions: stop once no plan can be better by more than this "
        "share of the weighted outcomes gained.",
    ),
]
Nodes = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Stop the search for decisions after N nodes."),
]
Start = Annotated[
    Path | None,
    typer.Option(metavar="PLAN", help="Plan to start from: last year's, or a draft."),
]
AgainstPlan = Annotated[
    Path | None,
    typer.Option(
        metavar="PLAN",
        help="Plan folder of an earlier solve to hold the new plan against. Held programmes "
        "stay where it has them, so that both hold the same.",
    ),
]
AgainstRound = Annotated[
    Path | None,
    typer.Option(
        metavar="INSTANCE", help="With --against: its instance, to name every changed cell."
    ),
]
Worth = Annotated[
    bool,
    typer.Option(
        "--worth",
        help="Solve again without each decision and with other evidence: what each is worth, "
        "and which to take now.",
    ),
]
WorthSeconds = Annotated[
    float | None,
    typer.Option(min=0.0, metavar="SECONDS", help="With --worth: stop that after this."),
]
Years = Annotated[bool, typer.Option("--years", help="The same as --show sectors.")]
Reports = Annotated[
    list[Show] | None,
    typer.Option(
        metavar="REPORT",
        help=f"Show a report as well; may be given more than once: {', '.join(Show)}.",
    ),
]


def solve(
    instance: InstancePath,
    out: Out = None,
    overwrite: Overwrite = False,
    evidence: Figures = None,
    keep: Keep = None,
    solver: Solver = Algorithm.AUTO,
    threads: Threads = 1,
    time_limit: TimeLimit = None,
    gap: Gap = None,
    nodes: Nodes = None,
    start: Start = None,
    held: HeldAs = None,
    against: AgainstPlan = None,
    against_round: AgainstRound = None,
    worth: Worth = False,
    worth_seconds: WorthSeconds = None,
    years: Years = False,
    show: Reports = None,
    progress: Progress = False,
    all: All = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Find the best plan, prove it, check it independently and show it."""
    from allocator.report.files.folder import read_plan, write_plan
    from allocator.report.files.target import check_target

    _refuse_no_number({"--keep": keep, "--gap": gap, "--time-limit": time_limit})
    if out is not None:
        check_target(out, overwrite)
    begin = None if start is None else read_plan(start, whole=False)
    if worth_seconds is not None and not worth:
        raise UsageError("--worth-seconds goes with --worth.")
    if held is not None and against is not None:
        raise UsageError("--against holds programmes where its plan has them; leave --held out.")
    found, began = read_instance(instance, progress)
    levels = None if held is None else read_plan(held)
    earlier = Against.read(against, against_round)
    search = {"gap": gap, "nodes": nodes}
    how: dict[str, Any] = {"solver": solver.value, "threads": threads}
    plan = best_plan(
        found,
        began,
        cut_short=True,
        told=progress,
        keep=keep,
        evidence=evidence_case(found, evidence),
        time_limit=time_limit,
        **how,
        **_given({**search, "start": begin, "held": earlier.plan if earlier else levels}),
    )
    shown = _reports([*(show or ()), *((Show.SECTORS,) if years else ())]) if plan.found else []
    with results(out) as kept:
        if plan.found:
            kept.write(write_plan, plan, found, overwrite=overwrite)
        beside = Beside(earlier, found, plan)
        if worth and plan.found and not plan.solver.get("interrupted"):
            shown = list(dict.fromkeys([*shown, Show.DECISIONS.value]))
            more = _given({**search, "seconds": worth_seconds, "held": levels})
            valuing = time.perf_counter()
            plan = beside.value_decisions(**how, **more)
            plan = timed(plan, began, worth=time.perf_counter() - valuing)
            kept.write(write_plan, plan, found, overwrite=True)
        every = all or Show.ALL in (show or ())
        _tell(plan, found, shown, beside, json=json, every=every)
    if plan.solver.get("interrupted"):
        say("Interrupted: this is the best plan found until then.")
    elif beside.interrupted:
        say("Interrupted: not all decisions are valued.")
        return Exit.LIMIT
    return STATUSES[plan.status]


def _refuse_no_number(figures: dict[str, float | None]) -> None:
    """Refuse what reads as a number and is none, option by option."""
    for option, figure in figures.items():
        if figure is not None and not math.isfinite(figure):
            raise UsageError(f"{option} is a number, not {figure}.")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Options that were given; the library knows what the others are."""
    return {name: value for name, value in options.items() if value is not None}


def _reports(asked: Iterable[Show]) -> list[str]:
    """Names of the reports asked for, each once, in the order of the first mention."""
    asked = list(asked)
    every = [name for name in Show if name != Show.ALL]
    return list(dict.fromkeys(name.value for name in (every if Show.ALL in asked else asked)))


def _tell(
    plan: Plan, instance: Instance, shown: list[str], beside: Beside, *, json: bool, every: bool
) -> None:
    """Print a plan with the reports asked for and what is said beside it."""
    from allocator.report.text.reports import print_reports, report_tables
    from allocator.report.text.summary import print_summary

    if json:
        tables = {"tables": report_tables(shown, plan)} if shown else {}
        print_json({**plan.to_dict(), **tables, **beside.record()})
        return
    print_summary(plan, instance, printer(), every=every)
    beside.print_difference()
    print_reports(shown, plan, instance, printer())
    beside.print_waiting()
