"""Unit costs that change at a threshold or with an option, coefficient by coefficient."""

from __future__ import annotations

import pytest
from small import bounds, compiled, round_of, row, rows_of

from allocator.solver.program import Program
from allocator.tolerances import ROOM

INF = float("inf")
MORE = 1.0 + ROOM


def charged(above: str, responses: str = "linear,1,", **tables: str) -> Program:
    """A of 4 to 20 at a cost of 3."""
    return compiled(
        round_of(
            f"""programme,sector,pool,unit_cost,baseline,cost_threshold,cost_above
            A,acute,NHS,3,10,{above}""",
            responses=f"programme,outcome,shape,per_unit,elasticity\nA,QALY,{responses}",
            limits="programme,basis,min,max\nA,activity,4,20",
            **tables,
        )
    )


def test_a_dearer_tier_is_paid_without_a_decision() -> None:
    program = charged("10,2")
    assert not program.integer.any()
    assert row(program, "tier_below[A,2025]") == (
        {"activity[A,2025]": 1, "above[A,2025]": -1},
        -INF,
        10,
    )
    terms, low, high = row(program, "surcharge_is[A,2025]")
    assert terms == {"surcharge[A,2025]": 1, "above[A,2025]": -3}
    assert low == high == 0
    assert row(program, "pool[NHS,2025]")[0] == {"activity[A,2025]": 3, "surcharge[A,2025]": 1}


def test_a_cheaper_tier_waits_for_the_dear_units() -> None:
    program = charged("10,0.25")
    assert row(program, "surcharge_is[A,2025]")[0]["above[A,2025]"] == pytest.approx(2.25)
    terms, low, high = row(program, "tier_full[A,2025]")
    # activity - above >= 4 + 6 beyond
    assert terms == {"activity[A,2025]": -1, "above[A,2025]": 1, "beyond[A,2025]": 6}
    assert (low, high) == (-INF, -4)
    terms, _, high = row(program, "tier_above[A,2025]")
    assert terms == {"above[A,2025]": 1, "beyond[A,2025]": pytest.approx(10 - 20 * MORE)}
    assert high == 0
    assert program.integer.sum() == 1


EFFECT = "option,measure,target,operation,value\n"
OPTIONS = (
    "option,group,choose,pool,review_years\na,way,at_most_one,NHS,none\nb,way,at_most_one,NHS,none"
)
A, B = "run[a,2025,2025]", "run[b,2025,2025]"


def levelled(responses: str = "linear,1,") -> Program:
    effects = EFFECT + "a,unit_cost,A,multiply,0.9\nb,unit_cost,A,add,-0.5"
    return charged(",1", responses, options=OPTIONS, option_effects=effects)


def test_activity_is_split_by_level_between_what_can_be_reached() -> None:
    program = levelled()
    at = "A,2025"
    one, two = (f"level_activity[{at},{n}]" for n in (1, 2))
    assert row(program, f"level_least[{at},1]") == ({one: -1, A: 4}, -INF, 0)
    assert row(program, f"level_most[{at},2]") == ({two: 1, B: pytest.approx(-20 * MORE)}, -INF, 0)
    terms, low, high = row(program, f"rest_least[{at}]")
    assert terms == {"activity[A,2025]": -1, one: 1, two: 1, A: -4, B: -4}
    assert (low, high) == (-INF, -4)
    terms, low, high = row(program, f"rest_most[{at}]")
    most = pytest.approx(20 * MORE)
    assert terms == {"activity[A,2025]": 1, one: -1, two: -1, A: most, B: most}
    assert high == most
    terms, low, high = row(program, f"surcharge_is[{at}]")
    assert terms == {"surcharge[A,2025]": 1, one: pytest.approx(0.3), two: pytest.approx(0.5)}
    assert low == high == 0


def test_levels_fill_their_own_part_of_a_curve() -> None:
    program = levelled("power,1,0.5")
    at, n = "A,2025", len(rows_of(program, "rest_filled"))
    assert n > 4
    assert len(rows_of(program, "level_open")) == 2 * n
    fill = f"level_fill[{at},1,3]"
    width = bounds(program, f"fill[{at},3]")[1]
    assert bounds(program, fill) == (0, width)
    assert row(program, f"level_open[{at},1,3]") == ({fill: 1, A: -width}, -INF, 0)
    terms, low, high = row(program, f"level_filled[{at},1]")
    assert terms.pop(f"level_activity[{at},1]") == 1
    # The curve starts at the least activity, or just below.
    assert terms.pop(A) == pytest.approx(-4, rel=2e-3)
    assert terms == {f"level_fill[{at},1,{k}]": -1 for k in range(1, n + 1)}
    assert low == high == 0
    terms, _, high = row(program, f"rest_open[{at},3]")
    assert terms == {
        f"fill[{at},3]": 1,
        f"level_fill[{at},1,3]": -1,
        f"level_fill[{at},2,3]": -1,
        A: width,
        B: width,
    }
    assert high == width
    terms, _, high = row(program, f"rest_filled[{at},3]")
    assert terms == {
        f"fill[{at},3]": -1,
        f"level_fill[{at},1,3]": 1,
        f"level_fill[{at},2,3]": 1,
    }
    assert high == 0


def test_a_yearly_cost_is_part_of_the_spend_of_its_programme() -> None:
    program = charged(
        ",1",
        options="option,pool,programme,review_years,cost_yearly\na,NHS,A,none,7",
    )
    terms, low, high = row(program, "surcharge_is[A,2025]")
    assert terms == {"surcharge[A,2025]": 1, A: -7}
    assert low == high == 0
    assert A not in row(program, "pool[NHS,2025]")[0]
