"""The verbs: what each takes and what it prints."""

from __future__ import annotations

import io
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import allocator
from allocator.cli.beside import Against, Beside
from allocator.cli.guard import Exit, asked, failed, hang_up
from allocator.cli.output import STOPPED, print_json, printer, say, working
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

# typer does not export the base of its command-line errors.
CommandLineError: Any = typer.BadParameter.__mro__[2]


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

    PROVIDERS = "providers"
    CONTRACTS = "contracts"
    POOLS = "pools"
    BRIDGE = "bridge"
    BRIDGE_BY_SECTOR = "bridge-by-sector"
    OPTIONS = "options"
    INCOMES = "incomes"
    DECISIONS = "decisions"
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
All = Annotated[bool, typer.Option("--all", help="List every problem, however many.")]

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; those of the process when left out.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    json = asked(words, "--json")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        status = app(words, prog_name="allocator", standalone_mode=False) or Exit.DONE
        sys.stdout.flush()
    except BrokenPipeError:
        hang_up()
        return Exit.NO_READER
    except (KeyboardInterrupt, typer.Abort):
        status = Exit.INTERRUPTED
    except CommandLineError as error:
        hint = "" if error.ctx is None else f" Try '{error.ctx.command_path} --help'."
        message = error.format_message().strip() or "Name a verb."
        return failed(UsageError(f"{message}{hint}"), json=json, debug=False)
    except Exception as error:
        debug, every = asked(words, "--debug"), asked(words, "--all")
        return failed(error, json=json, debug=debug, every=every)
    if status == Exit.INTERRUPTED:
        say(STOPPED)
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
    algorithm: Annotated[
        Algorithm,
        typer.Option(
            "--solver", "--algorithm", help="How the solver works; auto goes by kind and size."
        ),
    ] = Algorithm.AUTO,
    threads: Annotated[int, typer.Option(min=1, help="Threads the solver may use.")] = 1,
    time_limit: Annotated[
        float | None, typer.Option(min=0.0, metavar="SECONDS", help="Stop the solver after this.")
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="SHARE",
            show_default="0.0001",
            help="With yes-or-no decisions: stop once no plan can be better by more than this "
            "share of the gain.",
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
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="PLAN", help="Plan folder of an earlier solve to hold the new plan against."
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
    years: Annotated[bool, typer.Option("--years", help="Show sectors for every year.")] = False,
    show: Annotated[
        list[Show] | None,
        typer.Option(help="Show a report as well; may be given more than once."),
    ] = None,
    all: All = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Find the best plan, prove it, check it independently and show it."""
    from allocator.report.files.folder import check_target, read_plan, write_plan
    from allocator.report.text.reports import print_reports, report_tables
    from allocator.report.text.summary import print_summary

    for option, figure in (("--keep", keep), ("--gap", gap), ("--time-limit", time_limit)):
        if figure is not None and not math.isfinite(figure):
            raise UsageError(f"{option} is a number, not {figure}.")
    if out is not None:
        check_target(out, overwrite)
    begin = None if start is None else read_plan(start, whole=False)
    held_against = Against.read(against, against_round)
    found, seconds = _read(instance)
    asked_for = {"gap": gap, "node_limit": nodes, "start": begin}
    plan = _best(
        found,
        seconds,
        cut_short=True,
        keep=keep,
        evidence=_case(found, evidence),
        algorithm=algorithm.value,
        threads=threads,
        time_limit=time_limit,
        **{name: value for name, value in asked_for.items() if value is not None},
    )
    shown = _reports(show) if plan.found else []
    if out is not None and plan.found:
        write_plan(plan, found, out, overwrite=overwrite)
    beside = Beside(held_against, found, plan)
    if worth and plan.found and not plan.solver.get("interrupted"):
        shown = list(dict.fromkeys([*shown, Show.DECISIONS.value]))
        how = {"gap": gap, "node_limit": nodes, "seconds": worth_seconds}
        given = {name: value for name, value in how.items() if value is not None}
        plan = beside.value_decisions(algorithm=algorithm.value, threads=threads, **given)
        if out is not None:
            write_plan(plan, found, out, overwrite=True)
    if json:
        tables = {"tables": report_tables(shown, plan)} if shown else {}
        print_json({**plan.to_dict(), **tables, **beside.record()})
    else:
        print_summary(plan, found, printer(), all_years=years)
        beside.print_difference()
        print_reports(shown, plan, found, printer())
        beside.print_waiting()
    if out is not None:
        said = f"Written to {out}." if plan.found else f"Nothing to write to {out}."
        say(said)
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
            "column a year. What it does not name stays as rolled forward.",
        ),
    ],
    evidence: Figures = None,
    best: Annotated[
        bool, typer.Option(help="Solve as well, and say how far the plan is from the best.")
    ] = True,
    out: Out = None,
    overwrite: Overwrite = False,
    all: All = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Say whether a plan of your own is allowed, what it breaks, and how far it is from best."""
    from allocator.instance.evidence import with_evidence
    from allocator.report.files.folder import check_target, located, read_plan, write_evaluation
    from allocator.report.text.verdict import Compared, print_verdict, verdict_record

    if out is not None:
        check_target(out, overwrite)
    found, seconds = _read(instance)
    case = _case(found, evidence)
    draft = read_plan(plan)
    with working("Rolling the baseline forward"):
        whole = allocator.complete_draft(found, draft, evidence=case)
    try:
        evaluation = allocator.evaluate(with_evidence(found, case), whole.tables)
    except InstanceError as error:
        raise located(error, whole.tables) from None
    if best:
        compared = Compared(_best(found, seconds, evidence=case), assumed=whole.assumed)
    else:
        with working("Rolling the baseline forward"):
            before = whole.reference or allocator.roll_forward(found, evidence=case)
        compared = Compared(None, before, whole.assumed)
    record = verdict_record(evaluation, compared, found, case)
    if out is not None:
        write_evaluation(evaluation, record, out, overwrite=overwrite)
    if json:
        print_json(record)
    else:
        print_verdict(evaluation, compared, found, printer(), case=case, every=all)
    if out is not None:
        say(f"Written to {out}.")
    return Exit.DONE if evaluation.allowed else Exit.FAILED_CHECK


@app.command("compare")
def _compare(
    instance: InstancePath,
    out: Out = None,
    overwrite: Overwrite = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Solve with low, central and high evidence and say which first-year moves survive."""
    from allocator.report.files.folder import check_target, write_comparison
    from allocator.report.text.comparison import comparison_record, print_comparison

    if out is not None:
        check_target(out, overwrite)
    found, _ = _read(instance)
    with working("Finding the best plans"):
        comparison = allocator.compare(found)
    for case, plan in comparison.plans.items():
        _refuse_unverified(plan, f"With {case} evidence: ")
    record = comparison_record(comparison, found)
    if out is not None:
        write_comparison(comparison, record, out, overwrite=overwrite)
    if json:
        print_json(record)
    else:
        print_comparison(comparison, found, printer())
    if out is not None:
        say(f"Written to {out}.")
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
        allocator.export(with_evidence(found, case), out, format.value)
    if json:
        record = {"file": str(out), "format": format.value, "evidence": case}
        print_json({"status": "written", **record})
    say(f"Written to {out}.")
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
    say(f"Made {folder}. Next: allocator solve {folder}")
    return Exit.DONE


def _read(path: Path) -> tuple[Instance, float]:
    """Instance at `path` and the seconds it took; warnings are counted on standard error."""
    start = time.perf_counter()
    with working("Reading"):
        instance = allocator.read(path)
    if instance.warnings:
        from allocator.report.text.problems import told_once
        from allocator.words import count

        others = told_once(instance.warnings)  # what is unvalued stands in every summary
        if others:
            say(f"{count(len(others), 'warning')}: allocator check {path} lists them.")
    return instance, time.perf_counter() - start


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


def _best(instance: Instance, read: float, *, cut_short: bool = False, **options: Any) -> Plan:
    """Solved plan that knows how long reading took; refuses one that failed its check.

    A solve that is interrupted ends the verb, unless it may be `cut_short` and has a plan.
    """
    with working("Finding the best plan", cut_short=cut_short):
        plan: Plan = allocator.solve(instance, **options)
    if plan.solver.get("interrupted") and not (cut_short and plan.found):
        raise KeyboardInterrupt
    _refuse_unverified(plan)
    total = plan.seconds.get("total", 0.0) + read
    return replace(plan, seconds={**plan.seconds, "read": read, "total": total})


def _refuse_unverified(plan: Plan, where: str = "") -> None:
    if plan.found and not plan.verified:
        raise VerificationError(f"{where}The largest violation is {plan.max_violation:.1e}.")
