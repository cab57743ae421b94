"""The base round, a folder in which every table has rows, and changes of it written as data.

Changes are given by table, ``settings`` for ``instance.toml``. A table is

* False: taken away; a text: what the file holds instead;
* a mapping of changes by row, where a row is named by the words it starts with
  (``header`` for the first line). The row is then False: left out; a text: what the line
  becomes; a mapping of new cells by column, and a column the table does not have is added.
  ``add`` holds rows that are added at the end, after all other changes.

Cells and rows are written as they are, so a cell with a comma comes with its quotation marks.
Settings are given by entry, written as in TOML; ``replace`` exchanges words of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("base")
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir())}


def write_round(folder: Path, **changes: Any) -> Path:
    """Write the base round with some changes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in round_files(**changes).items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def round_files(**changes: Any) -> dict[str, str]:
    """Texts of the files of the base round with some changes."""
    files = dict(FILES)
    for table, change in changes.items():
        name = file_of(table)
        if change is False:
            del files[name]
        elif isinstance(change, str):
            files[name] = change
        else:
            files[name] = _changed(files[name], dict(change), settings=table == "settings")
    return files


def file_of(table: str) -> str:
    """Name of the file of a table."""
    return "instance.toml" if table == "settings" else f"{table}.csv"


def row_of(lines: list[str], start: str) -> int:
    """Position of the one line that starts with some words."""
    found = [at for at, line in enumerate(lines) if line.startswith(start)]
    assert len(found) == 1, (start, found)
    return found[0]


def _changed(text: str, change: dict[str, Any], *, settings: bool) -> str:
    if "replace" in change:
        old, new = change.pop("replace")
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    added = change.pop("add", [])
    lines = text.splitlines()
    lines = _entries(lines, change) if settings else _rows(lines, change)
    lines += [added] if isinstance(added, str) else added
    return "\n".join(lines) + "\n"


def _entries(lines: list[str], entries: Mapping[str, Any]) -> list[str]:
    for entry, value in entries.items():
        new = [] if value is False else [f"{entry} = {value}"]
        at = [n for n, line in enumerate(lines) if line.startswith(f"{entry} =")]
        place = at[0] if at else len(lines)
        lines[place : place + 1] = new
    return lines


def _rows(lines: list[str], rows: Mapping[str, Any]) -> list[str]:
    header = lines[0].split(",")
    for start, change in rows.items():
        at = 0 if start == "header" else row_of(lines, start)
        if not isinstance(change, Mapping):
            lines[at : at + 1] = [change] if change else []
            continue
        cells = [line.split(",") for line in lines]
        for column in change:
            if column not in header:
                header.append(column)
                cells = [[*row, "" if n else column] for n, row in enumerate(cells)]
            cells[at][header.index(column)] = str(change[column])
        lines = [",".join(row) for row in cells]
    return lines
