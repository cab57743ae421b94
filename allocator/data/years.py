"""Rows of a table, year by year."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.NDArray[np.float64]


def by_year(table: pd.DataFrame, key: Sequence[str], years: Sequence[int]) -> pd.DataFrame:
    """One row for each key and plan year it covers.

    Parameters
    ----------
    table : pandas.DataFrame
        Table with a ``year`` column; blank means every plan year.
    key : sequence of str
        Columns that name a row besides the year.
    years : sequence of int
        Consecutive plan years.

    Returns
    -------
    pandas.DataFrame
        The table's columns and ``t``, the position of the year; a row with a year has
        replaced the row without one in that year.
    """
    count = len(years)
    given = table["year"].to_numpy(dtype=np.int64, na_value=0)
    blank = table["year"].isna().to_numpy()
    every, some = np.flatnonzero(blank), np.flatnonzero(~blank)
    row = np.concatenate([np.repeat(every, count), some])
    t = np.concatenate([np.tile(np.arange(count), len(every)), given[some] - years[0]])
    if len(every) and len(some):
        group = table.groupby(list(key), sort=False).ngroup().to_numpy()
        last = np.unique((group[row] * count + t)[::-1], return_index=True)[1]
        kept = np.sort(len(row) - 1 - last)
        row, t = row[kept], t[kept]
    return table.take(row).reset_index(drop=True).assign(t=t)


def grid(
    rows: npt.NDArray[np.int64],
    t: npt.ArrayLike,
    values: npt.ArrayLike,
    shape: tuple[int, int],
    default: float,
) -> Numbers:
    """Spread values over a (rows, years) array; NaN values leave the default."""
    out = np.full(shape, default)
    values = np.asarray(values, dtype=float)
    given = ~np.isnan(values)
    out[rows[given], np.asarray(t)[given]] = values[given]
    return out
