"""Rules multiplied out, coefficient by coefficient."""

from __future__ import annotations

from typing import Any

import pytest
from small import bounds, compiled, round_of, row

from allocator.solver.program import Program

INF = float("inf")
BASE: dict[str, Any] = {
    "programmes": """programme,sector,pool,place,unit,unit_cost,baseline,fixed_share,release_years
        gp,primary,NHS,North,visit,2,100,0,0
        nurse,primary,NHS,South,visit,3,100,0,0
        bed,acute,NHS,,day,10,50,0.4,1""",
    "years": (2025, 2026),
    "settings": {"cost_uplift": 0.1},
    "places": "place,year,heads\nNorth,,1000\nSouth,,3000\nSouth,2026,3100",
    "responses": "programme,outcome,per_unit\ngp,QALY,0.5\nbed,QALY,2",
    "demand": "programme,demand,min_met,harm_outcome,harm\nnurse,150,0.2,QALY,0.25",
    "selections": """selection,sector,place,programme,share
        primary,primary,,,1
        acute,acute,,,1
        north,,North,,1
        half,,,gp,0.5""",
    "limits": "programme,basis,max\ngp,baseline,2\nbed,baseline,2",
}


def program(rule: str, **columns: str) -> Program:
    names = ["measure", "selection", "sense", "value", "basis", *columns]
    values = [*rule.split(","), *columns.values()]
    table = f"rule,{','.join(names)}\nR,{','.join(values)}"
    return compiled(round_of(**BASE, rules=table))


def test_spend_is_at_the_year_s_price() -> None:
    terms, low, high = row(program("spend,primary,min,700,amount"), "rule_min[R,2026]")
    # left >= right is written right - left <= 0
    assert terms == pytest.approx({"activity[gp,2026]": -2.42, "activity[nurse,2026]": -3.63})
    assert (low, high) == (-INF, -700)


def test_activity_and_value_are_in_units_and_base_prices() -> None:
    terms, _, high = row(program("activity,primary,max,400,amount"), "rule_max[R,2026]")
    assert terms == {"activity[gp,2026]": 1, "activity[nurse,2026]": 1}
    assert high == 400
    terms, _, _ = row(program("value,primary,max,900,amount"), "rule_max[R,2026]")
    assert terms == {"activity[gp,2026]": 2, "activity[nurse,2026]": 3}


def test_equal_holds_both_sides() -> None:
    terms, low, high = row(program("value,primary,equal,500,amount"), "rule_equal[R,2025]")
    assert terms == {"activity[gp,2025]": 2, "activity[nurse,2025]": 3}
    assert (low, high) == (500, 500)


def test_selection_shares_scale_what_counts() -> None:
    terms, _, _ = row(program("value,half,max,90,amount"), "rule_max[R,2025]")
    assert terms == {"activity[gp,2025]": 1}


def test_share_of_all_multiplies_out_with_stranded_cost_where_it_hurts() -> None:
    terms, _, high = row(program("spend,acute,max,0.6,share"), "rule_max[R,2025]")
    assert terms == pytest.approx(
        {
            "activity[bed,2025]": 0.4 * 11,
            "stranded[bed,2025]": 0.4,
            "activity[gp,2025]": -0.6 * 2.2,
            "activity[nurse,2025]": -0.6 * 3.3,
        }
    )
    assert high == 0
    # the total is larger by stranded cost, which makes a floor of primary care harder
    terms, _, _ = row(program("spend,primary,min,0.3,share"), "rule_min[R,2025]")
    assert terms == pytest.approx(
        {
            "activity[bed,2025]": 0.3 * 11,
            "stranded[bed,2025]": 0.3,
            "activity[gp,2025]": -0.7 * 2.2,
            "activity[nurse,2025]": -0.7 * 3.3,
        }
    )


def test_stranded_cost_never_counts_towards_a_rule() -> None:
    terms, _, _ = row(program("spend,acute,min,100,amount"), "rule_min[R,2025]")
    assert terms == pytest.approx({"activity[bed,2025]": -11})
    terms, _, _ = row(program("spend,acute,equal,500,amount"), "rule_equal[R,2025]")
    assert terms == pytest.approx({"activity[bed,2025]": 11})


def test_ratio_compares_two_selections() -> None:
    terms, _, _ = row(
        program("value,north,min,0.25,ratio", relative_to="acute"), "rule_min[R,2026]"
    )
    assert terms == {"activity[gp,2026]": -2, "activity[bed,2026]": 2.5}


def test_growth_on_the_year_before_starts_from_the_baseline() -> None:
    compiled_rule = program("spend,primary,min,0.05,growth")
    terms, _, high = row(compiled_rule, "rule_min[R,2025]")
    assert terms == pytest.approx({"activity[gp,2025]": -2.2, "activity[nurse,2025]": -3.3})
    assert high == pytest.approx(-1.05 * 500)
    terms, _, high = row(compiled_rule, "rule_min[R,2026]")
    assert terms == pytest.approx(
        {
            "activity[gp,2026]": -2.42,
            "activity[nurse,2026]": -3.63,
            "activity[gp,2025]": 1.05 * 2.2,
            "activity[nurse,2025]": 1.05 * 3.3,
        }
    )
    assert high == 0


def test_growth_on_the_baseline_and_on_a_named_year() -> None:
    on_base = program("value,primary,min,0.2,growth", reference="baseline")
    assert row(on_base, "rule_min[R,2026]")[2] == pytest.approx(-600)
    table = (
        "rule,year,measure,selection,sense,value,basis,reference\n"
        "R,2026,activity,primary,max,0.5,growth,2025"
    )
    terms, _, high = row(compiled(round_of(**BASE, rules=table)), "rule_max[R,2026]")
    assert terms == {
        "activity[gp,2026]": 1,
        "activity[nurse,2026]": 1,
        "activity[gp,2025]": -1.5,
        "activity[nurse,2025]": -1.5,
    }
    assert high == 0


def test_growth_of_spend_counts_stranded_cost_of_the_year_it_hurts_in() -> None:
    terms, _, _ = row(program("spend,acute,min,0.05,growth"), "rule_min[R,2026]")
    # last year's stranded cost raises the floor; this year's would help and is left out
    assert terms == pytest.approx(
        {
            "activity[bed,2026]": -12.1,
            "activity[bed,2025]": 1.05 * 11,
            "stranded[bed,2025]": 1.05,
        }
    )


def test_per_head_counts_the_places_its_selection_names() -> None:
    assert row(program("spend,north,max,0.5,per_head"), "rule_max[R,2026]")[2] == 500
    assert row(program("spend,primary,max,0.5,per_head"), "rule_max[R,2025]")[2] == 2000
    assert row(program("spend,primary,max,0.5,per_head"), "rule_max[R,2026]")[2] == 2050


def test_unmet_need_and_outcomes_have_terms_of_their_own() -> None:
    terms, _, high = row(program("unmet,primary,max,30,amount"), "rule_max[R,2025]")
    assert terms == {"unmet[nurse,2025]": 1}
    assert high == 30
    terms, _, high = row(program("outcome,,min,60,amount", outcome="QALY"), "rule_min[R,2025]")
    # both start from nothing: outcomes 0.5 and 2 a unit, less 0.25 for each unmet
    assert terms == {"fill[gp,2025,1]": -0.5, "fill[bed,2025,1]": -2, "unmet[nurse,2025]": 0.25}
    assert high == -60


def test_an_outcome_for_a_segment_counts_its_share() -> None:
    table = "rule,measure,sense,value,outcome,segment\nR,outcome,min,10,QALY,poor"
    people = {
        "segments": """segment,place,heads,weight
            poor,North,400,2
            rest,North,600,1
            rest,South,3000,1""",
        "reach": "programme,segment,share\nbed,poor,0.3\nbed,rest,0.7",
    }
    terms, _, _ = row(compiled(round_of(**BASE, **people, rules=table)), "rule_min[R,2025]")
    # gp serves the North, where 400 of 1000 are poor; nobody poor lives in the South
    assert terms == pytest.approx({"fill[gp,2025,1]": -0.2, "fill[bed,2025,1]": -0.6})


def test_soft_rules_may_be_missed_and_hard_ones_not() -> None:
    soft = program("value,primary,min,900,amount", penalty="0.1")
    terms, _, _ = row(soft, "rule_min[R,2025]")
    assert terms["short[R,2025]"] == -1
    low, high = bounds(soft, "short[R,2025]")
    assert low == 0
    # the most both sides can be apart: 900 and 2 x 200 + 3 x 150
    assert 900 + 400 + 450 <= high < INF
    soft = program("value,primary,max,100,amount", penalty="0.1")
    assert row(soft, "rule_max[R,2025]")[0]["over[R,2025]"] == -1
    soft = program("value,primary,equal,400,amount", penalty="0.1")
    terms, _, _ = row(soft, "rule_equal[R,2025]")
    assert (terms["short[R,2025]"], terms["over[R,2025]"]) == (1, -1)
    hard = program("value,primary,min,700,amount")
    assert not any(n.startswith(("short", "over")) for n in hard.column_names())


def test_a_row_with_a_year_replaces_the_one_without() -> None:
    table = (
        "rule,year,measure,selection,sense,value\n"
        "R,,value,primary,min,300\nR,2026,value,acute,max,400"
    )
    rule = compiled(round_of(**BASE, rules=table))
    assert row(rule, "rule_min[R,2025]")[2] == -300
    assert row(rule, "rule_max[R,2026]")[0] == {"activity[bed,2026]": 10}
    assert "rule_min[R,2026]" not in rule.row_names()


@pytest.mark.parametrize(
    ("rule", "columns", "most"),
    [
        ("spend,acute,max,100,amount", {}, 2 * 50 * 11.0 - 100),
        ("unmet,primary,max,0,amount", {}, 0.8 * 150),
        ("outcome,,max,0,amount", {"outcome": "QALY"}, 0.5 * 200 + 2 * 100),
    ],
    ids=["spend", "unmet", "outcome"],
)
def test_a_soft_rule_may_be_missed_by_all_that_can_be_reached(
    rule: str, columns: dict[str, str], most: float
) -> None:
    """Room to miss a rule never binds, and is no larger than the figures it is made of."""
    low, high = bounds(program(rule, penalty="1", **columns), "over[R,2025]")
    assert low == 0
    assert most <= high <= 3 * most + 1000
