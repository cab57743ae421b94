"""The successive solves where there are yes-or-no decisions: limits, gaps, starts and stops."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import built, round_of, solved
from test_highs_interrupt import pressed, searching

import allocator
from allocator.errors import UsageError
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning import readback
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.stages.sequence import StagedSolve

SERVICE = "programme,sector,pool,baseline,held\nA,community,NHS,10,no"


def choosing(
    options: str, effects: str = "", money: float = 10, columns: str = "", **tables: str
) -> Instance:
    """A service worth 1 a pound, and options worth what they add to its outcome."""
    head = "option,measure,target,outcome,value\n"
    usual = {
        "budgets": f"pool,amount\nNHS,{money}",
        "responses": "programme,outcome,per_unit\nA,QALY,1",
        "limits": "programme,basis,max\nA,activity,40",
        "options": f"option,pool,review_years,cost_once{columns}{options}",
        **({"option_effects": head + effects} if effects else {}),
    }
    return round_of(SERVICE, **(usual | tables))


def worth(**values: float) -> str:
    return "\n".join(f"{name},outcome,A,QALY,{value}" for name, value in values.items())


KNAPSACK = choosing("\na,NHS,none,4\nb,NHS,none,5\nc,NHS,none,3", effects=worth(a=7, b=8, c=4))
"""With 10: the service alone 10; a 13, b 13, c 11; a and c 14, b and c 14, a and b 16."""


def taken(plan: Plan, column: str = "taken") -> set[str]:
    table = plan.options
    return set(table.loc[table[column].astype(bool), "option"])


def splitting(options: int = 30, outcomes: int = 3) -> Instance:
    """Share things out so that three of their measures are halved: hours of search.

    Soft rules make every choice a plan, and what misses them is what it is worth.
    """
    rng = np.random.default_rng(1)
    size = rng.integers(1, 100, (options, outcomes))
    names, kinds = [f"o{n:02d}" for n in range(options)], [f"k{n}" for n in range(outcomes)]
    effects = [
        f"{name},outcome,A,{kind},{size[n, k]}"
        for n, name in enumerate(names)
        for k, kind in enumerate(kinds)
    ]
    rules = [f"R{k},outcome,{k},equal,{x},1" for k, x in zip(kinds, size.sum(0) // 2, strict=True)]
    return choosing(
        "".join(f"\n{name},NHS,none,0.1" for name in names),
        "\n".join(effects),
        money=50,
        outcomes="outcome,weight\nQALY,1\n" + "\n".join(f"{k},0" for k in kinds),
        rules="rule,measure,outcome,sense,value,penalty\n" + "\n".join(rules),
    )


LONG = splitting()


def sound(plan: Plan) -> None:
    """What every plan must be, however soon the search was stopped."""
    assert plan.found
    assert plan.verified, plan.max_violation
    c = plan.certificate
    assert c.objective is not None
    assert c.reference_objective is not None
    assert (math.inf if c.bound is None else c.bound) >= c.objective
    assert c.objective >= c.reference_objective - 1e-9 * abs(c.reference_objective)
    assert plan.solver["fixed_for_prices"] == plan.model["integers"] > 0


# By hand


def test_the_best_of_a_knapsack_and_what_its_proof_rests_on() -> None:
    plan = solved(KNAPSACK, gap=0.0)
    sound(plan)
    assert plan.status == "optimal"
    assert taken(plan) == {"a", "b"}
    assert plan.objective == pytest.approx(16)
    assert plan.reference_objective == pytest.approx(10)
    c = plan.certificate
    assert c.bound == pytest.approx(16)
    assert c.integer
    assert c.certified_bound is None
    assert c.root_bound is not None
    # Half of c with a and b would be worth 16.33 at the root at most.
    assert 16 - 1e-6 <= c.root_bound <= 7 + 8 + 4 / 3 + 1e-6
    assert plan.model["integers"] == 3
    assert plan.decisions["count"].tolist() == [1, 1, 1]
    # With the decisions fixed a pound more buys a pound's worth of the service.
    assert plan.budgets["price"].tolist() == pytest.approx([1])


@pytest.mark.parametrize(
    ("keep", "objective", "options"),
    [
        # a for 4 gives half of the gain of 6 with fewer pounds than b for 5.
        (0.5, 13, {"a"}),
        (0.0, 10, set()),
        # 14 is two thirds of the way: a and c move 7 pounds, b and c 8.
        (0.6, 14, {"a", "c"}),
        (1.0, 16, {"a", "b"}),
    ],
)
def test_keep_chooses_the_decisions_that_move_fewest_pounds(
    keep: float, objective: float, options: set[str]
) -> None:
    plan = solved(KNAPSACK, keep=keep, gap=0.0)
    sound(plan)
    assert plan.status == "feasible"
    assert plan.objective == pytest.approx(objective)
    assert taken(plan) == options
    assert plan.certificate.bound == pytest.approx(16)


# Reference plan


def test_the_reference_takes_nothing_that_is_not_forced() -> None:
    free = choosing("\nfree,NHS,none,0\nsaves,NHS,none,0", effects=worth(free=5, saves=5))
    plan = allocator.solve(free)
    assert taken(plan) == {"free", "saves"}
    assert taken(plan, "reference_taken") == set()
    assert plan.reference_objective == pytest.approx(10)


@pytest.mark.parametrize(
    ("costs", "cheapest"), [((3, 1, 2), "b"), ((2, 3, 1), "c"), ((1, 1, 1), "a"), ((0, 0, 0), "a")]
)
def test_the_reference_takes_the_cheapest_of_what_is_forced(
    costs: tuple[float, ...], cheapest: str
) -> None:
    lines = "".join(
        f"\n{name},NHS,none,{cost},way,exactly_one" for name, cost in zip("abc", costs, strict=True)
    )
    instance = choosing(lines, worth(a=1, b=2, c=9), columns=",group,choose")
    plan = allocator.solve(instance)
    assert plan.verified
    assert taken(plan, "reference_taken") == {cheapest}
    assert taken(plan) == {"c"}


BLOCK = round_of(
    "programme,sector,pool,provider,contract,baseline,held\n"
    "A,acute,NHS,T,K,10,no\nB,community,NHS,,,10,no",
    years=(2025, 2026),
    budgets="pool,amount\nNHS,20",
    contracts="contract,type,fixed,notice_years\nK,block,10,0",
    responses="programme,outcome,per_unit\nA,QALY,0.1\nB,QALY,1",
    limits="programme,basis,min,max\nA,activity,0,20\nB,activity,0,100",
    options="option,pool,review_years,cost_once\nO,NHS,none,5",
    option_effects="option,measure,target,outcome,value\nO,outcome,B,QALY,1",
)
"""A block of 10 a year may be ended at once: then 20 a year go to B, which is worth more."""


def test_the_reference_ends_no_contract_and_the_best_plan_does() -> None:
    data, program = built(BLOCK)
    stages = StagedSolve(Solver(program), data).run()
    assert stages.reference is not None
    assert stages.plan is not None
    assert not readback.ended(data, program, stages.reference)["ended"].any()
    assert readback.ended(data, program, stages.plan)["ended"].tolist() == [True, True]
    assert stages.best is not None
    assert stages.best.objective == pytest.approx(40)


# Nothing whole fits


def test_what_only_halves_of_decisions_could_keep_is_infeasible_and_says_so() -> None:
    instance = choosing(
        "\na,NHS,none,0\nb,NHS,none,0",
        "a,outcome,A,k,4\nb,outcome,A,k,3",
        outcomes="outcome,weight\nQALY,1\nk,0",
        rules="rule,measure,outcome,sense,value\nR,outcome,k,equal,5",
    )
    plan = allocator.solve(instance)
    assert plan.status == "infeasible"
    assert not plan.found
    (words,) = plan.conflict
    assert "no combination of the yes-or-no decisions" in words


def test_what_no_decision_could_keep_is_named_as_ever() -> None:
    instance = choosing(
        "\na,NHS,none,0\nb,NHS,none,0",
        "a,outcome,A,k,4\nb,outcome,A,k,3",
        outcomes="outcome,weight\nQALY,1\nk,0",
        rules="rule,measure,outcome,sense,value\nfar,outcome,k,min,9",
    )
    plan = allocator.solve(instance)
    assert plan.status == "infeasible"
    assert "far" in " ".join(plan.conflict)
    assert "yes-or-no" not in " ".join(plan.conflict)


# Gap and limits


def packing(options: int = 60) -> Instance:
    """Options that cost about what they are worth, for half of the money they ask for."""
    rng = np.random.default_rng(2)
    cost = rng.integers(50, 150, options)
    names = [f"o{n:02d}" for n in range(options)]
    return choosing(
        "".join(f"\n{name},NHS,none,{c}" for name, c in zip(names, cost, strict=True)),
        worth(
            **{name: c + 30 + int(rng.integers(0, 9)) for name, c in zip(names, cost, strict=True)}
        ),
        money=float(cost.sum()) / 2 + 0.5,
        limits="programme,basis,max\nA,activity,10",
    )


@pytest.mark.parametrize("gap", [0.3, 0.02])
def test_the_gap_is_a_share_of_the_outcomes_gained(gap: float) -> None:
    plan = allocator.solve(packing(), gap=gap, time_limit=60)
    sound(plan)
    assert plan.status == "optimal"
    c = plan.certificate
    assert c.missing is not None
    assert c.outcome_gain is not None
    assert c.allowed is not None
    assert c.allowed == pytest.approx(gap * c.outcome_gain, rel=0.5)
    assert c.missing <= gap * c.outcome_gain * (1 + 1e-9)
    assert c.gain_gap == pytest.approx(c.missing / c.outcome_gain)


def test_a_penalty_avoided_is_no_part_of_what_the_gap_is_a_share_of() -> None:
    plan = allocator.solve(LONG, gap=0.3, time_limit=60)
    sound(plan)
    c = plan.certificate
    assert c.gain == pytest.approx(2260)
    assert c.outcome_gain == pytest.approx(0)
    assert c.missing == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("gap", [-0.1, 1.0, float("nan")])
def test_a_gap_is_a_share(gap: float) -> None:
    with pytest.raises(UsageError, match="share of the outcomes gained"):
        allocator.solve(KNAPSACK, gap=gap)


def test_nodes_are_counted_and_limited() -> None:
    plan = solved(LONG, nodes=1, gap=0.0)
    sound(plan)
    assert plan.status == "limit"
    assert plan.solver["nodes"] <= 1
    assert not plan.solver["interrupted"]
    more = allocator.solve(LONG, nodes=300, gap=0.0)
    sound(more)
    assert 1 < more.solver["nodes"] <= 310
    assert more.objective is not None
    assert plan.objective is not None
    assert more.objective >= plan.objective
    with pytest.raises(UsageError, match="at least one node"):
        allocator.solve(KNAPSACK, nodes=0)


def test_time_is_limited_and_the_best_so_far_is_a_plan() -> None:
    plan = allocator.solve(LONG, time_limit=1.0, gap=0.0)
    assert plan.status == "limit"
    sound(plan)
    log = plan.solver["primal_log"]
    assert log
    assert plan.certificate.objective == pytest.approx(log[-1][1], rel=1e-6)


@pytest.mark.parametrize("limit", [0.0, 0.01, 0.3])
def test_hardly_any_time_is_a_limit_with_a_sound_plan_or_none(limit: float) -> None:
    plan = allocator.solve(LONG, time_limit=limit, gap=0.0)
    assert plan.status == "limit"
    if plan.found:
        sound(plan)
    else:
        assert plan.objective is None


def stopping(monkeypatch: pytest.MonkeyPatch, stop: Callable[[Solution], Solution]) -> None:
    """Change what the search for the best decisions gives."""
    real = Solver.run

    def run(self: Solver, **options: Any) -> Solution:
        found = real(self, **options)
        return stop(found) if options.get("begin") is not None else found

    monkeypatch.setattr(Solver, "run", run)


def nothing_found(found: Solution) -> Solution:
    return replace(found, status="limit", x=None, objective=None)


def test_a_search_that_finds_nothing_leaves_the_decisions_of_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopping(monkeypatch, nothing_found)
    plan = allocator.solve(KNAPSACK)
    assert plan.status == "limit"
    sound(plan)
    assert taken(plan) == set()
    assert plan.objective == pytest.approx(10)


# Starting plans


def draft(*options: str, every: str = "abc", year: int = 2025) -> dict[str, pd.DataFrame]:
    rows = [(name, year, name in options) for name in every]
    return {"options": pd.DataFrame(rows, columns=["option", "year", "taken"])}


def test_a_start_is_used_and_never_worsened(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = allocator.solve(KNAPSACK, start=draft("a", "c"), gap=0.0)
    sound(plan)
    assert plan.solver["start"] == "used"
    assert plan.objective == pytest.approx(16)
    stopping(monkeypatch, nothing_found)
    plan = allocator.solve(KNAPSACK, start=draft("a", "c"))
    sound(plan)
    assert plan.status == "limit"
    assert taken(plan) == {"a", "c"}
    assert plan.objective == pytest.approx(14)


def test_a_start_worse_than_the_reference_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    poor = choosing("\na,NHS,none,9\nb,NHS,none,1", effects=worth(a=1, b=3))
    stopping(monkeypatch, nothing_found)
    plan = allocator.solve(poor, start=draft("a", every="ab"))
    sound(plan)
    assert plan.solver["start"] == "used"
    assert plan.objective == pytest.approx(10)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (draft("a", "b", "c"), "not allowed"),  # 12 of 10
        (draft(), "used"),
        (draft("a", every="a"), "used"),  # what is not named is not taken
        (draft("x", every="xyz"), "used"),  # names that are not there
        (draft("a", year=1999), "used"),
        ({"capacity": pd.DataFrame({"resource": ["x"]})}, ""),
        (None, ""),
        ({"allocation": pd.DataFrame({"programme": ["A"]})}, "used"),  # a draft without options
    ],
)
def test_what_becomes_of_a_start_is_said(start: Any, said: str) -> None:
    plan = allocator.solve(KNAPSACK, start=start, gap=0.0)
    sound(plan)
    assert plan.solver["start"] == said
    assert plan.objective == pytest.approx(16)


def test_a_plan_starts_the_search_for_itself_again() -> None:
    first = allocator.solve(LONG, nodes=20, gap=0.0)
    again = allocator.solve(LONG, nodes=1, gap=0.0, start=first.tables)
    sound(again)
    assert again.solver["start"] == "used"
    assert first.objective is not None
    assert again.objective is not None
    assert again.objective >= first.objective - 1e-6


def test_a_start_that_says_nothing_of_a_contract_leaves_it_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = pd.DataFrame({"option": ["O", "O"], "year": [2025, 2026], "taken": [True, True]})
    ended = pd.DataFrame({"contract": ["K", "K"], "year": [2025, 2026], "ended": [False, True]})
    stopping(monkeypatch, nothing_found)
    open_ = allocator.solve(BLOCK, start={"options": options})
    assert open_.contracts["ended"].tolist() == [True, True]
    assert taken(open_) == {"O"}
    said = allocator.solve(BLOCK, start={"options": options, "contracts": ended})
    assert said.contracts["ended"].tolist() == [False, True]
    for plan in (open_, said):
        sound(plan)
        assert plan.solver["start"] == "used"


# Ctrl-C


@pytest.fixture
def pressed_while_searching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presses Ctrl-C in the midst of the search for the best decisions."""
    real, presses = Solver.run, []

    def run(self: Solver, **options: Any) -> Solution:
        if options.get("begin") is None or presses:
            return real(self, **options)
        presses.append(1)
        with pressed(searching(self)):
            return real(self, **options)

    monkeypatch.setattr(Solver, "run", run)


@pytest.mark.usefixtures("pressed_while_searching")
def test_ctrl_c_hands_over_the_best_plan_so_far() -> None:
    plan = allocator.solve(LONG, time_limit=60.0, gap=0.0)
    sound(plan)
    assert plan.status == "limit"
    assert plan.solver["interrupted"]
    assert plan.certificate.gap is not None
    assert plan.solver["stage_seconds"]["best decisions"] < 30


# A hard stop


def test_a_hard_limit_leaves_time_to_hand_over_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process of its own would do, in this one."""
    given: dict[str, Any] = {}

    def here(function: Callable[..., Any], args: Any, keywords: Any, seconds: float) -> Any:
        given.update(keywords, seconds=seconds, left=args[2] - time.time())
        return True, function(*args, **keywords)

    monkeypatch.setattr("allocator.solver.highs.child.run_in_child", here)
    plan = allocator.solve(LONG, hard_time_limit=2.0, gap=0.0)
    sound(plan)
    assert plan.status == "limit"
    assert given["left"] <= 0.8 * given["seconds"] == pytest.approx(1.6)


def test_a_plan_with_decisions_comes_out_of_its_process() -> None:
    plan = allocator.solve(LONG, hard_time_limit=120.0, time_limit=1.0, gap=0.0)
    sound(plan)
    assert plan.status == "limit"
    assert "stopped_after" not in plan.solver
