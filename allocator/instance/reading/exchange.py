"""Two names change places in one step, where the system can do that."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

HERE = -100
"""What Linux calls the folder the program works in (``AT_FDCWD``)."""

EXCHANGE = 2
"""What Linux calls changing places (``RENAME_EXCHANGE``)."""


def exchanged(one: Path, other: Path) -> bool:
    """Let two names that exist change places at once; False where that cannot be done."""
    rename = _renameat2()
    if rename is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(rename(HERE, names[0], HERE, names[1], EXCHANGE) == 0)


@cache
def _renameat2() -> Any:
    """The system's own function; None where it has none."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None
    rename.argtypes = (
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
    )  # fmt: skip
    rename.restype = ctypes.c_int
    return rename
