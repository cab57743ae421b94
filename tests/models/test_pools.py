"""Pools, transfers and carried money, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row

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
