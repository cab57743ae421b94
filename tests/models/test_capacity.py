"""Capacity rows and what added capacity costs, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row, rows_of

ROUND = {
    "programmes": """programme,sector,pool,place,unit_cost,baseline
        hip,acute,NHS,North,8,10
        knee,acute,NHS,South,6,10
        gp,primary,NHS,,1,10""",
    "years": (2025, 2026),
    "settings": {"cost_uplift": 0.1},
    "responses": "programme,outcome,per_unit\nhip,QALY,1\nknee,QALY,1\ngp,QALY,1",
    "places": "place,heads\nNorth,10\nSouth,10",
    "resources": "resource\nbeds\nnurses",
    "capacity": """resource,place,year,amount,extra_max,extra_cost,extra_pool
        beds,North,,50,5,3,NHS
        beds,South,,70,0,0,
        nurses,,2025,40,0,0,
        nurses,,2026,45,0,0,""",
    "use": """programme,resource,per_unit
        hip,beds,4
        knee,beds,9
        hip,nurses,1.5
        knee,nurses,2
        gp,nurses,0""",
}


def test_a_place_counts_its_own_programmes_and_no_place_counts_all() -> None:
    program = compiled(round_of(**ROUND))
    terms, low, high = row(program, "capacity[beds,North,2026]")
    assert terms == {"activity[hip,2026]": 4, "extra[beds,North,2026]": -1}
    assert (low, high) == (-float("inf"), 50)
    terms, _, high = row(program, "capacity[nurses,,2026]")
    assert terms == {"activity[hip,2026]": 1.5, "activity[knee,2026]": 2}
    assert high == 45
    assert row(program, "capacity[nurses,,2025]")[2] == 40
    assert row(program, "capacity[beds,South,2026]")[0] == {"activity[knee,2026]": 9}
    assert len(rows_of(program, "capacity")) == 6


def test_added_capacity_is_charged_to_its_pool_at_the_year_s_price() -> None:
    program = compiled(round_of(**ROUND))
    assert bounds(program, "extra[beds,North,2025]") == (0, 5)
    assert row(program, "pool[NHS,2025]")[0]["extra[beds,North,2025]"] == pytest.approx(3.3)
    assert row(program, "pool[NHS,2026]")[0]["extra[beds,North,2026]"] == pytest.approx(3.63)
    assert not any(name.startswith("extra[nurses") for name in program.column_names())
