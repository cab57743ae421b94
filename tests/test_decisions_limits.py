"""Searches that a limit stops while a hard rule rests on a curve: the plan is still borne out."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from small import round_of, solved

import allocator
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning import recut
from allocator.planning.attempt import Attempt, Attempts

MOST, HALF = 60.0, 20.0
"""A's outcome is MOST (1 - 2 ** (-a / HALF))."""


@cache
def knapsack(rule: str, *, a: float) -> Instance:
    """Options that no search gets right at its root, and a rule on the curve of A.

    They cost 3 of 60 at most; a unit of A is worth `a`, one of B 1.
    """
    size = np.random.default_rng(1).integers(1, 100, (30, 3))
    kinds = range(size.shape[1])
    names = [f"o{n:02d}" for n in range(len(size))]
    half = size.sum(axis=0) // 2
    effects = [f"{n},outcome,A,k{k},{size[o, k]}" for o, n in enumerate(names) for k in kinds]
    return round_of(
        "programme,sector,pool,baseline,held\nA,x,NHS,10,no\nB,x,NHS,10,no",
        budgets="pool,amount\nNHS,60",
        outcomes="outcome,weight\nQALY,1\nseen,0\n" + "\n".join(f"k{k},0" for k in kinds),
        responses="programme,outcome,shape,per_unit,maximum,half\n"
        f"A,seen,saturating,,{MOST},{HALF}\nA,QALY,linear,{a},,\nB,QALY,linear,1,,",
        limits="programme,basis,max\nA,activity,40\nB,activity,40",
        options="option,pool,review_years,cost_once\n"
        + "\n".join(f"{n},NHS,none,0.1" for n in names),
        option_effects="option,measure,target,outcome,value\n" + "\n".join(effects),
        rules=f"rule,measure,outcome,sense,value,penalty\nseen,outcome,seen,{rule},\n"
        + "\n".join(f"R{k},outcome,k{k},equal,{half[k]},1" for k in kinds),
    )


def done(plan: Plan, programme: str = "A") -> float:
    table = plan.allocation
    return float(table.loc[table["programme"] == programme, "activity"].iloc[0])


def stopped(instance: Instance, **options: float) -> Plan:
    plan = solved(instance, nodes=1, **options)
    assert plan.status == "limit"
    return plan


def stopped_so(instance: Instance) -> Plan:
    """The plan where something is put in the way of mending it."""
    plan = allocator.solve(instance, nodes=1)
    assert plan.status == "limit"
    return plan


@cache
def as_searched(rule: str, a: float) -> Plan:
    """The plan as the search left it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recut, "mended", lambda *_, **__: None)
        plan = stopped_so(knapsack(rule, a=a))
    assert not plan.verified
    return plan


@pytest.mark.parametrize(("rule", "a"), [("equal,33", 0.1), ("max,33", 2.0)])
def test_a_stopped_search_gives_a_plan_that_the_curves_bear_out(rule: str, a: float) -> None:
    before, plan = as_searched(rule, a), stopped(knapsack(rule, a=a))
    assert plan.verified, plan.max_violation
    assert done(plan) == pytest.approx(-HALF * math.log2(1 - 33 / MOST), rel=1e-6)
    assert plan.options["taken"].tolist() == before.options["taken"].tolist()
    assert plan.objective is not None
    assert plan.objective == pytest.approx(before.objective, rel=1e-3)


def test_what_the_search_has_proved_stays_known() -> None:
    instance = knapsack("equal,33", a=0.1)
    before, plan = as_searched("equal,33", 0.1), stopped(instance)
    for name in ("bound", "root_bound"):
        known = getattr(before.certificate, name)
        assert known is not None
        assert getattr(plan.certificate, name) == known
    assert plan.certificate.curve_error >= before.certificate.curve_error
    found, left = ([value for _, value in p.solver["primal_log"]] for p in (before, plan))
    assert found == left
    best = allocator.solve(instance, gap=0.05)
    assert best.verified
    assert best.certificate.true_objective is not None
    assert plan.certificate.bound is not None
    assert best.certificate.true_objective <= (
        plan.certificate.bound + plan.certificate.curve_error + 1e-6
    )


def test_where_curves_are_not_cut_again_all_they_may_miss_is_allowed_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instance = knapsack("max,33", a=2.0)
    close = stopped(instance)
    monkeypatch.setattr(recut, "cut_again", lambda *_: False)
    plan = stopped_so(instance)
    assert plan.verified, plan.max_violation
    assert done(plan) < done(close)
    assert done(plan) == pytest.approx(done(close), rel=1e-2)


def test_what_no_plan_can_mend_comes_back_as_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # A margin does not help to meet a figure exactly.
    monkeypatch.setattr(recut, "cut_again", lambda *_: False)
    plan = stopped_so(knapsack("equal,33", a=0.1))
    assert not plan.verified
    assert plan.objective is not None
    assert plan.max_violation is not None
    assert plan.max_violation > 1e-6


def test_no_plan_is_mended_beyond_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recut, "is_late", lambda *_: True)
    assert not stopped_so(knapsack("equal,33", a=0.1)).verified


def test_a_calm_plan_is_mended_too() -> None:
    instance = knapsack("max,33", a=2.0)
    plan = stopped(instance, keep=0.5)
    assert plan.verified, plan.max_violation
    assert plan.objective is not None
    assert plan.reference_objective is not None
    full = stopped(instance).objective
    assert full is not None
    gain = full - plan.reference_objective
    assert gain > 0
    assert plan.objective >= plan.reference_objective + 0.5 * gain - 1e-6 * abs(full)
    assert plan.objective < full


def test_decisions_of_an_earlier_search_are_kept_where_a_later_one_finds_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first search ends by itself; the second, for curves cut again, has no time left."""
    make, searches = Attempts.make, []

    def no_time(attempts: Attempts, margin: int = 0, kept: Attempt | None = None) -> Attempt:
        tried = make(attempts, margin, kept)
        if kept is not None:
            return tried
        searches.append(tried)
        if len(searches) == 1:
            return tried
        none = replace(tried.plan, status="limit", verified=False, tables={})
        return replace(tried, plan=none, checked=None, decided={})

    monkeypatch.setattr(Attempts, "make", no_time)
    plan = allocator.solve(knapsack("equal,33", a=0.1), gap=0.5)
    assert [tried.plan.status for tried in searches] == ["optimal", "optimal"]
    assert plan.status == "limit"
    assert plan.verified, plan.max_violation
    first = searches[0].plan
    assert not first.verified
    assert plan.options["taken"].tolist() == first.options["taken"].tolist()
    assert plan.certificate.bound == first.certificate.bound
