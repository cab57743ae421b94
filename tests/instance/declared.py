"""Whether a table holds what its columns declare."""

from __future__ import annotations

import pandas as pd

from allocator.instance.tables.column import NO_VALUE, Table

DTYPES = {
    "text": "str",
    "choice": "str",
    "number": "float64",
    "integer": "int64",
    "year": "Int64",
    "flag": "bool",
}


def assert_as_declared(table: Table, frame: pd.DataFrame) -> None:
    """Columns, dtypes, words and bounds are those of the schema."""
    assert list(frame.columns) == list(table.columns)
    for name, column in table.columns.items():
        values = frame[name]
        assert values.dtype == DTYPES[column.kind], name
        if column.kind != "year" and column.default is not NO_VALUE:
            assert values.notna().all(), name
        if column.choices:
            assert values.isin(column.choices).all(), name
        if column.kind in ("number", "integer"):
            figures = values.dropna()
            assert column.low is None or (figures >= column.low).all(), name
            assert column.above is None or (figures > column.above).all(), name
            assert column.high is None or (figures <= column.high).all(), name
