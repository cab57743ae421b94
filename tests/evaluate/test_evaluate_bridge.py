"""The bridge from last year's outturn to the plan, step by step and by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from evaluate_cases import case, run

from allocator.evaluate import STEPS, Evaluation, bridge, check_bridge
from allocator.instance.instance import Instance

PROGRAMMES = """
    programme,sector,pool,provider,contract,baseline,unit_cost,tariff,recurrent,money
    Wards,acute,NHS,Trust,Acute,100,10,9,yes,revenue
    Clinics,community,NHS,,,50,4,,yes,revenue
    Project,community,NHS,,,20,1,,no,revenue
    Homes,social care,Council,,,60,5,,yes,revenue
    Scanner,acute,NHS,,,10,2,,no,capital"""
TABLES = {
    "budgets": "pool,kind,amount\nNHS,recurrent,9000\nNHS,capital,90\nCouncil,recurrent,900",
    "contracts": "contract,type,fixed,uplift\nAcute,block,950,0",
    "limits": "programme,max\nWards,2",
    "funding": "programme,pool,share_max\nHomes,NHS,1\nHomes,Council,1",
    "selections": "selection,sector\ncare,acute\ncare,community\ncare,social care",
    "adjustments": """
        item,pool,selection,kind,amount,delivery,recurrent
        CIP,,care,efficiency,100,0.5,yes
        Rent,NHS,,pressure,7,1,no
        Last year,NHS,care,full_year_effect,12,1,yes""",
    "resources": "resource\nbeds",
    "capacity": "resource,amount,extra_max,extra_cost,extra_pool\nbeds,100,20,3,NHS",
    "use": "programme,resource,per_unit\nWards,beds,1",
    "settings": {"cost_uplift": 0.1},
}
REFERENCE = {"Wards": 104, "Clinics": 52, "Project": 20, "Homes": 60, "Scanner": 10}
PLAN = {"Wards": 110, "Clinics": 60, "Project": 10, "Homes": 50, "Scanner": 12}
PAID = "programme,pool,year,paid\nHomes,NHS,2025,55\nHomes,Council,2025,220"


def instance_of(**more: Any) -> Instance:
    return case(PROGRAMMES, **(TABLES | more))


@pytest.fixture(scope="module")
def round_() -> tuple[Instance, Evaluation, Evaluation]:
    instance = instance_of()
    return instance, run(instance, PLAN, funding=PAID), run(instance, REFERENCE)


def steps(frame: pd.DataFrame, pool: str, sector: str, lasting: bool) -> dict[str, float]:
    frame = frame[(frame.pool == pool) & (frame.sector == sector) & (frame.recurrent == lasting)]
    return dict(zip(frame.step, frame.amount, strict=True))


def test_every_step_by_hand(round_: tuple[Instance, Evaluation, Evaluation]) -> None:
    frame = bridge(*round_)
    assert check_bridge(frame, round_[1]) == []
    # Baseline 1,000 + 220 + 300 + 20 = 1,540 in the selection of the efficiency and of last
    # year's effect; of that the NHS has 1,240 itself, 1,020 of it acute.
    nhs, council = 1240 / 1540, 300 / 1540
    acute = {
        "outturn": 1000,
        "full_year_effect": 12 * 1020 / 1240,
        "inflation": 100,
        "efficiency": -50 * nhs * 1020 / 1240,
        "growth_and_demand": 44,
        "decisions": 66,
        "contracts": 950 - 1210,
    }
    acute["plan"] = sum(acute.values())
    assert steps(frame, "NHS", "acute", True) == pytest.approx(acute)
    community = {
        "outturn": 200,
        "full_year_effect": 12 * 220 / 1240,
        "inflation": 20,
        "efficiency": -50 * nhs * 220 / 1240,
        "growth_and_demand": 8.8,
        "decisions": 35.2,
    }
    community["plan"] = sum(community.values())
    assert steps(frame, "NHS", "community", True) == pytest.approx(community)
    project = {"outturn": 20, "inflation": 2, "decisions": -11, "plan": 11}
    assert steps(frame, "NHS", "community", False) == pytest.approx(project)
    capital = {"outturn": 20, "inflation": 2, "decisions": 4.4, "plan": 26.4}
    assert steps(frame, "NHS", "acute", False) == pytest.approx(capital)
    # A fifth of the homes is paid by the NHS this year.
    fifth = {"outturn": 60, "inflation": 6, "decisions": -11, "plan": 55}
    assert steps(frame, "NHS", "social care", True) == pytest.approx(fifth)
    rest = {"outturn": 240, "inflation": 24, "efficiency": -50 * council, "decisions": -44}
    rest["plan"] = sum(rest.values())
    assert steps(frame, "Council", "social care", True) == pytest.approx(rest)
    apart = {"pressure": 7, "extra_capacity": 33, "plan": 40}
    assert steps(frame, "NHS", "", False) == pytest.approx(apart)


def test_steps_are_in_order_and_come_to_what_the_pools_pay(
    round_: tuple[Instance, Evaluation, Evaluation],
) -> None:
    instance, checked, reference = round_
    frame = bridge(instance, checked, reference)
    for _, part in frame.groupby(["pool", "sector", "year", "recurrent"]):
        assert part.step.map(STEPS.index).is_monotonic_increasing
        assert part.step.iloc[-1] == "plan"
    plan = frame[frame.step == "plan"]
    budget = checked.budgets.set_index("pool")
    uses = budget[["spend", "capital_spend", "adjustments", "extra_cost"]].sum(axis=1)
    assert plan.groupby("pool").amount.sum().to_dict() == pytest.approx(uses.to_dict())
    lasting = plan[plan.recurrent].groupby("pool").amount.sum()
    assert lasting.to_dict() == pytest.approx(budget.recurrent_spend.to_dict())


def test_a_bridge_that_does_not_add_up_is_found(
    round_: tuple[Instance, Evaluation, Evaluation],
) -> None:
    instance, checked, reference = round_
    frame = bridge(instance, checked, reference)
    step = frame.index[(frame.step == "decisions") & (frame.sector == "community")][0]
    off = frame.copy()
    off.loc[step, "amount"] += 0.02
    found = check_bridge(off, checked)
    assert len(found) == 1
    assert "Pool 'NHS', sector 'community', 2025: recurrent steps come to" in found[0]
    off.loc[step, "amount"] -= 0.015
    assert check_bridge(off, checked) == []
    assert len(check_bridge(off, checked, penny=0.001)) == 1

    spent = checked.budgets.assign(spend=checked.budgets.spend + pd.Series([0.0, 5.0]))
    found = check_bridge(frame, replace(checked, budgets=spent))
    assert len(found) == 1
    assert found[0].startswith("Pool 'NHS', 2025: the bridge comes to")
    lasting = checked.budgets.assign(recurrent_spend=0.0)
    assert len(check_bridge(frame, replace(checked, budgets=lasting))) == 2
    assert check_bridge(frame[frame.pool == "NHS"], checked)
    assert check_bridge(frame[frame.step != "plan"], checked)


def test_what_is_given_up_altogether_goes_to_the_pool_that_would_pay_first() -> None:
    instance = instance_of()
    none = run(instance, PLAN | {"Homes": 0, "Wards": 0})
    reference = run(instance, REFERENCE)
    frame = bridge(instance, none, reference)
    assert check_bridge(frame, none) == []
    homes = steps(frame, "Council", "social care", True)
    assert homes["outturn"] == 300
    assert homes["decisions"] == pytest.approx(-330)
    wards = steps(frame, "NHS", "acute", True)
    assert wards["decisions"] == pytest.approx(-1144)
    assert wards["contracts"] == pytest.approx(950)


def test_stranded_cost_transfers_and_years() -> None:
    programmes = """
        programme,sector,pool,baseline,fixed_share,release_years
        A,acute,NHS,100,0.5,1
        B,social care,Council,50,0,0"""
    instance = case(
        programmes,
        years=(2025, 2026),
        budgets="pool,amount,carry_max\nNHS,100,50\nCouncil,40,0",
        transfers="from_pool,to_pool,max\nNHS,Council,20",
    )
    reference = run(instance, {"A": 90, "B": 40})
    checked = run(instance, {"A": [60, 60], "B": [50, 55]})
    assert checked.allowed
    frame = bridge(instance, checked, reference)
    assert check_bridge(frame, checked) == []
    nhs = frame[(frame.pool == "NHS") & (frame.step == "decisions")]
    assert nhs.year.tolist() == [2025, 2026]
    # 60 and 20 stranded against 90 and 5, then 60 against 90.
    assert nhs.amount.tolist() == [-15, -30]
    assert len(bridge(instance, reference, reference).query("step == 'decisions'")) == 0
