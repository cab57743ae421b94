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
from allocator.words import Suggester, sentence


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
    problems = _unknown_columns(table, cells)
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
        if column.required:
            message = f"the column '{name}' is missing: {column.meaning}."
            problems.append(Problem(table.name, 1, name, "", message))
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


def _unknown_columns(table: Table, cells: Mapping[str, object]) -> list[Problem]:
    suggest = Suggester(set(table.columns) - set(cells))
    problems = []
    for name in cells:
        if name not in table.columns:
            hint = suggest(name)
            statement = f"{table.name} has no column '{name}'"
            problems.append(Problem(table.name, 1, name, name, sentence(statement, hint), hint))
    return problems
