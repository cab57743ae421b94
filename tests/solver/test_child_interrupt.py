"""Ctrl-C while a child solves: the child gives what it has, and nothing is left running."""

from __future__ import annotations

import _thread
import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_highs_interrupt import LONG, hard

from allocator.solver.highs.child import run_in_child
from allocator.solver.highs.door import Solver


def solve_hard(sign: str) -> tuple[str, bool, float | None]:
    """Run in the child: solve, and leave a sign once something has been found."""
    solver = Solver(hard())
    solver.engine.highs.cbMipImprovingSolution.subscribe(
        lambda _: Path(sign).write_text("!", encoding="utf-8")
    )
    found = solver.run(time_limit=LONG)
    return found.status, found.interrupted, found.objective


def wait_there(sign: str) -> str:
    """Run in the child: wait for what never comes, a little at a time."""
    with Path(sign).open("a", encoding="utf-8") as signs:
        signs.write("!")
    for _ in range(int(LONG / 0.05)):
        time.sleep(0.05)
    return "waited"


def carry_on(sign: str) -> str:
    """Run in the child: take no notice of Ctrl-C."""
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            return wait_there(sign)


def press() -> None:
    _thread.interrupt_main()


def press_in_terminal() -> None:
    """A terminal sends the signal to every process of the group."""
    for child in multiprocessing.active_children():
        assert child.pid is not None
        os.kill(child.pid, signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)


def press_after(sign: Path, act: Callable[[], Any], times: int = 1) -> threading.Thread:
    """Press Ctrl-C once the child has left its sign, and again as it leaves one more."""

    def body() -> None:
        deadline = time.monotonic() + LONG
        for count in range(1, times + 1):
            while not (sign.exists() and sign.stat().st_size >= count):
                if time.monotonic() > deadline:
                    return
                time.sleep(0.02)
            act()

    thread = threading.Thread(target=body)
    thread.start()
    return thread


@pytest.mark.parametrize("act", [press, press_in_terminal])
def test_the_best_so_far_comes_back(act: Callable[[], Any], tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGINT)
    sign = tmp_path / "found"
    presser = press_after(sign, act)
    began = time.monotonic()
    finished, answer = run_in_child(solve_hard, (str(sign),), {}, LONG)
    presser.join()
    assert time.monotonic() - began < LONG / 2
    status, interrupted, objective = answer
    assert (finished, status, interrupted) == (True, "limit", True)
    assert objective > 0
    assert multiprocessing.active_children() == []
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_function_that_gives_nothing_raises_as_it_would_here(tmp_path: Path) -> None:
    sign = tmp_path / "began"
    presser = press_after(sign, press)
    with pytest.raises(KeyboardInterrupt):
        run_in_child(wait_there, (str(sign),), {}, LONG)
    presser.join()
    assert multiprocessing.active_children() == []


def test_the_second_ctrl_c_ends_it(tmp_path: Path) -> None:
    sign = tmp_path / "began"
    presser = press_after(sign, press, times=2)
    with pytest.raises(KeyboardInterrupt):
        run_in_child(carry_on, (str(sign),), {}, LONG)
    presser.join()
    assert multiprocessing.active_children() == []


ORPHAN = """
import sys
sys.path[:0] = {paths!r}
from allocator.solver.highs.child import run_in_child
from test_child_interrupt import leave_pid

if __name__ == "__main__":
    run_in_child(leave_pid, ({sign!r},), {{}}, 60)
"""


def leave_pid(sign: str) -> str:
    """Run in the child: say who it is, and wait."""
    written = Path(sign + ".new")
    written.write_text(str(os.getpid()))
    written.rename(sign)
    return wait_there(sign + ".waiting")


def test_a_child_whose_parent_was_killed_ends(tmp_path: Path) -> None:
    sign, script = tmp_path / "pid", tmp_path / "parent.py"
    here = Path(__file__).parent
    script.write_text(ORPHAN.format(paths=[str(here.parent), str(here)], sign=str(sign)))
    with subprocess.Popen([sys.executable, str(script)]) as parent:
        deadline = time.monotonic() + LONG
        while not sign.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        parent.kill()
    child = int(sign.read_text())
    deadline = time.monotonic() + LONG / 3
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").exists():
            state = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0]
            if state == "Z":
                return
        time.sleep(0.05)
    raise AssertionError("the child outlived its parent")
