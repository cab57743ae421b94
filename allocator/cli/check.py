"""The verb ``check``."""

from __future__ import annotations

import allocator
from allocator.cli.arguments import All, Debug, InstancePath, Json
from allocator.cli.exits import Exit
from allocator.cli.output import print_json, printer, working
from allocator.cli.short import Short
from allocator.errors import InstanceError


def check(
    instance: InstancePath, all: All = False, json: Json = False, debug: Debug = False
) -> int:
    """Say everything that is wrong with an instance, and what it does not value."""
    from allocator.report.text.problems import check_record, print_check, print_refused

    try:
        with working("Checking"):
            found = allocator.read(instance)
    except InstanceError as error:
        short = Short(error)
        if json:
            print_json({**check_record(None, error.problems), **short.record()})
        else:
            print_refused(error.problems, "check", printer(), short.told(every=all), every=all)
        return Exit.BAD_INPUT
    if json:
        print_json(check_record(found, found.warnings))
    else:
        print_check(found, printer(), every=all)
    return Exit.DONE
