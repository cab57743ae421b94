"""Evidence cases side by side: which moves of the first year survive all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from shown import NOTHING
from small import round_of

import allocator
from allocator.errors import UsageError
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning.compare import compare, compared

Make = Callable[..., Plan]

PROGRAMMES = """\
    programme,sector,pool,unit_cost,baseline
    Nursing,community,NHS,1,1000
    Clinics,acute,NHS,1,1000
"""


def with_changes(make_plan: Make, changes: dict[str, float]) -> Plan:
    """The made plan with other first-year changes against its reference plan."""
    plan = make_plan()
    allocation = plan.allocation.copy()
    first = allocation["year"] == 2025
    change = allocation["programme"].map(changes).fillna(0.0)
    allocation.loc[first, "change"] = change[first]
    allocation.loc[first, "spend"] = allocation["reference_spend"][first] + change[first]
    return replace(plan, tables={**plan.tables, "allocation": allocation})


def moves(make_plan: Make, instance: Instance, **changes: list[float]) -> dict[str, Any]:
    """Direction, range and survival of every programme that moves in one of the cases."""
    sets = [{p: c[n] for p, c in changes.items()} for n in range(3)]
    cases = ("low", "central", "high")
    plans = {case: with_changes(make_plan, s) for case, s in zip(cases, sets, strict=True)}
    table = compared(plans, instance).moves
    return {
        row["programme"]: (row["direction"], row["least"], row["most"], row["survives"])
        for row in table.to_dict("records")
    }


def test_move_survives_in_one_direction(make_plan: Make, small_instance: Instance) -> None:
    found = moves(
        make_plan,
        small_instance,
        nursing=[2e5, 1e6, 3e6],
        gp=[-1e5, -2e5, -1e6],
        reable=[1e6, -1e6, 1e6],
    )
    assert found == {
        "nursing": ("more", 2e5, 3e6, True),
        "gp": ("less", -1e6, -1e5, True),
        "reable": ("mixed", -1e6, 1e6, False),
    }
    assert list(found) == ["nursing", "gp", "reable"], "survivors first, the largest first"


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (1e5, True),  # £0.1m
        (20_999.0, False),  # below 0.1% of £21m
        (21_030.0, True),
        (-20_000.0, False),
    ],
)
def test_threshold_of_a_move(
    make_plan: Make, small_instance: Instance, change: float, counts: bool
) -> None:
    found = moves(make_plan, small_instance, nursing=[change] * 3)
    assert ("nursing" in found) is counts


def test_small_in_one_case_does_not_survive(make_plan: Make, small_instance: Instance) -> None:
    found = moves(make_plan, small_instance, nursing=[1e6, 1e6, 1.0], gp=[0.0, 0.0, -1e6])
    assert found["nursing"] == ("more", 1.0, 1e6, False)
    assert found["gp"] == ("less", -1e6, 0.0, False)


def test_threshold_is_in_the_unit_of_the_instance(
    make_plan: Make, small_instance: Instance
) -> None:
    settings = replace(small_instance.settings, money_unit="million")
    millions = replace(small_instance, settings=settings)
    plan = with_changes(make_plan, {"nursing": 1.1e5, "gp": 9e4})
    money = ["baseline_spend", "reference_spend", "spend", "change"]
    # A thousand times the money, so that 0.1m is the smaller threshold.
    allocation = plan.allocation.copy()
    allocation[money] *= [1e-3, 1e-3, 1e-3, 1e-6]
    small = replace(plan, tables={**plan.tables, "allocation": allocation})
    table = compared({"low": small, "high": small}, millions).moves
    assert table["programme"].tolist() == ["nursing"]


def test_case_without_a_plan(make_plan: Make, small_instance: Instance) -> None:
    none = make_plan(status="infeasible", tables={}, verified=False, certificate=NOTHING)
    result = compared({"low": none, "central": make_plan(), "high": make_plan()}, small_instance)
    assert not result.complete
    assert result.cases["status"].tolist() == ["infeasible", "optimal", "optimal"]
    assert result.cases["gain"].isna().tolist() == [True, False, False]
    assert set(result.sectors["case"]) == {"central", "high"}
    assert result.moves["survives"].all()
    assert compared({"low": none, "high": none}, small_instance).moves.empty


def evidence_round() -> Instance:
    """Nursing beats clinics with central and high figures, and loses with low ones."""
    return round_of(
        PROGRAMMES,
        budgets="pool,amount\nNHS,2000",
        responses="programme,outcome,per_unit,low,high\nNursing,QALY,3,1,4\nClinics,QALY,2,2,2",
        limits="programme,min,max\nNursing,0.8,1.2\nClinics,0.8,1.2",
    )


def test_cases_are_solved_with_their_own_figures() -> None:
    result = allocator.compare(evidence_round())
    # 1,200 for the better one, 800 for the other, against 1,000 each.
    assert result.cases["objective"].tolist() == pytest.approx(
        [2 * 1200 + 800, 3 * 1200 + 2 * 800, 4 * 1200 + 2 * 800]
    )
    assert result.cases["gain"].tolist() == pytest.approx([200.0, 200.0, 400.0])
    assert result.cases["moved"].tolist() == pytest.approx([200.0] * 3)
    assert result.complete
    assert [plan.instance["evidence"] for plan in result.plans.values()] == [
        "low",
        "central",
        "high",
    ]
    assert len({plan.instance["sha256"] for plan in result.plans.values()}) == 1
    assert result.moves["survives"].tolist() == [False, False]
    two = compare(evidence_round(), cases=("central", "high"), threads=1)
    assert set(two.moves["direction"]) == {"more", "less"}
    assert two.moves["survives"].all()


@pytest.mark.parametrize("cases", [(), ("low",), ("low", "low"), ("low", "best")])
def test_cases_that_cannot_be_compared(cases: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="two different cases of low, central, high"):
        compare(evidence_round(), cases=cases)


def test_figures_already_chosen_are_not_compared() -> None:
    with pytest.raises(UsageError, match="those of the case 'low' already"):
        compare(evidence_round().replace(evidence="low"))
