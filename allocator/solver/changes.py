"""Some figures of a programme that is loaded, named once and changed again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.errors import SolverError
from allocator.solver.figures import Figures
from allocator.tolerances import INFINITE, LARGE, SMALL

NEAR = 16
"""Places that lie no further apart are sent together with what is between them."""


class Sides:
    """Sides of some rows of a programme."""

    def __init__(self, figures: Figures, rows: Ints) -> None:
        rows = _found(rows, len(figures.lower), "row")
        self._figures, self._rows = figures, rows
        self._scale = figures.scaling.row[rows]
        self._stretches = list(_stretches(rows))

    def change(self, lower: Floats, upper: Floats) -> None:
        """Replace them.

        Parameters
        ----------
        lower, upper : ndarray, shape (changed,)
            In the programme's own units; infinite for none.

        Raises
        ------
        SolverError
            For another number of figures, NaN, or sides that cross; nothing is changed then.
        """
        figures, rows = self._figures, self._rows
        _fit(rows, "row", lower, upper)
        _apart(lower, upper, lambda at: figures.loaded.row_names()[int(rows[at])], "side")
        figures.lower[rows] = _open(lower) * self._scale
        figures.upper[rows] = _open(upper) * self._scale
        for span in self._stretches:
            figures.highs.sides(figures.lower, figures.upper, span)


class ColumnBounds:
    """Bounds of some columns of a programme."""

    def __init__(self, figures: Figures, columns: Ints) -> None:
        columns = _found(columns, len(figures.cost), "column")
        self._figures, self._columns = figures, columns
        self._scale = figures.scaling.column[columns]

    def change(self, lower: Floats, upper: Floats) -> None:
        """Replace them.

        Parameters
        ----------
        lower, upper : ndarray, shape (changed,)
            In the programme's own units; infinite for none.

        Raises
        ------
        SolverError
            For another number of figures, NaN, or bounds that cross; nothing is changed then.
        """
        figures, columns = self._figures, self._columns
        _fit(columns, "column", lower, upper)
        _apart(lower, upper, lambda at: figures.loaded.column_names()[int(columns[at])], "bound")
        least, most = (part.copy() for part in figures.bounds)
        least[columns], most[columns] = _open(lower) / self._scale, _open(upper) / self._scale
        figures.bounds = least, most
        figures.highs.bounds(least, most)


class ColumnCosts:
    """Costs of some columns of a programme."""

    def __init__(self, figures: Figures, columns: Ints) -> None:
        columns = _found(columns, len(figures.cost), "column")
        self._figures, self._columns = figures, columns
        self._scale = figures.scaling.column[columns] * figures.scaling.cost
        self._stretches = list(_stretches(columns))

    def change(self, cost: Floats) -> None:
        """Replace them.

        Parameters
        ----------
        cost : ndarray, shape (changed,)

        Raises
        ------
        SolverError
            For another number of figures, or one that is not finite; nothing is changed then.
        """
        figures = self._figures
        _fit(self._columns, "column", cost)
        if not np.isfinite(cost).all():
            raise SolverError("a cost is not finite")
        figures.cost[self._columns] = cost * self._scale
        for span in self._stretches:
            figures.highs.costs(figures.cost, span)


class Coefficients:
    """Some coefficients of a programme."""

    def __init__(self, figures: Figures, entries: Ints) -> None:
        entries = _found(entries, len(figures.data), "coefficient")
        self._figures, self._entries = figures, entries
        self._row = figures.row_of_each[entries]
        self._column = figures.loaded.matrix.indices[entries].astype(np.int64)
        self._scale = figures.scaling.row[self._row] * figures.scaling.column[self._column]

    def change(self, values: Floats) -> None:
        """Replace them.

        Parameters
        ----------
        values : ndarray, shape (changed,)
            Zero takes a term out until it is changed again.

        Raises
        ------
        SolverError
            For another number of figures, or a coefficient that HiGHS would drop or misread;
            nothing is changed then.
        """
        figures = self._figures
        _fit(self._entries, "coefficient", values)
        size = np.abs(values)
        if not ((values == 0) | ((size > SMALL) & (size < LARGE))).all():
            raise SolverError(f"a coefficient is not 0 or of a size from {SMALL:g} to {LARGE:g}")
        scaled = values * self._scale
        at = np.flatnonzero(scaled != figures.data[self._entries])
        figures.highs.coefficients(self._row[at], self._column[at], scaled[at])
        figures.data[self._entries] = scaled


def _found(places: Ints, count: int, what: str) -> Ints:
    places = np.array(places, dtype=np.int64)
    missing = places[(places < 0) | (places >= count)]
    if len(missing):
        raise SolverError(f"there is no {what} {missing[0]}")
    return places


def _fit(places: Ints, what: str, *numbers: Floats) -> None:
    for part in numbers:
        if part.shape != places.shape:
            raise SolverError(f"{len(places)} {what}s and another number of figures: {part.shape}")


def _apart(lower: Floats, upper: Floats, name: Callable[[int], str], what: str) -> None:
    fine = lower <= upper
    if not fine.all():
        at = int(np.argmin(fine))
        if np.isnan([lower[at], upper[at]]).any():
            raise SolverError(f"a {what} of {name(at)} is not a number")
        raise SolverError(f"nothing can meet {name(at)}: its {what}s cross")


def _stretches(places: Ints) -> Iterator[slice]:
    """Stretches that hold all of some places, and little else.

    HiGHS takes a stretch many times faster than as many places apart.
    """
    if not len(places):
        return
    ordered = np.unique(places)
    gaps = np.flatnonzero(np.diff(ordered) > NEAR)
    for first, last in zip(
        ordered[np.append(0, gaps + 1)].tolist(),
        ordered[np.append(gaps, len(ordered) - 1)].tolist(),
        strict=True,
    ):
        yield slice(first, last + 1)


def _open(side: Floats) -> Floats:
    """Sides of a size that HiGHS takes for none are none."""
    return np.where(np.abs(side) >= INFINITE, np.copysign(np.inf, side), side)
