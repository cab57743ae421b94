"""Names of rows that add up the rows above them, as spreadsheets have."""

from __future__ import annotations

import re

_TOTAL = re.compile(r"(?:(?:grand|overall|sub)[ -]?)?totals?:?|sum:?", re.IGNORECASE)


def called_total(name: str) -> bool:
    """Whether a row is called as a total is."""
    return bool(_TOTAL.fullmatch(name.strip()))
