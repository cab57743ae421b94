"""What two rounds say differently, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS, SETTINGS_FILE

INPUTS = ("table", "row", "column", "before", "after")

ALLOWED = {
    "budgets": (("pool", "year"), "amount"),
    "rules": (("rule", "year"), "limit"),
    "capacity": (("resource", "place", "year"), "amount"),
}
"""Tables of a plan that repeat a figure of its round, with their keys and that figure."""

SAID_OTHERWISE = ("source", "note", "status")
"""Columns that nothing is worked out from."""


def changed_inputs(before: Instance, after: Instance) -> pd.DataFrame:
    """Cells and settings in which two rounds differ.

    Returns
    -------
    pandas.DataFrame
        table, row (its key, in words), column, before, after; a row that only one of them
        has is one row of the result, without a column. Sources and notes are left out.
    """
    rows = [
        (SETTINGS_FILE, "", name, *values)
        for name in SETTINGS
        if (values := tuple(getattr(i.settings, name) for i in (before, after)))
        and values[0] != values[1]
    ]
    for name, table in TABLES.items():
        keyed = [_by_key(i.tables[name], table.key) for i in (before, after)]
        rows += [(name, *change) for change in _cells(*keyed)]
    return pd.DataFrame(rows, columns=list(INPUTS))


def changed_amounts(
    before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The same as far as the tables of two plans tell it: money, rules' figures and capacity."""
    rows: list[tuple[Any, ...]] = []
    for name, (keys, column) in ALLOWED.items():
        if name in before and name in after:
            both = [
                _by_key(t[name][[*keys, column]], [k for k in keys if k in t[name]])
                for t in (before, after)
            ]
            rows += [(name, *change) for change in _cells(*both)]
    return pd.DataFrame(rows, columns=list(INPUTS))


Keyed = dict[tuple[str, ...], dict[str, Any]]


def _by_key(frame: pd.DataFrame, key: Any) -> Keyed:
    """Rows by the words of their key."""
    keys = list(key)
    shown = [c for c in frame if c not in keys and c not in SAID_OTHERWISE]
    records = frame.to_dict("records")
    return {tuple(_word(r[k]) for k in keys): {str(c): r[c] for c in shown} for r in records}


def _cells(before: Keyed, after: Keyed) -> Iterator[tuple[str, str, Any, Any]]:
    for key in dict.fromkeys([*before, *after]):
        row = ", ".join(word for word in key if word)
        if key not in before or key not in after:
            yield row, "", *(("there", "") if key in before else ("", "there"))
            continue
        for column, old in before[key].items():
            new = after[key].get(column)
            if not _same(old, new):
                yield row, column, old, new


def _same(one: Any, other: Any) -> bool:
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    return bool(one == other)


def _word(cell: Any) -> str:
    return "" if pd.isna(cell) else str(cell)
