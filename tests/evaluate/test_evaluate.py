"""The check as a whole: independent, right on the worked examples, and quick enough."""

from __future__ import annotations

import ast
from pathlib import Path

import pandas as pd
import pytest
from examples import NAMES, answer, example
from judging import allocation, column, expect, run
from small import round_of

from allocator.evaluate import evaluate

ROOT = Path(__file__).parents[2]


def test_the_check_shares_nothing_with_the_model() -> None:
    """It may know what an instance is, and nothing that is derived from one."""
    imported, touched = set(), set()
    for file in (ROOT / "allocator" / "evaluate").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{file.name} hides what it imports"
                imported.add(str(node.module))
            elif isinstance(node, ast.Attribute):
                touched.add(node.attr)
    own = {m for m in imported if m.partition(".")[0].startswith("allocator")}
    written = (
        "lists",
        "guard",
        "total",
        "years",
    )  # how a cell is written, not what follows from it
    known = ("evidence", "instance", *(f"tables.{m}" for m in ("rows", "settings", *written)))
    may = {
        "allocator.arrays",
        "allocator.errors",
        "allocator.overview",
        "allocator.words",
        *(f"allocator.instance.{m}" for m in known),
    }
    assert {m for m in own if not m.startswith("allocator.evaluate")} == may
    assert not {m.partition(".")[0] for m in imported} & {"pyomo", "highspy"}
    assert "facts" not in touched


ANSWERED = {
    "spend": ("allocation", ("programme", "year")),
    "unmet": ("allocation", ("programme", "year")),
    "outcome": ("outcomes", ("outcome", "year")),
    "capacity": ("capacity", ("resource", "place", "year")),
    "contract": ("contracts", ("contract", "year")),
    "provider": ("providers", ("provider", "year")),
    "option": ("options", ("option", "year")),
    "income": ("incomes", ("income", "part", "year")),
}
"""Rows of a worked answer that the check gives whatever is left to it: its table and names."""


@pytest.mark.parametrize("name", NAMES)
def test_worked_answers_are_worth_what_they_say_and_allowed(name: str) -> None:
    """The answer by hand against the independent check alone, without the solver."""
    said = answer(name)
    rows = pd.DataFrame(said["activity"]).rename(columns={"value": "activity"})
    plan = {"allocation": rows}
    for kind, table, answered in (
        ("option", "options", "taken"),
        ("contract", "contracts", "ended"),
    ):
        decided = [row for row in said.get(kind, []) if answered in row]
        if decided:
            plan[table] = pd.DataFrame(decided)
    result = evaluate(example(name), plan)
    expect(result.violations, message=[])
    assert result.allowed
    tolerance = min(said.get("tolerance", 1e-9), 1e-6)
    assert result.objective == pytest.approx(said["objective"], rel=tolerance, abs=tolerance)
    for kind, (table, keys) in ANSWERED.items():
        for row in said.get(kind, []):
            frame = getattr(result, table)
            for key in keys:
                frame = frame[frame[key] == row.get(key, "")]
            value = {"spend": "spend", "unmet": "unmet", "outcome": "amount"}.get(kind)
            figures = {value: row["value"]} if value else {k: row[k] for k in row if k not in keys}
            for name_of, figure in figures.items():
                got = frame[name_of].iloc[0]
                assert got == (figure if isinstance(figure, str) else pytest.approx(figure, 1e-4))


def test_the_objective_is_the_sum_of_its_parts() -> None:
    instance = round_of(
        """
        programme,sector,pool,baseline,class
        Care,community,NHS,50,discretionary
        Ward,acute,NHS,100,discretionary""",
        years=(2025, 2026),
        settings={"tail_years": 1, "saving_value": 0.1},
        responses="programme,outcome,per_unit\nCare,QALY,2",
        demand="programme,demand,harm,harm_outcome\nWard,100,0.5,QALY",
        effects="source,target,per_unit,delay\nCare,Ward,0.5,1",
        rules="rule,measure,sense,value,penalty\nR,spend,max,150,0.01",
    )
    result = run(instance, {"Care": [60, 60], "Ward": [98, 95]})
    # 2025: 2 days unmet; 2026: 5 avoided of 100. Spend 158 and 155. Tail: 5 days at 1.
    expected = {"outcomes": 240, "harm": 1, "penalties": 0.13, "tail": 0.5}
    assert result.parts == pytest.approx(expected)
    assert result.objective == pytest.approx(240 - 1 - 0.13 + 0.5)
    assert sum(column(result.outcomes, "value")) == pytest.approx(239)
    assert sum(column(result.by_programme, "value")) == pytest.approx(239)


def test_tolerance_decides_what_is_allowed() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\nA,acute,NHS,100",
        limits="programme,basis,max\nA,activity,100",
    )
    plan = {"allocation": allocation(instance, {"A": [100.01]})}
    strict, loose = evaluate(instance, plan), evaluate(instance, plan, tolerance=1e-3)
    assert not strict.allowed
    assert loose.allowed
    assert strict.max_violation == loose.max_violation == pytest.approx(1e-4, rel=1e-3)
    assert len(strict.violations) == 1
    assert not len(loose.violations)


def test_every_violation_of_a_bad_plan_is_named() -> None:
    instance = round_of(
        """
        programme,sector,pool,baseline,class
        A,acute,NHS,100,emergency
        B,community,NHS,100,discretionary""",
        budgets="pool,amount\nNHS,200",
        demand="programme,demand\nA,100",
        limits="programme,basis,max\nB,baseline,1.1\nB,growth,0.05",
        resources="resource,unit\nnurses,nurse",
        capacity="resource,amount\nnurses,100",
        use="programme,resource,per_unit\nB,nurses,1",
        rules="rule,measure,sense,value\nShare,spend,max,195",
    )
    result = run(instance, {"A": [90], "B": [120]})
    found = dict(zip(result.violations.kind, result.violations.violation, strict=True))
    assert found == pytest.approx(
        {"limit": 10, "growth": 15, "demand": 10, "capacity": 20, "budget": 10, "rule": 15}
    )
    assert result.max_violation == max(result.violations.relative)
