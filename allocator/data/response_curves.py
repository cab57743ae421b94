"""The curves of the response table, evaluated for many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from allocator.arrays import Flags, Floats, Ints, Objects
from allocator.data import curves
from allocator.data.axes import Axes
from allocator.data.index import Index
from allocator.instance.instance import Instance
from allocator.instance.tables.rows import positions_of

_NONE = np.empty(0, dtype=np.int64)


class ResponseCurves:
    """The curves of the response table, and flat ones where only options give an outcome.

    Attributes
    ----------
    programme, outcome : ndarray of int
        Whose activity buys which outcome, by response.
    delay : ndarray of int
        Years until it arrives.
    shape : ndarray of str
        Shape of each curve.
    parameters : dict of str to ndarray
        Parameters of each curve; ``baseline`` is the programme's baseline activity.
    """

    def __init__(self, instance: Instance, axes: Axes) -> None:
        table, flat = instance.rows["responses"], unanswered(instance)
        both = [*table.tuples(("programme", "outcome")), *flat]
        self.programme = axes.programme.codes([programme for programme, _ in both])
        self.outcome = axes.outcome.codes([outcome for _, outcome in both])
        self.delay: Ints = np.append(table["delay"], np.zeros(len(flat), dtype=np.int64))
        self.shape: Objects = np.append(table["shape"], np.full(len(flat), "linear", dtype=object))
        self.parameters = {
            name: np.append(table[name], np.full(len(flat), 0.0 if name == "per_unit" else np.nan))
            for name in ("per_unit", "elasticity", "maximum", "half", "steepness")
        }
        self.parameters["baseline"] = instance.rows["programmes"]["baseline"][self.programme]
        known = _points(instance)
        found = np.flatnonzero(self.shape == "points").tolist()
        self._points = {row: known[both[row]] for row in found}

    def __len__(self) -> int:
        return len(self.programme)

    def bent(self, rows: Ints) -> Flags:
        """Whether each row's curve bends between its breakpoints."""
        return np.isin(self.shape[rows], ["power", "saturating", "logistic"])

    def knots(
        self, drivers: Index, low: Floats, high: Floats, asked: dict[tuple[int, int], Floats]
    ) -> tuple[Ints, Floats]:
        """Points strictly inside each driver's range, with the driver they belong to.

        Parameters
        ----------
        drivers : Index
            (programme, year).
        low, high : ndarray
            Range of each.
        asked : dict of (programme, year) to ndarray
            Points that are wanted besides those of the curves.
        """
        owners, at = [np.empty(0, np.int64)], [np.empty(0)]
        of_programme, year = positions_of(drivers.columns[0]), drivers.columns[1]

        def add(driver: int, points: Floats) -> None:
            inside = points[(points > low[driver]) & (points < high[driver])]
            owners.append(np.full(len(inside), driver))
            at.append(inside)

        for row, (activity, _) in self._points.items():
            for d in of_programme.get(int(self.programme[row]), _NONE).tolist():
                add(d, activity)
        for d, points in self._steepening(drivers, low, high):
            add(d, points)
        for (i, t), wanted in asked.items():
            mine = of_programme.get(i, _NONE)
            for d in mine[year[mine] == t].tolist():
                add(d, wanted)
        return np.concatenate(owners), np.concatenate(at)

    def _steepening(
        self, drivers: Index, low: Floats, high: Floats
    ) -> Iterator[tuple[int, Floats]]:
        """Breakpoints of the curves that steepen somewhere, driver by driver."""
        steep = (self.shape == "logistic") | (
            (self.shape == "power") & (self.parameters["elasticity"] > 1.0)
        )
        of_programme = positions_of(drivers.columns[0])
        for row in np.flatnonzero(steep).tolist():
            p = {name: value[row] for name, value in self.parameters.items()}
            slope = curves.SLOPE[self.shape[row]]
            for d in of_programme.get(int(self.programme[row]), _NONE).tolist():
                lo, hi = float(low[d]), float(high[d])
                if hi <= lo:
                    continue
                turn = p["half"] if self.shape[row] == "logistic" else lo
                parts = [lo, turn, hi] if lo < turn < hi else [lo, hi]
                ends = curves.EFFECT[self.shape[row]](np.array([lo, hi]), p)
                change = float(abs(ends[1] - ends[0]))
                for left, right in pairwise(parts):
                    yield d, curves.even_knots(slope, p, left, right, change)
                yield d, np.array(parts[1:-1])

    def effect(self, rows: Ints, x: Floats) -> Floats:
        """Outcome of each row's curve at x."""
        return self._each(
            rows, x, curves.EFFECT, lambda row, at: curves.points_effect(at, *self._points[row])
        )

    def slope(self, rows: Ints, x: Floats) -> Floats:
        """Slope of each row's curve at x; 0 for points, which do not bend."""
        return self._each(rows, x, curves.SLOPE, lambda _, at: np.zeros_like(at))

    def chord(self, rows: Ints, left: Floats, right: Floats) -> Floats:
        """Slope of the chord of each row's curve; exact for straight lines."""
        rise = self.effect(rows, right) - self.effect(rows, left)
        straight = self.shape[rows] == "linear"
        return np.where(straight, self.parameters["per_unit"][rows], rise / (right - left))

    def _each(
        self,
        rows: Ints,
        x: Floats,
        table: dict[str, curves.Curve],
        points: Callable[[int, Floats], Floats],
    ) -> Floats:
        out = np.zeros(len(rows))
        for shape, curve in table.items():
            mine = (self.shape == shape)[rows]
            if mine.any():
                p = {name: value[rows[mine]] for name, value in self.parameters.items()}
                out[mine] = curve(x[mine], p)
        for row, mine in positions_of(rows).items() if self._points else ():
            if row in self._points:
                out[mine] = points(row, x[mine])
        return out


def unanswered(instance: Instance) -> list[tuple[str, str]]:
    """Programmes and outcomes that options add to, without a response of their own."""
    known = set(instance.rows["responses"].tuples(("programme", "outcome")))
    effects = instance.rows["option_effects"]
    added = effects.take(effects["measure"] == "outcome").tuples(("target", "outcome"))
    return [pair for pair in dict.fromkeys(added) if pair not in known]


def _points(instance: Instance) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """Activity and effect of the points of each programme and outcome, by activity."""
    given = instance.rows["response_points"]
    of_curve: dict[tuple[str, str], list[int]] = {}
    for row, pair in enumerate(given.tuples(("programme", "outcome"))):
        of_curve.setdefault(pair, []).append(row)
    found = {}
    for pair, rows in of_curve.items():
        activity, effect = given["activity"][rows], given["effect"][rows]
        order = np.argsort(activity, kind="stable")
        found[pair] = (activity[order], effect[order])
    return found
