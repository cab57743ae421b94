"""Make one programme in a process of its own: ``python -m benchmarks prepare``.

The runner starts this so that neither the memory nor a crash of a generator is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.suite.problem import Problem


class NotMade(Exception):
    """A generator failed."""


def about(problem: Problem, kind: str) -> dict[str, Any]:
    """What a result line says of its programme."""
    rows, columns = problem.shape
    return {
        "family": problem.family,
        "size": problem.size,
        "seed": problem.seed,
        "kind": kind,
        "sha256": problem.sha256,
        "rows": rows,
        "columns": columns,
        "nonzeros": int(problem.matrix.nnz),
        "integers": int(problem.integer.sum()),
        "known_optimum": problem.optimum,
        "known_status": problem.status,
        "maximise": problem.maximise,
    }


def prepared(folder: Path, family: str, size: str, seed: int, mark: str) -> dict[str, Any]:
    """Make a programme in a fresh process, unless it has been made from the same sources.

    Parameters
    ----------
    folder : Path
        Where programmes are kept between sessions.
    family, size : str
    seed : int
    mark : str
        Fingerprint of what the programme depends on.

    Returns
    -------
    dict
        As :func:`about`, with ``path`` of the saved programme.

    Raises
    ------
    NotMade
        With the last words of the generator.
    """
    folder = folder.resolve()
    path = folder / f"{family}-{size}-{seed}.npz"
    beside = path.with_suffix(".json")
    if path.exists() and beside.exists():
        held = json.loads(beside.read_text(encoding="utf-8"))
        if held.pop("mark", None) == mark:
            return {**held, "path": str(path)}
    folder.mkdir(parents=True, exist_ok=True)
    beside.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks", "prepare", family, size, str(seed), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        raise NotMade(words[-1])
    made: dict[str, Any] = json.loads(done.stdout)
    part = beside.with_suffix(".part")
    part.write_text(json.dumps({**made, "mark": mark}), encoding="utf-8")
    part.replace(beside)
    return {**made, "path": str(path)}


def main(arguments: Sequence[str]) -> int:
    """Make, save and describe: the child's side."""
    from benchmarks.suite.families.registry import FAMILIES

    name, size, seed, path = arguments
    family = FAMILIES[name]
    problem = family.make(size, int(seed))
    problem.save(Path(path))
    print(json.dumps(about(problem, family.kind)))
    return 0
