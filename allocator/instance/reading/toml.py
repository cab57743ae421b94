"""Reading ``instance.toml``."""

from __future__ import annotations

import math
import numbers
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from allocator.errors import Problem
from allocator.instance.reading.cells import decode
from allocator.instance.reading.columns import year_of
from allocator.instance.reading.files import SETTINGS_FILE
from allocator.instance.tables.schema import REQUIRED, SETTINGS, Setting
from allocator.instance.tables.settings import Settings
from allocator.instance.tables.wording import Suggester, number, sentence

_PLACE = re.compile(r"\(at line (\d+), column \d+\)")


class _WrongEntryError(Exception):
    """An entry that cannot be used: what is wrong, and what to write instead."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


def parse_toml(content: bytes) -> tuple[dict[str, Any], str, list[Problem]]:
    """Entries of the file, its text, and what made it unreadable."""
    text, problems = decode(SETTINGS_FILE, content)
    if text is None:
        return {}, "", problems
    try:
        return tomllib.loads(text), text, problems
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        what = _PLACE.sub("", str(error)).strip().rstrip(".")
        line = int(place[1]) if place else None
        message = f'this is not TOML: {what}; text needs quotes, as in name = "Our round".'
        problems.append(Problem(SETTINGS_FILE, line, "", "", message))
        return {}, text, problems


def read_settings(
    entries: Mapping[str, Any], text: str = ""
) -> tuple[Settings | None, list[Problem]]:
    """Settings from the entries of ``instance.toml``.

    Parameters
    ----------
    entries : mapping
        Entry name to value as TOML or Python gives it.
    text : str
        The file's text, to find the line of an entry.

    Returns
    -------
    Settings or None
        None when the plan years are not known; an entry that is wrong otherwise has
        its default there.
    list of Problem
        Everything wrong.
    """
    problems: list[Problem] = []

    def refuse(name: str, value: object, message: str, suggestion: str = "") -> None:
        line = settings_line(text, name)
        shown = "" if value is None else str(value)
        problems.append(Problem(SETTINGS_FILE, line, name, shown, message, suggestion))

    suggest = Suggester(SETTINGS)
    for name, value in entries.items():
        if name not in SETTINGS:
            hint = suggest(name)
            refuse(name, value, sentence(f"there is no entry '{name}'", hint), hint)
    found: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if entries.get(name) is None:
            if setting.default == REQUIRED:
                refuse(name, None, f"the entry '{name}' is missing: {setting.meaning}.")
            continue
        try:
            found[name] = _READERS[setting.kind](setting, entries[name])
        except _WrongEntryError as wrong:
            refuse(name, entries[name], wrong.message, wrong.suggestion)
    _check_years(found, refuse)
    if "years" not in found or "base_year" not in found:
        return None, problems
    return Settings(**{"name": "", **found}), problems


def settings_line(text: str, name: str) -> int | None:
    """Line of an entry in the text of ``instance.toml``."""
    found = re.search(rf"^[ \t]*\[*[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*[=.\]]", text, re.M)
    return text.count("\n", 0, found.start()) + 1 if found else None


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


def _text(setting: Setting, value: Any) -> str:
    if not isinstance(value, str):
        raise _WrongEntryError(f"{value!r} is not text in quotes.")
    if not value.strip() and setting.default == REQUIRED:
        raise _WrongEntryError(f"the entry is blank: {setting.meaning}.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _WrongEntryError("the text cannot be written to a file.") from None
    return value


def _choice(setting: Setting, value: Any) -> str:
    if value in setting.choices and isinstance(value, str):
        return value
    hint = Suggester(setting.choices)(str(value))
    statement = f"'{value}' is not allowed: write {', '.join(setting.choices)}"
    raise _WrongEntryError(sentence(statement, hint), hint)


def _flag(setting: Setting, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _WrongEntryError(f"{value!r} is neither true nor false (without quotes).")
    return value


def _number(setting: Setting, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        percent = isinstance(value, str) and value.strip().endswith("%")
        hint = "write 5% as 0.05." if percent else ""
        raise _WrongEntryError(sentence(f"{value!r} is not a number", hint), hint)
    plain = float(value)
    if not math.isfinite(plain):
        raise _WrongEntryError(f"{value} is not a finite number.")
    low, high = setting.low, setting.high
    if (low is not None and plain < low) or (high is not None and plain > high):
        upper = "" if high is None else f" to {number(high)}"
        allowed = f"from {number(low or 0)}{upper}" if upper else f"{number(low or 0)} or more"
        raise _WrongEntryError(f"{plain:g} is not allowed: it must be {allowed}.")
    if plain and not 1e-9 <= abs(plain) <= 1e15:
        raise _WrongEntryError(f"{plain:g} is beyond what a solver can tell apart (1e-9 to 1e15).")
    return plain + 0.0


def _integer(setting: Setting, value: Any) -> int:
    plain = _number(setting, value)
    if plain != math.floor(plain):
        raise _WrongEntryError(f"{plain:g} is not a whole number.")
    return int(plain)


def _year(setting: Setting, value: Any) -> int:
    year = None
    if isinstance(value, str):
        year = year_of(value.strip())
    elif isinstance(value, numbers.Integral) and not isinstance(value, bool):
        year = year_of(str(int(value)))
    if year is None:
        raise _WrongEntryError(f'{value!r} is not a year; write 2025 or "2025/26".')
    return year


def _years(setting: Setting, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise _WrongEntryError("the plan years are a list;", "write years = [2025, 2026].")
    return tuple(_year(setting, item) for item in value)


def _texts(setting: Setting, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _WrongEntryError(f"this is a list of names in quotes: {setting.meaning}.")
    return tuple(sorted({item.strip() for item in value}))


def _numbers(setting: Setting, value: Any) -> tuple[float, ...]:
    size = len(setting.default)
    numbers = value if isinstance(value, list | tuple) else ()
    fine = all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
    if len(numbers) != size or not fine or not all(0.0 <= n <= 1.0 for n in numbers):
        raise _WrongEntryError(f"this is a list of {size} numbers from 0 to 1: {setting.meaning}.")
    return tuple(float(n) for n in numbers)


_READERS: dict[str, Callable[[Setting, Any], Any]] = {
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
