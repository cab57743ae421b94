"""The verb ``new``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.arguments import Debug, Json
from allocator.cli.exits import Exit
from allocator.cli.output import print_json, quoted, say


def new(
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
