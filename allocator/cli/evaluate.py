"""The verb ``evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import allocator
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
from allocator.cli.exits import Exit
from allocator.cli.output import print_json, printer, results, working
from allocator.cli.steps import best_plan, evidence_case, read_instance
from allocator.errors import InstanceError, UsageError

PlanPath = Annotated[
    Path,
    typer.Argument(
        metavar="PLAN",
        help="Plan folder, or a CSV with programme, year and activity or spend, or with a "
        "column a year (2025/26 for activity, spend 2025/26 for money). What it does not name "
        "stays as rolled forward.",
    ),
]
Best = Annotated[
    bool, typer.Option(help="Solve as well, and say how far the plan is from the best.")
]


def evaluate(
    instance: InstancePath,
    plan: PlanPath,
    evidence: Figures = None,
    best: Best = True,
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
    from allocator.report.text.verdict import Compared, contradicts, print_verdict, verdict_record

    if out is not None:
        if out.resolve() in (plan.resolve(), plan.resolve().parent):
            raise UsageError(f"{out} holds the plan that is judged; name another folder.")
        check_target(out, overwrite)
    found, began = read_instance(instance, progress)
    case = evidence_case(found, evidence)
    draft, levels = read_plan(plan), None if held is None else read_plan(held)
    with working("Rolling the baseline forward"):
        whole = allocator.complete_draft(found, draft, evidence=case, held=levels)
    try:
        evaluation = allocator.evaluate(with_evidence(found, case), whole.tables)
    except InstanceError as error:
        raise located(error, whole.tables, plan) from None
    if best:
        answer = best_plan(found, began, told=progress, evidence=case, held=levels)
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
