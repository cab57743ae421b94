"""What a pound more on a programme saves elsewhere, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import one_row, table, three_years

from allocator.errors import InstanceError
from allocator.instance.checks.savings import network, savings
from allocator.instance.instance import Instance

AVOIDS, AVOIDED = "h,s,NHS,10,100", "i,s,NHS,10,40"


def make(programmes: list[str], *effects: str, more: str = "", **tables: Any) -> Instance:
    """Programmes, with more columns where named, that avoid the need of others."""
    targets = sorted({effect.split(",")[1] for effect in effects})
    return three_years(
        table(f"programme,sector,pool,baseline,unit_cost,{more}".strip(","), *programmes),
        demand=table("programme,demand", *(f"{name},10" for name in targets)),
        effects=table("source,target,per_unit,delay,fade", *effects),
        **tables,
    )


def saved(instance: Instance) -> dict[str, dict[str, float]]:
    net = network(instance.facts)
    found = savings(instance.facts, net).toarray()
    return {
        net.names[source]: dict(zip(net.names, found[:, column].tolist(), strict=True))
        for column, source in enumerate(net.sources.tolist())
    }


def test_fixed_cost_is_saved_only_once_released() -> None:
    instance = make([AVOIDS, f"{AVOIDED},0.5,2"], "h,i,1,0,0.5", more="fixed_share,release_years")
    # 40·0.5 at once, half as many units a year later, a quarter fully released after two.
    assert saved(instance)["h"]["i"] == pytest.approx((20 + 10 + 10) / 100)


def test_delays_reach_only_into_the_plan() -> None:
    assert saved(make([AVOIDS, AVOIDED], "h,i,1,2,1"))["h"]["i"] == pytest.approx(0.4)
    assert saved(make([AVOIDS, AVOIDED], "h,i,1,3,1"))["h"]["i"] == 0.0


def test_prices_move_with_their_uplift() -> None:
    instance = make([f"{AVOIDS},0.25", f"{AVOIDED},0.1"], "h,i,1,1,0", more="cost_uplift")
    assert saved(instance)["h"]["i"] == pytest.approx(40 * 1.1**2 / 125)


def test_avoiding_what_avoids_raises_the_last_in_the_chain() -> None:
    last = "j,s,NHS,10,60,0.5,3"
    instance = make(
        [AVOIDS, AVOIDED, last], "h,i,1,0,0", "i,j,0.5,0,0", more="fixed_share,release_years"
    )
    found = saved(instance)
    assert found["h"] == {"h": 0.0, "i": pytest.approx(0.4), "j": pytest.approx(-0.3)}
    assert found["i"]["j"] == pytest.approx(0.5 * 60 * 0.5 / 40)


def test_the_boundary_is_one_pound_for_one_pound() -> None:
    make([AVOIDS, AVOIDED], "h,i,2.5,0,0")
    with pytest.raises(InstanceError, match=r"£1 more for 'h' saves £1\.04 elsewhere"):
        make([AVOIDS, AVOIDED], "h,i,2.6,0,0")


def test_a_circle_that_dies_out_is_followed_to_its_end() -> None:
    accepted = {"accept_money_pump": ["i"]}
    instance = make([AVOIDS, AVOIDED], "h,i,0.5,0,0", "i,h,0.5,0,0", settings=accepted)
    # A unit of h lowers i by 0.5, which raises h by 0.25, and so on: i falls by 2/3 in all.
    assert saved(instance)["h"]["i"] == pytest.approx(40 * (0.5 / (1 - 0.25)) / 100)
    with pytest.raises(InstanceError, match="does not die out"):
        make([AVOIDS, AVOIDED], "h,i,2,0,0", "i,h,0.5,0,0")


def test_kernel_of_no_fade_is_felt_once() -> None:
    facts = make([AVOIDS, "i,s,NHS,10,1"], "h,i,2,1,0").facts
    assert np.array_equal(network(facts).kernel, [[0.0, 2.0, 0.0]])


HOW = "fixed_share,release_years,provider,contract,tariff"


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        # A block frees no cash until it is rebased.
        ({"type": "block"}, 0.0),
        ({"type": "block", "rebasing_year": 2027}, 30 / 100),
        # Paid at cost after the block: half of it stays with the pool for two years.
        ({"type": "block", "end": 2025}, (20 + 40) / 100),
        # Payment gives back its rate of the tariff.
        ({"type": "activity"}, 3 * 30 / 100),
        ({"type": "cost_and_volume", "up_rate": 0.5}, 0.5 * 3 * 30 / 100),
        ({"type": "aligned", "up_rate": 0.2, "down_rate": 0.1}, 0.2 * 0.9),
        # Payment by cost gives back shares of released cost.
        (
            {"type": "capitated", "per_head": 40, "gain_share": 0.3, "loss_share": 0.6},
            0.6 * (20 + 20 + 40) / 100,
        ),
        ({"type": "cost"}, (20 + 20 + 40) / 100),
    ],
    ids=lambda part: "-".join(map(str, part.values())) if isinstance(part, dict) else "",
)
def test_a_contract_gives_back_what_its_payment_falls_by(
    terms: dict[str, Any], found: float
) -> None:
    instance = make(
        [AVOIDS, f"{AVOIDED},0.5,2,Hospital,C,30"],
        "h,i,1,0,1",
        more=HOW,
        contracts=one_row(contract="C", **terms),
        places="place,heads\nN,10",
    )
    assert saved(instance)["h"]["i"] == pytest.approx(found)
