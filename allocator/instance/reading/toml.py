"""Reading ``instance.toml``."""

from __future__ import annotations

import math
import numbers
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from allocator.errors import Problem
from allocator.instance.reading.cells import decode
from allocator.instance.reading.values import (
    UNWRITABLE,
    not_a_choice,
    not_a_number,
    refused,
    writable,
)
from allocator.instance.tables.column import Column
from allocator.instance.tables.settings import SETTINGS, SETTINGS_FILE, Settings, year_of
from allocator.words import Suggester, sentence

_PLACE = re.compile(r"\(at line (\d+), column \d+\)")


class _WrongEntryError(Exception):
    """An entry that cannot be used: what is wrong, and what to write instead."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


def parse_toml(content: bytes) -> tuple[dict[str, Any] | None, dict[str, int], list[Problem]]:
    """Entries of the file, None when it is unreadable, their lines, and what was wrong."""
    text, problems = decode(SETTINGS_FILE, content)
    if text is None:
        return None, {}, problems
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        what = _PLACE.sub("", str(error)).strip().rstrip(".")
        line = int(place[1]) if place else None
        message = f'this is not TOML: {what}; text needs quotes, as in name = "Our round".'
        problems.append(Problem(SETTINGS_FILE, line, "", "", message))
        return None, {}, problems
    lines = {name: _line(text, name) for name in entries}
    return entries, {name: line for name, line in lines.items() if line}, problems


def _line(text: str, name: str) -> int:
    found = re.search(rf"^[ \t]*\[*[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*[=.\]]", text, re.M)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def read_settings(
    entries: Mapping[str, Any], lines: Mapping[str, int]
) -> tuple[Settings, list[Problem]]:
    """Settings from the entries of ``instance.toml``.

    Parameters
    ----------
    entries : mapping
        Entry name to value as TOML or Python gives it.
    lines : mapping
        Line of each entry in the file.

    Returns
    -------
    Settings
        An entry that is missing or wrong has its default there; there are no years while
        they, or the base year, are not known.
    list of Problem
        Everything wrong.
    """
    problems: list[Problem] = []

    def refuse(name: str, value: object, message: str, suggestion: str = "") -> None:
        shown = "" if value is None else str(value)
        line = lines.get(name)
        problems.append(Problem(SETTINGS_FILE, line, name, shown, message, suggestion))

    suggest = Suggester(SETTINGS)
    for name, value in entries.items():
        if name not in SETTINGS:
            hint = suggest(name)
            refuse(name, value, sentence(f"there is no entry '{name}'", hint), hint)
    found: dict[str, Any] = {}
    for name, entry in SETTINGS.items():
        if entries.get(name) is None:
            if entry.required:
                refuse(name, None, f"the entry '{name}' is missing: {entry.meaning}.")
            continue
        try:
            found[name] = _READERS[entry.kind](entry, entries[name])
        except _WrongEntryError as wrong:
            refuse(name, entries[name], wrong.message, wrong.suggestion)
    _check_years(found, refuse)
    if "years" not in found or "base_year" not in found:
        found |= {"years": (), "base_year": 0}
    return Settings(**{"name": "", **found}), problems


def _check_years(found: dict[str, Any], refuse: Callable[..., None]) -> None:
    years = found.get("years")
    if years is None:
        return
    expected = tuple(range(years[0], years[0] + len(years)))
    if years != expected:
        refuse(
            "years",
            list(years),
            "plan years must follow one another without gaps or repeats;",
            f"write {list(expected)}.",
        )
        del found["years"]
        return
    base = found.get("base_year")
    if base is not None and base != years[0] - 1:
        refuse(
            "base_year",
            base,
            f"the base year must be the year before the first plan year, {years[0] - 1}.",
        )
        del found["base_year"]


def _text(entry: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise _WrongEntryError(f"{value!r} is not text in quotes.")
    if not value.strip() and entry.required:
        raise _WrongEntryError(f"the entry is blank: {entry.meaning}.")
    if not writable(value):
        raise _WrongEntryError(UNWRITABLE)
    return value


def _choice(entry: Column, value: Any) -> str:
    if isinstance(value, str) and value in entry.choices:
        return value
    raise _WrongEntryError(*not_a_choice(entry, Suggester(entry.choices), str(value)))


def _flag(entry: Column, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _WrongEntryError(f"{value!r} is neither true nor false (without quotes).")
    return value


def _number(entry: Column, value: Any) -> float:
    if isinstance(value, str):
        raise _WrongEntryError(*not_a_number(value.strip()))
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise _WrongEntryError(f"{value!r} is not a number.")
    plain = float(value)
    if not math.isfinite(plain):
        raise _WrongEntryError(f"{value} is not a finite number.")
    for _, message in refused(entry, np.array([plain])):
        raise _WrongEntryError(message)
    return plain + 0.0


def _integer(entry: Column, value: Any) -> int:
    plain = _number(entry, value)
    if plain != math.floor(plain):
        raise _WrongEntryError(f"{plain:g} is not a whole number.")
    return int(plain)


def _year(entry: Column, value: Any) -> int:
    year = None
    if isinstance(value, str):
        year = year_of(value.strip())
    elif isinstance(value, numbers.Integral) and not isinstance(value, bool):
        year = year_of(str(int(value)))
    if year is None:
        raise _WrongEntryError(f'{value!r} is not a year; write 2025 or "2025/26".')
    return year


def _years(entry: Column, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise _WrongEntryError("the plan years are a list;", "write years = [2025, 2026].")
    return tuple(_year(entry, item) for item in value)


def _texts(entry: Column, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _WrongEntryError(f"this is a list of names in quotes: {entry.meaning}.")
    return tuple(sorted({item.strip() for item in value}))


def _numbers(entry: Column, value: Any) -> tuple[float, ...]:
    size = len(entry.default)
    numbers = value if isinstance(value, list | tuple) else ()
    fine = all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
    if len(numbers) != size or not fine or not all(0.0 <= n <= 1.0 for n in numbers):
        raise _WrongEntryError(f"this is a list of {size} numbers from 0 to 1: {entry.meaning}.")
    return tuple(float(n) for n in numbers)


_READERS: dict[str, Callable[[Column, Any], Any]] = {
    "text": _text,
    "choice": _choice,
    "flag": _flag,
    "number": _number,
    "integer": _integer,
    "year": _year,
    "years": _years,
    "texts": _texts,
    "numbers": _numbers,
}
