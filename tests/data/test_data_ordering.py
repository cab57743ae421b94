"""Where curves must be filled in order: blocks of segments and the decisions between them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from small import round_of

from allocator.data import Data, extract

BENDS = """programme,outcome,activity,effect
    A,QALY,0,0
    A,QALY,10,1
    A,QALY,20,5
    A,QALY,30,6
    A,QALY,50,12"""
"""Slopes 0.1, 0.4, 0.1, 0.6 and 0 beyond 50: steeper after 10 and 30, flatter after 20 and 50."""

STEEPENS, FLATTENS = {1, 3}, {2, 4}
"""Segments, counted from 0, that a steepening or a flattening breakpoint stands before."""


def bought(
    response: str = "points,,,,,", weight: float = 1, years: tuple[int, ...] = (2025,), **more: str
) -> Data:
    """A of 0 to 60 with a curve, and B that is worth a little."""
    tables = {
        "outcomes": f"outcome,weight\nQALY,{weight}\nother,1",
        "responses": "programme,outcome,shape,per_unit,elasticity,maximum,half,steepness\n"
        f"A,QALY,{response}\nB,other,linear,1,,,,",
        "limits": "programme,basis,min,max\nA,activity,0,60\nB,activity,0,100",
        "selections": "selection,programme\nA,A",
        **({"response_points": BENDS} if response.startswith("points") else {}),
        **more,
    }
    programmes = """programme,sector,pool,provider,contract,baseline,held
        A,acute,NHS,{},{},30,no
        B,community,NHS,,,20,no""".format(*(("T", "K") if "contracts" in more else ("", "")))
    return extract(round_of(programmes, years=years, **tables))


def breaks(data: Data, programme: str = "A", year: int = 2025) -> set[int]:
    """Segments before which a decision stands, from blocks and decisions, which must agree."""
    r, x = data.responses, data.ordering
    i, t = data.programme.position[programme], data.year.position[year]
    mine = (r.segments.columns[0] == i) & (r.segments.columns[1] == t)
    block = x.block[mine].tolist()
    assert block[0] == 0
    found = {n for n in range(1, len(block)) if block[n] != block[n - 1]}
    assert all(0 <= b - a <= 1 for a, b in pairwise(block))
    orders = [b for p, y, b in x.orders.members() if (p, y) == (programme, year)]
    assert orders == list(range(1, len(found) + 1))
    return found


def rule(sense: str, value: float = 1, penalty: str = "") -> dict[str, str]:
    head = "rule,measure,selection,outcome,sense,value,penalty"
    return {"rules": f"{head}\nR,outcome,A,QALY,{sense},{value},{penalty}"}


def income(sense: str) -> dict[str, str]:
    head = "income,pool,measure,selection,outcome,sense,threshold,amount"
    return {"incomes": f"{head}\nI,NHS,outcome,A,QALY,{sense},5,10"}


@pytest.mark.parametrize(
    ("weight", "more", "expected"),
    [
        (1, {}, STEEPENS),
        (-1, {}, FLATTENS),
        (0, {}, set()),
        (0, rule("min"), STEEPENS),
        (0, rule("min", penalty="2"), STEEPENS),
        (0, rule("max", 9), FLATTENS),
        (0, rule("equal", 4), STEEPENS | FLATTENS),
        (1, rule("max", 9), STEEPENS | FLATTENS),
        (1, rule("min"), STEEPENS),
        (-1, rule("min"), STEEPENS | FLATTENS),
        (0, income("min"), STEEPENS),
        (0, income("max"), FLATTENS),
        (-1, income("min"), STEEPENS | FLATTENS),
    ],
)
def test_a_breakpoint_is_kept_where_something_would_misuse_it(
    weight: float, more: dict[str, str], expected: set[int]
) -> None:
    assert breaks(bought(weight=weight, **more)) == expected


OUTCOME = "contract,type,fixed,bonus_outcome,bonus,bonus_threshold,bonus_step\nK,outcome,4,QALY"


LIMIT = {"providers": "provider,deficit_max\nT,40"}


@pytest.mark.parametrize(
    ("terms", "more", "expected"),
    [
        # A pool would rather pay less: a bonus and a step want the outcome low.
        ("0.1,,", {}, FLATTENS),
        ("0.1,4,3", {}, FLATTENS),
        ("0,,", {}, set()),
        # A provider that may not lose much lives on it as well.
        ("0.1,,", LIMIT, STEEPENS | FLATTENS),
        ("0,4,3", LIMIT, STEEPENS | FLATTENS),
        ("0,,", LIMIT, set()),
    ],
)
def test_a_bonus_wants_the_outcome_low_and_a_provider_high(
    terms: str, more: dict[str, str], expected: set[int]
) -> None:
    assert breaks(bought(weight=0, contracts=f"{OUTCOME},{terms}", **more)) == expected


LOGISTIC = "logistic,,,10,30,0.2"


@pytest.mark.parametrize(
    ("response", "weight", "steepening"),
    [
        ("power,1,2,,,", 1, True),
        ("power,1,2,,,", -1, False),
        ("power,1,0.5,,,", 1, False),
        ("power,1,0.5,,,", -1, True),
        ("saturating,,,10,20,", 1, False),
        ("saturating,,,10,20,", -1, True),
        ("linear,1,,,,", 1, False),
        ("linear,1,,,,", -1, False),
    ],
)
def test_curves_that_bend_one_way_need_all_breakpoints_or_none(
    response: str, weight: float, steepening: bool
) -> None:
    data = bought(response, weight)
    count = int((data.responses.segments.columns[0] == 0).sum())
    assert breaks(data) == (set(range(1, count)) if steepening else set())
    assert count == 1 or response[:6] != "linear"


@pytest.mark.parametrize("weight", [1, -1])
def test_an_s_curve_is_ordered_on_one_side_of_its_turn(weight: float) -> None:
    data = bought(LOGISTIC, weight)
    r = data.responses
    ends = r.width[r.segments.columns[0] == 0].cumsum() + r.start[0]
    turn = int(abs(ends - 30).argmin())
    assert ends[turn] == pytest.approx(30), "the turn is a breakpoint"
    found = breaks(data)
    if weight > 0:
        assert set(range(1, turn + 1)) <= found <= set(range(1, turn + 2))
    else:
        assert set(range(turn + 2, len(ends))) <= found <= set(range(turn + 1, len(ends)))


def test_two_outcomes_of_a_driver_share_their_decisions() -> None:
    # health steepens at 10 and harm, which weighs against it, flattens at 40.
    data = bought(
        outcomes="outcome,weight\nQALY,1\nharm,-1\nother,1",
        responses="programme,outcome,shape,per_unit\nA,QALY,points,\nA,harm,points,\n"
        "B,other,linear,1",
        response_points="programme,outcome,activity,effect\n"
        "A,QALY,0,0\nA,QALY,10,1\nA,QALY,60,16\nA,harm,0,0\nA,harm,40,40\nA,harm,60,50",
    )
    r = data.responses
    assert r.width[r.segments.columns[0] == 0] == pytest.approx([10, 30, 20], rel=5e-3)
    assert breaks(data) == {1, 2}


def test_blocks_are_counted_anew_in_every_year() -> None:
    data = bought(
        years=(2025, 2026),
        limits="programme,year,basis,min,max\n"
        "A,2025,activity,0,60\nA,2026,activity,15,60\nB,,activity,0,100",
    )
    assert breaks(data, year=2025) == STEEPENS
    # From 15 on: slopes 0.4, 0.1, 0.6, 0.
    assert breaks(data, year=2026) == {2}
    assert breaks(data, "B") == set()


@pytest.mark.parametrize(
    ("response", "more", "exact"),
    [
        ("saturating,,,10,20,", rule("equal", 4), True),
        ("saturating,,,10,20,", rule("min", 4), False),  # its chords lie below
        ("saturating,,,10,20,", rule("max", 4), True),
        ("power,1,2,,,", rule("min", 4), True),
        ("power,1,2,,,", rule("max", 4), False),
        ("saturating,,,10,20,", income("min"), False),
        ("saturating,,,10,20,", income("max"), True),
        ("power,1,2,,,", income("min"), True),
        ("points,,,,,", rule("equal", 4), False),
        ("linear,1,,,,", rule("equal", 4), False),
        ("saturating,,,10,20,", {"contracts": f"{OUTCOME},0.1,,"}, True),
        ("saturating,,,10,20,", {"contracts": f"{OUTCOME},0,,"}, False),
        ("points,,,,,", {"contracts": f"{OUTCOME},0.1,,"}, False),
    ],
)
def test_curves_are_met_exactly_where_their_chords_could_deceive(
    response: str, more: dict[str, Any], exact: bool
) -> None:
    assert bought(response, **more).ordering.exact.tolist() == [exact, False]


def test_rounding_on_a_flat_curve_is_no_bend() -> None:
    # 10,000 halves of a saturating curve end flat to the last digit.
    data = bought(
        "saturating,,,10,20,",
        limits="programme,basis,min,max\nA,activity,0,200000\nB,activity,0,100",
    )
    assert breaks(data) == set()
