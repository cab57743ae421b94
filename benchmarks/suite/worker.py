"""One solve in a process of its own: the parent's side, :func:`execute`, and the child's.

The child is ``python -m benchmarks worker REQUEST.json RESULT.json``. It loads the
solver, then the problem, solves, and writes what it got; the values go to a file beside the
result. The parent stops it when its time is up, tells what became of it from how it ended,
and checks the values: nothing a solver has had in its hands judges the solver.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import re
import signal
import subprocess
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks import ROOT
from benchmarks.suite import memory, process, verify
from benchmarks.suite.environment import now
from benchmarks.suite.files import whole
from benchmarks.suite.layers.registry import LAYERS
from benchmarks.suite.lines import plain
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import (
    CLAIMS,
    STAGES,
    Entry,
    Options,
    Outcome,
    joined,
    permutation_of,
    refused,
    versions,
)
from benchmarks.suite.solvers.registry import OWN, find

MADE = "made.npz"
"""Beside the result: the programme that was solved, where the child made it itself."""

AT_LIMIT = 0.99
"""Share of the limit from which it was reached."""

WORDS = 2000
"""Characters kept of what a process that failed said last."""

SMALL = 4 << 20
"""Bytes of a problem's file up to which the parent keeps it for the next run."""

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
)
"""Where libraries under a solver look for a number of threads."""

NO_MEMORY = re.compile(
    r"bad_alloc|MemoryError|out of memory|cannot allocate memory|memory allocation of \d+ bytes"
    r"|Insufficient memory|no memory available",
    re.IGNORECASE,
)


# The child's side.


def main(arguments: Sequence[str]) -> int:
    """Do what a request says and write a result; the child's side."""
    request_path, result_path = (Path(a) for a in arguments)
    request = json.loads(request_path.read_text(encoding="utf-8"))
    process.die_with(request.get("parent"))
    if request.get("memory_limit"):
        memory.limit(int(request["memory_limit"]))
    result, outcome = _run(request)
    values: dict[str, Any] = {}
    for name in ("x", "row_dual"):
        array = getattr(outcome, name)
        if array is not None:
            values[name] = array
    if outcome.problem is not None:
        outcome.problem.save(result_path.with_name(MADE))
    _write(result_path, result, values)
    return 0


def stopped_at(outcome: Outcome, limit: float | None) -> None:
    """Who gives up when the time is up was stopped, though not every solver says so."""
    spent = outcome.clock.wall.get("solve", 0.0)
    if outcome.claimed == "gave-up" and limit is not None and spent >= AT_LIMIT * limit:
        outcome.claimed = "limit"


def _run(request: dict[str, Any]) -> tuple[dict[str, Any], Outcome]:
    baseline = None
    modules: tuple[str, ...] = ()
    try:
        spec = _spec(request)
        modules = spec.modules
        try:
            spec.load()
        except ImportError as absent:
            outcome = Outcome("missing", note=f"{spec.package}: {absent}")
        else:
            baseline = memory.now()
            outcome = spec.run(request, options_of(request))
    except MemoryError as failed:
        outcome = Outcome("out-of-memory", note=str(failed))
    except Exception as failed:
        outcome = _failed(failed)
    stopped_at(outcome, request.get("time_limit"))
    if outcome.claimed not in CLAIMS:
        outcome.note = f"unknown claim {outcome.claimed!r}; {outcome.note}"
        outcome.claimed = "error"
    peak = memory.peak()
    result = {
        "claimed_status": outcome.claimed,
        "claimed_objective": outcome.objective,
        "algorithm": outcome.algorithm,
        "options": versions(modules) | outcome.options,
        "bound": outcome.bound,
        "iteration_counts": outcome.iterations,
        "nodes": outcome.nodes,
        "primal_log": outcome.primal_log,
        "seconds": outcome.clock.wall,
        "cpu_seconds": outcome.clock.cpu,
        "peak_memory": None if peak is None else peak + outcome.memory,
        "import_memory": baseline,
        "note": outcome.note,
    }
    return result, outcome


def _spec(request: dict[str, Any]) -> Entry:
    return LAYERS[request["layer"]] if request.get("layer") else find(request["solver"])


def options_of(request: dict[str, Any]) -> Options:
    """What a request asks of the solver."""
    return Options.of(request.get("time_limit"), request.get("threads"), request.get("options"))


def _failed(failed: Exception) -> Outcome:
    """What an exception says of a run."""
    text = f"{type(failed).__name__}: {failed}"
    if NO_MEMORY.search(text):
        return Outcome("out-of-memory", note=text)
    if refused(text):
        return Outcome("licence-limit", note=text)
    place = traceback.extract_tb(failed.__traceback__)[-1]
    return Outcome("error", note=f"{text} ({Path(place.filename).name}, line {place.lineno})")


def _write(path: Path, result: dict[str, Any], values: dict[str, Any]) -> None:
    np.savez(path.with_suffix(".npz"), **values)
    with whole(path) as file:
        file.write(json.dumps(plain(result)).encode())


# The parent's side.


def execute(request: dict[str, Any], hard_limit: float) -> dict[str, Any]:
    """Run a request in a fresh process, for so many seconds at most, and judge what it gives.

    Parameters
    ----------
    request : dict
        ``problem`` (path of a saved problem), ``solver`` or ``layer``; optional
        ``time_limit`` (seconds the solver is told), ``permutation`` or ``seed`` (order of rows
        and columns), ``threads``, ``options`` (``seed``, ``feasibility``, ``gap``, and the
        solver's own), ``memory_limit`` (bytes).
    hard_limit : float
        Seconds after which the process and all it has started are stopped; loading counts.

    Returns
    -------
    dict
        Fields of a result line, plain values only.
    """
    started = now()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        place = Path(folder)
        ended = _child(request, place, hard_limit)
        result = collected(place / "result.json", ended)
        line = _line(request, result, _values(place / "result.npz"), place / MADE)
    line["seconds"]["process"] = ended["seconds"]
    line["started"] = started
    done: dict[str, Any] = plain(line)
    return done


def _child(request: dict[str, Any], place: Path, hard_limit: float) -> dict[str, Any]:
    """Run the child; how it ended, how long it took, and its last words."""
    asked = {**request, "parent": os.getpid()}
    if asked.get("problem"):
        asked["problem"] = str(Path(asked["problem"]).resolve())
    path = place / "request.json"
    path.write_text(json.dumps(plain(asked)), encoding="utf-8")
    killed = _oom_kills()
    with (place / "words.txt").open("w+b") as words:
        began = time.perf_counter()
        child = subprocess.Popen(
            process.command("worker", str(path), str(place / "result.json")),
            cwd=ROOT,
            env=_environment(request, place),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        in_time = True
        try:
            child.wait(hard_limit)
        except subprocess.TimeoutExpired:
            in_time = False
        finally:
            _stop(child)
        return {
            "seconds": time.perf_counter() - began,
            "in_time": in_time,
            "code": child.returncode,
            "words": _last_words(words),
            "oom_kills": None if killed is None else (_oom_kills() or 0) - killed,
        }


def _environment(request: dict[str, Any], place: Path) -> dict[str, str]:
    """Variables of the child: where the suite is, and one number of threads for everybody."""
    ways = [str(ROOT), str(ROOT / "models"), os.environ.get("PYTHONPATH", "")]
    if str(request.get("solver") or "").startswith(OWN):
        ways.append(str(Path.cwd()))
    return {
        **os.environ,
        **dict.fromkeys(THREADS, str(options_of(request).threads)),
        "PYTHONPATH": os.pathsep.join(way for way in ways if way),
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(place),
    }


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a process and everything it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    elif child.poll() is None:
        child.kill()
    child.wait()


def _last_words(words: IO[bytes]) -> str:
    words.seek(0, os.SEEK_END)
    words.seek(max(0, words.tell() - WORDS))
    return words.read().decode(errors="replace").strip()


def _oom_kills() -> int | None:
    """Processes this system has ended for want of memory; None where it does not say."""
    try:
        text = Path("/proc/vmstat").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
    return int(found.group(1)) if found else None


def collected(path: Path, ended: dict[str, Any]) -> dict[str, Any]:
    """What the child wrote, or what its end says."""
    if not ended["in_time"]:
        return {"status": "hard-time-out", "note": "stopped: it went on beyond the hard limit"}
    if path.exists():
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if ended["code"] != 0:
            said = f"the process then ended with {_end(ended['code'])}"
            result["note"] = joined(result["note"], said)
        return result
    words, code = ended["words"], ended["code"]
    note = f"ended with {_end(code)}" + (f": {words}" if words else "")
    if NO_MEMORY.search(words):
        return {"status": "out-of-memory", "note": note}
    if code == -9:
        if ended["oom_kills"] is None or ended["oom_kills"] > 0:
            return {"status": "out-of-memory", "note": f"ended by the system; {note}"}
        return {"status": "crash", "note": f"ended from outside; {note}"}
    return {"status": "crash", "note": note}


def _end(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _values(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    with np.load(path) as held:
        return {name: held[name] for name in held.files}


@functools.lru_cache(maxsize=8)
def _kept(path: Path, stamp: int) -> Problem:
    del stamp
    return Problem.load(path)


def _problem(request: dict[str, Any]) -> Problem:
    path = Path(request["problem"])
    about = path.stat()
    if about.st_size > SMALL:
        return Problem.load(path)
    return _kept(path, about.st_mtime_ns)


def _line(
    request: dict[str, Any], result: dict[str, Any], values: dict[str, Any], made: Path
) -> dict[str, Any]:
    """Fields of a result line, with the verdict."""
    line: dict[str, Any] = {
        "solver": request.get("solver") or result.get("solver", ""),
        "layer": request.get("layer") or "",
        "algorithm": "",
        "options": {},
        "permutation": permutation_of(request),
        "threads": options_of(request).threads,
        "claimed_status": result.get("status", ""),
        "objective": None,
        "bound": None,
        "gap": None,
        "nodes": None,
        "primal_log": [],
        "peak_memory": None,
        "import_memory": None,
        "residual": {},
        "note": "",
        **result,
    }
    counts = result.get("iteration_counts") or {}
    line["iterations"] = sum(counts.values()) if counts else None
    _times(line)
    asked = _problem(request) if request.get("problem") else None
    solved = Problem.load(made) if made.exists() else asked
    if (named := asked or solved) is not None:
        line["problem"] = named.described()
    if "status" in line:
        return line
    if solved is asked and asked is not None:
        solved = asked.permuted(permutation_of(request))
    if solved is not None:
        _judge(line, solved, request, values)
    else:
        unchecked = line["claimed_status"] not in verify.UNTOLD
        line["status"] = "error" if unchecked else line["claimed_status"]
    return line


def _times(line: dict[str, Any]) -> None:
    for name in ("seconds", "cpu_seconds"):
        spent = line.get(name) or {}
        stages = {stage: spent.get(stage) for stage in STAGES}
        known = [value for value in stages.values() if value is not None]
        line[name] = {**stages, "total": math.fsum(known) if known else None}


def _judge(
    line: dict[str, Any], problem: Problem, request: dict[str, Any], values: dict[str, Any]
) -> None:
    if not problem.whole:
        line["bound"] = None  # a linear optimum is its own bound, and duals are checked apart
    verdict = verify.judge(
        problem,
        line["claimed_status"],
        values.get("x"),
        row_dual=values.get("row_dual"),
        bound=line["bound"],
        gap=options_of(request).gap,
    )
    line["status"], line["proof"] = verdict.status, verdict.proof
    line["objective"], line["gap"] = verdict.objective, verdict.gap
    line["dual_bound"], line["dual_residual"] = verdict.dual_bound, verdict.dual_residual
    if verdict.residuals is not None:
        line["residual"] = verdict.residuals.relative
        line["residual_absolute"] = verdict.residuals.absolute
    if verdict.settled is not None:
        line["settled"] = asdict(verdict.settled)
    line["note"] = joined(*verdict.notes, line["note"])
