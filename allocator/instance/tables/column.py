"""What may stand in a column, and what a table is.

Kinds
-----
text      any words; blank is the empty string
choice    one of the listed words
number    a finite decimal number
integer   a whole number
year      a plan year; blank means every plan year
flag      yes or no

``instance.toml`` has entries of three kinds more: years, texts and numbers are lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

REQUIRED = "required"
"""Default of a column that must be there and must not be blank."""

NO_VALUE = None
"""Default of a number that may be left blank and is then absent (NaN)."""

Form = Literal["line", "prose", "names", "numbers", "words", "year"]
"""How a text is written: in one line; in any number of them; a list of names, of numbers or of
single words, with semicolons; a year or a word."""

Kind = Literal["text", "choice", "number", "integer", "year", "flag", "years", "texts", "numbers"]


@dataclass(frozen=True)
class Column:
    """A column of a table, or an entry of ``instance.toml``, which is a table of one row.

    Attributes
    ----------
    name : str
        Name in the header.
    kind : str
        What its cells are.
    meaning : str
        What a planner needs to know to fill it.
    unit : str
        What its numbers count; empty where that goes without saying.
    default : object
        What a blank cell stands for; :data:`REQUIRED` where none may be blank,
        :data:`NO_VALUE` where a blank is no figure at all.
    key : bool
        Whether it is part of what names a row.
    reference : str
        Table whose first key column must hold its values; empty where there is none.
    choices : tuple of str
        Words it accepts; empty where any will do.
    low, above, high : float or None
        Its numbers are `low` or more, more than `above`, and `high` or less.
    form : str
        How its texts are written.
    """

    name: str
    kind: Kind
    meaning: str
    default: Any = REQUIRED
    unit: str = ""
    key: bool = False
    reference: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    above: float | None = None
    high: float | None = None
    form: Form = "line"

    @property
    def required(self) -> bool:
        """Whether no cell may be blank."""
        return isinstance(self.default, str) and self.default == REQUIRED


@dataclass(frozen=True)
class Table:
    """One table of the format; ``table[name]`` is a column.

    Attributes
    ----------
    name : str
        File name without ``.csv``; sheet name in a workbook.
    row : str
        What one row is, in a planner's words.
    required : bool
        Whether an instance must have the table.
    columns : dict of str to Column
        Columns by name, in file order.
    key : tuple of str
        Columns that together name a row; no two rows may share them.
    """

    name: str
    row: str
    required: bool
    columns: dict[str, Column]
    key: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        key = tuple(name for name, column in self.columns.items() if column.key)
        object.__setattr__(self, "key", key)

    def __getitem__(self, column: str) -> Column:
        return self.columns[column]
