"""Small programmes of straight pieces, solved by trying pieces.

A programme has continuous unknowns, linear rows and curves: ``y = f(x)`` for a linear
expression x and a function made of straight pieces, with jumps and gaps where wanted. What is
solved at each node is the linear programme in which every curve may lie anywhere in the convex
hull of the pieces still allowed; where the answer is off a curve, the pieces are split. It holds
no yes-or-no unknowns, no formulation of a curve and nothing of ours: only the linear programmes
are left to HiGHS.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

INFINITE = float("inf")
Piece = tuple[float, float, float, float]
"""x and y where a piece begins, x and y where it ends."""

ON_CURVE = 1e-7
"""How far off a curve an answer may lie, relatively to the curve's size."""


class Linear:
    """A linear expression: coefficients by unknown, and a constant."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: float = 0.0, terms: dict[int, float] | None = None) -> None:
        self.constant = float(constant)
        self.terms = terms or {}

    def __add__(self, other: Linear | float) -> Linear:
        if not isinstance(other, Linear):
            return Linear(self.constant + other, self.terms)
        terms = dict(self.terms)
        for at, coefficient in other.terms.items():
            terms[at] = terms.get(at, 0.0) + coefficient
        return Linear(self.constant + other.constant, terms)

    __radd__ = __add__

    def __mul__(self, factor: float) -> Linear:
        terms = {at: c * factor for at, c in self.terms.items()} if factor else {}
        return Linear(self.constant * factor, terms)

    __rmul__ = __mul__

    def __neg__(self) -> Linear:
        return self * -1.0

    def __sub__(self, other: Linear | float) -> Linear:
        return self + (-other)

    def __rsub__(self, other: float) -> Linear:
        return -self + other

    def at(self, point: np.ndarray) -> float:
        """Value at a point."""
        return self.constant + sum(c * point[at] for at, c in self.terms.items())


def total(parts: Iterable[Linear | float]) -> Linear:
    """Sum of expressions."""
    out = Linear()
    for part in parts:
        out = out + part
    return out


@dataclass
class Curve:
    """``y = f(x)``; hulls of runs of its pieces as rows, worked out once."""

    x: Linear
    y: int
    pieces: list[Piece]
    hulls: dict[tuple[int, int], list[tuple[float, float, bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        heights = [v for p in self.pieces for v in (p[1], p[3])]
        widths = [v for p in self.pieces for v in (p[0], p[2])]
        self.wide = max(1e-6, *map(abs, widths))
        self.high = max(1e-6, *map(abs, heights))

    def hull(self, first: int, last: int) -> list[tuple[float, float, bool]]:
        """Lines (slope, height at 0, whether y lies below) around pieces first to last."""
        key = first, last
        if key not in self.hulls:
            corners = sorted({c for p in self.pieces[first : last + 1] for c in (p[:2], p[2:])})
            self.hulls[key] = _lines(corners, True) + _lines(corners, False)
        return self.hulls[key]

    def off(self, point: np.ndarray, first: int, last: int) -> tuple[float, int]:
        """Distance of a point from the pieces allowed, relatively, and the nearest by x."""
        x, y = self.x.at(point), point[self.y]
        best, nearest, apart = INFINITE, first, INFINITE
        for k in range(first, last + 1):
            x0, y0, x1, y1 = self.pieces[k]
            inside = min(max(x, x0), x1)
            height = y0 if x1 == x0 else y0 + (y1 - y0) * (inside - x0) / (x1 - x0)
            away = abs(x - inside) / self.wide
            best = min(best, max(away, abs(y - height) / self.high))
            if away < apart:
                nearest, apart = k, away
        return best, nearest


def _lines(corners: list[tuple[float, float]], above: bool) -> list[tuple[float, float, bool]]:
    """Upper (or lower) hull of corners, as lines."""
    sign = 1.0 if above else -1.0
    outer: dict[float, float] = {}
    for x, y in corners:
        outer[x] = max(outer.get(x, -INFINITE), sign * y)
    chain: list[tuple[float, float]] = []
    for x, y in sorted(outer.items()):
        while len(chain) > 1:
            (x0, y0), (x1, y1) = chain[-2:]
            if (y1 - y0) * (x - x0) > (y - y0) * (x1 - x0):
                break
            chain.pop()
        chain.append((x, y))
    if len(chain) == 1:
        return [(0.0, sign * chain[0][1], above)]
    lines = []
    for (x0, y0), (x1, y1) in itertools.pairwise(chain):
        slope = (y1 - y0) / (x1 - x0)
        lines.append((sign * slope, sign * (y0 - slope * x0), above))
    return lines


class Program:
    """Unknowns, rows and curves of a maximisation."""

    def __init__(self) -> None:
        self.low: list[float] = []
        self.high: list[float] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self.curves: list[Curve] = []
        self.possible = True

    def unknown(self, low: float, high: float) -> Linear:
        """A new unknown within bounds."""
        if low > high:
            self.possible = self.possible and low <= high + 1e-9 * max(1.0, abs(low))
            low = high = min(low, high)
        self.low.append(low)
        self.high.append(high)
        return Linear(0.0, {len(self.low) - 1: 1.0})

    def reach(self, x: Linear) -> tuple[float, float]:
        """Least and most of an expression by the bounds of its unknowns."""
        low = high = x.constant
        for at, c in x.terms.items():
            ends = c * self.low[at], c * self.high[at]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def keep(self, x: Linear, low: float = -INFINITE, high: float = INFINITE) -> None:
        """Hold an expression within bounds."""
        terms = {at: c for at, c in x.terms.items() if c}
        room = 1e-9 * max(1.0, abs(x.constant))
        if not terms:
            self.possible = self.possible and low - room <= x.constant <= high + room
        elif len(terms) == 1:
            ((at, c),) = terms.items()
            ends = sorted(((low - x.constant) / c, (high - x.constant) / c))
            self.low[at] = max(self.low[at], ends[0])
            self.high[at] = min(self.high[at], ends[1])
            if self.low[at] > self.high[at]:
                near = self.low[at] <= self.high[at] + 1e-9 * max(1.0, abs(self.low[at]))
                self.possible = self.possible and near
                self.low[at] = self.high[at]
        else:
            self.rows.append((terms, low - x.constant, high - x.constant))

    def curve(self, x: Linear, pieces: Iterable[Piece]) -> Linear:
        """The value of a function made of straight pieces; x is held where there are any."""
        low, high = self.reach(x)
        kept = _joined([p for p in (_cut(p, low, high) for p in pieces) if p is not None])
        if not kept:
            self.possible = False
            return Linear()
        self.keep(x, kept[0][0], kept[-1][2])
        if len(kept) == 1:
            x0, y0, x1, y1 = kept[0]
            slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
            return x * slope + (y0 - slope * x0)
        heights = [v for p in kept for v in (p[1], p[3])]
        y = self.unknown(min(heights), max(heights))
        self.curves.append(Curve(x, len(self.low) - 1, kept))
        return y

    def above(self, x: Linear) -> Linear:
        """``max(0, x)``."""
        low, high = self.reach(x)
        reach = max(abs(low), abs(high), 1.0)
        return self.curve(x, [(-reach, 0.0, 0.0, 0.0), (0.0, 0.0, reach, reach)])

    def best(
        self, worth: Linear, floor: float = -INFINITE, most_nodes: int = 20_000
    ) -> tuple[float, np.ndarray] | None:
        """Best value above a floor with a point that has it; None when there is none."""
        if not self.possible:
            return None
        solver = _Solver(self, worth)
        count = itertools.count()
        ranges = tuple((0, len(c.pieces) - 1) for c in self.curves)
        queue = []
        if (found := solver.solve(ranges)) is not None:
            queue.append((-found[0], next(count), ranges, found[1]))
        while queue:
            bound, order, ranges, point = heapq.heappop(queue)
            if -bound <= floor:
                return None
            if order > most_nodes:
                raise RuntimeError("too many pieces to try")
            worst, at, piece = self._worst(ranges, point)
            if worst <= ON_CURVE:
                return -bound, point
            first, last = ranges[at]
            for part in _parts(first, last, piece, self.curves[at].x.at(point), self.curves[at]):
                child = (*ranges[:at], part, *ranges[at + 1 :])
                if (found := solver.solve(child)) is not None and found[0] > floor:
                    heapq.heappush(queue, (-found[0], next(count), child, found[1]))
        return None

    def _worst(
        self, ranges: tuple[tuple[int, int], ...], point: np.ndarray
    ) -> tuple[float, int, int]:
        worst = (0.0, -1, 0)
        for at, (curve, (first, last)) in enumerate(zip(self.curves, ranges, strict=True)):
            off, nearest = curve.off(point, first, last)
            if off > worst[0] and last > first:
                worst = off, at, nearest
        return worst


def _parts(first: int, last: int, piece: int, x: float, curve: Curve) -> list[tuple[int, int]]:
    """Runs of pieces to go on with: before, at and after the one where the answer lies."""
    x0, _, x1, _ = curve.pieces[piece]
    if x > x1:
        parts = [(first, piece), (piece + 1, last)]
    elif x < x0:
        parts = [(first, piece - 1), (piece, last)]
    else:
        parts = [(first, piece - 1), (piece, piece), (piece + 1, last)]
    return [p for p in parts if p[0] <= p[1]]


def _cut(piece: Piece, low: float, high: float) -> Piece | None:
    """The part of a piece within a range."""
    x0, y0, x1, y1 = piece
    left, right = max(x0, low), min(x1, high)
    if left > right:
        return None
    if x1 == x0:
        return piece
    slope = (y1 - y0) / (x1 - x0)
    # From the nearer end: a piece may be very long, and its far end says little here.
    return left, _height(piece, left, slope), right, _height(piece, right, slope)


def _height(piece: Piece, x: float, slope: float) -> float:
    x0, y0, x1, y1 = piece
    return y0 + slope * (x - x0) if abs(x - x0) <= abs(x - x1) else y1 - slope * (x1 - x)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Pieces in order, those in one line made one and points that lie on others left out."""
    out: list[Piece] = []
    for piece in sorted(pieces):
        if out and out[-1][2:] == piece[:2]:
            x0, y0, x1, y1 = out[-1]
            _, _, x2, y2 = piece
            if x2 == x1 or x1 == x0:
                out[-1] = x0, y0, x2, y2
                continue
            before, after = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
            if abs(before - after) <= 1e-12 * max(1.0, abs(before)):
                out[-1] = x0, y0, x2, y2
                continue
        out.append(piece)
    return out


class _Solver:
    """The linear programmes of a search, each handed over whole."""

    def __init__(self, program: Program, worth: Linear) -> None:
        self.program, self.offset = program, worth.constant
        self.cost = np.zeros(len(program.low))
        for at, c in worth.terms.items():
            self.cost[at] += c
        self.highs = highspy.Highs()
        for name, value in {
            "output_flag": False,
            "threads": 1,
            "presolve": "off",
            "solver": "simplex",
            "primal_feasibility_tolerance": 1e-9,
            "dual_feasibility_tolerance": 1e-9,
        }.items():
            assert self.highs.setOptionValue(name, value) == highspy.HighsStatus.kOk

    def _rows(self, ranges: tuple[tuple[int, int], ...]) -> list[tuple[dict[int, float], Any, Any]]:
        rows = list(self.program.rows)
        for curve, (first, last) in zip(self.program.curves, ranges, strict=True):
            x = curve.x
            if first > 0 or last < len(curve.pieces) - 1:
                low, high = curve.pieces[first][0], curve.pieces[last][2]
                rows.append((x.terms, low - x.constant, high - x.constant))
            hull = curve.hull(first, last)
            flat = len(hull) == 2 and hull[0][:2] == hull[1][:2]
            for slope, height, below in hull[:1] if flat else hull:
                terms = {at: -slope * c for at, c in x.terms.items()}
                terms[curve.y] = terms.get(curve.y, 0.0) + 1.0
                side = height + slope * x.constant
                lower = side if flat or not below else -INFINITE
                upper = side if flat or below else INFINITE
                rows.append((terms, lower, upper))
        return rows

    def solve(self, ranges: tuple[tuple[int, int], ...]) -> tuple[float, np.ndarray] | None:
        """Best value and a point; None when the pieces allow nothing."""
        rows = self._rows(ranges)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(rows)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = self.cost
        lp.col_lower_ = np.array(self.program.low)
        lp.col_upper_ = np.array(self.program.high)
        lp.row_lower_ = np.array([r[1] for r in rows], dtype=float)
        lp.row_upper_ = np.array([r[2] for r in rows], dtype=float)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum([len(r[0]) for r in rows])]).astype(
            np.int32
        )
        lp.a_matrix_.index_ = np.array([at for r in rows for at in r[0]], dtype=np.int32)
        lp.a_matrix_.value_ = np.array([c for r in rows for c in r[0].values()], dtype=float)
        assert self.highs.passModel(lp) != highspy.HighsStatus.kError
        assert self.highs.run() != highspy.HighsStatus.kError
        status = self.highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        assert status in (
            highspy.HighsModelStatus.kOptimal,
            highspy.HighsModelStatus.kModelEmpty,
        ), status
        point = np.array(self.highs.getSolution().col_value, dtype=float)
        return float(self.cost @ point) + self.offset, point
