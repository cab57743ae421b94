"""Reading an instance from a folder, a zip or memory, and saying all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocator.errors import InstanceError, Problem
from allocator.instance.checks import run as check
from allocator.instance.instance import Instance
from allocator.instance.reading.cells import parse
from allocator.instance.reading.columns import Column, check_numbers, typed
from allocator.instance.reading.files import SETTINGS_FILE, Source, open_source
from allocator.instance.reading.toml import parse_toml, read_settings
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Array, Rows, filled, no_rows
from allocator.instance.tables.schema import REQUIRED, TABLES, Table
from allocator.instance.tables.wording import Suggester, sentence

Cells = dict[str, "list[str] | Array"]


def read(path: str | PathLike[str]) -> Instance:
    """Read and check an instance.

    Parameters
    ----------
    path : path
        Folder with ``instance.toml`` and one CSV a table, or a zip of that folder.

    Raises
    ------
    InstanceError
        With every problem found, when any of them is an error.
    """
    instance, problems = diagnose(path)
    if instance is None:
        raise InstanceError(problems)
    return instance


def diagnose(path: str | PathLike[str]) -> tuple[Instance | None, list[Problem]]:
    """Read and check an instance without raising on bad content.

    Returns
    -------
    Instance or None
        None when there is an error among the problems.
    list of Problem
        Errors and warnings, by table and line.
    """
    source = open_source(Path(path))
    problems = list(source.problems)
    if problems and not source.files:
        return None, problems
    settings_unread = SETTINGS_FILE in source.unread
    entries, text, found = _settings_file(source)
    problems += found
    draft = Draft(None, {}, settings_text=text)
    _read_tables(source, draft, problems)
    if not settings_unread and SETTINGS_FILE in source.files and not _errors(found):
        draft.settings, found = read_settings(entries, text)
        problems += found
    return _finish(draft, problems, str(path))


def from_tables(
    settings: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], origin: str = ""
) -> Instance:
    """Make and check an instance from memory.

    Parameters
    ----------
    settings : mapping
        Entries of ``instance.toml``.
    tables : mapping of str to DataFrame
        Tables by name. Tables that are not required and columns that have a default
        may be left out; a year is an int, None or NaN.
    origin : str
        Where the tables come from, for reports.

    Raises
    ------
    InstanceError
        With every problem found; the line of a row is its position + 2.
    """
    draft = Draft(None, {})
    draft.settings, problems = read_settings(settings)
    for name, frame in tables.items():
        if name not in TABLES:
            problems.append(_unknown_table(name, name))
        elif len(frame.columns):
            cells = {str(c): _cells_of(frame[c]) for c in frame.columns}
            _add_rows(draft, TABLES[name], cells, list(range(2, len(frame) + 2)), problems)
    _complete(draft, set(), problems)
    instance, problems = _finish(draft, problems, origin)
    if instance is None:
        raise InstanceError(problems)
    return instance


def _errors(problems: list[Problem]) -> bool:
    return any(p.severity == "error" for p in problems)


def _finish(
    draft: Draft, problems: list[Problem], origin: str
) -> tuple[Instance | None, list[Problem]]:
    problems = _in_order(problems + check.run(draft))
    if draft.settings is None or _errors(problems):
        return None, problems
    frames = {name: draft[name].frame() for name in TABLES}
    return Instance(draft.settings, frames, origin, tuple(problems)), problems


def _in_order(problems: list[Problem]) -> list[Problem]:
    places = {name: rank for rank, name in enumerate((SETTINGS_FILE, *TABLES))}
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (places.get(p.table, -1), p.line or 0))


def _settings_file(source: Source) -> tuple[dict[str, Any], str, list[Problem]]:
    if SETTINGS_FILE in source.files:
        return parse_toml(source.files[SETTINGS_FILE])
    if SETTINGS_FILE in source.unread:
        return {}, "", []
    missing = "the file is missing; it names the round, its base year and its plan years."
    return {}, "", [Problem(SETTINGS_FILE, None, "", "", missing)]


def _unknown_table(name: str, file: str) -> Problem:
    hint = Suggester(TABLES)(name)
    statement = f"there is no table '{name}'"
    return Problem(file, None, "", file, sentence(statement, hint), hint)


def _read_tables(source: Source, draft: Draft, problems: list[Problem]) -> None:
    for file, content in source.files.items():
        name = file.removesuffix(".csv")
        if name in TABLES:
            raw = parse(name, content)
            problems += raw.problems
            cells: Cells = dict(raw.columns)
            if cells:
                _add_rows(draft, TABLES[name], cells, raw.lines, problems)
            else:
                draft.tables[name] = no_rows(name)
            if raw.damaged:
                draft.partial.add(name)
                draft.names.pop(name, None)
        elif file != SETTINGS_FILE:
            problems.append(_unknown_table(name, file))
    _complete(draft, {file.removesuffix(".csv") for file in source.unread}, problems)


def _complete(draft: Draft, unread: set[str], problems: list[Problem]) -> None:
    """Add the tables that are not there, without rows; required ones are missed."""
    for name, table in TABLES.items():
        if name in draft.tables:
            continue
        draft.tables[name] = no_rows(name)
        if name in unread or table.required:
            draft.partial.add(name)
        else:
            draft.names[name] = set()
        if table.required and name not in unread:
            message = f"the table is missing; a row of it is {table.row}."
            problems.append(Problem(name, None, "", "", message))
    draft.tables = {name: draft.tables[name] for name in TABLES}


def _add_rows(
    draft: Draft, table: Table, cells: Cells, lines: list[int], problems: list[Problem]
) -> None:
    """Add a table's typed rows; those with a cell that cannot be used are set aside."""
    suggest = Suggester(set(table.columns) - set(cells))
    for name in cells:
        if name not in table.columns:
            hint = suggest(name)
            statement = f"{table.name} has no column '{name}'"
            problems.append(Problem(table.name, 1, name, name, sentence(statement, hint), hint))
    columns: dict[str, Array] = {}
    usable = np.ones(len(lines), dtype=bool)
    for name in table.columns:
        meta = table.meta(name)
        if name in cells:
            column = Column(table.name, name, meta, lines)
            columns[name] = _typed_column(column, cells[name])
            problems += column.problems
            usable[list(column.bad)] = False
            continue
        columns[name] = filled(meta["kind"], len(lines), meta["default"])
        if meta["default"] == REQUIRED:
            message = f"the column '{name}' is missing: {meta['meaning']}."
            problems.append(Problem(table.name, 1, name, "", message))
            draft.partial.add(table.name)
            usable[:] = False
    if table.key[0] in cells:
        draft.names[table.name] = set(columns[table.key[0]].tolist()) - {""}
    rows = Rows(table, np.array(lines, dtype=np.int64), columns)
    draft.tables[table.name] = rows
    draft.drop(table.name, usable)


def _typed_column(column: Column, cells: list[str] | Array) -> Array:
    if isinstance(cells, list):
        return typed(column, cells)
    if column.meta["kind"] != "number" or np.isinf(cells).any():
        return typed(column, _texts(cells))
    default = column.meta["default"]
    blank = np.isnan(cells)
    if default == REQUIRED and blank.any():
        return typed(column, _texts(cells))
    values = cells + 0.0  # minus zero becomes zero
    if default not in (None, REQUIRED):
        values[blank] = default
    check_numbers(column, values)
    return values


def _cells_of(series: pd.Series[Any]) -> list[str] | Array:
    """Cells of a column made in memory: numbers as they are, anything else as text."""
    if pd.api.types.is_float_dtype(series.dtype) or pd.api.types.is_integer_dtype(series.dtype):
        values: Array = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return values
    return _texts(series.to_numpy(dtype=object))


def _texts(values: Array) -> list[str]:
    return [_as_text(value) for value in values.tolist()]


def _as_text(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return str(value).strip()
