"""Where results may be written, and what in a folder was written here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.errors import UsageError
from allocator.instance.reading.folder import put_back, swap_folder
from allocator.report.files.record import to_json

if TYPE_CHECKING:
    import pandas as pd

RECORDS = ("plan.json", "evaluation.json", "comparison.json")
"""A folder with one of these was written here; under ``files`` it says what else is in it."""

KINDS = {"b": "flag", "i": "integer", "u": "integer", "f": "number"}
"""Kind of a column by the kind of its array; all others are text."""


def check_target(folder: Path, overwrite: bool) -> None:
    """Refuse a folder results may not be written to, before any work is done.

    Raises
    ------
    UsageError
        When `folder` is a file, the folder the program works in or one around it, holds
        anything that was not written here, or holds results and `overwrite` is false.
    """
    put_back(folder)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder to write the plan to.")
    if Path.cwd().is_relative_to(folder.resolve()):
        raise UsageError(f"{folder} is the folder you work in, or around it; name one of its own.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    names = sorted(item.name for item in folder.iterdir())
    if not any(name in RECORDS for name in names):
        raise UsageError(
            f"{folder} is not a plan folder (it holds {names[0]}); name a new or empty folder."
        )
    known = written_here(folder)
    others = [name for name in names if name not in known]
    if others:
        raise UsageError(
            f"{folder} also holds {others[0]}, which is not part of the plan and would be lost; "
            f"move it away, or name a new or empty folder."
        )
    if not overwrite:
        raise UsageError(f"{folder} already holds a plan; --overwrite replaces it.")


def written_here(folder: Path) -> frozenset[str]:
    """Names in a folder of results that were written with it."""
    found: set[str] = set()
    for name in RECORDS:
        if (folder / name).is_file():
            found |= {name, *files_of(folder / name)}
    return frozenset(found)


def files_of(record: Path) -> dict[str, dict[str, str]]:
    """What a record says of the tables written with it: kinds of columns by file name."""
    try:
        said = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    files = said.get("files") if isinstance(said, dict) else None
    if not isinstance(files, dict):
        return {name: {} for name in _BEFORE} if isinstance(said, dict) else {}
    return {str(k): v if isinstance(v, dict) else {} for k, v in files.items()}


_BEFORE = tuple(
    f"{name}.csv"
    for name in (
        "allocation", "outcomes", "segments", "by_programme", "rules", "limits", "capacity",
        "budgets", "transfers", "funding", "adjustments", "contracts", "providers", "bridge",
        "options", "incomes", "decisions", "violations", "cases", "sectors", "changes", "moves",
    )
)  # fmt: skip
"""Tables of folders whose record does not say which they are: those of version 0.1.0."""


def write_folder(
    name: str,
    record: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    texts: Mapping[str, str],
    folder: Path,
    overwrite: bool,
) -> None:
    """Put a record and its tables into a folder, all of them or none.

    Parameters
    ----------
    name : str
        File name of the record.
    record : mapping
        It is given ``files``: by file name, the kinds of the table's columns.
    tables, texts : mapping
        Tables by name, and their text by file name.
    folder : pathlib.Path
    overwrite : bool
        Replace the results the folder holds.

    Raises
    ------
    UsageError
        When the folder may not or cannot be written; it is then as it was.
    """
    check_target(folder, overwrite)
    files = {f"{table}.csv": _kinds(frame) for table, frame in tables.items()}
    whole = to_json({**record, "files": files}) + "\n"
    swap_folder({name: whole, **texts}, folder, written_here)


def _kinds(frame: pd.DataFrame) -> dict[str, str]:
    return {str(column): _kind(frame[column]) for column in frame}


def _kind(column: pd.Series[Any]) -> str:
    cells = column.tolist() if column.dtype == object else []
    if cells and all(cell is None or isinstance(cell, bool) for cell in cells):
        return "flag or blank"
    return KINDS.get(getattr(column.dtype, "kind", ""), "text")
