"""Conditional money, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row, rows_of

from allocator.solver.program import Program

INF = float("inf")


def earning(incomes: str, **tables: str) -> Program:
    """A of 5 to 40 and B of 0 to 30 over two years."""
    usual = {
        "budgets": "pool,amount\nNHS,200",
        "responses": "programme,outcome,per_unit\nA,QALY,2\nB,QALY,3",
        "limits": "programme,basis,min,max\nA,activity,5,40\nB,activity,0,30",
        "selections": "selection,programme\nB,B\nboth,A\nboth,B",
        "incomes": f"income,pool,measure,selection,sense,threshold,{incomes}",
    }
    return compiled(
        round_of(
            "programme,sector,pool,unit_cost,baseline\nA,acute,NHS,1,20\nB,community,NHS,2,20",
            years=(2025, 2026),
            **(usual | tables),
        )
    )


def test_a_step_is_earned_whole_at_its_threshold() -> None:
    program = earning("amount\nI,NHS,activity,both,min,45,10")
    terms, low, high = row(program, "earned_step[I,2025]")
    # activity >= 5 + 40 reached
    assert terms == {"activity[A,2025]": -1, "activity[B,2025]": -1, "reached[I,2025]": 40}
    assert (low, high) == (-INF, -5)
    terms, low, high = row(program, "earned_when[I,2025]")
    assert sorted(terms) == ["earned[I,2025]", "reached[I,2025]"]
    assert low == high == 0
    assert sum(terms.values()) == 0
    assert row(program, "pool[NHS,2026]")[0]["earned[I,2026]"] == -10
    assert program.integer.sum() == 2


def test_a_sliding_income_grows_with_the_measure() -> None:
    program = earning("full,amount\nI,NHS,value,B,min,10,34,10")
    terms, low, high = row(program, "earned_sliding[I,2025]")
    # value >= 0 + 10 reached + 24 earned, at base-year cost
    assert terms == {"activity[B,2025]": -2, "reached[I,2025]": 10, "earned[I,2025]": 24}
    assert (low, high) == (-INF, 0)
    terms, _, high = row(program, "earned_if_reached[I,2025]")
    assert terms == {"earned[I,2025]": 1, "reached[I,2025]": -1}
    assert high == 0
    assert rows_of(program, "earned_step") == rows_of(program, "earned_when") == []


def test_staying_below_is_written_with_both_signs_changed() -> None:
    program = earning("full,amount\nI,NHS,activity,B,max,25,5,10")
    terms, low, high = row(program, "earned_sliding[I,2025]")
    # -activity >= -30 + 5 reached + 20 earned
    assert terms == {"activity[B,2025]": 1, "reached[I,2025]": 5, "earned[I,2025]": 20}
    assert (low, high) == (-INF, 30)


def test_outcomes_are_measured_by_their_segments() -> None:
    program = earning("outcome,amount\nI,NHS,outcome,both,min,30,QALY,10")
    terms, low, high = row(program, "earned_step[I,2025]")
    # 2 A + 3 B >= 10 + 20 reached, with A from 5 on
    assert terms == pytest.approx(
        {"fill[A,2025,1]": -2, "fill[B,2025,1]": -3, "reached[I,2025]": 20}
    )
    assert low == -INF
    assert high == pytest.approx(0, abs=0.02), "the curve of A starts at 5, or just below"


def test_money_comes_late_and_what_is_held_back_is_gone_at_once() -> None:
    program = earning("basis,amount,lag\nI,NHS,activity,B,min,10,held_back,0.05,1")
    terms, _, high = row(program, "pool[NHS,2025]")
    assert "earned[I,2025]" not in terms
    assert high == pytest.approx(200 - 10)
    terms, _, high = row(program, "pool[NHS,2026]")
    assert terms["earned[I,2025]"] == pytest.approx(-10)
    assert "earned[I,2026]" not in terms
    assert high == pytest.approx(190)
    assert bounds(program, "earned[I,2026]") == (0, 1)


def test_a_threshold_that_is_always_met_takes_nothing_to_reach() -> None:
    program = earning("amount\nI,NHS,activity,both,min,3,10")
    terms, _, high = row(program, "earned_step[I,2025]")
    assert terms == {"activity[A,2025]": -1, "activity[B,2025]": -1}
    assert high == -3
