"""Money is kept to the penny, whatever the size of the pool: rounds at the edge of a budget."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest
from small import round_of

import allocator
from allocator.instance.instance import Instance
from allocator.plan import Plan

BASE = "programme,sector,pool,baseline\nBase,other,Base,1"


def choosing(pool: str, costs: list[str], values: list[int], **tables: str) -> Instance:
    """Options of one pool, worth what they add to an outcome."""
    names = [f"o{n}" for n in range(len(costs))]
    options = [f"{name},Projects,{cost},2025" for name, cost in zip(names, costs, strict=True)]
    effects = [f"{name},outcome,Base,QALY,{v}" for name, v in zip(names, values, strict=True)]
    usual = {
        "budgets": f"pool,amount\nBase,1\nProjects,{pool}",
        "responses": "programme,outcome,per_unit\nBase,QALY,0",
        "options": "\n".join(["option,pool,cost_once,latest", *options]),
        "option_effects": "\n".join(["option,measure,target,outcome,value", *effects]),
    }
    return round_of(tables.pop("programmes", BASE), **(usual | tables))


def taken(plan: Plan) -> list[bool]:
    return [bool(x) for x in plan.options["taken"]]


def best_of(pool: str, costs: list[str], values: list[int]) -> int:
    """Most that the options of a pool are worth, every choice tried in fractions."""
    exact = [Fraction(cost) for cost in costs]
    return max(
        sum(v for v, x in zip(values, choice, strict=True) if x)
        for choice in itertools.product((False, True), repeat=len(costs))
        if sum(c for c, x in zip(exact, choice, strict=True) if x) <= Fraction(pool)
    )


def pennies(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


@pytest.mark.parametrize("over", ["0.02", "0.5", "2", "20", "60", "200"])
@pytest.mark.parametrize("pool", ["1000", "1000000", "1000000000", "20000000000", "100000000000"])
def test_what_does_not_fit_is_not_taken(pool: str, over: str) -> None:
    plan = allocator.solve(choosing(pool, [over, pool], [3, 5]))
    assert (plan.status, plan.verified) == ("optimal", True)
    assert plan.objective == plan.certificate.bound == 5.0
    assert taken(plan) == [False, True]
    assert (plan.budgets["slack"] >= 0.0).all()


@pytest.mark.parametrize(
    ("pool", "costs"),
    [
        ("1000000000", ["333333333.33", "333333333.33", "333333333.34"]),
        ("0.3", ["0.1", "0.2"]),
        ("999.5", ["19.99"] * 50),
        ("20000000000.03", ["9999999999.99", "10000000000.04"]),
    ],
)
def test_what_fits_exactly_is_taken(pool: str, costs: list[str]) -> None:
    plan = allocator.solve(choosing(pool, costs, [1] * len(costs)))
    assert plan.verified
    assert all(taken(plan))


@pytest.mark.parametrize("seed", range(30))
def test_choices_at_the_edge_of_a_budget(seed: int) -> None:
    rng = random.Random(seed)
    size = 10 ** rng.choice([5, 7, 9, 11, 12]) * rng.randint(1, 20)  # pennies
    cost = [rng.randint(1, size) if rng.random() < 0.6 else rng.randint(1, 5000) for _ in range(8)]
    some = [c for c in cost if rng.random() < 0.5] or cost[:1]
    pool = pennies(max(1, sum(some) + rng.choice([0, 0, -1, -2, -5, -50, -300, 1, 40])))
    costs, values = [pennies(c) for c in cost], [rng.randint(1, 9) for _ in cost]
    plan = allocator.solve(choosing(pool, costs, values), gap=0.0)
    assert (plan.status, plan.verified) == ("optimal", True)
    assert plan.objective == best_of(pool, costs, values)


@pytest.mark.parametrize("seed", range(20))
def test_choices_beside_a_service_and_a_transfer(seed: int) -> None:
    """Money left over buys a little care, and may come from another pool."""
    rng = random.Random(100 + seed)
    size = 10 ** rng.choice([5, 8, 10, 12])
    cost = [rng.randint(1, size) for _ in range(6)]
    whole = sum(c for c in cost if rng.random() < 0.5) + rng.choice([0, -1, -3, 100])
    given = rng.randint(0, max(0, whole)) if whole > 0 else 0
    pool, other = max(1, whole - given), given + 1
    costs, values = [pennies(c) for c in cost], [rng.randint(1, 9) for _ in cost]
    worth = 1000 * 0.5 / (size * 0.06)
    tables = {
        "programmes": "programme,sector,pool,baseline,unit_cost\n"
        "Base,other,Base,1,1\nCare,other,Projects,0,1000",
        "budgets": f"pool,amount\nBase,1\nProjects,{pennies(pool)}\nOther,{pennies(other)}",
        "transfers": f"from_pool,to_pool,max\nOther,Projects,{pennies(max(1, given))}",
        "responses": f"programme,outcome,per_unit\nBase,QALY,0\nCare,QALY,{worth!r}",
        "limits": "programme,basis,max\nCare,activity,1000000000000",
    }
    plan = allocator.solve(choosing("0", costs, values, **tables), gap=0.0)
    assert (plan.status, plan.verified) == ("optimal", True)
    least = best_of(pennies(pool + max(1, given)), costs, values)
    assert plan.objective is not None
    assert least <= plan.objective < least + 1.0
    assert (plan.budgets["slack"] > -1e-3).all()
