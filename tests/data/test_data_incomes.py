"""Conditional money: what is measured, what is earned and when it is received."""

from __future__ import annotations

import pytest
from coefficients import by_label
from small import round_of

from allocator.data import Data, extract
from allocator.data.incomes import Incomes
from allocator.instance.instance import Instance

YEARS = (2025, 2026, 2027)


def instance_of(incomes: str, **more: str) -> Instance:
    """A of 10 to 40 (need of 50 with harm) and B of 0 to 30, in two pools."""
    tables = {
        "budgets": "pool,kind,amount\nNHS,recurrent,900\nNHS,grant,100\nNHS,non_recurrent,50\n"
        "LA,recurrent,400",
        "outcomes": "outcome,weight\nQALY,1\nharm,-1",
        "responses": "programme,outcome,shape,per_unit,maximum,half\nB,QALY,linear,3,,",
        "limits": "programme,basis,min,max\nA,activity,10,40\nB,activity,0,30",
        "places": "place,year,heads\nNorth,,100\nSouth,,50\nSouth,2026,60",
        "selections": "selection,programme,share\nB,B,\nhalf,B,0.5\nhalf,A,1",
        "demand": "programme,demand,harm_outcome,harm\nA,50,QALY,0.5",
        "incomes": incomes,
        **more,
    }
    return round_of(
        "programme,sector,pool,unit_cost,baseline\nA,acute,NHS,2,30\nB,community,LA,4,20",
        years=YEARS,
        **tables,
    )


def earning(incomes: str, **more: str) -> Data:
    return extract(instance_of(incomes, **more))


def incomes(text: str, **more: str) -> Incomes:
    return earning("income,pool,measure,selection,outcome,sense,threshold," + text, **more).incomes


def test_amounts_by_basis_and_share() -> None:
    data = earning(
        """income,pool,measure,selection,outcome,sense,threshold,part,basis,amount,share
        premium,NHS,activity,B,,min,5,x,per_head,5,0.4
        premium,NHS,activity,B,,min,6,y,per_head,5,0.6
        grant,LA,activity,B,,min,5,,amount,70,
        kept,NHS,activity,B,,min,5,,held_back,0.02,0.5"""
    )
    x = data.incomes
    amount = by_label(x.rows, x.amount)
    # 150 heads, 160 in 2026; held back: a share of what comes every year, grants counted.
    assert amount["premium / x", 2025] == pytest.approx(5 * 150 * 0.4)
    assert amount["premium / y", 2026] == pytest.approx(5 * 160 * 0.6)
    assert amount["grant", 2027] == pytest.approx(70)
    assert amount["kept", 2027] == pytest.approx(0.02 * 1000 * 0.5)
    assert len(amount) == 4 * len(YEARS)
    held_back = dict(zip(data.pool.labels, x.held_back.tolist(), strict=True))
    assert held_back == {"LA": [0, 0, 0], "NHS": [pytest.approx(10)] * 3}


def test_money_is_received_after_its_lag_or_not_in_the_plan() -> None:
    x = incomes(
        """lag,amount
        now,NHS,activity,B,,min,5,0,10
        later,LA,activity,B,,min,5,2,10
        never,LA,activity,B,,min,5,3,10"""
    )
    assert set(x.received.members()) == {
        *(("NHS", y, "now", y) for y in YEARS),
        ("LA", 2027, "later", 2025),
    }


def test_one_year_only_is_measured_where_a_year_is_named() -> None:
    x = incomes("year,amount\nonce,NHS,activity,B,,min,5,2026,10")
    assert list(x.rows.members()) == [("once", 2026)]


def test_measures_as_terms_and_the_least_they_can_be() -> None:
    x = incomes(
        """amount
        activity,NHS,activity,B,,min,5,10
        value,NHS,value,half,,min,5,10
        unmet,NHS,unmet,,,max,5,10
        outcome,NHS,outcome,half,QALY,min,5,10"""
    )
    activity = by_label(x.activity.rows, x.activity.coefficient)
    assert activity["activity", 2025, "B", 2025] == 1
    assert activity["value", 2026, "A", 2026] == 2
    assert activity["value", 2026, "B", 2026] == pytest.approx(0.5 * 4)
    unmet = by_label(x.unmet.rows, x.unmet.coefficient)
    assert unmet["unmet", 2025, "A", 2025] == -1
    # Harm of the need that A leaves unmet counts against the outcome.
    assert unmet["outcome", 2025, "A", 2025] == -0.5
    outcome = by_label(x.outcome.rows, x.outcome.coefficient)
    assert {k[3]: v for k, v in outcome.items() if k[1] == 2025} == {"B": 0.5}
    least = by_label(x.rows, x.least)
    assert least["activity", 2025] == 0
    assert least["value", 2025] == pytest.approx(2 * 10)
    # None of the need of 50 must be met.
    assert least["unmet", 2025] == pytest.approx(-50)
    assert least["outcome", 2025] == pytest.approx(0 - 0.5 * 50)


@pytest.mark.parametrize(
    ("sense", "threshold", "full", "expected"),
    [
        ("min", 5, 25, (1, 5, 20)),
        ("min", 5, "", (1, 5, 0)),
        ("max", 25, 5, (-1, -25, 20)),
        ("max", 25, "", (-1, -25, 0)),
    ],
)
def test_conditions_to_stay_below_are_mirrored(
    sense: str, threshold: float, full: float | str, expected: tuple[float, float, float]
) -> None:
    x = incomes(f"full,amount\nI,NHS,activity,B,,{sense},{threshold},{full},10")
    assert (x.sign[0], x.threshold[0], x.span[0]) == expected
    assert x.least[0] == (0 if sense == "min" else -30)
    assert x.activity.coefficient.tolist() == [x.sign[0]] * len(YEARS)


@pytest.mark.parametrize("sense", ["min", "max"])
def test_a_threshold_on_a_curve_may_leave_room_for_its_error(sense: str) -> None:
    instance = instance_of(
        "income,pool,measure,selection,outcome,sense,threshold,amount\n"
        f"I,NHS,outcome,B,QALY,{sense},5,10",
        responses="programme,outcome,shape,per_unit,maximum,half\nB,QALY,saturating,,10,8",
    )
    data = extract(instance, margin=1)
    r = data.responses
    at = r.rows.position(("QALY", "B", 2025))
    below, above = r.worst(r.over)[at], r.worst(r.gap)[at]
    assert below == pytest.approx(0, abs=1e-12)
    assert above > 0
    # The chords of a concave curve lie below it: what must be reached is, what must not be
    # passed is passed sooner.
    expected = 5 + below if sense == "min" else -(5 - above)
    assert data.incomes.threshold[0] == pytest.approx(expected, rel=1e-12)
    assert extract(instance).incomes.threshold[0] == (5 if sense == "min" else -5)
    # Or give way by it, so that all that the true curve reaches is allowed.
    loose = 5 - above if sense == "min" else -5
    assert extract(instance, margin=-1).incomes.threshold[0] == pytest.approx(loose, rel=1e-12)


def test_conditions_whose_names_look_alike_are_told_apart() -> None:
    x = incomes(
        """part,amount
        a / b,NHS,activity,B,,min,5,,1
        a,NHS,activity,B,,min,5,b,2"""
    )
    assert len(set(x.rows.column_labels(0))) == 2
    assert sorted(x.amount.tolist()) == [1, 1, 1, 2, 2, 2]


def test_an_instance_without_conditional_money_has_none_of_it() -> None:
    x = extract(round_of("programme,sector,pool,baseline\nA,acute,NHS,1", years=YEARS)).incomes
    assert len(x.rows) == len(x.received) == len(x.amount) == 0
    assert not x.held_back.any()
