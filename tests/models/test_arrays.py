"""Array-backed components behave like Pyomo's own and refuse what they do not hold."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyomo.environ as pyo
import pytest
from untemplated import differences

from allocator.data import Axis, Index, LookupMiss
from allocator.solver.compile.compiler import compile_model
from allocator_models.arrays import (
    Coefficients,
    Constraint,
    Members,
    Model,
    Objective,
    Param,
    Set,
    Var,
    expand,
    optional,
)

PLACE = Axis("place", ("North", "South"))
YEAR = Axis("year", (2025, 2026, 2027))


def test_array_set_is_a_pyomo_set() -> None:
    m = pyo.ConcreteModel()
    m.S = Set(Index((PLACE, YEAR), [[0, 1], [2, 0]]))
    assert list(m.S) == [("North", 2027), ("South", 2025)]
    assert len(m.S) == 2
    assert m.S.dimen == 2
    assert ("North", 2027) in m.S
    assert ("North", 2025) not in m.S
    assert ("Nowhere", 2027) not in m.S


def test_array_param_gives_numbers_and_raises_on_a_miss() -> None:
    m = pyo.ConcreteModel()
    m.S = Set(Index.product(PLACE))
    m.p = Param(m.S, [1.5, 2.5], "price")
    assert m.p["South"] == 2.5
    with pytest.raises(LookupMiss, match="price has no 'West'"):
        m.p["West"]


def test_array_param_needs_a_number_for_every_member() -> None:
    with pytest.raises(ValueError, match="numbers for 2 members"):
        Param(Set(Index.product(PLACE)), [1.0], "price")


def test_array_set_of_gives_the_group_of_an_owner() -> None:
    pairs = Index((PLACE, YEAR), [[0, 0, 1], [2, 0, 1]])
    years_of = Members(pairs, Index.product(PLACE))
    assert list(years_of["North"]) == [2027, 2025]
    assert list(years_of["South"]) == [2026]
    with pytest.raises(LookupMiss, match="'West' is not a member"):
        years_of["West"]


def model() -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    m.S = Set(Index.product(PLACE))
    m.p = Param(m.S, [1.5, 2.5], "price")
    m.x = pyo.Var(m.S, dense=False, bounds=(0, 10))
    m.least = Constraint(m.S, rule=lambda m, i: m.p[i] * m.x[i] >= 3)
    m.cost = Objective(rule=lambda m: sum(m.x[i] for i in m.S), sense=pyo.minimize)
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
    m.of = Members(Index((PLACE, PLACE), [[0], [1]]), Index.product(PLACE))
    m.holds = Constraint(m.S, rule=lambda m, i: sum(m.x[j] for j in m.of[i]) <= m.p[i])
    expand(m)
    assert [str(k) for k in m.holds] == ["North"]


def test_a_row_without_variables_that_cannot_hold_is_refused_by_name() -> None:
    m = model()
    m.of = Members(Index((PLACE, PLACE), [[0], [1]]), Index.product(PLACE))
    m.fails = Constraint(m.S, rule=lambda m, i: sum(m.x[j] for j in m.of[i]) >= m.p[i])
    with pytest.raises(ValueError, match=r"fails\[South\]"):
        expand(m)


def test_a_parameter_takes_its_own_numbers_from_a_larger_table() -> None:
    some = Index((PLACE, YEAR), [[1, 0], [0, 2]])
    assert Param(some, [[1, 2, 3], [4, 5, 6]]).array_values.tolist() == [4, 3]
    over = Index.product(PLACE, YEAR)
    assert Param(some, [1, 2, 3, 4, 5, 6], over=over).array_values.tolist() == [4, 3]
    with pytest.raises(LookupMiss, match=r"\('South', 2025\) is not a member"):
        Param(some, [1, 2], over=over.take([0, 5]))


@pytest.mark.parametrize("values", [[1, 2, 3], [[1, 2], [3, 4]], [[1, 2, 3]], 1])
def test_a_table_of_another_shape_is_refused(values: Any) -> None:
    with pytest.raises(ValueError, match=r"param: \(.*\) numbers for 2 members"):
        Param(Index((PLACE, YEAR), [[1, 0], [0, 2]]), values)


def test_a_model_names_its_parameters() -> None:
    m = Model(name="named")
    m.S = Set(Index.product(PLACE))
    m.price = Param(m.S, [1.5, 2.5])
    m.share = Coefficients(Sparse(Index.product(PLACE, YEAR), np.ones(6)), m.S)
    with pytest.raises(LookupMiss, match="price has no 'West'"):
        m.price["West"]
    with pytest.raises(LookupMiss, match=r"share has no \('West', 2025\)"):
        m.share["West", 2025]


class Sparse(NamedTuple):
    rows: Index
    coefficient: Any


def summed() -> Model:
    """A model whose rows add up optional terms, and terms with coefficients."""
    m = Model(name="summed")
    m.S = Set(Index.product(PLACE))
    m.T = Set(Index.product(YEAR))
    m.x = Var(m.S, bounds=lambda m, i: (0.0, 9.0))
    m.some = Set(Index((PLACE,), [[1]]))
    m.y = Var(m.some, bounds=lambda m, i: (0.0, 9.0))
    m.y_here = optional(m.some, m.S)
    pairs = Index((YEAR, PLACE), [[0, 2, 2], [1, 0, 1]])
    m.share = Coefficients(Sparse(pairs, np.array([2.0, 3.0, 4.0])), m.T)
    m.both = Constraint(m.S, rule=lambda m, i: m.x[i] + sum(m.y[j] for j in m.y_here[i]) <= 5.0)
    m.mixed = Constraint(m.T, rule=lambda m, t: m.share.times(m.x, t) <= 7.0)
    m.cost = Objective(rule=lambda m: sum(m.x[i] for i in m.S), sense=pyo.minimize)
    return m


def test_optional_terms_and_coefficients_add_up() -> None:
    program = compile_model(summed())
    assert program.row_names() == [
        *("both[North]", "both[South]"),
        *("mixed[2025]", "mixed[2026]", "mixed[2027]"),
    ]
    assert program.matrix.toarray().tolist() == [
        [1, 0, 0],
        [0, 1, 1],
        [0, 2, 0],
        [0] * 3,
        [3, 4, 0],
    ]


def test_optional_terms_and_coefficients_expand_to_the_same() -> None:
    m = summed()
    assert differences(compile_model(m), m) == []
