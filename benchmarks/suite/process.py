"""A process that does not outlive the one that started it."""

from __future__ import annotations

import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of Linux."""


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
