"""From the files of an instance, or frames in memory, to typed rows and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from allocator.arrays import Floats
from allocator.errors import Problem
from allocator.instance.reading.cells import parse
from allocator.instance.reading.columns import texts_of
from allocator.instance.reading.dialect import column_name
from allocator.instance.reading.files import Source
from allocator.instance.reading.toml import parse_toml, read_settings
from allocator.instance.reading.totals import Columns, Found, without_totals
from allocator.instance.reading.typed import Typed, absent, kept, typed_table
from allocator.instance.tables.column import Table
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS_FILE, Settings
from allocator.words import Suggester, brief, sentence

if TYPE_CHECKING:
    import pandas as pd

_FIGURES = ("number", "integer")


def read_files(source: Source) -> tuple[Draft, list[Problem]]:
    """Rows of an instance's files, and everything wrong with files and cells."""
    settings, lines, problems = _settings_of(source)
    problems = source.problems + problems
    found, damaged = [], set()
    for file, content in source.files.items():
        name = file.removesuffix(".csv")
        if name in TABLES:
            table = TABLES[name]
            known = {c.name: c.required for c in table.columns.values()}
            raw = parse(name, content, known, required=table.required)
            raw.point_decimals(c.name for c in table.columns.values() if c.kind in _FIGURES)
            problems += raw.problems
            found.append(Found(table, dict(raw.columns), raw.lines))
            damaged |= {name} if raw.damaged else set()
    problems += [_unknown(name, f"{name}.csv") for name in sorted(source.others)]
    tables = _typed(found, damaged, problems)
    unread = {file.removesuffix(".csv") for file in source.unread}
    return _draft(settings, tables, problems, unread, lines)


def read_frames(
    entries: Mapping[str, Any], tables: Mapping[str, pd.DataFrame | Rows]
) -> tuple[Draft, list[Problem]]:
    """Rows of tables in memory, and everything wrong with their values.

    Parameters
    ----------
    entries : mapping
        Entries of ``instance.toml``.
    tables : mapping of str to DataFrame or Rows
        Rows are taken as they are; the line of a frame's row is its position + 2.
    """
    settings, problems = read_settings(entries, {})
    known, found, damaged = {}, [], set()
    for name, table in tables.items():
        if name not in TABLES:
            problems.append(_unknown(name, name))
        elif isinstance(table, Rows):
            known[name] = kept(table)
        elif len(table.columns):
            cells, twice = _columns_of(table, TABLES[name])
            found.append(Found(TABLES[name], cells, list(range(2, len(table) + 2))))
            for column in twice:
                message = f"column '{brief(column)}' appears twice."
                problems.append(Problem(name, 1, "", column, message))
                damaged.add(name)
    return _draft(settings, known | _typed(found, damaged, problems), problems, set(), {})


def _typed(found: list[Found], damaged: set[str], problems: list[Problem]) -> dict[str, Typed]:
    """Tables with their rows typed, those that only add up the others left out."""
    problems += without_totals(found)
    return {
        f.table.name: typed_table(f.table, f.cells, f.lines, whole=f.table.name not in damaged)
        for f in found
    }


def _columns_of(frame: pd.DataFrame, table: Table) -> tuple[Columns, list[str]]:
    """Cells of a frame by column, and the columns it has twice in whatever spelling."""
    cells: Columns = {}
    twice = []
    for position, written in enumerate(frame.columns):
        name = column_name(str(written), table.columns)
        if name in cells:
            twice.append(name)
        else:
            cells[name] = _cells_of(frame.iloc[:, position])
    return cells, twice


def _draft(
    settings: Settings,
    tables: Mapping[str, Typed],
    problems: list[Problem],
    unread: set[str],
    lines: Mapping[str, int],
) -> tuple[Draft, list[Problem]]:
    every = {
        name: tables[name] if name in tables else absent(table, unread=name in unread)
        for name, table in TABLES.items()
    }
    draft = Draft(
        settings,
        {name: table.rows for name, table in every.items()},
        {name: table.names for name, table in every.items() if table.names is not None},
        {name for name, table in every.items() if not table.whole},
        lines,
    )
    return draft, problems + [problem for table in every.values() for problem in table.problems]


def _settings_of(source: Source) -> tuple[Settings, dict[str, int], list[Problem]]:
    """The round, the lines of its entries, and what is wrong with them."""
    problems: list[Problem] = []
    if SETTINGS_FILE in source.files:
        entries, lines, problems = parse_toml(source.files[SETTINGS_FILE])
        if entries is not None and SETTINGS_FILE not in source.unread:
            settings, found = read_settings(entries, lines)
            return settings, lines, problems + found
    elif SETTINGS_FILE not in source.unread:
        missing = "the file is missing; it names the round, its base year and its plan years."
        problems = [Problem(SETTINGS_FILE, None, "", "", missing)]
    return Settings("", 0, ()), {}, problems


def _unknown(name: str, file: str) -> Problem:
    hint = Suggester(TABLES)(name)
    statement = f"there is no table '{brief(name)}'"
    return Problem(file, None, "", file, sentence(statement, hint), hint)


def _cells_of(series: pd.Series[Any]) -> list[str] | Floats:
    """Cells of a column made in memory: numbers as they are, anything else as text."""
    if series.dtype.kind in "iuf":
        numbers: Floats = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers
    return texts_of(series.to_numpy(dtype=object), series.isna().to_numpy(dtype=bool))
