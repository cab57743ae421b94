"""The bridge from last year's outturn to the plan, step by step and by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from judging import allowed, expect, run
from small import round_of

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
    return round_of(PROGRAMMES, **(TABLES | more))


@pytest.fixture(scope="module")
def plans() -> tuple[Evaluation, Evaluation]:
    """The plan and the reference plan."""
    instance = instance_of()
    return run(instance, PLAN, funding=PAID), run(instance, REFERENCE)


def bridged(checked: Evaluation, reference: Evaluation) -> pd.DataFrame:
    """A bridge that adds up."""
    frame = bridge(checked, reference)
    assert check_bridge(frame, checked.budgets) == []
    return frame


def steps(frame: pd.DataFrame, pool: str, sector: str, lasting: bool) -> dict[str, float]:
    frame = frame[(frame.pool == pool) & (frame.sector == sector) & (frame.recurrent == lasting)]
    return dict(zip(frame.step, frame.amount, strict=True))


def test_every_step_by_hand(plans: tuple[Evaluation, Evaluation]) -> None:
    frame = bridged(*plans)
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
    # The council pays for all homes when the baseline is rolled forward, the NHS for a fifth in
    # the plan: that is a decision.
    fifth = {"decisions": 55, "plan": 55}
    assert steps(frame, "NHS", "social care", True) == pytest.approx(fifth)
    rest = {"outturn": 300, "inflation": 30, "efficiency": -50 * council, "decisions": -110}
    rest["plan"] = sum(rest.values())
    assert steps(frame, "Council", "social care", True) == pytest.approx(rest)
    apart = {"pressure": 7, "extra_capacity": 33, "plan": 40}
    assert steps(frame, "NHS", "", False) == pytest.approx(apart)


def test_outturn_of_a_pool_is_one_number_and_capital_is_apart() -> None:
    years = (2025, 2026)
    instance = instance_of(years=years)
    paid = "programme,pool,year,paid\nHomes,NHS,2025,55\nHomes,Council,2025,220\n"
    paid += "Homes,NHS,2026,121\nHomes,Council,2026,181.5"
    split = "programme,pool,year,paid\nHomes,NHS,2025,33\nHomes,Council,2025,297\n"
    split += "Homes,NHS,2026,72.6\nHomes,Council,2026,290.4"
    frame = bridged(run(instance, PLAN, funding=paid), run(instance, REFERENCE, funding=split))
    homes = frame[frame.sector == "social care"]
    outturn = homes[homes.step == "outturn"].set_index(["pool", "year"]).amount.to_dict()
    # A tenth is the NHS's in the first year of the reference plan.
    assert outturn == pytest.approx(
        {("NHS", y): 30 for y in years} | {("Council", y): 270 for y in years}
    )
    growth = homes[homes.step == "growth_and_demand"].set_index(["pool", "year"]).amount
    # 363 in 2026/27, a fifth of it the NHS's, where a tenth of the baseline was.
    assert growth.to_dict() == pytest.approx({("NHS", 2026): 36.3, ("Council", 2026): -36.3})
    assert frame[frame.capital].groupby("step").amount.sum()["plan"] == pytest.approx(
        12 * 2 * 1.1 + 12 * 2 * 1.21
    )
    assert not (frame.capital & frame.recurrent).any()


def test_steps_are_in_order_and_come_to_what_the_pools_pay(
    plans: tuple[Evaluation, Evaluation],
) -> None:
    checked, reference = plans
    frame = bridge(checked, reference)
    for _, part in frame.groupby(["pool", "sector", "year", "recurrent", "capital"]):
        assert part.step.map(STEPS.index).is_monotonic_increasing
        assert part.step.iloc[-1] == "plan"
    plan = frame[frame.step == "plan"]
    budget = checked.budgets.set_index("pool")
    uses = budget[["spend", "capital_spend", "adjustments", "extra_cost"]].sum(axis=1)
    assert plan.groupby("pool").amount.sum().to_dict() == pytest.approx(uses.to_dict())
    lasting = plan[plan.recurrent].groupby("pool").amount.sum()
    assert lasting.to_dict() == pytest.approx(budget.recurrent_spend.to_dict())


def test_a_bridge_that_does_not_add_up_is_found(plans: tuple[Evaluation, Evaluation]) -> None:
    checked, reference = plans
    frame = bridge(checked, reference)
    step = frame.index[(frame.step == "decisions") & (frame.sector == "community")][0]
    off = frame.copy()
    off.loc[step, "amount"] += 0.02
    found = check_bridge(off, checked.budgets)
    assert len(found) == 1
    assert "Pool 'NHS', sector 'community', 2025: recurrent steps come to" in found[0]
    off.loc[step, "amount"] -= 0.015
    assert check_bridge(off, checked.budgets) == []
    assert len(check_bridge(off, checked.budgets, penny=0.001)) == 1

    spent = checked.budgets.assign(spend=checked.budgets.spend + pd.Series([0.0, 5.0]))
    found = check_bridge(frame, spent)
    assert len(found) == 1
    assert found[0].startswith("Pool 'NHS', 2025: the bridge comes to")
    lasting = checked.budgets.assign(recurrent_spend=0.0)
    assert len(check_bridge(frame, lasting)) == 2
    assert check_bridge(frame[frame.pool == "NHS"], checked.budgets)
    assert check_bridge(frame[frame.step != "plan"], checked.budgets)


def test_what_is_given_up_altogether_goes_to_the_pool_that_would_pay_first() -> None:
    instance = instance_of()
    none = run(instance, PLAN | {"Homes": 0, "Wards": 0})
    reference = run(instance, REFERENCE)
    frame = bridged(none, reference)
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
    instance = round_of(
        programmes,
        years=(2025, 2026),
        budgets="pool,amount,carry_max\nNHS,100,50\nCouncil,40,0",
        transfers="from_pool,to_pool,max\nNHS,Council,20",
    )
    reference = run(instance, {"A": 90, "B": 40})
    checked = run(instance, {"A": [60, 60], "B": [50, 55]})
    assert checked.allowed
    frame = bridged(checked, reference)
    nhs = frame[(frame.pool == "NHS") & (frame.step == "decisions")]
    expect(nhs, year=[2025, 2026])
    # 60 and 20 stranded against 90 and 5, then 60 against 90.
    expect(nhs, amount=[-15, -30])
    assert len(bridge(reference, reference).query("step == 'decisions'")) == 0


# Decisions -------------------------------------------------------------------------------

DECIDED: dict[str, Any] = {
    "years": (2025, 2026, 2027),
    "settings": {"cost_uplift": 0.1},
    "budgets": "pool,kind,amount\nNHS,recurrent,9000\nNHS,capital,900\nCouncil,recurrent,900",
    "contracts": "contract,type,fixed,notice_years,exit_fee\nAcute,block,1300,1,70",
    "limits": "programme,max\nWards,2",
    "options": """
        option,pool,programme,start_month,lead_years,cost_once,cost_yearly,double_running,cost_exit,capital
        Hub,NHS,,10,0,100,40,30,20,500
        Homes plus,NHS,Homes,10,0,8,60,0,5,0
        Slow,Council,,0,1,0,-10,6,0,0
        Cheaper,NHS,,0,0,0,0,0,0,0""",
    "option_effects": """
        option,measure,target,operation,value
        Hub,income,Council,add,12
        Cheaper,unit_cost,Clinics,multiply,0.9""",
    "incomes": """
        income,pool,measure,threshold,basis,amount,lag
        Prize,NHS,value,1,amount,25,1
        Held,Council,value,1e9,held_back,0.02,0""",
}
OPTIONS = """
    option,year,taken
    Hub,2025,yes
    Hub,2026,yes
    Homes plus,2026,yes
    Homes plus,2027,yes
    Slow,2025,yes
    Slow,2026,yes
    Slow,2027,yes
    Cheaper,2026,yes"""
ENDED = "contract,year,ended\nAcute,2027,yes"


def decided(**plan: str) -> Evaluation:
    instance = round_of(PROGRAMMES, **DECIDED)
    activity = {"Wards": 100, "Clinics": 50, "Project": 20, "Homes": 60, "Scanner": 10}
    return allowed(instance, activity, **plan)


def by_step(frame: pd.DataFrame, pool: str, sector: str, lasting: bool) -> dict[str, Any]:
    """Amounts of the three years by step, without the plan."""
    frame = frame[(frame.pool == pool) & (frame.sector == sector) & (frame.recurrent == lasting)]
    table = frame.pivot_table(index="year", columns="step", values="amount").reindex(
        [2025, 2026, 2027]
    )
    found = {step: table[step].fillna(0.0).tolist() for step in table if step != "plan"}
    return {
        step: amounts for step, amounts in found.items() if step not in ("outturn", "inflation")
    }


def test_decisions_step_by_step() -> None:
    checked, reference = decided(options=OPTIONS, contracts=ENDED), decided()
    frame = bridged(checked, reference)
    n = [1.1, 1.21, 1.331]
    # The hub from October: half a year, then the other half of one as a full-year effect.
    assert by_step(frame, "NHS", "", True) == {
        "options": pytest.approx([20 * n[0], 20 * n[1], 0]),
        "full_year_effect": pytest.approx([0, 20 * n[1], 0]),
    }
    assert by_step(frame, "NHS", "", False) == {
        "double_running": pytest.approx([30 * n[0], 0, 0]),
        "one_off": pytest.approx([100 * n[0], 0, 20 * n[2]]),
        "option_capital": pytest.approx([500 * n[0], 0, 0]),
        "incomes": pytest.approx([0, -25, -25]),
    }
    # What the NHS pays once for the option of Homes is social care.
    assert by_step(frame, "NHS", "social care", False) == {
        "one_off": pytest.approx([0, 8 * n[1], 0])
    }
    assert by_step(frame, "Council", "social care", True) == {
        "options": pytest.approx([0, 30 * n[1], 30 * n[2]]),
        "full_year_effect": pytest.approx([0, 0, 30 * n[2]]),
    }
    # Not in place for a year, and a saving from then on.
    assert by_step(frame, "Council", "", True) == {
        "options": pytest.approx([0, -10 * n[1], -10 * n[2]]),
        "option_income": pytest.approx([-6 * n[0], -12 * n[1], 0]),
    }
    assert by_step(frame, "Council", "", False) == {
        "double_running": pytest.approx([6 * n[0], 0, 0]),
        "held_back": pytest.approx([18, 18, 18]),
    }
    # Cheaper clinics are a decision; the wards are paid at cost once their block is ended.
    assert by_step(frame, "NHS", "community", True) == {
        "decisions": pytest.approx([0, -0.1 * 200 * n[1], 0])
    }
    block = 300 * n[0], 300 * n[1]
    assert by_step(frame, "NHS", "acute", True) == {"contracts": pytest.approx([*block, 0])}
    assert by_step(frame, "NHS", "acute", False) == {"exit_fees": pytest.approx([0, 0, 70 * n[2]])}
    plan = frame[frame.step == "plan"].groupby(["pool", "year"]).amount.sum()
    assert plan["Council", 2026] == pytest.approx((300 + 30 - 10 - 12) * n[1] + 18)


def test_a_part_year_that_is_left_has_no_full_year_effect() -> None:
    checked = decided(options="option,year,taken\nHub,2025,yes\nHomes plus,2027,yes")
    frame = bridged(checked, decided())
    assert not (frame.step == "full_year_effect").any()
    assert by_step(frame, "NHS", "", False)["one_off"] == pytest.approx([110, 20 * 1.21, 0])


def test_options_of_the_reference_plan_are_no_growth() -> None:
    one = "option,year,taken\nHomes plus,2025,yes\nHomes plus,2026,yes\nHomes plus,2027,yes"
    reference = decided(options=one)
    for checked, yearly in ((decided(), [0, 0, 0]), (decided(options=one), [33, 36.3, 79.86])):
        frame = bridged(checked, reference)
        assert not frame.step.isin(["growth_and_demand", "decisions"]).any()
        found = by_step(frame, "Council", "social care", True)
        assert found.get("options", [0, 0, 0]) == pytest.approx(yearly)
    assert found["full_year_effect"] == pytest.approx([0, 36.3, 0])


def test_a_bridge_without_an_income_does_not_add_up() -> None:
    checked = decided(options=OPTIONS, contracts=ENDED)
    frame = bridge(checked, decided())
    for column in ("incomes", "held_back", "option_income", "option_cost", "exit_fees"):
        budgets = checked.budgets.assign(**{column: checked.budgets[column] + 3.0})
        assert check_bridge(frame, budgets), column
