"""Programmes written for other solvers: every number to the last bit, under readable names."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
from examples import example
from scipy import sparse
from small import solved

import allocator
from allocator.errors import UsageError
from allocator.planning.export import lp_lines, mps_text
from allocator.planning.formulation import build, held_program
from allocator.solver.compile.compiler import compile_model
from allocator.solver.program import Block, Program
from benchmarks.suite.mps import read_mps


def arrays_of(program: Any) -> dict[str, Any]:
    names = ("cost", "row_lower", "row_upper", "col_lower", "col_upper", "integer")
    return {
        **{name: getattr(program, name).tolist() for name in names},
        "offset": program.offset,
        "maximise": program.maximise,
        "matrix": program.matrix.toarray().tolist(),
    }


def read_by_highs(path: str | PathLike[str]) -> tuple[Any, list[bool]]:
    """What HiGHS has read, and which of its columns are whole."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(os.fspath(path)) == highspy.HighsStatus.kOk
    kinds = highs.getLp().integrality_
    return highs, [kind == highspy.HighsVarType.kInteger for kind in kinds]


@pytest.mark.parametrize("name", ["pool-transfer", "stranded-cost-and-ceiling", "capital"])
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_every_number_comes_back_and_every_name_can_be_read(
    name: str, packed: str, tmp_path: Path
) -> None:
    instance = example(name)
    program = held_program(instance).program
    path = allocator.export(instance, tmp_path / f"round.mps{packed}").path
    assert arrays_of(read_mps(path)) == arrays_of(program)
    content = path.read_bytes()
    lines = (gzip.decompress(content) if packed else content).decode().splitlines()
    names = [line.split()[1] for line in lines[lines.index("ROWS") + 1 : lines.index("COLUMNS")]]
    assert names[0] == "objective"
    assert names[1:] == [spaced.replace(" ", "_") for spaced in readable(program.row_names())]


def readable(names: Iterable[str]) -> list[str]:
    return [name.replace("[", "(").replace("]", ")") for name in names]


@pytest.mark.parametrize("fmt", ["mps", "lp"])
def test_any_solver_finds_the_plan_s_objective(fmt: str, tmp_path: Path) -> None:
    instance = example("minimum-viable-scale")
    plan = solved(instance)
    highs, _ = read_by_highs(allocator.export(instance, tmp_path / f"round.{fmt}"))
    highs.run()
    found = highs.getInfo().objective_function_value
    assert found == pytest.approx(plan.objective, rel=1e-9)


def awkward() -> Program:
    """A side that is no difference of two floats, whole columns, names that clash once cleaned."""
    labels = ("a b", "a\tb", "a_b")
    return Program(
        maximise=True,
        cost=np.array([1.0, 1.0 / 3.0, -2.0]),
        offset=-0.1,
        matrix=sparse.csr_array(np.array([[0.1, 0.2, 0.3], [1.0, 0.0, -1.0]])),
        row_lower=np.array([0.1, -np.inf]),
        row_upper=np.array([1e16, 4.0]),
        col_lower=np.array([0.0, -np.inf, -1.0]),
        col_upper=np.array([np.inf, 5.0, np.inf]),
        integer=np.array([True, False, True]),
        columns=(Block("x", 0, 3, None, labels),),
        rows=(Block("objective", 0, 1, None, ("",)), Block("1st", 1, 2, None, ("",))),
    )


def test_whole_columns_and_awkward_sides_are_written(tmp_path: Path) -> None:
    path = tmp_path / "awkward.mps"
    path.write_text("".join(mps_text(awkward())), encoding="utf-8")
    assert arrays_of(read_mps(path)) == arrays_of(awkward())
    _, whole = read_by_highs(path)
    assert whole == [True, False, True]


def test_names_stay_apart(tmp_path: Path) -> None:
    text = "".join(mps_text(awkward()))
    for name in ("x(a_b)", "x(a_b)~1", "x(a_b)~2", "objective~1", "r_1st"):
        assert f" {name} " in text.replace("\n", " ")


def test_whole_columns_are_whole_in_lp_too(tmp_path: Path) -> None:
    path = tmp_path / "awkward.lp"
    path.write_text("\n".join(lp_lines(awkward())) + "\n", encoding="utf-8")
    _, whole = read_by_highs(path)
    assert sorted(whole) == [False, False, True, True]  # and the constant's own column


def test_a_round_with_decisions_is_whole_as_compiled() -> None:
    _, model = build(example("minimum-viable-scale"))
    program = compile_model(model)
    assert program.integer.any()
    assert "'INTORG'" in "".join(mps_text(program))


@pytest.mark.parametrize(
    ("file", "words"),
    [("round.xyz", "'xyz' is not one of"), ("no/round.mps", "there is no folder")],
)
def test_what_cannot_be_written_is_refused(file: str, words: str, tmp_path: Path) -> None:
    instance = example("pool-transfer")
    with pytest.raises(UsageError, match=words):
        allocator.export(instance, tmp_path / file)
