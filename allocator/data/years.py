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
    every = table[table["year"].isna().to_numpy()]
    some = table[table["year"].notna().to_numpy()]
    count = len(years)
    repeated = every.iloc[np.repeat(np.arange(len(every)), count)]
    repeated = repeated.assign(t=np.tile(np.arange(count), len(every)))
    if some.empty:
        return repeated.reset_index(drop=True)
    some = some.assign(t=some["year"].astype(int) - years[0])
    both = pd.concat([repeated, some], ignore_index=True)
    return both.drop_duplicates([*key, "t"], keep="last", ignore_index=True)


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
