"""Prices, stranded cost, capacity and pools, worked by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from judging import allocation, allowed, breaks, column, expect, run
from small import round_of

from allocator.evaluate import evaluate

ONE = "programme,sector,pool,baseline,unit_cost\nA,acute,NHS,100,2"


def test_prices_grow_from_the_base_year_by_the_programmes_own_uplift_or_the_instances() -> None:
    programmes = """
        programme,sector,pool,baseline,unit_cost,cost_uplift
        A,acute,NHS,100,2,
        B,acute,NHS,100,10,0.5
        C,acute,NHS,100,10,0"""
    instance = round_of(programmes, years=(2025, 2026), settings={"cost_uplift": 0.1})
    result = run(instance, {"A": 100, "B": 1, "C": 1})
    expect(result.allocation, programme="A", price=[2.2, 2.42])
    expect(result.allocation, programme="B", price=[15, 22.5])
    expect(result.allocation, programme="C", price=[10, 10])
    expect(result.budgets, spend=[220 + 15 + 10, 242 + 22.5 + 10])


@pytest.mark.parametrize(
    ("release", "activity", "stranded"),
    [
        (0, [60, 60, 60, 60], [0, 0, 0, 0]),
        # 40 below the baseline: half of 40 for one year.
        (1, [60, 60, 60, 60], [20, 0, 0, 0]),
        (2, [60, 60, 60, 60], [20, 20, 0, 0]),
        # Falling twice in the window: from the highest of the two years before.
        (2, [90, 70, 70, 70], [5, 15, 10, 0]),
        # Growth in between is the new height.
        (2, [100, 140, 120, 100], [0, 0, 10, 20]),
        (1, [60, 40, 90, 80], [20, 10, 0, 5]),
        (9, [60, 60, 60, 100], [20, 20, 20, 0]),
    ],
)
def test_stranded_cost(release: int, activity: list[float], stranded: list[float]) -> None:
    programmes = (
        f"programme,sector,pool,baseline,fixed_share,release_years\nA,acute,NHS,100,0.5,{release}"
    )
    result = run(round_of(programmes, years=(2025, 2026, 2027, 2028)), {"A": activity})
    expect(result.allocation, stranded=stranded)
    spend = [a + s for a, s in zip(activity, stranded, strict=True)]
    expect(result.allocation, spend=spend)


def test_stranded_cost_is_at_the_price_of_the_year() -> None:
    programmes = (
        "programme,sector,pool,baseline,unit_cost,fixed_share,release_years,cost_uplift\n"
        "A,acute,NHS,100,10,0.5,1,0.1"
    )
    result = run(round_of(programmes), {"A": [80]})
    expect(result.allocation, stranded=[0.5 * 11 * 20])


# Surcharge -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("above", "activity", "surcharge"),
    [
        (1.5, 100, 0),
        (1.5, 110, 0),
        (1.5, 130, 0.5 * 20),
        (0.6, 130, -0.4 * 20),
        (0.6, 90, 0),
        (0, 120, -10),
        (1, 150, 0),
    ],
)
def test_units_above_a_threshold_cost_more_or_less(
    above: float, activity: float, surcharge: float
) -> None:
    programmes = (
        "programme,sector,pool,baseline,unit_cost,cost_uplift,cost_threshold,cost_above\n"
        f"A,acute,NHS,100,10,0.1,110,{above}\nB,acute,NHS,500,1,,,"
    )
    rules = "rule,measure,sense,value\nLeast,spend,min,0\nWorth,value,min,0"
    result = run(round_of(programmes, rules=rules), {"A": activity, "B": 500})
    expect(result.allocation, programme="A", surcharge=[11 * surcharge])
    expect(result.allocation, programme="B", surcharge=[0])
    spend = 11 * (activity + surcharge)
    expect(result.allocation, programme="A", spend=[spend])
    expect(result.budgets, spend=[spend + 500])
    # Rules on spend see it, in either sense; what activity is worth does not change.
    expect(result.rules, rule="Least", left=[spend + 500])
    expect(result.rules, rule="Worth", left=[10 * activity + 500])


def test_a_surcharge_is_none_before_the_plan_and_does_not_strand_cost() -> None:
    programmes = (
        "programme,sector,pool,baseline,cost_threshold,cost_above,fixed_share,release_years\n"
        "A,acute,NHS,100,50,3,0.5,1"
    )
    rules = "rule,measure,sense,value,basis,reference\nG,spend,max,2,growth,baseline"
    result = run(round_of(programmes, rules=rules), {"A": [80]})
    expect(result.allocation, surcharge=[60], stranded=[10], spend=[150])
    expect(result.rules, right=[300], value=[0.5])


# Capacity --------------------------------------------------------------------------------

PLACED = """
    programme,sector,pool,baseline,place
    North ward,acute,NHS,100,North
    South ward,acute,NHS,100,South
    Centre,acute,NHS,100,"""
PLACES = "place,heads\nNorth,10\nSouth,20"
USE = "programme,resource,per_unit\nNorth ward,beds,1\nSouth ward,beds,2\nCentre,beds,3"


def beds(capacity: str, **more: Any) -> Any:
    return round_of(
        PLACED,
        resources="resource,unit\nbeds,bed",
        capacity=capacity,
        use=USE,
        places=PLACES,
        **more,
    )


def test_capacity_of_a_place_and_of_the_whole_system() -> None:
    instance = beds("resource,place,amount\nbeds,North,110\nbeds,South,200\nbeds,,600")
    activity = {"North ward": 110, "South ward": 95, "Centre": 100}
    result = allowed(instance, activity)
    expect(result.capacity, place="North", used=[110])
    expect(result.capacity, place="South", used=[190])
    expect(result.capacity, place="", used=[110 + 190 + 300])
    expect(result.capacity, place="South", slack=[10])

    broken = run(instance, activity | {"North ward": 113, "South ward": 90})
    breaks(broken, "capacity", "beds, North", 2025, 3)
    breaks(run(instance, activity | {"Centre": 102}), "capacity", "beds", 2025, 6)


EXTRA = "resource,year,amount,extra_max,extra_cost,extra_pool\nbeds,,600,50,7,Beds"
BUDGETS = "pool,amount\nNHS,1000000\nBeds,1000"


def test_the_least_extra_capacity_is_bought_at_the_years_price() -> None:
    more = EXTRA + "\nbeds,2026,610,50,7,Beds"
    instance = beds(more, years=(2025, 2026), settings={"cost_uplift": 0.1}, budgets=BUDGETS)
    result = allowed(instance, {"North ward": 120, "South ward": 100, "Centre": 100})
    expect(result.capacity, extra=[20, 10], slack=[0, 0])
    expect(result.budgets, pool="Beds", extra_cost=[20 * 7 * 1.1, 10 * 7 * 1.21])
    expect(result.budgets, pool="NHS", extra_cost=[0, 0])


def test_too_little_capacity_even_with_all_that_may_be_added() -> None:
    result = run(
        beds(EXTRA, budgets=BUDGETS), {"North ward": 153, "South ward": 100, "Centre": 100}
    )
    assert "653 bed" in breaks(result, "capacity", "beds", 2025, 3)


def test_stated_extra_capacity_is_used_and_checked() -> None:
    instance = beds(EXTRA, budgets=BUDGETS)
    activity = {"North ward": 100, "South ward": 100, "Centre": 100}
    stated = "resource,place,year,extra\nbeds,,2025,"
    result = allowed(instance, activity, capacity=stated + "30")
    expect(result.budgets, pool="Beds", extra_cost=[210])
    breaks(run(instance, activity, capacity=stated + "52"), "capacity", "beds", 2025, 2)
    negative = run(instance, activity | {"Centre": 90}, capacity=stated + "-5")
    breaks(negative, "capacity", "beds", 2025, 5)
    too_few = run(instance, activity | {"North ward": 130}, capacity=stated + "26")
    breaks(too_few, "capacity", "beds", 2025, 4)


# Pools -----------------------------------------------------------------------------------


def test_a_pool_may_spend_what_it_has() -> None:
    instance = round_of(ONE, budgets="pool,amount\nNHS,200")
    assert run(instance, {"A": [100]}).allowed
    assert breaks(run(instance, {"A": [103]}), "budget", "NHS", 2025, 6) == (
        "Pool 'NHS' in 2025/26 is overspent by £6.00: £206.00 goes out, £200.00 comes in."
    )


@pytest.mark.parametrize(("over", "fits"), [(100, False), (0.02, False), (0.005, True)])
def test_a_pool_of_two_billion_is_kept_to_the_penny(over: float, fits: bool) -> None:
    programmes = "programme,sector,pool,baseline\nA,acute,NHS,2000000000"
    instance = round_of(programmes, budgets="pool,amount\nNHS,2000000000")
    result = run(instance, {"A": [2_000_000_000 + over]})
    assert result.max_violation == pytest.approx(over / 2e9, rel=1e-3)
    assert result.allowed == fits
    assert bool(len(result.violations)) != fits
    assert result.budgets["slack"].iloc[0] == pytest.approx(-over, abs=1e-6)


def test_a_penny_is_a_penny_in_millions() -> None:
    instance = round_of(ONE, budgets="pool,amount\nNHS,200", settings={"money_unit": "million"})
    fitting = 100 * (1 + 5e-9 / 200)
    assert run(instance, {"A": [fitting]}).allowed
    assert not run(instance, {"A": [100 * (1 + 2e-8 / 200)]}).allowed


def test_money_sent_in_a_circle_buys_nothing() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\nA,s,NHS,1000000\nB,s,Council,1000000",
        budgets="pool,amount\nNHS,1000000\nCouncil,1000000",
        transfers="from_pool,to_pool,max\nNHS,Council,1e13\nCouncil,NHS,1e13",
    )
    transfers = pd.DataFrame(
        {
            "from_pool": ["NHS", "Council"],
            "to_pool": ["Council", "NHS"],
            "year": [2025, 2025],
            "amount": [1e12, 1e12 + 100_000],
        }
    )
    result = evaluate(
        instance,
        {"allocation": allocation(instance, {"A": [2.9e6], "B": [0.9e6]}), "transfers": transfers},
    )
    assert not result.allowed
    message = "Pool 'NHS' in 2025/26 is overspent by £1,800,000"
    assert [message in text for text in result.violations["message"]] == [True]
    fair = {"allocation": allocation(instance, {"A": [1.1e6], "B": [0.9e6]})}
    assert evaluate(instance, {**fair, "transfers": transfers}).allowed


def test_money_is_said_in_pounds_whatever_the_unit() -> None:
    instance = round_of(ONE, budgets="pool,amount\nNHS,200", settings={"money_unit": "million"})
    message = run(instance, {"A": [100.5]}).violations.message[0]
    assert "overspent by £1,000,000: £201,000,000 goes out" in message


def pool_case(budgets: str, years: tuple[int, ...] = (2025, 2026), **more: str) -> Any:
    return round_of(
        "programme,sector,pool,baseline\nA,acute,NHS,100", years=years, budgets=budgets, **more
    )


def test_money_is_carried_forward_only_as_needed() -> None:
    instance = pool_case("pool,amount,carry_max\nNHS,100,10")
    result = allowed(instance, {"A": [90, 108]})
    expect(result.budgets, carry_out=[8, 0], carry_in=[0, 8], slack=[2, 0])
    breaks(run(instance, {"A": [90, 113]}), "budget", "NHS", 2026, 3)


def test_a_debt_is_carried_and_repaid() -> None:
    instance = pool_case("pool,amount,overdraw_max\nNHS,100,10")
    result = allowed(instance, {"A": [106, 94]})
    expect(result.budgets, carry_out=[-6, 0])
    breaks(run(instance, {"A": [112, 80]}), "budget", "NHS", 2025, 2)


def test_nothing_is_owed_at_the_end() -> None:
    instance = pool_case("pool,amount,overdraw_max\nNHS,100,10")
    breaks(run(instance, {"A": [100, 103]}), "budget", "NHS", 2026, 3)
    owed = run(instance, {"A": [100, 103]}, budgets="pool,year,carry_out\nNHS,2026,-3")
    breaks(owed, "carry", "NHS", 2026, 3)


def test_the_opening_balance_comes_into_the_first_year() -> None:
    instance = pool_case("pool,amount,opening\nNHS,100,5", years=(2025,))
    assert run(instance, {"A": [105]}).allowed
    in_debt = pool_case("pool,amount,opening\nNHS,100,-5", years=(2025,))
    assert run(in_debt, {"A": [95]}).allowed
    breaks(run(in_debt, {"A": [97]}), "budget", "NHS", 2025, 2)


def test_the_opening_balance_may_be_carried_on() -> None:
    instance = pool_case("pool,amount,opening,carry_max\nNHS,100,8,8")
    result = allowed(instance, {"A": [102, 106]})
    expect(result.budgets, carry_in=[8, 6])
    breaks(run(instance, {"A": [102, 107]}), "budget", "NHS", 2026, 1)


def test_stated_carry_is_used_and_checked() -> None:
    instance = pool_case("pool,amount,carry_max,overdraw_max\nNHS,100,10,5")
    stated = "pool,year,carry_out\nNHS,2025,{}\nNHS,2026,0"
    assert run(instance, {"A": [90, 108]}, budgets=stated.format(10)).allowed
    breaks(run(instance, {"A": [88, 108]}, budgets=stated.format(12)), "carry", "NHS", 2025, 2)
    # Owing 7 pays for 107, but only 5 may be owed.
    breaks(run(instance, {"A": [107, 93]}, budgets=stated.format(-7)), "carry", "NHS", 2025, 2)
    breaks(run(instance, {"A": [90, 108]}, budgets=stated.format(5)), "budget", "NHS", 2026, 3)


def test_yearly_budgets_replace_the_blank_one() -> None:
    instance = pool_case("pool,year,amount\nNHS,,100\nNHS,2026,90")
    breaks(run(instance, {"A": [100, 92]}), "budget", "NHS", 2026, 2)


THREE = """
    programme,sector,pool,baseline
    A,acute,NHS,100
    B,social care,Council,60
    C,prevention,Grant,40"""
AMOUNTS = "pool,amount\nNHS,100\nCouncil,60\nGrant,40"


def linked(transfers: str, amounts: str = AMOUNTS, years: tuple[int, ...] = (2025,)) -> Any:
    return round_of(THREE, years=years, budgets=amounts, transfers=transfers)


def test_the_least_transfer_that_fills_the_gap() -> None:
    instance = linked("from_pool,to_pool,max\nNHS,Council,10")
    result = allowed(instance, {"A": 90, "B": 65, "C": 40})
    expect(result.transfers, amount=[5])
    expect(result.budgets, pool="NHS", transfers_out=[5])
    expect(result.budgets, pool="Council", transfers_in=[5])
    expect(result.budgets, pool="NHS", slack=[5])


def test_transfers_cannot_exceed_their_limit() -> None:
    instance = linked("from_pool,to_pool,max\nNHS,Council,3")
    breaks(run(instance, {"A": 90, "B": 65, "C": 40}), "budget", "Council", 2025, 2)


def test_transfers_pass_through_pools_and_years_and_prefer_the_short_way() -> None:
    chain = "from_pool,to_pool,max\nNHS,Council,10\nCouncil,Grant,10\nNHS,Grant,1"
    result = allowed(linked(chain), {"A": 90, "B": 60, "C": 44})
    moved = result.transfers.set_index(["from_pool", "to_pool"])["amount"].to_dict()
    assert moved == pytest.approx(
        {("NHS", "Grant"): 1, ("NHS", "Council"): 3, ("Council", "Grant"): 3}
    )
    # Left over in 2025 only: carried by the NHS, then handed over.
    carrying = "pool,amount,carry_max\nNHS,100,10\nCouncil,60,0\nGrant,40,0"
    instance = linked("from_pool,to_pool,max\nNHS,Grant,10", carrying, years=(2025, 2026))
    later = allowed(instance, {"A": [90, 100], "B": 60, "C": [40, 46]})
    expect(later.budgets, pool="NHS", carry_out=[6, 0])
    expect(later.transfers, amount=[0, 6])


def test_carrying_money_comes_before_handing_it_over() -> None:
    amounts = "pool,amount,carry_max\nNHS,100,0\nCouncil,60,5\nGrant,40,0"
    instance = linked("from_pool,to_pool,max\nNHS,Council,10", amounts, years=(2025, 2026))
    result = run(instance, {"A": 90, "B": [55, 65], "C": 40})
    expect(result.transfers, amount=[0, 0])
    expect(result.budgets, pool="Council", carry_out=[5, 0])


def test_shortfall_that_cannot_be_filled_is_as_small_as_it_can_be() -> None:
    instance = linked("from_pool,to_pool,max\nNHS,Council,10\nNHS,Grant,10")
    result = run(instance, {"A": 95, "B": 64, "C": 43})
    assert result.violations.violation.sum() == pytest.approx(2)
    expect(result.budgets, pool="NHS", slack=[0])


def test_stated_transfers_are_used_and_checked() -> None:
    instance = linked("from_pool,to_pool,max\nNHS,Council,10")
    stated = "from_pool,to_pool,year,amount\n"
    activity = {"A": 80, "B": 60, "C": 40}
    result = run(instance, activity, transfers=stated + "NHS,Council,2025,7")
    expect(result.budgets, pool="Council", slack=[7])
    too_much = run(instance, activity, transfers=stated + "NHS,Council,2025,12")
    breaks(too_much, "transfer", "NHS to Council", 2025, 2)
    not_allowed = run(instance, activity | {"B": 50}, transfers=stated + "Council,NHS,2025,4")
    breaks(not_allowed, "transfer", "Council to NHS", 2025, 4)
    backwards = run(instance, activity | {"B": 50}, transfers=stated + "NHS,Council,2025,-4")
    breaks(backwards, "transfer", "NHS to Council", 2025, 4)
    too_little = run(instance, activity | {"B": 66}, transfers=stated + "NHS,Council,2025,1")
    breaks(too_little, "budget", "Council", 2025, 5)


def test_a_small_pool_beside_a_big_one_is_kept_exactly() -> None:
    programmes = """
        programme,sector,pool,baseline
        A,acute,NHS,2000000000
        B,prevention,Grant,1000"""
    instance = round_of(
        programmes,
        budgets="pool,amount\nNHS,2000000000\nGrant,1000",
        transfers="from_pool,to_pool,max\nNHS,Grant,100",
    )
    result = allowed(instance, {"A": 1_999_999_000, "B": 1050})
    assert column(result.transfers, "amount") == pytest.approx([50], rel=1e-9)
    pennies = run(instance, {"A": 1_999_999_000, "B": 1000.05})
    assert column(pennies.transfers, "amount") == pytest.approx([0.05], rel=1e-6)
    breaks(run(instance, {"A": 1_999_999_000, "B": 1101}), "budget", "Grant", 2025, 1)


def test_money_beyond_all_measure_is_missed_without_measure() -> None:
    instance = linked("from_pool,to_pool,max\nNHS,Council,10")
    result = run(instance, {"A": 1e308, "B": 1e308, "C": 1e308})
    assert not result.allowed
    assert set(result.violations.kind) == {"budget"}
