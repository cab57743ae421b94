"""Conditional money worked by hand: at, below and above what earns it, and when it comes."""

from __future__ import annotations

from typing import Any

import pytest
from judging import allowed, breaks, column, expect, run
from small import round_of

from allocator.evaluate import Evaluation
from allocator.instance.instance import Instance

# 2 QALYs a visit, and need left unmet costs 1 each.
PROGRAMMES = """
    programme,sector,pool,baseline,unit_cost,unit
    Visits,community,NHS,100,10,visit
    Wards,acute,NHS,50,20,bed"""
TABLES = {
    "budgets": "pool,year,kind,amount\nNHS,2025,recurrent,3000\nNHS,2026,recurrent,3300\n"
    "NHS,2027,recurrent,3600\nNHS,,grant,100\nNHS,,non_recurrent,500\nNHS,,capital,70",
    "responses": "programme,outcome,per_unit\nVisits,QALY,2",
    "demand": "programme,demand,harm,harm_outcome\nWards,60,1,QALY",
    "places": "place,year,heads\nNorth,,40\nSouth,2025,60\nSouth,2026,70\nSouth,2027,80",
    "selections": "selection,programme,share\nhalf,Visits,0.5",
}
YEARS = (2025, 2026, 2027)


def paying(incomes: str, *, years: tuple[int, ...] = (2025,), **more: Any) -> Instance:
    """Round with conditional money of the NHS, `head: cells; cells ...`."""
    head, _, rows = " ".join(incomes.split()).partition(": ")
    lines = [f"{line},NHS" for line in rows.split("; ")]
    budgets = [
        line for line in TABLES["budgets"].splitlines()
        if line.split(",")[1] in {"year", "", *map(str, years)}
    ]  # fmt: skip
    places = [
        line for line in TABLES["places"].splitlines()
        if line.split(",")[1] in {"year", "", *map(str, years)}
    ]  # fmt: skip
    tables = {
        **TABLES,
        "budgets": "\n".join(budgets),
        "places": "\n".join(places),
        "incomes": "\n".join([f"{head},pool", *lines]),
        "programmes": PROGRAMMES,
        **more,
    }
    return round_of(years=years, **tables)


def doing(instance: Instance, visits: Any, wards: Any = 60) -> Evaluation:
    return allowed(instance, {"Visits": visits, "Wards": wards})


@pytest.mark.parametrize(
    ("terms", "visits", "wards", "value", "earned"),
    [
        # Exactly at the threshold it is earned; a little short of it, not.
        ("outcome,,QALY,min,200,", 100, 60, 200, 1),
        ("outcome,,QALY,min,200,", 99.999, 60, 199.998, 0),
        ("outcome,,QALY,min,200,", 100 - 1e-6, 60, 200, 1),
        ("outcome,,QALY,min,200,", 100 - 2e-5, 60, 200, 0),
        # Net of harm.
        ("outcome,,QALY,min,200,", 100, 59, 199, 0),
        ("outcome,,QALY,min,200,", 100.5, 59, 200, 1),
        ("outcome,half,QALY,min,100,", 100, 0, 100, 1),
        ("outcome,,QALY,max,200,", 100, 60, 200, 1),
        ("outcome,,QALY,max,200,", 101, 60, 202, 0),
        ("outcome,,QALY,max,200,", 100 + 1e-6, 60, 200, 1),
        ("activity,half,,min,50,", 100, 60, 50, 1),
        ("activity,half,,min,50,", 99, 60, 49.5, 0),
        ("value,,,min,2200,", 100, 60, 2200, 1),
        ("value,,,max,2199,", 100, 60, 2200, 0),
        ("unmet,,,max,5,", 100, 55, 5, 1),
        ("unmet,,,max,5,", 100, 54, 6, 0),
        # In proportion from the threshold to the full figure, and no further.
        ("activity,half,,min,50,70", 100, 60, 50, 0),
        ("activity,half,,min,50,70", 110, 60, 55, 0.25),
        ("activity,half,,min,50,70", 140, 60, 70, 1),
        ("activity,half,,min,50,70", 150, 60, 75, 1),
        ("activity,half,,min,50,70", 80, 60, 40, 0),
        ("unmet,,,max,20,10", 100, 40, 20, 0),
        ("unmet,,,max,20,10", 100, 45, 15, 0.5),
        ("unmet,,,max,20,10", 100, 50, 10, 1),
        ("unmet,,,max,20,10", 100, 60, 0, 1),
        ("unmet,,,max,20,10", 100, 35, 25, 0),
    ],
)
def test_what_is_earned(
    terms: str, visits: float, wards: float, value: float, earned: float
) -> None:
    head = "income,measure,selection,outcome,sense,threshold,full,amount,share"
    result = doing(paying(f"{head}: Q,{terms},80,0.5"), visits, wards)
    line = result.incomes.iloc[0]
    assert line["value"] == pytest.approx(value, abs=1e-4)
    assert line["earned"] == pytest.approx(earned)
    assert line["amount"] == pytest.approx(40 * earned)
    assert line["held_back"] == 0
    assert (line["year"], line["received"]) == (2025, 2025)
    budget = result.budgets.iloc[0]
    assert budget["incomes"] == pytest.approx(40 * earned)
    spent = 10 * visits + 20 * wards
    assert budget["slack"] == pytest.approx(3600 + 40 * earned - spent)


def test_a_quality_premium_a_head_with_its_parts_a_year_later() -> None:
    instance = paying(
        "income,part,label,measure,outcome,sense,threshold,basis,amount,share,lag: "
        "Premium,outcomes,,outcome,QALY,min,200,per_head,5,0.6,1; "
        "Premium,waits,Nobody waits,unmet,,max,0,per_head,5,0.4,1",
        years=YEARS,
        settings={"cost_uplift": 0.1},
        demand="programme,demand\nWards,60",
    )
    result = doing(instance, [100, 90, 110], [60, 60, 59])
    frame = result.incomes
    expect(frame, part=["outcomes"] * 3 + ["waits"] * 3)
    expect(frame, label=["Premium, outcomes"] * 3 + ["Nobody waits"] * 3)
    expect(frame, received=[2026, 2027, 0] * 2)
    # £5 for each of 100, 110 and 120 heads of the year measured, without uplift.
    expect(frame, part="outcomes", amount=[300, 0, 360])
    expect(frame, part="waits", amount=[200, 220, 0])
    expect(result.budgets, incomes=[0, 500, 220])


def test_what_is_held_back_is_taken_off_whatever_is_earned() -> None:
    instance = paying(
        "income,year,measure,outcome,sense,threshold,full,basis,amount,share,lag: "
        "Improve,,outcome,QALY,min,200,240,held_back,0.02,0.5,1; "
        "Improve,2026,outcome,QALY,min,200,,held_back,0.1,1,0",
        years=YEARS,
        settings={"recurrent_balance": True},
    )
    result = doing(instance, [110, 100, 120])
    # 1% of recurrent and grant money: 3,100 and 3,700; in 2026 a tenth of 3,400.
    expect(result.incomes, held_back=[31, 340, 37], earned=[0.5, 1, 1], amount=[15.5, 340, 37])
    expect(result.incomes, received=[2026, 2026, 0])
    expect(result.budgets, held_back=[31, 340, 37], incomes=[0, 355.5, 0])
    money = [3600, 3900, 4200]
    spent = [1100 + 1200, 1000 + 1200, 1200 + 1200]
    slack = [m - s + i for m, s, i in zip(money, spent, [-31, 15.5, -37], strict=True)]
    expect(result.budgets, slack=slack)
    # What comes every year is as before.
    expect(result.budgets, recurrent_income=[3100, 3400, 3700])


def test_what_is_not_earned_may_leave_a_pool_short() -> None:
    instance = paying(
        "income,measure,outcome,sense,threshold,basis,amount: "
        "Improve,outcome,QALY,min,402,held_back,0.5"
    )
    assert run(instance, {"Visits": 201, "Wards": 60}).allowed
    # 1,550 is held back of 3,600, and 3,200 spent.
    result = run(instance, {"Visits": 200, "Wards": 60})
    breaks(result, "budget", "NHS", 2025, 3200 - 2050)


def test_money_received_is_carried_and_handed_on_where_it_is_needed() -> None:
    instance = round_of(
        PROGRAMMES,
        years=(2025, 2026),
        budgets="pool,amount,overdraw_max\nNHS,2000,100\nReserve,0,0",
        transfers="from_pool,to_pool,max\nReserve,NHS,90",
        incomes="income,pool,measure,threshold,amount\nPrize,Reserve,value,2000,70",
    )
    # 60 more than the pool has, and the 70 of the prize.
    result = allowed(instance, {"Visits": 106, "Wards": 50})
    expect(result.budgets, pool="Reserve", incomes=[70, 70])
    moved = column(result.transfers, "amount")
    assert sum(moved) == pytest.approx(120)
    assert moved[0] <= 70 + 1e-9
    assert moved[1] <= 70 + 1e-9


def test_incomes_measured_in_some_years_only_and_none_at_all() -> None:
    instance = paying(
        "income,year,measure,threshold,amount,lag: Once,2026,value,1,5,0", years=YEARS
    )
    result = doing(instance, 100)
    expect(result.incomes, year=[2026])
    expect(result.budgets, incomes=[0, 5, 0])
    plain = run(round_of(PROGRAMMES), {"Visits": 100, "Wards": 50})
    assert plain.incomes.empty
    assert plain.options.empty
    assert column(plain.budgets, "incomes") == column(plain.budgets, "held_back") == [0]


def test_outcomes_that_options_add_count_towards_conditions() -> None:
    instance = paying(
        "income,measure,outcome,sense,threshold,amount: Q,outcome,QALY,min,230,50",
        options="option,pool,start_month\nCoach,NHS,10",
        option_effects="option,measure,target,outcome,value\nCoach,outcome,Visits,QALY,60",
    )
    activity = {"Visits": 100, "Wards": 60}
    expect(run(instance, activity).incomes, amount=[0])
    result = run(instance, activity, options="option,year,taken\nCoach,2025,yes")
    expect(result.incomes, value=[230], amount=[50])
