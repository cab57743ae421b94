"""The order of the stages: what each reaches is kept by those that follow."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from small import round_of, solved

import allocator
from allocator.errors import UsageError
from allocator.instance.instance import Instance
from allocator.plan import Plan

DOLLARS = {"currency": "USD", "base_year": 2020, "financial_years": False}


def activity(plan: Plan, column: str = "activity") -> dict[str, float]:
    table = plan.allocation
    keys = table["programme"] + table["year"].astype(str).radd(" ")
    return dict(zip(keys, table[column], strict=True))


# The calm stage gives up nothing but rounding


SMALL_BESIDE_LARGE = round_of(
    """programme,sector,pool,unit_cost,baseline
    Vaccination,prevention,NHS,1,0
    Cancer treatment,acute,NHS,5000,0""",
    budgets="pool,amount\nNHS,1000000000",
    responses="programme,outcome,per_unit\nVaccination,QALY,10\nCancer treatment,QALY,0.00005",
    limits="programme,basis,max\nVaccination,activity,10000000\nCancer treatment,activity,900",
)


def test_a_programme_that_pays_is_done_however_small_beside_the_rest() -> None:
    plan = solved(SMALL_BESIDE_LARGE)
    assert activity(plan)["Cancer treatment 2025"] == pytest.approx(900)
    assert plan.objective == pytest.approx(100_000_000.045, rel=0, abs=1e-5)
    assert plan.certificate.calm_cost <= 1e-5


def test_what_a_calmer_plan_gives_up_is_told() -> None:
    plan = allocator.solve(SMALL_BESIDE_LARGE, keep=0.75)
    assert plan.status == "feasible"
    assert plan.certificate.calm_cost == pytest.approx(25_000_000, rel=1e-6)
    assert plan.to_dict()["calm_cost"] == plan.certificate.calm_cost


# The reference plan moves no more than the least


def test_rolling_forward_takes_up_nothing_because_it_costs_next_to_nothing() -> None:
    instance = round_of(
        """programme,sector,pool,unit_cost,baseline
        Surgery,acute,NHS,100000,0
        Peer education,prevention,NHS,0.000001,0""",
        budgets="pool,amount\nNHS,1000000",
        responses="programme,outcome,per_unit\nSurgery,QALY,1\nPeer education,QALY,14",
        limits="programme,basis,max\nSurgery,activity,1000\nPeer education,activity,21600",
    )
    plan = allocator.solve(instance)
    assert set(activity(plan, "reference_activity").values()) == {0.0}
    assert plan.reference_objective == 0.0
    assert plan.objective == pytest.approx(302_410)


# Soft rules, and the gap beside them


def test_penalties_do_not_loosen_the_gap() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\nA,s,NHS,5",
        budgets="pool,amount\nNHS,12",
        limits="programme,basis,max\nA,activity,15",
        responses="programme,outcome,shape,maximum,half\nA,QALY,saturating,100,5",
        rules="rule,measure,sense,outcome,value,penalty\nR,outcome,max,QALY,43.21,1000",
    )
    plan = allocator.solve(instance)
    assert plan.verified
    assert plan.objective == pytest.approx(43.21, abs=1e-4)
    assert plan.reference_objective == pytest.approx(43.21, abs=1e-4)


def test_the_reference_keeps_soft_rules_before_it_counts_pounds() -> None:
    """Worked: 100 to spread 50 to 50; a must have 70 if it can, and can have no more than 60."""
    instance = round_of(
        "programme,sector,pool,baseline\na,x,NHS,50\nb,y,NHS,50",
        budgets="pool,amount\nNHS,100",
        limits="programme,basis,max\na,activity,60",
        responses="programme,outcome,per_unit\na,QALY,1\nb,QALY,3",
        selections="selection,programme\na,a",
        rules="rule,measure,selection,sense,value,basis,penalty\nfloor,spend,a,min,70,amount,0.5",
    )
    plan = allocator.solve(instance)
    assert activity(plan, "reference_activity") == pytest.approx({"a 2025": 60, "b 2025": 40})
    c = plan.certificate
    assert c.reference_penalties == pytest.approx(5)
    assert c.penalties == pytest.approx(35)  # the best plan pays rather than keep it
    assert c.gain == pytest.approx(300 - 35 - (180 - 5))
    assert c.outcome_gain == pytest.approx(300 - 180)


# Held lines


LINES = """programme,sector,pool,unit_cost,baseline,held_order
    a,x,NHS,2,100,{a}
    b,x,NHS,1,50,{b}
    c,x,NHS,1,60,
    d,x,NHS,1,40,{d}"""
"""a, b and d are worth nothing that is known; 2 x 10, 25 and 8 pounds of them may go."""


def lines(money: float, a: str = "", b: str = "", d: str = "", **tables: str) -> Instance:
    usual = {
        "budgets": f"pool,amount\nNHS,{money}",
        "responses": "programme,outcome,per_unit\nc,QALY,1",
        "limits": "programme,basis,min,max\na,baseline,0.9,1\nb,baseline,0.5,1\n"
        "c,activity,10,100\nd,baseline,0.8,1",
    }
    return round_of(LINES.format(a=a, b=b, d=d), **(usual | tables))


def falls(plan: Plan) -> dict[str, float]:
    table = plan.allocation
    return dict(zip(table["programme"], table["given_up"], strict=True))


def test_held_lines_give_way_pro_rata() -> None:
    plan = allocator.solve(lines(273.5))  # 290 and 10 of c are asked for: 26.5 of 53 must go
    assert falls(plan) == pytest.approx({"a": 10, "b": 12.5, "c": 0, "d": 4})
    (row,) = plan.held.to_dict("records")
    assert row["given_up"] == pytest.approx(26.5)
    assert row["share"] == pytest.approx(0.5)
    assert row["even"]
    assert row["reference_given_up"] == pytest.approx(26.5)


def test_held_lines_give_way_in_the_order_given() -> None:
    plan = allocator.solve(lines(282, b="1", d="2"))  # 18 of them: 8 of d, then 10 of b
    assert falls(plan) == pytest.approx({"a": 0, "b": 10, "c": 0, "d": 8}, abs=1e-6)
    shares = plan.held.set_index("order")["share"].to_dict()
    assert shares == pytest.approx({0: 0, 1: 0.4, 2: 1}, abs=1e-6)


def test_where_a_rule_stands_against_pro_rata_it_is_as_near_as_can_be_and_said() -> None:
    plan = allocator.solve(
        lines(
            273.5,
            selections="selection,programme\nb,b",
            rules="rule,measure,selection,sense,value,basis\nkeep,spend,b,min,45,amount",
        )
    )
    found = falls(plan)
    assert sum(found.values()) == pytest.approx(26.5)
    assert found["b"] == pytest.approx(5)
    assert not plan.held["even"].any()


def test_options_that_bring_money_keep_held_lines_before_anything_is_gained() -> None:
    """Rolling forward takes no option and lets 20 go; the best plan pays for what saves them."""
    instance = lines(
        280,
        options="option,pool,review_years\nsave,NHS,none\nbuy,NHS,none",
        option_effects="option,measure,target,outcome,operation,value\n"
        "save,income,NHS,,add,15\nbuy,outcome,c,QALY,add,1000",
        option_links="option,link,other\nsave,excludes,buy",
    )
    plan = allocator.solve(instance)
    (row,) = plan.held.to_dict("records")
    assert row["reference_given_up"] == pytest.approx(20)
    assert row["given_up"] == pytest.approx(5)
    assert plan.objective == pytest.approx(10)
    assert set(plan.options.loc[plan.options["taken"], "option"]) == {"save"}


def test_a_held_line_rises_no_more_than_a_rule_has_it_rise() -> None:
    instance = lines(
        400,
        selections="selection,programme\nb,b\nd,d",
        rules="rule,measure,selection,sense,value,basis\nmore,spend,d,min,50,amount",
        limits="programme,basis,min,max\nc,activity,10,100",
    )
    plan = allocator.solve(instance)
    found = activity(plan)
    assert found["d 2025"] == pytest.approx(50)
    assert found["b 2025"] == pytest.approx(50)
    assert plan.held["raised"].tolist() == pytest.approx([10])


@pytest.mark.parametrize("money", [270.0, 280.0, 289.0])
def test_more_money_never_lowers_worth_where_the_same_is_held(money: float) -> None:
    before = allocator.solve(lines(money))
    after = allocator.solve(lines(money + 5), held=before.tables)
    assert before.objective is not None
    assert after.objective is not None
    assert after.objective >= before.objective - 1e-6
    assert after.objective == pytest.approx(before.objective + 5, abs=1e-4)
    held = after.allocation["held"]
    same = before.allocation.loc[held, "activity"].to_numpy()
    assert after.allocation.loc[held, "activity"].to_numpy() == pytest.approx(same)


def test_held_takes_the_tables_of_a_plan() -> None:
    with pytest.raises(UsageError, match="tables of a plan"):
        allocator.solve(lines(300), held={})


# Valued only by what is avoided


AVOIDING = {
    "programmes": """programme,sector,pool,class,baseline,held
        falls,community,NHS,,10,{held}
        beds,acute,NHS,emergency,100,
        clinic,acute,NHS,,20,""",
    "budgets": "pool,amount\nNHS,130",
    "responses": "programme,outcome,per_unit\nclinic,QALY,1",
    "demand": "programme,demand\nbeds,100",
    "effects": "source,target,per_unit\nfalls,beds,0.5",
    "limits": "programme,basis,min,max\nfalls,activity,0,20",
}


@pytest.mark.parametrize(("held", "level"), [("", 10.0), ("no", 0.0), ("yes", 10.0)])
def test_what_is_valued_only_by_what_it_avoids_is_held(held: str, level: float) -> None:
    tables = AVOIDING | {"programmes": AVOIDING["programmes"].format(held=held)}
    instance = round_of(**tables)
    plan = allocator.solve(instance)
    assert activity(plan)["falls 2025"] == pytest.approx(level)
    reason = plan.allocation.set_index("programme")["held_reason"]["falls"]
    assert reason == {"": "avoids only", "yes": "said", "no": ""}[held]
    said = [p.message for p in instance.warnings if "only by need avoided" in p.message]
    assert len(said) == (held == "" or held == "yes")
    assert all("falls" in message for message in said)


# The whole order, by trying everything


def tried(instance_tables: dict[str, list[float]], money: float) -> tuple[float, ...]:
    """Least shortfall, penalties, pounds and best worth of a grid of plans, in that order."""
    base, low, high = (np.array(instance_tables[k]) for k in ("base", "low", "high"))
    worth, target = (np.array(instance_tables[k]) for k in ("worth", "target"))
    grids = [np.arange(lo, hi + 0.25, 0.5) for lo, hi in zip(low, high, strict=True)]
    found = []
    for x in product(*grids):
        if sum(x) <= money + 1e-9:
            a = np.array(x)
            short = max(0.0, base[0] - a[0]) + max(0.0, base[1] - a[1])
            missed = 2.0 * max(0.0, 12.0 - a[2])
            moved = float(np.abs(a - target).sum())
            found.append((short, missed, moved, -float(worth @ a) + missed))
    return min(found)


@pytest.mark.parametrize("money", [18.0, 22.0, 25.0, 30.0, 40.0])
def test_the_reference_is_the_least_in_order_of_everything_that_could_be_done(money: float) -> None:
    rolled = max(0.0, money - 12.0)
    figures = {
        "base": [8, 4, 0, 0],
        "low": [4, 2, 4, 4],
        "high": [8, 4, 16, 16],
        "worth": [0, 0, 1, 2],
        "target": [8, 4, rolled / 2, rolled / 2],
    }
    instance = round_of(
        "programme,sector,pool,baseline\nh,x,NHS,8\ng,x,NHS,4\np,x,NHS,8\nq,x,NHS,8",
        budgets=f"pool,amount\nNHS,{money}",
        responses="programme,outcome,per_unit\np,QALY,1\nq,QALY,2",
        limits="programme,basis,min,max\nh,activity,4,8\ng,activity,2,4\n"
        "p,activity,4,16\nq,activity,4,16",
        selections="selection,programme\np,p",
        rules="rule,measure,selection,sense,value,basis,penalty\nfloor,spend,p,min,12,amount,2",
    )
    plan = allocator.solve(instance)
    a = activity(plan, "reference_activity")
    x = np.array([a[f"{name} 2025"] for name in "hgpq"])
    target = np.array(figures["target"])
    short = max(0.0, 8 - x[0]) + max(0.0, 4 - x[1])
    mine = (short, 2.0 * max(0.0, 12 - x[2]), float(np.abs(x - target).sum()))
    assert mine == pytest.approx(tried(figures, money)[:3], abs=1e-6)
    assert plan.reference_objective == pytest.approx(-tried(figures, money)[3], abs=1e-6)
