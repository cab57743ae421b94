"""Standard streams that are closed, missing or full: the work is done and the status is true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from allocator.cli import main

posix = pytest.mark.skipif(os.name != "posix", reason="shells close streams elsewhere as well")

MADE = """
import sys
sys.path.insert(0, {here!r})
import allocator
from allocator.cli import main
from conftest import tables
from allocator.plan import Certificate, Plan


def solve(instance, **options):
    worth = Certificate(2.0, 1.0, 2.0)
    return Plan("optimal", True, 0.0, worth, tables(), {{}}, {{}}, {{"total": 0.1}}, {{}})


vars(allocator)["solve"] = solve
sys.exit(main())
"""
"""The command line with a plan that is there at once."""


def shell(words: str, redirected: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell does, with some streams changed."""
    code = place / "made.py"
    code.write_text(MADE.format(here=str(Path(__file__).parent)), encoding="utf-8")
    line = f'"{sys.executable}" "{code}" {words} {redirected}'
    ran = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    assert "Traceback" not in ran.stderr + ran.stdout
    assert "fault" not in ran.stderr
    return ran


@posix
@pytest.mark.parametrize("json_too", ["", "--json"])
@pytest.mark.parametrize("redirected", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_work_is_done_without_a_stream(
    redirected: str, json_too: str, two_pools: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    ran = shell(f'solve "{two_pools}" --out "{out}" {json_too}', redirected, tmp_path)
    assert ran.returncode == 0
    assert json.loads((out / "plan.json").read_text(encoding="utf-8"))["status"] == "optimal"
    closed = {number: f" {number}>&-" in f" {redirected}".replace(" >", " 1>") for number in (1, 2)}
    assert (ran.stdout == "") == closed[1]
    assert (ran.stderr == "") == closed[2]
    if json_too and not closed[1]:
        assert json.loads(ran.stdout)["status"] == "optimal"


@posix
@pytest.mark.parametrize("words", ["check", "check --json"])
def test_what_is_shown_is_the_same_without_standard_error(
    words: str, two_pools: Path, tmp_path: Path
) -> None:
    usual = shell(f'{words} "{two_pools}"', "", tmp_path)
    assert shell(f'{words} "{two_pools}"', "2>&-", tmp_path).stdout == usual.stdout != ""


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device to write to")
@pytest.mark.parametrize(
    "words", ["solve X", "solve X --json", "check X", "check nowhere --json", "--help", "--version"]
)
def test_a_full_device_is_told_once(words: str, two_pools: Path, tmp_path: Path) -> None:
    ran = shell(words.replace("X", f'"{two_pools}"'), ">/dev/full", tmp_path)
    assert ran.returncode == 1
    told = "Standard output cannot be written: No space left on device."
    assert ran.stderr.splitlines() == [told]
    nobody = shell(words.replace("X", f'"{two_pools}"'), ">/dev/full 2>/dev/full", tmp_path)
    assert nobody.returncode == 1


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device to write to")
def test_a_plan_that_was_written_is_told_when_it_cannot_be_shown(
    two_pools: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    ran = shell(f'solve "{two_pools}" --out "{out}"', ">/dev/full", tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[0] == f"Written to {out}."
    assert (out / "plan.json").is_file()
    assert shell(f'check "{two_pools}"', "2>/dev/full", tmp_path).returncode == 0
    assert shell("check nowhere", "2>/dev/full", tmp_path).returncode == 2


@pytest.mark.parametrize("missing", ["None", "closed"])
def test_streams_of_a_program_without_a_window(
    missing: str, two_pools: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone: Any = None
    if missing == "closed":
        gone = (tmp_path / "gone").open("w")
        gone.close()
    for name in ("stdout", "stderr", "stdin"):
        monkeypatch.setattr(sys, name, gone)
    assert main(["check", str(two_pools)]) == 0
    assert main(["check", "nowhere"]) == 2
    assert sys.stdout is gone
