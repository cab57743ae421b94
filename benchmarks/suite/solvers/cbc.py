"""CBC: a programme of its own, handed an MPS file.

The binary is looked for in the package cbcbox, in PuLP (before version 4, which brought one
along), and among the user's commands. Values come back in CBC's binary solution file, because
its text one has eight digits.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from allocator.arrays import Floats
from benchmarks.suite import memory, process
from benchmarks.suite.mps import write_mps
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Options, Outcome, SolverSpec, minimised

LOOK = 0.02
"""Seconds between looks at how much memory CBC holds."""

_CLAIMS = (
    ("Optimal", "optimal"),
    ("Integer infeasible", "infeasible"),
    ("Infeasible", "infeasible"),
    ("Primal infeasible", "infeasible"),
    ("Unbounded", "unbounded"),
    ("Dual infeasible", "infeasible-or-unbounded"),
    ("Stopped", "limit"),
)
"""How the first line of CBC's solution file begins, and what that claims."""


def binary() -> Path | None:
    """CBC's binary; None where there is none."""
    if importlib.util.find_spec("cbcbox") is not None:
        import cbcbox

        with contextlib.suppress(Exception):
            return Path(cbcbox.cbc_bin_path())
    pulp = importlib.util.find_spec("pulp")
    if pulp is not None and pulp.origin is not None:
        system = {"darwin": "osx", "win32": "win"}.get(sys.platform, sys.platform)
        machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "i64"
        for place in (machine, "i64") if system == "osx" else (machine,):
            held = Path(pulp.origin).parent / "solverdir" / "cbc" / system / place / "cbc"
            held = held.with_suffix(".exe") if system == "win" else held
            if held.exists():
                return held
    found = shutil.which("cbc")
    return None if found is None else Path(found)


def solve(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve with CBC; reading the file counts as solving, because only CBC could tell."""
    outcome = Outcome("error")
    command = binary()
    if command is None:
        return Outcome("missing", note=f"{spec.package}: no CBC binary found")
    with tempfile.TemporaryDirectory(prefix="cbc-") as folder:
        place = Path(folder)
        with outcome.clock.stage("handover"):
            # a minimisation without constant: readers of MPS differ on both
            plain = replace(problem, maximise=False, cost=minimised(problem)[0], offset=0.0)
            write_mps(plain, place / "problem.mps")
        arguments = _arguments(problem, options, spec)
        with outcome.clock.stage("solve"):
            words, outcome.memory = _run([str(command), "problem.mps", *arguments], place)
        with outcome.clock.stage("readback"):
            _read(problem, place, words, outcome)
    outcome.options = _options(arguments, words)
    return outcome


def _arguments(problem: Problem, options: Options, spec: SolverSpec) -> list[str]:
    tolerance = repr(spec.tolerance(options.feasibility))
    asked: dict[str, Any] = {
        "timeMode": "elapsed",
        "primalTolerance": tolerance,
        "dualTolerance": tolerance,
    }
    if problem.whole:
        asked |= {"integerTolerance": tolerance, "ratioGap": options.gap, "allowableGap": 0.0}
        if options.threads > 1:
            asked["threads"] = options.threads
    if options.seed:
        asked |= {"randomSeed": options.seed, "randomCbcSeed": options.seed}
    if options.time_limit is not None:
        asked["sec"] = options.time_limit
    given = [word for name, value in (asked | options.more).items() for word in _words(name, value)]
    return [*given, "-solve", "-solution", "values.txt", "-saveSolution", "values.bin", "-quit"]


def _words(name: str, value: Any) -> tuple[str, str]:
    return f"-{name}", str(value)


def _run(command: list[str], place: Path) -> tuple[str, int]:
    """What CBC said, and the most bytes it held."""
    most = 0
    with (place / "words.txt").open("w+b") as words:
        working = subprocess.Popen(
            command,
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            preexec_fn=_bound_to(os.getpid()),
        )
        while working.poll() is None:
            most = max(most, memory.peak(working.pid) or 0)
            with contextlib.suppress(subprocess.TimeoutExpired):
                working.wait(LOOK)
        words.seek(0)
        said = words.read().decode(errors="replace")
    if working.returncode != 0:
        said += f"\nended with code {working.returncode}"
    return said, most


def _bound_to(parent: int) -> Callable[[], None] | None:
    """What CBC's process does before it becomes CBC: it would outlive this one otherwise."""
    if sys.platform != "linux":
        return None

    def bind() -> None:
        process.die_with(parent)

    return bind


def _options(arguments: list[str], words: str) -> dict[str, Any]:
    """What CBC says it has set; it cannot be asked otherwise."""
    changed = re.findall(r"^(?:Option for )?(\w+) (?:was )?changed from \S+ to (\S+)", words, re.M)
    version = re.search(r"^Version: +(\S+)", words, re.M)
    built = re.search(r"^Build Date: +(.+?) *$", words, re.M)
    return {
        "version": version.group(1) if version else None,
        "built": built.group(1) if built else None,
        "command": " ".join(arguments),
        **dict(changed),
    }


def _last(pattern: str, words: str) -> str | None:
    found = re.findall(pattern + r"\s*([-+.\deE]+)", words)
    return found[-1] if found else None


def count(words: str, *patterns: str) -> int | None:
    """First of several counts that is given; versions differ in how they put it."""
    for pattern in patterns:
        found = _last(pattern, words)
        if found is not None:
            return int(float(found))
    return None


def below(text: str) -> float:
    """Lowest number that CBC may have printed so: it rounds to six digits or more."""
    value = Decimal(text)
    if value == 0:
        return 0.0
    place = min(int(value.as_tuple().exponent), value.adjusted() - 5)
    return float(value - Decimal(5).scaleb(place - 1))


def _read(problem: Problem, place: Path, words: str, outcome: Outcome) -> None:
    first = _first_line(place / "values.txt")
    outcome.claimed = next((claim for begin, claim in _CLAIMS if first.startswith(begin)), "error")
    if outcome.claimed == "error" and "infeasibility proved" in words:
        outcome.claimed = "infeasible"
    if outcome.claimed == "error":
        said = words.strip().splitlines()[-3:]
        outcome.note = f"CBC ended with {first or 'no solution file'}: {' / '.join(said)}"
    whole = problem.whole
    outcome.algorithm = "branch and cut" if whole else "simplex (Clp)"
    counts = (r"Total iterations:", r"Iters:", r"Optimal objective \S+ - ")
    counted = count(words, *counts)
    outcome.iterations = {} if counted is None else {"simplex": counted}
    if whole:
        outcome.nodes = count(words, r"Enumerated nodes:", r"Nodes:")
        _read_search(problem, words, outcome)
    without = "no integer solution" in first or "no feasible" in first
    if outcome.claimed in ("optimal", "limit") and not without:
        _read_values(problem, place / "values.bin", outcome)


def _first_line(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().strip()


def _read_search(problem: Problem, words: str, outcome: Outcome) -> None:
    """Bound and improving solutions from the log, which rounds them."""
    sign = -1.0 if problem.maximise else 1.0
    bound = _last(r"Lower bound:", words)
    if bound is not None and outcome.claimed == "limit":
        outcome.bound = sign * below(bound) + problem.offset
    improving = re.findall(r"[Ss]olution of (\S+) found .*\(([\d.]+) seconds\)", words)
    improving += re.findall(r"^ *\u2605.* ([-+.\deE]+) +([\d.]+)$", words, re.MULTILINE)
    outcome.primal_log = [
        [float(at), sign * float(value) + problem.offset] for value, at in improving
    ]


def _read_values(problem: Problem, path: Path, outcome: Outcome) -> None:
    """Values from two counts, the objective, and for rows and columns values and duals.

    Newer versions count the rows that preprocessing left.
    """
    if not path.exists():
        return
    content = path.read_bytes()
    rows, columns = np.frombuffer(content[:8], dtype=np.int32).tolist()
    values: Floats = np.frombuffer(content[16:], dtype=float)
    if columns != problem.shape[1] or len(values) != 2 * (rows + columns):
        outcome.note = f"CBC's solution file has {columns} columns, {len(values)} values"
        return
    outcome.x = values[2 * rows : 2 * rows + columns].copy()
    outcome.objective = float(problem.cost @ outcome.x + problem.offset)
    if not problem.whole and rows == problem.shape[0]:
        dual = values[rows : 2 * rows].copy()
        outcome.row_dual = -dual if problem.maximise else dual
