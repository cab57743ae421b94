"""Plans as planners write them: what is accepted, and what is refused with its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from judging import allocation, expect
from small import csv, round_of

from allocator.errors import InstanceError
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance

INSTANCE = round_of(
    "programme,sector,pool,baseline\nA&E attendances,acute,NHS,100\nHome care,social,Council,50",
    years=(2025, 2026),
    budgets="pool,amount\nNHS,1000\nCouncil,1000",
    transfers="from_pool,to_pool,max\nNHS,Council,10",
    demand="programme,demand\nHome care,60",
    resources="resource\nbeds",
    places="place,heads\nNorth,1",
    capacity="resource,place,amount,extra_max,extra_pool\nbeds,,1000,5,NHS",
    use="programme,resource,per_unit\nA&E attendances,beds,1",
)
PLAN = allocation(INSTANCE, {"A&E attendances": [100, 110], "Home care": [50, 55]})


def refused(
    instance: Instance, plan: dict[str, pd.DataFrame]
) -> dict[tuple[str, int | None, str], str]:
    """What is wrong with a plan that cannot be read, by table, line and column."""
    with pytest.raises(InstanceError) as error:
        evaluate(instance, plan)
    return {(p.table, p.line, p.column): str(p) for p in error.value.problems}


def test_a_plan_is_read_in_any_order_and_other_columns_do_not_matter() -> None:
    plan = PLAN.sample(frac=1, random_state=3).assign(spend="?", source="our draft")
    result = evaluate(INSTANCE, {"allocation": plan})
    expect(result.allocation, activity=[100, 110, 50, 55], year=[2025, 2026, 2025, 2026])


@pytest.mark.parametrize(
    "years",
    [
        ["2025", "2026"],
        ["2025/26", "2026/27"],
        ["2025/2026", " 2026 "],
        [2025.0, 2026.0],
        ["2025.0", 2026],
    ],
)
def test_years_as_written(years: list[Any]) -> None:
    plan = PLAN.astype({"activity": object}).assign(year=years * 2, activity=["100", 110, "50", 55])
    assert evaluate(INSTANCE, {"allocation": plan}).allocation.activity.tolist() == [
        100,
        110,
        50,
        55,
    ]


def test_the_result_has_every_table_with_its_columns() -> None:
    result = evaluate(INSTANCE, {"allocation": PLAN})
    columns = {
        "allocation": "programme year activity need met avoided unmet price spend stranded "
        "surcharge lo hi",
        "outcomes": "outcome year amount beyond_horizon value",
        "segments": "outcome segment year amount",
        "by_programme": "programme outcome year amount value",
        "rules": "rule year label measure sense value limit left right slack violation soft "
        "penalty",
        "capacity": "resource place year used amount extra slack",
        "budgets": "pool year amount spend at_cost contract_payments funded adjustments "
        "extra_cost option_cost option_income incomes held_back exit_fees transfers_in "
        "transfers_out carry_in carry_out slack recurrent_income recurrent_spend "
        "underlying support capital_amount capital_spend",
        "transfers": "from_pool to_pool year amount",
        "funding": "programme pool year paid share share_min share_max",
        "adjustments": "pool year kind item amount",
        "contracts": "contract year type provider pool payment pool_payment cost value fixed "
        "stranded state ended suspended exit_fee",
        "providers": "provider year income contract_income other_income adjustments "
        "other_cost cost position deficit_max slack",
        "system": "year pools held providers underlying support",
        "options": "option label group year taken in_place cost_once cost_yearly double_running "
        "cost_exit capital pool programme",
        "incomes": "income part label pool year received measure sense value threshold full "
        "earned amount held_back",
        "violations": "kind name year value limit violation relative message",
    }
    for name, expected in columns.items():
        frame = getattr(result, name)
        assert frame.columns.tolist() == expected.split(), name
        if "year" in frame:
            assert frame["year"].dtype == np.int64, name
    assert result.max_violation == 0.0
    assert result.allowed


def test_what_was_evaluated_can_be_evaluated_again() -> None:
    first = evaluate(INSTANCE, {"allocation": PLAN})
    tables = {n: getattr(first, n) for n in ("allocation", "capacity", "budgets", "transfers")}
    again = evaluate(INSTANCE, tables)
    for name in ("allocation", "outcomes", "capacity", "budgets", "transfers", "violations"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))
    assert first.objective == again.objective


def test_the_tables_of_instance_and_plan_are_left_alone() -> None:
    before, tables = PLAN.copy(), {n: t.copy() for n, t in INSTANCE.tables.items()}
    evaluate(INSTANCE, {"allocation": PLAN})
    pd.testing.assert_frame_equal(PLAN, before)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(INSTANCE.tables[name], table)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("yes", "no"),
        ("Yes", " NO "),
        ("true", "FALSE"),
        ("1", "0"),
        ("1.0", "0.0"),
        (1, 0),
        (1.0, 0.0),
        (True, False),
        (np.True_, np.False_),
        ("yes", ""),
        ("yes", None),
        (1.0, np.nan),
    ],
)
def test_answers_as_written(yes: Any, no: Any) -> None:
    options = pd.DataFrame(
        {"option": ["Hub", "Hub"], "year": ["2025/26", "2026/27"], "taken": [no, yes]}
    )
    contracts = pd.DataFrame({"contract": ["Acute"] * 2, "year": [2025, 2026], "ended": [no, yes]})
    result = evaluate(DECIDED, {**DECIDED_PLAN, "options": options, "contracts": contracts})
    expect(result.options, taken=[False, True])
    expect(result.contracts, ended=[False, True])
    assert result.allowed


DECIDED = round_of(
    "programme,sector,pool,provider,contract,baseline\nA,acute,NHS,Trust,Acute,100",
    years=(2025, 2026),
    contracts="contract,type,notice_years\nAcute,block,1",
    options="option,pool,cost_once\nHub,NHS,5",
)
DECIDED_PLAN = {"allocation": allocation(DECIDED, {"A": 100})}


@pytest.mark.parametrize(
    ("name", "text", "line", "place", "said"),
    [
        ("options", "option,year,taken\nHub,2025,yes\nHib,2025,yes", 3, "option", "'Hub'?"),
        ("options", "option,year,taken\nHub,2027,yes", 2, "year", "not a year of the plan"),
        ("options", "option,year,taken\nHub,,yes", 2, "year", "not a year of the plan"),
        ("options", "option,year,taken\nHub,2025,maybe", 2, "taken", "neither yes nor no"),
        ("options", "option,year,taken\nHub,2025,0.5", 2, "taken", "'0.5' is neither yes nor no"),
        ("options", "option,year,take\nHub,2025,yes", 1, "taken", "did you mean 'take'?"),
        ("options", "option,taken\nHub,yes", 1, "year", "missing"),
        ("options", "option,year,taken\nHub,2025,1\nHub,2025,0", 3, "", "more than once"),
        ("contracts", "contract,year,ended\nCute,2025,yes", 2, "contract", "'Acute'"),
        ("contracts", "contract,year,ended\nAcute,2024,yes", 2, "year", "not a year of the plan"),
        ("contracts", "contract,year,ended\nAcute,2026,ja", 2, "ended", "neither yes nor no"),
    ],
)
def test_decisions_that_cannot_be_read_are_refused_at_their_place(
    name: str, text: str, line: int, place: str, said: str
) -> None:
    found = refused(DECIDED, {**DECIDED_PLAN, name: csv(text)})
    assert said in found[name, line, place]


def test_an_instance_without_options_knows_none() -> None:
    rows = csv("option,year,taken\nHub,2025,yes")
    with pytest.raises(InstanceError, match="option 'Hub' is not in the instance"):
        evaluate(INSTANCE, {"allocation": PLAN, "options": rows})
    empty = pd.DataFrame(columns=["option", "year", "taken"])
    assert evaluate(INSTANCE, {"allocation": PLAN, "options": empty}).options.empty


def cell(row: int, name: str, value: Any) -> dict[str, pd.DataFrame]:
    """The plan with one cell changed."""
    table = PLAN.astype(object)
    table.loc[row, name] = value
    return {"allocation": table}


def beside(name: str, text: str) -> dict[str, pd.DataFrame]:
    """The plan with another table."""
    return {"allocation": PLAN, name: csv(text)}


def rows(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"allocation": table}


EXTRA = "resource,place,year,extra\n"
REFUSED = {
    "allocation": [
        ({}, None, "", "no allocation"),
        (rows(PLAN.drop(columns="activity")), 1, "activity", "missing"),
        (rows(PLAN.drop(columns="year")), 1, "year", "missing"),
        (rows(PLAN.iloc[:3]), None, "programme", "no row for 2026"),
        (rows(PLAN.iloc[[0, 1, 2, 3, 1]]), 6, "", "A&E attendances, 2026 is there more than once"),
        (cell(2, "programme", "Home car"), 4, "programme", "did you mean 'Home care'?"),
        (cell(1, "year", 2027), 3, "year", "'2027' is not a year of the plan"),
        (cell(1, "year", "next"), 3, "year", "'next' is not a year of the plan"),
        (cell(1, "year", None), 3, "year", "is not a year of the plan"),
        (cell(3, "activity", -1), 5, "activity", "less than nothing"),
        (cell(0, "activity", np.nan), 2, "activity", "blank"),
        (cell(0, "activity", np.inf), 2, "activity", "not a finite number"),
        (cell(0, "activity", "lots"), 2, "activity", "'lots' is not a finite number"),
        (rows(PLAN.assign(unmet=[3, 0, 10, 5])), 2, "unmet", "no demand"),
        (rows(PLAN.assign(unmet=["", "", "some", ""])), 4, "unmet", "'some' is not"),
    ],
    "budgets": [
        (beside("budgets", "pool,year,carry_out\nNHSE,2025,0"), 2, "pool", "'NHS'"),
        (beside("budgets", "pool,carry_out\nNHS,0"), 1, "year", "missing"),
    ],
    "transfers": [
        (
            beside("transfers", "from_pool,to_pool,year,amount\nNHS,Counsil,2025,1"),
            2,
            "to_pool",
            "'Council'",
        )
    ],
    "capacity": [
        (beside("capacity", f"{EXTRA}bed,,2025,1"), 2, "resource", "'beds'"),
        (
            beside("capacity", f"{EXTRA}beds,North,2025,1"),
            2,
            "place",
            "'North' is not in the instance",
        ),
    ],
}


@pytest.mark.parametrize(
    ("table", "plan", "line", "name", "said"),
    [(table, *case) for table, cases in REFUSED.items() for case in cases],
)
def test_a_plan_that_cannot_be_read_is_refused_at_its_place(
    table: str, plan: dict[str, pd.DataFrame], line: int | None, name: str, said: str
) -> None:
    found = refused(INSTANCE, plan)
    assert said in found[table, line, name]


def test_all_problems_come_at_once() -> None:
    plan = PLAN.astype(object)
    plan.loc[0, "activity"] = -5
    plan.loc[1, "year"] = 1999
    plan.loc[3, "programme"] = "Homecare"
    carry = csv("pool,year,carry_out\nNHS,2025,much")
    found = refused(INSTANCE, {"allocation": plan, "budgets": carry})
    first = {("allocation", 2, "activity"), ("allocation", 3, "year")}
    assert found.keys() >= first | {("allocation", 5, "programme"), ("budgets", 2, "carry_out")}


def test_capacity_that_does_not_go_together() -> None:
    instance = round_of(
        "programme,sector,pool,baseline,place\nA,acute,NHS,1,North",
        resources="resource\nbeds\nnurses",
        places="place,heads\nNorth,1\nSouth,1",
        capacity="resource,place,amount\nbeds,North,1\nnurses,South,1",
    )
    stated = csv("resource,place,year,extra\nbeds,South,2025,1")
    with pytest.raises(InstanceError, match="beds, South do not go together"):
        evaluate(instance, {"allocation": allocation(instance, {"A": 1}), "capacity": stated})
