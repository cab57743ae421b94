"""Rows that add up the rows above them, as spreadsheets have: found before they are believed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from allocator.arrays import Floats
from allocator.errors import Problem
from allocator.instance.reading.values import decorated, plain
from allocator.instance.tables.column import Table
from allocator.instance.tables.total import called_total, off_by
from allocator.words import brief

_SAME = 1e-9

Columns = dict[str, list[str] | Floats]


@dataclass
class Found:
    """A table as it is written.

    Attributes
    ----------
    table : Table
        What it may hold.
    cells : dict of str to list of str or ndarray
        Cells by column.
    lines : list of int
        Line of each row.
    """

    table: Table
    cells: Columns
    lines: list[int]


def without_totals(tables: Sequence[Found]) -> list[Problem]:
    """Take out the rows that are a total of their table, and say so.

    A row is one when it is called Total and nothing else speaks of that name. Where its
    figures are the sums of the other rows nothing is lost, and it is skipped with a warning;
    otherwise it is an error, for the figures of either may be wrong.
    """
    problems = []
    meant = _meant(tables)
    for found in tables:
        column = found.table.key[0]
        names = found.cells.get(column)
        if not isinstance(names, list) or len(names) < 2:
            continue
        thing = found.table[column].reference or found.table.name
        totals = [
            at for at, name in enumerate(names) if called_total(name) and (thing, name) not in meant
        ]
        if totals and len(totals) < len(names):
            problems += [_problem(found, column, at, totals) for at in totals]
            _drop(found, totals)
    return problems


def _meant(tables: Sequence[Found]) -> set[tuple[str, str]]:
    """Table and name of everything called Total that some other row speaks of.

    That is a row of the table that declares it and a row elsewhere; one alone is a total.
    """
    declared: set[tuple[str, str]] = set()
    spoken: set[tuple[str, str]] = set()
    for found in tables:
        for name, column in found.table.columns.items():
            cells = found.cells.get(name)
            if column.kind != "text" or not isinstance(cells, list):
                continue
            called = {cell for cell in cells if called_total(cell)}
            first = name == found.table.key[0]
            if first and not column.reference:
                declared |= {(found.table.name, cell) for cell in called}
            elif column.reference and not first:
                spoken |= {(column.reference, cell) for cell in called}
    return declared & spoken


def _problem(found: Found, column: str, at: int, totals: list[int]) -> Problem:
    name, line = str(found.cells[column][at]), found.lines[at]
    said = f"'{brief(name)}' looks like a total of the other rows"
    sums = _sums(found, at, totals)
    off = next((entry for entry in sums if not _same(*entry[1:])), None)
    if sums and off is None:
        message = f"{said}, and its figures are: the row is skipped; delete it."
        return Problem(found.table.name, line, column, name, message, severity="warning")
    but = ", but " + off_by(*off) if off else ""
    message = f"{said}{but}; {'correct or delete' if off else 'delete'} the row."
    return Problem(found.table.name, line, column, name, message)


def _sums(found: Found, at: int, totals: list[int]) -> list[tuple[str, float, float]]:
    """Every figure of a row with the sum of the others of its column: column, figure, sum.

    Where rows have a year, only those of the same year count; those of all years where the
    row has none and that is what it adds up.
    """
    rows = [row for row in range(len(found.lines)) if row not in totals]
    year = found.cells.get("year")
    if year is None:
        return _added(found, at, rows)
    mine = [row for row in rows if _year(year[row]) == _year(year[at])]
    sums = _added(found, at, mine)
    if _year(year[at]) or (mine and all(_same(figure, whole) for _, figure, whole in sums)):
        return sums
    return _added(found, at, rows)


def _added(found: Found, at: int, rows: list[int]) -> list[tuple[str, float, float]]:
    sums = []
    for name, cells in found.cells.items():
        column = found.table.columns.get(name)
        if column is not None and column.kind == "number":
            figure = _figure(cells, at)
            if figure is not None:
                others = [value for value in (_figure(cells, row) for row in rows) if value]
                sums.append((name, figure, math.fsum(others)))
    return sums


def _same(figure: float, whole: float) -> bool:
    return math.isclose(figure, whole, rel_tol=_SAME, abs_tol=_SAME)


def _year(cell: str | float) -> str:
    """A year as it is written, nothing where there is none."""
    return "" if isinstance(cell, float) and math.isnan(cell) else str(cell).strip()


def _figure(cells: list[str] | Floats, at: int) -> float | None:
    if isinstance(cells, list):
        value = plain(cells[at])
        return decorated(cells[at]) if value is None else value
    return None if math.isnan(cells[at]) else float(cells[at])


def _drop(found: Found, totals: list[int]) -> None:
    keep = [row for row in range(len(found.lines)) if row not in set(totals)]
    found.lines[:] = [found.lines[row] for row in keep]
    for name, cells in found.cells.items():
        found.cells[name] = [cells[row] for row in keep] if isinstance(cells, list) else cells[keep]
