"""Names of rows that add up the rows above them, as spreadsheets have."""

from __future__ import annotations

import re

from allocator.words import number, told_apart

_TOTAL = re.compile(r"(?:(?:grand|overall|sub)[ -]?)?totals?:?|sum:?", re.IGNORECASE)


def called_total(name: str) -> bool:
    """Whether a row is called as a total is."""
    return bool(_TOTAL.fullmatch(name.strip()))


def off_by(column: str, figure: float, whole: float) -> str:
    """What a row says of a column, and what the other rows add up to, in words."""
    said, other = told_apart(figure, whole, number)
    way = "little" if figure < whole else "much"
    off = number(abs(figure - whole))
    return f"its {column} is {said} and they add up to {other}, so it is {off} too {way}"
