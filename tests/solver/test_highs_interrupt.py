"""Ctrl-C stops HiGHS and keeps what it has; twice, it is an exception like any other."""

from __future__ import annotations

import _thread
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import INF, arrays, production

from allocator.errors import SolverError
from allocator.solver.highs import search
from allocator.solver.highs.door import Solver
from allocator.solver.highs.watch import attended
from allocator.solver.program import Program

LONG = 60.0
"""Seconds after which a test that nothing stopped would stop by itself."""

HERE = Path(__file__).parent


def hard() -> Program:
    """Split 40 things by four measures alike: hours of work, and any point has a value."""
    rng = np.random.default_rng(1)
    size = rng.integers(0, 100, (4, 40)).astype(float)
    half = np.floor(size.sum(axis=1) / 2)
    return arrays(
        np.hstack([size, np.eye(4), -np.eye(4)]),
        half,
        half,
        [0.0] * 48,
        [1.0] * 40 + [INF] * 8,
        [0.0] * 40 + [1.0] * 8,
        maximise=False,
        integer=[1] * 40 + [0] * 8,
    )


def many_steps() -> Program:
    """A linear programme that takes thousands of steps."""
    rng = np.random.default_rng(7)
    matrix = rng.uniform(1, 2, (300, 600)) * (rng.random((300, 600)) < 0.2)
    return arrays(matrix, [-INF] * 300, [100] * 300, [0] * 600, [10] * 600, rng.uniform(1, 2, 600))


@contextmanager
def pressed(
    *when: Callable[[], bool], press: Callable[[], Any] = _thread.interrupt_main
) -> Iterator[None]:
    """Press Ctrl-C once each of these holds, in turn; handlers must be left as they were."""
    handlers = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGALRM)]
    over = threading.Event()

    def body() -> None:
        for ready in when:
            while not over.wait(0.02) and not ready():
                pass
            if not over.is_set():
                press()

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGALRM)] == handlers


def searching(solver: Solver) -> Callable[[], bool]:
    """Whether a search has something to give: past its root, and with a solution."""
    begun = threading.Event()

    def look(event: Any) -> None:
        if event.data_out.mip_node_count > 0 and np.isfinite(event.data_out.mip_primal_bound):
            begun.set()

    solver.engine.highs.cbMipInterrupt.subscribe(look)
    return begun.is_set


def by_signal() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def check_incumbent(solver: Solver, found: Any) -> None:
    assert (found.status, found.interrupted) == ("limit", True)
    assert found.x is not None
    assert np.allclose(solver.program.matrix @ found.x, solver.program.row_lower)
    assert set(found.x[:40]) <= {0.0, 1.0}
    assert found.objective == pytest.approx(found.x[40:].sum())
    assert found.bound is not None
    assert found.bound <= found.objective
    assert found.nodes > 0


@pytest.mark.parametrize("press", [_thread.interrupt_main, by_signal])
@pytest.mark.parametrize("threads", [1, 2])
def test_branch_and_bound_gives_what_it_has(press: Callable[[], Any], threads: int) -> None:
    solver = Solver(hard(), threads=threads)
    began = time.monotonic()
    with pressed(searching(solver), press=press):
        found = solver.run(time_limit=LONG)
    assert time.monotonic() - began < LONG / 2
    check_incumbent(solver, found)
    assert found.primal_log[-1][1] == pytest.approx(found.objective)


def test_a_timer_of_the_program_itself_can_stop_it() -> None:
    """Whatever raises KeyboardInterrupt in the main thread counts, as in a notebook."""

    def give_up(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, give_up)
    solver = Solver(hard())

    def soon() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.01)

    try:
        with pressed(searching(solver), press=soon):
            found = solver.run(time_limit=LONG)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    check_incumbent(solver, found)


@pytest.mark.parametrize("algorithm", ["simplex", "ipx"])
def test_a_linear_programme_stops_too(algorithm: str) -> None:
    solver = Solver(many_steps(), algorithm=algorithm, options={"presolve": "off"})
    highs = solver.engine.highs
    whole = solver.run()
    assert (whole.status, whole.interrupted) == ("optimal", False)
    presses = [1]

    def press(_: Any) -> None:
        if presses:
            presses.pop()
            _thread.interrupt_main()

    callbacks = (highs.cbSimplexInterrupt, highs.cbIpmInterrupt)
    for callback in callbacks:
        callback.subscribe(press)
    found = solver.run(start="reproducible")
    for callback in callbacks:
        callback.clear()
    # On a busy machine it may end by itself before it is told.
    assert found.interrupted
    assert found.status in ("limit", "optimal")
    again = solver.run(start="reproducible")
    assert (again.status, again.interrupted) == ("optimal", False)
    assert again.objective == pytest.approx(whole.objective)


def test_after_an_interrupt_the_same_model_is_solved_on() -> None:
    solver = Solver(hard())
    with pressed(searching(solver)):
        first = solver.run(time_limit=LONG)
    assert first.x is not None
    opened = np.r_[first.x[:40], np.zeros(8)]
    solver.set_integer(np.zeros(48, bool))
    upper = np.r_[opened[:40], np.full(8, INF)]
    solver.set_bounds(opened, upper)
    fixed = solver.run()
    assert (fixed.status, fixed.interrupted) == ("optimal", False)
    assert fixed.objective == pytest.approx(first.objective)
    assert fixed.row_dual is not None
    solver.set_bounds(np.zeros(48), np.r_[np.ones(40), np.full(8, INF)])
    solver.set_integer(np.r_[np.ones(40, bool), np.zeros(8, bool)])
    begin = first.x
    third = solver.run(begin=begin, node_limit=0)
    assert third.objective == pytest.approx(first.objective)


def test_ctrl_c_while_a_start_is_completed_keeps_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solver = Solver(hard())
    begin = np.full(48, np.nan)
    begin[0] = 1.0
    pinned = []
    real = search.branch_and_bound

    def searched(*args: Any) -> float:
        pinned.append(True)
        if len(pinned) == 1:
            with pressed(searching(solver)):
                return real(*args)
        return real(*args)

    monkeypatch.setattr(search, "branch_and_bound", searched)
    began = time.monotonic()
    found = solver.run(begin=begin, time_limit=LONG)
    assert time.monotonic() - began < LONG / 2
    assert (found.status, found.interrupted) == ("limit", True)
    assert found.x is not None
    assert found.x[0] == 1.0
    assert len(pinned) == 2


def test_ctrl_c_as_the_last_thing_is_not_swallowed() -> None:
    """Pressed when HiGHS had all but finished: the result stands, and the wish is told."""
    solver = Solver(production())
    real = solver.engine.highs.run

    class Late:
        def __getattr__(self, name: str) -> Any:
            return self.run if name == "run" else getattr(highs, name)

        def run(self) -> Any:
            status = real()
            _thread.interrupt_main()
            assert solver._watch is not None
            assert solver._watch.stop.wait(LONG)
            return status

    highs, solver.engine.highs = solver.engine.highs, Late()
    found = solver.run()
    assert (found.status, found.objective, found.interrupted) == ("optimal", 12, True)


def test_from_another_thread_it_runs_as_ever() -> None:
    found: queue.SimpleQueue[Any] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: found.put(Solver(production(), threads=2).run()))
    thread.start()
    thread.join()
    assert found.get().objective == 12


# waiting


def test_what_is_raised_at_work_is_raised_here() -> None:
    def fail() -> None:
        raise ZeroDivisionError("at work")

    with pytest.raises(ZeroDivisionError, match="at work"):
        attended(fail, threading.Event())


def test_the_first_ctrl_c_asks_and_the_second_is_raised() -> None:
    begun, stop, leave = threading.Event(), threading.Event(), threading.Event()
    with pressed(begun.is_set, stop.is_set), pytest.raises(KeyboardInterrupt):
        attended(lambda: begun.set() or leave.wait(LONG), stop)
    assert stop.is_set()
    leave.set()


def test_the_first_ctrl_c_alone_waits_for_what_the_work_gives() -> None:
    begun, stop = threading.Event(), threading.Event()
    with pressed(begun.is_set):
        given = attended(lambda: begun.set() or (stop.wait(LONG) and "what it has"), stop)
    assert given == "what it has"


def test_a_model_that_was_given_up_is_not_solved_while_still_at_work() -> None:
    solver = Solver(production())
    begun, leave = threading.Event(), threading.Event()
    highs = solver.engine.highs

    class Deaf:
        def __getattr__(self, name: str) -> Any:
            return self.run if name == "run" else getattr(highs, name)

        def run(self) -> Any:
            begun.set()
            leave.wait(LONG)
            return highs.run()

    def asked() -> bool:
        return solver._watch is not None and solver._watch.stop.is_set()

    solver.engine.highs = Deaf()
    with pressed(begun.is_set, asked), pytest.raises(KeyboardInterrupt):
        solver.run()
    with pytest.raises(SolverError, match="still at work"):
        solver.run()
    leave.set()
    deadline = time.monotonic() + LONG
    while solver._watch is not None and solver._watch.at_work and time.monotonic() < deadline:
        time.sleep(0.01)
    solver.engine.highs = highs
    assert solver.run().objective == 12


# a process of its own

SOLVING = """
import json, signal, sys
sys.path[:0] = [{tests!r}, {here!r}]
from test_highs_interrupt import LONG, hard
from allocator.solver.highs.door import Solver

solver = Solver(hard())
solver.engine.highs.cbMipImprovingSolution.subscribe(lambda event: print("found", flush=True))
found = solver.run(time_limit=LONG)
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print(json.dumps([found.status, found.interrupted, found.objective, found.x is not None]))
"""


def test_a_process_that_gets_the_signal_prints_what_it_has() -> None:
    text = SOLVING.format(tests=str(HERE.parent), here=str(HERE))
    with subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(4):  # well into the search
            assert process.stdout.readline() == "found\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
    assert process.returncode == 0, err
    status, interrupted, objective, solved = json.loads(out.splitlines()[-1])
    assert (status, interrupted, solved) == ("limit", True, True)
    assert objective > 0
