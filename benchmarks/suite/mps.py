"""Exact MPS: a programme written so that reading it gives back every bit.

Free format, rows ``r0, r1, ...`` and columns ``c0, c1, ...`` in order. Numbers have as many
digits as they need (17 at most). Every bound that readers disagree on is written out. What
is known of the programme stands in comments that other readers skip.

A ranged row is written from the side from which adding the range gives the other side to
the last bit; where neither does, the range is written in full (a finite decimal), for which
this reader is exact and others may be off by the last bit.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.suite.problem import Problem

Numbers = npt.NDArray[np.float64]

KNOWN = "* problem "
"""Begins the comment that says what is known."""

CHUNK = 100_000

LONG = 25
"""Characters beyond which a range is an exact decimal: no float needs more."""


class MpsError(ValueError):
    """A programme that cannot be written, or a file that cannot be read; says where."""


def write_mps(problem: Problem, path: Path) -> None:
    """Write a programme, completely or not at all.

    Parameters
    ----------
    problem : Problem
    path : Path
        Compressed where it ends in ``.gz``.

    Raises
    ------
    MpsError
        For a number, a row or a column that MPS has no words for: not a number, an infinite
        cost or coefficient, a lower side above the upper one.
    """
    _check(problem)
    part = path.with_name(path.name + ".part")
    packed = path.suffix == ".gz"
    with gzip.open(part, "wt") if packed else part.open("w", encoding="ascii") as opened:
        file = cast("TextIO", opened)
        for piece in _pieces(problem):
            file.write(piece)
    part.replace(path)


def _check(problem: Problem) -> None:
    finite = (
        ("cost of column", problem.cost),
        ("coefficient", problem.matrix.data),
        ("offset", np.array([problem.offset])),
    )
    for what, numbers in finite:
        if not np.isfinite(numbers).all():
            at = int(np.argmin(np.isfinite(numbers)))
            raise MpsError(f"{what} {at} is {numbers[at]}")
    for what, lower, upper in (
        ("row", problem.row_lower, problem.row_upper),
        ("column", problem.col_lower, problem.col_upper),
    ):
        wrong = np.isnan(lower) | np.isnan(upper) | (lower == np.inf) | (upper == -np.inf)
        if what == "row":
            wrong |= lower > upper
        if wrong.any():
            at = int(np.argmax(wrong))
            raise MpsError(f"{what} {at} is to lie between {lower[at]} and {upper[at]}")


def _pieces(problem: Problem) -> Iterator[str]:
    """The file, piece by piece."""
    known = {
        "family": problem.family,
        "size": problem.size,
        "seed": problem.seed,
        "optimum": None if problem.optimum is None else float(problem.optimum).hex(),
        "status": problem.status,
        "conflict": list(problem.conflict),
        "about": problem.about,
        "sha256": problem.sha256,
    }
    yield f"{KNOWN}{json.dumps(known)}\n"
    yield f"NAME {problem.name}\n"
    yield f"OBJSENSE\n    {'MAX' if problem.maximise else 'MIN'}\n"
    kinds, sides, ranges = _rows(problem.row_lower, problem.row_upper)
    yield "ROWS\n N obj\n"
    for start in range(0, len(kinds), CHUNK):
        chunk = kinds[start : start + CHUNK]
        yield "".join([f" {kind} r{n}\n" for n, kind in enumerate(chunk, start)])
    yield "COLUMNS\n"
    yield from _columns(problem)
    yield "RHS\n"
    if problem.offset:
        yield f"    rhs obj {-problem.offset!r}\n"
    given = np.flatnonzero(sides)
    for start in range(0, len(given), CHUNK):
        at = given[start : start + CHUNK]
        pairs = zip(at.tolist(), sides[at].tolist(), strict=True)
        yield "".join([f"    rhs r{n} {side!r}\n" for n, side in pairs])
    yield "RANGES\n"
    yield "".join([f"    rng r{n} {words}\n" for n, words in ranges.items()])
    yield "BOUNDS\n"
    yield from _bounds(problem)
    yield "ENDATA\n"


def _rows(lower: Numbers, upper: Numbers) -> tuple[list[str], Numbers, dict[int, str]]:
    """Type of each row, its right-hand side, and the ranges in words."""
    kinds = np.full(len(lower), "R")
    kinds[lower == upper] = "E"
    kinds[np.isinf(lower)] = "L"
    kinds[np.isinf(upper)] = "G"
    kinds[np.isinf(lower) & np.isinf(upper)] = "N"
    ranged = np.flatnonzero(kinds == "R")
    low, high = lower[ranged], upper[ranged]
    with np.errstate(over="ignore"):
        span = high - low
    from_upper, from_lower = high - span == low, low + span == high
    kinds[ranged] = np.where(from_upper | ~from_lower, "L", "G")
    sides = np.where(kinds == "G", lower, upper)
    sides[kinds == "N"] = 0.0
    simple = (from_upper | from_lower).tolist()
    words = {
        n: repr(width) if exact else _difference(float(upper[n]), float(lower[n]))
        for n, width, exact in zip(ranged.tolist(), span.tolist(), simple, strict=True)
    }
    return kinds.tolist(), sides, words


def _difference(high: float, low: float) -> str:
    """Difference of two floats as the finite decimal it is, longer than any float's."""
    with localcontext() as context:
        context.prec = 2000
        words = format(Decimal(high) - Decimal(low), "f")
    return (words if "." in words else words + ".").ljust(LONG + 1, "0")


def _columns(problem: Problem) -> Iterator[str]:
    """Columns with their costs and coefficients, runs of whole ones between markers."""
    matrix = sparse.csc_array(problem.matrix)
    matrix.sort_indices()
    count = problem.shape[1]
    turns = set(np.flatnonzero(np.diff(problem.integer, prepend=False)).tolist())
    edges = sorted({*range(0, count, CHUNK // 10), *turns, count})
    for start, stop in pairwise(edges):
        if start in turns:
            end = "INTORG" if problem.integer[start] else "INTEND"
            yield f"    M{start} 'MARKER' '{end}'\n"
        lines = []
        within = slice(matrix.indptr[start], matrix.indptr[stop])
        rows, values = matrix.indices[within].tolist(), matrix.data[within].tolist()
        ends = (matrix.indptr[start + 1 : stop + 1] - matrix.indptr[start]).tolist()
        costs = problem.cost[start:stop].tolist()
        begin = 0
        for n, (end, cost) in enumerate(zip(ends, costs, strict=True), start):
            if cost or begin == end:
                lines.append(f" c{n} obj {cost!r}\n")
            lines += [f" c{n} r{rows[k]} {values[k]!r}\n" for k in range(begin, end)]
            begin = end
        yield "".join(lines)
    if count and problem.integer[-1]:
        yield f"    M{count} 'MARKER' 'INTEND'\n"


def _bounds(problem: Problem) -> Iterator[str]:
    """Bounds other than zero to infinity; for whole columns those too."""
    lower, upper = problem.col_lower, problem.col_upper
    plain = (lower == 0.0) & (upper == np.inf) & ~problem.integer
    given = np.flatnonzero(~plain)
    for start in range(0, len(given), CHUNK):
        at = given[start : start + CHUNK]
        trio = zip(at.tolist(), lower[at].tolist(), upper[at].tolist(), strict=True)
        yield "".join([_bound(n, low, high) for n, low, high in trio])


def _bound(column: int, low: float, high: float) -> str:
    if low == high:
        return f" FX bnd c{column} {low!r}\n"
    if low == -np.inf and high == np.inf:
        return f" FR bnd c{column}\n"
    first = f" MI bnd c{column}\n" if low == -np.inf else f" LO bnd c{column} {low!r}\n"
    last = f" PL bnd c{column}\n" if high == np.inf else f" UP bnd c{column} {high!r}\n"
    return first + last


def read_mps(path: Path) -> Problem:
    """Read a programme in free format.

    Parameters
    ----------
    path : Path
        Decompressed where it ends in ``.gz``.

    Returns
    -------
    Problem
        With what is known of it, where :func:`write_mps` wrote it; otherwise of the family
        ``mps``. Rows of type N beyond the objective are free rows.

    Raises
    ------
    MpsError
        Naming the line.
    """
    reader = _Reader()
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for number, line in enumerate(cast("TextIO", file), start=1):
            try:
                reader.take(line)
            except (ValueError, KeyError, IndexError) as wrong:
                raise MpsError(f"{path.name}, line {number}: {line.strip()!r}: {wrong}") from wrong
    return reader.problem()


class _Reader:
    """What has been read so far."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.maximise = False
        self.offset = 0.0
        self.section = ""
        self.whole = False
        self.objective = ""
        self.kinds: list[str] = []
        self.row: dict[str, int] = {}
        self.column: dict[str, int] = {}
        self.entries: tuple[list[int], list[int], list[float]] = ([], [], [])
        self.cost: list[float] = []
        self.integer: list[bool] = []
        self.side: dict[int, float] = {}
        self.range: dict[int, str] = {}
        self.lower: dict[int, float] = {}
        self.upper: dict[int, float] = {}
        self._sections: dict[str, Callable[[list[str]], None]] = {
            "OBJSENSE": self._sense,
            "ROWS": self._row,
            "COLUMNS": self._column,
            "RHS": self._side,
            "RANGES": self._range,
            "BOUNDS": self._bound,
        }

    def take(self, line: str) -> None:
        """Take one line."""
        if line.startswith(KNOWN):
            self.known = json.loads(line[len(KNOWN) :])
        if line.startswith("*") or not line.strip():
            return
        words = line.split()
        if line[0].isspace():
            if self.section not in self._sections:
                raise ValueError(f"unexpected in section {self.section or 'before the first'}")
            self._sections[self.section](words)
            return
        self.section = words[0]
        if words[0] not in {*self._sections, "NAME", "ENDATA"}:
            raise ValueError("unknown section")
        if words[0] == "OBJSENSE" and len(words) > 1:
            self._sense(words[1:])

    def _sense(self, words: list[str]) -> None:
        self.maximise = words[0].upper().startswith("MAX")

    def _row(self, words: list[str]) -> None:
        kind, name = words
        if kind not in ("N", "E", "L", "G"):
            raise ValueError(f"no row has type {kind}")
        if kind == "N" and not self.objective:
            self.objective = name
            return
        if name in self.row:
            raise ValueError("a row of this name is there already")
        self.row[name] = len(self.kinds)
        self.kinds.append(kind)

    def _column(self, words: list[str]) -> None:
        if "'MARKER'" in words:
            self.whole = "'INTORG'" in words
            return
        name = words[0]
        if name not in self.column:
            self.column[name] = len(self.cost)
            self.cost.append(0.0)
            self.integer.append(self.whole)
        at = self.column[name]
        for row, value in _pairs(words[1:]):
            if row == self.objective:
                self.cost[at] = float(value)
            else:
                self.entries[0].append(self.row[row])
                self.entries[1].append(at)
                self.entries[2].append(float(value))

    def _side(self, words: list[str]) -> None:
        for row, value in _pairs(words[len(words) % 2 :]):
            if row == self.objective:
                self.offset = -float(value)
            else:
                self.side[self.row[row]] = float(value)

    def _range(self, words: list[str]) -> None:
        for row, value in _pairs(words[len(words) % 2 :]):
            self.range[self.row[row]] = value

    def _bound(self, words: list[str]) -> None:
        kind = words[0]
        bare = kind in ("FR", "MI", "PL", "BV")
        at = self.column[words[-1] if bare else words[-2]]
        value = 0.0 if bare else float(words[-1])
        if kind == "BV":
            self.integer[at] = True
        lower = {"LO": value, "FX": value, "MI": -np.inf, "FR": -np.inf, "BV": 0.0}
        upper = {"UP": value, "FX": value, "PL": np.inf, "FR": np.inf, "BV": 1.0}
        if kind not in lower and kind not in upper:
            raise ValueError(f"no bound has type {kind}")
        if kind in lower:
            self.lower[at] = lower[kind]
        if kind in upper:
            self.upper[at] = upper[kind]

    def problem(self) -> Problem:
        """Programme of all that has been read."""
        known = self.known
        optimum = known.get("optimum")
        sides = [self._sides(at, kind) for at, kind in enumerate(self.kinds)]
        row_lower, row_upper = np.array(sides, dtype=float).reshape(-1, 2).T
        shape = len(self.kinds), len(self.cost)
        rows, columns, values = self.entries
        lower, upper = np.zeros(shape[1]), np.full(shape[1], np.inf)
        lower[list(self.lower)] = list(self.lower.values())
        upper[list(self.upper)] = list(self.upper.values())
        return Problem.of(
            known.get("family", "mps"),
            known.get("size", ""),
            known.get("seed", 0),
            maximise=self.maximise,
            cost=np.array(self.cost, dtype=float),
            offset=self.offset + 0.0,
            matrix=sparse.coo_array((values, (rows, columns)), shape=shape),
            row_lower=row_lower,
            row_upper=row_upper,
            col_lower=lower,
            col_upper=upper,
            integer=np.array(self.integer, dtype=bool),
            optimum=None if optimum is None else float.fromhex(optimum),
            status=known.get("status", ""),
            conflict=tuple(known.get("conflict", ())),
            about=known.get("about", {}),
        )

    def _sides(self, at: int, kind: str) -> tuple[float, float]:
        side = self.side.get(at, 0.0)
        if kind == "N":
            return -np.inf, np.inf
        if at not in self.range:
            return (-np.inf if kind == "L" else side), (np.inf if kind == "G" else side)
        words = self.range[at]
        width = Fraction(words) if len(words) > LONG else Fraction(float(words))
        if kind == "E":
            other = float(Fraction(side) + width)
            return min(side, other), max(side, other)
        if kind == "L":
            return float(Fraction(side) - abs(width)), side
        return side, float(Fraction(side) + abs(width))


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    if len(words) % 2 or not words:
        raise ValueError("expected names and numbers in pairs")
    return zip(words[::2], words[1::2], strict=True)
