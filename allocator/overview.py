"""What an object shows of itself: a title, a few facts and which tables it has."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from html import escape

from allocator.words import Suggester

WIDTH = 80
"""Columns of a terminal."""


def as_text(title: str, facts: Mapping[str, str], tables: Mapping[str, int]) -> str:
    """The overview in a few lines.

    Parameters
    ----------
    title : str
    facts : mapping of str to str
        Facts by what they are of; those without a word are left out.
    tables : mapping of str to int
        Rows by table; those without a row are named last.
    """
    entries = {name: fact for name, fact in facts.items() if fact} | _tables(tables)
    wide = max(len(name) for name in entries) + 2 if entries else 0
    lines = [textwrap.shorten(title, WIDTH, placeholder=" ...")]
    for name, fact in entries.items():
        start = f"  {name:{wide}}"
        lines += textwrap.wrap(
            fact, WIDTH, initial_indent=start, subsequent_indent=" " * len(start), max_lines=6
        )
    return "\n".join(lines)


def as_html(title: str, facts: Mapping[str, str], tables: Mapping[str, int]) -> str:
    """The overview as a table, for notebooks."""
    entries = {name: fact for name, fact in facts.items() if fact} | _tables(tables)
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(fact)}</td></tr>"
        for name, fact in entries.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"


def _tables(tables: Mapping[str, int]) -> dict[str, str]:
    filled = [f"{name} ({rows:,})" for name, rows in tables.items() if rows]
    bare = [name for name, rows in tables.items() if not rows]
    said = {"tables, rows": ", ".join(filled)} if filled else {}
    return said | ({"empty": ", ".join(bare)} if bare else {})


def lacking(what: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for an attribute that is not there, with the one that was probably meant.

    Parameters
    ----------
    what : str
        The object with its article: ``a plan``.
    name : str
        What was asked for.
    known : iterable of str
        What could have been.
    """
    guess = Suggester(k for k in known if not k.startswith("_"))(name)
    return AttributeError(f"{what} has no table or attribute {name!r}{guess and '; '}{guess}")
