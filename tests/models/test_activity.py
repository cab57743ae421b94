"""Rows, bounds and reach of activity, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, reach, round_of, row, rows_of

PROGRAMME = "programme,sector,pool,unit_cost,baseline\ngp,primary,NHS,2,100"
RESPONSE = "programme,outcome,per_unit\ngp,QALY,1"


def test_growth_max_is_on_the_year_before_and_adds_its_amount() -> None:
    instance = round_of(
        PROGRAMME,
        years=(2025, 2026),
        responses=RESPONSE,
        limits="programme,basis,max,growth_amount\ngp,growth,0.1,7",
    )
    program = compiled(instance)
    terms, low, high = row(program, "growth_max[gp,2026]")
    assert terms == pytest.approx({"activity[gp,2026]": 1, "activity[gp,2025]": -1.1})
    assert (low, high) == (-float("inf"), 7)
    assert rows_of(program, "growth_max") == ["growth_max[gp,2026]"]
    assert bounds(program, "activity[gp,2025]") == pytest.approx((0, 117))  # 1.1 x 100 + 7
    assert reach(instance, "gp", 2026) == pytest.approx((0, 135.7))  # 1.1 x 117 + 7


def test_growth_min_is_on_the_year_before() -> None:
    instance = round_of(
        PROGRAMME,
        years=(2025, 2026),
        responses=RESPONSE,
        limits="programme,basis,min\ngp,growth,-0.2",
    )
    program = compiled(instance)
    terms, low, high = row(program, "growth_min[gp,2026]")
    # activity[t] >= 0.8 activity[t-1], written as right side less left side <= 0
    assert terms == pytest.approx({"activity[gp,2025]": 0.8, "activity[gp,2026]": -1})
    assert (low, high) == (-float("inf"), 0)
    assert bounds(program, "activity[gp,2025]")[0] == pytest.approx(80)
    assert reach(instance, "gp", 2026)[0] == pytest.approx(64)


def test_a_later_ceiling_reaches_back_through_growth() -> None:
    instance = round_of(
        PROGRAMME,
        years=(2025, 2026),
        responses=RESPONSE,
        limits="""programme,year,basis,min,max
        gp,,growth,0.5,
        gp,2026,activity,,300""",
    )
    # activity[2026] >= 1.5 activity[2025] and <= 300: at most 200 in 2025
    assert reach(instance, "gp", 2025) == pytest.approx((150, 200))
    assert reach(instance, "gp", 2026) == pytest.approx((225, 300))


def test_equal_growth_limits_never_cross_by_rounding() -> None:
    instance = round_of(
        PROGRAMME.replace("100", "123.456"),
        years=(2025, 2026, 2027, 2028, 2029),
        responses=RESPONSE,
        limits="programme,basis,min,max\ngp,growth,0.03,0.03",
    )
    for t in range(1, 6):
        low, high = reach(instance, "gp", 2024 + t)
        assert low <= high
        assert low == pytest.approx(123.456 * 1.03**t)
        assert high == pytest.approx(123.456 * 1.03**t)
    program = compiled(instance)
    assert (program.col_lower <= program.col_upper).all()


def test_money_need_and_capacity_bound_what_can_be_reached() -> None:
    instance = round_of(
        """programme,sector,pool,unit_cost,baseline
        gp,a,NHS,2,100
        bed,b,NHS,2,100
        ae,c,NHS,2,50""",
        budgets="pool,amount\nNHS,800",
        responses="programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,1\nae,QALY,1",
        resources="resource\nbeds",
        capacity="resource,amount,extra_max,extra_cost,extra_pool\nbeds,300,60,1,NHS",
        use="programme,resource,per_unit\nbed,beds,3",
        demand="programme,demand\nae,70",
    )
    assert reach(instance, "gp", 2025) == (0, 400)  # all the money
    assert reach(instance, "bed", 2025) == (0, 120)  # (300 + 60) / 3
    assert reach(instance, "ae", 2025) == (0, 70)  # its need


def test_a_bound_that_is_nobody_s_limit_is_finite_and_cannot_bind() -> None:
    instance = round_of(PROGRAMME, responses=RESPONSE, limits="programme,basis,min\ngp,activity,30")
    low, high = bounds(compiled(instance), "activity[gp,2025]")
    assert low == 30
    assert reach(instance, "gp", 2025)[1] < high < float("inf")


def test_safety_programme_does_not_fall_below_its_baseline() -> None:
    program = compiled(
        round_of(
            "programme,sector,pool,baseline,class\nsafe,a,NHS,100,safety\nlet,a,NHS,100,safety",
            years=(2025, 2026),
            responses="programme,outcome,per_unit\nsafe,QALY,1\nlet,QALY,1",
            limits="programme,year,basis,min\nlet,2026,baseline,0.5",
        )
    )
    assert bounds(program, "activity[safe,2026]")[0] == 100
    assert bounds(program, "activity[let,2025]")[0] == 100
    assert bounds(program, "activity[let,2026]")[0] == 50


def test_a_smallest_scale_is_all_or_nothing() -> None:
    program = compiled(
        round_of(
            PROGRAMME,
            responses=RESPONSE,
            limits="programme,basis,max,start_min\ngp,activity,150,40\ngp,baseline,,0.5",
        )
    )
    # Half of the baseline is more than 40.
    on = "on[gp,2025]"
    assert row(program, "scale_least[gp,2025]")[0] == {"activity[gp,2025]": -1, on: 50}
    terms, _, high = row(program, "scale_most[gp,2025]")
    assert terms == {"activity[gp,2025]": 1, on: pytest.approx(-150 * 1.001)}
    assert high == 0
    assert program.integer.sum() == 1


@pytest.mark.parametrize("limits", ["gp,activity,40,150,40", "gp,activity,60,150,40"])
def test_a_smallest_scale_below_what_must_be_done_needs_no_decision(limits: str) -> None:
    program = compiled(
        round_of(
            PROGRAMME, responses=RESPONSE, limits=f"programme,basis,min,max,start_min\n{limits}"
        )
    )
    assert not program.integer.any()
    assert rows_of(program, "scale_least") == []
