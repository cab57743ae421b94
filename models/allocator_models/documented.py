"""What the variables and rows of a family mean, for whoever meets them in a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc

from allocator_models.arrays import Constraint, Model, Var

_INDENT = "    "
_ASIDE = re.compile(r"\[[^]]*\]|\([^)]*\)")
"""Indices and units behind the names an entry begins with."""


def documented(m: Model, docstring: str) -> None:
    """Give variables and rows what the docstring of their family says of them, as their ``doc``.

    Parameters
    ----------
    m : Model
    docstring : str
        Of ``declare``: an entry for each, indented once, that begins with its name, or with the
        names of several and commas between them.
    """
    for names, words in _entries(m, cleandoc(docstring)):
        for name in names:
            m.component(name).doc = words


def _entries(m: Model, docstring: str) -> Iterator[tuple[list[str], str]]:
    """Names of variables and rows, and the lines about them as one."""
    names: list[str] = []
    words: list[str] = []
    for line in [*docstring.splitlines(), ""]:
        begun = _begun(m, line)
        if names and (begun or not line.startswith(_INDENT)):
            yield names, " ".join(words)
            names = []
        if begun:
            names, words = begun, []
        words.append(line.strip())


def _begun(m: Model, line: str) -> list[str]:
    """Names of the variables or rows whose entry a line begins; none where it begins none."""
    if not line.startswith(_INDENT) or line.startswith(_INDENT + " "):
        return []
    names = [name.strip() for name in _ASIDE.sub("", line).partition(":")[0].split(",")]
    return names if all(isinstance(m.component(name), (Var, Constraint)) for name in names) else []
