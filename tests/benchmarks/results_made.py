"""Result lines made by hand, and a suite that solves nothing, for tests of what handles them."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.suite import environment, process, runner, session
from benchmarks.suite.lines import Results

Line = dict[str, Any]

ENVIRONMENT = {
    "cpu": "a processor",
    "cores": 2,
    "memory_gib": 8.0,
    "system": "Linux",
    "packages": {},
}
ENVIRONMENT_ID = environment.environment_id(ENVIRONMENT)


def problem(family: str = "knapsack", size: str = "S", **changes: Any) -> Line:
    """What a line says of its programme."""
    made = {
        "family": family,
        "size": size,
        "seed": 0,
        "kind": "lp",
        "sha256": hashlib.sha256(f"{family}-{size}".encode()).hexdigest(),
        "rows": 10,
        "columns": 20,
        "nonzeros": 100,
        "integers": 0,
        "known_optimum": None,
        "known_status": "",
        "maximise": True,
    }
    return {**made, **changes}


def line(solver: str = "highs", seconds: float | None = 1.0, **changes: Any) -> Line:
    """A whole result line; `seconds` are those of the solve, with nothing around it."""
    layer = changes.get("layer", "")
    stages = None
    if seconds is not None:
        stages = {"handover": 0.0, "solve": seconds, "readback": 0.0, "total": seconds}
    made = {
        "problem": problem(),
        "asked": {
            "solver": "" if layer else solver,
            "layer": layer,
            "options": {},
            "time_limit": 10.0,
            "threads": 1,
        },
        "solver": solver,
        "layer": "",
        "algorithm": "simplex",
        "options": {},
        "permutation": 0,
        "repeat": 0,
        "threads": 1,
        "status": "verified-optimal",
        "claimed_status": "optimal",
        "objective": 50.0,
        "bound": None,
        "gap": None,
        "iterations": 100,
        "nodes": None,
        "primal_log": [],
        "seconds": stages,
        "cpu_seconds": stages,
        "peak_memory": 300 * 2**20,
        "import_memory": 100 * 2**20,
        "residual": {"row": 1e-12, "bound": 0.0, "integer": 0.0},
        "environment_id": ENVIRONMENT_ID,
        "started": "2026-01-02T03:04:05+00:00",
        "load": 0.5,
        "note": "",
    }
    return {**made, **changes}


def results(lines: Iterable[Line], finished: bool = True) -> Results:
    """Results of one machine and one session."""
    sessions = [{"environment_id": ENVIRONMENT_ID, "source": {"commit": "0" * 40}}]
    if finished:
        sessions.append({"environment_id": ENVIRONMENT_ID, "finished": True})
    return Results(list(lines), {ENVIRONMENT_ID: dict(ENVIRONMENT)}, sessions)


def write(path: Path, lines: Iterable[Line]) -> Path:
    """Write a result file."""
    first = {"environment": ENVIRONMENT, "id": ENVIRONMENT_ID, "session": {"finished": True}}
    path.write_text("".join(json.dumps(entry) + "\n" for entry in (first, *lines)))
    return path


Execute = Callable[[dict[str, Any], float], dict[str, Any]]


def outcome(request: dict[str, Any], hard_limit: float) -> dict[str, Any]:
    """A run that goes well, at once."""
    del hard_limit
    made = line(request["solver"] or "highs", layer=request["layer"] or "")
    return {name: made[name] for name in made if name not in ("problem", "asked")}


def shelf(execute: Execute = outcome, version: str = "") -> session.Registry:
    """A suite of three families and two solvers that solves nothing.

    `version` changes the programmes but not their names; the family `broken` cannot be made.
    """
    families = {
        "knapsack": SimpleNamespace(kind="lp", sizes={"XS": {}, "S": {}}, reason="one budget"),
        "adopt": SimpleNamespace(kind="mip", sizes={"XS": {}}, reason="adopt or not"),
        "broken": SimpleNamespace(kind="lp", sizes={"XL": {}}, reason="cannot be made"),
    }
    solvers = {name: SimpleNamespace(package=name) for name in ("highs", "scip")}
    layers = {name: SimpleNamespace(package=name) for name in ("ours", "numpy")}

    def make(folder: Path, family: str, size: str, seed: int, mark: str) -> dict[str, Any]:
        del folder, mark
        if family == "broken":
            raise process.NotMade("ValueError: no such thing")
        sha256 = hashlib.sha256(f"{family}-{size}-{seed}{version}".encode()).hexdigest()
        integers = 5 if family == "adopt" else 0
        made = problem(family, size, seed=seed, sha256=sha256, integers=integers)
        return {**made, "path": f"{family}-{size}-{seed}.npz"}

    return session.Registry(families, solvers, layers, execute, make)


def slow(request: dict[str, Any], hard_limit: float) -> dict[str, Any]:
    """A run that goes well after a moment."""
    time.sleep(0.05)
    return outcome(request, hard_limit)


if __name__ == "__main__":
    sys.exit(runner.main(sys.argv[1:], shelf(slow)))
