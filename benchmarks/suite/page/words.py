"""Words and numbers for people, shared by the sections of a report."""

from __future__ import annotations

import math
from collections.abc import Iterable

from benchmarks.suite.lines import NOT_TRIED
from benchmarks.suite.page.charts import short

ENDINGS = {
    **dict.fromkeys(NOT_TRIED, "n/a"),
    "feasible-at-limit": "feasible",
    "soft-time-out": "time-out",
    "hard-time-out": "ended",
    "out-of-memory": "memory",
}
"""How runs ended, in the room of a table's cell."""


def plural(count: int, one: str, many: str = "") -> str:
    """Count and noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def seconds(value: float | None) -> str:
    """Seconds, or a dash."""
    return "–" if value is None else f"{short(value)} s"


def share(part: float, whole: float) -> str:
    """Percentage of a whole, or a dash where there is none; 100% only for all of it."""
    if not whole:
        return "–"
    found = part / whole
    return "over 99%" if 0.995 <= found < 1 - 1e-9 else f"{found:.0%}"


def bold(text: str, wanted: bool) -> str:
    """Text that stands out where it should."""
    return f"**{text}**" if wanted else text


def ends(values: Iterable[float], least: float) -> tuple[float, float]:
    """Powers of ten around values, none below `least`."""
    numbers = [max(value, least) for value in values] or [1.0]
    low = 10.0 ** math.floor(math.log10(min(numbers)) + 1e-9)
    high = 10.0 ** math.ceil(math.log10(max(numbers)) - 1e-9)
    return low, max(high, low * 10)
