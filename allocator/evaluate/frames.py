"""Tables of a result, made from arrays when somebody reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.arrays import Ints, Objects

TEXT: Any = pd.Series([""], dtype="str").dtype
"""How text is kept in a table."""


def text(words: Any) -> Any:
    """Words as a column of a table."""
    return pd.array(np.asarray(words, dtype=object), dtype=TEXT)


def table(columns: Mapping[str, npt.NDArray[Any]]) -> pd.DataFrame:
    """Table of flat arrays; objects are words."""
    return pd.DataFrame({name: text(v) if v.dtype == object else v for name, v in columns.items()})


def by_year(
    names: Mapping[str, Objects], years: Ints, columns: Mapping[str, npt.NDArray[Any]]
) -> pd.DataFrame:
    """Table that goes through the years one thing at a time.

    Parameters
    ----------
    names : mapping of str to numpy.ndarray
        Shape (thing,): what each row is about, before the column ``year``.
    years : numpy.ndarray
        Plan years.
    columns : mapping of str to numpy.ndarray
        Shape (thing, year), or (thing,) where it is the same in all years.
    """
    count = len(next(iter(names.values())))
    every = {name: np.repeat(words, len(years)) for name, words in names.items()}
    every["year"] = np.tile(years, count)
    for name, values in columns.items():
        every[name] = np.repeat(values, len(years)) if values.ndim == 1 else values.ravel()
    return table(every)
