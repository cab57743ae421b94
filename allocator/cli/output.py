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

from allocator.words import shown

PATIENCE = 1.0
"""Seconds after which work shows that it is going on, and Ctrl-C is not waited for longer."""

STOPPING = "Stopping: the best plan found so far is being checked. Ctrl-C again stops at once."
"""What the first Ctrl-C is answered with where work can be cut short."""

STOPPED = "Stopped."
"""What Ctrl-C is answered with."""


def printer(*, error: bool = False) -> Any:
    """Rich console on standard output or standard error that prints names as they are.

    What a terminal would act on is written out, wherever in the text it came from.
    """
    from rich.console import Console
    from rich.segment import Segment

    class QuietConsole(Console):
        """Leaves a reader that has gone away to the caller."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

        def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                text = segment.text if segment.control else shown(segment.text)
                yield segment if text is segment.text else segment._replace(text=text)

    return QuietConsole(stderr=error, markup=False, highlight=False, emoji=False)


def say(message: str) -> None:
    """Write a line to standard error, unbroken, so that paths in it can be copied."""
    printer(error=True).print(shown(message), soft_wrap=True)


def print_json(record: Any) -> None:
    """Write the one JSON object of a verb to standard output."""
    from allocator.report.files.record import to_json

    sys.stdout.write(to_json(record) + "\n")
    sys.stdout.flush()


@contextmanager
def working(what: str, *, cut_short: bool = False) -> Iterator[None]:
    """Show on a terminal that `what` goes on once it has taken a second, and let Ctrl-C end it.

    What does not come back a second after Ctrl-C is ended with the process.

    Parameters
    ----------
    what : str
        The work in words.
    cut_short : bool
        Whether the work itself answers the first Ctrl-C with what it has; only a second one
        then ends the process.
    """
    status = printer(error=True).status(what) if sys.stderr.isatty() else None
    lock, over = threading.Lock(), threading.Event()

    def show() -> None:
        with lock:
            if status is not None and not over.is_set():
                status.start()

    def answer(presses: int) -> None:
        with lock:
            if over.is_set():
                return
            if status is not None:
                status.stop()
        if cut_short and presses == 1:
            say(STOPPING)
            return
        say(STOPPED)
        os._exit(130)

    timer = threading.Timer(PATIENCE, show)
    timer.daemon = True
    timer.start()
    known = threading.enumerate()
    try:
        with _interruptible(over, answer):
            yield
    except KeyboardInterrupt:
        _leave_behind(known)
        raise
    finally:
        with lock:
            over.set()
        timer.cancel()
        if status is not None:
            status.stop()


def _leave_behind(known: list[threading.Thread]) -> None:
    """End the process when work it gave up goes on in a thread it would have to wait for."""
    begun = [t for t in threading.enumerate() if t not in known and not t.daemon]
    for thread in begun:
        thread.join(PATIENCE)
    if any(thread.is_alive() for thread in begun):
        say(STOPPED)
        os._exit(130)


@contextmanager
def _interruptible(over: threading.Event, answer: Callable[[int], None]) -> Iterator[None]:
    """Call `answer` in a thread of its own a while after Ctrl-C, unless it is `over` by then.

    It is told how many times Ctrl-C has been pressed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)

    def listen() -> None:
        presses = 0
        for number in iter(lambda: ear.recv(1), b""):
            presses += number[0] == signal.SIGINT
            if number[0] == signal.SIGINT and not over.wait(PATIENCE):
                answer(presses)

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
