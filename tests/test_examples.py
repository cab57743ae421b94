"""Every example is read, solved and compared with its answer worked by hand."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from examples import EXAMPLES, NAMES, answer, diagnosed, example
from small import solved

from allocator.instance.tables.legal import EFFECT_OPERATIONS, LEGAL_RULES
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS
from allocator.instance.tables.vocabulary import (
    ADJUSTMENT_KINDS,
    BUDGET_KINDS,
    CHOICES,
    CLASSES,
    CONTRACT_TYPES,
    GRADES,
    INCOME_BASES,
    INCOME_MEASURES,
    LIMIT_BASES,
    LINKS,
    SENSES,
    SHAPES,
)
from allocator.plan import Plan

RELATIVE = 1e-6

TAKEN_APART = {
    "pool": ("budgets", ("pool", "year")),
    "capacity": ("capacity", ("resource", "place", "year")),
    "contract": ("contracts", ("contract", "year")),
    "provider": ("providers", ("provider", "year")),
    "system": ("system", ("year",)),
    "funding": ("funding", ("programme", "pool", "year")),
    "option": ("options", ("option", "year")),
    "income": ("incomes", ("income", "part", "year")),
}
"""Rows of an answer whose names pick one row of a plan's table: that table and the names."""

each = pytest.mark.parametrize("name", NAMES)


def plan(name: str, **options: Any) -> Plan:
    return solved(example(name), **options)


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
    _, problems = diagnosed(f"examples/{name}")
    expected = answer(name).get("warnings", [])
    said = [str(p) for p in problems]
    assert len(said) == len(expected), said
    for words, text in zip(expected, said, strict=True):
        assert words in text


def taken(name: str) -> set[tuple[str, int]]:
    """Options and the years in which the answer takes them."""
    return {(r["option"], r["year"]) for r in answer(name).get("option", []) if r["taken"]}


def ended(name: str) -> set[tuple[str, int]]:
    """Contracts and the years in which the answer has ended them."""
    rows = answer(name).get("contract", [])
    return {(r["contract"], r["year"]) for r in rows if r.get("ended", False)}


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
    found = plan(name).allocation
    assert {(r["programme"], r["year"]) for r in rows} == set(
        zip(found["programme"], found["year"], strict=True)
    ), "an answer has a row for every programme and year"
    for row in rows:
        got = figure(found, "activity", programme=row["programme"], year=row["year"])
        assert got == near(row["value"], row.get("tolerance")), row


@each
def test_decisions(name: str) -> None:
    """The plan takes what the answer takes, and nothing else."""
    options, contracts = plan(name).tables["options"], plan(name).tables["contracts"]
    rows = options[options["taken"].astype(bool)]
    assert set(zip(rows["option"], rows["year"].astype(int), strict=True)) == taken(name)
    rows = contracts[contracts["ended"].astype(bool)]
    assert set(zip(rows["contract"], rows["year"].astype(int), strict=True)) == ended(name)


@each
def test_spend_and_unmet_need(name: str) -> None:
    found = plan(name).allocation
    for column in ("spend", "unmet"):
        for row in answer(name).get(column, []):
            got = figure(found, column, programme=row["programme"], year=row["year"])
            assert got == near(row["value"]), row


@each
def test_outcomes(name: str) -> None:
    found = plan(name).outcomes
    for row in answer(name).get("outcome", []):
        key = {"outcome": row["outcome"], "year": row["year"]}
        assert figure(found, "amount", **key) == near(row["value"]), row
        if "beyond_horizon" in row:
            assert figure(found, "beyond_horizon", **key) == near(row["beyond_horizon"]), row


@each
def test_rules(name: str) -> None:
    found = plan(name).rules
    for row in answer(name).get("rule", []):
        key = {"rule": row["rule"], "year": row["year"]}
        assert figure(found, "slack", **key) == near(row["slack"], 1e-4), row
        assert figure(found, "violation", **key) == near(max(0.0, -row["slack"]), 1e-4), row


@each
def test_money_and_capacity(name: str) -> None:
    for kind, (table, keys) in TAKEN_APART.items():
        for row in answer(name).get(kind, []):
            key = {k: row.get(k, "") for k in keys}
            figures = {column: value for column, value in row.items() if column not in keys}
            assert figures, row
            for column, value in figures.items():
                got = figure(plan(name).tables[table], column, **key)
                assert got == near(float(value), 1e-4), (row, column)


@each
def test_bridge(name: str) -> None:
    steps = plan(name).bridge
    for row in answer(name).get("bridge", []):
        mine = steps
        for column in ("pool", "sector", "year", "step", "recurrent"):
            if column in row:
                mine = mine[mine[column] == row[column]]
        assert len(mine), row
        assert float(mine["amount"].sum()) == near(row["amount"], 1e-4), row


@each
def test_bridge_adds_up_to_the_plan(name: str) -> None:
    steps = plan(name).bridge
    where = ["pool", "sector", "year", "recurrent"]
    last = steps["step"] == "plan"
    total = steps[last].groupby(where)["amount"].sum()
    walked = steps[~last].groupby(where)["amount"].sum()
    assert len(total)
    pd.testing.assert_series_equal(walked.reindex(total.index, fill_value=0.0), total)
    assert (walked.drop(total.index, errors="ignore").abs() < 1e-6).all()


CASES = [(name, row["evidence"]) for name in NAMES for row in answer(name).get("case", [])]


@pytest.mark.parametrize(("name", "evidence"), CASES)
def test_evidence_cases(name: str, evidence: str) -> None:
    (case,) = (row for row in answer(name)["case"] if row["evidence"] == evidence)
    found = plan(name, evidence=evidence)
    assert found.status == "optimal"
    assert found.verified
    assert found.objective == near(case["objective"])
    assert found.reference_objective == near(case["reference_objective"])
    got = found.allocation.set_index("programme")["activity"].to_dict()
    assert got == {programme: near(value) for programme, value in case["activity"].items()}


@each
def test_prices(name: str) -> None:
    homes = {
        "rule": ("rules", "rule"),
        "budget": ("budgets", "pool"),
        "capacity": ("capacity", "resource"),
        "limit": ("limits", "programme"),
        "provider": ("providers", "provider"),
    }
    for row in answer(name).get("price", []):
        table, column = homes[row["of"]]
        key = {column: row["name"], "year": row["year"]}
        if row["of"] == "capacity":
            key["place"] = row.get("place", "")
        assert figure(plan(name).tables[table], "price", **key) == near(row["value"]), row


@each
def test_readme_states_the_objectives(name: str) -> None:
    text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    bold = {float(n.replace(",", "")) for n in re.findall(r"\*\*([\d,.]+)\*\*", text)}
    assert answer(name)["objective"] in bold
    if answer(name)["reference_objective"] != answer(name)["objective"]:
        assert answer(name)["reference_objective"] in bold
    for case in answer(name).get("case", []):
        assert {case["objective"], case["reference_objective"]} <= bold


def test_index_names_every_mechanism() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(([\w-]+)/\)", text)) == set(NAMES)
    listed = dict(re.findall(r"^\| \[([\w-]+)\]\([\w-]+/\) \| (.+) \|$", text, flags=re.MULTILINE))
    titles = {}
    for name in NAMES:
        first = (EXAMPLES / name / "README.md").read_text(encoding="utf-8").splitlines()[0]
        titles[name] = first.removeprefix("# ")
    assert listed == titles


def rows_of(table: str) -> pd.DataFrame:
    """The rows of a table in all examples, one under the other."""
    return pd.concat([example(n).tables[table] for n in NAMES], ignore_index=True)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_an_example(table: str) -> None:
    assert len(rows_of(table))


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("programmes", "class", CLASSES),
        ("programmes", "held", ("", "yes", "no")),
        ("limits", "basis", LIMIT_BASES),
        ("programmes", "money", ("revenue", "capital")),
        ("budgets", "kind", BUDGET_KINDS),
        ("adjustments", "kind", ADJUSTMENT_KINDS),
        ("contracts", "type", CONTRACT_TYPES),
        ("responses", "shape", SHAPES),
        ("responses", "evidence", GRADES),
        ("rules", "measure", tuple(LEGAL_RULES)),
        ("rules", "sense", SENSES),
        ("options", "choose", CHOICES),
        ("option_links", "link", LINKS),
        ("incomes", "measure", INCOME_MEASURES),
        ("incomes", "basis", INCOME_BASES),
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


@pytest.mark.parametrize(
    ("measure", "operation"), [(m, o) for m, words in EFFECT_OPERATIONS.items() for o in words]
)
def test_every_effect_of_options_has_an_example(measure: str, operation: str) -> None:
    effects = rows_of("option_effects")
    assert ((effects["measure"] == measure) & (effects["operation"] == operation)).any()


@pytest.mark.parametrize("sense", ["min", "max"])
@pytest.mark.parametrize("sliding", [False, True])
def test_every_way_to_earn_has_an_example(sense: str, sliding: bool) -> None:
    incomes = rows_of("incomes")
    assert ((incomes["sense"] == sense) & (incomes["full"].notna() == sliding)).any()


@pytest.mark.parametrize("basis", ["activity", "baseline"])
def test_every_viable_scale_has_an_example(basis: str) -> None:
    limits = rows_of("limits")
    assert ((limits["basis"] == basis) & limits["start_min"].notna()).any()


def test_prices_that_rise_and_fall_have_an_example() -> None:
    beyond = rows_of("programmes")["cost_above"]
    assert (beyond < 1).any()
    assert (beyond > 1).any()


def test_every_way_to_leave_an_option_has_an_example() -> None:
    years = rows_of("options")["review_years"]
    assert (years == "").any()
    assert (years == "none").any()
    assert any(words.split(";")[0].isdigit() for words in years if words)


PAYMENTS_WITH_KINKS = {
    "a lower rate above a threshold": lambda c: (
        (c["type"] == "activity") & c["threshold"].notna() & (c["marginal_rate"] < 1)
    ),
    "up at less than down": lambda c: (c["type"] == "aligned") & (c["up_rate"] < c["down_rate"]),
    "a loss shared less than a gain": lambda c: (
        (c["type"] == "capitated") & (c["loss_share"] < c["gain_share"])
    ),
    "a cap on shared losses": lambda c: (c["type"] == "capitated") & c["loss_cap"].notna(),
    "a step": lambda c: c["bonus_threshold"].notna() & (c["bonus_step"] > 0),
    "a cap on income": lambda c: c["max_income"].notna(),
    "notice and a fee": lambda c: c["notice_years"].notna() & (c["exit_fee"] > 0),
}
"""Payments that are filled in order, by what makes them so."""


@pytest.mark.parametrize("kink", PAYMENTS_WITH_KINKS)
def test_every_payment_with_kinks_has_an_example(kink: str) -> None:
    assert PAYMENTS_WITH_KINKS[kink](rows_of("contracts")).any()


def test_an_income_floor_under_a_deficit_limit_has_an_example() -> None:
    """A provider limit wants the payment high where a least income holds it up."""
    found = []
    for name in NAMES:
        tables = example(name).tables
        floors = set(tables["contracts"].loc[tables["contracts"]["min_income"].notna(), "contract"])
        held = tables["programmes"]["contract"].isin(floors)
        providers = tables["providers"]
        limited = set(providers.loc[providers["deficit_max"].notna(), "provider"])
        found += [name] if limited & set(tables["programmes"].loc[held, "provider"]) else []
    assert found


def bends(points: pd.DataFrame) -> set[str]:
    """Which ways a curve of points bends: steeper, flatter."""
    points = points.sort_values("activity")
    slopes = (points["effect"].diff() / points["activity"].diff()).dropna()
    change = slopes.diff().dropna()
    words = {"steeper": bool((change > 0).any()), "flatter": bool((change < 0).any())}
    return {word for word, found in words.items() if found}


def test_points_that_steepen_have_an_example() -> None:
    curves = rows_of("response_points").groupby(["programme", "outcome"])
    assert any("steeper" in bends(points) for _, points in curves)


@pytest.mark.parametrize("sense", ["max", "equal"])
def test_ceilings_on_outcomes_of_curves_have_an_example(sense: str) -> None:
    found = []
    for name in NAMES:
        rules, curves = example(name).tables["rules"], example(name).tables["responses"]
        bent = set(curves.loc[curves["shape"] != "linear", "outcome"])
        mine = rules[(rules["measure"] == "outcome") & (rules["sense"] == sense)]
        found += [name] if bent & set(mine["outcome"]) else []
    assert found


def test_a_harm_that_bends_has_an_example() -> None:
    """An outcome of negative weight with a response that is no straight line."""
    found = []
    for name in NAMES:
        outcomes, curves = example(name).tables["outcomes"], example(name).tables["responses"]
        harms = set(outcomes.loc[outcomes["weight"] < 0, "outcome"])
        found += [name] if harms & set(curves.loc[curves["shape"] != "linear", "outcome"]) else []
    assert found


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
    """Numbers, years and flags with a default: what a planner may leave out."""
    return [
        (table.name, column)
        for table in TABLES.values()
        for column in table.columns
        if table[column].kind in ("number", "integer", "flag", "year")
        and not table[column].key
        and not table[column].required
    ]


@pytest.mark.parametrize(("table", "column"), _figures())
def test_every_figure_has_an_example(table: str, column: str) -> None:
    values = rows_of(table)[column]
    default = TABLES[table][column].default
    used = values.notna() if default is None else values != default
    assert used.any(), "every example leaves it at its default"


def _names() -> list[tuple[str, str]]:
    """Columns that may be blank or name a row of another table."""
    return [
        (table.name, column)
        for table in TABLES.values()
        for column in table.columns
        if table[column].reference and table[column].default == ""
    ] + [("contracts", "lead")]


@pytest.mark.parametrize(("table", "column"), _names())
def test_every_name_has_an_example(table: str, column: str) -> None:
    assert (rows_of(table)[column] != "").any()


@pytest.mark.parametrize(
    "setting",
    [
        *(s.name for s in SETTINGS.values() if s.kind in ("number", "integer", "texts", "numbers")),
        "recurrent_balance",
        "shrink_outcome",
    ],
)
def test_every_setting_of_the_model_has_an_example(setting: str) -> None:
    default = SETTINGS[setting].default
    assert any(getattr(example(n).settings, setting) != default for n in NAMES)
