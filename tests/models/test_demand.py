"""Need, avoided need and backlog, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row, rows_of

INF = float("inf")
ROUND = {
    "programmes": """programme,sector,pool,unit_cost,baseline,class
        ae,acute,NHS,1,100,emergency
        hip,acute,NHS,1,50,discretionary
        falls,community,NHS,1,20,discretionary
        vaccine,community,NHS,1,10,discretionary""",
    "years": (2025, 2026, 2027),
    "demand": """programme,year,demand,opening_backlog,carry,min_met,harm_outcome,harm
        ae,,100,0,0,,,
        ae,2027,110,0,0,,,
        hip,,60,15,1,0.25,QALY,2""",
    "effects": """source,target,per_unit,delay,fade
        falls,ae,0.5,1,0.4
        vaccine,ae,0.25,0,0""",
}


def test_need_is_met_avoided_or_unmet() -> None:
    program = compiled(round_of(**ROUND))
    terms, low, high = row(program, "need_balance[ae,2027]")
    assert terms == {"activity[ae,2027]": 1, "avoided[ae,2027]": 1, "unmet[ae,2027]": 1}
    assert (low, high) == (110, 110)
    assert bounds(program, "unmet[ae,2027]") == (0, 0)  # an emergency is met


def test_backlog_opens_the_first_year_and_waits() -> None:
    program = compiled(round_of(**ROUND))
    terms, low, high = row(program, "need_balance[hip,2025]")
    assert terms == {"activity[hip,2025]": 1, "unmet[hip,2025]": 1}
    assert (low, high) == (75, 75)
    terms, low, _ = row(program, "need_balance[hip,2026]")
    assert terms == {"activity[hip,2026]": 1, "unmet[hip,2026]": 1, "unmet[hip,2025]": -1}
    assert low == 60
    # at most 75% stays unmet: 56.25, then 0.75 (60 + 56.25) = 87.1875
    assert bounds(program, "unmet[hip,2025]") == (0, 56.25)
    assert bounds(program, "unmet[hip,2026]") == (0, 87.1875)


def test_least_met_is_a_share_of_what_arrives_and_what_waited() -> None:
    program = compiled(round_of(**ROUND))
    assert rows_of(program, "met_enough") == ["met_enough[hip,2026]", "met_enough[hip,2027]"]
    terms, low, high = row(program, "met_enough[hip,2026]")
    assert terms == {"unmet[hip,2026]": 1, "unmet[hip,2025]": -0.75}
    assert (low, high) == (-INF, 45)


def test_avoided_need_follows_the_kernel() -> None:
    program = compiled(round_of(**ROUND))
    terms, low, high = row(program, "avoidable[ae,2027]")
    # falls: 0.5 after a year, 0.2 after two; vaccine: 0.25 at once
    assert terms == pytest.approx(
        {
            "avoided[ae,2027]": 1,
            "activity[falls,2026]": -0.5,
            "activity[falls,2025]": -0.2,
            "activity[vaccine,2027]": -0.25,
        }
    )
    # - (0.5 + 0.2) 20 - 0.25 x 10
    assert (low, high) == (-INF, pytest.approx(-16.5))
    terms, _, high = row(program, "avoidable[ae,2025]")
    assert terms == {"avoided[ae,2025]": 1, "activity[vaccine,2025]": -0.25}
    assert high == -2.5


def test_avoided_need_lies_between_its_surplus_and_need_arriving() -> None:
    program = compiled(round_of(**ROUND))
    assert bounds(program, "avoided[ae,2025]") == (-2.5, 100)
    assert bounds(program, "avoided[ae,2027]") == pytest.approx((-(0.7 * 20 + 2.5), 110))


def test_fade_of_nothing_acts_in_its_first_year_only() -> None:
    program = compiled(round_of(**ROUND))
    assert "activity[vaccine,2025]" not in row(program, "avoidable[ae,2026]")[0]
