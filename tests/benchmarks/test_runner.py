"""Running: what is run, in which order, and that an interruption costs nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import results_made
from results_made import outcome, shelf

from benchmarks import __main__ as command
from benchmarks.suite import baseline, environment, prepare, process, runner, session
from benchmarks.suite.families.registry import FAMILIES
from benchmarks.suite.lines import key_of, read

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def run(path: Path, *arguments: str, **changes: Any) -> int:
    options = ["--out", str(path), "--work", str(path.parent / "work"), *arguments]
    return runner.main(options, shelf(**changes))


def test_every_run_is_one_line_and_nothing_is_run_twice(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    asked = ("--family", "knapsack,adopt", "--solver", "highs,scip", "--layer", "ours")
    assert run(path, *asked) == 0
    found = read(path)
    counts = Counter(
        (entry["problem"]["family"], entry["layer"] or entry["solver"]) for entry in found.lines
    )
    assert counts == {
        ("knapsack", "highs"): 3,
        ("knapsack", "scip"): 3,
        ("knapsack", "ours"): 3,
        ("adopt", "highs"): 7,
        ("adopt", "scip"): 7,
        ("adopt", "ours"): 3,
    }
    orders = [
        (entry["permutation"], entry["repeat"])
        for entry in found.lines
        if entry["problem"]["family"] == "adopt" and entry["solver"] == "scip"
    ]
    assert sorted(orders) == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (3, 0), (4, 0)]
    assert found.sessions[0]["runs"] == 26
    assert found.sessions[0]["families"] == {"adopt": "adopt or not", "knapsack": "one budget"}
    assert found.sessions[-1]["finished"] is True

    def never(request: dict[str, Any], hard_limit: float) -> dict[str, Any]:
        raise AssertionError((request, hard_limit))

    assert run(path, *asked, execute=never) == 0
    assert read(path).lines == found.lines


def test_more_repeats_add_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    asked = ("--family", "knapsack", "--solver", "highs")
    run(path, *asked, "--repeats", "1")
    run(path, *asked, "--repeats", "3")
    assert [entry["repeat"] for entry in read(path).lines] != []
    assert sorted(entry["repeat"] for entry in read(path).lines) == [0, 1, 2]


def test_another_limit_is_another_run(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    asked = ("--family", "knapsack", "--solver", "highs", "--repeats", "1")
    run(path, *asked)
    run(path, *asked, "--time-limit", "5")
    run(path, *asked, "--option", "presolve=off", "--option", "gap=1e-4")
    found = [entry["asked"] for entry in read(path).lines]
    assert [entry["time_limit"] for entry in found] == [60.0, 5.0, 60.0]
    assert found[2]["options"] == {"presolve": "off", "gap": 1e-4}


def test_what_is_asked_reaches_the_process(tmp_path: Path) -> None:
    seen: list[tuple[dict[str, Any], float]] = []

    def note(request: dict[str, Any], hard_limit: float) -> dict[str, Any]:
        seen.append((request, hard_limit))
        return outcome(request, hard_limit)

    asked = "--solver highs --time-limit 7 --hard-limit 9 --threads 2 --repeats 1 --memory 0.5"
    run(tmp_path / "r.jsonl", "--family", "adopt", *asked.split(), execute=note)
    request, hard_limit = seen[0]
    assert hard_limit == 9
    assert request == {
        "problem": "adopt-XS-0.npz",
        "family": "adopt",
        "size": "XS",
        "problem_seed": 0,
        "solver": "highs",
        "layer": None,
        "time_limit": 7.0,
        "seed": request["seed"],
        "threads": 2,
        "options": {},
        "memory_limit": 2**29,
    }
    assert sorted(request["seed"] for request, _ in seen) == [0, 1, 2, 3, 4]


def order_of(path: Path) -> list[tuple[str, str, int]]:
    return [
        (entry["problem"]["family"], entry["solver"], entry["repeat"]) for entry in read(path).lines
    ]


def test_order_is_random_and_comes_from_its_seed(tmp_path: Path) -> None:
    asked = ("--family", "knapsack,adopt", "--solver", "highs,scip", "--repeats", "9")
    run(tmp_path / "a.jsonl", *asked)
    run(tmp_path / "b.jsonl", *asked)
    run(tmp_path / "c.jsonl", *asked, "--order-seed", "1")
    a, b, c = (order_of(tmp_path / f"{name}.jsonl") for name in "abc")
    assert a == b
    assert a != c
    assert Counter(a) == Counter(c)
    changes = sum(x[:2] != y[:2] for x, y in pairwise(a))
    assert changes > len(a) / 2


def test_who_does_not_try_is_asked_once(tmp_path: Path) -> None:
    calls = []

    def refuse(request: dict[str, Any], hard_limit: float) -> dict[str, Any]:
        calls.append(request["solver"])
        made = outcome(request, hard_limit)
        return made if request["solver"] == "highs" else {**made, "status": "unsupported"}

    path = tmp_path / "r.jsonl"
    asked = ("--family", "adopt", "--solver", "highs,scip")
    run(path, *asked, execute=refuse)
    assert Counter(calls) == {"highs": 7, "scip": 1}
    run(path, *asked, execute=refuse)
    assert Counter(calls) == {"highs": 7, "scip": 1}


def test_what_was_missing_is_tried_again(tmp_path: Path) -> None:
    def absent(request: dict[str, Any], hard_limit: float) -> dict[str, Any]:
        return {**outcome(request, hard_limit), "status": "missing", "objective": None}

    path = tmp_path / "r.jsonl"
    asked = ("--family", "adopt", "--solver", "scip")
    run(path, *asked, execute=absent)
    assert [entry["status"] for entry in read(path).lines] == ["missing"]
    run(path, *asked)
    assert Counter(entry["status"] for entry in read(path).lines) == {"verified-optimal": 7}


def test_fault_of_the_harness_is_a_recorded_error(tmp_path: Path) -> None:
    def fail(request: dict[str, Any], hard_limit: float) -> dict[str, Any]:
        raise OSError("no process to be had")

    path = tmp_path / "r.jsonl"
    assert (
        run(path, "--family", "knapsack", "--solver", "highs", "--repeats", "1", execute=fail) == 0
    )
    (entry,) = read(path).lines
    assert (entry["status"], entry["note"]) == ("error", "OSError: no process to be had")


def test_programme_that_cannot_be_made_is_said_and_the_others_are_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.jsonl"
    asked = ("--size", "all", "--solver", "highs", "--repeats", "1", "--permutations", "1")
    assert run(path, *asked) == 1
    assert "broken-XL-0: could not be made: ValueError: no such thing" in capsys.readouterr().err
    names = {(entry["problem"]["family"], entry["problem"]["size"]) for entry in read(path).lines}
    assert names == {("knapsack", "XS"), ("knapsack", "S"), ("adopt", "XS")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--family", "knapsak", "--solver", "highs"), "unknown family knapsak. Did you mean knap"),
        (("--solver", "high"), "unknown solver high. Did you mean highs"),
        (("--solver", "zzz"), "unknown solver zzz. Known: highs, scip"),
        (("--layer", "our"), "unknown layer our. Did you mean ours"),
        (("--size", "LX", "--solver", "highs"), "unknown size LX. Did you mean"),
        ((), "nothing to run: give --solver or --layer"),
        (("--family", "adopt", "--size", "XL", "--solver", "highs"), "none of adopt has size XL"),
        (("--solver", "highs", "--option", "presolve"), "write NAME=VALUE"),
        (("--solver", "highs", "--time-limit", "9", "--hard-limit", "3"), "must not be below"),
    ],
)
def test_wrong_usage_is_exit_2_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run(tmp_path / "r.jsonl", *arguments) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "r.jsonl").exists()


def test_solvers_without_an_entry_are_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    asked = ("--family", "knapsack", "--solver", "pyomo:gurobi,highs", "--repeats", "1")
    assert run(path, *asked) == 0
    assert {entry["asked"]["solver"] for entry in read(path).lines} == {"pyomo:gurobi", "highs"}


def test_changed_generator_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.jsonl"
    asked = ("--family", "knapsack", "--solver", "highs")
    run(path, *asked)
    before = path.read_bytes()
    assert run(path, *asked, version="2") == 2
    assert "holds results of another knapsack-XS-0" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_other_environment_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.jsonl"
    asked = ("--family", "knapsack", "--solver", "highs")
    run(path, *asked)
    here = environment.environment()
    monkeypatch.setattr(environment, "environment", lambda: {**here, "cpu": "another"})
    assert run(path, *asked, "--repeats", "5") == 2
    assert "another environment (what changed: cpu)" in capsys.readouterr().err


def test_without_timing_two_runs_write_the_same_lines(tmp_path: Path) -> None:
    held = []
    for name in "ab":
        path = tmp_path / f"{name}.jsonl"
        run(path, "--family", "knapsack,adopt", "--solver", "highs", "--no-timing")
        held.append(path.read_bytes())
    assert held[0] == held[1]
    entry = read(tmp_path / "a.jsonl").lines[0]
    assert not {"seconds", "cpu_seconds", "peak_memory", "started", "load"} & entry.keys()
    assert entry["iterations"] == 100


def started(path: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "results_made.py"), "--out", str(path), *arguments]
    ways = [str(ROOT), str(ROOT / "models"), os.environ.get("PYTHONPATH", "")]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(way for way in ways if way)}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=variables, cwd=ROOT)


ALL = ("--family", "knapsack,adopt", "--solver", "highs,scip", "--repeats", "8")
WHOLE = 2 * 8 + 2 * (8 + 4)


def stopped_in_the_middle(path: Path, how: signal.Signals) -> tuple[int, str]:
    process = started(path, *ALL)
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b'"status"') < 5:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    code, _ = stopped_in_the_middle(path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    with path.open("ab") as file:
        file.write(b'{"problem": {"family": "knapsack", "si')
    before = read(path)
    assert 5 <= len(before.lines) < WHOLE
    assert not before.sessions[-1].get("finished")

    process = started(path, *ALL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "cut off a half-written last line (38 bytes)" in said
    after = read(path)
    assert after.lines[: len(before.lines)] == before.lines
    assert len(after.lines) == len({key_of(entry) for entry in after.lines}) == WHOLE
    assert after.sessions[1]["runs_held_before"] == len(before.lines)
    assert after.sessions[-1]["finished"] is True
    rows = path.read_bytes().splitlines()
    assert all(isinstance(json.loads(row), dict) for row in rows)

    whole = tmp_path / "whole.jsonl"
    assert runner.main(["--out", str(whole), *ALL], shelf()) == 0
    assert order_of(whole) == order_of(path)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_polite_interruption_says_how_to_go_on(tmp_path: Path) -> None:
    code, said = stopped_in_the_middle(tmp_path / "r.jsonl", signal.SIGTERM)
    assert code == 130
    assert "give the same command again" in said


def test_programmes_are_made_once_and_again_when_sources_change(tmp_path: Path) -> None:
    first = prepare.prepared(tmp_path, "knapsack", "XS", 3, "mark")
    path = Path(first["path"])
    assert first["family"] == "knapsack"
    assert (first["seed"], first["known_optimum"] is None) == (3, False)
    made = path.stat().st_mtime_ns
    assert prepare.prepared(tmp_path, "knapsack", "XS", 3, "mark") == first
    assert path.stat().st_mtime_ns == made
    again = prepare.prepared(tmp_path, "knapsack", "XS", 3, "other mark")
    assert path.stat().st_mtime_ns != made
    assert again == first
    with pytest.raises(process.NotMade, match="no size XS-not"):
        prepare.prepared(tmp_path, "knapsack", "XS-not", 3, "mark")


def test_environment_is_named_by_what_stays() -> None:
    record = environment.environment()
    assert environment.environment_id(record) == environment.environment_id(
        environment.environment()
    )
    assert environment.environment_id({**record, "cpu": "x"}) != environment.environment_id(record)
    assert record["packages"]["numpy"]
    json.dumps(record)


def test_heading_says_where_and_of_what_figures_are() -> None:
    problem = FAMILIES["knapsack"].make("XS", 0)
    plain = environment.heading(problem)
    assert plain["problem"]["sha256"] == problem.sha256
    assert plain["problem"]["nonzeros"] == problem.matrix.nnz
    assert plain["environment_id"] == environment.environment_id(plain["environment"])
    assert plain["figures_sha256"] is None
    draws = [np.arange(6.0).reshape(2, 3), np.arange(3)]
    hashes = [
        environment.heading(problem, figures)["figures_sha256"]
        for figures in (draws, [draws[0].T, draws[1]], [draws[0] + 1e-12, draws[1]])
    ]
    assert len(set(hashes)) == 3
    assert environment.heading(problem, draws)["figures_sha256"] == hashes[0]
    json.dumps(plain)


def test_solvers_with_a_prefix_are_run_by_their_name(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    mine = "python:my.module:solve,pyomo:gurobi"
    assert run(path, "--family", "knapsack", "--solver", mine, "--repeats", "1") == 0
    asked = {entry["asked"]["solver"] for entry in read(path).lines}
    assert asked == {"python:my.module:solve", "pyomo:gurobi"}


@pytest.mark.parametrize("name", ["python:solve", "python:", "pyomo:"])
def test_half_a_name_is_refused_before_anything_runs(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "r.jsonl", "--family", "knapsack", "--solver", name) == 2
    assert name in capsys.readouterr().err
    assert not (tmp_path / "r.jsonl").exists()


def test_help_says_how_to_run_a_solver_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        runner.main(["--help"])
    said = capsys.readouterr().out
    assert "python:MODULE:FUNCTION" in said
    assert "def solve(problem, options, spec):" in said


def test_what_continuous_integration_runs_exists_and_is_small() -> None:
    known = session.registry()
    programmes = runs = 0
    for part in baseline.PARTS:
        assert part.solvers or part.layers
        assert set(part.solvers) <= set(known.solvers)
        assert set(part.layers) <= set(known.layers)
        assert all("XS" in known.families[name].sizes for name in part.families)
        programmes += len(part.families)
        runs += len(part.families) * (len(part.solvers) + len(part.layers))
    assert runs < 70
    assert programmes > 15


def test_committed_baseline_is_what_continuous_integration_runs() -> None:
    held = read(baseline.COMMITTED)
    runs = Counter(
        (entry["problem"]["family"], entry["layer"] or entry["solver"]) for entry in held.lines
    )
    asked = Counter(
        (family, who)
        for part in baseline.PARTS
        for family in part.families
        for who in (*part.solvers, *part.layers)
    )
    assert runs == asked
    assert {entry["status"] for entry in held.lines} == {
        "verified-optimal",
        "infeasible",
        "unbounded",
    }
    assert not any(name in entry for entry in held.lines for name in session.TIMED)
    assert baseline.COMMITTED.stat().st_size < 300_000


def test_baseline_is_not_replaced_by_a_run_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "xs.jsonl"
    path.write_text("as it was")
    statuses = iter([0, 1])
    monkeypatch.setattr(runner, "main", lambda arguments: next(statuses))
    assert baseline.main([str(path)]) == 1
    assert path.read_text() == "as it was"


def test_fingerprint_changes_with_a_source(tmp_path: Path) -> None:
    source = tmp_path / "families.py"
    source.write_text("a = 1\n")
    first = environment.fingerprint([source])
    assert environment.fingerprint([tmp_path]) == environment.fingerprint([tmp_path])
    source.write_text("a = 2\n")
    assert environment.fingerprint([source]) != first


def test_commands_are_found_and_unknown_ones_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([]) == 0
    assert "report" in capsys.readouterr().out
    assert command.main(["reprot"]) == 2
    assert "Did you mean report?" in capsys.readouterr().err
    path = results_made.write(tmp_path / "r.jsonl", [results_made.line()])
    assert command.main(["report", str(path), "--out", str(tmp_path)]) == 0
    assert command.main(["compare", str(path), str(path)]) == 0


def test_suite_runs_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    asked = "run --family knapsack --solver highs-simplex,highs-ipx --repeats 1 --time-limit 20"
    done = command.main([*asked.split(), "--out", str(path), "--work", str(tmp_path)])
    assert done == 0
    found = read(path).lines
    assert [entry["status"] for entry in found] == ["verified-optimal"] * 2
    for entry in found:
        optimum = entry["problem"]["known_optimum"]
        assert abs(entry["objective"] - optimum) <= 1e-6 * max(1.0, abs(optimum))
