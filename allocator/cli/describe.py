"""The verb ``describe``."""

from __future__ import annotations

from typing import Annotated

import typer

from allocator.cli.arguments import Debug, Json
from allocator.cli.exits import Exit
from allocator.cli.output import print_json


def describe(
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
