"""Words that every message shares: numbers, money, lists of names and suggestions."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from allocator.instance.tables.settings import Settings

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
_MOST_LOOKUPS = 200


def number(value: float) -> str:
    """Figure with thousands separators and no more digits than a reader needs."""
    if 1000 <= abs(value) < 1e15:
        return f"{value:,.1f}".removesuffix(".0")
    return f"{value:.6g}"


def money(value: float, settings: Settings) -> str:
    """Money in the instance's unit as a planner writes it, such as £3.2m."""
    amount = abs(value) * settings.money_scale
    sign = "-" if value < 0 else ""
    symbol = _SYMBOLS.get(settings.currency, f"{settings.currency} ")
    for scale, letter in ((1e9, "bn"), (1e6, "m")):
        if amount >= scale:
            return f"{sign}{symbol}{amount / scale:,.2f}{letter}"
    return f"{sign}{symbol}{amount:,.2f}".removesuffix(".00")


def listing(names: Iterable[str], most: int = 6) -> str:
    """Names in a row, cut off after `most` of them with a count of the rest."""
    every = list(names)
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"


class Suggester:
    """Finds the name that was probably meant.

    Parameters
    ----------
    words : iterable of str
        Names that would have been right.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {w.casefold(): w for w in words if w}
        self._found: dict[str, str] = {}

    def __call__(self, written: str) -> str:
        """Question naming the closest word, or nothing when none is close."""
        if written not in self._found:
            # Comparing names is slow: a file in which everything is wrong needs no hints.
            if len(self._found) >= _MOST_LOOKUPS:
                return ""
            close = difflib.get_close_matches(written.casefold(), self._words, n=1)
            self._found[written] = f"did you mean '{self._words[close[0]]}'?" if close else ""
        return self._found[written]


def sentence(statement: str, suggestion: str) -> str:
    """Statement closed so that the suggestion, if there is one, reads on from it."""
    return f"{statement};" if suggestion else f"{statement}."
