"""While HiGHS is at work: what it reports, and how it is asked to stop.

HiGHS runs outside Python, where no signal handler of Python gets a turn. It therefore runs
in a thread of its own while the caller waits and listens; the wish to stop reaches it
through its callbacks, which end a run in good order and leave its best solution behind.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from allocator.errors import SolverError
from allocator.progress import narrowed

T = TypeVar("T")

PATIENCE = 0.05
"""Seconds between looks at whether Ctrl-C was pressed, where nothing wakes a waiting thread."""


def attended(work: Callable[[], T], stop: threading.Event) -> T:
    """Run `work` in a thread, and ask it to stop when Ctrl-C is pressed.

    The first KeyboardInterrupt sets `stop` and goes on waiting; a second one is raised, and
    leaves the thread to end when it next looks at `stop`. Only the main thread is ever
    interrupted; no signal handler is changed.

    Parameters
    ----------
    work : callable
    stop : threading.Event
        What `work` looks at now and then.

    Raises
    ------
    Exception
        Whatever `work` raised.
    KeyboardInterrupt
        When it was asked to stop a second time.
    """
    values: list[T] = []
    errors: list[BaseException] = []
    begun = threading.Event()
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()

    def body() -> None:
        begun.set()
        try:
            values.append(work())
        except BaseException as error:  # handed to the caller, who raises it
            errors.append(error)
        ended.put(None)

    # not a daemon: Python must not shut down under a running solver
    thread = threading.Thread(target=body, name="highs")
    try:
        thread.start()
    except KeyboardInterrupt:  # most likely it has begun all the same
        stop.set()
        if not begun.wait(1.0):
            raise
    while True:
        try:
            # not Thread.join: an interrupted join takes a running thread for finished
            while not (values or errors):
                _wait(ended)
            break
        except KeyboardInterrupt:
            if stop.is_set():
                raise
            stop.set()
    if errors:
        raise errors[0]
    return values[0]


def _wait(ended: queue.SimpleQueue[None]) -> None:
    try:
        ended.get(timeout=PATIENCE)
    except queue.Empty:
        return


class Watch:
    """Eyes on one run, which may consist of several calls of HiGHS.

    Parameters
    ----------
    whole : bool
        Whether the programme has whole numbers.
    maximise : bool

    Attributes
    ----------
    stop : threading.Event
        Set when Ctrl-C was pressed.
    root_bound : float or None
        Best bound while no more than the root node had been solved, as HiGHS counts it.
    improving : list of tuple of float
        Seconds since the run began and objective, as HiGHS counts it, of every solution
        better than those before.
    """

    def __init__(self, *, whole: bool, maximise: bool) -> None:
        self.stop = threading.Event()
        self.root_bound: float | None = None
        self.improving: list[tuple[float, float]] = []
        self._sign = 1.0 if maximise else -1.0
        self._whole = whole
        self._began = time.perf_counter()
        self._at_work = threading.Event()

    @property
    def at_work(self) -> bool:
        """Whether HiGHS is still running, after the caller has stopped waiting for it."""
        return self._at_work.is_set()

    def call(self, highs: Any) -> Any:
        """Call ``highs.run()`` and return its status, or raise a second KeyboardInterrupt."""
        wanted: list[tuple[Any, Callable[[Any], None]]]
        if self._whole:
            wanted = [
                (highs.cbMipInterrupt, self._look),
                (highs.cbMipImprovingSolution, self._note),
            ]
        else:
            wanted = [(highs.cbSimplexInterrupt, self._heed), (highs.cbIpmInterrupt, self._heed)]
        for callback, act in wanted:
            callback.subscribe(act)

        def work() -> Any:
            try:
                status = highs.run()
                highs.resetGlobalScheduler(False)  # this thread's own; it ends here
                return status
            finally:
                # here, because an abandoned run still needs its callbacks to be stopped
                for callback, act in wanted:
                    callback.unsubscribe(act)
                self._at_work.clear()

        self.root_bound = None
        self._at_work.set()
        return attended(work, self.stop)

    def _heed(self, event: Any) -> None:
        # said each time: HiGHS remembers the wish of an earlier run
        event.data_in.user_interrupt = self.stop.is_set()

    def _look(self, event: Any) -> None:
        self._heed(event)
        seen = event.data_out
        gap = seen.mip_dual_bound - seen.mip_primal_bound
        if math.isfinite(gap) and seen.mip_primal_bound:
            narrowed(abs(gap / seen.mip_primal_bound))
        if seen.mip_node_count <= 1 and math.isfinite(seen.mip_dual_bound):
            self.root_bound = float(seen.mip_dual_bound)

    def _note(self, event: Any) -> None:
        value = float(event.data_out.objective_function_value)
        if not self.improving or self._sign * (value - self.improving[-1][1]) > 0:
            self.improving.append((time.perf_counter() - self._began, value))


def refuse_while(watch: Watch | None) -> None:
    """Raise when an earlier run was given up and HiGHS has not noticed yet.

    Raises
    ------
    SolverError
    """
    if watch is not None and watch.at_work:
        raise SolverError(
            "the last run was given up and HiGHS is still at work on it: load the programme anew"
        )
