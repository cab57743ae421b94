"""The verbs: what each takes and what it prints."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

import allocator
from allocator.cli.beside import Against, Beside
from allocator.cli.guard import Exit, asked, failed
from allocator.cli.output import Kept, print_json, printer, quoted, results, say, working
from allocator.cli.streams import Unwritable, into_nothing
from allocator.cli.usage import usage_error
from allocator.errors import InstanceError, UsageError, VerificationError

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


class Algorithm(StrEnum):
    """Algorithms of the solver."""

    AUTO = "auto"
    SIMPLEX = "simplex"
    IPX = "ipx"
    HIPO = "hipo"
    PDLP = "pdlp"


class Format(StrEnum):
    """Formats a model can be exported to."""

    MPS = "mps"
    LP = "lp"
    PYOMO = "pyomo"


class Evidence(StrEnum):
    """Readings of the evidence."""

    LOW = "low"
    CENTRAL = "central"
    HIGH = "high"


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


InstancePath = Annotated[
    Path,
    typer.Argument(metavar="INSTANCE", help="Folder with instance.toml and CSVs, or a zip of it."),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object; everything else to stderr.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Write a folder with the tables.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what --out holds.")]
Figures = Annotated[
    Evidence | None,
    typer.Option(help="Which figures of responses and effects to believe.", show_default="central"),
]
HeldAs = Annotated[
    Path | None,
    typer.Option(
        metavar="PLAN",
        help="Plan folder whose held programmes are held where it has them, not at their baseline.",
    ),
]
Progress = Annotated[
    bool, typer.Option("--progress", help="Say on standard error which stage runs.")
]
All = Annotated[bool, typer.Option("--all", help="List every problem, however many.")]


class Began(NamedTuple):
    """When a command began to read, and how long it read."""

    at: float
    reading: float


app = typer.Typer(
    help="Allocates a care system's fixed budget and proves the plan is the best.",
    epilog="Exit status: 0 done and verified, 1 a fault of ours, 2 bad input or usage, "
    "3 proved infeasible, 4 stopped at a limit or interrupted with a plan, 5 a plan failed its "
    "check, 130 interrupted without one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(words: list[str]) -> int:
    """Run the command that some words are and return its exit status.

    Raises
    ------
    KeyboardInterrupt
        When it was interrupted before anything was written.
    """
    try:
        try:
            status = app(words, prog_name="allocator", standalone_mode=False) or Exit.DONE
            sys.stdout.flush()
        except (BrokenPipeError, Unwritable, Kept):
            raise
        except typer.Abort:
            raise KeyboardInterrupt from None
        except Exception as error:
            told = usage_error(error)
            debug, every = asked(words, "--debug"), asked(words, "--all")
            verb = next((word for word in words if not word.startswith("-")), "")
            as_json = asked(words, "--json")
            status = failed(told, json=as_json, debug=debug, every=every, verb=verb)
    except Kept as kept:
        say(str(kept))
        status = Exit.LIMIT
    except BrokenPipeError:
        into_nothing(sys.stdout)
        status = Exit.NO_READER
    except Unwritable as why:
        into_nothing(sys.stdout)
        say(f"Standard output cannot be written: {why}.")
        status = Exit.OUR_FAULT
    return int(status)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"allocator {allocator.__version__}")
        raise typer.Exit


@app.callback()
def _allocator(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Options that go before a verb."""


@app.command("check")
def _check(
    instance: InstancePath, all: All = False, json: Json = False, debug: Debug = False
) -> int:
    """Say everything that is wrong with an instance, and what it does not value."""
    from allocator.instance.instance import diagnose
    from allocator.report.text.problems import check_record, print_check

    with working("Checking"):
        found, problems = diagnose(instance)
    if json:
        print_json(check_record(found, problems))
    else:
        print_check(found, problems, printer(), every=all)
    return Exit.BAD_INPUT if found is None else Exit.DONE


@app.command("solve")
def _solve(
    instance: InstancePath,
    out: Out = None,
    overwrite: Overwrite = False,
    evidence: Figures = None,
    keep: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Keep this share of the gain and move as few pounds as possible."
        ),
    ] = None,
    solver: Annotated[
        Algorithm,
        typer.Option(
            "--solver",
            "--algorithm",
            metavar="NAME",
            help=f"How the solver works; auto goes by kind and size: {', '.join(Algorithm)}.",
        ),
    ] = Algorithm.AUTO,
    threads: Annotated[int, typer.Option(min=1, help="Threads the solver may use.")] = 1,
    time_limit: Annotated[
        float | None, typer.Option(min=0.0, metavar="SECONDS", help="Stop so long after the start.")
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="SHARE",
            show_default="0.00025",
            help="With yes-or-no decisions: stop once no plan can be better by more than this "
            "share of the weighted outcomes gained.",
        ),
    ] = None,
    nodes: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Stop the search for decisions after N nodes."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(metavar="PLAN", help="Plan to start from: last year's, or a draft."),
    ] = None,
    held: HeldAs = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="PLAN",
            help="Plan folder of an earlier solve to hold the new plan against. Held programmes "
            "stay where it has them, so that both hold the same.",
        ),
    ] = None,
    against_round: Annotated[
        Path | None,
        typer.Option(
            metavar="INSTANCE", help="With --against: its instance, to name every changed cell."
        ),
    ] = None,
    worth: Annotated[
        bool,
        typer.Option(
            "--worth",
            help="Solve again without each decision and with other evidence: what each is worth, "
            "and which to take now.",
        ),
    ] = False,
    worth_seconds: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="SECONDS", help="With --worth: stop that after this."),
    ] = None,
    years: Annotated[bool, typer.Option("--years", help="The same as --show sectors.")] = False,
    show: Annotated[
        list[Show] | None,
        typer.Option(
            metavar="REPORT",
            help=f"Show a report as well; may be given more than once: {', '.join(Show)}.",
        ),
    ] = None,
    progress: Progress = False,
    all: All = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Find the best plan, prove it, check it independently and show it."""
    from allocator.report.files.folder import read_plan, write_plan
    from allocator.report.files.target import check_target
    from allocator.report.text.reports import print_reports, report_tables
    from allocator.report.text.summary import print_summary

    for option, figure in (("--keep", keep), ("--gap", gap), ("--time-limit", time_limit)):
        if figure is not None and not math.isfinite(figure):
            raise UsageError(f"{option} is a number, not {figure}.")
    if out is not None:
        check_target(out, overwrite)
    begin = None if start is None else read_plan(start, whole=False)
    found, began = _read(instance, progress)
    if held is not None and against is not None:
        raise UsageError("--against holds programmes where its plan has them; leave --held out.")
    held_against = Against.read(against, against_round)
    asked_for: dict[str, Any] = {"gap": gap, "nodes": nodes, "start": begin}
    if held_against is not None:
        asked_for["held"] = held_against.plan
    elif held is not None:
        asked_for["held"] = read_plan(held)
    plan = _best(
        found,
        began,
        cut_short=True,
        told=progress,
        keep=keep,
        evidence=_case(found, evidence),
        solver=solver.value,
        threads=threads,
        time_limit=time_limit,
        **{name: value for name, value in asked_for.items() if value is not None},
    )
    asked = [*(show or ()), *((Show.SECTORS,) if years else ())]
    shown = _reports(asked) if plan.found else []
    with results(out) as kept:
        if plan.found:
            kept.write(write_plan, plan, found, overwrite=overwrite)
        beside = Beside(held_against, found, plan)
        if worth and plan.found and not plan.solver.get("interrupted"):
            shown = list(dict.fromkeys([*shown, Show.DECISIONS.value]))
            how = {"gap": gap, "nodes": nodes, "seconds": worth_seconds}
            given = {name: value for name, value in how.items() if value is not None}
            plan = beside.value_decisions(solver=solver.value, threads=threads, **given)
            kept.write(write_plan, plan, found, overwrite=True)
        if json:
            tables = {"tables": report_tables(shown, plan)} if shown else {}
            print_json({**plan.to_dict(), **tables, **beside.record()})
        else:
            every = all or Show.ALL in (show or ())
            print_summary(plan, found, printer(), every=every)
            beside.print_difference()
            print_reports(shown, plan, found, printer())
            beside.print_waiting()
    if plan.solver.get("interrupted"):
        say("Interrupted: this is the best plan found until then.")
    return STATUSES[plan.status]


@app.command("evaluate")
def _evaluate(
    instance: InstancePath,
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN",
            help="Plan folder, or a CSV with programme, year and activity or spend, or with a "
            "column a year (2025/26 for activity, spend 2025/26 for money). What it does not name "
            "stays as rolled forward.",
        ),
    ],
    evidence: Figures = None,
    best: Annotated[
        bool, typer.Option(help="Solve as well, and say how far the plan is from the best.")
    ] = True,
    held: HeldAs = None,
    out: Out = None,
    overwrite: Overwrite = False,
    progress: Progress = False,
    all: All = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Say whether a plan of your own is allowed, what it breaks, and how far it is from best."""
    from allocator.instance.evidence import with_evidence
    from allocator.report.files.folder import located, read_plan, write_evaluation
    from allocator.report.files.target import check_target
    from allocator.report.text.verdict import (
        Compared,
        contradicts,
        print_verdict,
        verdict_record,
    )

    if out is not None:
        if out.resolve() in (plan.resolve(), plan.resolve().parent):
            raise UsageError(f"{out} holds the plan that is judged; name another folder.")
        check_target(out, overwrite)
    found, began = _read(instance, progress)
    case = _case(found, evidence)
    draft, levels = read_plan(plan), None if held is None else read_plan(held)
    with working("Rolling the baseline forward"):
        whole = allocator.complete_draft(found, draft, evidence=case, held=levels)
    try:
        evaluation = allocator.evaluate(with_evidence(found, case), whole.tables)
    except InstanceError as error:
        raise located(error, whole.tables, plan) from None
    if best:
        answer = _best(found, began, told=progress, evidence=case, held=levels)
        compared = Compared(answer, assumed=whole.assumed)
    else:
        with working("Rolling the baseline forward"):
            rolled = whole.reference
            before = rolled or allocator.roll_forward(found, evidence=case, held=levels)
        compared = Compared(None, before, whole.assumed)
    record = verdict_record(evaluation, compared, found, case)
    with results(out) as kept:
        kept.write(write_evaluation, evaluation, record, overwrite=overwrite)
        if json:
            print_json(record)
        else:
            print_verdict(evaluation, compared, found, printer(), case=case, every=all)
    if contradicts(evaluation, compared.best):
        return Exit.OUR_FAULT
    return Exit.DONE if evaluation.allowed else Exit.FAILED_CHECK


@app.command("compare")
def _compare(
    instance: InstancePath,
    out: Out = None,
    overwrite: Overwrite = False,
    progress: Progress = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Solve with low, central and high evidence and say which first-year moves survive."""
    from allocator.report.files.folder import write_comparison
    from allocator.report.files.target import check_target
    from allocator.report.text.comparison import comparison_record, print_comparison

    if out is not None:
        check_target(out, overwrite)
    found, _ = _read(instance, progress)
    with working("Finding the best plans", told=progress):
        comparison = allocator.compare(found)
    for case, plan in comparison.plans.items():
        _refuse_unverified(plan, f"With {case} evidence: ")
    record = comparison_record(comparison, found)
    with results(out) as kept:
        kept.write(write_comparison, comparison, record, overwrite=overwrite)
        if json:
            print_json(record)
        else:
            print_comparison(comparison, found, printer())
    return max(STATUSES[plan.status] for plan in comparison.plans.values())


@app.command("export")
def _export(
    instance: InstancePath,
    format: Annotated[Format, typer.Option(help="Format of the file.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    evidence: Figures = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Write the programme to a file other solvers read."""
    from allocator.instance.evidence import with_evidence

    if out.exists() and (out.is_dir() or not overwrite):
        raise UsageError(f"{out} already exists; --overwrite replaces a file.")
    found, _ = _read(instance)
    case = _case(found, evidence)
    with working("Writing the model"):
        written = allocator.export(with_evidence(found, case), out, format.value)
    if json:
        said = {name: value for name, value in asdict(written).items() if name not in EXPORTED}
        record = {"file": str(out), "format": format.value, "evidence": case}
        print_json({"status": "written", **record, **said})
    say(f"Written to {out}{_contents(written)}")
    return Exit.DONE


EXPORTED = ("path", "fmt")
"""What the record of an export has under another name."""


def _contents(written: allocator.Exported) -> str:
    """What is in the file, for whoever solves it."""
    from allocator.words import count, number

    if written.rows is None:
        return "."
    of = f"{count(written.rows, 'row')}, {count(written.columns or 0, 'column')}"
    parts = f"{of}, {count(written.whole or 0, 'whole number')} among them"
    if written.objective is None:
        return f": {parts}. There is no plan: it is as compiled, and nothing in it is held."
    worth = f"the best plan found is worth {number(written.objective)} in it"
    most = f", and none more than {number(written.bound)}" if written.bound is not None else ""
    return f": {parts}; {worth}{most}."


@app.command("describe")
def _describe(
    table: Annotated[
        str | None, typer.Argument(metavar="TABLE", help="Table, or instance.toml.")
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Say what a table's columns are; without TABLE, which tables there are."""
    from allocator.report.text.describe import described, description, tables

    record = None if table is None else described(table)
    if json:
        from allocator.instance.tables.schema import TABLES

        print_json({"tables": list(TABLES)} if record is None else record)
    else:
        for line in tables() if record is None else description(record):
            typer.echo(line)
    return Exit.DONE


@app.command("new")
def _new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to make.")],
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Make a small commented instance to start from."""
    from allocator.instance.reading.starter import write_starter

    write_starter(folder)
    if json:
        print_json({"status": "written", "folder": str(folder)})
    word = quoted(folder)
    say(f"Made {folder}. Next: allocator check {word}, then: allocator solve {word}")
    return Exit.DONE


def _read(path: Path, told: bool = False) -> tuple[Instance, Began]:
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


def _case(instance: Instance, asked: Evidence | None) -> str:
    """Evidence case to use; refuses another than the instance has chosen already."""
    chosen = instance.settings.evidence
    if asked is not None and chosen not in ("", asked.value):
        raise UsageError(
            f"--evidence {asked.value}: the instance's figures are those of the case '{chosen}' "
            f"already (evidence in instance.toml)."
        )
    return chosen or (asked or Evidence.CENTRAL).value


def _reports(show: Sequence[Show] | None) -> list[str]:
    """Names of the reports asked for, each once, in the order of the first mention."""
    every = [name for name in Show if name != Show.ALL]
    asked = every if Show.ALL in (show or ()) else (show or ())
    return list(dict.fromkeys(name.value for name in asked))


def _best(
    instance: Instance, began: Began, *, cut_short: bool = False, told: bool = False, **options: Any
) -> Plan:
    """Solved plan that knows how long all took, which a time limit counts from the reading on.

    One that failed its check is refused. A solve that is interrupted ends the verb, unless it may
    be `cut_short` and has a plan.
    """
    if options.get("time_limit") is not None:
        options["time_limit"] = max(0.0, options["time_limit"] - began.reading)
    with working("Finding the best plan", cut_short=cut_short, told=told):
        plan: Plan = allocator.solve(instance, **options)
    if plan.solver.get("interrupted") and not (cut_short and plan.found):
        raise KeyboardInterrupt
    _refuse_unverified(plan)
    total = time.perf_counter() - began.at
    return replace(plan, seconds={**plan.seconds, "read": began.reading, "total": total})


def _refuse_unverified(plan: Plan, where: str = "") -> None:
    if plan.found and not plan.verified:
        raise VerificationError(f"{where}The largest violation is {plan.max_violation:.1e}.")
