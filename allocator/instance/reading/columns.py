"""Turning cells into typed columns, and saying what is wrong with those that cannot be.

The common case is one pass of plain conversions over a whole column; cells are looked
at one by one only where that fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from allocator.arrays import Flags, Floats, Ints, Values
from allocator.errors import Problem
from allocator.instance.reading.values import (
    UNWRITABLE,
    decorated,
    not_a_choice,
    not_a_number,
    plain,
    refused,
    writable,
)
from allocator.instance.tables.column import NO_VALUE, Column
from allocator.instance.tables.rows import BLANK_YEAR
from allocator.instance.tables.settings import year_of
from allocator.words import Suggester, number

_FLAGS = {"yes": True, "no": False, "true": True, "false": False}
_LARGEST_INTEGER = 2**53


@dataclass
class Cells:
    """Cells of one column on their way to being typed.

    Attributes
    ----------
    table : str
        Table they are in.
    column : Column
        What they may be.
    lines : list of int or None
        Line of each cell.
    needed_by : str
        What needs a value of its own where there is no default.
    problems : list of Problem
        What was wrong.
    bad : set of int
        Positions of cells without a usable value.
    """

    table: str
    column: Column
    lines: Sequence[int | None]
    needed_by: str = "every row"
    problems: list[Problem] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)

    def refuse(self, position: int, value: object, message: str, suggestion: str = "") -> None:
        """Note a cell that cannot be used, unless that is known already."""
        if position not in self.bad:
            self._note(position, str(value), message, suggestion, "error")
            self.bad.add(position)

    def notice(self, position: int, value: str, message: str) -> None:
        """Note how a cell was read."""
        self._note(position, value, message, "", "warning")

    def _note(
        self, position: int, value: str, message: str, suggestion: str, severity: str
    ) -> None:
        place = self.table, self.lines[position], self.column.name
        self.problems.append(Problem(*place, value, message, suggestion, severity))


def typed(cells: Cells, written: list[str] | Floats) -> Values:
    """Cells as an array of the column's kind; blanks become its default.

    Parameters
    ----------
    cells : Cells
        Where the cells are and what they may be; problems are added to it.
    written : list of str or ndarray of float
        Trimmed text, one a row, or numbers with NaN for a blank.
    """
    column = cells.column
    if isinstance(written, list):
        texts = written
    elif column.kind == "number" and not np.isinf(written).any():
        return _settled(cells, written + 0.0, np.isnan(written))
    else:
        texts = texts_of(written, np.isnan(written))
    blank = np.fromiter((not text for text in texts), bool, len(texts))
    return _settled(cells, _PARSERS[column.kind](cells, texts), blank)


def texts_of(values: Values, blank: Flags) -> list[str]:
    """Values made in memory as the text of cells."""
    return [
        "" if none else text_of(value)
        for value, none in zip(values.tolist(), blank.tolist(), strict=True)
    ]


def text_of(value: object) -> str:
    """A value made in memory as the text of a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return str(value).strip()


def _settled(cells: Cells, values: Values, blank: Flags) -> Values:
    """Values with the default where a cell is blank, those out of bounds refused."""
    column = cells.column
    if column.required:
        for position in np.flatnonzero(blank).tolist():
            cells.refuse(position, "", f"{column.name} is blank but {cells.needed_by} needs one.")
    elif column.default is not NO_VALUE:
        values[blank] = column.default
    if column.kind in ("number", "integer"):
        figures = values.astype(np.float64)
        for position, message in refused(column, figures):
            cells.refuse(position, number(figures[position]), message)
    return values


def _text(cells: Cells, texts: list[str]) -> Values:
    joined = "".join(texts)
    if (cells.column.key or cells.column.reference) and not joined.isprintable():
        for position, text in enumerate(texts):
            hidden = next((c for c in text if not c.isprintable()), None)
            if hidden is not None:
                cells.refuse(
                    position,
                    text,
                    f"the name holds a character that cannot be seen (U+{ord(hidden):04X}); "
                    "type it again.",
                )
    if not writable(joined):
        for position, text in enumerate(texts):
            if not writable(text):
                cells.refuse(position, ascii(text), UNWRITABLE)
    if "\r" in joined:
        texts = [re.sub("\r\n?", "\n", text) for text in texts]
    return np.array(texts, dtype=object)


def _choice(cells: Cells, texts: list[str]) -> Values:
    unknown = set(texts) - {"", *cells.column.choices}
    if unknown:
        suggest = Suggester(cells.column.choices)
        for position, text in enumerate(texts):
            if text in unknown:
                cells.refuse(position, text, *not_a_choice(cells.column, suggest, text))
    return np.array(texts, dtype=object)


def _number(cells: Cells, texts: list[str]) -> Floats:
    """Numbers, NaN for a blank cell and one that is no number."""
    try:
        values = np.array([float(text) if text else np.nan for text in texts], dtype=np.float64)
    except ValueError:
        return _numbers_one_by_one(cells, texts)
    usable = np.count_nonzero(np.isfinite(values)) + texts.count("") == len(texts)
    if not usable or "_" in "".join(texts):
        return _numbers_one_by_one(cells, texts)
    return values + 0.0  # minus zero becomes zero


def _numbers_one_by_one(cells: Cells, texts: list[str]) -> Floats:
    values = np.full(len(texts), np.nan)
    rewritten = []
    for position, text in enumerate(texts):
        value = plain(text)
        if value is None and text:
            value = decorated(text)
            if value is None:
                cells.refuse(position, text, *not_a_number(text))
            else:
                rewritten.append(position)
        values[position] = np.nan if value is None else value
    if rewritten:
        first = rewritten[0]
        others = f" So were {len(rewritten) - 1} more cells." if len(rewritten) > 1 else ""
        cells.notice(
            first,
            texts[first],
            f"'{texts[first]}' was read as {number(values[first])}: £ signs and thousands "
            f"separators are left out.{others}",
        )
    return values + 0.0


def _integer(cells: Cells, texts: list[str]) -> Ints:
    numbers = _number(cells, texts)
    whole = (numbers == np.floor(numbers)) & (np.abs(numbers) <= _LARGEST_INTEGER)
    for position in np.flatnonzero(~whole & ~np.isnan(numbers)).tolist():
        cells.refuse(position, texts[position], f"'{texts[position]}' is not a whole number.")
    return np.where(whole, numbers, 0).astype(np.int64)


def _year(cells: Cells, texts: list[str]) -> Ints:
    known = {text: year_of(text) for text in set(texts)} | {"": BLANK_YEAR}
    if None in known.values():
        for position, text in enumerate(texts):
            if known[text] is None:
                blank = "" if cells.column.required else ", or leave it blank"
                message = f"'{text}' is not a year; write 2025 or 2025/26{blank}."
                cells.refuse(position, text, message)
    return np.array([known[text] or BLANK_YEAR for text in texts], dtype=np.int64)


def _flag(cells: Cells, texts: list[str]) -> Flags:
    for position, text in enumerate(texts):
        if text and text.lower() not in _FLAGS:
            cells.refuse(position, text, f"'{text}' is neither yes nor no.")
    return np.array([_FLAGS.get(text.lower(), False) for text in texts], dtype=bool)


_PARSERS: dict[str, Callable[[Cells, list[str]], Values]] = {
    "text": _text,
    "choice": _choice,
    "number": _number,
    "integer": _integer,
    "year": _year,
    "flag": _flag,
}
