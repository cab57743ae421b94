"""Stranded cost, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row, rows_of

INF = float("inf")


def test_stranded_cost_lasts_for_the_release_years() -> None:
    program = compiled(
        round_of(
            """programme,sector,pool,unit_cost,baseline,fixed_share,release_years
            bed,acute,NHS,10,100,0.4,2
            gp,primary,NHS,1,100,0.4,0""",
            years=(2025, 2026, 2027),
            responses="programme,outcome,per_unit\nbed,QALY,1\ngp,QALY,1",
            limits="programme,basis,max\nbed,baseline,1.5",
        )
    )
    assert rows_of(program, "stranded_at_start") == [
        "stranded_at_start[bed,2025]",
        "stranded_at_start[bed,2026]",
    ]
    assert rows_of(program, "stranded_since") == [
        "stranded_since[bed,2026,2025]",
        "stranded_since[bed,2027,2025]",
        "stranded_since[bed,2027,2026]",
    ]
    terms, low, high = row(program, "stranded_at_start[bed,2026]")
    # 4 (100 - activity) - stranded <= 0
    assert terms == pytest.approx({"activity[bed,2026]": -4, "stranded[bed,2026]": -1})
    assert (low, high) == (-INF, pytest.approx(-400))
    terms, _, high = row(program, "stranded_since[bed,2027,2025]")
    assert terms == pytest.approx(
        {"activity[bed,2025]": 4, "activity[bed,2027]": -4, "stranded[bed,2027]": -1}
    )
    assert high == 0
    assert bounds(program, "stranded[bed,2025]") == pytest.approx((0, 600))  # 4 x 150
    terms, _, _ = row(program, "pool[NHS,2025]")
    assert terms["stranded[bed,2025]"] == 1
    assert "stranded[gp,2025]" not in program.column_names()
