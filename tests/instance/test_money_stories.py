"""What check says of money and beds that do not suffice, and what effects save in cash."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from small import reachable

from allocator.errors import InstanceError
from allocator.instance.checks.pump import network, savings
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import from_tables

Row = dict[str, Any]
YEARS = [2025, 2026, 2027]


def make(programmes: list[Row], **tables: list[Row]) -> Instance:
    settings = {"name": "x", "base_year": 2024, "years": YEARS, **tables.pop("settings", [{}])[0]}
    every: dict[str, list[Row]] = {
        "budgets": [{"pool": "NHS", "amount": 1e9}],
        "outcomes": [{"outcome": "QALY", "weight": 1.0}],
        **tables,
        "programmes": [{"sector": "s", "pool": "NHS", **p} for p in programmes],
    }
    frames = {name: pd.DataFrame(rows) for name, rows in every.items()}
    frames.setdefault("responses", pd.DataFrame(columns=["programme", "outcome"], dtype=str))
    return from_tables(settings, frames)


def refusal(*args: Any, **tables: Any) -> str:
    with pytest.raises(InstanceError) as raised:
        make(*args, **tables)
    return str(raised.value)


def test_occupancy_in_year_one_is_short_by_48_beds() -> None:
    """1,686 beds are occupied by emergencies; 92% of 1,780 holds 1,638."""
    emergencies = {
        "programme": "Emergency admissions",
        "class": "emergency",
        "unit": "admissions",
        "unit_cost": 3000.0,
        "baseline": 84300.0,
    }
    beds = [
        {"resource": "Beds at 92%", "year": 2025, "amount": 1638.0},
        {"resource": "Beds at 92%", "year": None, "amount": 1700.0},
    ]
    told = refusal(
        [emergencies],
        demand=[{"programme": "Emergency admissions", "demand": 84300.0}],
        resources=[{"resource": "Beds at 92%", "unit": "beds"}],
        capacity=beds,
        use=[{"programme": "Emergency admissions", "resource": "Beds at 92%", "per_unit": 0.02}],
    )
    assert told == (
        "capacity, line 2, amount: 'Beds at 92%' cannot hold in 2025/26 what programmes must do: "
        "at least 1,686 beds ('Emergency admissions' 1,686) against 1,638 with all extra; "
        "48 beds are missing."
    )


BRISTOL = [
    {"programme": "Home care Bristol", "pool": "Bristol", "baseline": 400.0},
    {"programme": "Home care Somerset", "pool": "Somerset", "baseline": 300.0},
]
SHARED = [
    {"programme": "Home care Bristol", "pool": "BCF", "share_min": 0.0, "share_max": 0.25},
    {"programme": "Home care Bristol", "pool": "Bristol", "share_min": 0.6, "share_max": 1.0},
]
MINIMUM = [{"programme": "Home care Bristol", "basis": "baseline", "min": 1.0, "max": 1.0}]


def _councils(bristol: float, fund: float) -> list[Row]:
    return [
        {"pool": "BCF", "amount": fund},
        {"pool": "Bristol", "amount": bristol},
        {"pool": "Somerset", "amount": 300.0},
    ]


def test_a_council_below_its_minimum_is_named_with_its_pounds() -> None:
    """The BCF pays a quarter at most: 300 of the 400 fall on Bristol, which has 280."""
    told = refusal(BRISTOL, budgets=_councils(280.0, 500.0), funding=SHARED, limits=MINIMUM)
    assert "pool 'Bristol' cannot pay in 2025/26 what its programmes must have" in told
    assert "at least £300 ('Home care Bristol' £300) against at most £280; £20 is missing" in told
    assert "Somerset" not in told


def test_two_pools_that_pay_together_are_named_together() -> None:
    """Bristol could pay its part and the BCF its own, but not the whole."""
    told = refusal(BRISTOL, budgets=_councils(320.0, 60.0), funding=SHARED, limits=MINIMUM)
    assert "pools 'BCF', 'Bristol' together cannot pay in 2025/26" in told
    assert "at least £400 ('Home care Bristol' £400) against at most £380; £20 is missing" in told


def test_shared_funding_that_suffices_is_no_collision() -> None:
    make(BRISTOL, budgets=_councils(300.0, 100.0), funding=SHARED, limits=MINIMUM)


CARE = [
    {"programme": "h", "unit_cost": 100.0, "baseline": 10.0},
    {
        "programme": "i",
        "unit_cost": 40.0,
        "baseline": 10.0,
        "provider": "Hospital",
        "contract": "C",
        "tariff": 30.0,
        "fixed_share": 0.5,
        "release_years": 2,
    },
]


def _saved(**contract: Any) -> float:
    instance = make(
        CARE,
        demand=[{"programme": "i", "demand": 10.0}],
        effects=[{"source": "h", "target": "i", "per_unit": 1.0, "delay": 0, "fade": 1.0}],
        contracts=[{"contract": "C", **contract}],
        places=[{"place": "N", "heads": 10}],
    )
    draft = instance.facts.draft
    net = network(draft)
    return float(savings(draft, net).toarray()[net.names.index("i"), 0])


def test_a_block_frees_no_cash_until_it_is_rebased() -> None:
    assert _saved(type="block") == 0.0
    assert _saved(type="block", rebasing_year=2027) == pytest.approx(30 / 100)
    # Paid at cost after the block: half of it stays with the pool for two years.
    assert _saved(type="block", end=2025) == pytest.approx((20 + 40) / 100)


def test_payment_gives_back_its_rate_of_the_tariff() -> None:
    assert _saved(type="activity") == pytest.approx(3 * 30 / 100)
    assert _saved(type="cost_and_volume", up_rate=0.5) == pytest.approx(0.5 * 3 * 30 / 100)
    assert _saved(type="aligned", up_rate=0.2, down_rate=0.1) == pytest.approx(0.2 * 0.9)


def test_payment_by_cost_gives_back_shares_of_released_cost() -> None:
    shares = {"gain_share": 0.3, "loss_share": 0.6}
    found = _saved(type="capitated", per_head=40.0, **shares)
    assert found == pytest.approx(0.6 * (20 + 20 + 40) / 100)
    assert _saved(type="cost") == pytest.approx((20 + 20 + 40) / 100)


def _most(**contract: Any) -> list[float]:
    """Most activity of a programme that costs 100 a unit and is paid 2, from a pool of 60."""
    programme = {"programme": "p", "baseline": 10.0, "unit_cost": 100.0, "tariff": 2.0}
    instance = make(
        [{**programme, "contract": "C", "provider": "Hospital"}],
        budgets=[{"pool": "NHS", "amount": 60.0}],
        responses=[{"programme": "p", "outcome": "QALY", "per_unit": 1.0}],
        contracts=[{"contract": "C", **contract}],
        places=[{"place": "N", "heads": 10}],
    )
    table: list[float] = reachable(instance)["hi"].tolist()
    return table


def test_money_limits_what_is_paid_for_activity_not_what_it_costs() -> None:
    assert _most(type="activity") == pytest.approx([30] * 3)
    assert _most(type="activity", threshold=40.0, marginal_rate=0.5) == pytest.approx([40] * 3)
    # 20 fixed for 10 units, and half the tariff for what 40 pay above them.
    assert _most(type="cost_and_volume", up_rate=0.5) == pytest.approx([50] * 3)
    assert _most(type="aligned", fixed=30.0, up_rate=1.0) == pytest.approx([25] * 3)
    # 50 a year for the heads, and half of the cost above it: 70 in all.
    assert _most(type="capitated", per_head=5.0, loss_share=0.5) == pytest.approx([0.7] * 3)
    assert _most(type="block", rebasing_year=2025) == pytest.approx([30] * 3)


@pytest.mark.parametrize(
    "contract",
    [
        {"type": "block"},
        {"type": "activity", "max_income": 50.0},
        {"type": "activity", "threshold": 40.0, "marginal_rate": 0.0},
        {"type": "cost_and_volume", "up_rate": 0.0},
        {"type": "capitated", "per_head": 5.0},
        {"type": "outcome", "bonus_outcome": "QALY", "bonus": 1.0},
    ],
    ids=lambda contract: contract["type"],
)
def test_activity_that_costs_the_pool_nothing_needs_a_limit(contract: Row) -> None:
    with pytest.raises(InstanceError, match="nothing limits 'p' in 2025/26"):
        _most(**contract)
    with pytest.raises(InstanceError, match="nothing limits 'p' in 2026/27"):
        _most(**contract, start=2026)
