"""What a plan is worth, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import compiled, cost, round_of

from allocator.tolerances import ROOM


def test_outcomes_count_weight_discount_and_delay() -> None:
    program = compiled(
        round_of(
            "programme,sector,pool,baseline\ngp,primary,NHS,100\nnurse,primary,NHS,100",
            years=(2025, 2026),
            settings={"discount_rate": 0.25},
            outcomes="outcome,weight,discounted\nQALY,10,yes\nvisits,3,no",
            responses="""programme,outcome,per_unit,delay
                gp,QALY,0.5,0
                gp,visits,2,1
                nurse,QALY,0.5,2""",
            limits="programme,basis,min\ngp,baseline,0.2",
        )
    )
    assert program.maximise
    assert cost(program) == pytest.approx(
        {
            "fill[gp,2025,1]": 10 * 0.5 + 3 * 2,
            "fill[gp,2026,1]": 10 * 0.5 * 0.8 + 3 * 2,
            "fill[nurse,2025,1]": 10 * 0.5 * 0.64,
            "fill[nurse,2026,1]": 10 * 0.5 * 0.512,
        }
    )
    # what the least activity of 20, or just below it, is worth
    assert program.offset == pytest.approx((20 * 11 + 20 * 10) * (1 - ROOM))


def test_unmet_need_takes_its_weighted_harm() -> None:
    program = compiled(
        round_of(
            "programme,sector,pool,baseline\nhip,acute,NHS,100",
            years=(2025, 2026),
            settings={"discount_rate": 0.25},
            outcomes="outcome,weight\nQALY,10",
            demand="programme,demand,harm_outcome,harm\nhip,120,QALY,0.3",
        )
    )
    assert cost(program) == pytest.approx({"unmet[hip,2025]": -3, "unmet[hip,2026]": -2.4})
    assert program.offset == 0


def test_equity_weights_the_outcome_and_the_harm() -> None:
    program = compiled(
        round_of(
            "programme,sector,pool,baseline\ngp,primary,NHS,100\nhip,acute,NHS,10",
            responses="programme,outcome,per_unit\ngp,QALY,1",
            demand="programme,demand,harm_outcome,harm\nhip,12,QALY,1",
            segments="segment,heads,weight\npoor,100,3\nrest,300,1",
            reach="programme,segment,share\ngp,poor,0.75\ngp,rest,0.25",
        )
    )
    # mean weight 1.5: poor count 2, rest 2/3
    assert cost(program) == pytest.approx(
        {"fill[gp,2025,1]": 0.75 * 2 + 0.25 * 2 / 3, "unmet[hip,2025]": -1}
    )


def test_tail_credits_need_avoided_after_the_plan() -> None:
    program = compiled(
        round_of(
            """programme,sector,pool,unit_cost,baseline,fixed_share,release_years
            falls,community,NHS,1,100,0,0
            ae,acute,NHS,10,50,0.2,1""",
            years=(2025, 2026),
            settings={"discount_rate": 0.25, "tail_years": 2, "saving_value": 0.5},
            demand="programme,demand\nae,50",
            effects="source,target,per_unit,delay,fade\nfalls,ae,0.1,1,0.5",
            limits="programme,basis,max\nfalls,baseline,2",
        )
    )
    # a year after the plan, an activity of 2026 avoids 0.1 and one of 2025 0.05; then half.
    # each is worth 0.5 x 10 x 0.8, discounted by 0.8^2 and 0.8^3
    worth = 0.5 * 10 * 0.8
    last = worth * (0.1 * 0.64 + 0.05 * 0.512)
    before = worth * (0.05 * 0.64 + 0.025 * 0.512)
    assert cost(program) == pytest.approx(
        {"activity[falls,2026]": last, "activity[falls,2025]": before}
    )
    assert program.offset == pytest.approx(-100 * (last + before))


def test_missing_a_soft_rule_costs_its_penalty() -> None:
    program = compiled(
        round_of(
            "programme,sector,pool,baseline\ngp,primary,NHS,100",
            rules="""rule,measure,sense,value,penalty
                floor,spend,min,300,0.7
                exact,spend,equal,300,0.2""",
        )
    )
    assert cost(program) == pytest.approx(
        {"short[floor,2025]": -0.7, "short[exact,2025]": -0.2, "over[exact,2025]": -0.2}
    )
