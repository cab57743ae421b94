"""Our arrays against untemplated Pyomo, on every instance there is."""

from __future__ import annotations

import pyomo.environ as pyo
import pytest
from every_family import every_family
from examples import NAMES, shipped
from small import round_of
from untemplated import differences

from allocator.planning.formulation import build
from allocator.solver.compile.compiler import compile_model


def unlike(name: str) -> list[str]:
    _, model = build(shipped(name))
    return differences(compile_model(model), model)


@pytest.mark.parametrize("name", NAMES)
def test_example(name: str) -> None:
    assert unlike(f"examples/{name}") == []


def test_avonside() -> None:
    assert unlike("avonside") == []


def test_every_family_of_constraints_is_compared() -> None:
    _, model = build(every_family())
    program = compile_model(model)
    declared = {c.name for c in model.component_objects((pyo.Constraint, pyo.Var))}
    made = {block.name for block in (*program.rows, *program.columns) if len(block)}
    assert declared - made == set(), "give the round of every family what makes these"
    assert differences(program, model) == []


@pytest.mark.long
def test_england() -> None:
    assert unlike("england") == []


def test_a_wrong_number_anywhere_is_noticed() -> None:
    instance = shipped("examples/stranded-cost-and-ceiling")
    _, model = build(instance)
    program = compile_model(model)
    wrong = []
    for array in ("cost", "row_lower", "row_upper", "col_lower", "col_upper"):
        values = getattr(program, array).copy()
        finite = abs(values) < float("inf")
        values[finite.argmax()] += 1e-3
        wrong.append(program.replaced(**{array: values}))
    matrix = program.matrix.copy()
    matrix.data[len(matrix.data) // 2] *= 1 + 1e-9
    wrong += [
        program.replaced(matrix=matrix),
        program.replaced(offset=program.offset + 1),
        program.replaced(maximise=False),
        program.replaced(integer=~program.integer),
    ]
    assert differences(program, model) == []
    for changed in wrong:
        assert differences(changed, model)


def test_constraints_of_a_planner_s_own() -> None:
    def extra(m: pyo.ConcreteModel, data: object) -> None:
        m.PAIRS = pyo.Set(initialize=[("gp", 2025), ("bed", 2026)])
        m.share = pyo.Var(bounds=(0, 0.5))
        m.spare = pyo.Var(m.PAIRS, domain=pyo.NonNegativeReals)
        m.one = pyo.Constraint(expr=m.activity["gp", 2025] + 3 * m.share <= 90)
        m.each = pyo.Constraint(
            m.PAIRS, rule=lambda m, i, t: (1, m.activity[i, t] - 2 * m.spare[i, t], 200)
        )
        m.sum = pyo.Constraint(expr=sum(m.spare[k] for k in m.PAIRS) == m.share + 4)
        m.many = pyo.ConstraintList()
        m.many.add(m.unmet["hip", 2026] >= 0.5 * m.unmet["hip", 2025])
        m.off = pyo.Constraint(expr=m.share >= 7)
        m.off.deactivate()
        m.activity["bed", 2025].fix(40)
        m.activity["gp", 2026].setub(85)
        m.fill["gp", 2026, 1].setlb(1)

    _, model = build(
        round_of(
            """programme,sector,pool,unit_cost,baseline
            gp,primary,NHS,1,100
            bed,acute,NHS,2,50
            hip,acute,NHS,3,20""",
            years=(2025, 2026),
            responses="programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,2",
            demand="programme,demand,carry,harm_outcome,harm\nhip,25,1,QALY,1",
        ),
        extra=extra,
    )
    program = compile_model(model)
    assert {"one", "each", "sum", "many"} <= {b.name for b in program.rows}
    assert "off" not in {b.name for b in program.rows}
    assert differences(program, model) == []
