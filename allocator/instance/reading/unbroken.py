"""Steps that no signal may come between."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENDING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)
)
"""Signals by which somebody asks a program to end; Ctrl-C last, which is the likeliest."""


@contextmanager
def unbroken() -> Iterator[None]:
    """Put off what asks the program to end until the steps within are done.

    Python runs signal handlers in the main thread only, between any two of its steps: there
    they are exchanged for one that takes note, and what was noted is sent again afterwards.
    Signals without a handler of Python's are left alone: what they do to a program (nothing, or
    its end) nobody in it can put off.
    """
    heard: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.getsignal(number) for number in ENDING}
        before = {number: handler for number, handler in handlers.items() if callable(handler)}
    try:
        for number in before:
            signal.signal(number, lambda number, _: heard.append(number))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(heard):
            signal.raise_signal(number)
