"""Modelling layers make the programme that was asked for; sweeps give what fresh solves give."""

from __future__ import annotations

import dataclasses
import functools
import pickle
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from benchmarks.suite import sweep
from benchmarks.suite.families.registry import FAMILIES
from benchmarks.suite.layers import ready
from benchmarks.suite.layers.ready import NotReady, Tables, fingerprint
from benchmarks.suite.layers.registry import LAYERS
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import STAGES, Clock
from benchmarks.suite.solvers.binding import split
from benchmarks.suite.worker import execute

INF = np.inf


@functools.cache
def saved(family: str) -> Path:
    """Smallest programme of a family, in a folder that lives as long as the tests."""
    path = folder() / f"{family}.npz"
    FAMILIES[family].make("XS", 0).save(path)
    return path


@functools.cache
def folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="layers-"))


def asked(family: str, layer: str, **more: Any) -> dict[str, Any]:
    return {
        "problem": str(saved(family)),
        "family": family,
        "size": "XS",
        "problem_seed": 0,
        "layer": layer,
        "options": {"check": True},
        **more,
    }


@functools.cache
def floor(family: str) -> float:
    """What the hand-written way finds."""
    return float(execute(asked(family, "numpy"), 120.0)["objective"])


def small(**changes: Any) -> Problem:
    """Maximise 3a + b: a + b <= 4, a - b = 1, a + 2b >= 1, and a row of nothing."""
    parts: dict[str, Any] = {
        "maximise": True,
        "cost": np.array([3.0, 1.0]),
        "offset": 5.0,
        "matrix": sparse.csr_array(np.array([[1.0, 1.0], [1.0, -1.0], [0.0, 0.0], [1.0, 2.0]])),
        "row_lower": np.array([-INF, 1.0, -INF, 1.0]),
        "row_upper": np.array([4.0, 1.0, 2.0, INF]),
        "col_lower": np.zeros(2),
        "col_upper": np.full(2, 10.0),
        "integer": np.zeros(2, dtype=bool),
    }
    return Problem.of("small", "XS", 0, **(parts | changes))


@pytest.mark.parametrize("family", ["systems", "contracts"])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_makes_and_solves_the_programme(layer: str, family: str) -> None:
    line = execute(asked(family, layer), 120.0)
    if line["status"] == "missing":
        pytest.skip(line["note"])
    assert line["status"] == "verified-optimal", line["note"]
    assert line["objective"] == pytest.approx(floor(family), rel=1e-6)
    assert line["problem"]["sha256"] == Problem.load(saved(family)).sha256
    times = {name: line["seconds"][name] for name in STAGES if line["seconds"][name] is not None}
    assert {"build", "solve", "readback"} <= set(times)
    assert all(seconds >= 0 for seconds in times.values())
    assert set(line["cpu_seconds"]) >= set(times)
    assert line["peak_memory"] is None or line["peak_memory"] > 0
    if family == "systems":
        assert line["dual_bound"] == pytest.approx(line["objective"], rel=1e-4)
    else:
        assert line["bound"] is None or line["bound"] >= line["objective"] - 1e-3


def test_a_family_without_a_round_is_unsupported() -> None:
    line = execute(asked("knapsack", "numpy"), 120.0)
    assert line["status"] == "unsupported"
    assert "no round" in line["note"]


def test_ready_data_of_another_programme_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    problem = Problem.load(saved("systems"))
    dataclasses.replace(problem, cost=problem.cost * 2.0).save(path)
    with pytest.raises(SystemExit, match="not the programme"):
        ready.main(["systems", "XS", "0", str(path)])
    assert not path.with_suffix(".tables").exists()


def test_a_layer_that_makes_another_programme_is_in_error(tmp_path: Path) -> None:
    path = tmp_path / "spoilt.npz"
    shutil.copy(saved("systems"), path)
    ready.main(["systems", "XS", "0", str(path)])
    tables: Tables = ready.load(path.with_suffix(".tables"))
    first = tables.rows[0]
    side = first.side + np.where(np.arange(len(first)) == 0, 1e-9, 0.0)
    spoilt = dataclasses.replace(first, side=side)
    tables = dataclasses.replace(tables, rows=(spoilt, *tables.rows[1:]))
    path.with_suffix(".tables").write_bytes(pickle.dumps(tables))
    line = execute(asked("systems", "numpy", problem=str(path)), 120.0)
    assert line["status"] == "error"
    assert "another programme" in line["note"]


def test_tables_hold_every_coefficient_once() -> None:
    problem = small()
    tables = Tables.of(problem, [("a", 1), ("b", 1)], [("first", 2), ("last", 2)])
    assert [(rows.name, rows.sense, rows.at.tolist()) for rows in tables.rows] == [
        ("first_l", "<", [0]),
        ("first_e", "=", [1]),
        ("last_g", ">", [3]),
    ]
    dense = np.zeros(problem.shape)
    for rows in tables.rows:
        for term in rows.terms:
            column = term.column + tables.columns[term.of].start
            dense[rows.at[term.row], column] += term.value
    assert np.array_equal(dense, problem.matrix.toarray())


def test_rows_with_two_sides_are_not_given_to_layers() -> None:
    problem = small(row_lower=np.array([0.0, 1.0, -INF, 1.0]))
    with pytest.raises(NotReady, match="two different sides"):
        Tables.of(problem, [("x", 2)], [("rows", 4)])


def test_a_fingerprint_forgives_order_and_signs_and_nothing_else() -> None:
    mine = small()
    other = small(
        maximise=False,
        cost=-mine.cost,
        matrix=-mine.matrix.toarray()[::-1],
        row_lower=-mine.row_upper[::-1],
        row_upper=-mine.row_lower[::-1],
    )
    assert fingerprint(other) == fingerprint(mine)
    changed = {
        "cost": np.array([3.0, np.nextafter(1.0, 2.0)]),
        "col_upper": np.array([10.0, 11.0]),
        "row_upper": np.array([4.0, 1.0, 2.0, 9.0]),
        "matrix": sparse.csr_array(mine.matrix * 1.5),
        "integer": np.array([True, False]),
        "maximise": False,
    }
    for name, value in changed.items():
        assert fingerprint(small(**{name: value})) != fingerprint(mine), name
    near = small(cost=np.array([3.0, np.nextafter(1.0, 2.0)]))
    assert fingerprint(near, 15) == fingerprint(mine, 15)


def test_one_call_is_split_at_the_run_and_all_is_put_back() -> None:
    highspy = pytest.importorskip("highspy")
    before = highspy.Highs.run
    clock = Clock()
    with split(clock, "handover") as ran:
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.addVar(0.0, 1.0)
        highs.run()
    assert ran == [highs]
    assert set(clock.wall) == {"handover", "solve", "readback"}
    with pytest.raises(ValueError, match="spoilt"), split(clock, "handover"):
        raise ValueError("spoilt")
    assert highspy.Highs.run is before


@pytest.mark.parametrize("way", ["ours", "highs", "pyomo"])
def test_a_sweep_gives_what_fresh_solves_give(way: str) -> None:
    results = [sweep.go(name, "XS", 0, 1) for name in ("cold", way)]
    assert [result.draws for result in results] == [3, 3]
    assert sweep.differing(results) == []
    assert len(set(results[0].objectives)) == 3  # the draws differ
    assert results[1].iterations < results[0].iterations  # from the last basis
    assert 0 < results[1].highs < results[1].seconds


def test_a_sweep_that_differs_says_so() -> None:
    results = [sweep.Result("cold", 2, objectives=[10.0, 20.0]) for _ in range(2)]
    results.append(sweep.Result("ours", 2, objectives=[10.0, 20.1]))
    assert sweep.differing(results) == ["ours differs from cold by 5.0e-03 at draw 1"]
