"""Standard output and error that may be closed, missing, full or gone."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Unwritable(Exception):
    """Standard output takes no more; says why."""


class _Stream:
    """A standard stream that says which it is when it cannot be written to.

    Parameters
    ----------
    stream : text file
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write some text; a stream that is closed meanwhile takes none, as one that is missing."""
        if not self._stream.closed:
            self._try(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        """Send on what has been written."""
        if not self._stream.closed:
            self._try(self._stream.flush)

    def _try(self, act: Any, *what: str) -> None:
        raise NotImplementedError


class _Output(_Stream):
    def _try(self, act: Any, *what: str) -> None:
        try:
            act(*what)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Unwritable(error.strerror or str(error)) from error


class _Error(_Stream):
    """Nobody can be told that nobody can be told."""

    def _try(self, act: Any, *what: str) -> None:
        try:
            act(*what)
        except OSError:
            into_nothing(self._stream)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Have streams that can be written to, whatever the process was started with."""
    _occupy()
    before = sys.stdout, sys.stderr
    nothing = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    usable = [nothing if s is None or s.closed else s for s in before]
    for stream in usable:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.stdout, sys.stderr = _Output(usable[0]), _Error(usable[1])
    try:
        yield
        sys.stderr.flush()
    finally:
        sys.stdout, sys.stderr = before
        nothing.close()


def _occupy() -> None:
    """Put nothing where a standard stream is closed, lest a file of ours is taken for it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def into_nothing(stream: Any) -> None:
    """Let what is still to be written to a stream go nowhere, quietly."""
    with suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
