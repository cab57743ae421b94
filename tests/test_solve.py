"""From an instance to a plan: against enumeration in plain Python, and what a planner may ask."""

from __future__ import annotations

import itertools
import random
import tomllib
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest
from every_family import every_family
from packaging.requirements import Requirement
from small import round_of, solved

import allocator
from allocator.errors import AllocatorError, UnsoundError, UsageError
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.solver.highs.door import Solver
from allocator.solver.stages import runs

ROOT = Path(__file__).parents[1]


def by_activity(plan: Plan) -> dict[tuple[str, int], float]:
    table = plan.allocation
    keys = zip(table["programme"], table["year"], strict=True)
    return dict(zip(keys, table["activity"], strict=True))


# enumeration


def mix(seed: int) -> tuple[Instance, float, float]:
    """Three programmes, money and beds; best on a grid, and what a step of it is worth.

    Every constraint is a ceiling, so that any plan rounded down to the grid is allowed.
    """
    rng = random.Random(seed)
    cost = [rng.randint(1, 4) for _ in range(3)]
    beds = [rng.randint(0, 3) for _ in range(3)]
    slopes = [sorted((rng.randint(1, 9) for _ in range(2)), reverse=True) for _ in range(3)]
    knee, most = [rng.randint(2, 5) for _ in range(3)], [rng.randint(6, 9) for _ in range(3)]
    money, room = rng.randint(15, 30), rng.randint(8, 20)

    def worth(i: int, x: float) -> float:
        return slopes[i][0] * min(x, knee[i]) + slopes[i][1] * max(0.0, x - knee[i])

    best = max(
        sum(worth(i, x) for i, x in enumerate(plan))
        for plan in itertools.product(*(range(m + 1) for m in most))
        if sum(c * x for c, x in zip(cost, plan, strict=True)) <= money
        and sum(b * x for b, x in zip(beds, plan, strict=True)) <= room
    )
    used = "".join(f"\n{n},beds,{b}" for n, b in zip("abc", beds, strict=True))
    points = "".join(
        f"\n{n},QALY,0,0\n{n},QALY,{knee[i]},{worth(i, knee[i])}\n{n},QALY,20,{worth(i, 20)}"
        for i, n in enumerate("abc")
    )
    instance = round_of(
        "programme,sector,pool,unit_cost,baseline"
        + "".join(f"\n{n},x,NHS,{c},1" for n, c in zip("abc", cost, strict=True)),
        budgets=f"pool,amount\nNHS,{money}",
        limits="programme,basis,max"
        + "".join(f"\n{n},activity,{m}" for n, m in zip("abc", most, strict=True)),
        responses="programme,outcome,shape\na,QALY,points\nb,QALY,points\nc,QALY,points",
        response_points="programme,outcome,activity,effect" + points,
        resources="resource\nbeds",
        capacity=f"resource,amount\nbeds,{room}",
        use="programme,resource,per_unit" + used,
    )
    return instance, best, float(sum(max(s) for s in slopes))


@pytest.mark.parametrize("seed", range(12))
def test_a_mix_is_as_good_as_the_best_of_all_mixes(seed: int) -> None:
    instance, best, step = mix(seed)
    plan = allocator.solve(instance)
    assert plan.verified
    assert plan.objective is not None
    assert best - 1e-6 <= plan.objective <= best + step


def waiting(seed: int) -> tuple[Instance, float]:
    """A waiting list and a rival for its money over two years, with money carried on.

    Whole numbers throughout and one unit of money a unit of activity: the constraints are
    those of a network, so that a best plan in whole numbers is a best plan.
    """
    rng = random.Random(seed)
    need, backlog, harm, value = rng.randint(3, 6), rng.randint(0, 3), rng.randint(1, 5), 3
    money, carry, most = [rng.randint(3, 8) for _ in range(2)], rng.randint(0, 3), rng.randint(1, 5)
    best = -1e9
    for a1, a2, b1, b2 in itertools.product(range(13), range(13), range(most + 1), range(most + 1)):
        u1 = need + backlog - a1
        u2 = need + u1 - a2
        kept = money[0] - a1 - b1
        if min(u1, u2, kept) < 0 or a2 + b2 > money[1] + min(kept, carry):
            continue
        best = max(best, value * (b1 + 0.8 * b2) - harm * (u1 + 0.8 * u2))
    instance = round_of(
        "programme,sector,pool,unit_cost,baseline\na,acute,NHS,1,3\nb,primary,NHS,1,1",
        years=(2025, 2026),
        settings={"discount_rate": 0.25},
        budgets=f"""pool,year,amount,carry_max
        NHS,2025,{money[0]},{carry}
        NHS,2026,{money[1]},0""",
        responses=f"programme,outcome,per_unit\nb,QALY,{value}",
        limits=f"programme,basis,max\nb,activity,{most}",
        demand=f"""programme,demand,opening_backlog,carry,harm_outcome,harm
        a,{need},{backlog},1,QALY,{harm}""",
    )
    return instance, best


@pytest.mark.parametrize("seed", range(12))
def test_a_waiting_list_is_worked_off_as_well_as_it_can_be(seed: int) -> None:
    instance, best = waiting(seed)
    plan = allocator.solve(instance)
    assert plan.verified
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=1e-9)


def prevention(seed: int) -> tuple[Instance, float, float]:
    """Prevention that avoids admissions in its own year and, fading, in the next two.

    Admissions must be met; what prevention frees is spent on a third programme. Enumerated
    over prevention in each of three years; the rest follows.
    """
    rng = random.Random(seed)
    per_unit, fade = rng.choice([0.25, 0.5, 0.75]), rng.choice([0.0, 0.5, 1.0])
    admissions, price, money = 40, rng.randint(2, 5), 0
    base, most = rng.randint(0, 3), rng.randint(4, 8)
    money = admissions * price + most + rng.randint(0, 10)
    best, years = -1e9, 3
    for activity in itertools.product(range(most + 1), repeat=years):
        worth = 0.0
        for t in range(years):
            kept = sum(per_unit * fade ** (t - s) * (activity[s] - base) for s in range(t + 1))
            admitted = admissions - min(kept, admissions)
            left = money - activity[t] - price * admitted
            if left < 0 or kept < -sum(per_unit * fade ** (t - s) * base for s in range(t + 1)):
                break
            worth += 2 * left
        else:
            best = max(best, worth)
    instance = round_of(
        f"""programme,sector,pool,unit_cost,baseline,class,held
        falls,community,NHS,1,{base},discretionary,no
        admissions,acute,NHS,{price},{admissions},emergency,
        other,primary,NHS,1,1,discretionary,""",
        years=(2025, 2026, 2027),
        settings={"accept_money_pump": ["falls"]},
        budgets=f"pool,amount\nNHS,{money}",
        responses="programme,outcome,per_unit\nother,QALY,2",
        limits=f"programme,basis,max\nfalls,activity,{most}",
        demand=f"programme,demand\nadmissions,{admissions}",
        effects=f"source,target,per_unit,delay,fade\nfalls,admissions,{per_unit},0,{fade}",
    )
    step = 2 * years * (1 + price * per_unit * years)
    return instance, best, step


@pytest.mark.parametrize("seed", range(10))
def test_prevention_is_worth_what_it_frees(seed: int) -> None:
    instance, best, step = prevention(seed)
    assert best > -1e8, "some plan is allowed"
    plan = allocator.solve(instance)
    assert plan.verified
    assert plan.objective is not None
    assert best - 1e-6 <= plan.objective <= best + step


def missed(seed: int) -> tuple[Instance, float]:
    """A soft floor and a soft ceiling that money cannot meet together, in whole units."""
    rng = random.Random(seed)
    money, floor, ceiling = rng.randint(8, 15), rng.randint(4, 9), rng.randint(1, 6)
    worth, short, over = rng.randint(1, 4), rng.randint(1, 6), rng.randint(1, 6)
    best = max(
        worth * a + b - short * max(0, floor - b) - over * max(0, a - ceiling)
        for a in range(money + 1)
        for b in range(money + 1 - a)
    )
    instance = round_of(
        "programme,sector,pool,unit_cost,baseline\na,acute,NHS,1,5\nb,primary,NHS,1,5",
        budgets=f"pool,amount\nNHS,{money}",
        responses=f"programme,outcome,per_unit\na,QALY,{worth}\nb,QALY,1",
        selections="selection,programme\na,a\nb,b",
        rules=f"""rule,measure,selection,sense,value,penalty
        floor,spend,b,min,{floor},{short}
        ceiling,spend,a,max,{ceiling},{over}""",
    )
    return instance, float(best)


@pytest.mark.parametrize("seed", range(10))
def test_soft_rules_are_missed_where_that_is_best(seed: int) -> None:
    instance, best = missed(seed)
    plan = allocator.solve(instance)
    assert plan.verified
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=1e-9)
    slack = dict(zip(plan.rules["rule"], plan.rules["slack"], strict=True))
    missing = dict(zip(plan.rules["rule"], plan.rules["violation"], strict=True))
    for rule in ("floor", "ceiling"):
        assert missing[rule] == pytest.approx(max(0.0, -slack[rule]), abs=1e-7)


def test_a_round_of_every_family_is_solved_and_bears_out_its_own_tables() -> None:
    instance = every_family()
    plan = solved(instance)
    assert plan.status == "optimal"
    assert plan.verified, plan.max_violation
    c = plan.certificate
    assert c.missing is not None
    assert c.gain is not None
    assert c.gain > 0
    assert c.allowed is not None
    assert c.missing <= c.allowed
    assert plan.model["integers"] == plan.decisions["count"].sum()
    again = evaluate(instance, plan.tables)
    assert again.allowed
    assert again.objective == pytest.approx(c.true_objective, rel=1e-12)


# what a planner may ask

SMALL = round_of(
    """programme,sector,pool,unit_cost,baseline
    gp,primary,NHS,1,100
    bed,acute,NHS,2,50""",
    budgets="pool,amount\nNHS,230",
    responses="programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,3",
    limits="programme,basis,min,max\ngp,baseline,0.5,\nbed,baseline,,1.4",
)
"""A bed buys 1.5 a pound and a gp 1: 70 beds for 140, and 90 gp. Worth 300."""


def test_by_hand() -> None:
    plan = solved(SMALL)
    assert plan.status == "optimal"
    assert plan.verified
    assert by_activity(plan) == pytest.approx({("bed", 2025): 70, ("gp", 2025): 90})
    assert plan.objective == pytest.approx(300)
    assert plan.certificate.certified_bound == pytest.approx(300)
    price = dict(zip(plan.budgets["pool"], plan.budgets["price"], strict=True))
    assert price == pytest.approx({"NHS": 1})
    limit = plan.limits.set_index("programme")["price"]
    assert limit["bed"] == pytest.approx(1)  # 3 for 2 pounds that a gp turns into 2


def at_most_60_beds(model: Any, data: Any) -> None:
    model.few_beds = pyo.Constraint(expr=model.activity["bed", 2025] <= 60)


def test_extra_constraints_are_part_of_the_plan() -> None:
    plan = allocator.solve(SMALL, extra=at_most_60_beds)
    assert by_activity(plan) == pytest.approx({("bed", 2025): 60, ("gp", 2025): 110})
    assert plan.objective == pytest.approx(290)
    assert plan.verified


def test_extra_constraints_go_into_a_process_of_its_own() -> None:
    plan = allocator.solve(SMALL, extra=at_most_60_beds, hard_time_limit=120)
    assert plan.objective == pytest.approx(290)


def test_an_extra_variable_may_be_priced_by_its_own_constraint() -> None:
    def together(model: Any, data: Any) -> None:
        model.least = pyo.Var(bounds=(0, 1000))
        model.both = pyo.Constraint(
            data.programme.labels, rule=lambda m, i: m.least <= m.activity[i, 2025]
        )
        model.enough = pyo.Constraint(expr=model.least >= 65)

    plan = allocator.solve(SMALL, extra=together)
    assert plan.objective == pytest.approx(300)
    fixed = allocator.solve(SMALL, extra=lambda m, d: m.activity["gp", 2025].fix(100))
    assert by_activity(fixed) == pytest.approx({("bed", 2025): 65, ("gp", 2025): 100})


def test_extra_whole_numbers_are_decided() -> None:
    def whole(model: Any, data: Any) -> None:
        model.wards = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 9))
        model.in_wards = pyo.Constraint(expr=model.activity["bed", 2025] == 20 * model.wards)

    # Three wards of 20, where three and a half would be best.
    plan = allocator.solve(SMALL, extra=whole)
    assert plan.verified
    assert by_activity(plan) == pytest.approx({("bed", 2025): 60, ("gp", 2025): 110})
    assert plan.objective == pytest.approx(290)
    assert plan.model["integers"] == plan.solver["fixed_for_prices"] == 1


def test_extra_constraints_that_clash_are_named() -> None:
    def clash(model: Any, data: Any) -> None:
        model.many_beds = pyo.Constraint(expr=model.activity["bed", 2025] >= 200)

    plan = allocator.solve(SMALL, extra=clash)
    assert plan.status == "infeasible"
    assert "many_beds" in " ".join(plan.conflict)


def test_bounds_that_cross_are_infeasible_and_named() -> None:
    def cross(model: Any, data: Any) -> None:
        model.activity["bed", 2025].setlb(90)

    plan = allocator.solve(SMALL, extra=cross)
    assert plan.status == "infeasible"
    assert "bed" in " ".join(plan.conflict)


def test_a_plan_that_was_not_found_has_no_tables() -> None:
    plan = allocator.solve(SMALL, extra=lambda m, d: m.activity["bed", 2025].setlb(90))
    assert not plan.found
    assert not plan.verified
    with pytest.raises(AllocatorError, match="no plan to read allocation from: status infeasible"):
        _ = plan.allocation
    assert plan.to_dict()["objective"] is None


def test_a_solution_that_is_wrong_is_never_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that returns twice the beds there is money for is caught by the check."""
    real = Solver.run

    def run(self: Solver, **options: Any) -> Any:
        found = real(self, **options)
        if found.x is None:
            return found
        x = found.x.copy()
        block = self.program.block("activity")
        assert block is not None
        x[block.span] *= 2
        return replace(found, x=x)

    monkeypatch.setattr(Solver, "run", run)
    monkeypatch.setattr(runs, "refined", lambda solver, solution, money: (solution, None))
    with pytest.raises(UnsoundError, match="above the most allowed"):
        allocator.solve(SMALL)


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="not one of auto, simplex"):
        allocator.solve(SMALL, solver="barrier")
    with pytest.raises(UsageError, match="no formulation"):
        allocator.solve(SMALL, formulation="mip")


def test_what_ran_is_recorded() -> None:
    plan = allocator.solve(SMALL, solver="ipx")
    assert plan.solver["name"] == "highs"
    assert plan.solver["version"] == metadata.version("highspy")
    assert [stage.split(":")[0] for stage in plan.solver["stages"][:3]] == [
        "reference",
        "reference value",
        "best",
    ]
    assert set(plan.versions) >= {"allocator", "pyomo", "highspy", "numpy", "scipy", "pandas"}
    assert plan.instance["sha256"] == SMALL.sha256
    assert plan.model["integers"] == 0
    assert plan.seconds["total"] >= plan.seconds["solve"]


def test_the_same_instance_gives_the_same_plan() -> None:
    one = solved(SMALL)
    allocator.solve(round_of("programme,sector,pool,baseline\nx,y,NHS,7"))
    two = allocator.solve(SMALL)
    assert one.allocation.equals(two.allocation)
    assert one.objective == two.objective


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_nothing(threads: int) -> None:
    assert allocator.solve(SMALL, threads=threads).objective == pytest.approx(300)


# versions


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [Requirement(text) for text in [*project["dependencies"], *extras["test"]]]


@pytest.mark.parametrize("requirement", requirements(), ids=lambda r: r.name)
def test_what_is_installed_is_what_was_tried(requirement: Requirement) -> None:
    assert requirement.specifier.contains(metadata.version(requirement.name), prereleases=True)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("pyomo", ["6.10.1"], ["6.10.0", "6.11.0"]),
        ("highspy", ["1.15.1"], ["1.14.0", "1.15.0", "1.16.0"]),
    ],
)
def test_versions_that_were_not_tried_are_not_installed(
    name: str, inside: list[str], outside: list[str]
) -> None:
    """Template classes of Pyomo are internal, and HiGHS 1.14 returned wrong optima."""
    (requirement,) = [r for r in requirements() if r.name == name]
    assert all(requirement.specifier.contains(v) for v in inside)
    assert not any(requirement.specifier.contains(v) for v in outside)
