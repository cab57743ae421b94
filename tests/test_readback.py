"""From columns to tables and back: decisions, what is said of them, and curves cut again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from every_family import every_family
from small import built, round_of

import allocator
from allocator.data import Data, Extraction, extract
from allocator.errors import UnsoundError
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning import readback, recut
from allocator.planning.attempt import Attempt, Attempts
from allocator.planning.starting import flag, starting
from allocator.planning.tables import decision_counts
from allocator.solver.program import Program
from allocator.solver.stages import filled

YEARS = (2025, 2026, 2027, 2028)

DECIDED = round_of(
    "programme,sector,pool,provider,contract,baseline,held\n"
    "A,acute,NHS,T,K,10,no\nB,community,NHS,T,L,10,no",
    years=YEARS,
    budgets="pool,amount\nNHS,40",
    contracts="contract,type,fixed,notice_years\nK,block,10,1\nL,activity,,0",
    responses="programme,outcome,per_unit\nA,QALY,1\nB,QALY,1",
    limits="programme,basis,max,start_min\nA,activity,20,5\nB,activity,20,",
    options="option,pool,min_years,review_years,latest\n"
    "free,NHS,1,,\nlong,NHS,2,,\nfixed,NHS,1,none,2025",
)


@pytest.fixture(scope="module")
def made() -> tuple[Data, Program]:
    return built(DECIDED)


def column(program: Program, name: str) -> int:
    return program.column_names().index(name)


def chosen(program: Program, *names: str, about: float = 1.0) -> np.ndarray:
    x = np.zeros(program.shape[1])
    for name in names:
        x[column(program, name)] = about
    return x


# From columns to tables


def test_taken_are_the_years_of_the_runs_chosen(made: tuple[Data, Program]) -> None:
    data, program = made
    names = "run[free,2025,2025]", "run[free,2027,2028]", "run[long,2026,2027]"
    found = readback.taken(data, program, chosen(program, *names, about=1 - 1e-7))
    by_name = dict(zip(data.options.option.labels, found.astype(int).tolist(), strict=True))
    assert by_name == {"free": [1, 0, 1, 1], "long": [0, 1, 1, 0], "fixed": [0, 0, 0, 0]}


def test_a_contract_is_ended_from_its_year_on(made: tuple[Data, Program]) -> None:
    data, program = made
    table = readback.ended(data, program, chosen(program, "end[K,2027]", about=1 + 1e-7))
    mine = table[table["contract"] == "K"]
    assert dict(zip(mine["year"], mine["ended"], strict=True)) == {
        2025: False,
        2026: False,
        2027: True,
        2028: True,
    }
    assert not table.loc[table["contract"] == "L", "ended"].any()


def test_decisions_are_the_tables_that_are_checked(made: tuple[Data, Program]) -> None:
    data, program = made
    x = chosen(program, "run[free,2026,2028]", "end[L,2025]")
    tables = readback.decisions(data, program, x)
    options = tables["options"]
    assert len(options) == 3 * len(YEARS)
    rows = options[options["taken"]]
    assert list(zip(rows["option"], rows["year"], strict=True)) == [
        ("free", 2026),
        ("free", 2027),
        ("free", 2028),
    ]
    assert tables["contracts"].query("contract == 'L'")["ended"].all()


def test_segments_out_of_order_are_filled_again() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\nA,x,NHS,30",
        responses="programme,outcome,shape\nA,QALY,points",
        response_points="programme,outcome,activity,effect\n"
        "A,QALY,0,0\nA,QALY,10,8\nA,QALY,20,12\nA,QALY,40,14",
        limits="programme,basis,max\nA,activity,40",
    )
    data, program = built(instance)
    block = program.block("fill")
    assert block is not None
    x = np.zeros(program.shape[1])
    x[block.span] = 4, 0, 11
    assert filled.refilled(data, program, x)[block.span] == pytest.approx([10, 5, 0], abs=0.1)
    assert filled.refilled(data, program, x)[block.span].sum() == pytest.approx(15)


# From tables to columns


def options_of(**years: list[int]) -> pd.DataFrame:
    rows = [(name, y, y in taken) for name, taken in years.items() for y in YEARS]
    return pd.DataFrame(rows, columns=["option", "year", "taken"])


def started(made: tuple[Data, Program], plan: Any, block: str = "run") -> set[str] | None:
    """Names of the columns a start puts at 1; None where it says nothing of the block."""
    data, program = made
    values = starting(data, program, plan)
    if block not in values:
        return None
    found = program.block(block)
    assert found is not None
    assert len(values[block]) == len(found)
    assert set(values[block]) <= {0.0, 1.0}
    names = np.array(program.column_names())[found.span]
    return set(names[values[block] == 1])


@pytest.mark.parametrize(
    ("years", "runs"),
    [
        ({"free": [2025]}, {"run[free,2025,2025]"}),
        ({"free": [2026, 2027, 2028]}, {"run[free,2026,2028]"}),
        ({"free": [2025, 2027]}, {"run[free,2025,2025]", "run[free,2027,2027]"}),
        (
            {"free": [2025, 2026], "long": [2027, 2028]},
            {"run[free,2025,2026]", "run[long,2027,2028]"},
        ),
        # A run that is not possible is not taken: too short, or left when it may not be.
        ({"long": [2026]}, set()),
        ({"fixed": [2025, 2026]}, set()),
        ({"fixed": list(YEARS)}, {"run[fixed,2025,2028]"}),
        ({"long": [2028]}, {"run[long,2028,2028]"}),
        ({"nobody": [2025]}, set()),
        ({}, set()),
    ],
)
def test_a_start_takes_whole_runs(
    made: tuple[Data, Program], years: dict[str, list[int]], runs: set[str]
) -> None:
    assert started(made, {"options": options_of(**years)}) == runs


def test_a_start_from_decisions_says_the_same_again(made: tuple[Data, Program]) -> None:
    data, program = made
    names = "run[free,2025,2025]", "run[free,2027,2028]", "run[long,2025,2028]", "end[K,2026]"
    tables = readback.decisions(data, program, chosen(program, *names))
    assert started(made, tables) == set(names[:3])
    assert started(made, tables, "end") == {"end[K,2026]"}


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ({2027: True, 2028: True}, {"end[K,2027]"}),
        ({2026: "yes", 2027: "no", 2028: "no"}, {"end[K,2026]"}),
        ({2025: True}, set()),  # before it may be
        ({2024: True, 2040: True}, set()),
        ({2026: False}, set()),
        ({2026: None}, set()),
    ],
)
def test_a_start_ends_contracts_when_they_were_first_ended(
    made: tuple[Data, Program], ended: dict[int, Any], expected: set[str]
) -> None:
    table = pd.DataFrame(
        {"contract": ["K"] * len(ended), "year": list(ended), "ended": list(ended.values())}
    )
    assert started(made, {"contracts": table}, "end") == expected
    assert started(made, {"contracts": table}) is None


def test_what_a_start_does_not_say_is_left_open(made: tuple[Data, Program]) -> None:
    options = {"options": options_of(free=[2025])}
    assert started(made, options, "end") is None
    assert started(made, None) is None
    without = pd.DataFrame({"contract": ["K"], "year": [2025], "payment": [3.0]})
    assert started(made, {"contracts": without}, "end") is None
    # A whole plan that names no option has taken none.
    whole = {"allocation": pd.DataFrame({"programme": ["A"], "year": [2025]})}
    assert started(made, whole) == started(made, whole, "end") == set()
    assert started(made, whole | options) == {"run[free,2025,2025]"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (True, True),
        (np.True_, True),
        (1, True),
        (1.0, True),
        ("yes", True),
        (" Yes ", True),
        ("True", True),
        ("1", True),
        ("no", False),
        ("", False),
        ("False", False),
        ("0", False),
        (0.0, False),
        (None, False),
        (float("nan"), False),
        (False, False),
    ],
)
def test_yes_and_no_as_tables_write_them(said: Any, meant: bool) -> None:
    assert flag(said) is meant


# What is said of decisions


def test_every_decision_is_counted_with_its_reason() -> None:
    data, program = built(every_family())
    table = decision_counts(data, program)
    assert table["count"].sum() == program.integer.sum()
    assert (table["why"] != "").all()
    found = {
        (k, n): c for k, n, c in zip(table["kind"], table["name"], table["count"], strict=True)
    }
    assert found["option runs", "theatre"] == 2 * 2 + 1
    assert found["option runs", "shut"] == 6
    assert found["contract endings", "Block"] == 2
    assert found["minimum scales", "care"] == found["cost thresholds", "nurse"] == 3
    assert found["stranded costs", "bed"] == found["payments", "Step"] == 3
    assert found["thresholds", "premium / waits"] == 3
    why = dict(zip(table["name"], table["why"], strict=True))
    assert why["Step"] == "it steps"


# Curves cut again


def curved(**tables: Any) -> Instance:
    """A saturates at 60 with half of it at 20; B is worth a little a pound."""
    usual = {
        "budgets": "pool,amount\nNHS,50",
        "responses": "programme,outcome,shape,per_unit,maximum,half\n"
        "A,seen,saturating,,60,20\nA,QALY,linear,0.1,,\nB,QALY,linear,1,,",
        "outcomes": "outcome,weight\nQALY,1\nseen,0",
        "limits": "programme,basis,max\nA,activity,80\nB,activity,100",
    }
    return round_of(
        "programme,sector,pool,provider,contract,baseline,held\n"
        f"A,acute,NHS,{'T,K' if 'contracts' in tables else ','},20,no\nB,community,NHS,,,20,no",
        **(usual | tables),
    )


RULE = "rule,measure,outcome,sense,value\nR,outcome,seen,{}"
LOGISTIC = {
    "responses": "programme,outcome,shape,per_unit,maximum,half,steepness\n"
    "A,seen,logistic,,60,30,0.15\nA,QALY,linear,0.1,,,\nB,QALY,linear,1,,,"
}


def seen(plan: Plan) -> float:
    table = plan.outcomes
    return float(table.loc[table["outcome"] == "seen", "amount"].iloc[0])


def level(plan: Plan) -> float:
    return float(plan.allocation["activity"].iloc[0])


def unverified_without(monkeypatch: pytest.MonkeyPatch, instance: Instance) -> Plan:
    """The plan for the first cut of the curves: the true curves do not bear it out."""
    refused: list[Plan] = []

    def unsound(_: Instance, attempt: Attempt) -> UnsoundError:
        refused.append(attempt.plan)
        return UnsoundError("", b"")

    with monkeypatch.context() as patch:
        patch.setattr(recut, "cut_again", lambda *_: False)
        patch.setattr(recut, "unsound", unsound)
        with pytest.raises(UnsoundError):
            allocator.solve(instance, gap=0.0)
    [plan] = refused
    assert plan.found
    assert not plan.verified
    return plan


WORTH = {
    "responses": "programme,outcome,shape,per_unit,maximum,half\n"
    "A,seen,saturating,,60,20\nA,QALY,linear,3,,\nB,QALY,linear,1,,"
}
"""A is worth more than B: whatever limits what is seen of it binds."""


@pytest.mark.parametrize(
    ("tables", "value", "expected"),
    [
        # 60 (1 - 2^(-x / 20)) = 33
        ({}, "equal,33", -20 * np.log2(1 - 33 / 60)),
        (WORTH, "max,33", -20 * np.log2(1 - 33 / 60)),
        # 60 / (1 + exp(-0.15 (x - 30))) = 25, on the part that steepens; 40 where it flattens
        (LOGISTIC, "equal,25", 30 + np.log(25 / 35) / 0.15),
        (LOGISTIC, "equal,40", 30 + np.log(40 / 20) / 0.15),
        (LOGISTIC, "min,25", 30 + np.log(25 / 35) / 0.15),
    ],
)
def test_a_rule_on_a_curved_outcome_is_kept_on_the_true_curve(
    monkeypatch: pytest.MonkeyPatch, tables: dict[str, str], value: str, expected: float
) -> None:
    instance = curved(**tables, rules=RULE.format(value))
    first = unverified_without(monkeypatch, instance)
    sense, amount = value.split(",")
    missed = seen(first) - float(amount)
    assert {"equal": abs(missed), "max": missed, "min": -missed}[sense] > 1e-6
    plan = allocator.solve(instance, gap=0.0)
    assert plan.status == "optimal"
    assert plan.verified
    assert seen(plan) == pytest.approx(float(amount), rel=1e-6)
    assert level(plan) == pytest.approx(expected, rel=1e-5)
    assert evaluate(instance, plan.tables).allowed


def test_a_bonus_on_a_curved_outcome_is_paid_on_the_true_curve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 5 and half a pound for each seen; the trust may lose 4 and A is worth most of all.
    # In millions, so that what chords miss is more than the penny that is forgiven.
    instance = curved(
        contracts="contract,type,fixed,bonus_outcome,bonus\nK,outcome,5,seen,0.5",
        providers="provider,deficit_max\nT,4",
        settings={"money_unit": "million"},
        **WORTH,
    )
    unverified_without(monkeypatch, instance)
    plan = allocator.solve(instance, gap=0.0)
    assert plan.status == "optimal"
    assert plan.verified
    x = level(plan)
    payment = 5 + 0.5 * 60 * (1 - 2 ** (-x / 20))
    assert plan.contracts["payment"].tolist() == pytest.approx([payment], rel=1e-9)
    # The trust loses all it may: no more of A fits.
    assert payment - x == pytest.approx(-4, abs=1e-4)


def test_a_step_on_a_curved_outcome_is_paid_when_the_true_curve_reaches_it() -> None:
    instance = curved(
        contracts="contract,type,fixed,bonus_outcome,bonus_threshold,bonus_step\n"
        "K,outcome,5,seen,33,20",
        providers="provider,deficit_max\nT,4",
        **WORTH,
    )
    plan = allocator.solve(instance, gap=0.0)
    assert plan.verified
    # 25 and 4 of loss pay for 29 of A, more than the 23.04 at which 33 are seen.
    assert level(plan) == pytest.approx(29, abs=1e-6)
    assert plan.contracts["payment"].tolist() == pytest.approx([25])


def test_a_threshold_on_a_curve_is_reached_on_the_true_curve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instance = curved(
        **LOGISTIC,
        incomes="income,pool,measure,outcome,threshold,amount\nI,NHS,outcome,seen,25,40",
    )
    unverified_without(monkeypatch, instance)
    plan = allocator.solve(instance, gap=0.0)
    assert plan.verified
    x = 30 + np.log(25 / 35) / 0.15
    assert level(plan) == pytest.approx(x, rel=1e-5)
    # 50 and the 40 earned, less what A takes.
    assert plan.objective == pytest.approx(0.1 * x + 90 - x, rel=1e-5)


def test_curves_are_cut_where_the_plan_lies_and_only_once() -> None:
    instance = curved(rules=RULE.format("equal,33"))
    data, program = built(instance)
    x = np.zeros(program.shape[1])
    x[column(program, "activity[A,2025]")] = 23.5
    checked = evaluate(instance, readback.decisions(data, program, x))
    exact = data.ordering.exact
    assert exact.tolist() == [True, False]
    knots = recut.cuts(data, checked, {}, exact)
    assert {key: at.tolist() for key, at in knots.items()} == {(0, 0): [23.5]}
    assert not recut.cuts(data, checked, knots, exact)
    assert not recut.cuts(data, checked, {}, ~exact), "a line needs no cut"
    r = extract(instance, knots).responses
    ends = r.start[0] + np.cumsum(r.width[r.segments.columns[0] == 0])
    assert np.isclose(ends, 23.5).any()
    # Nothing rests on a curve that only the objective counts.
    plain = curved()
    data, program = built(plain)
    checked = evaluate(plain, readback.decisions(data, program, np.zeros(program.shape[1])))
    assert not recut.cuts(data, checked, {}, data.ordering.exact)
    assert not data.ordering.counted.any()


def test_what_cuts_do_not_change_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is sought again for curves cut again, and the round extracted once."""
    made, attempts = [], []
    real, make = Extraction.__init__, Attempts.make

    def read(
        self: Extraction, instance: Instance, levels: Any = None, *, wider: bool = False
    ) -> None:
        if not wider:  # for prices of the last plan alone
            made.append(self)
        real(self, instance, levels, wider=wider)

    def noted(self: Attempts, *given: Any, **named: Any) -> Attempt:
        attempts.append(make(self, *given, **named))
        return attempts[-1]

    monkeypatch.setattr(Extraction, "__init__", read)
    monkeypatch.setattr(Attempts, "make", noted)
    plan = allocator.solve(curved(rules=RULE.format("equal,33")), gap=0.0)
    assert plan.verified
    assert len(attempts) > 1
    assert len(made) == 1


MOST = 2 * 60 * (1 - 2 ** (-25 / 20))
"""What two services that share 50 can make seen at most: half of the money each."""


def shared(asked: float) -> Instance:
    return round_of(
        "programme,sector,pool,baseline,held\nA,acute,NHS,20,no\nC,community,NHS,20,no",
        budgets="pool,amount\nNHS,50",
        outcomes="outcome,weight\nQALY,1\nseen,0",
        responses="programme,outcome,shape,per_unit,maximum,half\nA,seen,saturating,,60,20\n"
        "C,seen,saturating,,60,20\nA,QALY,linear,1,,",
        limits="programme,basis,max\nA,activity,43\nC,activity,47",
        rules=f"rule,measure,outcome,sense,value\nR,outcome,seen,min,{asked!r}",
    )


@pytest.mark.parametrize("below", [1e-6, 1e-5, 1e-3])
def test_what_the_true_curves_just_reach_is_planned(below: float) -> None:
    asked = MOST * (1 - below)
    plan = allocator.solve(shared(asked), gap=0.0)
    assert plan.verified
    assert seen(plan) >= asked * (1 - 1e-9)
    # As much of A as that leaves: f(25 + x) + f(25 - x) = 120 - 120 x 2^-1.25 cosh(x ln 2 / 20),
    # less what the chords miss.
    x = np.arccosh((120 - asked) / (120 * 2**-1.25)) * 20 / np.log(2)
    assert 25 <= level(plan) <= 25 + x + 1e-6


def test_what_the_true_curves_do_not_reach_is_infeasible() -> None:
    plan = allocator.solve(shared(MOST * 1.001))
    assert plan.status == "infeasible"
    assert "R" in " ".join(plan.conflict)
