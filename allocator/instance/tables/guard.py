"""Text that a spreadsheet would run as a formula, kept from it in every CSV we write.

A spreadsheet takes a cell that begins with = + - @ for a formula, and where it splits a file
at semicolons or tabs, what follows one of these is a cell too. An apostrophe before the sign
makes it text; readers take one apostrophe off again, so that every text comes back as it was.
"""

from __future__ import annotations

import re

_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\t\r"
_OPEN = re.compile(rf"(^|[;\t])(?='*[{_SIGNS}])")
_GUARDED = re.compile(rf"(^|[;\t])'(?='*[{_SIGNS}])")


def guarded(text: str) -> str:
    """Text as a CSV holds it."""
    return _OPEN.sub(r"\1'", text)


def unguarded(text: str) -> str:
    """Text of a cell of a CSV; the inverse of :func:`guarded`."""
    return _GUARDED.sub(r"\1", text) if "'" in text else text
