"""From the bytes of a CSV to named columns of trimmed cells, each with its line."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass

from allocator.errors import Problem

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass
class RawTable:
    """A table as written.

    Attributes
    ----------
    name : str
        Table name.
    columns : dict of str to list of str
        Cells by column, trimmed; all columns have one cell a row.
    lines : list of int
        Line of the file each row starts on; the header is line 1.
    problems : list of Problem
        What was wrong with the file.
    damaged : bool
        Whether rows were lost, so that nothing may be concluded from their absence.
    """

    name: str
    columns: dict[str, list[str]]
    lines: list[int]
    problems: list[Problem]
    damaged: bool = False


def decode(name: str, content: bytes) -> tuple[str | None, list[Problem]]:
    """Text of a file, whatever a spreadsheet saved it as; None when it is not text."""
    encoding = next((e for mark, e in _MARKS if content.startswith(mark)), "utf-8")
    problems = []
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            return None, [_unreadable(name)]
        problems.append(
            Problem(
                name,
                None,
                "",
                "",
                "the file is not UTF-8; it was read as Windows text (cp1252).",
                "Check accents and £ signs, and save it as 'CSV UTF-8'.",
                "warning",
            )
        )
    if "\0" in text:
        return None, [_unreadable(name)]
    return text, problems


def _unreadable(name: str) -> Problem:
    return Problem(name, None, "", "", "the file is not text; save it as 'CSV UTF-8'.")


def parse(name: str, content: bytes) -> RawTable:
    """Read the bytes of a CSV; what is wrong with it ends up in ``problems``."""
    text, problems = decode(name, content)
    table = RawTable(name, {}, [], problems)
    if text is None:
        table.damaged = True
        return table
    if not text.strip():
        _damage(table, None, "the file is empty; give it a header line or delete it.")
        return table
    delimiter = _delimiter(text, table)
    records, lines = _records(text, delimiter, table)
    if records:
        _columns(records, lines, table)
    return table


def _damage(table: RawTable, line: int | None, message: str, value: str = "") -> None:
    table.problems.append(Problem(table.name, line, "", value, message))
    table.damaged = True


def _delimiter(text: str, table: RawTable) -> str:
    header = text.lstrip().split("\n", 1)[0]
    if "," in header or "\t" not in header:
        return ","
    table.problems.append(
        Problem(
            table.name,
            1,
            "",
            "",
            "columns are separated by tabs instead of commas; read as such.",
            severity="warning",
        )
    )
    return "\t"


def _records(text: str, delimiter: str, table: RawTable) -> tuple[list[list[str]], list[int]]:
    """Non-blank records and the line each starts on."""
    records: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cells):
                records.append(cells)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        _damage(
            table,
            start,
            f"the row cannot be read ({error}); a cell with a comma, a quote or a line break "
            'needs double quotes around it, and a quote inside is written "".',
        )
    return records, lines


def _columns(records: list[list[str]], lines: list[int], table: RawTable) -> None:
    header = records[0]
    while header and not header[-1]:
        header = header[:-1]
    if len(header) == 1 and ";" in header[0]:
        _damage(
            table,
            lines[0],
            "columns are separated by semicolons; save it as 'CSV (comma delimited)' with a "
            "point in decimals.",
            header[0],
        )
        return
    width = len(header)
    kept: list[list[str]] = []
    for record, line in zip(records[1:], lines[1:], strict=True):
        if len(record) != width:
            record = _fitted(record, width, line, table)
            if not record:
                continue
        kept.append(record)
        table.lines.append(line)
    cells = [list(column) for column in zip(*kept, strict=True)] or [[] for _ in header]
    _name_columns(header, cells, table, lines[0])


def _fitted(record: list[str], width: int, line: int, table: RawTable) -> list[str]:
    """Record cut to the header's width when only blanks are lost; else empty and reported."""
    if len(record) > width and not any(record[width:]):
        return record[:width]
    _damage(
        table,
        line,
        f"the row has {len(record)} cells and the header has {width} columns; a cell with a "
        "comma needs double quotes around it.",
        ",".join(record)[:80],
    )
    return []


def _name_columns(header: list[str], cells: list[list[str]], table: RawTable, line: int) -> None:
    for position, (column, values) in enumerate(zip(header, cells, strict=True), start=1):
        if not column:
            if any(values):
                _damage(table, line, f"column {position} has no name in the header.")
        elif column in table.columns:
            _damage(table, line, f"column '{column}' appears twice in the header.", column)
        else:
            table.columns[column] = values
