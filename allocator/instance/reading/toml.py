"""Reading ``instance.toml``."""

from __future__ import annotations

import numbers
import re
import sys
import tomllib
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any

from allocator.errors import Problem
from allocator.instance.reading.cells import decode
from allocator.instance.reading.columns import Cells, text_of, typed
from allocator.instance.reading.values import not_a_number
from allocator.instance.tables.column import REQUIRED, Column, Kind
from allocator.instance.tables.settings import SETTINGS, SETTINGS_FILE, Settings
from allocator.instance.tables.years import MOST_YEARS
from allocator.words import Suggester, brief, sentence

_ENTRY = re.compile(r"[ \t]*\[*[ \t]*[\"']?([^=.\]\"']+?)[\"']?[ \t]*[=.\]]")
_MOST_UNKNOWN = 20
_PLACE = re.compile(r"\(at line (\d+), column \d+\)")


def parse_toml(content: bytes) -> tuple[dict[str, Any] | None, dict[str, int], list[Problem]]:
    """Entries of the file, None when it is unreadable, their lines, and what was wrong."""
    text, problems = decode(SETTINGS_FILE, content)
    if text is None:
        return None, {}, problems
    try:
        entries = tomllib.loads(text)
    except (RecursionError, MemoryError):
        message = "it nests lists or tables without end; an entry is a word, a number or a list."
        return None, {}, [*problems, Problem(SETTINGS_FILE, None, "", "", message)]
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        what = _PLACE.sub("", str(error)).strip().rstrip(".")
        line = int(place[1]) if place else None
        message = f'this is not TOML: {what}; text needs quotes, as in name = "Our round".'
        problems.append(Problem(SETTINGS_FILE, line, "", "", message))
        return None, {}, problems
    except ValueError:  # Python refuses whole numbers of thousands of digits
        message = "it holds a number of thousands of digits, which nothing can read."
        return None, {}, [*problems, Problem(SETTINGS_FILE, None, "", "", message)]
    return entries, _lines(text), problems


def _lines(text: str) -> dict[str, int]:
    """Line on which each entry first stands."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        found = _ENTRY.match(line)
        if found:
            lines.setdefault(found[1].strip(), number)
    return lines


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
        shown = "" if value is None else _written(value)
        line = lines.get(name)
        problems.append(Problem(SETTINGS_FILE, line, name, shown, message, suggestion))

    suggest = Suggester(SETTINGS)
    for name in [name for name in entries if name not in SETTINGS][:_MOST_UNKNOWN]:
        hint = suggest(name)
        statement = f"there is no entry '{brief(name)}'"
        refuse(name, entries[name], sentence(statement, hint), hint)
    found: dict[str, Any] = {}
    for name, entry in SETTINGS.items():
        value = entries.get(name)
        if value is not None:
            read, wrong = _value(entry, value, lines.get(name))
            problems += wrong
            if read is not None:
                found[name] = read
        elif entry.required:
            refuse(name, None, f"the entry '{name}' is missing: {entry.meaning}.")
    _check_years(found, refuse)
    if "years" not in found or "base_year" not in found:
        found |= {"years": (), "base_year": 0}
    return Settings(**{"name": "", **found}), problems


def _check_years(found: dict[str, Any], refuse: Callable[..., None]) -> None:
    years = found.get("years")
    if years is None:
        return
    if len(years) > MOST_YEARS:
        refuse("years", None, f"{len(years):,} years are more than a plan may have, {MOST_YEARS}.")
        del found["years"]
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


def _value(entry: Column, value: Any, line: int | None) -> tuple[Any, list[Problem]]:
    """Value of an entry, None when it cannot be used, and what is wrong or was noticed."""
    column, items = entry, [value]
    if entry.kind in _LISTS:
        kind, what = _LISTS[entry.kind]
        if not isinstance(value, list | tuple) or len(value) not in _sizes(entry):
            message = f"this is a list of {what}: {entry.meaning}."
            return None, [Problem(SETTINGS_FILE, line, entry.name, _written(value), message)]
        column, items = replace(entry, kind=kind, default=REQUIRED), list(value)
    cells = Cells(SETTINGS_FILE, column, [line] * len(items), "the round")
    found = typed(cells, [_text(cells, n, item) for n, item in enumerate(items)]).tolist()
    if cells.bad:
        return None, cells.problems
    if entry.kind == "texts":
        found = sorted({name.strip() for name in found})
    return tuple(found) if entry.kind in _LISTS else found[0], cells.problems


def _sizes(entry: Column) -> Container[int]:
    """How many items a list may have."""
    if entry.required:
        return range(1, sys.maxsize)
    return (len(entry.default),) if entry.default else range(sys.maxsize)


def _text(cells: Cells, position: int, item: Any) -> str:
    """An item as the text of a cell; one of the wrong type is refused."""
    kind = cells.column.kind
    types, what = _TYPES[kind]
    if not isinstance(item, types) or (isinstance(item, bool) and kind != "flag"):
        if isinstance(item, str) and kind in ("number", "integer"):
            cells.refuse(position, item, *not_a_number(item))
        else:
            cells.refuse(position, _written(item), f"{_written(item)} is not {what}.")
        return ""
    if isinstance(item, str):
        return item if item.strip() else ""
    try:
        return text_of(item if isinstance(item, bool) else float(item))
    except OverflowError:
        cells.refuse(position, "", "the number is too large to be one.")
        return ""


def _written(value: Any) -> str:
    """A value as a message quotes it, whatever it is."""
    try:
        return brief(value if isinstance(value, str) else repr(value))
    except (RecursionError, ValueError):  # nested, or of digits, without end
        return "…"


_LISTS: dict[str, tuple[Kind, str]] = {
    "years": ("year", "years, as in years = [2025, 2026]"),
    "texts": ("text", "names in quotes"),
    "numbers": ("number", "5 numbers from 0 to 1"),
}
"""Kind of the items of a list, and what they are."""

_TYPES: dict[str, tuple[Any, str]] = {
    "text": (str, "text in quotes"),
    "choice": (str, "a word in quotes"),
    "flag": (bool, "true or false (without quotes)"),
    "number": (numbers.Real, "a number"),
    "integer": (numbers.Real, "a whole number"),
    "year": ((numbers.Real, str), 'a year; write 2025 or "2025/26"'),
}
"""What TOML or Python may give for an entry of a kind, and what that is."""
