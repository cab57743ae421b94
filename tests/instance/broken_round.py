"""A deliberately broken round: small edits of the base round, and the message they give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from base_round import FILES, Edit, Whole, write_round

from allocator.errors import InstanceError, Problem
from allocator.instance.reading.reader import diagnose, read


@dataclass(frozen=True)
class Broken:
    name: str
    edits: tuple[Edit | Whole, ...]
    table: str
    line: int | None
    column: str
    says: str
    hint: str = ""
    severity: str = "error"


def broken(
    name: str,
    edit: Edit | Whole | tuple[Edit | Whole, ...],
    table: str,
    line: int | None,
    column: str,
    says: str,
    hint: str = "",
    severity: str = "error",
) -> Broken:
    edits = edit if isinstance(edit, tuple) else (edit,)
    return Broken(name, edits, table, line, column, says, hint, severity)


def last(file: str) -> int:
    """Line a row added to the file gets."""
    return FILES[file].count("\n") + 1


def assert_refused(case: Broken, folder: Path) -> None:
    """The message is there; an error refuses the round and a warning does not."""
    write_round(folder, *case.edits)
    instance, problems = diagnose(folder)
    found = [p for p in problems if _matches(p, case)]
    listed = "\n".join(f"{p.severity}: {p}" for p in problems)
    assert len(found) >= 1, listed
    assert (instance is None) == any(p.severity == "error" for p in problems)
    if case.severity == "warning":
        assert instance is not None, listed
        assert found[0] in instance.warnings
        return
    with pytest.raises(InstanceError) as raised:
        read(folder)
    assert raised.value.problems == problems
    assert str(found[0]) in str(raised.value)


def _matches(problem: Problem, case: Broken) -> bool:
    return (
        problem.table == case.table
        and problem.line == case.line
        and problem.column == case.column
        and case.says in problem.message
        and case.hint in problem.suggestion
        and problem.severity == case.severity
    )
