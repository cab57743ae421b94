"""What a table of the format is: its columns, one after another."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from allocator.errors import UsageError
from allocator.instance.tables.column import Column
from allocator.instance.tables.help import allowed, blank
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS, SETTINGS_FILE
from allocator.words import Suggester, listed

WIDTH = 80
"""Columns of a terminal."""


def described(table: str) -> dict[str, Any]:
    """What a table is, as a record.

    Parameters
    ----------
    table : str
        Name of the table, with or without ``.csv``; ``instance.toml`` for the settings.

    Raises
    ------
    UsageError
        When there is no table of that name.
    """
    name = table.lower().removesuffix(".csv")
    if name in (SETTINGS_FILE, "instance", "settings"):
        return {
            "table": SETTINGS_FILE,
            "row": "the settings of the round",
            "required": True,
            "key": [],
            "columns": _columns(SETTINGS),
        }
    if name not in TABLES:
        known = [*TABLES, SETTINGS_FILE]
        guess = Suggester(known)(name)
        hint = f" {guess[0].upper()}{guess[1:]}" if guess else ""
        raise UsageError(f"There is no table '{table}'; there are {listed(known)}.{hint}")
    found = TABLES[name]
    return {
        "table": name,
        "row": found.row,
        "required": found.required,
        "key": list(found.key),
        "columns": _columns(found.columns),
    }


def _columns(columns: Mapping[str, Column]) -> list[dict[str, Any]]:
    return [
        {
            "column": column.name,
            "kind": column.kind,
            "unit": column.unit,
            "allowed": allowed(column),
            "default": blank(column).strip("*"),
            "meaning": column.meaning,
        }
        for column in columns.values()
    ]


def description(record: Mapping[str, Any]) -> Iterator[str]:
    """Lines that say what a table is, none longer than a terminal is wide."""
    need = "Required." if record["required"] else "Optional."
    if record["key"]:
        yield from _wrapped(f"{record['table']}.csv: a row is {record['row']}. {need}")
        yield from _wrapped(f"No two rows share {listed(record['key'])} (*).")
    else:
        yield from _wrapped(f"{record['table']}: {record['row']}. {need}")
    yield ""
    wide = max(len(column["column"]) for column in record["columns"])
    for column in record["columns"]:
        mark = "*" if column["column"] in record["key"] else " "
        start = f"{mark} {column['column']:{wide}}  "
        kind = ", ".join(part for part in (column["kind"], column["unit"]) if part)
        bounds = f"; {column['allowed']}" if column["allowed"] else ""
        default = column["default"]
        left = default if default == "required" else f"left out: {default}"
        yield from _wrapped(f"{kind}{bounds}; {left}", start, " " * len(start))
        yield from _wrapped(column["meaning"], " " * len(start), " " * len(start))


def tables() -> Iterator[str]:
    """Lines that say which tables there are."""
    wide = max(len(name) for name in (*TABLES, SETTINGS_FILE))
    yield f"{SETTINGS_FILE:{wide}}  the settings of the round (required)"
    for table in TABLES.values():
        start = f"{table.name:{wide}}  "
        need = " (required)" if table.required else ""
        yield from _wrapped(f"{table.row}{need}", start, " " * len(start))


def _wrapped(text: str, start: str = "", then: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=then)
