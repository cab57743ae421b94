"""Whatever asks a command to end, whenever: the exit status is true and nothing is left half."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from examples import EXAMPLES

import allocator.cli
import allocator.planning.worth as worth
import allocator.report.files.target as files
from allocator.cli import main

ASKING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def handlers() -> list[Any]:
    return [signal.getsignal(number) for number in ASKING]


def asking(number: int, before: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but somebody asks the program to end when it is called."""

    def called(*what: Any, **how: Any) -> Any:
        signal.raise_signal(number)
        return before(*what, **how)

    return called


@pytest.mark.parametrize("number", ASKING)
@pytest.mark.parametrize("place", ["to_json", "swap_folder", "_kinds"])
def test_while_results_are_written_it_waits(
    place: str,
    number: int,
    solved: Any,
    two_pools: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    solved()
    out, known = tmp_path / "plan", handlers()
    words = ["solve", str(two_pools), "--out", str(out), "--overwrite"]
    assert main(words) == 0
    record = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    (out / "plan.json").write_text(json.dumps(record | {"status": "old"}), encoding="utf-8")
    monkeypatch.setattr(files, place, asking(number, getattr(files, place)))
    capsys.readouterr()
    assert main(words) == 4
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-1] == f"Interrupted after the results were written to {out}."
    assert json.loads((out / "plan.json").read_text(encoding="utf-8"))["status"] == "optimal"
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []
    assert handlers() == known


@pytest.mark.parametrize("number", ASKING)
def test_before_anything_is_written_it_ends_without(
    number: int,
    solved: Any,
    two_pools: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    solved()
    module = "allocator.cli.solve.results"
    monkeypatch.setattr(module, asking(number, allocator.cli.output.results))
    assert main(["solve", str(two_pools), "--out", str(tmp_path / "plan")]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped."
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize(("out", "status"), [("plan", 4), (None, 130)])
def test_while_a_plan_is_shown_the_status_says_whether_it_was_written(
    out: str | None,
    status: int,
    solved: Any,
    two_pools: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solved()
    shown = "allocator.report.text.summary.print_summary"
    monkeypatch.setattr(shown, asking(signal.SIGINT, lambda *_, **__: None))
    words = [] if out is None else ["--out", str(tmp_path / out)]
    assert main(["solve", str(two_pools), *words]) == status


@pytest.mark.parametrize("out", ["plan", None])
@pytest.mark.parametrize("number", ASKING)
def test_while_decisions_are_valued_the_plan_is_shown_with_what_there_is(
    number: int,
    out: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    """The first is valued; somebody asks the program to end as the second is begun."""
    before, solves = worth.solve, iter(range(9))

    def solve(*what: Any, **how: Any) -> Any:
        if next(solves) == 3:  # after two evidence cases and one decision
            signal.raise_signal(number)
        return before(*what, **how)

    monkeypatch.setattr(worth, "solve", solve)
    folder = tmp_path / "plan"
    words = ["solve", str(EXAMPLES / "linked-decisions"), "--worth"]
    assert main([*words, *(["--out", str(folder)] if out else [])]) == 4
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-1] == "Interrupted: not all decisions are valued."
    assert "Decide now" in shown.out or "Not yet" in shown.out, shown.out
    if out:
        table = pd.read_csv(folder / "decision_worth.csv")
        assert table["worth"].notna().tolist() == [True] + [False] * (len(table) - 1)


@pytest.mark.skipif(os.name != "posix", reason="a process is ended from within")
def test_who_cannot_wait_while_decisions_are_valued_is_told_that_the_plan_is_there(
    tmp_path: Path,
) -> None:
    code = """
import os, signal, sys, time
import allocator.planning.worth as worth
from allocator.cli import main, output
output.PATIENCE = 0.05
def solve(*_, **__):
    for _ in range(2):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(30)
        except KeyboardInterrupt:
            pass
    time.sleep(30)
worth.solve = solve
sys.exit(main())
"""
    out = tmp_path / "plan"
    words = ["solve", str(EXAMPLES / "linked-decisions"), "--worth", "--out", str(out)]
    ended = run(code, *words)
    said = f"Interrupted after the results were written to {out}."
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (4, said)
    assert (out / "plan.json").exists()


def test_an_import_that_swallows_it_is_no_fault_of_ours(
    solved: Any, two_pools: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """pandas, interrupted while its extensions are loaded, says that a module is missing."""

    def swallowed(*_: Any, **__: Any) -> Any:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("PyCapsule_Import could not import module") from None

    solved()
    monkeypatch.setattr("allocator.report.text.summary.print_summary", swallowed)
    assert main(["solve", str(two_pools)]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped."


def test_a_second_one_changes_nothing_while_the_end_is_told(
    solved: Any, two_pools: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    solved(KeyboardInterrupt())
    told = allocator.cli.interrupted
    monkeypatch.setattr(allocator.cli, "interrupted", asking(signal.SIGINT, told))
    assert main(["solve", str(two_pools)]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped."


def run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("number", ASKING)
@pytest.mark.parametrize("name", ["typer", "allocator.cli.app", "pandas", "pyomo"])
def test_while_something_is_imported(name: str, number: int) -> None:
    code = f"""
import signal, sys
from allocator.cli import main

class Asking:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            sys.meta_path.remove(self)
            signal.raise_signal({int(number)})

sys.meta_path.insert(0, Asking())
sys.exit(main())
"""
    ended = run(code, "solve", str(EXAMPLES / "pool-transfer"))
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr.splitlines() == ["Stopped."]


@pytest.mark.parametrize("number", ASKING)
def test_while_the_process_ends(number: int) -> None:
    code = f"""
import atexit, signal, sys
from allocator.cli import main
atexit.register(signal.raise_signal, {int(number)})
status = main()
signal.raise_signal({int(number)})
sys.exit(status)
"""
    ended = run(code, "--version")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_ignored_stays_ignored(two_pools: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert main(["check", str(two_pools)]) == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


COMMAND = """
import sys
from allocator.cli import main
print("ready", file=sys.stderr, flush=True)
sys.exit(main())
"""
OLD = {"plan.json": '{"old": 1}\n', "allocation.csv": "old\n"}


def at_random(count: int, place: Path) -> None:
    """Commands that are asked to end at random moments, over an old plan."""
    draw = random.Random(1)
    words = [sys.executable, "-c", COMMAND, "solve", str(EXAMPLES / "caps-reached")]
    for turn in range(count):
        target, number = place / str(turn) / "plan", draw.choice(ASKING)
        target.mkdir(parents=True)
        for name, text in OLD.items():
            (target / name).write_text(text, encoding="utf-8")
        with subprocess.Popen(
            [*words, "--out", str(target), "--overwrite"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == b"ready\n"
            try:
                process.wait(0.01 + draw.random() * 3)
            except subprocess.TimeoutExpired:
                process.send_signal(number)
            _, errors = process.communicate()
        record = json.loads((target / "plan.json").read_text(encoding="utf-8"))
        held = "old" if "old" in record else "new"
        assert (process.returncode, held) in [(0, "new"), (4, "new"), (130, "old")], errors
        assert b"Traceback" not in errors
        assert os.listdir(target.parent) == ["plan"]  # noqa: PTH208


def test_at_a_few_random_moments(tmp_path: Path) -> None:
    at_random(6, tmp_path)


@pytest.mark.long
def test_at_random_moments(tmp_path: Path) -> None:
    at_random(150, tmp_path)
