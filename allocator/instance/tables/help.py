"""What may be written in a column, in words."""

from __future__ import annotations

from allocator.instance.tables.column import Column
from allocator.words import number


def words(column: Column) -> str:
    """Words it accepts."""
    return ", ".join(word for word in column.choices if word)


def bounds(column: Column) -> str:
    """Numbers it accepts; empty where any will do."""
    low, above, high = column.low, column.above, column.high
    if high is None:
        if above is not None:
            return f"more than {number(above)}"
        return "" if low is None else f"{number(low)} or more"
    if above is not None:
        return f"more than {number(above)} and at most {number(high)}"
    return f"at most {number(high)}" if low is None else f"from {number(low)} to {number(high)}"


def allowed(column: Column) -> str:
    """What it accepts; empty where anything of its kind will do."""
    if column.reference:
        several = "names" if column.kind == "texts" else "a name"
        return f"{several} in {column.reference}"
    return words(column) or bounds(column).removeprefix("from ")


def blank(column: Column) -> str:
    """What a blank cell or an entry left out stands for."""
    default = column.default
    if column.required:
        return "*required*"
    if column.kind == "year":
        return "every year" if column.key else "*none*"
    if default is None:
        return "*none*"
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, int | float):
        return number(default)
    return str(default) if default else "blank"
