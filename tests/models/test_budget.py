"""Pools, transfers, carried money and stranded cost, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row, rows_of

INF = float("inf")


def test_pool_balances_spending_transfers_and_carried_money() -> None:
    program = compiled(
        round_of(
            """programme,sector,pool,unit_cost,baseline,cost_uplift
            gp,primary,NHS,2,100,0.1
            care,social,LA,5,20,""",
            years=(2025, 2026),
            settings={"cost_uplift": 0.05},
            responses="programme,outcome,per_unit\ngp,QALY,1\ncare,QALY,1",
            budgets="""pool,amount,opening,carry_max,overdraw_max
            NHS,300,11,40,30
            LA,120,0,0,0""",
            transfers="from_pool,to_pool,max\nNHS,LA,25",
        )
    )
    terms, low, high = row(program, "pool[NHS,2025]")
    assert terms == pytest.approx(
        {"activity[gp,2025]": 2.2, "transfer[NHS,LA,2025]": 1, "carried[NHS,2025]": 1}
    )
    assert (low, high) == (-INF, pytest.approx(311))  # 300 and the 11 it opened with
    terms, _, high = row(program, "pool[NHS,2026]")
    assert terms == pytest.approx(
        {
            "activity[gp,2026]": 2.42,
            "transfer[NHS,LA,2026]": 1,
            "carried[NHS,2026]": 1,
            "carried[NHS,2025]": -1,
        }
    )
    assert high == pytest.approx(300)
    terms, _, high = row(program, "pool[LA,2026]")
    assert terms == pytest.approx({"activity[care,2026]": 5 * 1.05**2, "transfer[NHS,LA,2026]": -1})
    assert high == pytest.approx(120)
    assert bounds(program, "transfer[NHS,LA,2025]") == (0, 25)
    assert bounds(program, "carried[NHS,2025]") == (-30, 40)
    assert bounds(program, "carried[NHS,2026]") == (0, 40)  # nothing is owed at the end


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
