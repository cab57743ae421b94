"""What check says of money and beds that do not suffice, and what money buys under contract."""

from __future__ import annotations

from typing import Any

import pytest
from small import one_row, reachable, three_years

from allocator.errors import InstanceError
from allocator.instance.instance import Instance


def refusal(programmes: str, **tables: str) -> str:
    with pytest.raises(InstanceError) as raised:
        three_years(programmes, **tables)
    return str(raised.value)


def test_occupancy_in_year_one_is_short_by_48_beds() -> None:
    """1,686 beds are occupied by emergencies; 92% of 1,780 holds 1,638."""
    told = refusal(
        """programme,class,sector,pool,unit,unit_cost,baseline
           Emergency admissions,emergency,s,NHS,admissions,3000,84300""",
        budgets="pool,amount\nNHS,1000000000",
        demand="programme,demand\nEmergency admissions,84300",
        resources="resource,unit\nBeds at 92%,beds",
        capacity="resource,year,amount\nBeds at 92%,2025,1638\nBeds at 92%,,1700",
        use="programme,resource,per_unit\nEmergency admissions,Beds at 92%,0.02",
    )
    assert told == (
        "capacity, line 2, amount: 'Beds at 92%' cannot hold in 2025/26 what programmes must do: "
        "at least 1,686 beds ('Emergency admissions' 1,686) against 1,638 with all extra; "
        "at least 48 beds are missing. That is each programme at its least against all there can "
        "be; rules, shares and other years may ask for more."
    )


BRISTOL = """programme,sector,pool,baseline
    Home care Bristol,s,Bristol,400
    Home care Somerset,s,Somerset,300"""


def _councils(bristol: float, fund: float) -> dict[str, str]:
    """The fund pays a quarter of Bristol's care at most, and Bristol the rest of it."""
    return {
        "budgets": f"pool,amount\nBCF,{fund}\nBristol,{bristol}\nSomerset,300",
        "funding": """programme,pool,share_min,share_max
            Home care Bristol,BCF,0,0.25
            Home care Bristol,Bristol,0.6,1""",
        "limits": "programme,basis,min,max\nHome care Bristol,baseline,1,1",
    }


def test_a_council_below_its_minimum_is_named_with_its_pounds() -> None:
    """The BCF pays a quarter at most: 300 of the 400 fall on Bristol, which has 280."""
    told = refusal(BRISTOL, **_councils(280, 500))
    assert "pool 'Bristol' cannot pay in 2025/26 what its programmes must have" in told
    assert (
        "at least £300 ('Home care Bristol' £300) against at most £280; at least £20 is missing"
        in told
    )
    assert "Somerset" not in told


def test_two_pools_that_pay_together_are_named_together() -> None:
    """Bristol could pay its part and the BCF its own, but not the whole."""
    told = refusal(BRISTOL, **_councils(320, 60))
    assert "pools 'BCF', 'Bristol' together cannot pay in 2025/26" in told
    assert (
        "at least £400 ('Home care Bristol' £400) against at most £380; at least £20 is missing"
        in told
    )


def test_shared_funding_that_suffices_is_no_collision() -> None:
    three_years(BRISTOL, **_councils(300, 100))


def _paid(terms: dict[str, Any]) -> Instance:
    """A programme that costs 100 a unit and is paid 2, from a pool of 60."""
    return three_years(
        """programme,sector,pool,baseline,unit_cost,tariff,contract,provider
           p,s,NHS,10,100,2,C,Hospital""",
        budgets="pool,amount\nNHS,60",
        responses="programme,outcome,per_unit\np,QALY,1",
        contracts=one_row(contract="C", **terms),
        places="place,heads\nN,10",
    )


@pytest.mark.parametrize(
    ("terms", "most"),
    [
        ({"type": "activity"}, 30),
        ({"type": "activity", "threshold": 40, "marginal_rate": 0.5}, 40),
        # 20 fixed for 10 units, and half the tariff for what 40 pay above them.
        ({"type": "cost_and_volume", "up_rate": 0.5}, 50),
        ({"type": "aligned", "fixed": 30, "up_rate": 1}, 25),
        # 50 a year for the heads, and half of the cost above it: 70 in all.
        ({"type": "capitated", "per_head": 5, "loss_share": 0.5}, 0.7),
        ({"type": "block", "rebasing_year": 2025}, 30),
    ],
)
def test_money_limits_what_is_paid_for_activity_not_what_it_costs(
    terms: dict[str, Any], most: float
) -> None:
    assert list(reachable(_paid(terms))["hi"].values()) == pytest.approx([most] * 3)


@pytest.mark.parametrize("start", ["", 2026])
@pytest.mark.parametrize(
    "terms",
    [
        {"type": "block"},
        {"type": "activity", "max_income": 50},
        {"type": "activity", "threshold": 40, "marginal_rate": 0},
        {"type": "cost_and_volume", "up_rate": 0},
        {"type": "capitated", "per_head": 5},
        {"type": "outcome", "bonus_outcome": "QALY", "bonus": 1},
    ],
    ids=lambda terms: terms["type"],
)
def test_activity_that_costs_the_pool_nothing_needs_a_limit(
    terms: dict[str, Any], start: int | str
) -> None:
    year = "2026/27" if start else "2025/26"
    with pytest.raises(InstanceError, match=f"nothing limits 'p' in {year}"):
        _paid({**terms, "start": start})
