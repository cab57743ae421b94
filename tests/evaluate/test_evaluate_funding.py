"""Programmes that several pools pay for: what a plan states, and what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from judging import allowed, breaks, expect, run
from small import round_of

from allocator.errors import InstanceError
from allocator.instance.instance import Instance

PROGRAMMES = """
    programme,sector,pool,baseline,recurrent
    Home care,social care,Council,100,yes
    Wards,acute,NHS,400,yes
    Roads,other,Council,50,yes"""
BUDGETS = "pool,amount\nNHS,500\nCouncil,100\nBCF,40"
FUNDING = """
    programme,pool,share_min,share_max
    Home care,NHS,0,0.4
    Home care,Council,0.3,1
    Home care,BCF,0.1,0.2"""
PLAN = {"Home care": 100, "Wards": 400, "Roads": 50}
STATED = "programme,pool,year,paid\n"


def shared(funding: str = FUNDING, **more: Any) -> Instance:
    return round_of(**{"programmes": PROGRAMMES, "budgets": BUDGETS, "funding": funding, **more})


def stated(**paid: Any) -> str:
    return STATED + "\n".join(f"Home care,{pool},2025,{sum_}" for pool, sum_ in paid.items())


def test_what_a_plan_states_is_used() -> None:
    result = allowed(shared(), PLAN, funding=stated(NHS=35, Council=50, BCF=15))
    expect(result.funding, pool=["Council", "BCF", "NHS"], paid=[50, 15, 35])
    expect(result.funding, share=[0.5, 0.15, 0.35], share_min=[0.3, 0.1, 0])
    expect(result.funding, share_max=[1, 0.2, 0.4])
    budgets = result.budgets.set_index("pool")
    assert budgets["funded"].to_dict() == {"NHS": 35, "Council": 50, "BCF": 15}
    assert budgets["at_cost"].to_dict() == {"NHS": 400, "Council": 50, "BCF": 0}
    assert budgets["spend"].to_dict() == {"NHS": 435, "Council": 100, "BCF": 15}
    assert budgets["slack"].to_dict() == {"NHS": 65, "Council": 0, "BCF": 25}
    expect(result.allocation, programme="Home care", spend=[100])


@pytest.mark.parametrize(
    ("paid", "violation", "said"),
    [
        (
            {"NHS": 40, "Council": 25, "BCF": 35},
            [5, 15],
            "pool 'Council' pays £25.00, £5.00 below its least share of 30%, £30.00.",
        ),
        (
            {"NHS": 45, "Council": 40, "BCF": 15},
            [5],
            "pool 'NHS' pays £45.00, £5.00 above its largest share of 40%, £40.00.",
        ),
        (
            {"NHS": 30, "Council": 45, "BCF": 15},
            [10],
            "its pools pay £90.00 together, £10.00 less than it costs, £100.00.",
        ),
        (
            {"NHS": 40, "Council": 49, "BCF": 20},
            [9],
            "its pools pay £109.00 together, £9.00 more than it costs, £100.00.",
        ),
        (
            {"NHS": -5, "Council": 50, "BCF": 20},
            [5, 35],
            "pool 'NHS' pays -£5.00, £5.00 below its least share of 0%, £0.",
        ),
    ],
)
def test_stated_funding_is_checked_pool_by_pool(
    paid: dict[str, float], violation: list[float], said: str
) -> None:
    result = run(shared(), PLAN, funding=stated(**paid))
    assert not result.allowed
    found = result.violations
    expect(found, kind=["funding"] * len(found))
    assert found.name.unique().tolist() == ["Home care"]
    assert f"Programme 'Home care' in 2025/26: {said}" in found.message.tolist()
    assert sorted(found.violation) == pytest.approx(sorted(violation))


def test_a_cut_below_a_councils_share_names_council_pool_and_pounds() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\nHome care Avon City,social care,Avon City council,5",
        budgets="pool,amount\nBCF,9\nAvon City council,9",
        funding="""
            programme,pool,share_min
            Home care Avon City,Avon City council,0.3
            Home care Avon City,BCF,0""",
        settings={"money_unit": "million"},
    )
    paid = "Home care Avon City,Avon City council,2025,1.2\nHome care Avon City,BCF,2025,3.8"
    result = run(instance, {"Home care Avon City": 5}, funding=STATED + paid)
    expect(
        result.violations,
        message=[
            "Programme 'Home care Avon City' in 2025/26: pool 'Avon City council' pays £1,200,000, "
            "£300,000 below its least share of 30%, £1,500,000."
        ],
    )


def test_its_own_pool_pays_first_where_there_is_room() -> None:
    result = allowed(shared(), PLAN | {"Roads": 0})
    # At least a tenth from the BCF, the rest from the council itself.
    expect(result.funding, pool="Council", paid=[90])
    expect(result.funding, pool="BCF", paid=[10])
    expect(result.funding, pool="NHS", paid=[0])


def test_what_is_left_open_fills_the_gap_within_the_shares() -> None:
    result = allowed(shared(), PLAN)
    expect(result.funding, pool="Council", paid=[50])
    expect(result.budgets, pool="Council", slack=[0])
    # The NHS has only 25 left: the council and the BCF must pay the rest.
    tight = run(shared(), PLAN | {"Wards": 475, "Roads": 45})
    assert tight.allowed
    expect(tight.funding, pool="NHS", paid=[25])
    expect(tight.funding, pool="BCF", paid=[20])
    expect(tight.funding, pool="Council", paid=[55])


def test_shares_cannot_be_left_to_fill_a_gap() -> None:
    result = run(shared(), PLAN | {"Roads": 75})
    # 30 at least from the council beside 75, but at most 60 from the others: 40 + 75 in all.
    breaks(result, "budget", "Council", 2025, pytest.approx(15))
    expect(result.funding, pool="Council", paid=[40])


def test_part_of_the_funding_may_be_stated() -> None:
    result = allowed(shared(), PLAN, funding=stated(NHS=38))
    expect(result.funding, pool="NHS", paid=[38])
    expect(result.funding, pool="Council", paid=[50])
    expect(result.funding, pool="BCF", paid=[12])
    impossible = run(shared(), PLAN | {"Roads": 60}, funding=stated(NHS=0, Council=70))
    assert set(impossible.violations.kind) == {"funding", "budget"}


def test_funding_and_transfers_are_settled_together() -> None:
    funding = "programme,pool,share_max\nHome care,NHS,0.4\nHome care,Council,1"
    budgets = "pool,amount\nNHS,500\nCouncil,100\nBCF,40"
    instance = shared(funding, budgets=budgets, transfers="from_pool,to_pool,max\nBCF,Council,30")
    result = allowed(instance, PLAN | {"Roads": 60})
    # Splitting the bill comes before handing money over.
    expect(result.funding, pool="NHS", paid=[40])
    expect(result.transfers, amount=[20])


def test_funding_of_a_year_and_of_a_part_that_grows_with_cost() -> None:
    funding = """
        programme,pool,year,share_min,share_max
        Home care,NHS,2026,0.25,0.25
        Home care,Council,2026,0.75,0.75"""
    instance = shared(
        funding, years=(2025, 2026), budgets="pool,amount\nNHS,900\nCouncil,900\nBCF,0"
    )
    result = allowed(instance, PLAN | {"Home care": [100, 120]})
    expect(result.funding, year=[2026, 2026])
    expect(result.budgets, pool="Council", at_cost=[150, 50], funded=[0, 90])
    expect(result.budgets, pool="NHS", funded=[0, 30])
    early = STATED + "Home care,NHS,2025,30"
    broken = run(instance, PLAN | {"Home care": [100, 120]}, funding=early)
    breaks(broken, "funding", "Home care", 2025, 30)


def test_stranded_cost_is_paid_for_by_all() -> None:
    programmes = """
        programme,sector,pool,baseline,fixed_share,release_years
        Home care,social care,Council,100,0.5,1"""
    funding = "programme,pool,share_min,share_max\nHome care,NHS,0.5,0.5\nHome care,Council,0.5,0.5"
    instance = round_of(programmes, budgets="pool,amount\nNHS,50\nCouncil,50", funding=funding)
    result = run(instance, {"Home care": 60})
    expect(result.funding, paid=[40, 40])


def test_unknown_parts_of_a_plan_are_refused() -> None:
    with pytest.raises(InstanceError) as error:
        run(shared(), PLAN, funding=STATED + "Wards,NHS,2025,1\nHome care,Bank,2025,x")
    assert [p.message for p in error.value.problems] == [
        "programme 'Wards' is not in the instance's funding.",
        "pool 'Bank' is not in the instance's funding.",
        "'x' is not a finite number.",
    ]


def test_money_beyond_all_measure_is_missed_without_measure() -> None:
    result = run(shared(), PLAN | {"Home care": 1e308, "Wards": 1e308})
    assert not result.allowed
    assert set(result.violations.kind) == {"budget"}
