"""What an extraction says, by label."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from allocator.data import Index


def by_label(index: Index, values: npt.ArrayLike) -> dict[Any, float]:
    """Values that follow an index, by the labels of its members."""
    return dict(zip(index.members(), np.asarray(values, dtype=float).tolist(), strict=True))


def of_run(terms: Any, option: str, start: int, stop: int) -> dict[Any, float]:
    """Coefficients of one run of an option, by the labels of the row it stands in."""
    found = by_label(terms.rows, terms.coefficient)
    run = (option, start, stop)
    mine = {key[:-3]: value for key, value in found.items() if key[-3:] == run}
    return {key[0] if len(key) == 1 else key: value for key, value in mine.items()}
