"""Comparing two result files: what is a regression, and what only looks like one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from results_made import ENVIRONMENT_ID, line, problem, results, write

from benchmarks.suite import compare
from benchmarks.suite.compare import Comparison, Tolerances, compared
from benchmarks.suite.lines import BadResults, Results

WHOLE = problem("adopt", integers=5, kind="mip")
Line = dict[str, Any]


def between(before: list[Line], after: list[Line], **tolerances: Any) -> Comparison:
    return compared(results(before), results(after), Tolerances(**tolerances))


def test_the_same_is_no_change() -> None:
    found = between([line(), line("scip")], [line(), line("scip")])
    assert (found.changes, found.matched) == ([], 2)


@pytest.mark.parametrize(
    ("before", "after", "what", "regression"),
    [
        ({}, {"iterations": 121}, "iterations", True),
        ({}, {"iterations": 119}, None, False),
        ({}, {"iterations": 40}, "iterations", False),
        ({"iterations": 5}, {"iterations": 14}, None, False),
        ({"nodes": 100}, {"nodes": 200}, "nodes", True),
        ({}, {"iterations": {"simplex": 70, "crossover": 60}}, "iterations", True),
        ({}, {"objective": 50.001}, "objective", True),
        ({}, {"objective": 50.00001}, None, False),
        ({}, {"status": "soft-time-out", "objective": None}, "status", True),
        ({}, {"status": "wrong"}, "status", True),
        ({}, {"status": "missing", "objective": None}, "status", True),
        ({"status": "hard-time-out", "objective": None}, {}, "status", False),
        ({"status": "crash"}, {"status": "feasible-at-limit"}, "status", False),
        ({"status": "feasible-at-limit"}, {"status": "wrong"}, "status", True),
    ],
)
def test_deterministic_work(before: Line, after: Line, what: str | None, regression: bool) -> None:
    found = between([line(**before)], [line(**after)])
    assert [change.what for change in found.changes] == ([what] if what else [])
    assert [change.regression for change in found.changes] == ([regression] if what else [])


def on(packages: dict[str, str], machine: str, *lines: Line) -> Results:
    found = results(lines)
    found.environments[ENVIRONMENT_ID] |= {"packages": packages, "machine": machine}
    return found


@pytest.mark.parametrize(
    ("packages", "machine", "other_machine", "regression"),
    [
        ({"highspy": "1.15.1"}, "x86_64", True, True),
        ({"highspy": "1.15.2"}, "x86_64", True, False),
        ({"highspy": "1.15.2"}, "x86_64", False, True),
        ({"highspy": "1.15.1"}, "arm64", True, False),
        ({"highspy": "1.15.1", "rich": "15.0"}, "x86_64", True, True),
    ],
)
def test_iterations_of_another_solver_decide_nothing_about_our_work(
    packages: dict[str, str], machine: str, other_machine: bool, regression: bool
) -> None:
    before = on({"highspy": "1.15.1", "rich": "14.0"}, "x86_64", line())
    after = on(packages, machine, line(iterations=121))
    found = compared(before, after, Tolerances(other_machine=other_machine))
    assert [(c.what, c.regression) for c in found.changes] == [("iterations", regression)]
    assert any("iterations and nodes are told" in note for note in found.notes) != regression
    worse = on(packages, machine, line(objective=50.001))
    assert compared(before, worse, Tolerances(other_machine=other_machine)).regressions


def test_integer_answers_may_differ_by_their_gaps() -> None:
    before = line(problem=WHOLE, gap=1e-3, bound=50.05)
    assert between([before], [line(problem=WHOLE, gap=0.0, objective=50.04)]).changes == []
    (change,) = between([before], [line(problem=WHOLE, gap=0.0, objective=50.06)]).changes
    assert (change.what, change.before, change.after) == ("objective", "50", "50.06")


def test_programme_that_grew_is_a_regression() -> None:
    grown = problem(sha256="f" * 64, nonzeros=130)
    found = between([line()], [line(problem=grown, iterations=900)])
    assert [(c.what, c.before, c.after) for c in found.regressions] == [("nonzeros", "100", "130")]
    assert len(found.changes) == 1


def test_other_numbers_are_a_regression_unless_of_another_machine() -> None:
    moved = line(problem=problem(sha256="f" * 64))
    (change,) = between([line()], [moved]).changes
    assert (change.what, change.regression) == ("SHA-256 (same counts)", True)
    (change,) = between([line()], [moved], other_machine=True).changes
    assert not change.regression


def test_runs_that_are_gone_are_a_regression_unless_partial() -> None:
    before = [line(), line("scip")]
    (change,) = between(before, [line()]).changes
    assert (change.who, change.regression) == ("scip, permutation 0", True)
    (change,) = between(before, [line()], partial=True).changes
    assert not change.regression
    found = between([line()], before)
    assert (found.changes, found.notes) == ([], ["1 cell only in the second file."])


def test_wrong_by_the_ledger_of_its_own_file_is_a_status() -> None:
    after = [line(objective=50.0), line("scip", objective=51.0)]
    before = [line(objective=51.0), line("scip", objective=51.0)]
    (change,) = between(before, after).changes
    assert (change.who, change.what, change.after) == ("highs, permutation 0", "status", "wrong")


def test_nothing_in_common_is_refused() -> None:
    with pytest.raises(BadResults, match="no run in common"):
        between([line()], [line("scip")])


def many(factor: float, count: int = 8) -> list[Line]:
    return [line(seconds=factor * (k + 1), problem=problem("f", str(k))) for k in range(count)]


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.5, "more"), (0.5, "less"), (1.01, "the same"), (1.1, "not shown")]
)
def test_times_are_told_with_their_interval_and_decide_nothing(factor: float, verdict: str) -> None:
    found = between(many(1.0), many(factor))
    speeds = {speed.what: speed for speed in found.speeds}
    assert speeds["solve"].ratio.value == pytest.approx(factor)
    assert speeds["solve"].verdict == verdict
    assert speeds["memory"].verdict == "the same"
    assert found.regressions == []


def test_few_programmes_tell_nothing_about_times() -> None:
    found = between(many(1.0, 3), many(2.0, 3))
    assert {speed.verdict for speed in found.speeds} == {"too few to tell"}


def test_permutations_are_no_independent_evidence() -> None:
    def runs(factor: float) -> list[Line]:
        return [
            line(seconds=factor * (k + 1), problem=WHOLE, permutation=k, nodes=1) for k in range(8)
        ]

    found = between(runs(1.0), runs(2.0))
    speed = next(s for s in found.speeds if s.what == "solve")
    assert (speed.ratio.pairs, speed.verdict) == (1, "too few to tell")
    assert speed.ratio.value == pytest.approx(2.0)


def test_overhead_is_told_of_layers() -> None:
    def runs(build: float) -> list[Line]:
        stages = {"build": build, "compile": 0.1, "handover": 0.1, "solve": 1.0, "readback": 0.1}
        return [
            line(layer="ours", problem=problem("f", str(k))) | {"seconds": stages} for k in range(6)
        ]

    found = between(runs(0.1), runs(0.5))
    speeds = {speed.what: speed for speed in found.speeds}
    assert {speed.who for speed in found.speeds} == {"ours (layer)"}
    assert speeds["overhead"].ratio.value == pytest.approx(0.8 / 0.4)
    assert speeds["all stages"].ratio.value == pytest.approx(1.8 / 1.4)
    assert speeds["solve"].ratio.value == pytest.approx(1.0)


def test_other_machines_are_said() -> None:
    found = between([line()], [line(environment_id="elsewhere")])
    assert "The environments differ" in found.notes[0]


def test_exit_status_and_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = str(write(tmp_path / "a.jsonl", [line(), line("scip")]))
    b = str(write(tmp_path / "b.jsonl", [line(iterations=300), line("scip")]))
    assert compare.main([a, a]) == 0
    assert "No regression in deterministic work." in capsys.readouterr().out
    assert compare.main([a, b]) == 1
    said = capsys.readouterr().out
    assert "| knapsack-S-0 | highs, permutation 0 | iterations | 100 | 300 | **worse** |" in said
    assert compare.main([a, b, "--work", "5"]) == 0
    capsys.readouterr()
    assert compare.main([a, b, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["regressions"], told["changes"][0]["after"]) == (1, "300")
    bare = write(tmp_path / "c.jsonl", [line(problem=problem(sha256=None))])
    assert compare.main([a, str(bare)]) == 2
    assert "no SHA-256" in capsys.readouterr().err
