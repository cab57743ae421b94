"""Prices of a plan's tables, side by side."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

PRICE_COLUMNS = ("price", "price_range", "price_less", "price_less_range")

_NAMED_BY = {
    "budgets": ("pool",),
    "capacity": ("resource", "place"),
    "rules": ("rule",),
    "limits": ("programme",),
    "transfers": ("from_pool", "to_pool"),
    "funding": ("programme", "pool"),
    "providers": ("provider",),
    "extra": ("name",),
}
"""Tables whose rows have prices, and what names one besides its year."""


def side_by_side(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """All rows of a plan's tables that have a price, as :attr:`Plan.prices` gives them."""
    columns = ["table", "name", "year", "side", *PRICE_COLUMNS, "price_sides"]
    parts = []
    for table, keys in _NAMED_BY.items():
        rows = tables.get(table)
        if rows is None or not set(columns[4:]) <= set(rows.columns):
            continue
        rows = rows[rows["price"].notna()]
        names = [", ".join(filter(None, key)) for key in rows[list(keys)].itertuples(index=False)]
        years = rows["year"] if "year" in rows else pd.Series(pd.NA, index=rows.index)
        sides = rows.get("side", "")
        part = pd.DataFrame({"table": table, "name": names}, index=rows.index)
        part = part.assign(year=years.astype("Int64"), side=sides)
        parts.append(part.assign(**{column: rows[column] for column in columns[4:]}))
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=columns)
