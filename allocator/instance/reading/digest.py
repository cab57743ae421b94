"""The hash of an instance: the same rows and settings have the same, wherever they come from."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import fields

from allocator.arrays import Values
from allocator.instance.tables.column import Kind
from allocator.instance.tables.rows import BLANK_YEAR, Rows
from allocator.instance.tables.settings import Settings


def digest(settings: Settings, tables: Mapping[str, Rows]) -> str:
    """SHA-256 of the settings and of the tables with rows, which are sorted by key."""
    found = hashlib.sha256()
    for entry in fields(Settings):
        found.update(f"{entry.name}={getattr(settings, entry.name)!r}\n".encode())
    for name, rows in tables.items():
        if len(rows):
            found.update(f"[{name}] {','.join(rows.columns)}\n".encode())
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(rows.columns)
            cells = (_cells(rows.table[column].kind, rows[column]) for column in rows.columns)
            writer.writerows(zip(*cells, strict=True))
            found.update(text.getvalue().encode())
    return found.hexdigest()


def _cells(kind: Kind, values: Values) -> Iterable[object]:
    if kind == "number":
        return ["" if value != value else f"{value:.17g}" for value in values.tolist()]
    if kind == "year":
        return ["" if value == BLANK_YEAR else value for value in values.tolist()]
    return values.tolist()
