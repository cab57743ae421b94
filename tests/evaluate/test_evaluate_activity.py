"""Limits, need, avoided need and backlog, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judging import allocation, allowed, breaks, column, expect, run
from small import round_of

from allocator.evaluate import evaluate

ONE = "programme,sector,pool,baseline,unit\nA,acute,NHS,100,visit"
YEARS = (2025, 2026)


@pytest.mark.parametrize(
    ("limits", "kept", "broken", "kind", "size"),
    [
        ("basis,min\nactivity,80", [80, 90], [80, 78], "limit", 2),
        ("basis,max\nactivity,110", [110, 90], [100, 113], "limit", 3),
        ("basis,min\nbaseline,0.9", [90, 95], [90, 85], "limit", 5),
        ("basis,max\nbaseline,1.2", [120, 120], [120, 124], "limit", 4),
        ("basis,max\ngrowth,0.1", [110, 121], [110, 122], "growth", 1),
        ("basis,min\ngrowth,-0.1", [90, 81], [90, 80], "growth", 1),
        ("basis,max,growth_amount\ngrowth,0,5", [105, 110], [105, 112], "growth", 2),
    ],
)
def test_limits_of_every_basis(
    limits: str, kept: list[float], broken: list[float], kind: str, size: float
) -> None:
    head, row = limits.split("\n")
    instance = round_of(ONE, years=YEARS, limits=f"programme,{head}\nA,{row}")
    assert run(instance, {"A": kept}).allowed
    assert run(instance, {"A": kept}).max_violation < 1e-12
    breaks(run(instance, {"A": broken}), kind, "A", 2026, size)


def test_growth_in_the_first_year_is_on_the_baseline() -> None:
    instance = round_of(ONE, limits="programme,basis,max\nA,growth,0.1")
    assert run(instance, {"A": [110]}).allowed
    breaks(run(instance, {"A": [112]}), "growth", "A", 2025, 2)


def test_a_row_with_a_year_replaces_the_blank_one() -> None:
    limits = "programme,year,basis,max\nA,,baseline,1\nA,2026,baseline,1.5"
    instance = round_of(ONE, years=(2025, 2026, 2027), limits=limits)
    assert run(instance, {"A": [100, 150, 100]}).allowed
    breaks(run(instance, {"A": [100, 150, 101]}), "limit", "A", 2027, 1)


def test_all_bases_hold_together_and_show_as_lo_and_hi() -> None:
    limits = "programme,basis,min,max\nA,activity,50,130\nA,baseline,0.7,1.5\nA,growth,-0.2,0.2"
    instance = round_of(ONE, years=YEARS, limits=limits)
    result = run(instance, {"A": [120, 125]})
    expect(result.allocation, lo=[80, 96], hi=[120, 130])


def test_without_limits_activity_is_free_above_nothing() -> None:
    result = allowed(round_of(ONE), {"A": [0]})
    expect(result.allocation, lo=[0], hi=[np.inf])


def test_safety_does_not_fall_below_its_baseline_unless_a_minimum_says_so() -> None:
    safe = "programme,sector,pool,baseline,class\nA,acute,NHS,100,safety"
    breaks(run(round_of(safe), {"A": [99]}), "limit", "A", 2025, 1)
    for basis, least in (("baseline", "0.9"), ("growth", "-0.1"), ("activity", "90")):
        limited = round_of(safe, limits=f"programme,basis,min\nA,{basis},{least}")
        assert run(limited, {"A": [90]}).allowed
    ceiling_only = round_of(safe, limits="programme,basis,max\nA,baseline,2")
    assert not run(ceiling_only, {"A": [99]}).allowed


def test_rounding_of_a_solver_is_no_violation_but_a_small_miss_is() -> None:
    instance = round_of(ONE, limits="programme,basis,max\nA,activity,0")
    assert run(instance, {"A": [1e-9]}).allowed
    assert not run(instance, {"A": [1e-3]}).allowed


@pytest.mark.parametrize(
    ("limits", "kept", "activity", "size"),
    [
        ("basis,start_min\nA,activity,40", True, 0, 0),
        ("basis,start_min\nA,activity,40", True, 40, 0),
        ("basis,start_min\nA,activity,40", True, 300, 0),
        # From the nearer of nothing and the least that is viable.
        ("basis,start_min\nA,activity,40", False, 38, 2),
        ("basis,start_min\nA,activity,40", False, 1, 1),
        ("basis,start_min\nA,baseline,0.6", True, 60, 0),
        ("basis,start_min\nA,baseline,0.6", False, 59, 1),
        # The largest of several rows, and no limit on falling to nothing.
        ("basis,start_min\nA,activity,40\nA,baseline,0.6", False, 50, 10),
        ("basis,start_min,max\nA,activity,70,\nA,baseline,0.6,0.9", True, 70, 0),
        ("basis,start_min,max\nA,activity,70,\nA,baseline,0.6,0.9", False, 69, 1),
        # A row of the year replaces the blank one.
        ("basis,start_min,year\nA,activity,40,\nA,activity,10,2025", True, 10, 0),
    ],
)
def test_minimum_viable_scale(limits: str, kept: bool, activity: float, size: float) -> None:
    result = run(round_of(ONE, limits=f"programme,{limits}"), {"A": [activity]})
    assert result.allowed == kept
    if not kept:
        assert "neither nothing nor the least that is viable" in breaks(
            result, "limit", "A", 2025, size
        )


def test_rounding_below_the_least_that_is_viable_or_above_nothing() -> None:
    instance = round_of(ONE, limits="programme,basis,start_min\nA,activity,40")
    for activity in (40 - 1e-6, 1e-6):
        assert run(instance, {"A": [activity]}).allowed
    for activity in (40 - 1e-3, 1e-3):
        assert not run(instance, {"A": [activity]}).allowed


# Demand ----------------------------------------------------------------------------------

WAITING = """
    programme,sector,pool,baseline,unit,class
    A,acute,NHS,100,operation,discretionary"""


def waiting(demand: str = "programme,demand,opening_backlog,carry\nA,100,40,1") -> Any:
    return round_of(WAITING, years=(2025, 2026, 2027), demand=demand)


def test_a_backlog_waits_and_is_worked_down() -> None:
    # 2025: 100 + 40 waiting, 110 done, 30 left; 2026: 130, 115 done; 2027: 115, all done.
    result = allowed(waiting(), {"A": [110, 115, 115]})
    expect(result.allocation, need=[140, 130, 115], unmet=[30, 15, 0], met=[110, 115, 115])
    expect(result.allocation, avoided=[0, 0, 0])


def test_the_opening_backlog_counts_whatever_carry_is() -> None:
    result = run(waiting("programme,demand,opening_backlog,carry\nA,100,40,0"), {"A": [90] * 3})
    expect(result.allocation, need=[140, 100, 100], unmet=[50, 10, 10])


def test_the_opening_backlog_is_that_of_the_first_year() -> None:
    demand = "programme,year,demand,opening_backlog\nA,,100,0\nA,2025,100,40"
    expect(run(waiting(demand), {"A": 90}).allocation, need=[140, 100, 100])


def test_the_least_share_met_is_of_all_need_backlog_included() -> None:
    demand = "programme,demand,opening_backlog,carry,min_met\nA,100,40,0,0.9"
    assert run(waiting(demand), {"A": [126, 90, 90]}).allowed
    breaks(run(waiting(demand), {"A": [124, 90, 90]}), "demand", "A", 2025, 2)


def test_part_of_unmet_need_is_carried() -> None:
    demand = "programme,year,demand,carry\nA,,100,0.5\nA,2026,120,0.25"
    result = run(waiting(demand), {"A": [80, 110, 100]})
    # 2026: 120 + 0.25 x 20; 2027: 100 + 0.5 x 15.
    expect(result.allocation, need=[100, 125, 107.5])


def test_activity_above_all_need_is_a_violation() -> None:
    breaks(run(waiting(), {"A": [110, 130, 103]}), "demand", "A", 2027, 3)


@pytest.mark.parametrize(
    ("kind", "min_met", "unmet_allowed"),
    [
        ("discretionary", "", 100),
        ("emergency", "", 0),
        ("entitlement", "", 0),
        ("discretionary", "0.9", 10),
        ("emergency", "0.95", 5),
    ],
)
def test_least_share_of_need_met(kind: str, min_met: str, unmet_allowed: float) -> None:
    programmes = f"programme,sector,pool,baseline,class\nA,acute,NHS,100,{kind}"
    instance = round_of(programmes, demand=f"programme,demand,min_met\nA,100,{min_met}")
    assert run(instance, {"A": [100 - unmet_allowed]}).allowed
    if unmet_allowed < 100:
        result = run(instance, {"A": [100 - unmet_allowed - 2]})
        breaks(result, "demand", "A", 2025, 2)


def test_stated_unmet_need_is_used_and_checked() -> None:
    instance = waiting("programme,demand,carry\nA,100,1")
    activity = {"A": [90, 90, 90]}
    stated = evaluate(instance, {"allocation": allocation(instance, activity, unmet=[10, 20, 30])})
    assert stated.allowed
    # 5 more met than done, with nobody who avoids need: counted in every year it is wrong.
    wrong = evaluate(instance, {"allocation": allocation(instance, activity, unmet=[10, 20, 25])})
    assert "being avoided" in breaks(wrong, "demand", "A", 2027, 5)
    # More unmet than the balance leaves: activity is above what is then met.
    more = evaluate(instance, {"allocation": allocation(instance, activity, unmet=[10, 20, 33])})
    breaks(more, "demand", "A", 2027, 3)


def test_blank_unmet_is_chosen_and_zero_without_demand_is_accepted() -> None:
    programmes = ONE + "\nB,acute,NHS,10,visit"
    instance = round_of(programmes, demand="programme,demand\nA,100")
    rows = allocation(instance, {"A": [90], "B": [10]}, unmet=[np.nan, 0.0])
    result = evaluate(instance, {"allocation": rows})
    expect(result.allocation, programme="A", unmet=[10])
    assert np.isnan(column(result.allocation, "unmet", programme="B")[0])
    assert np.isnan(column(result.allocation, "need", programme="B")[0])


def test_negative_unmet_need_is_a_violation() -> None:
    instance = round_of(ONE, demand="programme,demand\nA,100")
    rows = allocation(instance, {"A": [100]}, unmet=[-4.0])
    result = evaluate(instance, {"allocation": rows})
    # -4 is below nothing, and so is 104 of need met by 100 of activity.
    assert set(result.violations.kind) == {"demand"}
    expect(result.violations, violation=[4, 4])


# Effects ---------------------------------------------------------------------------------

TWO = """
    programme,sector,pool,baseline,unit,class
    Care,community,NHS,50,visit,discretionary
    Ward,acute,NHS,100,day,emergency"""


def avoiding(effect: str = "0.5,1,0.5", years: tuple[int, ...] = (2025, 2026, 2027)) -> Any:
    return round_of(
        TWO,
        years=years,
        settings={"accept_money_pump": ["Care"]},
        demand="programme,demand\nWard,100",
        effects=f"source,target,per_unit,delay,fade\nCare,Ward,{effect}",
    )


def test_avoided_need_with_delay_and_fade() -> None:
    # 20 and 40 above baseline: 2026 avoids 0.5 x 20; 2027 0.5 x 40 + 0.25 x 20.
    result = allowed(avoiding(), {"Care": [70, 90, 50], "Ward": [100, 90, 75]})
    expect(result.allocation, programme="Ward", avoided=[0, 10, 25], met=[100, 100, 100])
    short = run(avoiding(), {"Care": [70, 90, 50], "Ward": [100, 90, 72]})
    breaks(short, "demand", "Ward", 2027, 3)


def test_no_fade_is_felt_for_one_year_and_full_fade_for_ever() -> None:
    activity = {"Care": [70, 50, 50], "Ward": [90, 100, 100]}
    once = run(avoiding("0.5,0,0"), activity)
    expect(once.allocation, programme="Ward", avoided=[10, 0, 0])
    lasting = run(avoiding("0.5,0,1"), {"Care": [70, 50, 50], "Ward": [90, 90, 90]})
    assert lasting.allowed


def test_avoiding_is_not_compulsory() -> None:
    assert run(avoiding(), {"Care": [70, 90, 50], "Ward": [100, 100, 100]}).allowed


def test_avoided_need_is_no_more_than_demand() -> None:
    instance = avoiding("5,0,0", years=(2025,))
    assert run(instance, {"Care": [80], "Ward": [0]}).allowed  # 150 could be avoided of 100
    backlog = round_of(
        TWO,
        settings={"accept_money_pump": ["Care"]},
        demand="programme,demand,opening_backlog\nWard,100,30",
        effects="source,target,per_unit\nCare,Ward,5",
    )
    # The backlog itself cannot be avoided.
    assert run(backlog, {"Care": [80], "Ward": [30]}).allowed
    breaks(run(backlog, {"Care": [80], "Ward": [28]}), "demand", "Ward", 2025, 2)


def test_need_that_cannot_be_avoided_is_left_unmet_or_missed_if_the_plan_says_otherwise() -> None:
    instance = round_of(
        TWO.replace("emergency", "discretionary"),
        settings={"accept_money_pump": ["Care"]},
        demand="programme,demand,opening_backlog\nWard,100,30",
        effects="source,target,per_unit\nCare,Ward,5",
    )
    activity = {"Care": [80], "Ward": [28]}
    result = allowed(instance, activity)
    expect(result.allocation, programme="Ward", unmet=[2])
    rows = allocation(instance, activity, unmet=[np.nan, 0.0])
    breaks(evaluate(instance, {"allocation": rows}), "demand", "Ward", 2025, 2)


def test_a_shrinking_source_raises_need() -> None:
    instance = avoiding("0.5,0,0", years=(2025,))
    result = run(instance, {"Care": [30], "Ward": [110]})  # 20 fewer visits, 10 more days
    assert result.allowed
    expect(result.allocation, programme="Ward", avoided=[-10], met=[100])
    breaks(run(instance, {"Care": [30], "Ward": [107]}), "demand", "Ward", 2025, 3)


def test_activity_may_rise_to_where_a_vanished_source_would_put_it_and_no_more() -> None:
    instance = avoiding("0.5,0,0", years=(2025,))
    assert run(instance, {"Care": [50], "Ward": [125]}).allowed  # B = 0.5 x 50
    breaks(run(instance, {"Care": [50], "Ward": [127]}), "demand", "Ward", 2025, 2)


def test_need_is_left_waiting_where_later_activity_is_there_for_it() -> None:
    instance = round_of(
        TWO.replace("emergency", "discretionary"),
        years=YEARS,
        demand="programme,demand,carry\nWard,100,1",
        effects="source,target,per_unit\nCare,Ward,0.5",
    )
    # 20 could be avoided in 2025, but 135 in 2026 is 100, 25 (B) and 10 from the year before.
    result = allowed(instance, {"Care": [90, 50], "Ward": [80, 135]})
    expect(result.allocation, programme="Ward", unmet=[10, 0], avoided=[10, -25])
    # At most 20 + 25 can wait: 170 in 2026.
    assert run(instance, {"Care": [90, 50], "Ward": [80, 170]}).allowed
    broken = run(instance, {"Care": [90, 50], "Ward": [80, 172]})
    breaks(broken, "demand", "Ward", 2026, 2)


def test_the_backstop_adds_up_over_the_years_of_an_effect() -> None:
    instance = avoiding("0.5,0,0.5", years=(2025, 2026))
    # B: 25 in 2025, 25 + 12.5 in 2026.
    assert run(instance, {"Care": [50, 50], "Ward": [125, 137.5]}).allowed
    broken = run(instance, {"Care": [50, 50], "Ward": [125, 138.5]})
    breaks(broken, "demand", "Ward", 2026, 1)
