"""Runs of options in the rows they stand in, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row, rows_of

from allocator.solver.program import Program
from allocator.tolerances import ROOM

INF = float("inf")
MORE = 1.0 + ROOM
UP = 1.1

RUN = "run[hub,2026,2027]"
"""The only run: from 2026 to the end, in place for a quarter of 2026."""


def deciding(changes: str = "", **tables: str) -> Program:
    """A bed and a need for hips in one pool, and a hub that opens in January 2027."""
    more = {"option_effects": f"option,measure,target,{changes}"} if changes else {}
    usual = {
        "budgets": "pool,kind,amount\nNHS,recurrent,1000\nNHS,capital,90",
        "limits": "programme,basis,min,max\nbed,activity,40,80",
        "responses": "programme,outcome,per_unit\nbed,QALY,3\nhip,QALY,1",
        "demand": "programme,demand,carry,min_met\nhip,60,1,0.5",
        "resources": "resource\nstaff",
        "capacity": "resource,amount\nstaff,200",
        "use": "programme,resource,per_unit\nbed,staff,2",
        "options": "option,pool,earliest,latest,review_years,start_month,cost_once,cost_yearly,"
        "cost_exit,capital\nhub,NHS,2026,2026,none,1,10,8,5,30",
    }
    return compiled(
        round_of(
            "programme,sector,pool,unit_cost,baseline\nbed,acute,NHS,5,50\nhip,acute,NHS,2,60",
            years=(2025, 2026, 2027),
            settings={"cost_uplift": 0.1, "recurrent_balance": True},
            **(usual | more | tables),
        )
    )


def test_what_a_run_costs_stands_in_its_pool() -> None:
    program = deciding()
    terms, low, high = row(program, "pool[NHS,2026]")
    assert terms[RUN] == pytest.approx((10 + 8 / 4) * UP**2)
    assert (low, high) == (-INF, 1000)
    assert row(program, "pool[NHS,2027]")[0][RUN] == pytest.approx(8 * UP**3)
    assert RUN not in row(program, "pool[NHS,2025]")[0]
    terms, _, high = row(program, "capital_pool[NHS,2026]")
    assert terms == {RUN: pytest.approx(30 * UP**2)}
    assert high == 90
    assert row(program, "recurrent_pool[NHS,2026]")[0][RUN] == pytest.approx(2 * UP**2)
    assert row(program, "recurrent_pool[NHS,2027]")[0][RUN] == pytest.approx(8 * UP**3)


def test_a_run_is_a_binary() -> None:
    program = deciding()
    at = program.column_names().index(RUN)
    assert program.integer[at]
    assert program.integer.sum() == 1
    assert bounds(program, RUN) == (0, 1)


def test_income_of_a_run_counts_against_its_cost() -> None:
    program = deciding("value\nhub,income,NHS,20")
    assert row(program, "pool[NHS,2026]")[0][RUN] == pytest.approx((10 + 2 - 5) * UP**2)
    assert row(program, "recurrent_pool[NHS,2027]")[0][RUN] == pytest.approx((8 - 20) * UP**3)


def test_room_grows_with_a_run() -> None:
    program = deciding("value\nhub,capacity,staff,40")
    assert row(program, "capacity[staff,,2026]") == (
        {"activity[bed,2026]": 2, RUN: pytest.approx(-10)},
        -INF,
        200,
    )
    assert row(program, "capacity[staff,,2027]")[0][RUN] == -40


def test_need_grows_with_a_run_wherever_it_is_counted() -> None:
    program = deciding("operation,value\nhub,demand,hip,multiply,0.8")
    terms, low, high = row(program, "need_balance[hip,2027]")
    # activity + unmet = 60 - 12 run + unmet of the year before
    assert terms == pytest.approx(
        {"activity[hip,2027]": 1, "unmet[hip,2027]": 1, "unmet[hip,2026]": -1, RUN: 12}
    )
    assert low == high == 60
    terms, _, high = row(program, "met_enough[hip,2027]")
    assert terms == pytest.approx({"unmet[hip,2027]": 1, "unmet[hip,2026]": -0.5, RUN: 6})
    assert high == 30
    # A quarter of the year: 60 - 3. The curve follows the need that is met.
    terms, low, _ = row(program, "driver_of_need_met[hip,2026]")
    assert terms[RUN] == pytest.approx(-3)


def test_need_that_changes_limits_what_is_avoided() -> None:
    program = deciding(
        "value\nhub,demand,hip,-20",
        demand="programme,demand\nhip,60",
        effects="source,target,per_unit\nbed,hip,0.4",
    )
    terms, low, high = row(program, "avoided_within[hip,2027]")
    assert terms == {"avoided[hip,2027]": 1, RUN: 20}
    assert (low, high) == (-INF, 60)
    assert rows_of(program, "avoided_within") == [f"avoided_within[hip,{t}]" for t in (2026, 2027)]


@pytest.mark.parametrize("measure", ["limit_max", "limit_min"])
def test_limits_move_with_a_run(measure: str) -> None:
    program = deciding(f"value\nhub,{measure},bed,12")
    if measure == "limit_max":
        terms, low, high = row(program, "limit_most[bed,2026]")
        assert terms == {"activity[bed,2026]": 1, RUN: pytest.approx(-3)}
        assert (low, high) == (-INF, 80)
        assert bounds(program, "activity[bed,2026]") == (40, pytest.approx(83))
        assert bounds(program, "activity[bed,2025]") == (40, 80)
    else:
        terms, low, high = row(program, "limit_least[bed,2027]")
        assert terms == {"activity[bed,2027]": -1, RUN: 12}
        assert (low, high) == (-INF, -40)
        assert bounds(program, "activity[bed,2027]") == (40, 80)


def test_closing_ends_activity_and_what_keeps_it_up() -> None:
    program = deciding(
        "operation,value\nhub,close,bed,suspend,",
        limits="programme,basis,min,max\nbed,activity,40,80\nbed,growth,-0.1,",
    )
    terms, low, high = row(program, "closed[bed,2026,hub]")
    assert terms == {"activity[bed,2026]": 1, RUN: pytest.approx(80 * MORE)}
    assert (low, high) == (-INF, pytest.approx(80 * MORE))
    # Part of a year counts as all of it.
    terms, low, high = row(program, "limit_least[bed,2026]")
    assert terms == {"activity[bed,2026]": -1, RUN: -40}
    assert high == -40
    terms, _, high = row(program, "growth_min[bed,2026]")
    assert terms == pytest.approx(
        {"activity[bed,2026]": -1, "activity[bed,2025]": 0.9, RUN: -0.9 * 80 * MORE}
    )
    assert high == 0
    assert bounds(program, "activity[bed,2026]")[0] == 0
    assert bounds(program, "activity[bed,2025]")[0] == 45


def test_growth_of_the_first_year_lets_go_as_well() -> None:
    program = deciding(
        "operation,value\nhub,close,bed,suspend,",
        limits="programme,basis,min\nbed,growth,-0.1",
        options="option,pool,latest,review_years\nhub,NHS,2025,none",
    )
    terms, low, high = row(program, "first_growth[bed,2025]")
    assert terms == {"activity[bed,2025]": -1, "run[hub,2025,2027]": -45}
    assert (low, high) == (-INF, -45)


def test_groups_links_and_runs_of_an_option_exclude_each_other() -> None:
    options = (
        "option,pool,group,choose,earliest,latest,review_years\n"
        "a,NHS,way,exactly_one,2026,2026,none\nb,NHS,way,exactly_one,2027,2027,none\n"
        "c,NHS,,any,2026,2027,\nd,NHS,few,at_most_one,2027,2027,none\n"
        "e,NHS,few,at_most_one,2027,2027,none"
    )
    program = deciding(
        options=options, option_links="option,link,other\nd,requires,a\ne,excludes,a"
    )
    a, b = "run[a,2026,2027]", "run[b,2027,2027]"
    d, e = "run[d,2027,2027]", "run[e,2027,2027]"
    assert row(program, "exactly[group way,2026]") == ({a: 1}, 1, 1)
    assert row(program, "exactly[group way,2027]") == ({a: 1, b: 1}, 1, 1)
    assert row(program, "at_most[group few,2027]") == ({d: 1, e: 1}, -INF, 1)
    assert row(program, "at_most[d requires a,2027]") == ({d: 1, a: -1}, -INF, 0)
    assert row(program, "at_most[e excludes a,2027]") == ({e: 1, a: 1}, -INF, 1)
    # Left after 2026, c may not start again in 2027.
    runs = {f"run[c,{s},{t}]": 1 for s, t in ((2026, 2026), (2026, 2027), (2027, 2027))}
    assert row(program, "at_most[c once at a time,2027]") == (runs, -INF, 1)


def test_what_an_option_adds_to_an_outcome_is_worth_what_the_outcome_is() -> None:
    program = deciding("outcome,value\nhub,outcome,bed,QALY,16")
    at = program.column_names().index(RUN)
    assert program.cost[at] == pytest.approx(16 / 4 + 16)
