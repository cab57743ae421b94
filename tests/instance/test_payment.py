"""What a contract pays, where that bends, and how far some money goes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.instance.facts.payment import DRIVERS, Terms

BLANK = {"threshold": np.inf, "gain_cap": np.inf, "loss_cap": np.inf, "bonus_threshold": np.nan}
BLANK |= {"least": -np.inf, "most": np.inf}


def terms(*contracts: dict[str, Any]) -> Terms:
    """Payments, one a contract, with what is not said left blank."""
    columns = {}
    for of in fields(Terms):
        blank: Any = {"kind": "cost", "rebased": False}.get(of.name, BLANK.get(of.name, 0.0))
        values = [contract.get(of.name, blank) for contract in contracts]
        columns[of.name] = np.array(values, dtype=object if of.name == "kind" else None)
    return Terms(**columns)


EXAMPLES = {
    "cost": ({"kind": "cost"}, [(30, 30), (-5, -5)]),
    "block": ({"kind": "block", "fixed": 70.0}, [(0, 70), (500, 70)]),
    "rebased": ({"kind": "block", "fixed": 70.0, "rebased": True}, [(0, 0), (500, 500)]),
    "activity": ({"kind": "activity"}, [(40, 40)]),
    "marginal rate": (
        {"kind": "activity", "threshold": 100.0, "marginal_rate": 0.5},
        [(90, 90), (100, 100), (120, 110)],
    ),
    "cost and volume": (
        {"kind": "cost_and_volume", "fixed": 80.0, "volume": 100.0, "up_rate": 0.7},
        [(50, 80), (100, 80), (110, 87)],
    ),
    "aligned": (
        {"kind": "aligned", "fixed": 80.0, "at_baseline": 100.0, "up_rate": 0.5, "down_rate": 0.2},
        [(90, 78), (100, 80), (120, 90)],
    ),
    "capitated": (
        {"kind": "capitated", "budget": 100.0, "gain_share": 0.5, "loss_share": 0.25}
        | {"gain_cap": 10.0, "loss_cap": 5.0},
        [(60, 90), (80, 90), (90, 95), (100, 100), (110, 102.5), (120, 105), (200, 105)],
    ),
    "outcome": (
        {"kind": "outcome", "fixed": 70.0, "bonus": 2.0, "bonus_threshold": 8.0, "bonus_step": 9.0},
        [(0, 70), (7, 84), (8, 95), (9, 97)],
    ),
    "between incomes": (
        {"kind": "cost", "least": 20.0, "most": 40.0},
        [(5, 20), (30, 30), (90, 40)],
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_payment_by_hand(name: str) -> None:
    contract, pairs = EXAMPLES[name]
    of = terms(contract)
    for follows, pays in pairs:
        assert of.paid(np.array([float(follows)])) == pytest.approx([pays])
        assert of.take(0).paid(np.array(float(follows))) == pytest.approx(pays)


def test_all_together_as_each_alone() -> None:
    contracts = [contract for contract, _ in EXAMPLES.values()]
    together = terms(*contracts)
    at = np.linspace(-20.0, 250.0, len(contracts))
    alone = [terms(c).paid(at[n : n + 1])[0] for n, c in enumerate(contracts)]
    assert together.paid(at).tolist() == alone
    for n in range(len(contracts)):
        mine = together.kinks()[:, n]
        assert mine[np.isfinite(mine)].tolist() == [
            k for k in together.take(n).kinks().tolist() if np.isfinite(k)
        ]


@pytest.mark.parametrize(
    ("name", "most", "least"),
    [
        ("cost", 1, 1),
        ("block", 0, 0),
        ("rebased", 1, 1),
        ("activity", 1, 1),
        ("marginal rate", 1, 0.5),
        ("cost and volume", 0.7, 0),
        ("aligned", 0.5, 0.2),
        ("capitated", 0.5, 0),
    ],
)
def test_rates_by_hand(name: str, most: float, least: float) -> None:
    steep, flat = terms(EXAMPLES[name][0]).rates()
    assert (steep, flat) == (pytest.approx([most]), pytest.approx([least]))


@pytest.mark.parametrize(
    ("name", "paid", "follows"),
    [
        ("cost", 30, 30),
        ("block", 70, np.inf),
        ("rebased", 500, 500),
        ("marginal rate", 90, 90),
        ("marginal rate", 110, 120),
        ("cost and volume", 80, 100),
        ("cost and volume", 87, 110),
        ("aligned", 78, 90),
        ("aligned", 90, 120),
        ("capitated", 95, 90),
        ("capitated", 102.5, 110),
        ("capitated", 105, np.inf),
        ("between incomes", 30, 30),
        ("between incomes", 40, np.inf),
    ],
)
def test_how_far_money_goes_by_hand(name: str, paid: float, follows: float) -> None:
    found = terms(EXAMPLES[name][0]).reach(np.array([float(paid)]), np.array([0]))
    assert found == pytest.approx([follows])


RATE = st.sampled_from([0.0, 0.2, 0.5, 1.0])
SIZE = st.sampled_from([0.0, 7.0, 40.0, 100.0])
CAP = st.sampled_from([np.inf, 3.0, 20.0])


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, Any]:
    kinds = sorted(kind for kind in DRIVERS if kind != "outcome")
    found = {"kind": draw(st.sampled_from(kinds)), "rebased": draw(st.booleans())}
    found |= {name: draw(SIZE) for name in ("fixed", "volume", "at_baseline", "budget")}
    found |= {name: draw(RATE) for name in ("marginal_rate", "up_rate", "down_rate")}
    found |= {name: draw(RATE) for name in ("gain_share", "loss_share")}
    found |= {name: draw(CAP) for name in ("threshold", "gain_cap", "loss_cap")}
    return found


@settings(max_examples=300, deadline=None)
@given(contracts(), st.floats(0.0, 300.0), st.floats(0.0, 100.0))
def test_money_goes_as_far_as_the_payment_says(
    contract: dict[str, Any], follows: float, more: float
) -> None:
    of, at = terms(contract), np.array([0])
    paid, later = (of.paid(np.array([x])) for x in (follows, follows + more))
    steep, flat = of.rates()
    assert flat * more - 1e-6 <= later - paid <= steep * more + 1e-6
    reach = of.reach(paid, at)
    assert reach[0] >= follows - 1e-6
    if np.isfinite(reach[0]):
        assert of.paid(reach) <= paid + 1e-6
        assert of.paid(reach + 1.0) > paid
