"""From the cells of a table to its typed rows, those with an unusable cell left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from allocator.arrays import Floats, Values
from allocator.errors import Problem
from allocator.instance.reading.columns import Cells, typed
from allocator.instance.tables.column import Table
from allocator.instance.tables.rows import Rows, filled, no_rows
from allocator.words import Suggester, brief, sentence

_MOST_UNKNOWN = 20
"""Unknown columns that are named one by one."""


@dataclass(frozen=True)
class Typed:
    """A table that has been read.

    Attributes
    ----------
    rows : Rows
        Usable rows, sorted by key.
    names : set of str or None
        Names it declares, those of rows that cannot be used included; None when some may
        be missing.
    whole : bool
        Whether every row and column of it could be used.
    problems : list of Problem
        What was wrong.
    """

    rows: Rows
    names: set[str] | None
    whole: bool = True
    problems: list[Problem] = field(default_factory=list)


def kept(rows: Rows) -> Typed:
    """Rows that have been read before."""
    return Typed(rows, _names(rows[rows.table.key[0]]))


def absent(table: Table, *, unread: bool) -> Typed:
    """A table that is not there, or could not be opened; a required one is missed."""
    rows = no_rows(table.name)
    if unread:
        return Typed(rows, None, whole=False)
    if not table.required:
        return Typed(rows, set())
    message = f"the table is missing; a row of it is {table.row}."
    return Typed(rows, None, False, [Problem(table.name, None, "", "", message)])


def typed_table(
    table: Table,
    cells: Mapping[str, list[str] | Floats],
    lines: list[int],
    *,
    whole: bool = True,
) -> Typed:
    """Rows of a table.

    Parameters
    ----------
    table : Table
        What it may hold.
    cells : mapping of str to list of str or ndarray of float
        Cells by column: trimmed text, or numbers with NaN for a blank.
    lines : list of int
        Line of each row.
    whole : bool
        Whether all of its rows are there.
    """
    if not cells:
        return Typed(no_rows(table.name), None, whole)
    named = whole and table.key[0] in cells
    problems, meant = _unknown_columns(table, cells)
    if problems:
        whole = False  # a column under another name says something that is not known here
    columns: dict[str, Values] = {}
    usable = np.ones(len(lines), dtype=bool)
    for name, column in table.columns.items():
        if name in cells:
            found = Cells(table.name, column, lines)
            columns[name] = typed(found, cells[name])
            problems += found.problems
            usable[list(found.bad)] = False
            continue
        columns[name] = filled(column, len(lines))
        if column.required and name not in meant:
            message = f"the column '{name}' is missing: {column.meaning}."
            problems.append(Problem(table.name, 1, name, "", message))
        if column.required:
            usable[:] = whole = False
    rows = Rows(table, np.array(lines, dtype=np.int64), columns)
    return Typed(
        rows.take(usable).by_key(),
        _names(rows[table.key[0]]) if named else None,
        whole and bool(usable.all()),
        problems,
    )


def _names(column: Values) -> set[str]:
    return set(column.tolist()) - {""}


def _unknown_columns(table: Table, cells: Mapping[str, object]) -> tuple[list[Problem], set[str]]:
    """Columns the table does not have, and those it lacks that they were probably meant for."""
    suggest = Suggester(set(table.columns) - set(cells))
    missing = [name for name, c in table.columns.items() if c.required and name not in cells]
    unknown = [name for name in cells if name not in table.columns]
    problems: list[Problem] = []
    meant: set[str] = set()
    for name in unknown[:_MOST_UNKNOWN]:
        hint = suggest(name)
        if not hint and len(unknown) == len(missing) == 1:
            hint = f"did you mean '{missing[0]}', which is missing?"
        hint = hint or f"'allocator describe {table.name}' lists those it has."
        meant |= {column for column in missing if f"'{column}'" in hint}
        statement = f"{table.name} has no column '{brief(name)}'"
        problems.append(Problem(table.name, 1, name, name, sentence(statement, hint), hint))
    if len(unknown) > _MOST_UNKNOWN:
        message = f"{table.name} has none of {len(unknown) - _MOST_UNKNOWN} more columns either."
        problems.append(Problem(table.name, 1, "", "", message))
    return problems, meant
