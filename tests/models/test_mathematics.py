"""The page of mathematics names what the model has, and the model has what the page names."""

from __future__ import annotations

import re
from pathlib import Path

import pyomo.environ as pyo
from every_family import every_family

import allocator_models
from allocator.data import extract
from allocator_models.allocation import build

MODELS = Path(allocator_models.__file__).parent
PAGE = (MODELS.parent / "MATHEMATICS.md").read_text(encoding="utf-8")
LINE = re.compile(r"^\| ([A-Z][^|]*) \| `(\w+\.py)` \|([^|]*)\|([^|]*)\|$", re.MULTILINE)
LINES = LINE.findall(PAGE)


def named(column: int) -> list[str]:
    return [name for line in LINES for name in re.findall(r"`(\w+)`", line[column])]


def test_every_variable_and_row_is_on_the_page_and_the_other_way_round() -> None:
    m = build(extract(every_family()))
    assert sorted(named(2)) == sorted(v.name for v in m.component_objects(pyo.Var))
    rows = [c.name for c in m.component_objects((pyo.Constraint, pyo.Objective))]
    assert sorted(named(3)) == sorted(rows)


def test_every_file_makes_what_the_page_says() -> None:
    for _, file, variables, rows in LINES:
        text = (MODELS / file).read_text(encoding="utf-8")
        made = re.findall(r"^    m\.(\w+) = (Var|Constraint|Objective)\(", text, re.MULTILINE)
        assert re.findall(r"`(\w+)`", variables) == [n for n, kind in made if kind == "Var"], file
        mine = sorted(name for name, kind in made if kind != "Var")
        assert sorted(re.findall(r"`(\w+)`", rows)) == mine, file


def test_every_file_says_what_its_variables_and_rows_are() -> None:
    for _, file, variables, rows in LINES:
        text = (MODELS / file).read_text(encoding="utf-8")
        if file == "objective.py":
            continue
        docstring = text.split('"""', 2)[2].split('"""')[1]
        for name in re.findall(r"`(\w+)`", variables + rows):
            assert re.search(rf"\b{name}\b[^:\n]*(\[[^:]*)?:", docstring), f"{file}: {name}"


def test_every_section_the_page_refers_to_is_there() -> None:
    sections = set(re.findall(r"^## (.+)$", PAGE, re.MULTILINE))
    assert {part for line in LINES for part in line[0].split(", ")} <= sections
