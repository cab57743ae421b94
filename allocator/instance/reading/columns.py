"""Turning cells into typed columns, and saying what is wrong with those that cannot be.

The common case is one pass of plain conversions over a whole column; cells are looked
at one by one only where that fails.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from allocator.errors import Problem
from allocator.instance.tables.rows import BLANK_YEAR, Array, filled
from allocator.instance.tables.schema import REQUIRED
from allocator.instance.tables.wording import Suggester, number, sentence

_POUNDS = re.compile(r"([+-]?)£?([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d*)?")
_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*%")
_BRACKETS = re.compile(r"\(£?([\d,]+(?:\.\d+)?)\)")
_YEAR = re.compile(r"(\d{4})(?:\.0+)?(?:/(\d{2}|\d{4}))?")
_FLAGS = {"yes": True, "no": False, "true": True, "false": False}
_LARGEST_INTEGER = 2**53
_SMALLEST, _LARGEST, _INFINITE = 1e-9, 1e15, 1e20


@dataclass
class Column:
    """Cells of one column on their way to being typed.

    Attributes
    ----------
    table, name : str
        Where the cells are.
    meta : dict
        What the schema says: kind, default, choices, bounds, key, refers.
    lines : list of int
        Line of each cell.
    problems : list of Problem
        What was wrong.
    bad : set of int
        Positions of cells without a usable value.
    """

    table: str
    name: str
    meta: dict[str, Any]
    lines: list[int]
    problems: list[Problem] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)

    def refuse(self, position: int, value: object, message: str, suggestion: str = "") -> None:
        """Note a cell that cannot be used."""
        line = self.lines[position]
        self.problems.append(Problem(self.table, line, self.name, str(value), message, suggestion))
        self.bad.add(position)

    def notice(self, position: int, value: str, message: str) -> None:
        """Note how a cell was read."""
        line = self.lines[position]
        self.problems.append(
            Problem(self.table, line, self.name, value, message, severity="warning")
        )


def typed(column: Column, cells: list[str]) -> Array:
    """Cells as an array of the column's kind; blanks become its default.

    Parameters
    ----------
    column : Column
        Where the cells are and what they may be; problems are added to it.
    cells : list of str
        Trimmed text, one a row.
    """
    kind = column.meta["kind"]
    values = _PARSERS[kind](column, cells)
    if kind in ("number", "integer"):
        check_numbers(column, values)
    return values


def check_numbers(column: Column, values: Array) -> None:
    """Refuse numbers outside the column's bounds or beyond what a solver can hold."""
    numbers = values.astype(np.float64)
    size = np.abs(numbers)
    for positions, message in _out_of_range(column.meta, numbers, size):
        for position in positions:
            if position not in column.bad:
                column.refuse(position, number(numbers[position]), message(numbers[position]))


def _out_of_range(
    meta: dict[str, Any], numbers: Array, size: Array
) -> Iterator[tuple[list[int], Callable[[float], str]]]:
    allowed = _allowed(meta)
    outside = np.zeros(len(numbers), dtype=bool)
    if meta["low"] is not None:
        outside |= numbers < meta["low"]
    if meta["above"] is not None:
        outside |= numbers <= meta["above"]
    if meta["high"] is not None:
        outside |= numbers > meta["high"]
    negative = "; money here cannot be negative" if meta["unit"] == "money" else ""
    yield (
        np.flatnonzero(outside).tolist(),
        lambda value: (
            f"{number(value)} is not allowed: it must be {allowed}{negative if value < 0 else ''}."
        ),
    )
    with np.errstate(invalid="ignore"):
        infinite = size >= _INFINITE
        large = (size > _LARGEST) & ~infinite
        small = (size < _SMALLEST) & (size > 0)
    yield (
        np.flatnonzero(infinite).tolist(),
        lambda value: (
            f"{value:g} is as good as infinite to a solver; leave a limit blank where "
            "there is none, or write the real figure."
        ),
    )
    yield (
        np.flatnonzero(large).tolist(),
        lambda value: (
            f"{value:g} is more than 1e15, beyond what a solver can tell apart; use a larger unit."
        ),
    )
    yield (
        np.flatnonzero(small).tolist(),
        lambda value: (
            f"{value:g} is closer to 0 than 1e-9, which a solver takes for 0; use a "
            "smaller unit or write 0."
        ),
    )


def _allowed(meta: dict[str, Any]) -> str:
    low, above, high = meta["low"], meta["above"], meta["high"]
    if high is not None and low is not None:
        return f"from {number(low)} to {number(high)}"
    if high is not None:
        return f"more than {number(above)} and at most {number(high)}"
    return f"more than {number(above)}" if above is not None else f"{number(low or 0)} or more"


def _blank(column: Column, position: int) -> Any:
    default = column.meta["default"]
    if default == REQUIRED:
        column.refuse(position, "", f"{column.name} is blank but every row needs one.")
        return None
    return default


def _text(column: Column, cells: list[str]) -> Array:
    values = np.array(cells, dtype=object)
    if column.meta["default"] == REQUIRED and "" in cells:
        for position in [p for p, cell in enumerate(cells) if not cell]:
            _blank(column, position)
    elif column.meta["default"] and "" in cells:
        values[values == ""] = column.meta["default"]
    joined = "".join(cells)
    is_name = column.meta["key"] or column.meta["refers"]
    if is_name and not joined.isprintable():
        for position, cell in enumerate(cells):
            if not cell.isprintable():
                hidden = next(c for c in cell if not c.isprintable())
                column.refuse(
                    position,
                    cell,
                    f"the name holds a character that cannot be seen (U+{ord(hidden):04X}); "
                    "type it again.",
                )
    if "\r" in joined:
        values = np.array([re.sub("\r\n?", "\n", cell) for cell in cells], dtype=object)
    _check_encodable(column, cells, joined)
    return values


def _check_encodable(column: Column, cells: list[str], joined: str) -> None:
    try:
        joined.encode()
    except UnicodeEncodeError:
        for position, cell in enumerate(cells):
            if cell.encode(errors="ignore").decode() != cell and position not in column.bad:
                column.refuse(position, ascii(cell), "the text cannot be written to a file.")


def _choice(column: Column, cells: list[str]) -> Array:
    choices = column.meta["choices"]
    default = column.meta["default"]
    values = np.array(cells, dtype=object)
    unknown = set(cells) - set(choices) - ({""} if default != REQUIRED else set())
    if default != REQUIRED and default != "" and "" in cells:
        values[values == ""] = default
    if unknown:
        words = [c for c in choices if c]
        suggest = Suggester(words)
        for position, cell in enumerate(cells):
            if cell in unknown and not cell:
                _blank(column, position)
            elif cell in unknown:
                hint = suggest(cell)
                statement = f"'{cell}' is not a {column.name}: allowed are {', '.join(words)}"
                column.refuse(position, cell, sentence(statement, hint), hint)
    return values


def _number(column: Column, cells: list[str]) -> Array:
    default = column.meta["default"]
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells], dtype=np.float64)
    except ValueError:
        return _numbers_one_by_one(column, cells)
    blanks = cells.count("")
    ordinary = np.count_nonzero(np.isfinite(values)) + blanks == len(cells)
    if not ordinary or (blanks and default == REQUIRED) or "_" in "".join(cells):
        return _numbers_one_by_one(column, cells)
    if blanks and default is not None:
        values[np.isnan(values)] = default
    return values + 0.0  # minus zero becomes zero


def _numbers_one_by_one(column: Column, cells: list[str]) -> Array:
    values = filled("number", len(cells), None)
    default = column.meta["default"]
    rewritten = []
    for position, cell in enumerate(cells):
        if not cell:
            found = _blank(column, position) if default == REQUIRED else default
            values[position] = np.nan if found is None else found
            continue
        plain = _plain(cell)
        if plain is None:
            plain = _decorated(cell)
            if plain is None:
                column.refuse(position, cell, *_not_a_number(cell))
                continue
            rewritten.append(position)
        values[position] = plain
    if rewritten:
        first = rewritten[0]
        others = f" So were {len(rewritten) - 1} more cells." if len(rewritten) > 1 else ""
        column.notice(
            first,
            cells[first],
            f"'{cells[first]}' was read as {number(values[first])}: £ signs and thousands "
            f"separators are left out.{others}",
        )
    return values + 0.0


def _plain(cell: str) -> float | None:
    if "_" in cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _decorated(cell: str) -> float | None:
    found = _POUNDS.fullmatch(cell.replace("−", "-").replace(" ", ""))
    if not found or (found[1] and found[2]) or " " in cell.strip("£+-− "):
        return None
    return float(found[1] + found[2] + found[3].replace(",", "") + (found[4] or ""))


def _not_a_number(cell: str) -> tuple[str, str]:
    """Why a cell is no number, and what to write instead."""
    if percent := _PERCENT.fullmatch(cell):
        share = float(percent[1]) / 100
        return f"'{cell}' is a percentage;", f"write {share:.12g}."
    if brackets := _BRACKETS.fullmatch(cell):
        return f"'{cell}' is in brackets;", f"write -{brackets[1].replace(',', '')}."
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"'{cell}' is not a finite number; leave the cell blank where that is allowed.", ""
    if cell.startswith("#"):
        return f"'{cell}' is a spreadsheet error, not a number.", ""
    return f"'{cell}' is not a number such as 1234.5.", ""


def _integer(column: Column, cells: list[str]) -> Array:
    numbers = _number(column, cells)
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers))
    whole &= np.abs(numbers) <= _LARGEST_INTEGER
    for position in np.flatnonzero(~whole).tolist():
        if position not in column.bad:
            column.refuse(position, cells[position], f"'{cells[position]}' is not a whole number.")
    return np.where(whole, numbers, 0).astype(np.int64)


def _year(column: Column, cells: list[str]) -> Array:
    known: dict[str, int | None] = {"": BLANK_YEAR}
    values = filled("year", len(cells), None)
    for position, cell in enumerate(cells):
        if cell not in known:
            known[cell] = year_of(cell)
        year = known[cell]
        if year is None:
            column.refuse(
                position, cell, f"'{cell}' is not a year; write 2025 or 2025/26, or leave it blank."
            )
        else:
            values[position] = year
    return values


def year_of(text: str) -> int | None:
    """Year meant by 2025 or 2025/26; None when the text is neither."""
    found = _YEAR.fullmatch(text)
    if not found or not found[1].isascii():
        return None
    year = int(found[1])
    following = found[2]
    if following and int(following) != (year + 1) % 10 ** len(following):
        return None
    return year or None


def _flag(column: Column, cells: list[str]) -> Array:
    values = filled("flag", len(cells), column.meta["default"])
    for position, cell in enumerate(cells):
        if not cell:
            if column.meta["default"] == REQUIRED:
                _blank(column, position)
        elif cell.lower() in _FLAGS:
            values[position] = _FLAGS[cell.lower()]
        else:
            column.refuse(position, cell, f"'{cell}' is neither yes nor no.")
    return values


_PARSERS: dict[str, Callable[[Column, list[str]], Array]] = {
    "text": _text,
    "choice": _choice,
    "number": _number,
    "integer": _integer,
    "year": _year,
    "flag": _flag,
}
