"""Run a function in a process of its own, and stop it when its time is up."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable
from typing import Any

from allocator.errors import SolverError, UsageError


def _work(connection: Any, function: Callable[..., Any], args: Any, keywords: Any) -> None:
    try:
        connection.send((True, function(*args, **keywords)))
    except Exception as error:  # handed to the parent, which raises it
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
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, function, args, keywords), daemon=True)
    try:
        process.start()
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        receiver.close()
        raise UsageError(
            f"a solve with a hard time limit runs in a process of its own, and what it was given "
            f"cannot be sent there: {error}"
        ) from error
    finally:
        sender.close()
    try:
        if not receiver.poll(seconds):
            return False, None
        fine, value = receiver.recv()
    except EOFError:
        fine, value = False, SolverError("the solving process ended without a result")
    finally:
        if process.is_alive():
            process.join(0.2)
        if process.is_alive():
            process.kill()
        process.join()
        receiver.close()
    if not fine:
        raise value
    return True, value
