"""Adjustments, kinds of money, capital and the recurrent balance, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from judging import allowed, breaks, expect, run
from small import round_of

PROGRAMMES = """
    programme,sector,pool,baseline,unit_cost,recurrent,money
    Wards,acute,NHS,300,2,yes,revenue
    Clinics,community,NHS,200,1,yes,revenue
    Project,community,NHS,50,1,no,revenue
    Homes,social care,Council,100,2,yes,revenue"""
PLAN = {"Wards": 300, "Clinics": 200, "Project": 50, "Homes": 100}
BUDGETS = "pool,amount\nNHS,1000\nCouncil,300"
SELECTIONS = """
    selection,sector,pool,share
    hospital,acute,,1
    both,acute,,0.5
    both,social care,,1"""
HEAD = "item,year,pool,selection,kind,amount,delivery,recurrent"


def money(*adjustments: str, **more: Any) -> Any:
    tables = {
        "programmes": PROGRAMMES,
        "budgets": BUDGETS,
        "selections": SELECTIONS,
        "adjustments": "\n".join([HEAD, *adjustments]),
        **more,
    }
    return round_of(**tables)


# Adjustments -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "delivery", "net"),
    [
        ("full_year_effect", 1, 40),
        ("pressure", 0.5, 20),
        ("double_running", 1, 40),
        ("reserve", 0.25, 10),
        ("deficit", 1, 40),
        ("efficiency", 1, -40),
        ("efficiency", 0.5, -20),
        ("efficiency", 0, 0),
    ],
)
def test_adjustments_count_as_far_as_they_come_true(kind: str, delivery: float, net: float) -> None:
    result = run(money(f"Item,,NHS,,{kind},40,{delivery},yes"), PLAN)
    budget = result.budgets.set_index("pool").loc["NHS"]
    assert budget["adjustments"] == net
    assert budget["spend"] == 850
    assert budget["slack"] == 150 - net
    rows = result.adjustments.to_dict("records")
    line = {"pool": "NHS", "year": 2025, "kind": kind, "item": "Item", "amount": net}
    assert rows == ([line] if net else [])


def test_half_the_efficiency_overspends_the_pool() -> None:
    budgets = "pool,amount\nNHS,810\nCouncil,300"
    kept = money("CIP,,NHS,,efficiency,40,1,yes", budgets=budgets)
    assert run(kept, PLAN).allowed
    half = money("CIP,,NHS,,efficiency,40,0.5,yes", budgets=budgets)
    breaks(run(half, PLAN), "budget", "NHS", 2025, 20)


def test_an_adjustment_without_a_pool_falls_on_those_of_its_selection_by_baseline_spend() -> None:
    # Half of 600 on the wards, all of 200 on homes.
    result = run(money("Pay,,,both,pressure,50,1,yes"), PLAN)
    expect(result.adjustments, pool=["Council", "NHS"], amount=[20, 30])
    named = run(money("Pay,,NHS,both,pressure,50,1,yes"), PLAN)
    expect(named.budgets, pool="NHS", adjustments=[50])
    expect(named.budgets, pool="Council", adjustments=[0])


def test_a_part_year_scheme_and_its_full_year_effect() -> None:
    instance = money(
        "Scheme,2025,NHS,,pressure,1.5,1,yes",
        "Scheme,2026,NHS,,full_year_effect,3,1,yes",
        "Both sites,2025,NHS,,double_running,0.4,1,no",
        years=(2025, 2026),
    )
    result = run(instance, PLAN)
    expect(result.budgets, pool="NHS", adjustments=[1.9, 3])
    # Double running stays out of the underlying position.
    expect(result.budgets, pool="NHS", recurrent_spend=[801.5, 803], underlying=[198.5, 197])


# Kinds of money --------------------------------------------------------------------------

KINDS = """
    pool,kind,amount,carry_max
    NHS,recurrent,700,20
    NHS,grant,90,0
    NHS,non_recurrent,60,0
    NHS,capital,30,0
    Council,recurrent,200,0"""


def test_all_kinds_but_capital_pay_together() -> None:
    result = allowed(money(budgets=KINDS), PLAN)
    budget = result.budgets.set_index("pool").loc["NHS"]
    assert budget["amount"] == 850
    assert budget["capital_amount"] == 30
    assert budget["recurrent_income"] == 790
    assert budget["recurrent_spend"] == 800
    assert budget["underlying"] == -10
    assert budget["slack"] == 0


def test_recurrent_spend_stays_within_recurrent_income_where_that_is_asked() -> None:
    balanced = {"recurrent_balance": True}
    result = run(money(budgets=KINDS, settings=balanced), PLAN)
    assert breaks(result, "recurrent", "NHS", 2025, 10) == (
        "Pool 'NHS' in 2025/26 spends £800.00 that comes back every year, £10.00 more than comes "
        "in every year, £790.00."
    )
    within = run(money(budgets=KINDS, settings=balanced), PLAN | {"Clinics": 190, "Project": 60})
    assert within.allowed
    expect(within.budgets, underlying=[0, 0])


def test_recurrent_adjustments_transfers_contracts_and_shares_count_in_the_balance() -> None:
    programmes = """
        programme,sector,pool,provider,contract,baseline,recurrent
        Wards,acute,NHS,Trust,Acute,100,no
        Homes,social care,Council,,,100,yes
        Gardens,social care,Council,,,10,no"""
    instance = money(
        "CIP,,NHS,,efficiency,5,1,yes",
        "Reserve,,NHS,,reserve,7,1,no",
        programmes=programmes,
        selections="selection,sector\nx,acute",
        budgets="pool,amount\nNHS,200\nCouncil,100",
        contracts="contract,type\nAcute,activity",
        limits="programme,max\nWards,2",
        funding="""
            programme,pool,share_min,share_max
            Homes,NHS,0,1
            Homes,Council,0,1
            Gardens,NHS,1,1""",
        transfers="from_pool,to_pool,max\nNHS,Council,50",
        settings={"recurrent_balance": True},
    )
    activity = {"Wards": 110, "Homes": 100, "Gardens": 10}
    tables = {
        "funding": "programme,pool,year,paid\nHomes,NHS,2025,30\nHomes,Council,2025,70\n"
        "Gardens,NHS,2025,10",
        "transfers": "from_pool,to_pool,year,amount\nNHS,Council,2025,20",
    }
    result = allowed(instance, activity, **tables)
    expect(result.budgets, pool="NHS", recurrent_spend=[110 + 30 - 5 + 20], underlying=[200 - 155])
    expect(result.budgets, pool="Council", recurrent_income=[120], underlying=[50])
    expect(result.budgets, pool="NHS", slack=[200 - 110 - 40 - 2 - 20])


def test_extra_capacity_and_carried_money_are_not_recurrent() -> None:
    instance = money(
        budgets="pool,amount,carry_max\nNHS,850,100\nCouncil,200,0",
        years=(2025, 2026),
        resources="resource\nbeds",
        capacity="resource,amount,extra_max,extra_cost,extra_pool\nbeds,295,9,2,NHS",
        use="programme,resource,per_unit\nWards,beds,1",
        settings={"recurrent_balance": True},
    )
    result = allowed(instance, PLAN | {"Project": [0, 80]})
    expect(result.budgets, pool="NHS", extra_cost=[10, 10], carry_out=[40, 0], underlying=[50, 50])


def test_transfers_are_settled_with_the_recurrent_balance_in_mind() -> None:
    instance = money(
        budgets="pool,kind,amount\nNHS,recurrent,900\nCouncil,non_recurrent,200",
        transfers="from_pool,to_pool,max\nNHS,Council,300",
        settings={"recurrent_balance": True},
    )
    # The council has the money for its homes, but not every year: the NHS hands over 100 of its
    # recurrent 900 and can no longer do its project.
    result = run(instance, PLAN | {"Project": 0})
    breaks(result, "recurrent", "Council", 2025, pytest.approx(100))
    expect(result.transfers, amount=[100])
    enough = run(instance, PLAN | {"Project": 0, "Homes": 50})
    assert enough.allowed
    expect(enough.transfers, amount=[100])


# Capital ---------------------------------------------------------------------------------

CAPITAL = """
    programme,sector,pool,baseline,unit_cost,recurrent,money
    Wards,acute,NHS,300,2,yes,revenue
    Scanner,acute,NHS,10,3,no,capital
    Beds,community,NHS,5,1,no,capital"""


def test_capital_pays_for_capital_and_for_nothing_else() -> None:
    budgets = "pool,kind,amount,carry_max\nNHS,recurrent,600,50\nNHS,capital,40,50"
    instance = round_of(CAPITAL, budgets=budgets, years=(2025, 2026))
    result = allowed(instance, {"Wards": 300, "Scanner": [10, 11], "Beds": [10, 7]})
    expect(result.budgets, capital_spend=[40, 40], capital_amount=[40, 40], spend=[600, 600])
    expect(result.budgets, slack=[0, 0])
    # Capital left over is not carried.
    broken = run(instance, {"Wards": 300, "Scanner": [0, 14], "Beds": [0, 0]})
    assert breaks(broken, "capital", "NHS", 2026, 2) == (
        "Pool 'NHS' in 2026/27 spends £42.00 on capital, £2.00 more than its capital, £40.00."
    )
    breaks(run(instance, {"Wards": [300, 301], "Scanner": 0, "Beds": 0}), "budget", "NHS", 2026, 2)


def test_capital_of_one_year_pays_in_that_year() -> None:
    budgets = "pool,year,kind,amount\nNHS,,recurrent,600\nNHS,2025,capital,40"
    instance = round_of(CAPITAL, budgets=budgets, years=(2025, 2026))
    result = run(instance, {"Wards": 300, "Scanner": [13, 1], "Beds": 0})
    breaks(result, "capital", "NHS", 2026, 3)
