"""What programmes cost beyond their plain unit cost, and where that needs a decision."""

from __future__ import annotations

import pytest
from coefficients import by_label
from small import round_of

from allocator.data import Data, extract

UP = 1.1


def charged(above: str = "10,2", limits: str = "A,activity,4,20", **more: str) -> Data:
    """A at a cost of 3 that changes above an activity, over two years of growing costs."""
    return extract(
        round_of(
            f"""programme,sector,pool,provider,contract,unit_cost,baseline,cost_threshold,cost_above
            A,acute,NHS,{"T,K" if "contracts" in more else ","},3,10,{above}
            B,community,NHS,,,1,10,,""",
            years=(2025, 2026),
            settings={"cost_uplift": 0.1},
            **{
                "responses": "programme,outcome,per_unit\nA,QALY,1\nB,QALY,1",
                "limits": f"programme,basis,min,max\n{limits}\nB,activity,0,50",
                "selections": "selection,programme\nA,A",
                **more,
            },
        )
    )


def ends(data: Data) -> dict[tuple[str, int], tuple[float, float]]:
    low, high = (
        by_label(data.surcharge.rows, x) for x in (data.surcharge.low, data.surcharge.high)
    )
    return {key: (low[key], high[key]) for key in low}


def test_a_tier_changes_what_units_above_it_cost() -> None:
    data = charged()
    x = data.surcharge
    assert list(x.tiers.members()) == [("A", 2025), ("A", 2026)]
    assert x.threshold == pytest.approx([10, 10])
    assert x.change == pytest.approx([3 * UP, 3 * UP**2])
    # Up to 10 units above the threshold, at twice the cost.
    assert ends(data) == {
        ("A", 2025): (0, pytest.approx(30 * UP)),
        ("A", 2026): (0, pytest.approx(30 * UP**2)),
    }


@pytest.mark.parametrize(
    ("above", "limits", "expected"),
    [
        ("10,0.5", "A,activity,4,20", (-15, 0)),
        ("2,0.5", "A,activity,4,20", (-27, -3)),  # at least 2 units are above it
        ("10,1", "A,activity,4,20", None),  # no change
        ("20,2", "A,activity,4,20", None),  # never above it
    ],
)
def test_the_range_of_a_surcharge(
    above: str, limits: str, expected: tuple[float, float] | None
) -> None:
    found = ends(charged(above, limits))
    if expected is None:
        assert found == {}
    else:
        assert found["A", 2025] == tuple(pytest.approx(x * UP) for x in expected)


def test_unit_costs_and_yearly_costs_of_options_are_surcharges() -> None:
    data = charged(
        ",1",
        options="option,pool,programme,earliest,latest,cost_yearly,review_years\n"
        "dear,NHS,B,2026,2026,7,none\ncheap,NHS,,2025,2025,0,none",
        option_effects="option,measure,target,operation,value\ncheap,unit_cost,A,multiply,0.9",
    )
    assert ends(data) == {
        ("A", 2025): (pytest.approx(-0.3 * UP * 20), 0),
        ("A", 2026): (pytest.approx(-0.3 * UP**2 * 20), 0),
        ("B", 2026): (0, pytest.approx(7 * UP**2)),
    }
    assert len(data.surcharge.tiers) == 0


RULE = "rule,measure,selection,sense,value,basis\nR,spend,A,"


@pytest.mark.parametrize(
    ("above", "more", "needed"),
    [
        ("10,0.5", {}, True),  # cheaper units would be bought first
        ("10,2", {}, False),
        ("10,2", {"rules": RULE + "max,50,amount"}, False),
        ("10,2", {"rules": RULE + "min,20,amount"}, True),  # it would be put on to spend more
        ("10,2", {"rules": RULE + "equal,40,amount"}, True),
        ("10,2", {"rules": RULE + "min,0.1,share"}, True),
        ("10,2", {"contracts": "contract,type\nK,activity"}, True),  # the provider's cost
        ("10,0.5", {"rules": RULE + "max,50,amount"}, True),
    ],
)
def test_a_tier_needs_a_decision_where_it_could_be_misplaced(
    above: str, more: dict[str, str], needed: bool
) -> None:
    data = charged(above, **more)
    expected = [("A", 2025), ("A", 2026)] if needed else []
    assert list(data.tier_orders.members()) == expected


def test_a_tier_whose_whole_range_lies_above_has_a_lowest_surcharge() -> None:
    data = charged("2,2")
    assert ends(data)["A", 2025] == (pytest.approx(6 * UP), pytest.approx(54 * UP))
