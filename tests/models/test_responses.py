"""Segments of response curves, coefficient by coefficient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small import bounds, compiled, cost, round_of, row, rows_of

from allocator.solver.program import Program
from allocator.tolerances import ROOM

PROGRAMME = "programme,sector,pool,baseline\ngp,primary,NHS,100"
LOW, HIGH = 80 * (1 - ROOM), 130 * (1 + ROOM)
"""Where the segments of a programme of 80 to 130 start and end."""


def fills(terms: dict[str, float]) -> list[str]:
    return [name for name in terms if name.startswith("fill")]


def test_activity_is_its_least_and_what_is_filled() -> None:
    program = compiled(
        round_of(
            PROGRAMME,
            responses="programme,outcome,per_unit\ngp,QALY,0.5",
            limits="programme,basis,min,max\ngp,baseline,0.8,1.3",
        )
    )
    terms, low, high = row(program, "driver_of_activity[gp,2025]")
    assert terms == {"activity[gp,2025]": 1, "fill[gp,2025,1]": -1}
    # A hair further at both ends, so that no limit's price falls to the curve.
    assert (low, high) == (pytest.approx(LOW), pytest.approx(LOW))
    assert bounds(program, "fill[gp,2025,1]") == (0, pytest.approx(HIGH - LOW))


def test_points_are_segments_and_flat_after_the_last() -> None:
    program = compiled(
        round_of(
            PROGRAMME,
            responses="programme,outcome,shape\ngp,QALY,points",
            response_points="""programme,outcome,activity,effect
                gp,QALY,0,0
                gp,QALY,90,45
                gp,QALY,110,50
                gp,QALY,120,52""",
            limits="programme,basis,min,max\ngp,baseline,0.8,1.3",
        )
    )
    names = fills(row(program, "driver_of_activity[gp,2025]")[0])
    assert [bounds(program, n)[1] for n in names] == pytest.approx([90 - LOW, 20, 10, HIGH - 120])
    assert [cost(program).get(n, 0) for n in names] == pytest.approx([0.5, 0.25, 0.2, 0])
    assert program.offset == pytest.approx(0.5 * LOW)  # at the least activity


def test_two_outcomes_share_the_segments_of_both() -> None:
    program = compiled(
        round_of(
            PROGRAMME,
            outcomes="outcome,weight\nQALY,10\nvisits,1",
            responses="programme,outcome,shape,per_unit\ngp,QALY,points,\ngp,visits,linear,2",
            response_points="programme,outcome,activity,effect\ngp,QALY,0,0\ngp,QALY,100,50",
            limits="programme,basis,min,max\ngp,baseline,0.8,1.3",
        )
    )
    names = fills(row(program, "driver_of_activity[gp,2025]")[0])
    assert [bounds(program, n)[1] for n in names] == pytest.approx([100 - LOW, HIGH - 100])
    assert [cost(program)[n] for n in names] == pytest.approx([10 * 0.5 + 2, 2])


@pytest.mark.parametrize(
    ("line", "effect"),
    [
        ("power,0.5,0.4,,", lambda x: 0.5 * 100 / 0.4 * (x / 100) ** 0.4),
        ("saturating,,,60,50", lambda x: 60 * (1 - 2 ** (-x / 50))),
    ],
    ids=["power", "saturating"],
)
def test_chords_of_a_smooth_curve_touch_it_and_lie_below(
    line: str, effect: Callable[..., Any]
) -> None:
    program = compiled(
        round_of(
            PROGRAMME,
            responses=f"programme,outcome,shape,per_unit,elasticity,maximum,half\ngp,QALY,{line}",
            limits="programme,basis,min,max\ngp,baseline,0.8,1.6",
        )
    )
    names = fills(row(program, "driver_of_activity[gp,2025]")[0])
    widths = np.array([bounds(program, n)[1] for n in names])
    slopes = np.array([cost(program)[n] for n in names])
    ends = LOW + np.cumsum(widths)
    assert ends[-1] == pytest.approx(160 * (1 + ROOM))
    inside = ends[:-1]
    chords = program.offset + np.cumsum(widths * slopes)
    assert chords[:-1] == pytest.approx(effect(inside))
    assert (np.diff(slopes) < 0).all()
    assert (slopes[1:] / slopes[:-1] > 0.98 - 1e-9).all(), "slopes fall by at most 2% a step"
    middle = (ends - widths / 2)[1:-1]
    chord = (chords - widths * slopes / 2)[1:-1]
    gap = effect(middle) - chord
    assert (gap > 0).all()
    assert gap.max() <= 1e-3 * (effect(160) - effect(80))


def test_the_driver_of_a_programme_with_demand_is_need_met() -> None:
    program = compiled(
        round_of(
            PROGRAMME,
            years=(2025, 2026),
            responses="programme,outcome,per_unit\ngp,QALY,0.5",
            demand="programme,demand,opening_backlog,carry,min_met\ngp,120,6,0.5,0.5",
        )
    )
    terms, low, high = row(program, "driver_of_need_met[gp,2025]")
    # 126 - unmet = start + fill, and at least 63 must be met
    assert terms == {"unmet[gp,2025]": -1, "fill[gp,2025,1]": -1}
    start = bounds_of_start(program, "gp", 2025)
    assert low == high == pytest.approx(start - 126)
    assert start == pytest.approx(0, abs=1e-9)
    terms, _, _ = row(program, "driver_of_need_met[gp,2026]")
    assert terms == {"unmet[gp,2025]": 0.5, "unmet[gp,2026]": -1, "fill[gp,2026,1]": -1}
    assert program.offset == pytest.approx(
        0.5 * sum(bounds_of_start(program, "gp", t) for t in (2025, 2026))
    )


def bounds_of_start(program: Program, programme: str, year: int) -> float:
    """Need met that the segments start from: what they do not reach up to the most need."""
    most = {2025: 126.0, 2026: 120 + 0.5 * 63}[year]
    return most * (1 + ROOM) - bounds(program, f"fill[{programme},{year},1]")[1]


def ordered(**tables: str) -> Program:
    """Slopes of 0.1, 0.4, 0.1 and 0.6 on 10 units each, from nothing to 40."""
    usual = {
        "outcomes": "outcome,weight\nQALY,1",
        "responses": "programme,outcome,shape\ngp,QALY,points",
        "response_points": "programme,outcome,activity,effect\n"
        "gp,QALY,0,0\ngp,QALY,10,1\ngp,QALY,20,5\ngp,QALY,30,6\ngp,QALY,40,12",
        "limits": "programme,basis,min,max\ngp,activity,0,40",
    }
    return compiled(round_of(PROGRAMME, **(usual | tables)))


def test_segments_are_filled_in_order_only_at_steepening_breakpoints() -> None:
    program = ordered()
    fill = {n: f"fill[gp,2025,{n}]" for n in (1, 2, 3, 4)}
    one, two = "order[gp,2025,1]", "order[gp,2025,2]"
    width = {n: bounds(program, name)[1] for n, name in fill.items()}
    assert width == pytest.approx({1: 10, 2: 10, 3: 10, 4: 10}, rel=5e-3)
    assert rows_of(program, "order_full") == [f"order_full[gp,2025,{n}]" for n in (1, 2, 3)]
    assert rows_of(program, "order_open") == [f"order_open[gp,2025,{n}]" for n in (2, 3, 4)]
    assert row(program, "order_full[gp,2025,1]")[0] == {fill[1]: -1, one: width[1]}
    assert row(program, "order_open[gp,2025,2]")[0] == {fill[2]: 1, one: -width[2]}
    # The second and third are one block: open with the first decision, full with the second.
    assert row(program, "order_full[gp,2025,2]")[0] == {fill[2]: -1, two: width[2]}
    assert row(program, "order_open[gp,2025,3]")[0] == {fill[3]: 1, one: -width[3]}
    assert row(program, "order_full[gp,2025,3]")[0] == {fill[3]: -1, two: width[3]}
    assert row(program, "order_open[gp,2025,4]")[0] == {fill[4]: 1, two: -width[4]}
    assert program.integer.sum() == 2


def test_a_flattening_curve_that_is_unwelcome_is_ordered_where_it_flattens() -> None:
    program = ordered(outcomes="outcome,weight\nQALY,-1")
    assert rows_of(program, "order_full") == ["order_full[gp,2025,1]", "order_full[gp,2025,2]"]
    assert rows_of(program, "order_open") == ["order_open[gp,2025,3]", "order_open[gp,2025,4]"]
    assert program.integer.sum() == 1


def test_an_outcome_that_an_option_multiplies_is_split_by_level() -> None:
    program = compiled(
        round_of(
            PROGRAMME,
            responses="programme,outcome,per_unit\ngp,QALY,0.5",
            limits="programme,basis,min,max\ngp,activity,20,60",
            options="option,pool,review_years\nO,NHS,none",
            option_effects="option,measure,target,outcome,operation,value\n"
            "O,outcome,gp,QALY,multiply,1.2",
        )
    )
    level, run, fill = "outcome_level[QALY,gp,2025,1]", "run[O,2025,2025]", "fill[gp,2025,1]"
    at = "QALY,gp,2025"
    assert row(program, f"outcome_level_least[{at},1]")[0] == pytest.approx({level: -1, run: 10})
    assert row(program, f"outcome_level_most[{at},1]")[0] == pytest.approx({level: 1, run: -30})
    terms, _, high = row(program, f"outcome_rest_most[{at}]")
    # What is bought less its level: at most 30, nothing while the level holds.
    assert terms == pytest.approx({fill: 0.5, level: -1, run: 30})
    assert high == pytest.approx(30 - 10, abs=0.02)
    terms, _, high = row(program, f"outcome_rest_least[{at}]")
    assert terms == pytest.approx({fill: -0.5, level: 1, run: -10})
    assert high == pytest.approx(0, abs=0.02)
    assert cost(program)[level] == pytest.approx(0.2)
    assert cost(program)[fill] == pytest.approx(0.5)
