"""The whole formulation."""

from __future__ import annotations

import ast
from importlib import metadata
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest
from every_family import every_family
from small import compiled, round_of

import allocator_models
from allocator.data import Data, extract
from allocator.errors import UsageError
from allocator.planning.formulation import build
from allocator.solver.compile.compiler import compile_model
from allocator.solver.program import Program
from allocator_models.allocation import FAMILIES
from allocator_models.allocation import build as build_allocation
from allocator_models.arrays import Model

FILES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in Path(allocator_models.__file__).parent.glob("*.py")
}

SMALL = round_of(
    "programme,sector,pool,baseline\ngp,primary,NHS,100",
    responses="programme,outcome,per_unit\ngp,QALY,1",
)


def test_is_found_as_an_entry_point() -> None:
    (entry,) = metadata.entry_points(group="allocator.models", name="allocation")
    assert entry.load() is build_allocation


def test_an_unknown_formulation_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no formulation 'nope' \(installed: allocation\)"):
        build(SMALL, formulation="nope")


def test_builds_no_row_or_column_one_by_one() -> None:
    model = build_allocation(extract(SMALL))
    assert len(model.activity) == 0
    assert len(model.pool) == 0
    assert model.name == "allocation"


def test_a_round_without_the_rest_has_only_the_families_it_needs() -> None:
    program = compiled(SMALL)
    assert [b.name for b in program.rows] == ["driver_of_activity", "pool", "moved"]
    assert [b.name for b in program.columns if len(b)] == ["activity", "fill", "up", "down"]
    assert not program.integer.any()


@pytest.fixture(scope="module")
def data() -> Data:
    return extract(every_family())


def in_order_of_names(program: Program) -> tuple[np.ndarray, ...]:
    """Arrays of a programme with rows and columns sorted by name, and those names."""
    names = np.array(program.row_names()), np.array(program.column_names())
    rows, columns = (np.argsort(some) for some in names)
    matrix = program.matrix.tocsr()[rows][:, columns].toarray()
    sides = program.row_lower[rows], program.row_upper[rows]
    bounds = program.col_lower[columns], program.col_upper[columns]
    rest = program.cost[columns], program.integer[columns], np.array(program.offset)
    return names[0][rows], names[1][columns], matrix, *sides, *bounds, *rest


def test_families_may_stand_in_any_order(data: Data) -> None:
    m = Model(name="allocation")
    for declare in reversed(FAMILIES):
        declare(m, data)
    turned = in_order_of_names(compile_model(m))
    usual = in_order_of_names(compile_model(build_allocation(data)))
    for mine, theirs in zip(turned, usual, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_every_component_is_found_by_searching_for_its_name(data: Data) -> None:
    text = "\n".join(FILES.values())
    components = list(build_allocation(data).component_objects())
    assert {c.ctype for c in components} == {pyo.Set, pyo.Var, pyo.Constraint, pyo.Objective}
    for component in components:
        assert text.count(f"    m.{component.name} = ") == 1, component.name


def test_every_family_stands_in_the_table_of_contents() -> None:
    declaring = sorted(name for name, text in FILES.items() if "\ndef declare(" in text)
    assert sorted(f.__module__.removeprefix("allocator_models.") for f in FAMILIES) == declaring


@pytest.mark.parametrize("name", sorted(set(FILES) - {"arrays"}))
def test_mathematics_touches_no_arrays(name: str) -> None:
    tree = ast.parse(FILES[name])
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not {"numpy", "pandas", "scipy"} & imported
    assert not {"setattr", "getattr"} & called
