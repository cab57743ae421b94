"""Arguments that several verbs take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Evidence(StrEnum):
    """Readings of the evidence."""

    LOW = "low"
    CENTRAL = "central"
    HIGH = "high"


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
