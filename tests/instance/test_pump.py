"""What a pound more on a programme saves elsewhere, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.errors import InstanceError
from allocator.instance.checks.pump import network, savings
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import from_tables


def make(
    programmes: dict[str, dict[str, Any]], effects: list[tuple[Any, ...]], **settings: Any
) -> Instance:
    columns = ["source", "target", "per_unit", "delay", "fade"]
    targets = sorted({effect[1] for effect in effects})
    return from_tables(
        {"name": "x", "base_year": 2024, "years": [2025, 2026, 2027], **settings},
        {
            "programmes": pd.DataFrame(
                [
                    {"programme": name, "sector": "s", "pool": "NHS", "baseline": 10.0, **more}
                    for name, more in programmes.items()
                ]
            ),
            "budgets": pd.DataFrame([{"pool": "NHS", "amount": 1e6}]),
            "outcomes": pd.DataFrame([{"outcome": "QALY", "weight": 1.0}]),
            "responses": pd.DataFrame(columns=["programme", "outcome"], dtype=str),
            "demand": pd.DataFrame([{"programme": name, "demand": 10.0} for name in targets]),
            "effects": pd.DataFrame(effects, columns=columns),
        },
    )


def saved(instance: Instance) -> dict[str, dict[str, float]]:
    draft = instance.facts.draft
    net = network(draft)
    found = savings(draft, net).toarray()
    return {
        net.names[source]: dict(zip(net.names, found[:, column].tolist(), strict=True))
        for column, source in enumerate(net.sources.tolist())
    }


def test_fixed_cost_is_saved_only_once_released() -> None:
    programmes = {
        "h": {"unit_cost": 100.0},
        "i": {"unit_cost": 40.0, "fixed_share": 0.5, "release_years": 2},
    }
    instance = make(programmes, [("h", "i", 1.0, 0, 0.5)])
    # 40·0.5 at once, half as many units a year later, a quarter fully released after two.
    assert saved(instance)["h"]["i"] == pytest.approx((20 + 10 + 10) / 100)


def test_delays_reach_only_into_the_plan() -> None:
    programmes = {"h": {"unit_cost": 100.0}, "i": {"unit_cost": 40.0}}
    assert saved(make(programmes, [("h", "i", 1.0, 2, 1.0)]))["h"]["i"] == pytest.approx(0.4)
    assert saved(make(programmes, [("h", "i", 1.0, 3, 1.0)]))["h"]["i"] == 0.0


def test_prices_move_with_their_uplift() -> None:
    programmes = {
        "h": {"unit_cost": 100.0, "cost_uplift": 0.25},
        "i": {"unit_cost": 40.0, "cost_uplift": 0.1},
    }
    instance = make(programmes, [("h", "i", 1.0, 1, 0.0)])
    assert saved(instance)["h"]["i"] == pytest.approx(40 * 1.1**2 / 125)


def test_avoiding_what_avoids_raises_the_last_in_the_chain() -> None:
    programmes = {
        "h": {"unit_cost": 100.0},
        "i": {"unit_cost": 40.0},
        "j": {"unit_cost": 60.0, "fixed_share": 0.5, "release_years": 3},
    }
    instance = make(programmes, [("h", "i", 1.0, 0, 0.0), ("i", "j", 0.5, 0, 0.0)])
    found = saved(instance)
    assert found["h"] == {"h": 0.0, "i": pytest.approx(0.4), "j": pytest.approx(-0.3)}
    assert found["i"]["j"] == pytest.approx(0.5 * 60 * 0.5 / 40)


def test_the_boundary_is_one_pound_for_one_pound() -> None:
    programmes = {"h": {"unit_cost": 100.0}, "i": {"unit_cost": 40.0}}
    make(programmes, [("h", "i", 2.5, 0, 0.0)])
    with pytest.raises(InstanceError, match=r"£1 more for 'h' saves £1\.04 elsewhere"):
        make(programmes, [("h", "i", 2.6, 0, 0.0)])


def test_a_circle_that_dies_out_is_followed_to_its_end() -> None:
    programmes = {"h": {"unit_cost": 100.0}, "i": {"unit_cost": 40.0}}
    circle = [("h", "i", 0.5, 0, 0.0), ("i", "h", 0.5, 0, 0.0)]
    instance = make(programmes, circle, accept_money_pump=["i"])
    # A unit of h lowers i by 0.5, which raises h by 0.25, and so on: i falls by 2/3 in all.
    assert saved(instance)["h"]["i"] == pytest.approx(40 * (0.5 / (1 - 0.25)) / 100)
    with pytest.raises(InstanceError, match="does not die out"):
        make(programmes, [("h", "i", 2.0, 0, 0.0), ("i", "h", 0.5, 0, 0.0)])


def test_kernel_of_no_fade_is_felt_once() -> None:
    draft = make({"h": {"unit_cost": 100.0}, "i": {}}, [("h", "i", 2.0, 1, 0.0)]).facts.draft
    assert np.array_equal(network(draft).kernel, [[0.0, 2.0, 0.0]])
