"""Broken rounds: each is a change of the base round, and the one clear message it gives.

``broken/`` has a file a family, and in it a table a case::

    ["shares crossed"]
    funding."Community nursing,NHS".share_max = 0.8
    at = "share_min"
    error = "share_min 0.9 is more than share_max 0.8"

First come the changes: table, row and column, as ``base_round`` reads them. ``electives`` and
``therapy`` put a programme of the base round under a contract of its own, the last row of a
table of contracts that has no columns but those named. Short cases stand on one line.

``error`` or ``warning`` says how grave the message is and words of it, ``hint`` words of its
suggestion; left out, any words will do. ``{table: row}`` in them is the line of a row.

``at`` is where the message must be, when that is not the cell changed last: another column of
the row changed or added last, or a list of table, row and column. A row is named by the words
it starts with in the broken round, and is ``header`` for the first line; it and the column
are left out, or "", where the message names none.
"""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from base_round import FILES, file_of, round_files, write_round

from allocator.errors import InstanceError, Problem
from allocator.instance.instance import diagnose, read

Entry = dict[str, Any]

HERE = Path(__file__).parent
FAMILIES: dict[str, dict[str, Entry]] = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted((HERE / "broken").glob("*.toml"))
}
CASES = [
    pytest.param(entry, id=f"{family}-{name}")
    for family, entries in FAMILIES.items()
    for name, entry in entries.items()
]
SOUND: dict[str, Entry] = tomllib.loads((HERE / "sound.toml").read_text(encoding="utf-8"))

SAID = ("at", "error", "warning", "hint")
OWN_CONTRACTS = {"electives": "Planned operations", "therapy": "Talking therapies"}


def changes_of(entry: Entry) -> dict[str, Any]:
    """Changes of the base round; the contract of its own comes last."""
    changes = {name: change for name, change in entry.items() if name not in SAID}
    for name, programme in OWN_CONTRACTS.items():
        if name in changes:
            terms, contract = changes.pop(name), name.title()
            rows = changes.get("programmes", {})
            cells = {**rows.get(programme, {}), "contract": contract}
            changes["programmes"] = {**rows, programme: cells}
            changes["contracts"] = _contracts(contract, terms)
    return changes


def _contracts(contract: str, terms: Entry | list[Entry]) -> str:
    """The base round's contracts with their types only, and rows of one more."""
    rows = terms if isinstance(terms, list) else [terms]
    columns = list(rows[0])
    lines = [["contract", *columns]]
    for name, _, kind, *_ in csv.reader(FILES["contracts.csv"].splitlines()[1:]):
        lines.append([name, *(kind if column == "type" else "" for column in columns)])
    lines += [[contract, *map(str, row.values())] for row in rows]
    return "".join(",".join(line) + "\n" for line in lines)


@dataclass(frozen=True)
class Expected:
    """A message: where it is, how grave, and words of it and of its suggestion."""

    table: str
    line: int | None
    column: str
    severity: str
    says: str
    hint: str

    def among(self, problems: list[Problem]) -> list[Problem]:
        return [
            p
            for p in problems
            if (p.table, p.line, p.column) == (self.table, self.line, self.column)
            and self.says in p.message
            and self.hint in p.suggestion
            and p.severity == self.severity
        ]


def expected(entry: Entry) -> Expected:
    """The message that a case asks for."""
    changes = changes_of(entry)
    files = round_files(**changes)
    table, line, column = place(entry.get("at"), changes, files)
    severity = "warning" if "warning" in entry else "error"
    says, hint = (
        re.sub(r"{(\w+): (.+?)}", lambda m: str(line_of(files[file_of(m[1])], m[2])), words)
        for words in (entry.get(severity, ""), entry.get("hint", ""))
    )
    assert says or hint, entry
    return Expected(table, line, column, severity, says, hint)


def place(
    at: str | list[str] | None, changes: dict[str, Any], files: dict[str, str]
) -> tuple[str, int | None, str]:
    """Table, line and column of a message."""
    if isinstance(at, list):
        table, row, column = (*at, "", "")[:3]
    else:
        table, row, columns = _changed_last(changes)
        column = columns[-1] if at is None else at
    file = file_of(table)
    name = file if table == "settings" else table
    if row in ("", "header"):
        return name, 1 if row else None, column
    if row == "add":
        return name, files[file].count("\n"), column
    # A row that was changed may begin with other words than before.
    text = files[file] if isinstance(at, list) or table == "settings" else FILES[file]
    return name, line_of(text, row), column


def _changed_last(changes: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Table and row that were changed last, and the columns of the change."""
    table, change = list(changes.items())[-1]
    if isinstance(change, str):
        return table, "add", change.splitlines()[0].split(",")
    row, cells = list(change.items())[-1]
    if table == "settings":
        return table, row, [row]
    return table, row, list(cells) if isinstance(cells, dict) else []


def line_of(text: str, start: str) -> int:
    """Line of the first row that starts with some words."""
    return next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith(start))


@pytest.mark.parametrize("entry", CASES)
def test_broken_round(entry: Entry, tmp_path: Path) -> None:
    """The message is there; an error refuses the round and a warning does not."""
    instance, problems = diagnose(write_round(tmp_path, **changes_of(entry)))
    wanted = expected(entry)
    found = wanted.among(problems)
    listed = "\n".join(f"{p.severity}: {p}" for p in problems)
    assert found, f"{wanted}\n{listed}"
    assert (instance is None) == any(p.severity == "error" for p in problems)
    if wanted.severity == "warning":
        assert instance is not None, listed
        assert found[0] in instance.warnings


@pytest.mark.parametrize("family", FAMILIES)
def test_reading_raises_what_is_wrong(family: str, tmp_path: Path) -> None:
    """Once a family: what is found is what is raised, and said in full."""
    entry = next(e for e in FAMILIES[family].values() if "warning" not in e)
    folder = write_round(tmp_path, **changes_of(entry))
    _, problems = diagnose(folder)
    with pytest.raises(InstanceError) as raised:
        read(folder)
    assert raised.value.problems == problems
    assert str(expected(entry).among(problems)[0]) in str(raised.value)


@pytest.mark.parametrize("name", SOUND)
def test_sound_round(name: str, tmp_path: Path) -> None:
    instance, problems = diagnose(write_round(tmp_path, **SOUND[name]))
    assert instance is not None, problems


def test_the_unbroken_round_is_clean(tmp_path: Path) -> None:
    instance, problems = diagnose(write_round(tmp_path))
    assert instance is not None
    assert [p.severity for p in problems] == ["warning"]
    assert "2 programmes have no response" in problems[0].message


def test_one_mistake_is_not_followed_by_a_flood(tmp_path: Path) -> None:
    """A programme with a bad cell still exists for the tables that name it."""
    dear = {"GP access": {"unit_cost": "cheap"}}
    _, problems = diagnose(write_round(tmp_path, programmes=dear))
    assert [p.table for p in problems] == ["programmes"]


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    changes = {
        "settings": {"replace": ["discount_rate", "discountrate"]},
        "programmes": {"GP access": {"unit_cost": "cheap"}},
        "demand": {"A&E attendances,,": {"programme": "A&E attendences"}},
        "rules": {"Wellbeing floor": {"value": 0.1, "basis": "share"}},
        "reach": {"Talking therapies,Others": {"share": 0.5}},
        "budgets": {"NHS,2025": {"kind": "capitol"}},
        "responses": {"GP access": {"elasticity": ""}},
    }
    _, problems = diagnose(write_round(tmp_path, **changes))
    tables = {p.table for p in problems if p.severity == "error"}
    assert tables == {"instance.toml", *changes} - {"settings"}


def test_decisions_that_are_wrong_are_all_said_at_once(tmp_path: Path) -> None:
    folder = write_round(
        tmp_path,
        options={"Clinic": {"pool": ""}},
        option_links={"Hub": "Ward,requires,Digital"},
        option_effects={"Ward": {"value": ""}},
        incomes={"Premium,health": {"full": "400"}},
    )
    _, problems = diagnose(folder)
    errors = [f"{p.table} {p.column}" for p in problems if p.severity == "error"]
    assert errors == ["options pool", "option_effects value", "option_links other", "incomes full"]


def test_the_example_of_the_front_page(tmp_path: Path) -> None:
    misspelt = {"GP access": {"target": "A&E attendences"}}
    _, problems = diagnose(write_round(tmp_path, effects=misspelt))
    assert (
        "effects, line 3, target: programme 'A&E attendences' is not in programmes; "
        "did you mean 'A&E attendances'?" in [str(p) for p in problems]
    )


def test_an_option_that_closes_frees_what_was_held(tmp_path: Path) -> None:
    folder = write_round(
        tmp_path,
        option_effects={"add": "Hub,close,Estates,,,suspend,,0,,"},
        limits={"add": "Estates,,baseline,1,,0"},
    )
    instance, problems = diagnose(folder)
    assert instance is not None, problems
    held = next(p for p in problems if "held at baseline" in p.message)
    assert "1 programme has no response" in held.message
    assert "Estates" not in held.message
