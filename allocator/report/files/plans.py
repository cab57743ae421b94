"""Plans read back whole from the folder they were written to."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.errors import InstanceError, Problem, UsageError
from allocator.instance.reading.cells import RawTable, parse
from allocator.instance.reading.folder import put_back
from allocator.plan import Certificate, Plan
from allocator.report.files.target import files_of

if TYPE_CHECKING:
    import pandas as pd

RECORD = "plan.json"

ANSWERS = {"yes": True, "no": False}
ENDLESS = {"inf": math.inf, "-inf": -math.inf}
"""How a record writes what has no end."""


def plan_of_folder(folder: Path) -> Plan:
    """The plan in a folder, as it was written.

    Raises
    ------
    InstanceError
        With every cell that is not of its column's kind.
    UsageError
        When there is none, or it was written before folders said what their columns are.
    """
    where = folder.parent if folder.name == RECORD and folder.is_file() else folder
    put_back(where)
    record = _record(where / RECORD)
    problems: list[Problem] = []
    files = files_of(where / RECORD)
    tables = {
        name.removesuffix(".csv"): _table(where / name, kinds, problems)
        for name, kinds in files.items()
    }
    if any(problem.severity == "error" for problem in problems):
        raise InstanceError(problems)
    parts = _parts(Plan, record) | {"tables": tables, "certificate": _certificate(record, tables)}
    parts["shortfall"] = ()  # only a plan that was found is written
    return Plan(**{**parts, "conflict": tuple(record.get("conflict") or ())})


def _record(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            f"{file.parent} is not a plan folder: it has no {file.name}. evaluate takes tables "
            f"made by hand."
        ) from error
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise UsageError(f"{file} is damaged: {error}.") from error
    if not isinstance(record, dict) or not {"status", "verified", "files"} <= set(record):
        raise UsageError(
            f"{file} does not say what its tables are: it was not written whole, or by an earlier "
            f"version; solve again, or give the folder to evaluate."
        )
    return record


def _parts(kind: type[Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says of the fields of a class; what it does not say is left at its default."""
    parts = {}
    for f in fields(kind):
        if f.name in record:
            said = record[f.name]
            parts[f.name] = ENDLESS.get(said, said) if isinstance(said, str) else said
        elif f.default is MISSING and f.default_factory is MISSING:
            parts[f.name] = {}
    return parts


def _certificate(record: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> Certificate:
    said = _parts(Certificate, {**record, "allowed": record.get("gap_allowed")})
    if "allocation" in tables and "years" not in said:
        said["years"] = int(tables["allocation"]["year"].nunique())
    return Certificate(**said)


def _table(file: Path, kinds: Mapping[str, str], problems: list[Problem]) -> pd.DataFrame:
    import pandas as pd

    try:
        content = file.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}."
        problems.append(Problem(file.name, None, "", "", message))
        return pd.DataFrame()
    raw = parse(file.name, content, dict.fromkeys(kinds, False))
    problems.extend(raw.problems)
    problems.extend(
        Problem(file.name, 1, column, "", f"the column '{column}' is missing.")
        for column in kinds
        if column not in raw.columns and not raw.damaged
    )
    columns = {
        column: _column(raw, column, kind, problems)
        for column, kind in kinds.items()
        if column in raw.columns
    }
    return pd.DataFrame(columns)


def _column(raw: RawTable, column: str, kind: str, problems: list[Problem]) -> pd.Series[Any]:
    import pandas as pd

    make, of = _KINDS.get(kind, (str, "str"))
    values: list[Any] = []
    for line, cell in zip(raw.lines, raw.columns[column], strict=True):
        try:
            values.append(make(cell))
        except (ValueError, KeyError):
            message = f"'{cell}' is not {_WANTED[kind]}."
            problems.append(Problem(raw.name, line, column, cell, message))
            values.append(make(_INSTEAD[kind]))
    return pd.Series(values, dtype=of)


def _number(cell: str) -> float:
    return float(cell) if cell else float("nan")


_KINDS: dict[str, tuple[Callable[[str], Any], Any]] = {
    "flag": (ANSWERS.__getitem__, "bool"),
    "flag or blank": ({**ANSWERS, "": None}.__getitem__, "object"),
    "integer": (int, "int64"),
    "number": (_number, "float64"),
}
_WANTED = {
    "flag": "yes or no",
    "flag or blank": "yes, no or blank",
    "integer": "a whole number",
    "number": "a number",
}
_INSTEAD: dict[str, str] = {"flag": "no", "flag or blank": "", "integer": "0", "number": ""}
