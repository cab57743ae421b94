"""What cells of a table and entries of ``instance.toml`` may be, and why one may not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.instance.tables.column import Column
from allocator.instance.tables.help import bounds, words
from allocator.tolerances import INFINITE, LARGE, SMALLEST
from allocator.words import Suggester, brief, number, sentence

_POUNDS = re.compile(r"([+-]?)£?([+-]?)(\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(\.\d*)?")
_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*%")
_BRACKETS = re.compile(r"\(£?([\d,]+(?:\.\d+)?)\)")

UNWRITABLE = "the text cannot be written to a file."


def writable(text: str) -> bool:
    """Whether a file can hold the text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain(text: str) -> float | None:
    """Number as Python writes it; None when the text is none, or not finite."""
    if "_" in text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def decorated(text: str) -> float | None:
    """Number with a £ sign or thousands separators; None when the text is none."""
    sign = len(text) - len(text.lstrip("£+-− "))
    found = _POUNDS.fullmatch(text[:sign].replace("−", "-").replace(" ", "") + text[sign:])
    if not found or (found[1] and found[2]):
        return None
    digits = found[3].replace(",", "").replace(" ", "")
    return float(found[1] + found[2] + digits + (found[4] or ""))


def not_a_number(text: str) -> tuple[str, str]:
    """Why a text is no number, and what to write instead."""
    text = brief(text)
    if percent := _PERCENT.fullmatch(text):
        share = float(percent[1]) / 100
        return f"'{text}' is a percentage;", f"write {share:.12g}."
    if brackets := _BRACKETS.fullmatch(text):
        return f"'{text}' is in brackets;", f"write -{brackets[1].replace(',', '')}."
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"'{text}' is not a finite number; leave the cell blank where that is allowed.", ""
    if text.startswith("#"):
        return f"'{text}' is a spreadsheet error, not a number.", ""
    return f"'{text}' is not a number such as 1234.5.", ""


def not_a_choice(column: Column, suggest: Suggester, text: str) -> tuple[str, str]:
    """That a word is none of the column's, and the one that was probably meant."""
    hint = suggest(text)
    text = brief(text)
    article = "an" if column.name[0] in "aeiou" else "a"
    statement = f"'{text}' is not {article} {column.name}: allowed are {words(column)}"
    return sentence(statement, hint), hint


def refused(column: Column, figures: Floats) -> Iterator[tuple[int, str]]:
    """Position of each figure outside the column's bounds or a solver's, and why."""
    for mask, message in _tests(column, figures):
        for position in np.flatnonzero(mask).tolist():
            yield position, message(figures[position])


def _tests(column: Column, figures: Floats) -> Iterator[tuple[Flags, Callable[[float], str]]]:
    outside = np.zeros(len(figures), dtype=bool)
    if column.low is not None:
        outside |= figures < column.low
    if column.above is not None:
        outside |= figures <= column.above
    if column.high is not None:
        outside |= figures > column.high
    negative = "; money here cannot be negative" if column.unit.startswith("money") else ""
    yield (
        outside,
        lambda value: (
            f"{number(value)} is not allowed: it must be {bounds(column)}"
            f"{negative if value < 0 else ''}."
        ),
    )
    size = np.abs(figures)
    yield (
        size >= INFINITE,
        lambda value: (
            f"{value:g} is as good as infinite to a solver; leave a limit blank where "
            "there is none, or write the real figure."
        ),
    )
    yield (
        (size > LARGE) & (size < INFINITE),
        lambda value: (
            f"{value:g} is more than 1e15, beyond what a solver can tell apart"
            f"{_other_unit(column, larger_figure=False)}."
        ),
    )
    yield (
        (size < SMALLEST) & (size > 0),
        lambda value: (
            f"{value:g} is closer to 0 than 1e-9, which a solver takes for 0"
            f"{_other_unit(column, larger_figure=True)}."
        ),
    )


def _other_unit(column: Column, *, larger_figure: bool) -> str:
    """What makes a figure larger, or smaller: the unit of it, or of what it is for each of.

    A figure counted in a unit grows when the unit shrinks, one for each of a unit when that
    grows.
    """
    small, large = ("smaller", "larger") if larger_figure else ("larger", "smaller")
    own, _, each = column.unit.removesuffix(" a year").partition("per ")
    advice = [f"count {own.strip()} in a {small} unit"] if own.strip() in _COUNTED else []
    if each:
        advice.append(f"count {_EACH.get(column.name, each)} in a {large} unit")
    zero = column.above is None and (column.low is None or column.low <= 0.0)
    if larger_figure and zero:
        advice.append("write 0 if nothing is meant")
    return f"; {' or '.join(advice)}" if advice else ""


_COUNTED = ("money", "activity", "resource", "outcome", "heads")
_EACH = {"weight": "the outcome", "penalty": "what the rule measures"}
