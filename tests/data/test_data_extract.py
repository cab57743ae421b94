"""What an instance's tables say, as arrays."""

from __future__ import annotations

import numpy as np
import pytest
from small import round_of

import allocator
from allocator.data import extract

BASE = "programme,sector,pool,unit_cost,baseline\ngp,primary,NHS,2,100"
RESPONSE = "programme,outcome,per_unit\ngp,QALY,1"


def test_prices_grow_from_the_base_year() -> None:
    data = extract(
        round_of(
            BASE.replace("baseline", "baseline,cost_uplift").replace("100", "100,0.5")
            + "\nnurse,primary,NHS,4,1,",
            years=(2025, 2026),
            settings={"cost_uplift": 0.1},
            responses=RESPONSE,
        )
    )
    assert data.activity.price == pytest.approx(np.array([[3, 4.5], [4.4, 4.84]]))


@pytest.mark.parametrize(
    ("extra", "held"),
    [
        ({}, [True, False, False]),
        ({"held": "no"}, [False, False, False]),
        ({"held": "yes"}, [True, True, True]),
        ({"class": "entitlement"}, [True, False, True]),
    ],
)
def test_what_is_held(extra: dict[str, str], held: list[bool]) -> None:
    """In order: admin without a value, a programme with demand, one with a response."""
    names, values = ",".join(["", *extra]), ",".join(["", *extra.values()])
    data = extract(
        round_of(
            f"""programme,sector,pool,baseline{names}
            admin,management,NHS,10{values}
            ae,acute,NHS,10{values}
            gp,primary,NHS,10{values}""",
            responses="programme,outcome,per_unit" + ("" if "class" in extra else "\ngp,QALY,1"),
            demand="programme,demand\nae,10",
            effects="source,target,per_unit\n" + ("gp,ae,0.1" if "class" in extra else ""),
        )
    )
    assert data.held.tolist() == held


@pytest.mark.parametrize(("responses", "held"), [("", True), ("\nfalls,QALY,1", False)])
def test_a_source_of_effects_without_a_response_is_held(responses: str, held: bool) -> None:
    data = extract(
        round_of(
            "programme,sector,pool,baseline\nae,acute,NHS,10\nfalls,community,NHS,10",
            demand="programme,demand\nae,10",
            effects="source,target,per_unit\nfalls,ae,0.1",
            responses="programme,outcome,per_unit" + responses,
        )
    )
    assert data.held.tolist() == [False, held]


def test_need_follows_its_worst_backlog() -> None:
    data = extract(
        round_of(
            "programme,sector,pool,baseline\nhip,acute,NHS,10",
            years=(2025, 2026, 2027),
            demand="programme,demand,opening_backlog,carry,min_met\nhip,100,20,0.5,0.75",
        )
    )
    # 120, 30 unmet; 100 + 15, 28.75 unmet; 100 + 14.375
    assert data.demand.need_max == pytest.approx(np.array([120, 115, 114.375]))
    assert data.demand.unmet_max == pytest.approx(np.array([30, 28.75, 28.59375]))


def test_equity_weights_have_a_mean_of_one_over_the_population() -> None:
    data = extract(
        round_of(
            """programme,sector,pool,place,baseline
            north,primary,NHS,North,1
            south,primary,NHS,South,1
            all,primary,NHS,,1""",
            places="place,heads\nNorth,100\nSouth,300",
            responses="programme,outcome,per_unit\nnorth,QALY,1\nsouth,QALY,1\nall,QALY,1",
            segments="""segment,place,heads,weight
            poor,North,60,4
            rest,North,40,1
            rest,South,300,1""",
        )
    )
    weight = data.equity.weight
    names = list(data.programme.labels)
    # mean (60 x 4 + 340) / 400 = 1.45
    by_name = dict(zip(names, weight.tolist(), strict=True))
    assert by_name["north"] == pytest.approx((0.6 * 4 + 0.4) / 1.45)
    assert by_name["south"] == pytest.approx(1 / 1.45)
    assert by_name["all"] == pytest.approx(1)
    assert data.equity.share.sum(axis=1) == pytest.approx(np.ones(3))


def test_curve_error_is_nothing_for_straight_lines() -> None:
    data = extract(round_of(BASE, responses=RESPONSE))
    assert (data.responses.gap == 0).all()


def test_an_s_curve_reaches_the_arrays_with_its_decisions() -> None:
    data = extract(
        round_of(
            BASE,
            responses="programme,outcome,shape,maximum,half,steepness\ngp,QALY,logistic,5,50,0.1",
            limits="programme,max\ngp,1",
        )
    )
    r = data.responses
    orders = len(data.ordering.orders)
    # Those up to the turn at 50, half of the range of 100; the curve is symmetric about it.
    assert 0 < orders < len(r.segments)
    assert abs(len(r.segments) - 2 * orders) <= 2
    # As few as the error allowed needs: 1e-3 of the change in effect.
    change = 5 * np.tanh(0.5 * 0.1 * 50)
    assert 0.5e-3 * change <= max(r.over.max(), r.gap.max()) <= 2e-3 * change
    assert data.ordering.block.max() == orders


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"contracts": "contract,type,up_rate,down_rate\nK,aligned,1,0.5"},
        {"demand": "programme,demand,carry\ngp,120,1"},
        {"rules": "rule,measure,sense,value\nR,spend,max,300"},
    ],
)
def test_without_decisions_in_the_data_there_are_none(tables: dict[str, str]) -> None:
    under = "K" if "contracts" in tables else ""
    data = extract(
        round_of(
            f"programme,sector,pool,contract,provider,unit_cost,baseline\ngp,primary,NHS,{under},T,2,100",
            responses="programme,outcome,shape,maximum,half\ngp,QALY,saturating,5,50",
            limits="programme,max\ngp,1.5",
            **tables,
        )
    )
    assert len(data.options.runs) == len(data.ordering.orders) == len(data.incomes.rows) == 0
    assert len(data.payments.orders) == len(data.contracts.ends) == len(data.tier_orders) == 0
    assert not data.payments.filled.any()
    assert not data.stranded_exact.any()
    assert not (data.activity.start_min > 0).any()


def test_the_order_of_rows_does_not_matter() -> None:
    lines = ["gp,primary,NHS,2,100", "bed,acute,NHS,3,50", "nurse,community,NHS,1,80"]
    head = "programme,sector,pool,unit_cost,baseline\n"
    tables = {"responses": "programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,2\nnurse,QALY,1"}
    one = round_of(head + "\n".join(lines), **tables)
    other = round_of(head + "\n".join(reversed(lines)), **tables)
    assert one.sha256 == other.sha256
    assert allocator.solve(one).allocation.equals(allocator.solve(other).allocation)


SATURATED = round_of(
    "programme,sector,pool,unit_cost,baseline\ngp,primary,NHS,1,100\nnurse,primary,NHS,1,100",
    budgets="pool,amount\nNHS,100000",
    responses="""programme,outcome,shape,per_unit,maximum,half
    gp,QALY,saturating,,40,50
    nurse,QALY,linear,0.001,,""",
    rules="rule,measure,sense,value,outcome\ntarget,outcome,min,20,QALY",
)
"""100,000 is 2,000 halves: far out the curve is flat to the last digit."""


def test_a_curve_that_is_flat_far_out_needs_no_binaries_and_no_tiny_figures() -> None:
    data = extract(SATURATED)
    slope = data.responses.slope
    assert ((slope == 0) | (slope > 1e-9)).all()
    assert (slope == 0).any()
    plan = allocator.solve(SATURATED)
    assert plan.verified
    # the last unit of gp is worth what a nurse is: 40 ln 2 / 50 x 2^(-x / 50) = 0.001
    x = 50 * np.log2(40 * np.log(2) / 50 / 0.001)
    assert plan.objective == pytest.approx(
        40 - 0.001 * 50 / np.log(2) + 0.001 * (1e5 - x), rel=1e-5
    )


def test_what_flat_ends_lose_is_part_of_the_gap() -> None:
    data = extract(SATURATED)
    r = data.responses
    ends = r.start[0] + np.cumsum(r.width[r.segments.columns[0] == r.segments.columns[0][0]])
    chord = r.base[0] + np.cumsum(
        (r.slope * r.width[r.segments.positions(r.slope_rows.columns[1:])])[: len(ends)]
    )
    curve = 40 * (1 - 2 ** (-ends / 50))
    assert (curve - chord <= r.gap[: len(ends)] + 1e-9).all()
    assert (curve - chord >= -1e-9).all()
