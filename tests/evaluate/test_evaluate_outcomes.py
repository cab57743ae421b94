"""Curves, discounting, equity, segments and the tail, worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from judging import allocation, expect, run
from small import round_of

from allocator.evaluate import evaluate, true_effect

ONE = "programme,sector,pool,baseline\nA,acute,NHS,100"


@pytest.mark.parametrize(
    ("shape", "x", "parameters", "effect"),
    [
        ("linear", 30, {"per_unit": 0.5}, 15),
        ("power", 100, {"per_unit": 2, "baseline": 100, "elasticity": 0.5}, 400),
        ("power", 25, {"per_unit": 2, "baseline": 100, "elasticity": 0.5}, 200),
        ("power", 0, {"per_unit": 2, "baseline": 100, "elasticity": 0.5}, 0),
        ("saturating", 0, {"maximum": 80, "half": 10}, 0),
        ("saturating", 10, {"maximum": 80, "half": 10}, 40),
        ("saturating", 30, {"maximum": 80, "half": 10}, 70),
        ("logistic", 10, {"maximum": 80, "half": 10, "steepness": 3}, 40),
        ("logistic", 12, {"maximum": 80, "half": 10, "steepness": 0.5}, 80 / (1 + math.exp(-1))),
        ("logistic", 0, {"maximum": 80, "half": 1000, "steepness": 9}, 0),
        ("points", 5, {"activity": [0, 10, 20], "effect": [0, 6, 8]}, 3),
        ("points", 15, {"activity": [0, 10, 20], "effect": [0, 6, 8]}, 7),
        ("points", 99, {"activity": [0, 10, 20], "effect": [0, 6, 8]}, 8),
    ],
)
def test_curves(shape: str, x: float, parameters: dict[str, Any], effect: float) -> None:
    assert true_effect(shape, x, **parameters) == pytest.approx(effect, abs=1e-12)
    assert true_effect(shape, [x, x], **parameters) == pytest.approx([effect, effect], abs=1e-12)


def test_the_slope_of_a_power_curve_at_baseline_is_per_unit() -> None:
    at = np.array([99.999, 100.001])
    effect = true_effect("power", at, per_unit=0.7, baseline=100, elasticity=0.3)
    assert np.diff(effect) / np.diff(at) == pytest.approx([0.7], rel=1e-6)


def test_an_unknown_shape_is_an_error() -> None:
    with pytest.raises(KeyError):
        true_effect("cubic", 1.0)


def test_every_shape_from_the_tables() -> None:
    programmes = ONE + "".join(f"\n{p},acute,NHS,100" for p in "BCDE")
    responses = """
        programme,outcome,shape,per_unit,elasticity,maximum,half,steepness
        A,QALY,linear,0.5,,,,
        B,QALY,power,2,0.5,,,
        C,QALY,saturating,,,80,10,
        D,QALY,points,,,,,
        E,QALY,logistic,,,60,20,0.1"""
    points = "programme,outcome,activity,effect\nD,QALY,0,0\nD,QALY,10,6\nD,QALY,20,8"
    instance = round_of(programmes, responses=responses, response_points=points)
    result = run(instance, {"A": 30, "B": 25, "C": 30, "D": 15, "E": 20 + 10 * math.log(2)})
    amounts = dict(zip(result.by_programme.programme, result.by_programme.amount, strict=True))
    # E: e to the minus ln 2 is a half, so 60 / 1.5.
    assert amounts == pytest.approx({"A": 15, "B": 200, "C": 70, "D": 7, "E": 40})
    expect(result.outcomes, amount=[332])
    assert result.objective == pytest.approx(332)


DELAYED = "programme,outcome,per_unit,delay\nA,QALY,0.5,{}"


def test_discounting_to_arrival_and_credit_beyond_the_horizon() -> None:
    instance = round_of(
        ONE,
        years=(2025, 2026, 2027),
        settings={"discount_rate": 0.1},
        outcomes="outcome,weight\nQALY,3",
        responses=DELAYED.format(1),
    )
    result = run(instance, {"A": [100, 80, 60]})
    expect(result.outcomes, amount=[50, 40, 30], beyond_horizon=[0, 0, 30])
    value = [3 * 50 / 1.1, 3 * 40 / 1.21, 3 * 30 / 1.331]
    expect(result.outcomes, value=value)
    assert result.objective == pytest.approx(sum(value))


def test_outcomes_that_are_not_discounted() -> None:
    instance = round_of(
        ONE,
        years=(2025, 2026),
        settings={"discount_rate": 0.1},
        outcomes="outcome,weight,discounted\nQALY,1,no",
        responses=DELAYED.format(5),
    )
    result = run(instance, {"A": [100, 80]})
    expect(result.outcomes, value=[50, 40], beyond_horizon=[50, 40])


CARE = """
    programme,sector,pool,baseline
    Care,community,NHS,50
    Ward,acute,NHS,100"""


def test_the_driver_with_demand_is_met_need() -> None:
    instance = round_of(
        CARE,
        responses="programme,outcome,per_unit\nWard,QALY,2",
        demand="programme,demand\nWard,100",
        effects="source,target,per_unit\nCare,Ward,0.5",
    )
    # 10 days avoided lose no outcome; 5 left unmet do.
    assert run(instance, {"Care": 70, "Ward": 90}).objective == pytest.approx(200)
    assert run(instance, {"Care": 70, "Ward": 85}).objective == pytest.approx(190)


def test_a_curve_below_nothing_is_a_violation() -> None:
    instance = round_of(
        ONE,
        responses="programme,outcome,shape,per_unit,elasticity\nA,QALY,power,1,0.5",
        demand="programme,demand\nA,100",
    )
    rows = allocation(instance, {"A": [0]}, unmet=[104.0])
    result = evaluate(instance, {"allocation": rows})
    expect(result.violations, kind="response", violation=[4])
    assert result.objective == 0


def test_harm_is_taken_off_and_reported_apart() -> None:
    instance = round_of(
        ONE,
        years=(2025, 2026),
        settings={"discount_rate": 0.1},
        outcomes="outcome,weight\nQALY,2\nWaits,1",
        demand="programme,year,demand,harm,harm_outcome\nA,2025,100,0.3,QALY\nA,2026,100,0.5,Waits",
    )
    result = run(instance, {"A": [90, 80]})
    expect(result.outcomes, outcome="QALY", amount=[-3, 0])
    expect(result.outcomes, outcome="Waits", amount=[0, -10])
    harm = 2 * 3 + 10 / 1.1
    assert result.parts == pytest.approx({"outcomes": 0, "harm": harm, "penalties": 0, "tail": 0})
    assert result.objective == pytest.approx(-harm)
    expect(result.by_programme, outcome="QALY", value=[-6, 0])


# Equity and segments ---------------------------------------------------------------------

PEOPLE = """
    programme,sector,pool,baseline,place
    Nurses,community,NHS,100,North
    Clinic,community,NHS,100,South
    Helpline,community,NHS,100,"""
PLACES = "place,heads\nNorth,40\nSouth,60"
WORTH = "programme,outcome,per_unit\nNurses,QALY,1\nClinic,QALY,1\nHelpline,QALY,1"
SEGMENTS = """
    segment,place,heads,weight
    Poor,North,30,2
    Poor,South,20,1
    Rich,North,10,1
    Rich,South,40,0.5"""
# Mean weight (60 + 20 + 10 + 20) / 100 = 1.1.


def people(segments: str = SEGMENTS, **more: Any) -> Any:
    return round_of(PEOPLE, places=PLACES, responses=WORTH, segments=segments, **more)


def test_equity_weights_by_population_shares() -> None:
    result = run(people(), {"Nurses": 10, "Clinic": 10, "Helpline": 10})
    value = dict(zip(result.by_programme.programme, result.by_programme.value, strict=True))
    assert value == pytest.approx(
        {
            "Nurses": 10 * (0.75 * 2 + 0.25 * 1) / 1.1,
            "Clinic": 10 * (1 / 3 * 1 + 2 / 3 * 0.5) / 1.1,
            # Everyone: half poor at (30 x 2 + 20 x 1) / 50, half rich at (10 + 20) / 50.
            "Helpline": 10 * (0.5 * 1.6 + 0.5 * 0.6) / 1.1,
        }
    )
    expect(result.outcomes, amount=[30])


def test_outcomes_by_segment() -> None:
    result = run(people(), {"Nurses": 10, "Clinic": 30, "Helpline": 20})
    expect(result.segments, segment="Poor", amount=[7.5 + 10 + 10])
    expect(result.segments, segment="Rich", amount=[2.5 + 20 + 10])


def test_reach_replaces_population_shares() -> None:
    reach = "programme,segment,share\nNurses,Rich,1\nHelpline,Poor,0.8\nHelpline,Rich,0.2"
    result = run(people(reach=reach), {"Nurses": 10, "Clinic": 0, "Helpline": 10})
    value = dict(zip(result.by_programme.programme, result.by_programme.value, strict=True))
    assert value["Nurses"] == pytest.approx(10 * 1 / 1.1)
    assert value["Helpline"] == pytest.approx(10 * (0.8 * 1.6 + 0.2 * 0.6) / 1.1)
    expect(result.segments, segment="Poor", amount=[8])


def test_a_segment_without_a_place_counts_everywhere() -> None:
    segments = "segment,heads,weight\nPoor,25,3\nRich,75,1"
    result = run(people(segments), {"Nurses": 10, "Clinic": 0, "Helpline": 10})
    value = dict(zip(result.by_programme.programme, result.by_programme.value, strict=True))
    assert value["Nurses"] == pytest.approx(10)
    assert value["Helpline"] == pytest.approx(10)
    expect(result.segments, segment="Poor", amount=[5])


def test_harm_counts_with_equity() -> None:
    instance = round_of(
        PEOPLE,
        places=PLACES,
        segments=SEGMENTS,
        demand="programme,demand,harm,harm_outcome\nNurses,100,1,QALY",
    )
    result = run(instance, {"Nurses": 90, "Clinic": 0, "Helpline": 0})
    assert result.parts["harm"] == pytest.approx(10 * 1.75 / 1.1)


def test_without_segments_there_is_no_table_and_everyone_counts_alike() -> None:
    result = run(round_of(ONE, responses=DELAYED.format(0)), {"A": [10]})
    assert not len(result.segments)
    assert result.segments.columns.tolist() == ["outcome", "segment", "year", "amount"]
    assert result.objective == 5


# Tail ------------------------------------------------------------------------------------


def test_need_avoided_after_the_plan_is_worth_what_it_would_have_cost() -> None:
    programmes = """
        programme,sector,pool,baseline,unit_cost,fixed_share
        Care,community,NHS,50,1,0
        Ward,acute,NHS,100,8,0.25"""
    settings = {
        "discount_rate": 0.1,
        "cost_uplift": 0.2,
        "tail_years": 2,
        "saving_value": 0.01,
        "accept_money_pump": ["Care"],
    }
    instance = round_of(
        programmes,
        years=(2025, 2026),
        settings=settings,
        demand="programme,demand\nWard,100",
        effects="source,target,per_unit,delay,fade\nCare,Ward,0.5,1,0.5",
    )
    result = run(instance, {"Care": [60, 70], "Ward": [100, 100]})
    # 10 and 20 above baseline. 2027: 0.25 x 10 + 0.5 x 20; 2028: half of that.
    avoided = [12.5, 6.25]
    price = 8 * 1.2**2 * 0.75
    tail = 0.01 * price * (avoided[0] / 1.1**2 + avoided[1] / 1.1**3)
    assert result.parts["tail"] == pytest.approx(tail)
    assert result.objective == pytest.approx(tail)
    cut = run(instance, {"Care": [40, 50], "Ward": [100, 105]})
    assert cut.parts["tail"] == pytest.approx(-0.01 * price * (2.5 / 1.1**2 + 1.25 / 1.1**3))


def test_without_tail_years_nothing_counts_after_the_plan() -> None:
    instance = round_of(
        CARE,
        demand="programme,demand\nWard,100",
        effects="source,target,per_unit,delay\nCare,Ward,0.5,1",
    )
    assert run(instance, {"Care": 70, "Ward": 100}).parts["tail"] == 0
