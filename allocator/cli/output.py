"""Where the command line writes: tables and JSON out, everything else to standard error."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allocator.cli.exits import Exit
from allocator.cli.stages import told_of_stages
from allocator.cli.streams import Unwritable
from allocator.instance.reading.unbroken import ENDING, unbroken
from allocator.words import shown

PATIENCE = 1.0
"""Seconds after which work shows that it is going on, and Ctrl-C is not waited for longer."""

_WRITTEN: list[Path] = []
"""Where the command that runs has written its results; nothing before that."""


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
    """Write a line to standard error, unbroken, so that paths in it can be copied.

    It imports nothing: it may be called while something else is being imported.
    """
    sys.stderr.write(shown(message) + "\n")
    sys.stderr.flush()


def quoted(path: Path) -> str:
    """A path as one word of a command that can be copied into a shell."""
    word = str(path)
    if word.startswith("-"):
        word = str(Path(os.curdir)) + os.sep + word
    return subprocess.list2cmdline([word]) if os.name == "nt" else shlex.quote(word)


def print_json(record: Any) -> None:
    """Write the one JSON object of a verb to standard output."""
    from allocator.report.files.record import to_json

    sys.stdout.write(to_json(record) + "\n")
    sys.stdout.flush()


def begin() -> None:
    """Nothing has been written yet."""
    _WRITTEN.clear()


def interrupted() -> Exit:
    """Answer an interruption, whenever it came: the status says whether results are there."""
    if _WRITTEN:
        say(f"Interrupted after the results were written to {_WRITTEN[0]}.")
        return Exit.LIMIT
    say("Stopped.")
    return Exit.INTERRUPTED


class Results:
    """Results that are written, or not, before a command is interrupted."""

    def __init__(self, out: Path | None) -> None:
        self._out = out

    @property
    def written(self) -> bool:
        """Whether they have been."""
        return bool(_WRITTEN)

    def write(self, act: Callable[..., object], *what: Any, **how: Any) -> None:
        """Write them, if they are to be, as ``act(*what, out, **how)``; nothing comes between."""
        if self._out is not None:
            with unbroken():
                act(*what, self._out, **how)
                _WRITTEN[:] = [self._out]


@contextmanager
def results(out: Path | None) -> Iterator[Results]:
    """Show and write results; in the end, if anybody reads that, say where they are."""
    kept = Results(out)
    try:
        yield kept
        if out is not None:
            said = f"Written to {out}." if kept.written else f"Nothing to write to {out}."
            say(said)
    except (Unwritable, BrokenPipeError):
        if kept.written:
            say(f"Written to {out}.")
        raise


@contextmanager
def working(what: str, *, cut_short: str = "", told: bool = False) -> Iterator[None]:
    """Show on a terminal that `what` goes on once it has taken a second, and let Ctrl-C end it.

    What does not come back a second after Ctrl-C is ended with the process.

    Parameters
    ----------
    what : str
        The work in words.
    cut_short : str
        Said to the first Ctrl-C where the work itself answers it with what it has; only a second
        one then ends the process.
    told : bool
        Whether its stages are told line by line, on a terminal or not.
    """
    status = printer(error=True).status(what) if sys.stderr.isatty() and not told else None
    tell = _lines(what) if told else None if status is None else status.update
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
            say(f"{cut_short} Ctrl-C again stops at once.")
            return
        os._exit(interrupted())

    timer = threading.Timer(PATIENCE, show)
    timer.daemon = True
    timer.start()
    known = threading.enumerate()
    try:
        with told_of_stages(tell), _interruptible(over, answer):
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


def _lines(what: str) -> Callable[[str], None]:
    """Tells the stages of some work in lines of their own."""
    say(f"{what} ...")
    return lambda line: say(f"  {line}")


def _leave_behind(known: list[threading.Thread]) -> None:
    """End the process when work it gave up goes on in a thread it would have to wait for."""
    begun = [t for t in threading.enumerate() if t not in known and not t.daemon]
    for thread in begun:
        thread.join(PATIENCE)
    if any(thread.is_alive() for thread in begun):
        os._exit(interrupted())


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
            presses += number[0] in ENDING
            if number[0] in ENDING and not over.wait(PATIENCE):
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
