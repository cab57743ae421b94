"""Where the command line writes: tables and JSON out, everything else to standard error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 1.0
"""Seconds after which work shows that it is going on."""


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
    """Say on a terminal's standard error that `what` goes on, once it has taken a second."""
    if not sys.stderr.isatty():
        yield
        return
    status = printer(error=True).status(what)
    lock, over = threading.Lock(), False

    def start() -> None:
        with lock:
            if not over:
                status.start()

    timer = threading.Timer(PATIENCE, start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over = True
        timer.cancel()
        status.stop()
