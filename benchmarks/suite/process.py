"""Processes of the suite's own: how one is asked, and that none outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from benchmarks import ROOT

_SET_PARENT_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of Linux."""


class NotMade(Exception):
    """A process that did not do what it was asked, with its last words."""


def command(verb: str, *words: str) -> list[str]:
    """Command line of a verb of this package."""
    return [sys.executable, "-X", "faulthandler", "-m", "benchmarks", verb, *words]


def answer(verb: str, *words: str) -> str:
    """What a verb prints, in a fresh process.

    Raises
    ------
    NotMade
        Where it fails.
    """
    asked = command(verb, *words)
    done = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        raise NotMade(last[-1])
    return done.stdout


def die_with(parent: int | None) -> bool:
    """Let the system end this process as soon as the one that started it has ended.

    Whatever starts it must stay: the thread that did so counts, not only its process.

    Parameters
    ----------
    parent : int or None
        Id of the process that started this one; where another has taken its place already,
        this process ends at once. None: not known.

    Returns
    -------
    bool
        False where the system cannot do that; nothing has changed then.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    kill = ctypes.c_ulong(signal.SIGKILL)
    try:
        done = ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, kill) == 0
    except (AttributeError, OSError):
        return False
    if parent is not None and os.getppid() != parent:
        os._exit(1)
    return done
