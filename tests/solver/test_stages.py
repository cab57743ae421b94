"""The successive solves: reference, best, fewest pounds moved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small import built, production, round_of, solved

import allocator
from allocator.errors import SolverError, UsageError
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.stages import runs
from allocator.solver.stages.runs import StageOptions
from allocator.solver.stages.sequence import StagedSolve

TIED = round_of(
    """programme,sector,pool,unit_cost,baseline
    a,primary,NHS,1,100
    b,primary,NHS,1,100
    c,primary,NHS,1,100
    d,acute,NHS,1,100""",
    budgets="pool,amount\nNHS,400",
    responses="programme,outcome,per_unit\na,QALY,2\nb,QALY,2\nc,QALY,1\nd,QALY,1",
    limits="programme,basis,max\na,baseline,1.5\nb,baseline,1.3",
)
"""a and b are best: 150 and 130, from 100 each. The 80 they take come from c or d alike, so
any split is as good and moves as many pounds; with c at 60 at least, more must come from d."""

FEWEST = round_of(
    """programme,sector,pool,unit_cost,baseline
    a,primary,NHS,1,100
    b,primary,NHS,1,100
    c,primary,NHS,1,100""",
    budgets="pool,amount\nNHS,300",
    responses="programme,outcome,per_unit\na,QALY,1\nb,QALY,1\nc,QALY,1",
    limits="programme,basis,min\na,baseline,1.2",
    rules="rule,measure,sense,value\nnothing,spend,max,1000",
)
"""All are worth the same, so every split of the money is best; the calmest is the reference,
which gives a its 120 and takes 20 from the other two."""


def activity(plan: Plan) -> dict[str, float]:
    return dict(zip(plan.allocation["programme"], plan.allocation["activity"], strict=True))


def staged(instance: Instance, algorithm: str) -> StagedSolve:
    data, program = built(instance)
    return StagedSolve(Solver(program, algorithm=algorithm), data)


@pytest.mark.parametrize("algorithm", ["simplex", "ipx", "pdlp"])
def test_among_equally_good_plans_the_fewest_pounds_move(algorithm: str) -> None:
    plan = allocator.solve(FEWEST, solver=algorithm)
    assert plan.objective == pytest.approx(300)
    assert plan.reference_objective == pytest.approx(300)
    found = activity(plan)
    assert found["a"] == pytest.approx(120)
    assert found["b"] + found["c"] == pytest.approx(180)
    assert plan.allocation["change"].abs().sum() == pytest.approx(0, abs=1e-6)


def test_the_second_stage_never_gives_up_the_first() -> None:
    plan = solved(TIED)
    found = activity(plan)
    assert (found["a"], found["b"]) == (pytest.approx(150), pytest.approx(130))
    assert plan.objective == pytest.approx(2 * 280 + 120)
    assert plan.allocation["change"].abs().sum() == pytest.approx(160)


def test_keep_gives_up_no_more_than_its_share_of_the_gain() -> None:
    full = solved(TIED)
    assert full.objective is not None
    assert full.reference_objective is not None
    gain = full.objective - full.reference_objective
    assert gain == pytest.approx(80)
    calm = allocator.solve(TIED, keep=0.75)
    assert calm.status == "feasible"
    assert calm.verified
    assert calm.objective == pytest.approx(full.reference_objective + 60)
    # a pound moved gains one QALY and takes one from another: 120 pounds move for a gain of 60
    assert calm.allocation["change"].abs().sum() == pytest.approx(120)
    assert calm.certificate.bound == pytest.approx(full.objective)
    assert calm.certificate.gain_gap == pytest.approx(20 / 60, rel=1e-6)


def test_keep_of_nothing_is_the_reference_and_of_everything_the_best() -> None:
    none = allocator.solve(TIED, keep=0.0)
    assert none.allocation["change"].abs().sum() == pytest.approx(0, abs=1e-6)
    assert allocator.solve(TIED, keep=1.0).objective == pytest.approx(680)


@pytest.mark.parametrize("keep", [-0.1, 1.1, float("nan")])
def test_keep_is_a_share(keep: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        allocator.solve(TIED, keep=keep)


def test_held_programmes_stay_at_the_reference() -> None:
    plan = allocator.solve(
        round_of(
            "programme,sector,pool,unit_cost,baseline\na,primary,NHS,1,100\nadmin,management,NHS,1,50",
            budgets="pool,amount\nNHS,200",
            responses="programme,outcome,per_unit\na,QALY,1",
        )
    )
    assert activity(plan) == pytest.approx({"a": 150, "admin": 50})


def perturbed(solution: Solution) -> Solution:
    """What a first-order method may call optimal."""
    assert solution.x is not None
    return replace(solution, x=solution.x + 5e-5 * np.abs(solution.x), algorithm="pdlp")


def test_a_first_order_result_that_is_off_is_polished(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Solver.run

    def run(self: Solver, **options: Any) -> Solution:
        if options.get("algorithm") == "pdlp":
            return perturbed(real(self, **{**options, "algorithm": "simplex"}))
        return real(self, **options)

    monkeypatch.setattr(Solver, "run", run)
    stages = staged(TIED, "pdlp").run()
    assert any(name.startswith("best, polished") for name in stages.algorithms)
    assert stages.best is not None
    assert stages.best.algorithm.startswith("pdlp, then ")
    assert stages.best.objective == pytest.approx(680, rel=1e-12)


def test_an_exact_result_of_another_algorithm_stands() -> None:
    stages = staged(TIED, "ipx").run()
    assert not any("polished" in name for name in stages.algorithms)
    assert stages.best is not None
    assert stages.best.objective == pytest.approx(680)


@pytest.mark.parametrize("algorithm", ["simplex", "ipx", "pdlp"])
def test_every_algorithm_ends_verified_and_certified(algorithm: str) -> None:
    plan = allocator.solve(TIED, solver=algorithm)
    assert plan.verified
    assert plan.certificate.gap is not None
    assert plan.certificate.gap <= 1e-9


def test_an_optimal_result_with_wrong_duals_is_polished(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Solver.run

    def run(self: Solver, **options: Any) -> Solution:
        found = real(self, **{**options, "algorithm": "simplex"})
        if options.get("algorithm") == "ipx":
            assert found.row_dual is not None
            return replace(found, row_dual=found.row_dual * 1.001, algorithm="ipx")
        return found

    monkeypatch.setattr(Solver, "run", run)
    assert any("polished" in name for name in staged(TIED, "ipx").run().algorithms)


def test_a_formulation_without_its_parts_is_refused() -> None:
    data, _ = built(TIED)
    with pytest.raises(SolverError, match="has no activity"):
        StagedSolve(Solver(production()), data)


def test_whole_numbers_are_decided_and_then_fixed() -> None:
    data, program = built(TIED)
    integer, most = program.integer.copy(), program.col_upper.copy()
    block = program.block("activity")
    assert block is not None
    integer[block.start] = True
    most[block.start] = 149.5
    out = StagedSolve(Solver(program.replaced(integer=integer, col_upper=most)), data).run()
    assert out.status == "optimal"
    assert out.best is not None
    assert out.best_program is not None
    # 149 of a, where 149.5 would be best; and 131 taken from what is worth 1.
    assert out.best.objective == pytest.approx(2 * (149 + 130) + 121)
    assert out.bound == pytest.approx(out.best.objective)
    fixed = out.best_program
    assert not fixed.integer.any()
    assert fixed.col_lower[block.start] == fixed.col_upper[block.start] == 149


def test_no_time_left_is_a_limit_and_no_plan() -> None:
    data, program = built(TIED)
    solver = Solver(program, options={"presolve": "off"})
    found = StagedSolve(solver, data, StageOptions(time_limit=0.0)).run()
    assert found.status == "limit"
    assert found.best is None


def test_infeasible_is_only_believed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that calls a feasible programme infeasible is asked again in other units."""
    real = Solver.run

    def run(self: Solver, **options: Any) -> Solution:
        found = real(self, **options)
        return replace(found, status="infeasible") if self.options()["presolve"] != "off" else found

    monkeypatch.setattr(Solver, "run", run)
    plan = allocator.solve(TIED)
    assert plan.status == "optimal"
    assert plan.verified
    assert plan.objective == pytest.approx(680)


def test_a_solution_off_a_small_row_is_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Solver.run

    def run(self: Solver, **options: Any) -> Solution:
        found = real(self, **options)
        if found.x is None or self.options()["presolve"] == "off":
            return found
        return replace(found, x=found.x * (1 + 1e-5))

    monkeypatch.setattr(Solver, "run", run)
    monkeypatch.setattr(runs, "refined", lambda _, found, __: (found, None))
    plan = allocator.solve(TIED)
    assert plan.verified
    assert plan.solver["options"]["presolve"] == "off"


def test_giving_up_twice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Solver.run
    monkeypatch.setattr(Solver, "run", lambda self, **o: replace(real(self, **o), status="unknown"))
    with pytest.raises(SolverError, match="gave up"):
        allocator.solve(TIED)


def test_figures_far_apart_are_solved() -> None:
    """A floor of 0.01 pounds in a budget of a billion is lost in the first solve's units."""
    plan = allocator.solve(
        round_of(
            "programme,sector,pool,unit_cost,baseline\na,primary,NHS,1,1000\nb,acute,NHS,1,1000",
            budgets="pool,amount\nNHS,1000000000",
            responses="programme,outcome,per_unit\na,QALY,2\nb,QALY,1",
            selections="selection,programme\nb,b",
            rules="rule,measure,selection,sense,value\nfloor,spend,b,min,0.01",
        )
    )
    assert plan.verified
    assert activity(plan)["b"] == pytest.approx(0.01, rel=1e-6)
