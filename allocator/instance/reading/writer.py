"""Writing an instance to a folder, completely or not at all."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from allocator.errors import UsageError
from allocator.instance.instance import Instance
from allocator.instance.reading.files import SETTINGS_FILE
from allocator.instance.reading.folder import swap_folder
from allocator.instance.tables.rows import BLANK_YEAR, Array, filled, from_frame
from allocator.instance.tables.schema import REQUIRED, SETTINGS, TABLES
from allocator.instance.tables.settings import Settings


def write(instance: Instance, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write ``instance.toml`` and one CSV a table that has rows.

    Columns in which every row has the default are left out.
    Reading the folder gives an instance with the same ``sha256``.

    Parameters
    ----------
    instance : Instance
        What to write.
    folder : path
        Folder to make. It may exist when it is empty.
    overwrite : bool
        Replace the instance in the folder; files that are no part of an instance stay.

    Raises
    ------
    UsageError
        When the folder holds something else, or cannot be written.
    """
    files = {SETTINGS_FILE: _settings(instance.settings)}
    for name, table in TABLES.items():
        if len(instance.tables[name]) or table.required:
            files[f"{name}.csv"] = _csv(instance, name)
    write_files(files, Path(folder), overwrite=overwrite)


def write_files(files: dict[str, str], folder: Path, *, overwrite: bool = False) -> None:
    """Put texts into a folder, all of them or none; see :func:`write`."""
    _check_target(folder, overwrite)
    swap_folder(files, folder, _keep_others)


def _check_target(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder to write the instance to.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / SETTINGS_FILE).is_file():
        raise UsageError(f"{folder} is not empty and is no instance; name a new or empty folder.")
    if not overwrite:
        raise UsageError(f"{folder} already holds an instance; nothing was written.")


def _keep_others(folder: Path, new: Path) -> None:
    ours = {SETTINGS_FILE, *(f"{name}.csv" for name in TABLES)}
    for item in folder.iterdir():
        if item.name.lower() in ours:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.copytree(item, new / item.name, symlinks=True)
        else:
            shutil.copy2(item, new / item.name, follow_symlinks=False)


def _settings(settings: Settings) -> str:
    lines = []
    for field in fields(Settings):
        value = getattr(settings, field.name)
        if value != SETTINGS[field.name].default:
            lines.append((field.name, toml_value(value)))
    order = {name: rank for rank, name in enumerate(SETTINGS)}
    lines.sort(key=lambda line: order[line[0]])
    return "".join(f"{name} = {value}\n" for name, value in lines)


def toml_value(value: Any) -> str:
    """Value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return repr(value)


def _csv(instance: Instance, name: str) -> str:
    table = TABLES[name]
    rows = from_frame(name, instance.tables[name])
    columns = {}
    for column, values in rows.columns.items():
        meta = table.meta(column)
        usual = filled(meta["kind"], len(rows), meta["default"])
        if meta["default"] == REQUIRED or not _same(values, usual):
            columns[column] = _cells(meta["kind"], values.tolist())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _same(values: Array, usual: Array) -> bool:
    if values.dtype.kind == "f":
        return np.array_equal(values, usual, equal_nan=True)
    return np.array_equal(values, usual)


def _cells(kind: str, values: list[Any]) -> list[str]:
    if kind == "number":
        return ["" if value != value else _number(value) for value in values]
    if kind == "year":
        return ["" if value == BLANK_YEAR else str(value) for value in values]
    if kind == "flag":
        return ["yes" if value else "no" for value in values]
    return [str(value) for value in values]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
