"""Problems of the suite as exact MPS files, and back.

The product's own writer gives rows the names ``r0, r1, ...`` and columns ``c0, c1, ...``, in
order. What is known of the problem stands in a comment that other readers skip.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
from scipy import sparse

from allocator.solver.mps import LONG, MpsError, mps_pieces
from benchmarks.suite.files import whole
from benchmarks.suite.problem import Problem, known_parts

KNOWN = "* problem "
"""Begins the comment that says what is known."""


def write_mps(problem: Problem, path: Path) -> None:
    """Write a problem, completely or not at all.

    Parameters
    ----------
    problem : Problem
    path : Path
        Compressed where it ends in ``.gz``.

    Raises
    ------
    MpsError
        For what MPS has no words for.
    """
    count, columns = problem.shape
    names = [f"r{n}" for n in range(count)], [f"c{n}" for n in range(columns)]
    pieces = mps_pieces(cast("Any", problem), problem.name, *names)
    known = {**problem.known(), "sha256": problem.sha256}
    with whole(path) as raw:
        file = gzip.GzipFile(fileobj=raw, mode="wb") if path.suffix == ".gz" else raw
        file.write(f"{KNOWN}{json.dumps(known)}\n".encode())
        for piece in pieces:
            file.write(piece.encode())
        if file is not raw:
            file.close()


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
        sides = [self._sides(at, kind) for at, kind in enumerate(self.kinds)]
        row_lower, row_upper = np.array(sides, dtype=float).reshape(-1, 2).T
        shape = len(self.kinds), len(self.cost)
        rows, columns, values = self.entries
        lower, upper = np.zeros(shape[1]), np.full(shape[1], np.inf)
        lower[list(self.lower)] = list(self.lower.values())
        upper[list(self.upper)] = list(self.upper.values())
        return Problem.of(
            **known_parts({"family": "mps", "size": "", "seed": 0} | self.known),
            maximise=self.maximise,
            cost=np.array(self.cost, dtype=float),
            offset=self.offset + 0.0,
            matrix=sparse.coo_array((values, (rows, columns)), shape=shape),
            row_lower=row_lower,
            row_upper=row_upper,
            col_lower=lower,
            col_upper=upper,
            integer=np.array(self.integer, dtype=bool),
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
