"""Where the command line writes: tables and JSON out, everything else to standard error."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 1.0
"""Seconds after which work shows that it is going on, and Ctrl-C is not waited for longer."""

STOPPED = "Stopped."
"""What Ctrl-C is answered with."""


def printer(*, error: bool = False) -> Any:
    """Rich console on standard output or standard error that prints names as they are."""
    from rich.console import Console

    class QuietConsole(Console):
        """Leaves a reader that has gone away to the caller."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return QuietConsole(stderr=error, markup=False, highlight=False, emoji=False)


def say(message: str) -> None:
    """Write a line to standard error, unbroken, so that paths in it can be copied."""
    printer(error=True).print(message, soft_wrap=True)


def print_json(record: Any) -> None:
    """Write the one JSON object of a verb to standard output."""
    from allocator.report.record import to_json

    sys.stdout.write(to_json(record) + "\n")
    sys.stdout.flush()


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that `what` goes on once it has taken a second, and let Ctrl-C end it.

    The solver does not notice Ctrl-C while it runs: when it has not come back a second
    later, the process is ended.
    """
    status = printer(error=True).status(what) if sys.stderr.isatty() else None
    lock, over = threading.Lock(), threading.Event()

    def show() -> None:
        with lock:
            if status is not None and not over.is_set():
                status.start()

    def end() -> None:
        with lock:
            if status is not None:
                status.stop()
        say(STOPPED)
        os._exit(130)

    timer = threading.Timer(PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        with _interruptible(over, end):
            yield
    finally:
        with lock:
            over.set()
        timer.cancel()
        if status is not None:
            status.stop()


@contextmanager
def _interruptible(over: threading.Event, end: Callable[[], None]) -> Iterator[None]:
    """Call `end` in a thread of its own a while after Ctrl-C, unless it is `over` by then."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)

    def listen() -> None:
        for number in iter(lambda: ear.recv(1), b""):
            if number[0] == signal.SIGINT and not over.wait(PATIENCE):
                end()

    thread = threading.Thread(target=listen, daemon=True)
    before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    thread.start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        mouth.close()
        thread.join()
        ear.close()
