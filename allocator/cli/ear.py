"""What asks a command to end: Ctrl-C, the end of its terminal, a `kill`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from allocator.instance.reading.unbroken import ENDING

_ENDING = threading.Event()


def heard() -> bool:
    """Whether the command that runs has been asked to end, even if nothing came of it.

    What is written in C may turn the interruption into an error of its own: an import of pandas
    that is interrupted says that a module is missing.
    """
    return _ENDING.is_set()


class Ear:
    """Raises KeyboardInterrupt for whatever asks the program to end, in some work and nowhere else.

    What comes before or after that work is not interrupted: the exit status is then settled
    already, and a traceback would be all there is to win. Signals that are ignored (a job in the
    background, ``nohup``) stay ignored, and handlers that others have set stay theirs.

    Parameters
    ----------
    work : function
        Whose calls may be interrupted.
    last : bool
        Whether the process ends afterwards: signals are then ignored until it has.
    """

    def __init__(self, work: Callable[..., Any], *, last: bool) -> None:
        self._code, self._last = work.__code__, last
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Ear:
        _ENDING.clear()
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                before = signal.getsignal(number)
                if before in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = before
                    signal.signal(number, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_IGN if self._last else before)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code is self._code:
                _ENDING.set()
                raise KeyboardInterrupt
            frame = frame.f_back
