"""The verb ``export``."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import allocator
from allocator.cli.arguments import Debug, Figures, InstancePath, Json
from allocator.cli.exits import Exit
from allocator.cli.output import print_json, say, working
from allocator.cli.steps import evidence_case, read_instance
from allocator.errors import UsageError

EXPORTED = ("path", "fmt")
"""What the record of an export has under another name."""


class Format(StrEnum):
    """Formats a model can be exported to."""

    MPS = "mps"
    LP = "lp"
    PYOMO = "pyomo"


def export(
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
    found, _ = read_instance(instance)
    case = evidence_case(found, evidence)
    with working("Writing the model"):
        written = allocator.export(with_evidence(found, case), out, format.value)
    if json:
        said = {name: value for name, value in asdict(written).items() if name not in EXPORTED}
        record = {"file": str(out), "format": format.value, "evidence": case}
        print_json({"status": "written", **record, **said})
    say(f"Written to {out}{_contents(written)}")
    return Exit.DONE


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
