"""What is being worked on, for whoever wants to show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Hear = Callable[[str, float | None], None]
"""``hear(stage, gap)``: a stage has begun, or the one at work is known to within a share."""

_listeners: list[Hear] = []


@contextmanager
def listening(hear: Hear) -> Iterator[None]:
    """Be told of every stage, in the thread that works on it."""
    _listeners.append(hear)
    try:
        yield
    finally:
        _listeners.remove(hear)


def begun(stage: str) -> None:
    """Say that a stage has begun."""
    for hear in _listeners:
        hear(stage, None)


def narrowed(gap: float) -> None:
    """Say how far, as a share of its worth, the best answer so far may be from the best."""
    for hear in _listeners:
        hear("", gap)
