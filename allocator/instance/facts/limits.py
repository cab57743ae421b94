"""Limits of activity laid out by programme and year."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Ints
from allocator.instance.tables.by_year import ByYear
from allocator.instance.tables.rows import Rows


class Limits:
    """Limits of activity, arrays of shape (programmes, years).

    Parameters
    ----------
    programmes : Rows
        The table.
    limits : ByYear
        The limits table.
    rank : dict of str to int
        Position of each programme.

    Attributes
    ----------
    least, most : ndarray
        Limits of basis activity and baseline, and the floor of safety; infinite for none.
    least_line, most_line : ndarray of int
        Lines of the limits table they come from; 0 for none.
    safe : ndarray of bool
        Where the floor is that of safety, the baseline.
    growth_min, growth_max : ndarray
        Growth on the year before, on the baseline in the first; NaN for none.
    growth_amount : ndarray
        Activity added to the most growth; 0 for none.
    growth_line : ndarray of int
        Line of the growth limit; 0 for none.
    start_min : ndarray
        Least activity a programme may have unless it has none; 0 for none.
    start_line : ndarray of int
        Line that says so.
    """

    def __init__(self, programmes: Rows, limits: ByYear, rank: dict[str, int]) -> None:
        self._baseline = programmes["baseline"]
        shape = (len(programmes), limits.index.shape[1])
        self.least, self.most = np.full(shape, -np.inf), np.full(shape, np.inf)
        self.growth_min, self.growth_max = np.full(shape, np.nan), np.full(shape, np.nan)
        self.growth_amount, self.start_min = np.zeros(shape), np.zeros(shape)
        self.least_line, self.most_line, self.growth_line, self.start_line = (
            np.zeros(shape, dtype=np.int64) for _ in range(4)
        )
        at = np.array([rank[name] for name, _ in limits.keys], dtype=np.int64)
        basis = np.array([basis for _, basis in limits.keys], dtype=object)
        for kind in ("activity", "baseline"):
            self._read_levels(limits, at, basis == kind, kind)
        self._read_growth(limits, at, basis == "growth")
        kept = ~np.isinf(self.least) | ~np.isnan(self.growth_min)
        self.safe: Flags = (programmes["class"] == "safety")[:, None] & ~kept
        self.least[self.safe] = np.repeat(self._baseline, self.safe.sum(axis=1))

    def _read_levels(self, limits: ByYear, at: Ints, mine: Flags, basis: str) -> None:
        """Limits in activity, or as a share of the baseline."""
        i, lines = at[mine], limits.lines()[mine]
        scale = self._baseline[i][:, None] if basis == "baseline" else 1.0
        least, most, start = (limits.values(c)[mine] * scale for c in ("min", "max", "start_min"))
        for figure, line, given in (
            (self.least, self.least_line, np.nan_to_num(least, nan=-np.inf)),
            (self.start_min, self.start_line, np.nan_to_num(start)),
        ):
            line[i] = np.where(given > figure[i], lines, line[i])
            figure[i] = np.maximum(figure[i], given)
        most = np.nan_to_num(most, nan=np.inf, posinf=np.inf)
        self.most_line[i] = np.where(most < self.most[i], lines, self.most_line[i])
        self.most[i] = np.minimum(self.most[i], most)

    def _read_growth(self, limits: ByYear, at: Ints, mine: Flags) -> None:
        i = at[mine]
        self.growth_min[i], self.growth_max[i] = (limits.values(c)[mine] for c in ("min", "max"))
        self.growth_amount[i] = np.nan_to_num(limits.values("growth_amount")[mine])
        self.growth_line[i] = limits.lines()[mine]
