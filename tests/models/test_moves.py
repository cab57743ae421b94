"""Pounds moved, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row

ROUND = {
    "programmes": """programme,sector,pool,unit_cost,baseline
        gp,primary,NHS,2,100
        nurse,primary,NHS,3,100
        admin,management,NHS,1,40
        ae,acute,NHS,1,30""",
    "years": (2025, 2026),
    "settings": {"cost_uplift": 0.1},
    "budgets": "pool,year,amount\nNHS,2025,694\nNHS,2026,800",
    "responses": "programme,outcome,per_unit\ngp,QALY,1\nnurse,QALY,1",
    "demand": "programme,demand\nae,50",
}


def test_spend_on_activity_is_the_target_moved_up_or_down() -> None:
    program = compiled(round_of(**ROUND))
    terms, low, high = row(program, "moved[gp,2025]")
    assert terms == pytest.approx({"activity[gp,2025]": 2.2, "up[gp,2025]": -1, "down[gp,2025]": 1})
    # held admin 44, need of A&E 55; the other 595 pro rata to 200 and 300
    assert low == high == pytest.approx(595 * 0.4)
    assert row(program, "moved[nurse,2025]")[1] == pytest.approx(595 * 0.6)
    assert row(program, "moved[admin,2025]")[1] == pytest.approx(44)
    assert row(program, "moved[ae,2025]")[1] == pytest.approx(55)
    # 800 less 48.4 and 60.5
    assert row(program, "moved[gp,2026]")[1] == pytest.approx(691.1 * 0.4)


def test_moves_have_a_finite_bound_that_cannot_bind() -> None:
    program = compiled(round_of(**ROUND))
    # all of the money, from a target of 238 or down to it
    assert 694 + 238 < bounds(program, "up[gp,2025]")[1] < float("inf")
    assert 694 + 238 < bounds(program, "down[gp,2025]")[1] < float("inf")
