"""The verb ``compare``."""

from __future__ import annotations

import allocator
from allocator.cli.arguments import Debug, InstancePath, Json, Out, Overwrite, Progress
from allocator.cli.output import print_json, printer, results, working
from allocator.cli.steps import STATUSES, read_instance, refuse_unverified


def compare(
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
    found, _ = read_instance(instance, progress)
    with working("Finding the best plans", told=progress):
        comparison = allocator.compare(found)
    for case, plan in comparison.plans.items():
        refuse_unverified(plan, f"With {case} evidence: ")
    record = comparison_record(comparison, found)
    with results(out) as kept:
        kept.write(write_comparison, comparison, record, overwrite=overwrite)
        if json:
            print_json(record)
        else:
            print_comparison(comparison, found, printer())
    return max(STATUSES[plan.status] for plan in comparison.plans.values())
