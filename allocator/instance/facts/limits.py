"""Limits of activity laid out by programme and year."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats, Ints
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
    least_row, most_row : ndarray of int
        Rows of the limits table they come from; -1 for none.
    safe : ndarray of bool
        Where the floor is that of safety, the baseline.
    growth_min, growth_max : ndarray
        Growth on the year before, on the baseline in the first; NaN for none.
    growth_amount : ndarray
        Activity added to the most growth; 0 for none.
    growth_row : ndarray of int
        Row of the growth limit; -1 for none.
    start_min : ndarray
        Least activity a programme may have unless it has none; 0 for none.
    start_row : ndarray of int
        Row that says so; -1 for none.
    """

    def __init__(self, programmes: Rows, limits: ByYear, rank: dict[str, int]) -> None:
        self._baseline = programmes["baseline"]
        shape = (len(programmes), limits.index.shape[1])
        self.least, self.most = np.full(shape, -np.inf), np.full(shape, np.inf)
        self.growth_min, self.growth_max = np.full(shape, np.nan), np.full(shape, np.nan)
        self.growth_amount, self.start_min = np.zeros(shape), np.zeros(shape)
        self.least_row, self.most_row, self.growth_row, self.start_row = (
            np.full(shape, -1) for _ in range(4)
        )
        at = np.array([rank[name] for name, _ in limits.keys], dtype=np.int64)
        basis = np.array([basis for _, basis in limits.keys], dtype=object)
        for kind in ("activity", "baseline"):
            self._read_levels(limits, at, basis == kind, kind)
        self._read_growth(limits, at, basis == "growth")
        kept = ~np.isinf(self.least) | ~np.isnan(self.growth_min)
        self.safe: Flags = (programmes["class"] == "safety")[:, None] & ~kept
        self.least[self.safe] = np.repeat(self._baseline, self.safe.sum(axis=1))

    def grown(self, t: int, least: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Least and most activity of a year by growth on the year before; NaN for no limit.

        Parameters
        ----------
        t : int
            Position of the year.
        least, most : ndarray, shape (programmes,)
            Activity of the year before, of the first year the baseline.
        """
        with np.errstate(invalid="ignore"):
            return (
                (1 + self.growth_min[:, t]) * least,
                (1 + self.growth_max[:, t]) * most + self.growth_amount[:, t],
            )

    def _read_levels(self, limits: ByYear, at: Ints, mine: Flags, basis: str) -> None:
        """Limits in activity, or as a share of the baseline."""
        i, index = at[mine], limits.index[mine]
        scale = self._baseline[i][:, None] if basis == "baseline" else 1.0
        least, most, start = (limits.values(c)[mine] * scale for c in ("min", "max", "start_min"))
        with np.errstate(invalid="ignore"):
            higher, lower = least > self.least[i], most < self.most[i]
            larger = (start > self.start_min[i]) | (~np.isnan(start) & (self.start_row[i] < 0))
        for figure, row, given, better in (
            (self.least, self.least_row, least, higher),
            (self.most, self.most_row, most, lower),
            (self.start_min, self.start_row, start, larger),
        ):
            figure[i] = np.where(better, given, figure[i])
            row[i] = np.where(better, index, row[i])

    def _read_growth(self, limits: ByYear, at: Ints, mine: Flags) -> None:
        i = at[mine]
        self.growth_min[i], self.growth_max[i] = (limits.values(c)[mine] for c in ("min", "max"))
        self.growth_amount[i] = np.nan_to_num(limits.values("growth_amount")[mine])
        self.growth_row[i] = limits.index[mine]
