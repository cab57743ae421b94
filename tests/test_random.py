"""Random small rounds: verified, certified, and as good as another solver says.

The other solver is SCIP, from PyPI and without a licence, through Pyomo's own interface: it
shares neither our compiler, our scaling nor HiGHS with us.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyomo.contrib.solver.common.factory import SolverFactory
from small import round_of
from strategies import instances
from untemplated import differences

import allocator
from allocator.data import Data
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning.formulation import build
from allocator.solver.compile.compiler import compile_model
from allocator.solver.highs.door import Solver
from allocator.solver.proof.certificate import residuals, safe_bound
from allocator.solver.stages.found import Stages
from allocator.solver.stages.sequence import StagedSolve


def examples(count: int) -> settings:
    """Settings for so many rounds; solving has no deadline."""
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )


AGREE = 1e-6


def near(value: float | None, size: float = 0.0) -> Any:
    assert value is not None
    return pytest.approx(value, rel=AGREE, abs=AGREE * max(1.0, size))


def staged(instance: Instance) -> tuple[Any, Any, Stages]:
    data, model = build(instance)
    stages = StagedSolve(Solver(compile_model(model)), data).run()
    return data, model, stages


def by_scip(model: Any) -> float | None:
    """Best objective of an expanded model; None when it has no solution."""
    solver = SolverFactory("scip_direct")
    result = solver.solve(
        model,
        load_solutions=False,
        raise_exception_on_nonoptimal_result=False,
        solver_options={"numerics/feastol": 1e-9, "numerics/dualfeastol": 1e-9},
    )
    found: float | None = result.incumbent_objective
    return found


@given(instances())
@examples(40)
def test_a_plan_is_verified_certified_and_as_good_as_another_solver_says(
    instance: Instance | None,
) -> None:
    assume(instance is not None)
    assert instance is not None
    plan = allocator.solve(instance)
    data, model = build(instance)
    assert differences(compile_model(model), model) == []  # and expands the model
    if plan.status == "infeasible":
        assert by_scip(model) is None
        return
    assert plan.status == "optimal"
    certified(plan)
    checked_again(instance, plan)
    fix_what_is_held(model, data, plan)
    found = by_scip(model)
    assert found is not None
    assert plan.certificate.bound == near(found)
    assert plan.objective == near(found)


def certified(plan: Plan) -> None:
    assert plan.verified, plan.max_violation
    c = plan.certificate
    assert c.objective is not None
    assert c.certified_bound is not None
    assert c.bound is not None
    assert c.certified_bound >= c.bound * (1 - 1e-12) - 1e-9
    assert c.gap is not None
    assert c.gap <= 1e-6
    assert c.reference_objective is not None
    assert c.objective >= c.reference_objective - AGREE * max(1.0, abs(c.objective))


def checked_again(instance: Instance, plan: Plan) -> None:
    """The plan's tables alone, as a reader of its folder has them, pass the check."""
    again = evaluate(
        instance,
        {
            "allocation": plan.allocation[["programme", "year", "activity", "unmet", "avoided"]],
            "capacity": plan.capacity,
            "budgets": plan.budgets,
            "transfers": plan.transfers,
        },
    )
    assert again.allowed, again.violations["message"].tolist()
    c = plan.certificate
    assert c.objective is not None
    assert again.objective == near(c.true_objective)
    room = AGREE * max(1.0, abs(c.objective))
    assert again.objective >= c.objective - room, "chords lie below the curves"
    assert again.objective <= c.objective + c.curve_error + room


def fix_what_is_held(model: Any, data: Data, plan: Plan) -> None:
    """Held programmes where the plan has them: other stages settle that, not the one in question.

    It is where the reference plan has them, unless that could not keep them at their level.
    """
    held = {n for n, h in zip(data.programme.labels, data.held, strict=True) if h}
    planned = plan.allocation.set_index(["programme", "year"])["activity"]
    for (name, year), activity in planned.items():
        if name in held:
            low, high = model.activity[name, year].bounds
            model.activity[name, year].fix(min(max(activity, low), high))


@given(instances(), st.integers(0, 2**32 - 1), st.sampled_from([1e-6, 1e-2, 1.0, 1e3]))
@examples(15)
def test_no_prices_make_the_bound_wrong(instance: Instance | None, seed: int, noise: float) -> None:
    assume(instance is not None)
    assert instance is not None
    _, _, stages = staged(instance)
    assume(stages.best is not None)
    best, program = stages.best, stages.best_program
    assert best is not None
    assert program is not None
    assert best.objective is not None
    assert best.row_dual is not None
    assert best.x is not None
    size = max(1.0, abs(best.objective))
    assert max(residuals(program, best.x)) <= 1e-9
    assert safe_bound(program, best.row_dual) == pytest.approx(best.objective, abs=1e-7 * size)
    wrong = best.row_dual * (1 + noise * np.random.default_rng(seed).normal(size=program.shape[0]))
    assert safe_bound(program, wrong) >= best.objective - 1e-9 * size


@given(instances())
@examples(8)
def test_other_algorithms_and_starts_are_worth_the_same(instance: Instance | None) -> None:
    assume(instance is not None)
    assert instance is not None
    plan = allocator.solve(instance)
    for algorithm in ("ipx", "pdlp"):
        other = allocator.solve(instance, solver=algorithm)
        assert other.status == plan.status
        if plan.found:
            assert other.verified
            assert other.objective == near(plan.objective)


@given(instances())
@examples(12)
def test_a_calm_plan_keeps_its_share_and_moves_no_more(instance: Instance | None) -> None:
    assume(instance is not None)
    assert instance is not None
    full = allocator.solve(instance)
    assume(full.found)
    calm = allocator.solve(instance, keep=0.6)
    assert calm.verified
    assert full.objective is not None
    assert full.reference_objective is not None
    gain = full.objective - full.reference_objective
    assert calm.objective is not None
    room = AGREE * max(1.0, abs(full.objective))
    assert calm.objective >= full.reference_objective + 0.6 * gain - room
    assert moved(calm) <= moved(full) * (1 + 1e-6) + 1e-6 * spend(full)


def test_the_reference_is_worth_what_the_stages_take_it_for() -> None:
    """Curves of the reference are filled in order before a share of the gain on it is kept."""
    instance = round_of(
        "programme,sector,pool,baseline\na,s,NHS,10\nb,s,NHS,10",
        budgets="pool,amount\nNHS,30",
        responses="programme,outcome,shape,maximum,half\n"
        "a,QALY,saturating,100,5\nb,QALY,saturating,60,5",
    )
    full = allocator.solve(instance)
    calm = allocator.solve(instance, keep=0.5)
    assert full.objective is not None
    assert full.reference_objective is not None
    assert calm.objective is not None
    gain = full.objective - full.reference_objective
    assert calm.objective == pytest.approx(full.reference_objective + 0.5 * gain, rel=1e-9)


def moved(plan: Plan) -> float:
    return float((plan.allocation["change"]).abs().sum())


def spend(plan: Plan) -> float:
    return float(plan.allocation["spend"].sum())


@given(instances(), st.randoms(use_true_random=False))
@examples(10)
def test_the_order_of_rows_changes_nothing(instance: Instance | None, random: Any) -> None:
    assume(instance is not None)
    assert instance is not None
    shuffled = {}
    for name, table in instance.tables.items():
        order = list(range(len(table)))
        random.shuffle(order)
        shuffled[name] = table.iloc[order]
    other = instance.replace(**shuffled)
    assert other.sha256 == instance.sha256
    one, two = allocator.solve(instance), allocator.solve(other)
    assert one.status == two.status
    if one.found:
        pd.testing.assert_frame_equal(one.allocation, two.allocation)


@given(instances(), st.sampled_from([0.001, 1000.0]))
@examples(10)
def test_money_in_another_unit_is_the_same_plan(instance: Instance | None, unit: float) -> None:
    """Pounds for thousands of pounds: every price and amount times the same factor."""
    assume(instance is not None)
    assert instance is not None
    changed = in_unit(instance, unit)
    one, two = allocator.solve(instance), allocator.solve(changed)
    assert one.status == two.status
    if one.found:
        assert two.verified
        assert two.objective == near(one.objective)


def in_unit(instance: Instance, unit: float) -> Instance:
    tables = {name: table.copy() for name, table in instance.tables.items()}
    for name, columns in {
        "programmes": ["unit_cost"],
        "budgets": ["amount", "opening", "carry_max", "overdraw_max"],
        "transfers": ["max"],
        "capacity": ["extra_cost"],
    }.items():
        tables[name][columns] = tables[name][columns] * unit
    rules = tables["rules"]
    money = rules["measure"].isin(["spend", "value"])
    absolute = money & rules["basis"].isin(["amount", "per_head"])
    rules.loc[absolute, "value"] *= unit
    rules.loc[money, "penalty"] /= unit
    return instance.replace(saving_value=instance.settings.saving_value / unit, **tables)


def test_scip_is_what_solves_here() -> None:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 4))
    m.cap = pyo.Constraint(expr=2 * m.x <= 7)
    m.worth = pyo.Objective(expr=3 * m.x, sense=pyo.maximize)
    assert by_scip(m) == pytest.approx(10.5)
    m.no = pyo.Constraint(expr=m.x >= 5)
    assert by_scip(m) is None
