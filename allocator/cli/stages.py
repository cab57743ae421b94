"""The stages of a solve, told while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from allocator.progress import listening

STAGES = {
    "building": "Building the programme",
    "reference decisions": "Finding the reference plan: its decisions",
    "reference": "Finding the reference plan",
    "reference value": "Finding the reference plan: its worth",
    "start": "Completing the plan to start from",
    "best decisions": "Finding the best decisions",
    "best": "Finding the best plan",
    "calm decisions": "Finding decisions that move less",
    "calm": "Finding the calmest plan that is as good",
    "checking": "Checking the plan",
}
"""Stages of a solve in words."""


LEAST = 0.5e-4
"""Gap below which a smaller one is told in the same figures."""


class Teller:
    """Says which stage runs, and the gap so far each time it has halved.

    Parameters
    ----------
    tell : callable
        Given a line.
    """

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell, self._stage, self._told = tell, "", 0.0

    def hear(self, stage: str, gap: float | None) -> None:
        """Be told of a stage or a gap."""
        if gap is None:
            self._stage, self._told = STAGES.get(stage, f"Solving: {stage}"), float("inf")
            self._tell(self._stage)
        elif gap <= self._told / 2 and gap >= LEAST:
            self._told = gap
            self._tell(f"{self._stage}: at most {gap:.2%} better")


@contextmanager
def told_of_stages(tell: Callable[[str], object] | None) -> Iterator[None]:
    """Have the stages of some work told; nobody is where there is no way to."""
    if tell is None:
        yield
        return
    with listening(Teller(tell).hear):
        yield
