"""Capacity and money limit what uses them, and nothing else does: options, blanks, costs of 0."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from shown import printed
from small import round_of, solved, three_years

import allocator
from allocator.errors import InstanceError
from allocator.evaluate import evaluate
from allocator.plan import Plan
from allocator.report.text.reports import REPORTS, print_reports
from allocator.report.text.summary import print_summary

CASES = Path(__file__).with_name("cases")


def test_the_capacity_decides_which_options_go_together() -> None:
    """Two regular and two severe take the 60 minutes there are: 4 and 6."""
    plan = allocator.solve(allocator.read(CASES / "option-uses-capacity"))
    assert plan.certificate.objective == pytest.approx(10.0)
    taken = plan.options[plan.options["taken"]]["option"]
    assert set(taken) == {"2 regular", "2 severe"}


def of(plan: Plan, table: str, column: str, **key: object) -> float:
    """The one figure of a plan's table with this key."""
    rows = getattr(plan, table)
    for name, value in key.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return float(rows[column].iloc[0])


LEVELS = {
    "outcomes": "outcome,weight\nQALY,1",
    "resources": "resource,unit\nbeds,beds",
    "options": "option,pool\nBig,NHS\nSmall,NHS\nTiny,NHS",
    "option_effects": """option,measure,target,outcome,value
        Big,outcome,a,QALY,10
        Small,outcome,a,QALY,7
        Tiny,outcome,a,QALY,6""",
}
USED = "option,resource,amount\nBig,beds,60\nSmall,beds,40\nTiny,beds,30"


def test_option_use_counts_beside_activity() -> None:
    """Of 90 beds activity takes 20 at least: 70 hold Small and Tiny, which are worth 13."""
    instance = round_of(
        "programme,sector,pool,baseline,held\na,s,NHS,10,yes",
        capacity="resource,amount\nbeds,90",
        use="programme,resource,per_unit\na,beds,2",
        option_use=USED,
        **LEVELS,
    )
    plan = solved(instance)
    assert plan.verified
    assert plan.certificate.objective == pytest.approx(13.0)
    assert of(plan, "capacity", "used") == pytest.approx(90.0)
    assert of(plan, "capacity", "slack") == pytest.approx(0.0, abs=1e-9)


def test_option_use_by_place_year_and_month() -> None:
    """North has its own beds and a part of all: half a year counts half, each year its own."""
    instance = round_of(
        "programme,sector,pool,baseline\na,s,NHS,0",
        years=(2025, 2026),
        places="place,heads\nNorth,1\nSouth,1",
        capacity="""resource,place,amount
            beds,North,50
            beds,,75""",
        resources="resource\nbeds",
        options="option,pool,start_month,latest\nOne,NHS,10,2025\nTwo,NHS,0,2025",
        option_effects="""option,measure,target,outcome,value
            One,outcome,a,QALY,10
            Two,outcome,a,QALY,9""",
        option_use="""option,resource,place,year,amount
            One,beds,North,,80
            One,beds,North,2026,40
            Two,beds,South,,30""",
    )
    plan = solved(instance)
    assert plan.verified
    assert of(plan, "capacity", "used", place="North", year=2025) == pytest.approx(40.0)
    assert of(plan, "capacity", "used", place="North", year=2026) == pytest.approx(40.0)
    assert of(plan, "capacity", "used", place="", year=2025) == pytest.approx(70.0)
    assert plan.certificate.objective == pytest.approx(10 * 1.5 + 9 * 2)


def test_a_plan_that_takes_more_than_there_is_is_not_allowed() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\na,s,NHS,0",
        capacity="resource,amount\nbeds,90",
        option_use=USED,
        **LEVELS,
    )
    drawn = pd.DataFrame({"programme": ["a"], "year": [2025], "activity": [0.0]})
    takes = pd.DataFrame({"option": ["Big", "Small", "Tiny"], "year": 2025, "taken": True})
    checked = evaluate(instance, {"allocation": drawn, "options": takes})
    assert not checked.allowed
    (found,) = checked.violations["message"]
    assert "needs 130 beds and has 90 beds, 40 beds too little" in found


# What is not limited


def test_capacity_without_a_limit_reports_its_use() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\na,s,NHS,10\nb,s,NHS,0",
        budgets="pool,amount\nNHS,100",
        responses="programme,outcome,per_unit\na,QALY,1\nb,QALY,2",
        resources="resource,unit\nbeds,beds\nnurses,",
        capacity="resource,amount\nbeds,\nnurses,60",
        use="programme,resource,per_unit\na,beds,3\nb,beds,2\na,nurses,0.5\nb,nurses,1",
    )
    plan = solved(instance)
    assert plan.verified
    beds = plan.capacity[plan.capacity["resource"] == "beds"].iloc[0]
    assert beds["used"] == pytest.approx(3 * 80 + 2 * 20)
    assert beds[["amount", "slack", "price"]].isna().all()
    assert of(plan, "capacity", "slack", resource="nurses") == pytest.approx(0.0, abs=1e-9)


def test_money_without_a_limit_reports_what_is_spent() -> None:
    """The pool pays for as much as limits allow; another pool keeps its own."""
    instance = round_of(
        "programme,sector,pool,baseline\na,s,NHS,10\nb,s,Council,10",
        budgets="pool,amount\nNHS,\nCouncil,15",
        responses="programme,outcome,per_unit\na,QALY,1\nb,QALY,1",
        limits="programme,max\na,4",
    )
    plan = solved(instance)
    assert plan.verified
    nhs = plan.budgets[plan.budgets["pool"] == "NHS"].iloc[0]
    assert nhs["spend"] == pytest.approx(40.0)
    blank = ["amount", "slack", "price", "recurrent_income", "underlying"]
    assert nhs[blank].isna().all()
    assert of(plan, "budgets", "slack", pool="Council") == pytest.approx(0.0, abs=1e-9)
    assert plan.certificate.objective == pytest.approx(55.0)
    reference = plan.allocation.set_index("programme")["reference_spend"]
    assert reference["a"] == pytest.approx(10.0)


def test_what_nothing_limits_is_said() -> None:
    with pytest.raises(InstanceError, match="the money of pool 'NHS' is not limited"):
        round_of(
            "programme,sector,pool,baseline\na,s,NHS,10",
            budgets="pool,amount\nNHS,",
            responses="programme,outcome,per_unit\na,QALY,1",
        )


def test_held_lines_of_a_pool_without_a_limit_stay() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\na,s,NHS,10\nb,s,NHS,7",
        budgets="pool,amount\nNHS,",
        responses="programme,outcome,per_unit\na,QALY,1",
        limits="programme,max\na,2",
    )
    plan = solved(instance)
    assert plan.verified
    assert plan.allocation.set_index("programme")["activity"].to_dict() == {
        "a": pytest.approx(20.0),
        "b": pytest.approx(7.0),
    }


# What costs nothing


def test_a_programme_that_costs_its_pool_nothing() -> None:
    """It is done as far as its limit allows, and moves no money."""
    instance = round_of(
        "programme,sector,pool,unit,unit_cost,baseline\na,s,NHS,visits,0,10\nb,t,NHS,,,50",
        budgets="pool,amount\nNHS,100",
        responses="programme,outcome,per_unit\na,QALY,1\nb,QALY,1",
        limits="programme,max\na,3",
    )
    plan = solved(instance)
    assert plan.verified
    assert plan.certificate.objective == pytest.approx(130.0)
    mine = plan.allocation.set_index("programme").loc["a"]
    assert mine["activity"] == pytest.approx(30.0)
    assert mine["spend"] == mine["baseline_spend"] == 0.0


def test_a_free_programme_that_nothing_limits_is_said() -> None:
    with pytest.raises(InstanceError, match="its unit cost is 0, so more activity costs nothing"):
        round_of(
            "programme,sector,pool,unit_cost,baseline\na,s,NHS,0,10",
            responses="programme,outcome,per_unit\na,QALY,1",
        )


NO_NUMBER = re.compile(r"\b(nan|inf)\b|[\d.]e[+-]?\d|-0\.0\b", re.IGNORECASE)


def test_reports_have_no_nonsense() -> None:
    """Blank amounts, a unit cost of 0 and a baseline of 0 give no nan, inf or 1e308."""
    instance = three_years(
        """programme,sector,pool,unit,unit_cost,baseline
        free,s,NHS,visits,0,10
        new,t,NHS,visits,5,
        old,u,Council,,,50""",
        budgets="""pool,kind,amount
            NHS,recurrent,
            Council,recurrent,50
            Council,non_recurrent,10""",
        responses="""programme,outcome,per_unit
            free,QALY,1
            new,QALY,2
            old,QALY,1""",
        limits="""programme,basis,max
            free,activity,30
            new,activity,20""",
        resources="resource,unit\nbeds,beds",
        capacity="resource,amount\nbeds,",
        use="programme,resource,per_unit\nfree,beds,1",
    )
    plan = solved(instance)
    assert plan.verified
    text = printed(print_summary, plan, instance) + printed(
        lambda *what, **_: print_reports(REPORTS, *what), plan, instance
    )
    text = re.sub(r"Instance [0-9a-f]+", "", text)  # a hash may look like a power of ten
    assert not NO_NUMBER.search(text), text
    assert "not limited" in text
    assert "Underlying position of the system: not known" in text


# Money whose size looks like a slip


def test_money_far_from_what_programmes_cost_is_asked_about() -> None:
    base = "programme,sector,pool,baseline\na,s,NHS,100\nb,s,Council,100"
    fits = round_of(base, budgets="pool,amount\nNHS,150\nCouncil,60")
    assert not [w for w in fits.warnings if w.table == "budgets"]
    odd = round_of(
        base,
        years=(2025, 2026),
        budgets="""pool,year,amount
            NHS,2025,201000
            NHS,2026,202
            Council,2025,45
            Council,2026,46""",
        limits="programme,min\na,0\nb,0",
        settings={"money_unit": "million"},
    )
    said = [str(w) for w in odd.warnings if w.table == "budgets"]
    assert len(said) == 2
    assert "line 2, amount: pool 'NHS' has £201.00bn" in said[0]
    assert "2,000 times the £100.00m" in said[0]
    assert "amounts are in millions of GBP" in said[0]
    assert "pool 'Council' has £45.00m" in said[1]
    assert "0.45 times the £100.00m" in said[1]
