"""Figures, money and lists as planners write them: every rounding and every wording, once.

Messages, checks, verdicts and reports all write their figures through this page. Three
precisions of money are meant, and no others: *exact*, to the pound, where a reader will look
for the amount in the tables; *close*, to a hundredth of a million, where two amounts are held
against each other; and *told*, to a tenth of a million, in running text.
"""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
SHORT = 1e-4
"""Size below which a figure is written with a power of ten: its noughts would be miscounted."""

_LONGEST_QUOTE = 200
"""Characters of a text that a message quotes."""
_MOST_DIGITS = 16
"""Digits beyond the usual after which doubles end."""

_MOST_LOOKUPS = 200
"""Names looked up before hints stop: in a file where everything is wrong they help nobody."""

_MASS = ("staff", "time", "work", "care", "money", "capacity", "wte", "fte", "min")
"""Last words of units that have no plural."""

_JOINTS = ("of", "per", "a", "an", "in", "for", "at", "on", "to", "with", "while", "after", "under")
"""Words of units after which nothing has a number."""

_LATER = ("lost", "gained", "saved", "avoided", "prevented", "won", "missed", "treated", "seen")
"""Words of units that follow the one that has a number."""

_IRREGULAR = {"person": "people", "child": "children", "life": "lives", "woman": "women"}
_IRREGULAR |= {"man": "men", "half": "halves"}
"""Words whose plural has to be known."""


# Figures


def number(value: float, more: int = 0) -> str:
    """Figure with thousands separators and no more digits than a reader needs, or so many more."""
    if 1000 <= abs(value) < 1e15:
        return f"{value:,.{2 + more}f}".rstrip("0").rstrip(".")
    return f"{value + 0.0:.{6 + more}g}"


def told_apart(one: float, other: float, write: Callable[[float, int], str]) -> tuple[str, str]:
    """Two figures that differ, written so that a reader sees it: with more digits where needed.

    Parameters
    ----------
    one, other : float
    write : callable
        From a figure and how many more digits than usual to its words, as :func:`number`.
    """
    for more in range(_MOST_DIGITS):
        said = write(one, more), write(other, more)
        if one == other or said[0] != said[1]:
            break
    return said


def fixed(value: float, decimals: int) -> str:
    """`value` with thousands separators; never ``-0.0``."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


def signed(value: float, decimals: int) -> str:
    """`value` with its sign, plus included; a rounded zero has none."""
    text = fixed(value, decimals)
    return text if value <= 0 or float(text.replace(",", "")) == 0 else f"+{text}"


def figure(value: float) -> str:
    """`value` to three significant digits without idle zeros, or whole from 100 on."""
    size = abs(value)
    if size >= 99.95:
        return fixed(value, 0)
    if size == 0 or not math.isfinite(size):
        return f"{value:g}"
    if size < SHORT:
        return f"{value:.1e}"
    return fixed(value, 2 - math.floor(math.log10(size))).rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """Share as a percentage a reader can hold on to: ``12%``, ``1.2%``, ``0.04%``."""
    size = abs(share) * 100
    if size >= 9.95 or size == 0:
        return f"{share * 100:,.0f}%"
    if size >= 0.095:
        return f"{share * 100:.1f}%"
    return f"{share * 100:.2f}%" if size >= 0.005 else "under 0.01%"


# Money; amounts are in units of currency, not in the unit an instance counts in


def symbol(currency: str) -> str:
    """Sign of a currency, or its code and a space."""
    return _SYMBOLS.get(currency, f"{currency} ")


def exact_money(amount: float, currency: str, more: int = 0) -> str:
    """Money to the pound, to the penny below a thousand: ``£1,234,568``, ``£12.50``.

    With `more` digits, to the penny and beyond: ``£1,234,567.89``.
    """
    size = abs(amount)
    pence = f",.{1 + more}f" if more else ",.0f"
    digits = pence if size >= 1000 else f".{2 + more}f" if size >= 0.01 else ".2g"
    return _signed_money(amount, format(size, digits), currency)


def close_money(amount: float, currency: str, more: int = 0) -> str:
    """Money to a hundredth of a million or billion: ``£3.20m``; what is something is never £0."""
    size = abs(amount)
    for scale, letter in ((1e9, "bn"), (1e6, "m")):
        if size >= scale:
            return _signed_money(amount, f"{size / scale:,.{2 + more}f}{letter}", currency)
    if 0 < size < 0.01:
        return _signed_money(amount, f"{size:.2g}", currency)
    return _signed_money(amount, f"{size:,.{2 + more}f}".removesuffix(".00"), currency)


def told_money(amount: float, currency: str) -> str:
    """Money in a sentence, in the unit that suits its own size: ``£12.3m``, ``£40k``."""
    size = abs(amount)
    if size < 0.005:
        return f"{symbol(currency)}0"
    if size >= 999_500:
        digits = f"{size / 1e6:,.1f}m"
    elif size >= 9_999.5:
        digits = f"{size / 1e3:,.0f}k"
    elif size >= 100 or size == round(size):
        digits = f"{size:,.0f}"
    else:
        digits = f"{size:,.2f}"
    return _signed_money(amount, digits, currency)


def missing_money(amount: float, currency: str) -> str:
    """Money that is missing or too much, as told, with more digits where that hides it.

    What is missing is never shown as nothing.
    """
    if 0 < abs(amount) < 0.005:
        return _signed_money(amount, f"{abs(amount):.1g}", currency)
    return told_money(amount, currency)


def missing_amount(amount: float, unit: str) -> str:
    """Amount of a unit that is missing or too much: ``22.3 beds``, ``1 bed``, ``0.04 staff``."""
    return of_unit(figure(amount), unit)


def of_unit(size: str, unit: str) -> str:
    """A figure as it is written and a unit in the number that goes with it.

    ``1 bed``, ``2,000 episodes of need``, ``1.33 QALY``; the figure alone where there is no unit.
    """
    return f"{size} {unit_for(size, unit)}".rstrip()


def unit_for(size: str, unit: str) -> str:
    """A unit that a planner wrote, in the number that goes with a figure as it is written.

    What has no plural, is written large, or is a plural already, stays.
    """
    head, rest = _head(unit)
    start, space, last = head.rpartition(" ")
    plain = last.replace("-", "")
    if not plain.isalpha() or not plain.islower() or last in _MASS:
        return unit
    return f"{start}{space}{_one(last) if size.lstrip('+-') == '1' else several(last)}{rest}"


def _head(unit: str) -> tuple[str, str]:
    """The words that have a number, and those after them: ``QALY``, `` lost while waiting``."""
    words = unit.split(" ")
    end = next((n for n, word in enumerate(words) if n and word in _JOINTS), len(words))
    while end > 1 and words[end - 1] in _LATER:
        end -= 1
    return " ".join(words[:end]), "".join(f" {word}" for word in words[end:])


def _one(thing: str) -> str:
    """Singular of a word that may be one already."""
    if not thing.endswith("s") or thing.endswith("ss"):
        return next((one for one, many in _IRREGULAR.items() if many == thing), thing)
    if thing.endswith("ies"):
        return f"{thing[:-3]}y"
    return thing[:-2] if thing.endswith(("ches", "shes", "xes")) else thing[:-1]


def _signed_money(amount: float, digits: str, currency: str) -> str:
    return f"{'-' if amount < 0 else ''}{symbol(currency)}{digits}"


# Text as it may be shown

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def unseen(text: str, among: str = "") -> str:
    """First character that is not seen but may act: control, direction, nothing wide.

    Parameters
    ----------
    text : str
    among : str
        Characters that are none, such as the line break of running text.
    """
    if text.isprintable():
        return ""
    return next(
        (c for c in text if c not in among and unicodedata.category(c) in _UNSEEN),
        "",
    )


def shown(text: str) -> str:
    """Text that a terminal takes for text: what could act is written out, such as ``\\x1b``.

    Line breaks and tabs stay.
    """
    if not unseen(text, "\n\t"):
        return text
    return "".join(
        c.encode("unicode_escape").decode()
        if c not in "\n\t" and unicodedata.category(c) in _UNSEEN
        else c
        for c in text
    )


def brief(text: str) -> str:
    """Text as a message quotes it: in one line, safe to show, and not without end."""
    line = shown(text).replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"


# Words and names


def several(thing: str) -> str:
    """Plural of a word that is not one already: ``bed-days``, ``capacities``."""
    if thing.endswith("s") or thing in _IRREGULAR.values():
        return thing
    if thing in _IRREGULAR:
        return _IRREGULAR[thing]
    if thing.endswith("y") and thing[-2:-1] not in "aeiou":
        return f"{thing[:-1]}ies"
    return f"{thing}es" if thing.endswith(("ch", "sh", "x")) else f"{thing}s"


def count(amount: int, thing: str) -> str:
    """``1 programme``, ``2 breaches``, ``no capacities``."""
    return f"{f'{amount:,}' if amount else 'no'} {thing if amount == 1 else several(thing)}"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names as a sentence has them: ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def listing(names: Iterable[str], most: int = 6) -> str:
    """Names in a row, cut off after `most` of them with a count of the rest."""
    every = list(names)
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"


def kind_of(value: object) -> str:
    """What a value is, with its article: ``a DataFrame``, ``None``, ``an int``."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def sentence(statement: str, suggestion: str) -> str:
    """Statement closed so that the suggestion, if there is one, reads on from it."""
    return f"{statement};" if suggestion else f"{statement}."


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
            if len(self._found) >= _MOST_LOOKUPS:
                return ""
            close = difflib.get_close_matches(written.casefold(), self._words, n=1)
            self._found[written] = f"did you mean '{self._words[close[0]]}'?" if close else ""
        return self._found[written]
