"""What the verbs have in common: lists of names, hints, and refusals."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


def names(text: str) -> list[str]:
    """Names of a list by comma."""
    return [name.strip() for name in text.split(",") if name.strip()]


def meant(known: Iterable[str], *unknown: str, most: int = 1) -> str:
    """What may have been meant by unknown names, as a sentence after another; or nothing."""
    there = list(known)
    near = [one for name in unknown for one in difflib.get_close_matches(name, there, most, 0.4)]
    return f" Did you mean {', '.join(near)}?" if near else ""


def refuse(verb: str, why: object) -> int:
    """Say why a verb does nothing; its exit status."""
    print(f"benchmarks {verb}: {why}", file=sys.stderr)
    return 2
