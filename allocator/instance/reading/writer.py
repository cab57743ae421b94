"""From typed rows to the files of an instance, written completely or not at all."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allocator.errors import UsageError
from allocator.instance.reading.folder import put_back, swap_folder
from allocator.instance.tables.guard import guarded
from allocator.instance.tables.rows import BLANK_YEAR, Rows, alike, filled
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS, SETTINGS_FILE, Settings


def texts_of(settings: Settings, rows: Mapping[str, Rows]) -> dict[str, str]:
    """Text of ``instance.toml`` and of a CSV for each table that has rows, by file name.

    Columns in which every row has the default are left out.
    """
    texts = {SETTINGS_FILE: _settings(settings)}
    for name, table in TABLES.items():
        if len(rows[name]) or table.required:
            texts[f"{name}.csv"] = _csv(rows[name])
    return texts


def write_files(files: dict[str, str], folder: Path, *, overwrite: bool = False) -> None:
    """Put texts into a folder, all of them or none; an instance that is there may be replaced.

    Files that are no part of an instance stay.

    Raises
    ------
    UsageError
        When the folder holds something else, or cannot be written.
    """
    _check_target(folder, overwrite)
    swap_folder(files, folder, _ours, _keep_others)


def _check_target(folder: Path, overwrite: bool) -> None:
    put_back(folder)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder to write the instance to.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / SETTINGS_FILE).is_file():
        raise UsageError(f"{folder} is not empty and is no instance; name a new or empty folder.")
    if not overwrite:
        raise UsageError(f"{folder} already holds an instance; nothing was written.")


def _ours(folder: Path) -> frozenset[str]:
    names = {SETTINGS_FILE, *(f"{name}.csv" for name in TABLES)}
    return frozenset(item.name for item in folder.iterdir() if item.name.lower() in names)


def _keep_others(folder: Path, new: Path) -> None:
    ours = _ours(folder)
    for item in folder.iterdir():
        if item.name in ours:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.copytree(item, new / item.name, symlinks=True)
        else:
            shutil.copy2(item, new / item.name, follow_symlinks=False)


def _settings(settings: Settings) -> str:
    values = {name: getattr(settings, name) for name in SETTINGS}
    return "".join(
        f"{name} = {toml_value(value)}\n"
        for name, value in values.items()
        if value != SETTINGS[name].default
    )


def toml_value(value: Any) -> str:
    """Value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return repr(value)


def _csv(rows: Rows) -> str:
    columns = {}
    for name, column in rows.table.columns.items():
        values = rows[name]
        if column.required or not alike(values, filled(column, len(rows))):
            columns[name] = _cells(column.kind, values.tolist())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _cells(kind: str, values: list[Any]) -> list[str]:
    if kind == "number":
        return ["" if value != value else _number(value) for value in values]
    if kind == "year":
        return ["" if value == BLANK_YEAR else str(value) for value in values]
    if kind == "flag":
        return ["yes" if value else "no" for value in values]
    return [guarded(str(value)) for value in values]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
