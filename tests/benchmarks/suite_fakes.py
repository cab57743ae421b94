"""Solvers that misbehave, each in a way the suite must tell apart."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers import Options, Outcome, SolverSpec


def told(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Say what the options say."""
    more = options.more
    x = more.get("x")
    return Outcome(more["claim"], x=None if x is None else np.array(x, dtype=float))


def segfault(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    ctypes.string_at(0)
    return Outcome("optimal")


def leave(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    print("this is the end", flush=True)
    os._exit(3)


def hang(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Start a process of one's own and wait for ever."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(options.more["tell"]).write_text(str(process.pid))
    time.sleep(600)
    return Outcome("optimal")


def wait(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Tell one's own number and wait for ever."""
    told = Path(options.more["tell"])
    told.with_suffix(".part").write_text(str(os.getpid()))
    told.with_suffix(".part").replace(told)
    time.sleep(600)
    return Outcome("optimal")


def hungry(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Hold so many bytes while solving."""
    held = np.ones(int(options.more["bytes"]) // 8)
    return Outcome("gave-up", note=f"held {held.nbytes}")


def failing(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    raise RuntimeError(options.more["words"])


def dies_at_the_end(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Answer, and crash when the process ends."""
    import atexit

    def crash() -> Any:
        os.kill(os.getpid(), 11)

    atexit.register(crash)
    return Outcome("optimal", x=np.array(options.more["x"], dtype=float))


def reordered(problem: Problem, options: Options, spec: SolverSpec) -> Outcome:
    """Solve the programme in an order of its own, as a modelling layer may."""
    made = problem.permuted(5)
    rng = np.random.default_rng(5)
    rng.permutation(problem.shape[0])
    columns = rng.permutation(problem.shape[1])
    return Outcome("optimal", x=np.array(options.more["x"], dtype=float)[columns], problem=made)
