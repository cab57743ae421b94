"""What can be reached without decisions, worked by hand."""

from __future__ import annotations

import pytest
from small import YEARS, A, reachable, spans, three_years

from allocator.instance.tables.by_year import by_year
from allocator.instance.tables.rows import from_frame

LIMITS = {
    "baseline and activity limits hold together": (
        """a,,baseline,0.9,1.5,
           a,2026,activity,95,120,""",
        [(90, 150), (95, 120), (90, 150)],
    ),
    "a row with a year replaces the row without": (
        """a,,baseline,0.9,1.1,
           a,2026,baseline,,2,""",
        [(90, 110), (0, 200), (90, 110)],
    ),
    "growth runs forward from the baseline": (
        "a,,growth,-0.1,0.1,5",
        [(90, 115), (81, 131.5), (72.9, 149.65)],
    ),
    "growth runs backward from a later limit": (
        """a,,growth,-0.5,0.1,
           a,2027,activity,121,125,""",
        [(100, 110), (110, 121), (121, 125)],
    ),
    "a fall that cannot be faster binds the years before": (
        """a,,growth,-0.5,9,
           a,2027,activity,,50,""",
        [(50, 200), (25, 100), (12.5, 50)],
    ),
}


@pytest.mark.parametrize(("rows", "expected"), LIMITS.values(), ids=LIMITS)
def test_limits(rows: str, expected: list[tuple[float, float]]) -> None:
    limits = f"programme,year,basis,min,max,growth_amount\n{rows}"
    assert spans(three_years(A, limits=limits), "a") == expected


def test_safety_keeps_its_baseline_unless_a_limit_says_otherwise() -> None:
    instance = three_years(
        "programme,sector,pool,baseline,class\na,s,NHS,100,safety",
        limits="programme,year,basis,min\na,2026,baseline,0.5",
    )
    assert spans(instance, "a") == [(100, 1e6), (50, 1e6), (100, 1e6)]


def test_money_bounds_what_nothing_else_does() -> None:
    instance = three_years(
        "programme,sector,pool,baseline,unit_cost\na,s,NHS,10,100\nb,s,NHS,10,50",
        budgets="pool,year,amount\nNHS,2025,1500\nNHS,2026,1600\nNHS,2027,1700",
        limits="programme,basis,min\nb,baseline,1",
    )
    assert spans(instance, "a") == [(0, 10), (0, 11), (0, 12)]
    assert spans(instance, "b") == [(10, 30), (10, 32), (10, 34)]


def test_money_carried_owed_and_transferred_counts() -> None:
    instance = three_years(
        "programme,sector,pool,baseline\na,s,P,1",
        budgets="""pool,year,amount,opening,carry_max,overdraw_max
            P,2025,100,7,30,20
            P,2026,100,,,20
            P,2027,100,,,20
            Q,,1000,,,""",
        transfers="from_pool,to_pool,year,max\nQ,P,2026,11",
    )
    assert spans(instance, "a") == [(0, 127), (0, 161), (0, 100)]


def test_uplift_makes_money_buy_less() -> None:
    programmes = "programme,sector,pool,baseline,cost_uplift\na,s,NHS,1,0.25"
    instance = three_years(programmes, budgets="pool,amount\nNHS,125")
    assert spans(instance, "a") == [(0, 100), (0, 80), (0, 64)]


def test_cost_that_is_not_released_leaves_less_for_others() -> None:
    instance = three_years(
        """programme,sector,pool,baseline,fixed_share,release_years
           a,s,NHS,100,0.5,2
           b,s,NHS,0,,""",
        budgets="pool,amount\nNHS,100",
        limits="programme,basis,max\na,activity,0",
    )
    assert spans(instance, "b") == [(0, 50), (0, 50), (0, 100)]


def test_need_is_met_unless_it_is_avoided() -> None:
    instance = three_years(
        """programme,sector,pool,baseline,class,unit_cost
           a,s,NHS,100,emergency,1
           h,s,NHS,10,,10""",
        effects="source,target,per_unit,delay,fade\nh,a,2,1,0.5",
        limits="programme,basis,min,max\nh,baseline,0.5,1.5",
        demand="programme,demand\na,100",
    )
    # At most 5 units more of h avoid 10 a year later and 5 more the year after that;
    # what h could stop avoiding altogether (20, then 30) may come on top.
    assert spans(instance, "a") == [(100, 100), (90, 120), (85, 130)]
    reach = reachable(instance)
    assert [reach["driver_lo"]["a", year] for year in YEARS] == [100, 100, 100]
    assert [reach["driver_hi"]["a", year] for year in YEARS] == [100, 100, 100]


@pytest.mark.parametrize(
    ("carry", "expected"),
    [
        # Need 140 in year 1, of which 50 are left at least and 70 at most.
        (1, [(70, 90), (75, 170), (50, 185)]),
        # Half of them wait on: 25 at least and 35 at most, and 33.75 at most of the next.
        (0.5, [(70, 90), (62.5, 135), (50, 133.75)]),
    ],
)
def test_a_backlog_waits_and_grows(carry: float, expected: list[tuple[float, float]]) -> None:
    instance = three_years(
        A,
        demand=f"programme,demand,opening_backlog,carry,min_met\na,100,40,{carry},0.5",
        limits="programme,year,basis,max\na,2025,activity,90",
    )
    assert spans(instance, "a") == expected


def test_capacity_is_shared() -> None:
    instance = three_years(
        "programme,sector,place,pool,baseline\na,s,N,NHS,10\nb,s,N,NHS,10\nc,s,S,NHS,10",
        places="place,heads\nN,1\nS,1",
        resources="resource\nbeds",
        capacity="resource,place,amount,extra_max,extra_pool\nbeds,N,50,10,NHS\nbeds,,100,0,",
        use="programme,resource,per_unit\na,beds,2\nb,beds,1\nc,beds,1",
        limits="programme,basis,min\nb,activity,20",
    )
    assert spans(instance, "a")[0] == (0, 20)
    assert spans(instance, "b")[0] == (20, 60)
    assert spans(instance, "c")[0] == (0, 80)


def test_exact_fits_are_no_collisions() -> None:
    """Floors that add up to the money to the penny leave a plan."""
    rows = "".join(f"\n{name},s,NHS,0.1,safety" for name in "abc")
    instance = three_years(
        f"programme,sector,pool,baseline,class{rows}", budgets="pool,amount\nNHS,0.3"
    )
    assert spans(instance, "a") == [(0.1, 0.1)] * 3


def test_by_year_lays_out_overrides() -> None:
    limits = three_years(
        A, limits="programme,basis,year,max\na,growth,,0.1\na,growth,2026,0.2"
    ).limits
    grid = by_year(from_frame("limits", limits), YEARS)
    assert grid.keys == [("a", "growth")]
    assert grid.values("max").tolist() == [[0.1, 0.2, 0.1]]
    row, group, t = grid.in_force
    found = zip(limits["max"][row], group.tolist(), t.tolist(), strict=True)
    assert list(found) == [(0.1, 0, 0), (0.1, 0, 2), (0.2, 0, 1)]


def test_no_rows_hold_in_no_year() -> None:
    grid = by_year(from_frame("limits", three_years(A).limits), YEARS)
    assert grid.keys == []
    assert [len(part) for part in grid.in_force] == [0, 0, 0]
