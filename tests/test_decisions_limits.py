"""Searches that a limit stops: what comes of them passes the check, or nothing comes of them."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from shown import joined, printed
from small import round_of, solved

import allocator
from allocator.errors import UnsoundError
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning import attempt, recut
from allocator.planning.attempt import Attempt, Attempts
from allocator.report.text.summary import print_summary

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
    """The plan as the search left it, which fails the check."""
    with pytest.MonkeyPatch.context() as patch:
        left: list[Plan] = []
        patch.setattr(recut, "mended", lambda _, found, **__: left.append(found.plan) or found)
        stopped_so(knapsack(rule, a=a))
    [plan] = left
    assert plan.found
    assert not plan.verified
    return plan


def nothing_comes_of_it(plan: Plan) -> bool:
    figures = plan.objective, plan.certificate.bound, plan.max_violation, plan.weak_share
    return not (plan.found or plan.verified) and figures == (None,) * 4


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


def test_what_fails_its_check_twice_in_time_is_a_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A margin does not help to meet a figure exactly.
    monkeypatch.setattr(recut, "cut_again", lambda *_: False)
    with pytest.raises(UnsoundError, match=r"two solvers .* There is no plan"):
        stopped_so(knapsack("equal,33", a=0.1))


def test_what_cannot_be_mended_in_time_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recut, "is_late", lambda *_: True)
    instance = knapsack("equal,33", a=0.1)
    plan = stopped_so(instance)
    assert nothing_comes_of_it(plan)
    said = joined(printed(print_summary, plan, instance))
    assert said == "Test: stopped at a limit before any plan was found."


def test_rolling_forward_stands_in_for_what_cannot_be_mended_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = as_searched("max,42", 2.0)
    monkeypatch.setattr(recut, "is_late", lambda *_: True)
    instance = knapsack("max,42", a=2.0)
    plan = stopped_so(instance)
    assert plan.verified, plan.max_violation
    assert done(plan) == pytest.approx(30.0)  # half of the money, as in the base year
    assert done(plan) < done(before)
    assert not plan.options["taken"].any()
    assert plan.objective == plan.reference_objective == before.reference_objective
    assert plan.certificate.bound == before.certificate.bound
    said = joined(printed(print_summary, plan, instance))
    assert "Stopped at a limit" in said
    assert "no plan found so far beats rolling forward" in said
    assert "no plan the rules allow" not in said


@pytest.mark.parametrize("cured", [True, False])
def test_where_no_curve_is_to_blame_a_second_solver_is_asked(
    monkeypatch: pytest.MonkeyPatch, cured: bool
) -> None:
    """The first solver's plan fails its check, and the second's if it is not `cured`."""
    real, opinion, asked = attempt.certify, attempt.second_opinion, []

    def certify(*parts: Any) -> Any:
        return replace(real(*parts), verified=cured and bool(asked))

    def second(*parts: Any) -> Any:
        asked.append(parts)
        return opinion(*parts)

    monkeypatch.setattr(attempt, "certify", certify)
    monkeypatch.setattr(attempt, "second_opinion", second)
    instance = knapsack("max,1000", a=2.0)
    if cured:
        plan = stopped_so(instance)
        assert plan.verified
        assert plan.options["taken"].any()
    else:
        with pytest.raises(UnsoundError, match="There is no plan"):
            stopped_so(instance)
    assert len(asked) == 1


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
