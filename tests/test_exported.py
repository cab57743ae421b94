"""Programmes written for other solvers: every number to the last bit, under readable names."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pyscipopt
import pytest
from examples import EXAMPLES, NAMES, example
from scipy import sparse
from small import round_of, solved

import allocator
from allocator.cli import main
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


def by_scip(path: str | PathLike[str]) -> tuple[float, int]:
    """What SCIP finds a file to be worth, and how many whole columns it reads."""
    scip = pyscipopt.Model()
    scip.hideOutput()
    scip.readProblem(os.fspath(path))
    whole = scip.getNIntVars() + scip.getNBinVars()
    scip.optimize()
    assert scip.getStatus() == "optimal"
    return float(scip.getObjVal()), whole


CUT_AGAIN = {"outcome-equal"}
"""Examples whose plan is made for curves that are cut once more than those of the programme."""


@pytest.mark.parametrize("name", NAMES)
def test_another_solver_finds_the_decisions_for_itself(name: str, tmp_path: Path) -> None:
    instance = example(name)
    program = compile_model(build(instance)[1])
    if not program.integer.any():
        return
    plan = solved(instance)
    for fmt in ("mps", "lp"):
        exported = allocator.export(instance, tmp_path / f"round.{fmt}")
        found, whole = by_scip(exported)
        constant = fmt == "lp"  # the constant's own column may be taken for a whole one
        assert whole - constant <= exported.whole == program.integer.sum() <= whole
        assert found == pytest.approx(exported.objective, rel=1e-6)
        assert plan.objective == pytest.approx(found, rel=1e-4 if name in CUT_AGAIN else 1e-6)
    read = read_mps(tmp_path / "round.mps")
    assert read.integer.tolist() == program.integer.tolist()
    for side in ("col_lower", "col_upper"):
        mine, theirs = getattr(program, side), getattr(read, side)
        assert theirs[program.integer].tolist() == mine[program.integer].tolist()


def test_what_was_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", str(EXAMPLES / "capital-budgeting"), "--format", "mps", "--out"]
    assert main([*words, str(tmp_path / "a.mps")]) == 0
    told = capsys.readouterr().err
    assert "9 whole numbers" in told
    assert "the best plan found is worth 90 in it" in told
    assert main([*words, str(tmp_path / "b.mps"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["whole"], record["objective"], record["bound"]) == (9, 90.0, 90.0)
    read = read_mps(tmp_path / "b.mps")
    assert (record["rows"], record["columns"]) == read.matrix.shape


def test_a_round_without_a_plan_is_written_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = round_of(
        "programme,sector,pool,baseline\na,s,NHS,100\nb,t,NHS,100",
        responses="programme,outcome,per_unit\na,QALY,1\nb,QALY,1",
        limits="programme,min\na,0.5\nb,0.5",
        selections="selection,sector\ns,s\nt,t",
        rules=f"{RULE}\n1,spend,s,min,0.6,share,all\n2,spend,t,min,0.6,share,all",
    )
    folder = tmp_path / "round"
    allocator.write(instance, folder)
    words = ["export", str(folder), "--format", "lp", "--out", str(tmp_path / "a.lp")]
    assert main(words) == 0
    assert "There is no plan" in capsys.readouterr().err


RULE = "rule,measure,selection,sense,value,basis,relative_to"

FULL = """
import resource, sys
from allocator.cli import main
import allocator.planning.export
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
sys.exit(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="files cannot be kept small elsewhere")
def test_a_disk_that_is_full_is_told_and_nothing_half_is_left(tmp_path: Path) -> None:
    target = tmp_path / "a.mps"
    target.write_text("before", encoding="utf-8")
    words = ["export", str(EXAMPLES / "pool-transfer"), "--format", "mps", "--out", str(target)]
    ran = subprocess.run(
        [sys.executable, "-c", FULL, *words, "--overwrite"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1] == f"{target} cannot be written: File too large."
    assert target.read_text(encoding="utf-8") == "before"
    assert [item.name for item in tmp_path.iterdir()] == ["a.mps"]
