"""Turning cells into typed columns, and saying what is wrong with those that cannot be.

The common case is one pass of plain conversions over a whole column; cells are looked
at one by one only where that fails.
"""

from __future__ import annotations

import re
import unicodedata
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
from allocator.instance.tables.column import NO_VALUE, Column, Form
from allocator.instance.tables.lists import SEPARATOR, listed_names, names_in, words_in
from allocator.instance.tables.rows import BLANK_YEAR
from allocator.instance.tables.years import not_a_year, year_of
from allocator.words import Suggester, brief, count, number, unseen

_FLAGS = {"yes": True, "no": False, "true": True, "false": False}
_LARGEST_INTEGER = 2**53
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")


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

    def refuse_all(self, positions: Sequence[int], value: str, message: str) -> None:
        """Note cells that cannot be used for the same cause, once."""
        self.refuse(positions[0], value, message)
        self.bad.update(positions)

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
    texts = _as_spaces(cells, texts, _SPACES, "a no-break space")
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


def _as_spaces(cells: Cells, texts: list[str], pattern: re.Pattern[str], what: str) -> list[str]:
    """Texts with a space for what looks like one, which is said once."""
    if not pattern.search("\0".join(texts)):
        return texts
    found = [position for position, text in enumerate(texts) if pattern.search(text)]
    others = f", as it was in {count(len(found) - 1, 'more cell')}" if len(found) > 1 else ""
    cells.notice(found[0], texts[found[0]], f"{what} in the cell was read as a space{others}.")
    return [pattern.sub(" ", text).strip() for text in texts]


def _text(cells: Cells, texts: list[str]) -> Values:
    form = cells.column.form
    if form == "prose":
        texts = [re.sub("\r\n?", "\n", text) if "\r" in text else text for text in texts]
    else:
        texts = _as_spaces(cells, texts, _BREAKS, "a line break or tab")
    _refuse_unseen(cells, texts, "\n\t" if form == "prose" else "")
    return np.array(_FORMS[form](cells, texts) if form in _FORMS else texts, dtype=object)


def _refuse_unseen(cells: Cells, texts: list[str], among: str) -> None:
    joined = "".join(texts)
    if joined.isprintable():
        return
    if not writable(joined):
        for position, text in enumerate(texts):
            if not writable(text):
                cells.refuse(position, ascii(text), UNWRITABLE)
    found: dict[str, list[int]] = {}
    for position, text in enumerate(texts):
        hidden = unseen(text, among)
        if hidden and position not in cells.bad:
            found.setdefault(hidden, []).append(position)
    for hidden, positions in found.items():
        more = len(positions) - 1
        others = f", as {'does' if more == 1 else 'do'} {count(more, 'more cell')}" if more else ""
        name = unicodedata.name(hidden, "control character").lower()
        cells.refuse_all(
            positions,
            texts[positions[0]],
            f"the text holds a character that cannot be seen (U+{ord(hidden):04X}, {name})"
            f"{others}; delete it, or replace it by nothing in the whole file.",
        )


def _names(cells: Cells, texts: list[str]) -> list[str]:
    every = {text: names_in(text) for text in dict.fromkeys(texts)}
    odd = _once_by_spaces([name for names in every.values() for name in names])
    if odd:
        first = next(at for at, text in enumerate(texts) if odd in every[text])
        cells.notice(
            first,
            texts[first],
            f"'{brief(odd)}' is one {cells.column.name.removesuffix('s')}; separate several "
            f"by '{SEPARATOR}'.",
        )
    return [listed_names(text) if SEPARATOR in text else text for text in texts]


def _once_by_spaces(names: list[str]) -> str:
    """First name that reads as several with spaces between them; empty when none does.

    It does when one of its words is a name itself, or each stands in another name too.
    """
    known = dict.fromkeys(names)
    homes: dict[str, int] = {}
    for name in known:
        for word in set(name.split()):
            homes[word] = homes.get(word, 0) + 1
    for name in known:
        words = name.split()
        if len(words) > 1 and (
            any(word in known for word in words) or all(homes[word] > 1 for word in words)
        ):
            return name
    return ""


def _words(cells: Cells, texts: list[str]) -> list[str]:
    return [f"{SEPARATOR} ".join(words_in(text)) for text in texts]


def _years(cells: Cells, texts: list[str]) -> list[str]:
    """Years as their figures; words as they are."""
    return [str(year_of(text) or text) for text in texts]


_FORMS: dict[Form, Callable[[Cells, list[str]], list[str]]] = {
    "names": _names,
    "numbers": _words,
    "words": _words,
    "year": _years,
}


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
        cells.refuse(
            position, texts[position], f"'{brief(texts[position])}' is not a whole number."
        )
    return np.where(whole, numbers, 0).astype(np.int64)


def _year(cells: Cells, texts: list[str]) -> Ints:
    known = {text: year_of(text) for text in set(texts)} | {"": BLANK_YEAR}
    if None in known.values():
        for position, text in enumerate(texts):
            if known[text] is None:
                blank = "" if cells.column.required else ", or leave it blank"
                cells.refuse(position, text, not_a_year(brief(text), blank))
    return np.array([known[text] or BLANK_YEAR for text in texts], dtype=np.int64)


def _flag(cells: Cells, texts: list[str]) -> Flags:
    for position, text in enumerate(texts):
        if text and text.lower() not in _FLAGS:
            cells.refuse(position, text, f"'{brief(text)}' is neither yes nor no.")
    return np.array([_FLAGS.get(text.lower(), False) for text in texts], dtype=bool)


_PARSERS: dict[str, Callable[[Cells, list[str]], Values]] = {
    "text": _text,
    "choice": _choice,
    "number": _number,
    "integer": _integer,
    "year": _year,
    "flag": _flag,
}
