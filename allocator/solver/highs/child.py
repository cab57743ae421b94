"""Run a function in a process of its own, and stop it when its time is up."""

from __future__ import annotations

import _thread
import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from allocator.errors import SolverError, UsageError
from allocator.solver.highs.watch import PATIENCE


class _Asked:
    """Ctrl-C in a child: heard from the parent, and from nobody else.

    A terminal tells parent and child alike, a `kill` the parent only. The child therefore
    ignores the signal and takes the parent's word for it, as a KeyboardInterrupt in its
    main thread. When the parent is gone it ends.

    Parameters
    ----------
    parent : multiprocessing.connection.Connection
        Something arrives on it when the child is asked to stop.
    """

    def __init__(self, parent: Any) -> None:
        self._parent = parent
        self._asked = False
        signal.signal(signal.SIGINT, self._handle)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self._parent.recv()
            except (EOFError, OSError):
                os._exit(1)
            self._asked = True
            _thread.interrupt_main()

    def _handle(self, *_: Any) -> None:
        if self._asked:
            self._asked = False
            raise KeyboardInterrupt


def _work(connection: Any, parent: Any) -> None:
    try:
        function, args, keywords = parent.recv()
        _Asked(parent)
        result = True, function(*args, **keywords)
    except (Exception, KeyboardInterrupt) as error:  # handed to the parent, which raises it
        result = False, error
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # half a result would be none
    try:
        connection.send(result)
    except Exception as error:
        connection.send((False, error))
    finally:
        connection.close()


def run_in_child(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    seconds: float,
) -> tuple[bool, Any]:
    """Call ``function(*args, **keywords)`` in a fresh process, for at most `seconds`.

    HiGHS's own time limit is looked at now and then and can be overrun several times; a
    process can be stopped.

    Ctrl-C is passed on: the function gets one KeyboardInterrupt and has what is left of its
    time to return what it has. A second Ctrl-C stops the process.

    Returns
    -------
    finished : bool
        Whether it returned in time.
    value
        What it returned; None when it was stopped.

    Raises
    ------
    Exception
        Whatever the function raised; :class:`SolverError` when the process died.
    UsageError
        When the function or an argument cannot be sent to another process.
    KeyboardInterrupt
        When Ctrl-C was pressed twice, or once and the function gave nothing.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    listener, asking = context.Pipe(duplex=False)
    try:
        task = pickle.dumps((function, args, keywords))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        for end in (receiver, sender, listener, asking):
            end.close()
        raise UsageError(
            f"a solve with a hard time limit runs in a process of its own, and what it was given "
            f"cannot be sent there: {error}"
        ) from error
    process = context.Process(target=_work, args=(sender, listener), daemon=True)
    try:
        process.start()
    finally:
        sender.close()
        listener.close()
    # A task handed over by `start` would wait for ever on a process that never came up.
    threading.Thread(target=_hand_over, args=(asking, task), daemon=True).start()
    asked = threading.Event()
    try:
        if not _answered(receiver, asking, asked, time.monotonic() + seconds):
            return False, None
        fine, value = receiver.recv()
    except EOFError:
        gone = SolverError("the solving process ended without a result")
        fine, value = False, KeyboardInterrupt() if asked.is_set() else gone
    finally:
        if process.is_alive():
            process.join(0.2)
        if process.is_alive():
            process.kill()
        process.join()
        receiver.close()
        asking.close()
    if not fine:
        raise value
    return True, value


def _hand_over(asking: Any, task: bytes) -> None:
    with contextlib.suppress(OSError):  # it has ended: whoever waits for its answer will tell
        asking.send_bytes(task)


def _answered(receiver: Any, asking: Any, asked: threading.Event, deadline: float) -> bool:
    """Wait for an answer; ask for one at the first Ctrl-C, and raise the second."""
    while True:
        try:
            left = deadline - time.monotonic()
            if receiver.poll(min(max(0.0, left), PATIENCE)):
                return True
            if left <= PATIENCE:
                return False
        except KeyboardInterrupt:
            if asked.is_set():
                raise
            asked.set()
            with contextlib.suppress(OSError):  # it has ended: poll will tell
                asking.send(None)
