"""One writer at a time in a folder, and what earlier ones left there when they were killed.

Whoever writes below a folder holds a lock on it, which the system gives back when a process
ends, however it ends. What is found under a name only writers use while nobody else holds the
lock is therefore left over from one that was killed.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allocator.errors import UsageError
from allocator.instance.reading.unbroken import unbroken

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PATIENCE = 0.02
"""Seconds between looks at whether another writer is done."""

LOOKS = 1500
"""How often to look before giving up: no writer needs half a minute for a few tables."""


@contextmanager
def sole_writer(parent: Path) -> Iterator[bool]:
    """Hold the lock on a folder; gives whether there are locks here at all.

    Windows and some network folders have none. Whatever is found there may then belong to a
    writer that is still at work, and has to be left alone.

    Raises
    ------
    UsageError
        When another program does not let go of it.
    """
    if fcntl is None:
        yield False
        return
    opened = _Opened(parent)
    try:
        yield _locked(opened, parent)
    finally:
        opened.close()


class _Opened:
    """An open folder; closed at the latest when nobody has it any more, whatever came between."""

    def __init__(self, folder: Path) -> None:
        self._number: int | None = None
        self._number = os.open(folder, os.O_RDONLY)

    def fileno(self) -> int:
        """Number by which the system knows it."""
        assert self._number is not None
        return self._number

    def close(self) -> None:
        """Let go of it, and of its lock."""
        with unbroken():
            if self._number is not None:
                os.close(self._number)
                self._number = None

    def __del__(self) -> None:
        self.close()


def _locked(opened: _Opened, parent: Path) -> bool:
    for _ in range(LOOKS):
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PATIENCE)
        except OSError:
            return False
        else:
            return True
    raise UsageError(f"another program is writing in {parent}; try again when it is done.")


def passing_name(target: Path) -> Path:
    """A name beside a target that nobody else uses, hidden, for what is to take its place."""
    return target.with_name(f".{target.name}-{uuid.uuid4().hex}")


def unfinished(new: Path) -> Path:
    """Name of what is still being written; what has it was never in its target's place."""
    return new.with_name(f"{new.name}-new")


def set_aside(new: Path) -> Path:
    """Name of what a new one takes the place of, for the moment in which neither has it."""
    return new.with_name(f"{new.name}-old")


def left_over(target: Path) -> list[Path]:
    """What writers of a target have left beside it, newest first; the sole writer may ask."""
    name = re.compile(rf"\.{re.escape(target.name)}-[0-9a-f]{{32}}(-old|-new)?")
    found = []
    for item in target.parent.iterdir():
        if name.fullmatch(item.name):
            try:
                found.append((item.lstat().st_mtime_ns, item))
            except FileNotFoundError:
                continue
    return [item for _, item in sorted(found, reverse=True)]
