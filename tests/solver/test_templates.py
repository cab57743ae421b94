"""What a rule may not do raises, and nothing stays patched."""

from __future__ import annotations

import builtins
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.base.set import _FiniteSetMixin
from pyomo.core.expr.template_expr import IndexTemplate

from allocator.data import Axis, Index
from allocator.errors import SolverError
from allocator.solver.compile.compiler import compile_model
from allocator.solver.compile.templates import templatizing
from allocator.solver.program import Program
from allocator_models.arrays import (
    Constraint,
    Members,
    Objective,
    Param,
    Set,
)

PLACE = Axis("place", ("North", "South", "West"))
YEAR = Axis("year", (2025, 2026))
SUM, ITERATE = builtins.sum, _FiniteSetMixin.__iter__
GUARDED = ("__bool__", "__eq__", "__format__", "__hash__")
TEMPLATE = {name: getattr(IndexTemplate, name, None) for name in GUARDED}


def model(rule: Callable[..., Any], over: str = "S") -> Any:
    """Model with sets S (place) and T (year), pairs of both, params p and q, a Var each."""
    m = pyo.ConcreteModel()
    m.S, m.T = Set(Index.product(PLACE)), Set(Index.product(YEAR))
    m.p = Param(m.S, [1.0, 2.0, 3.0], "p")
    pairs = Index((PLACE, YEAR), [[0, 0, 2], [0, 1, 1]])
    m.ST = Set(pairs)
    m.q = Param(m.ST, [10.0, 20.0, 30.0], "q")
    m.years_of = Members(pairs, Index.product(PLACE))
    m.x = pyo.Var(m.S, dense=False, bounds=(0, 10))
    m.y = pyo.Var(m.ST, dense=False, bounds=(0, 10))
    m.z = pyo.Var(bounds=(0, 1))
    m.rule = Constraint(getattr(m, over), rule=rule)
    m.worth = Objective(rule=lambda m: m.z, sense=pyo.maximize)
    return m


def compiled(rule: Callable[..., Any], over: str = "S") -> Program:
    return compile_model(model(rule, over))


def nothing_is_patched() -> None:
    assert builtins.sum is SUM
    assert _FiniteSetMixin.__iter__ is ITERATE
    for name, method in TEMPLATE.items():
        assert getattr(IndexTemplate, name, None) is method, name


def dense(program: Program) -> list[list[float]]:
    rows: list[list[float]] = program.matrix.toarray().tolist()
    return rows


# what may be said


def test_sums_over_groups_have_as_many_terms_as_members() -> None:
    program = compiled(lambda m, i: m.x[i] + sum(m.q[i, t] * m.y[i, t] for t in m.years_of[i]) <= 5)
    assert dense(program) == [
        [1, 0, 0, 10, 20, 0, 0],
        [0, 1, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 30, 0],
    ]
    assert program.row_upper.tolist() == [5, 5, 5]
    nothing_is_patched()


def test_sums_inside_sums_and_terms_that_meet_add_up() -> None:
    program = compiled(
        lambda m, i: (
            sum(m.x[j] + sum(m.y[j, t] for t in m.years_of[j]) for j in m.S) - m.p[i] * m.x[i]
            >= m.p[i]
        )
    )
    # x[i] appears twice: its coefficients add up, and 0 is no entry
    assert program.row_lower.tolist() == [1, 2, 3]
    assert dense(program) == [
        [0, 1, 1, 1, 1, 1, 0],
        [1, -1, 1, 1, 1, 1, 0],
        [1, 1, -2, 1, 1, 1, 0],
    ]
    assert program.matrix.nnz == 5 + 6 + 6


def test_numbers_divisions_and_ranges() -> None:
    program = compiled(lambda m, i: pyo.inequality(1, m.x[i] / m.p[i] + 2 * m.z - 4, 6))
    assert program.row_lower.tolist() == [5, 5, 5]
    assert program.row_upper.tolist() == [10, 10, 10]
    assert dense(program)[2] == pytest.approx([0, 0, 1 / 3, 0, 0, 0, 2])
    program = compiled(lambda m, i: -m.x[i] == m.p[i] - 3)
    assert program.row_lower.tolist() == program.row_upper.tolist() == [-2, -1, 0]


def test_constants_inside_sums_count_once_a_member() -> None:
    program = compiled(lambda m, i: m.x[i] <= sum(m.q[i, t] + 1 for t in m.years_of[i]))
    assert program.row_upper.tolist() == [32, 0, 31]


def test_an_empty_index_set_makes_no_rows() -> None:
    m = model(lambda m, i: m.x[i] <= 1)
    m.none = Set(Index((PLACE, YEAR), [[], []]))
    m.r = Param(m.none, [], "r")
    m.w = pyo.Var(m.none, dense=False, bounds=(0, 1))
    m.years_of_none = Members(m.none.array_index, Index.product(PLACE))
    m.empty = Constraint(
        m.none, rule=lambda m, i, t: sum(m.w[i, s] for s in m.years_of_none[i]) <= m.r[i, t]
    )
    m.total = Constraint(m.T, rule=lambda m, t: m.z + sum(m.w[i, s] for i, s in m.none) <= 3)
    program = compile_model(m)
    assert [b.name for b in program.rows] == ["rule", "total"]
    assert program.row_upper.tolist() == [1, 1, 1, 3, 3]


def test_a_model_with_nothing_in_it() -> None:
    m = pyo.ConcreteModel()
    m.S = Set(Index((PLACE,), [[]]))
    m.x = pyo.Var(m.S, dense=False, bounds=lambda m, i: (0, 1))
    m.rule = Constraint(m.S, rule=lambda m, i: m.x[i] <= 1)
    m.worth = Objective(rule=lambda m: sum(m.x[i] for i in m.S), sense=pyo.maximize)
    assert compile_model(m).shape == (0, 0)


# what may not be said

LOOKUP = {"North": 1.0, "South": 2.0, "West": 3.0}


@pytest.mark.parametrize(
    "rule",
    [
        lambda m, i: m.x[i] <= (1 if i == "North" else 2),
        lambda m, i: m.x[i] <= (1 if i != "North" else 2),
        lambda m, i: m.x[i] <= (1 if i else 2),
        lambda m, i: m.x[i] <= (1 if not i else 2),
        lambda m, i: m.x[i] <= (1 if i and True else 2),
        lambda m, i: m.x[i] <= (1 if i in ("North", "South") else 2),
        lambda m, i: m.x[i] <= (1 if i in {"North"} else 2),
        lambda m, i: m.x[i] <= (1 if i in LOOKUP else 2),
        lambda m, i: m.x[i] <= LOOKUP[i],
        lambda m, i: m.x[i] <= LOOKUP.get(i, 0.0),
        lambda m, i: m.x[i] <= (1 if i in m.S else 2),
        lambda m, i: m.x[i] <= len(f"{i}"),
        lambda m, i: m.x[i] <= len(f"{i:>9}"),
        lambda m, i: m.x[i] <= np.array([1.0, 2.0, 3.0])[i],
        lambda m, i: m.x[i] <= (1 if m.p[i] > 2 else 2),
        lambda m, i: m.x[i] <= (1 if m.p[i] else 2),
        lambda m, i: m.x[i] <= max(m.p[i], 2),
        lambda m, i: m.x[i] <= min(m.p[i], 2),
        lambda m, i: m.x[i] <= float(m.p[i]),
        lambda m, i: m.x[i] * m.x[i] <= 1,
        lambda m, i: m.p[i] / m.x[i] <= 1,
        lambda m, i: m.x[i] ** 2 <= 1,
        lambda m, i: pyo.Constraint.Skip,
        lambda m, i: True,
        lambda m, i: m.x[i],
        lambda m, i: sum(m.x[j] for j in m.S if j == "North") <= 1,
        lambda m, i: sum(m.x[j] for j in m.S if m.p[j] > 1) <= 1,
        lambda m, i: sum((m.x[j] for j in m.S), 5.0) <= 1,
        lambda m, i: sum([m.x[j] for j in m.S]) <= 1,
        lambda m, i: pyo.quicksum(m.x[j] for j in m.S) <= 1,
        lambda m, i: sum(m.x[j] for j in PLACE.labels) <= 1,
        lambda m, i: sum(m.y[i, t] for t in m.T) <= 1,
        lambda m, i: m.y[i, 2025] <= 1,
        lambda m, i: m.x["East"] <= m.p[i],
        lambda m, i: m.q[i, 2026] * m.x[i] <= 1,
    ],
)
def test_misuse_of_an_index_raises(rule: Callable[..., Any], caplog: Any) -> None:
    with pytest.raises((SolverError, KeyError)):
        compiled(rule)
    nothing_is_patched()


def test_a_look_up_miss_names_what_was_missed() -> None:
    with pytest.raises(SolverError, match=r"'rule'.*\('South', 2025\) is not a member"):
        compiled(lambda m, i: m.q[i, 2025] * m.x[i] <= 1)


def test_coordinates_of_another_kind_raise() -> None:
    with pytest.raises(SolverError, match="a year was used where"):
        compiled(lambda m, t: sum(m.p[t] * m.x[j] for j in m.S) <= 1, over="T")


def test_equal_labels_on_another_axis_are_another_kind() -> None:
    """Two axes with labels alike would give the wrong column without a sound."""
    twin = Axis("home", ("South", "North", "West"))
    m = model(lambda m, i: m.x[i] <= 1)
    m.twins = Set(Index.product(twin))
    m.wrong = Constraint(m.twins, rule=lambda m, h: m.x[h] <= 1)
    with pytest.raises(SolverError, match="a home was used where"):
        compile_model(m)


# nothing stays patched


def test_everything_is_put_back_after_an_error() -> None:
    with pytest.raises(SolverError):
        compiled(lambda m, i: sum(m.x[j] for j in m.S) <= 1 / 0)
    nothing_is_patched()
    assert sum(v for v in (1, 2)) == 3
    assert list(model(lambda m, i: m.x[i] <= 1).S) == ["North", "South", "West"]


def test_everything_is_put_back_though_pyomo_left_it() -> None:
    with templatizing():
        builtins.sum = lambda *_: 0
    nothing_is_patched()


def test_two_threads_may_compile_at_once() -> None:
    found: dict[int, list[list[float]]] = {}
    inside, most = 0, 0

    def rule(m: Any, i: Any) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.002)
        expression = m.x[i] + sum(m.q[i, t] * m.y[i, t] for t in m.years_of[i]) <= 5
        inside -= 1
        return expression

    def work(number: int) -> None:
        for _ in range(10):
            found[number] = dense(compiled(rule))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    assert all(rows == found[0] for rows in found.values())
    assert most == 1, "two rules were recorded at once"
    nothing_is_patched()


def test_other_threads_keep_their_sums_and_sets_meanwhile() -> None:
    found: list[Any] = []
    places = Set(Index.product(PLACE))
    places.construct()

    def elsewhere() -> None:
        found.append(sum(v for v in (1, 2, 3)))
        found.append(sum((v for v in ()), 5.0))
        found.append(sum(v for v in ()))
        found.append(list(places))

    def rule(m: Any, i: Any) -> Any:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(60)
        return sum(m.x[j] for j in m.S) <= m.p[i]

    assert dense(compiled(rule))[0] == [1, 1, 1, 0, 0, 0, 0]
    assert found == [6, 5.0, 0, ["North", "South", "West"]]
