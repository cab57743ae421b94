"""Every example is read, solved and compared with its answer worked by hand."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import allocator
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance
from allocator.instance.reader import diagnose, read
from allocator.instance.schema import (
    CLASSES,
    LEGAL_RULES,
    LIMIT_BASES,
    SENSES,
    SETTINGS,
    SHAPES,
    TABLES,
)
from allocator.plan import Plan

FOLDER = Path(__file__).parents[1] / "instances" / "examples"
NAMES = sorted(p.name for p in FOLDER.iterdir() if p.is_dir())
RELATIVE = 1e-6

NEEDS_BINARIES = {"logistic"}
"""Shapes this version refuses."""
NOT_MODELLED = {
    ("responses", "steepness"),
    ("responses", "low"),
    ("responses", "high"),
    ("effects", "low"),
    ("effects", "high"),
}
"""Figures that belong to a refused shape or are kept for the reader and not in the model."""

each = pytest.mark.parametrize("name", NAMES)


@cache
def answer(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name / "answer.toml").read_text(encoding="utf-8"))


@cache
def instance(name: str) -> Instance:
    return read(FOLDER / name)


@cache
def plan(name: str) -> Plan:
    return allocator.solve(instance(name))


def near(value: float, tolerance: float | None = None) -> Any:
    """Equal within `tolerance`, or within a millionth of the figure."""
    if tolerance is not None:
        return pytest.approx(value, rel=0, abs=tolerance)
    return pytest.approx(value, rel=RELATIVE, abs=RELATIVE)


def figure(table: pd.DataFrame, column: str, **key: Any) -> float:
    """The one figure of a plan's table with this key."""
    rows = table
    for name, value in key.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, f"{len(rows)} rows with {key}"
    return float(rows[column].iloc[0])


@each
def test_reads_clean(name: str) -> None:
    checked, problems = diagnose(FOLDER / name)
    assert checked is not None, [str(p) for p in problems]
    expected = answer(name).get("warnings", [])
    said = [str(p) for p in problems]
    assert len(said) == len(expected), said
    for words, text in zip(expected, said, strict=True):
        assert words in text


@each
def test_answer_is_allowed_and_worth_what_it_says(name: str) -> None:
    """The answer by hand against the independent check alone, without the solver."""
    rows = pd.DataFrame(answer(name)["activity"]).rename(columns={"value": "activity"})
    checked = evaluate(instance(name), {"allocation": rows[["programme", "year", "activity"]]})
    assert checked.allowed, checked.violations["message"].tolist()
    assert checked.objective == near(answer(name)["objective"])


@each
def test_plan_is_optimal_and_verified(name: str) -> None:
    found = plan(name)
    assert found.status == "optimal"
    assert found.verified


@each
def test_objective(name: str) -> None:
    tolerance = answer(name).get("tolerance")
    assert plan(name).objective == near(answer(name)["objective"], tolerance)


@each
def test_reference_objective(name: str) -> None:
    tolerance = answer(name).get("tolerance")
    assert plan(name).reference_objective == near(answer(name)["reference_objective"], tolerance)


@each
def test_activity(name: str) -> None:
    rows = answer(name)["activity"]
    solved = plan(name).allocation
    assert {(r["programme"], r["year"]) for r in rows} == set(
        zip(solved["programme"], solved["year"], strict=True)
    ), "an answer has a row for every programme and year"
    for row in rows:
        got = figure(solved, "activity", programme=row["programme"], year=row["year"])
        assert got == near(row["value"], row.get("tolerance")), row


@each
def test_spend_and_unmet_need(name: str) -> None:
    solved = plan(name).allocation
    for column in ("spend", "unmet"):
        for row in answer(name).get(column, []):
            got = figure(solved, column, programme=row["programme"], year=row["year"])
            assert got == near(row["value"]), row


@each
def test_outcomes(name: str) -> None:
    solved = plan(name).outcomes
    for row in answer(name).get("outcome", []):
        key = {"outcome": row["outcome"], "year": row["year"]}
        assert figure(solved, "amount", **key) == near(row["value"]), row
        if "beyond_horizon" in row:
            assert figure(solved, "beyond_horizon", **key) == near(row["beyond_horizon"]), row


@each
def test_rules(name: str) -> None:
    solved = plan(name).rules
    for row in answer(name).get("rule", []):
        key = {"rule": row["rule"], "year": row["year"]}
        assert figure(solved, "slack", **key) == near(row["slack"], 1e-4), row
        assert figure(solved, "violation", **key) == near(max(0.0, -row["slack"]), 1e-4), row


@each
def test_pools_and_capacity(name: str) -> None:
    for table, keys, columns in (
        ("pool", ("pool", "year"), ("transfers_in", "transfers_out", "carry_out")),
        ("capacity", ("resource", "place", "year"), ("extra", "slack")),
    ):
        solved = plan(name).budgets if table == "pool" else plan(name).capacity
        for row in answer(name).get(table, []):
            key = {k: row.get(k, "") for k in keys}
            for column in columns:
                if column in row:
                    assert figure(solved, column, **key) == near(row[column], 1e-4), row


@each
def test_prices(name: str) -> None:
    homes = {
        "rule": ("rules", "rule"),
        "budget": ("budgets", "pool"),
        "capacity": ("capacity", "resource"),
        "limit": ("limits", "programme"),
    }
    for row in answer(name).get("price", []):
        table, column = homes[row["of"]]
        key = {column: row["name"], "year": row["year"]}
        if row["of"] == "capacity":
            key["place"] = row.get("place", "")
        assert figure(plan(name).tables[table], "price", **key) == near(row["value"]), row


@each
def test_readme_states_the_objectives(name: str) -> None:
    text = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    bold = {float(n.replace(",", "")) for n in re.findall(r"\*\*([\d,.]+)\*\*", text)}
    assert answer(name)["objective"] in bold
    if answer(name)["reference_objective"] != answer(name)["objective"]:
        assert answer(name)["reference_objective"] in bold


def test_index_names_every_mechanism() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| \[([\w-]+)\]\([\w-]+/\) \| (.+) \|$", text, flags=re.MULTILINE))
    titles = {}
    for name in NAMES:
        first = (FOLDER / name / "README.md").read_text(encoding="utf-8").splitlines()[0]
        titles[name] = first.removeprefix("# ")
    assert listed == titles


def rows_of(table: str) -> pd.DataFrame:
    """The rows of a table in all examples, one under the other."""
    return pd.concat([instance(n).tables[table] for n in NAMES], ignore_index=True)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_an_example(table: str) -> None:
    assert len(rows_of(table))


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("programmes", "class", CLASSES),
        ("programmes", "held", ("", "yes", "no")),
        ("limits", "basis", LIMIT_BASES),
        ("responses", "shape", tuple(s for s in SHAPES if s not in NEEDS_BINARIES)),
        ("rules", "measure", tuple(LEGAL_RULES)),
        ("rules", "sense", SENSES),
    ],
)
def test_every_word_has_an_example(table: str, column: str, words: tuple[str, ...]) -> None:
    assert set(rows_of(table)[column]) >= set(words)


@pytest.mark.parametrize(
    ("measure", "basis"), [(m, b) for m, bases in LEGAL_RULES.items() for b in bases]
)
def test_every_measure_has_an_example_on_every_basis(measure: str, basis: str) -> None:
    rules = rows_of("rules")
    assert ((rules["measure"] == measure) & (rules["basis"] == basis)).any()


def test_hard_and_soft_rules_have_an_example() -> None:
    assert set(rows_of("rules")["penalty"].isna()) == {True, False}


def test_every_reference_of_growth_has_an_example() -> None:
    rules = rows_of("rules")
    references = set(rules.loc[rules["basis"] == "growth", "reference"])
    assert references >= {"", "previous", "baseline"}
    assert any(r.isdigit() for r in references)


def test_every_criterion_of_selections_has_an_example() -> None:
    table = rows_of("selections")
    criteria = [c for c in TABLES["selections"].key if c != "selection"]
    assert criteria
    for criterion in criteria:
        assert (table[criterion] != "").any(), criterion


def _figures() -> list[tuple[str, str]]:
    """Numbers and flags with a default: what the model reads and a planner may leave out."""
    return [
        (table.name, column)
        for table in TABLES.values()
        for column in table.columns
        if table.meta(column)["kind"] in ("number", "integer", "flag")
        and table.meta(column)["default"] != "required"
        and (table.name, column) not in NOT_MODELLED
    ]


@pytest.mark.parametrize(("table", "column"), _figures())
def test_every_figure_has_an_example(table: str, column: str) -> None:
    values = rows_of(table)[column]
    default = TABLES[table].meta(column)["default"]
    used = values.notna() if default is None else values != default
    assert used.any(), "every example leaves it at its default"


@pytest.mark.parametrize(
    "setting",
    [s.name for s in SETTINGS.values() if s.kind in ("number", "integer", "texts")],
)
def test_every_setting_of_the_model_has_an_example(setting: str) -> None:
    default = SETTINGS[setting].default
    assert any(getattr(instance(n).settings, setting) != default for n in NAMES)
