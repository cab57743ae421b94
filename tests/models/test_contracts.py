"""Payments under contract, ended and suspended contracts, coefficient by coefficient."""

from __future__ import annotations

from typing import Any

import pytest
from small import bounds, compiled, round_of, row, rows_of

from allocator.solver.program import Program
from allocator.tolerances import BAND, BEYOND, ROOM

INF = float("inf")
YEARS = (2025, 2026)


def paying(terms: str, **tables: str) -> Program:
    """A hospital of 60 to 140 at cost 2 and tariff 3, led by another."""
    head, values = terms.split("\n")
    usual = {
        "limits": "programme,basis,min,max\nA,activity,60,140",
        "responses": "programme,outcome,per_unit\nA,QALY,2",
        "places": "place,heads\nHere,100",
        "selections": "selection,contract\nK,K",
        "contracts": f"contract,lead,overhead,{head}\nK,Lead,0.1,{values}",
        "providers": "provider,deficit_max,other_cost\nTrust,15,\nLead,,4",
    }
    return compiled(
        round_of(
            "programme,sector,pool,provider,contract,unit_cost,tariff,baseline,held\n"
            "A,acute,NHS,Trust,K,2,3,100,no",
            years=YEARS,
            **(usual | tables),
        )
    )


def near(terms: dict[str, float]) -> Any:
    return pytest.approx(terms, rel=1e-9, abs=1e-12)


FREE = {"providers": "provider\nLead"}


def test_a_straight_payment_is_one_row() -> None:
    program = paying("type\nactivity")
    terms, low, high = row(program, "payment_is[K,2025]")
    assert terms == near({"payment[K,2025]": 1, "activity[A,2025]": -3})
    assert low == high == pytest.approx(0, abs=1e-9)
    assert row(program, "pool[NHS,2025]")[0] == near({"payment[K,2025]": 1.1})
    assert not program.integer.any()


def test_a_convex_payment_is_held_from_below() -> None:
    program = paying("type,up_rate,down_rate\naligned,1,0.5", **FREE)
    # 300 for 100 units; 3 a unit above, 1.5 a unit less below.
    terms, low, high = row(program, "payment_covers[K,2025,1]")
    assert terms == near({"payment[K,2025]": -1, "activity[A,2025]": 1.5})
    assert (low, high) == (-INF, pytest.approx(-150))
    terms, _, high = row(program, "payment_covers[K,2025,2]")
    assert terms == near({"payment[K,2025]": -1, "activity[A,2025]": 3})
    assert high == pytest.approx(0, abs=1e-9)
    assert not program.integer.any()


def test_a_concave_payment_is_filled_in_order() -> None:
    program = paying("type,threshold,marginal_rate\nactivity,330,0.5", **FREE)
    room = BEYOND * 240
    below, above = 150 + room, 90 + room  # 180 to 330 to 420
    terms, low, high = row(program, "payment_filled[K,2025]")
    one, two, step = "piece_fill[K,2025,1]", "piece_fill[K,2025,2]", "step[K,2025,1]"
    assert terms == near({"activity[A,2025]": 3, one: -1, two: -1})
    assert low == high == pytest.approx(180 - room)
    terms, low, high = row(program, "payment_follows[K,2025]")
    assert terms == near({"payment[K,2025]": 1, one: -1, two: -0.5})
    assert low == high == pytest.approx(180 - room)
    assert bounds(program, one) == (0, pytest.approx(below))
    terms, low, high = row(program, "piece_full[K,2025,1]")
    assert terms == near({one: -1, step: below})
    assert (low, high) == (-INF, 0)
    terms, low, high = row(program, "piece_open[K,2025,2]")
    assert terms == near({two: 1, step: -above})
    assert high == 0
    assert rows_of(program, "piece_full") == [f"piece_full[K,{t},1]" for t in YEARS]
    assert rows_of(program, "piece_open") == [f"piece_open[K,{t},2]" for t in YEARS]
    assert program.integer.sum() == 2


def test_a_step_comes_whole_with_the_band_below_it() -> None:
    program = paying("type,fixed,bonus_outcome,bonus_threshold,bonus_step\noutcome,90,QALY,200,6")
    step, band = "step[K,2025,1]", "piece_fill[K,2025,2]"
    assert bounds(program, band) == (0, pytest.approx(BAND * 200))
    terms, low, high = row(program, "payment_follows[K,2025]")
    assert terms == near({"payment[K,2025]": 1, step: -6})
    assert low == high == pytest.approx(90)
    width = bounds(program, band)[1]
    assert row(program, "piece_whole[K,2025,2]") == (near({band: 1, step: -width}), -INF, 0)
    assert row(program, "piece_full[K,2025,2]") == (near({band: -1, step: width}), -INF, 0)


ENDS = "type,fixed,ceiling,notice_years,exit_fee\nblock,250,400,1,7"
OFF, END = "off[K,2026]", "end[K,2026]"
ENDED, COST = "follows_ended[K,2026]", "cost_ended[K,2026]"


def test_a_contract_that_may_be_ended_is_split_in_two() -> None:
    program = paying(ENDS, **FREE)
    piece = "piece_fill[K,2026,1]"
    low, high = 180 - BEYOND * 240, 420 + BEYOND * 240
    terms, left, right = row(program, "payment_filled[K,2026]")
    # value = low (1 - off) + fill + value once it has been ended
    assert terms == near({"activity[A,2026]": 3, OFF: low, piece: -1, ENDED: -1})
    assert left == right == pytest.approx(low)
    terms, left, right = row(program, "payment_follows[K,2026]")
    assert terms == near({"payment[K,2026]": 1, OFF: 250, COST: -1})
    assert left == right == pytest.approx(250)
    assert row(program, "piece_on[K,2026,1]") == (
        near({piece: 1, OFF: high - low}),
        -INF,
        pytest.approx(high - low),
    )
    assert row(program, "ended_least[K,2026]") == (near({ENDED: -1, OFF: low}), -INF, 0)
    assert row(program, "ended_most[K,2026]") == (near({ENDED: 1, OFF: -high}), -INF, 0)
    # In 2025 it cannot be ended.
    assert row(program, "payment_is[K,2025]")[0] == near({"payment[K,2025]": 1})


def test_cost_stands_in_for_the_payment_of_an_ended_contract() -> None:
    program = paying(ENDS, **FREE)
    least, most = 120 - ROOM * 280, 280 + ROOM * 280
    assert row(program, "cost_ended_least[K,2026]") == (near({COST: -1, OFF: least}), -INF, 0)
    assert row(program, "cost_ended_most[K,2026]") == (near({COST: 1, OFF: -most}), -INF, 0)
    # cost - cost_ended lies between least and most while it holds, and is 0 afterwards.
    terms, _, high = row(program, "cost_held_least[K,2026]")
    assert terms == near({"activity[A,2026]": -2, COST: 1, OFF: -least})
    assert high == pytest.approx(-least)
    terms, _, high = row(program, "cost_held_most[K,2026]")
    assert terms == near({"activity[A,2026]": 2, COST: -1, OFF: most})
    assert high == pytest.approx(most)


def test_ending_frees_ceiling_and_overhead_and_costs_a_fee() -> None:
    program = paying(ENDS, **FREE)
    terms, low, high = row(program, "block_ceiling[K,2026]")
    assert terms == near({"activity[A,2026]": 3, ENDED: -1, OFF: 400})
    assert (low, high) == (-INF, 400)
    assert row(program, "block_ceiling[K,2025]")[0] == near({"activity[A,2025]": 3})
    # payment + a tenth of what is not paid at cost + the fee
    assert row(program, "pool[NHS,2026]")[0] == near({"payment[K,2026]": 1.1, COST: -0.1, END: 7})


def test_what_is_off_has_been_ended_or_is_suspended() -> None:
    program = paying(
        ENDS,
        **FREE,
        options="option,pool,earliest,review_years\nO,NHS,2026,none",
        option_effects="option,measure,target,operation\nO,contract,K,suspend",
    )
    run = "run[O,2026,2026]"
    assert row(program, "off_ended[K,2026]") == (near({OFF: -1, END: 1}), -INF, 0)
    assert row(program, "off_suspended[K,2026,O]") == (near({OFF: -1, run: 1}), -INF, 0)
    assert row(program, "off_only[K,2026]") == (near({OFF: 1, END: -1, run: -1}), -INF, 0)
    assert row(program, "ended_once[K,2026]") == (near({END: 1}), -INF, 1)
    at = program.column_names().index(OFF)
    assert not program.integer[at]
    assert program.integer.sum() == 2


def test_positions_count_what_is_paid_and_led_less_cost() -> None:
    program = paying(ENDS, providers="provider,deficit_max,other_cost\nTrust,15,\nLead,3,4")
    terms, low, high = row(program, "position[Trust,2026]")
    # payment - cost >= -15
    assert terms == near({"payment[K,2026]": -1, "activity[A,2026]": 2})
    assert (low, high) == (-INF, 15)
    terms, _, high = row(program, "position[Lead,2026]")
    # a tenth of the payment, not of cost, less 4 >= -3
    assert terms == near({"payment[K,2026]": -0.1, COST: 0.1})
    assert high == pytest.approx(3 - 4)


def test_rules_count_an_ended_contract_without_overhead() -> None:
    rule = "rule,measure,selection,sense,value\nR,payment,K,max,500"
    terms, _, _ = row(paying(ENDS, **FREE, rules=rule), "rule_max[R,2026]")
    assert terms == near({"payment[K,2026]": 1.1, COST: -0.1})
