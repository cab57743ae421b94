"""Exit statuses, which other programs rely on."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses."""

    DONE = 0
    OUR_FAULT = 1
    BAD_INPUT = 2
    INFEASIBLE = 3
    LIMIT = 4
    FAILED_CHECK = 5
    INTERRUPTED = 130
    NO_READER = 141
