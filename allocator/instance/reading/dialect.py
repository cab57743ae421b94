"""How the program that saved a CSV writes it: separators of cells and of decimals."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_DECLARED = re.compile(r'"?sep=(.)"?[ \t]*\r?\n', re.IGNORECASE)
_COMMA = re.compile(r"[^\d]*(?:\d+|\d{1,3}(?:[ .]\d{3})+),\d+[^\d]*")
_THOUSANDS = re.compile(r"[^\d]*[1-9]\d{0,2}(?:,\d{3})+[^\d]*")
_POINT = re.compile(r"[^\d]*(?:\d+|\d{1,3}(?:[ ,]\d{3})+)\.\d+[^\d]*")
_GROUPS = re.compile(r"[^\d]*[1-9]\d{0,2}(?:\.\d{3})+[^\d]*")


def column_name(written: str, known: Collection[str]) -> str:
    """Name of a column, whatever its capitals and spaces; one that is not known as written."""
    plain = "_".join(written.casefold().split())
    return plain if plain in known else written


def separator_of(text: str, known: Collection[str]) -> tuple[str, int]:
    """What stands between the cells of a file, and how long a line that says so is.

    It is the one that makes the most columns of the header known, a comma where that does
    not tell.
    """
    declared = _DECLARED.match(text)
    if declared:
        return declared[1], declared.end()
    header = text.lstrip("\r\n").splitlines()[0]

    def found(separator: str) -> tuple[int, int]:
        cells = [cell.strip().strip('"').strip() for cell in header.split(separator)]
        named = {column_name(cell, known) for cell in cells}
        return len(named.intersection(known)), len(cells) if not known else 0

    scores = {separator: found(separator) for separator in _SEPARATORS}
    best = max(scores, key=scores.__getitem__)
    if scores[best] == scores[","]:
        best = ","
        for other in (";", "\t"):
            if "," not in header and other in header:
                best = other
                break
    return best, 0


def separators(separator: str) -> str:
    """What stands between cells, in words."""
    return _SEPARATORS.get(separator, f"'{separator}'")


def with_points(
    columns: Mapping[str, list[str]], numbers: Iterable[str], lines: list[int]
) -> tuple[str, int, list[tuple[int, str, str, str]]]:
    """Put points for the decimal commas of a file whose cells are not separated by commas.

    Cells are rewritten where they stand. A comma is a decimal one where some number of the
    file cannot be read otherwise, as 12,5 cannot.

    Returns
    -------
    str, int
        First number that was rewritten, and how many were.
    list of (int, str, str, str)
        Line, column, text and reason of every number that can be read in two ways.
    """
    cells = [(name, at) for name in numbers if name in columns for at in range(len(lines))]
    texts = [columns[name][at] for name, at in cells]
    commas = any(_COMMA.fullmatch(t) and not _THOUSANDS.fullmatch(t) for t in texts)
    points = any(_POINT.fullmatch(t) and not _GROUPS.fullmatch(t) for t in texts)
    rewritten: list[str] = []
    unclear: list[tuple[int, str, str, str]] = []
    for name, at in cells:
        text = columns[name][at]
        both = "," in text and "." in text
        if commas and points and _COMMA.fullmatch(text):
            reason = f"'{text}' has a decimal comma and other numbers here a decimal point"
        elif not commas and _THOUSANDS.fullmatch(text):
            reason = f"'{text}' may have a decimal comma or one between thousands"
        elif commas and not points and _GROUPS.fullmatch(text):
            reason = f"'{text}' may have a decimal point or one between thousands"
        else:
            reason = ""
        if reason:
            unclear.append((lines[at], name, text, f"{reason}; write it with a decimal point."))
            columns[name][at] = re.sub("[,.]", "", text)  # refused already: no second error
        elif commas and _COMMA.fullmatch(text):
            columns[name][at] = (text.replace(".", "") if both else text).replace(",", ".")
            rewritten.append(text)
    return (rewritten[0] if rewritten else ""), len(rewritten), unclear
