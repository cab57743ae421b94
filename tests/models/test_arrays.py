"""Array-backed components behave like Pyomo's own and refuse what they do not hold."""

from __future__ import annotations

import pyomo.environ as pyo
import pytest

from allocator.data import Axis, Index, LookupMiss
from allocator_models.arrays import (
    ArrayConstraint,
    ArrayObjective,
    ArrayParam,
    ArraySet,
    ArraySetOf,
    expand,
)

PLACE = Axis("place", ("North", "South"))
YEAR = Axis("year", (2025, 2026, 2027))


def test_array_set_is_a_pyomo_set() -> None:
    m = pyo.ConcreteModel()
    m.S = ArraySet(Index((PLACE, YEAR), [[0, 1], [2, 0]]))
    assert list(m.S) == [("North", 2027), ("South", 2025)]
    assert len(m.S) == 2
    assert m.S.dimen == 2
    assert ("North", 2027) in m.S
    assert ("North", 2025) not in m.S
    assert ("Nowhere", 2027) not in m.S


def test_array_param_gives_numbers_and_raises_on_a_miss() -> None:
    m = pyo.ConcreteModel()
    m.S = ArraySet(Index.product(PLACE))
    m.p = ArrayParam(m.S, [1.5, 2.5], "price")
    assert m.p["South"] == 2.5
    with pytest.raises(LookupMiss, match="price has no 'West'"):
        m.p["West"]


def test_array_param_needs_a_number_for_every_member() -> None:
    with pytest.raises(ValueError, match="numbers for 2 members"):
        ArrayParam(ArraySet(Index.product(PLACE)), [1.0], "price")


def test_array_set_of_gives_the_group_of_an_owner() -> None:
    pairs = Index((PLACE, YEAR), [[0, 0, 1], [2, 0, 1]])
    years_of = ArraySetOf(pairs.group((0,), Index.product(PLACE)))
    assert list(years_of["North"]) == [2027, 2025]
    assert list(years_of["South"]) == [2026]
    with pytest.raises(LookupMiss, match="'West' is not a member"):
        years_of["West"]


def model() -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    m.S = ArraySet(Index.product(PLACE))
    m.p = ArrayParam(m.S, [1.5, 2.5], "price")
    m.x = pyo.Var(m.S, dense=False, bounds=(0, 10))
    m.least = ArrayConstraint(m.S, rule=lambda m, i: m.p[i] * m.x[i] >= 3)
    m.cost = ArrayObjective(rule=lambda m: sum(m.x[i] for i in m.S), sense=pyo.minimize)
    return m


def test_rows_exist_only_once_expanded() -> None:
    m = model()
    assert len(m.least) == 0
    assert len(m.x) == 0
    assert m.least.array_rule is not None
    expand(m)
    assert str(m.least["North"].body) == "1.5*x[North]"
    assert m.least["South"].lower == 3
    assert str(m.cost.expr) == "x[North] + x[South]"
    assert m.least.array_rule is None
    assert m.cost.array_rule is None


def test_expanding_twice_changes_nothing() -> None:
    m = expand(expand(model()))
    assert len(m.least) == 2
    assert m.cost.sense == pyo.minimize


def test_a_row_without_variables_expands_to_nothing_where_it_holds() -> None:
    m = model()
    m.of = ArraySetOf(Index((PLACE, PLACE), [[0], [1]]).group((0,), Index.product(PLACE)))
    m.holds = ArrayConstraint(m.S, rule=lambda m, i: sum(m.x[j] for j in m.of[i]) <= m.p[i])
    expand(m)
    assert [str(k) for k in m.holds] == ["North"]


def test_a_row_without_variables_that_cannot_hold_is_refused_by_name() -> None:
    m = model()
    m.of = ArraySetOf(Index((PLACE, PLACE), [[0], [1]]).group((0,), Index.product(PLACE)))
    m.fails = ArrayConstraint(m.S, rule=lambda m, i: sum(m.x[j] for j in m.of[i]) >= m.p[i])
    with pytest.raises(ValueError, match=r"fails\[South\]"):
        expand(m)
