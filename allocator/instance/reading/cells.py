"""From the bytes of a CSV to named columns of trimmed cells, each with its line."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from allocator.errors import Problem
from allocator.instance.reading.dialect import (
    column_name,
    separator_of,
    separators,
    with_points,
)
from allocator.instance.tables.guard import unguarded
from allocator.words import brief, count, listed

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
MOST_COLUMNS = 1000
"""Columns a header may have, whatever is in them."""


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
    separator : str
        What stands between its cells.
    """

    name: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    damaged: bool = False
    separator: str = ","

    def point_decimals(self, numbers: Iterable[str]) -> None:
        """Read decimal commas in columns of numbers, where commas do not separate cells."""
        if self.separator == ",":
            return
        first, rewritten, unclear = with_points(self.columns, numbers, self.lines)
        for line, column, text, message in unclear:
            self.problems.append(Problem(self.name, line, column, text, message))
        self.damaged |= bool(unclear)
        if rewritten:
            others = f", as were {rewritten - 1} more" if rewritten > 1 else ""
            _notice(self, None, f"'{first}' was read with a decimal comma{others}.", first)


def decode(name: str, content: bytes) -> tuple[str | None, list[Problem]]:
    """Text of a file, whatever a spreadsheet saved it as; None when it is not text.

    Spaces of every width are read as a space.
    """
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
    return _plain_spaces(name, text, problems), problems


def _plain_spaces(name: str, text: str, problems: list[Problem]) -> str:
    found = None if text.isascii() else _WIDE.search(text)
    if not found:
        return text
    text, times = _WIDE.subn(" ", text)
    others = f", as were {times - 1} more" if times > 1 else ""
    line = text.count("\n", 0, found.start()) + 1
    message = f"a no-break space (U+{ord(found[0]):04X}) was read as a space{others}."
    problems.append(Problem(name, line, "", "", message, severity="warning"))
    return text


def _unreadable(name: str) -> Problem:
    return Problem(name, None, "", "", "the file is not text; save it as 'CSV UTF-8'.")


def parse(
    name: str, content: bytes, known: Mapping[str, bool], *, required: bool = False
) -> RawTable:
    """Read the bytes of a CSV; what is wrong with it ends up in ``problems``.

    Parameters
    ----------
    name : str
        Table or file, as problems name it.
    content : bytes
        Content of the file.
    known : mapping of str to bool
        Columns it may have, and whether a row needs a value there.
    required : bool
        Whether every instance has the table.
    """
    text, problems = decode(name, content)
    instead = "" if required else " or delete it"
    table = RawTable(name, problems=problems)
    if text is None:
        table.damaged = True
        return table
    if not text.strip():
        _damage(table, None, f"the file is empty; give it a header line{instead}.")
        return table
    table.separator, start = separator_of(text, known)
    if table.separator != ",":
        words = f"columns are separated by {separators(table.separator)} instead of commas; read "
        _notice(table, 1, f"{words}as such.")
    lead = text.count("\n", 0, start)
    records, lines = _records(text[start:], lead, table)
    if records:
        _columns(records, lines, table, known)
    elif not table.damaged:
        _damage(table, None, f"the file has no header; give it one{instead}.")
    return table


def _notice(table: RawTable, line: int | None, message: str, value: str = "") -> None:
    table.problems.append(Problem(table.name, line, "", value, message, severity="warning"))


def _damage(table: RawTable, line: int | None, message: str, value: str = "") -> None:
    table.problems.append(Problem(table.name, line, "", value, message))
    table.damaged = True


def _records(text: str, lead: int, table: RawTable) -> tuple[list[list[str]], list[int]]:
    """Non-blank records and the line each starts on, after so many lines that are no part."""
    records: list[list[str]] = []
    lines: list[int] = []
    source = io.StringIO(text, newline="")
    start = lead + 1
    try:
        reader = csv.reader(source, delimiter=table.separator, strict=True)
        for record in reader:
            cells = [unguarded(cell.strip()) for cell in record]
            if any(cells):
                records.append(cells)
                lines.append(start)
            start = lead + reader.line_num + 1
    except (csv.Error, TypeError, ValueError) as error:
        _damage(
            table,
            start,
            f"the row cannot be read ({error}); a cell with a comma, a quote or a line break "
            'needs double quotes around it, and a quote inside is written "".',
        )
    return records, lines


def _columns(
    records: list[list[str]], lines: list[int], table: RawTable, known: Mapping[str, bool]
) -> None:
    header = records[0]
    while header and not header[-1]:
        header = header[:-1]
    if len(header) > MOST_COLUMNS:
        said = f"the header has {len(header)} columns, more than any table."
        _damage(table, lines[0], said)
        return
    names = [column_name(name, known) for name in header]
    kept: list[list[str]] = []
    short: list[int] = []
    for record, line in zip(records[1:], lines[1:], strict=True):
        if len(record) != len(names):
            if len(record) < len(names):
                short.append(line)
            record = _fitted(record, names, line, table, known)
            if not record:
                continue
        kept.append(record)
        table.lines.append(line)
    whole = set(table.lines)
    short = [line for line in short if line in whole]
    if short:
        others = f", and {count(len(short) - 1, 'more row')} like it" if len(short) > 1 else ""
        said = f"the row ends before the header's last column{others}; what is not there is blank."
        _notice(table, short[0], said)
    cells = [list(column) for column in zip(*kept, strict=True)] or [[] for _ in names]
    _name_columns(names, cells, table, lines[0])


def _fitted(
    record: list[str], names: list[str], line: int, table: RawTable, known: Mapping[str, bool]
) -> list[str]:
    """Record of the header's width where only blanks differ; else empty and reported."""
    width = len(names)
    if len(record) > width and not any(record[width:]):
        return record[:width]
    shown = brief(table.separator.join(record)[:80])
    if len(record) > width:
        hint = (
            "a cell with a comma needs double quotes around it"
            if table.separator == ","
            else "take out what stands beyond the header, or name its column"
        )
        said = f"the row has {len(record)} cells and the header has {width} columns; {hint}."
        _damage(table, line, said, shown)
        return []
    needed = [name for name in names[len(record) :] if known.get(name)]
    if needed:
        said = (
            f"the row has {count(len(record), 'cell')} and the header has {width} columns: it "
            f"ends before {listed(needed)}, which every row needs."
        )
        _damage(table, line, said, shown)
        return []
    return record + [""] * (width - len(record))


def _name_columns(names: list[str], cells: list[list[str]], table: RawTable, line: int) -> None:
    seen: set[str] = set()
    for position, (column, values) in enumerate(zip(names, cells, strict=True), start=1):
        spelling = "_".join(column.casefold().split())
        if not column:
            if any(values):
                _damage(table, line, f"column {position} has no name in the header.")
        elif spelling in seen:
            _damage(table, line, f"column '{brief(column)}' appears twice in the header.", column)
        else:
            seen.add(spelling)
            table.columns[column] = values
