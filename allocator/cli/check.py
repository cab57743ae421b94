"""The verb ``check``."""

from __future__ import annotations

from allocator.cli.arguments import All, Debug, InstancePath, Json
from allocator.cli.guard import Exit
from allocator.cli.output import print_json, printer, working


def check(
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
