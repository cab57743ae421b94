"""Cells that hold several names or numbers."""

from __future__ import annotations

SEPARATOR = ";"
"""What stands between the names of a list, and so in none of them."""


def names_in(text: str) -> list[str]:
    """Names of a list, each once, in order."""
    names = (name.strip() for name in text.split(SEPARATOR))
    return list(dict.fromkeys(name for name in names if name))


def words_in(text: str) -> list[str]:
    """Numbers or single words of a list as they are written; spaces will do between them, too."""
    return text.replace(SEPARATOR, " ").split()


def listed_names(text: str) -> str:
    """A list as it is kept and shown: its names with ``; `` between them."""
    return f"{SEPARATOR} ".join(names_in(text))
