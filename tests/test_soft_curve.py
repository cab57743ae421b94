"""A soft rule on a curve: what chords miss counts at its penalty."""

from __future__ import annotations

from pathlib import Path

import pytest
from small import round_of

import allocator

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize(("sense", "value"), [("equal", 112.5), ("min", 115), ("max", 110)])
def test_a_plan_stands_though_chords_misjudge_a_penalty(sense: str, value: float) -> None:
    instance = round_of(
        "programme,sector,pool,baseline,unit_cost\nP0,primary,NHS,5,1.25\nP1,acute,NHS,10,0.5",
        budgets="pool,amount\nNHS,13.8937",
        limits="programme,basis,min,max\nP1,activity,0,30\nP0,baseline,1,2",
        responses="programme,outcome,shape,maximum,half\n"
        "P0,QALY,saturating,100,5\nP1,QALY,saturating,100,5",
        rules="rule,measure,sense,basis,outcome,value,penalty\n"
        f"R0,outcome,{sense},amount,QALY,{value},10",
    )
    plan = allocator.solve(instance)
    found = plan.certificate
    assert (plan.status, plan.verified) == ("optimal", True)
    assert found.true_objective is not None
    assert found.best_bound is not None
    # Every plan of a fine grid, by the curves themselves, is within what is certified.
    best = -1e9
    for n in range(501):
        first = 5 + 5 * n / 500
        second = min(30.0, (13.8937 - 1.25 * first) / 0.5)
        for part in (0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0):
            got = sum(100 * (1 - 2 ** (-x / 5)) for x in (first, part * second))
            off = {"equal": abs(got - value), "min": value - got, "max": got - value}[sense]
            best = max(best, got - 10 * max(0.0, off))
    assert best <= found.best_bound + found.curve_error
    assert found.true_objective <= best + 0.2


def test_curves_are_cut_again_where_chords_hide_what_a_soft_rule_costs() -> None:
    """At a penalty of 1,000 a miss of a hundredth of a unit is worth a quarter of the plan."""
    plan = allocator.solve(allocator.read(CASES / "soft-rule-dear"))
    found = plan.certificate
    assert found.objective == pytest.approx(43.21, abs=1e-6)
    assert found.true_objective == pytest.approx(43.21, abs=0.01)
    assert plan.verified
