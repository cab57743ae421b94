"""Any Pyomo model becomes the arrays it says, or is refused by name."""

from __future__ import annotations

import logging
from typing import Any

import pyomo.environ as pyo
import pytest
from small import bounds, cost, row
from untemplated import differences

from allocator.data import Axis, Index
from allocator.errors import SolverError
from allocator.solver.compile.compiler import compile_model
from allocator_models.arrays import (
    ArrayConstraint,
    ArrayObjective,
    ArrayParam,
    ArraySet,
    expand,
)

PLACE = Axis("place", ("North", "South"))
INF = float("inf")


def model() -> Any:
    m = pyo.ConcreteModel(name="two places")
    m.S = ArraySet(Index.product(PLACE))
    m.most = ArrayParam(m.S, [10.0, 20.0], "most")
    m.x = pyo.Var(m.S, dense=False, bounds=lambda m, i: (1.0, m.most[i]))
    m.room = ArrayConstraint(m.S, rule=lambda m, i: m.x[i] <= m.most[i] - 2)
    m.worth = ArrayObjective(rule=lambda m: sum(m.x[i] for i in m.S) + 7, sense=pyo.maximize)
    return m


def test_bounds_come_from_the_rule_and_the_domain() -> None:
    m = model()
    m.y = pyo.Var(m.S, dense=False, domain=pyo.NonNegativeReals)
    m.z = pyo.Var(m.S, dense=False, domain=pyo.NonNegativeReals, bounds=(-5, 3))
    m.w = pyo.Var(m.S, dense=False, bounds=lambda m, i: (None, m.most[i]))
    m.v = pyo.Var(m.S, dense=False, bounds=(2, None))
    program = compile_model(m)
    expected = {
        "x[North]": (1, 10),
        "x[South]": (1, 20),
        "y[North]": (0, INF),
        "z[North]": (0, 3),
        "w[South]": (-INF, 20),
        "v[South]": (2, INF),
    }
    assert {name: bounds(program, name) for name in expected} == expected
    assert program.offset == 7
    assert program.name == "two places"
    assert differences(program, m) == []


def test_bounds_of_1e20_and_beyond_are_none() -> None:
    m = model()
    m.y = pyo.Var(bounds=(-1e20, 1e30))
    m.free = pyo.Constraint(expr=m.y + m.x["North"] <= 1e21)
    program = compile_model(m)
    assert bounds(program, "y") == (-INF, INF)
    assert program.row_upper.tolist() == [8, 18, INF]


def test_what_a_planner_does_to_single_variables_is_honoured() -> None:
    m = model()
    m.x["North"].fix(6)
    m.x["South"].setlb(4)
    m.x["South"].setub(15)
    program = compile_model(m)
    assert bounds(program, "x[North]") == (6, 6)
    assert bounds(program, "x[South]") == (4, 15)
    assert differences(program, m) == []
    m.x["North"].unfix()
    assert bounds(compile_model(m), "x[North]") == (1, 10)


def test_a_fixed_variable_of_a_planner_s_own_is_a_constant_of_its_row() -> None:
    m = model()
    m.y = pyo.Var(initialize=3, bounds=(0, 5))
    m.y.fix(3)
    m.both = pyo.Constraint(expr=m.x["North"] + 2 * m.y <= 12)
    program = compile_model(m)
    assert row(program, "both") == ({"x[North]": 1}, -INF, 6)
    assert bounds(program, "y") == (3, 3)


def test_constraints_that_are_not_array_backed_are_compiled_row_by_row(
    caplog: pytest.LogCaptureFixture,
) -> None:
    m = model()
    m.K = pyo.Set(initialize=["b", "a"])
    m.k = pyo.Var(m.K, bounds=(0, 9))
    m.range = pyo.Constraint(expr=(1, m.x["North"] + m.k["a"] - 4, 6))
    m.each = pyo.Constraint(m.K, rule=lambda m, i: m.k[i] == 2 * m.x["South"] - 3)
    m.list = pyo.ConstraintList()
    m.list.add(m.k["b"] >= 1)
    m.list.add(m.k["b"] <= m.k["a"])
    m.over_array_set = pyo.Constraint(m.S, rule=lambda m, i: m.x[i] >= 2)
    with caplog.at_level(logging.INFO, "allocator.solver.compile.compiler"):
        program = compile_model(m)
    assert [r.message.split()[0] for r in caplog.records] == [
        "range",
        "each",
        "list",
        "over_array_set",
    ]
    assert row(program, "range") == ({"x[North]": 1, "k[a]": 1}, 5, 10)
    assert row(program, "each[b]") == ({"k[b]": 1, "x[South]": -2}, -3, -3)
    assert row(program, "list[1]") == ({"k[b]": -1}, -INF, -1)
    assert row(program, "over_array_set[South]") == ({"x[South]": -1}, -INF, -2)
    assert [program.column_names()[j] for j in (2, 3)] == ["k[b]", "k[a]"]
    assert differences(program, m) == []


def test_what_is_deactivated_stays_out() -> None:
    m = model()
    m.off = pyo.Constraint(expr=m.x["North"] >= 3)
    m.off.deactivate()
    m.K = pyo.Set(initialize=["a", "b"])
    m.each = pyo.Constraint(m.K, rule=lambda m, i: m.x["North"] >= {"a": 3, "b": 4}[i])
    m.each["a"].deactivate()
    m.room.deactivate()
    assert compile_model(m).row_names() == ["each[b]"]


def test_blocks_are_part_of_the_model() -> None:
    m = model()
    m.inside = pyo.Block()
    m.inside.y = pyo.Var(bounds=(0, 2))
    m.inside.link = pyo.Constraint(expr=m.inside.y <= m.x["North"])
    program = compile_model(m)
    assert row(program, "inside.link")[0] == {"inside.y": 1, "x[North]": -1}
    assert differences(program, m) == []


def test_an_expanded_model_compiles_to_the_same() -> None:
    templated, expanded = compile_model(model()), compile_model(expand(model()))
    assert (templated.matrix != expanded.matrix).nnz == 0
    for name in ("cost", "row_lower", "row_upper", "col_lower", "col_upper"):
        assert (getattr(templated, name) == getattr(expanded, name)).all(), name
    assert templated.offset == expanded.offset


@pytest.mark.parametrize("over_array_set", [True, False])
@pytest.mark.parametrize("domain", [pyo.Binary, pyo.Integers, pyo.NonNegativeIntegers])
def test_whole_numbers_are_never_relaxed(domain: Any, over_array_set: bool) -> None:
    m = model()
    m.K = pyo.Set(initialize=["North", "South"])
    m.open = pyo.Var(m.S if over_array_set else m.K, dense=False, domain=domain)
    program = compile_model(m)
    block = program.block("open")
    assert block is not None
    assert program.integer[block.span].tolist() == [True, True]
    assert program.integer.sum() == 2
    if domain is pyo.Binary:
        assert bounds(program, "open[North]") == (0, 1)


def test_one_member_may_be_a_whole_number() -> None:
    m = model()
    m.x["South"].domain = pyo.Integers
    assert compile_model(m).integer.tolist() == [False, True]


def test_parameters_and_expressions_of_pyomo_count_as_their_values() -> None:
    m = model()
    m.rate = pyo.Param(initialize=0.5, mutable=True)
    m.total = pyo.Expression(expr=sum(m.x[i] for i in m.S))
    m.cap = pyo.Constraint(expr=m.rate * m.total <= 6)
    assert row(compile_model(m), "cap") == ({"x[North]": 0.5, "x[South]": 0.5}, -INF, 6)
    m.rate = 0.25
    assert row(compile_model(m), "cap")[0] == {"x[North]": 0.25, "x[South]": 0.25}


def test_an_ordinary_objective_replaces_ours() -> None:
    m = model()
    m.worth.deactivate()
    m.other = pyo.Objective(expr=2 * m.x["North"] + 1, sense=pyo.minimize)
    program = compile_model(m)
    assert cost(program) == {"x[North]": 2}
    assert (program.maximise, program.offset) == (False, 1)
    assert differences(program, m) == []


@pytest.mark.parametrize("count", [0, 2])
def test_a_model_needs_one_objective(count: int) -> None:
    m = model()
    if count:
        m.other = pyo.Objective(expr=m.x["North"])
    else:
        m.worth.deactivate()
    with pytest.raises(SolverError, match=f"one objective; this one has {count}"):
        compile_model(m)


def test_what_is_not_linear_is_refused_by_name() -> None:
    m = model()
    m.bent = pyo.Constraint(expr=m.x["North"] ** 2 <= 4)
    with pytest.raises(SolverError, match="bent is not linear"):
        compile_model(m)
    m = model()
    m.worth.deactivate()
    m.bent = pyo.Objective(expr=m.x["North"] * m.x["South"])
    with pytest.raises(SolverError, match="objective is not linear"):
        compile_model(m)


def test_a_variable_of_another_model_is_refused_by_name() -> None:
    m = model()
    other = pyo.ConcreteModel()
    other.stray = pyo.Var()
    m.mixed = pyo.Constraint(expr=m.x["North"] <= other.stray)
    with pytest.raises(SolverError, match="stray is not on the model"):
        compile_model(m)


def test_what_no_linear_programme_holds_is_refused_and_not_left_out() -> None:
    m = model()
    m.K = pyo.Set(initialize=[1, 2])
    m.k = pyo.Var(m.K, bounds=(0, 1))
    m.special = pyo.SOSConstraint(var=m.k, sos=1)
    with pytest.raises(SolverError, match="special is a SOSConstraint"):
        compile_model(m)
    m.special.deactivate()
    compile_model(m)
    m.yes = pyo.BooleanVar()
    m.logic = pyo.LogicalConstraint(expr=m.yes)
    with pytest.raises(SolverError, match="logic is a LogicalConstraint"):
        compile_model(m)


@pytest.mark.parametrize("number", [float("nan"), INF])
def test_numbers_that_are_not_finite_are_refused_with_their_row(number: float) -> None:
    m = model()
    m.bad = ArrayParam(m.S, [1.0, number], "bad")
    m.wrong = ArrayConstraint(m.S, rule=lambda m, i: m.bad[i] * m.x[i] <= 5)
    with pytest.raises(SolverError, match="wrong"):
        compile_model(m)


def test_a_row_without_variables_that_cannot_hold_is_named() -> None:
    m = model()
    m.none = ArraySet(Index((PLACE, PLACE), [[], []]))
    m.y = pyo.Var(m.none, dense=False, bounds=(0, 1))
    m.empty = ArrayConstraint(
        m.S, rule=lambda m, i: sum(m.y[j, k] for j, k in m.none) >= m.most[i] - 10
    )
    program = compile_model(m)
    assert program.contradictions() == ["empty[South]"]


def test_thousands_of_rows_hold_no_pyomo_objects() -> None:
    many = Axis("many", tuple(range(5000)))
    m = pyo.ConcreteModel()
    m.S = ArraySet(Index.product(many))
    m.x = pyo.Var(m.S, dense=False, bounds=(0, 1))
    m.row = ArrayConstraint(m.S, rule=lambda m, i: m.x[i] <= 1)
    m.worth = ArrayObjective(rule=lambda m: sum(m.x[i] for i in m.S), sense=pyo.maximize)
    program = compile_model(m)
    assert program.shape == (5000, 5000)
    assert program.matrix.nnz == 5000
    assert len(m.row) == 0
    assert len(m.x) == 0
