"""Make one programme in a process of its own.

The runner asks for it so that neither the memory nor a crash of a generator is its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.suite.files import whole
from benchmarks.suite.process import answer


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
        What a result line says of its programme, with ``path`` of the saved one.

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
    made: dict[str, Any] = json.loads(answer("prepare", family, size, str(seed), str(path)))
    with whole(beside) as file:
        file.write(json.dumps({**made, "mark": mark}).encode())
    return {**made, "path": str(path)}


def main(arguments: Sequence[str]) -> int:
    """Make, save and describe: the child's side."""
    from benchmarks.suite.families.registry import FAMILIES

    name, size, seed, path = arguments
    family = FAMILIES[name]
    problem = family.make(size, int(seed))
    problem.save(Path(path))
    known = {
        "kind": family.kind,
        "known_optimum": problem.optimum,
        "known_status": problem.status,
        "maximise": problem.maximise,
    }
    print(json.dumps(problem.described() | known))
    return 0
