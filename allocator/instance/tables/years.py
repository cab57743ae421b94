"""How a year may be written, once for every reader: tables, settings, rules and plans."""

from __future__ import annotations

import re

_DASH = "[-/\u2010-\u2015\u2212]"
_YEAR = re.compile(
    rf"(?P<fy>fy\s*)?(?P<first>[0-9]{{4}}|[0-9]{{2}})(?:\.0+)?"
    rf"(?:\s*{_DASH}\s*(?P<last>[0-9]{{4}}|[0-9]{{2}}))?",
    re.IGNORECASE,
)
_LIKE_A_YEAR = "write 2025, 2025/26 or 2025-26"

MOST_YEARS = 200
"""Plan years a round may have: far beyond any plan, and few enough to lay out."""


def year_of(text: str) -> int | None:
    """Year meant by 2025, 2025.0, 2025/26, 2025-26 or FY25/26; None when the text is no year.

    A financial year is the one it begins in. FY2026 alone is no year: some mean the one
    that begins in 2026, others the one that ends there.
    """
    found = _YEAR.fullmatch(text)
    if not found:
        return None
    first, last = found["first"], found["last"]
    if (found["fy"] and not last) or (len(first) == 2 and not found["fy"]):
        return None
    year = int(first) if len(first) == 4 else 2000 + int(first)
    if last and int(last) != (year + 1) % 10 ** len(last):
        return None
    return year or None


def not_a_year(text: str, other: str = "") -> str:
    """Why a text is no year, and what may be written; `other` is what may be besides."""
    found = _YEAR.fullmatch(text)
    if found and found["fy"] and not found["last"]:
        return (
            f"'{text}' may be the year that begins or the one that ends in {found['first']}; "
            f"{_LIKE_A_YEAR}{other}."
        )
    if found and found["last"]:
        first, last = found["first"], found["last"]
        year = int(first) if len(first) == 4 else 2000 + int(first)
        begins = year % 10 ** len(last)
        if int(last) > begins + 1:
            return (
                f"'{text}' is not a year but several; write one year, such as {year} or "
                f"{year}/{(year + 1) % 100:02d}, and a row for each{other}."
            )
    return f"'{text}' is not a year; {_LIKE_A_YEAR}{other}."
