"""Amounts in pounds in an instance in millions: every column of money is asked about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from base_round import FOLDER
from examples import NAMES, example

from allocator.errors import InstanceError, Problem
from allocator.instance.instance import Instance, read
from allocator.instance.tables.schema import TABLES

SAYS = "amounts are in single GBP"

MONEY = [
    (table.name, column.name)
    for table in TABLES.values()
    for column in table.columns.values()
    if column.unit.split(" ")[0] == "money" and (table.name, column.name) != ("budgets", "amount")
]
OTHER = [
    ("incomes", "amount"),
    ("rules", "value"),
    ("option_effects", "value"),
    ("limits", "max"),
    ("limits", "growth_amount"),
    ("demand", "demand"),
]
"""Columns whose figures are money where their row says so."""


def test_every_column_that_is_told_in_money_is_known_to_the_schema() -> None:
    said = {
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns.values()
        if "base-year prices" in column.meaning and column.kind == "number"
    }
    assert said <= {*MONEY, ("budgets", "amount")}
    assert len(MONEY) >= 25


@pytest.mark.parametrize(("table", "column"), [*MONEY, *OTHER])
def test_an_amount_a_million_times_too_large_is_asked_about(table: str, column: str) -> None:
    known = read(FOLDER)
    frame = known.tables[table].copy()
    row = {
        "rules": {"rule": "Overheads"},
        "incomes": {"income": "Premium"},
        "option_effects": {"measure": "income"},
        "limits": {"programme": "Estates"},
        "demand": {"programme": "Estates"},
    }.get(table, {})
    if table in ("limits", "demand"):
        frame = _added(frame, row, basis="activity") if table == "limits" else _added(frame, row)
    mine = np.ones(len(frame), dtype=bool)
    for key, value in row.items():
        mine &= (frame[key] == value).to_numpy()
    at = int(np.flatnonzero(mine)[0])
    usual = frame[column].iloc[at]
    each = 1.0 if pd.isna(usual) or usual == 0 else abs(float(usual))
    # At the least what one unit, one person or one payment of a large system would be.
    frame.loc[frame.index[at], column] = 1e6 * max(each, 100.0)
    assert any(p.column == column for p in _found(known, table, frame)), (table, column)


def _added(frame: pd.DataFrame, row: dict[str, str], **cells: str) -> pd.DataFrame:
    blank = dict.fromkeys(frame.columns)
    new = pd.DataFrame([{**blank, **row, **cells}])
    return pd.concat([frame.astype(object), new.astype(object)], ignore_index=True)


def _found(known: Instance, table: str, frame: pd.DataFrame) -> list[Problem]:
    try:
        warned = list(known.replace(**{table: frame}).warnings)
    except InstanceError as error:
        warned = list(error.problems)
    return [p for p in warned if p.table == table and SAYS in p.message]


@pytest.mark.parametrize("name", NAMES)
def test_shipped_rounds_are_not_asked(name: str) -> None:
    assert not [p for p in example(name).warnings if "amounts are in" in p.message]
