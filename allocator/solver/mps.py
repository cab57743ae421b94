"""Exact MPS: a programme written so that reading it gives back every bit.

Free format. Numbers have as many digits as they need (17 at most). Every bound that readers
disagree on is written out, and runs of whole columns stand between markers.

A ranged row is written from the side from which adding the range gives the other side to the
last bit; where neither does, the range is written in full (a finite decimal of more than
:data:`LONG` characters), for which an exact reader is exact and others may be off by the last
bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
from scipy import sparse

from allocator.arrays import Floats
from allocator.errors import SolverError
from allocator.solver.program import Program

CHUNK = 100_000
"""Members that are written at once."""

LONG = 25
"""Characters beyond which a range is an exact decimal: no float needs more."""

OBJECTIVE = "objective"
"""Name of the row of costs, which no other row may have."""


class MpsError(SolverError):
    """A programme that MPS has no words for, or a file that is none; says where."""


def mps_pieces(
    program: Program, title: str, rows: Sequence[str], columns: Sequence[str]
) -> Iterator[str]:
    """Text of the file, piece by piece.

    Parameters
    ----------
    program : Program
        Or anything else that has its arrays.
    title : str
        Without white space, as all names.
    rows, columns : sequence of str
        A name for each, all different.

    Raises
    ------
    MpsError
        At once, for a number, a row or a column that MPS has no words for: not a number, an
        infinite cost or coefficient, a lower side above the upper one.
    """
    _check(program)
    return _pieces(program, title, rows, columns)


def _check(program: Program) -> None:
    for what, numbers in (
        ("cost of column", program.cost),
        ("coefficient", program.matrix.data),
        ("offset", np.array([program.offset])),
    ):
        if not np.isfinite(numbers).all():
            at = int(np.argmin(np.isfinite(numbers)))
            raise MpsError(f"{what} {at} is {numbers[at]}")
    for what, lower, upper in (
        ("row", program.row_lower, program.row_upper),
        ("column", program.col_lower, program.col_upper),
    ):
        wrong = np.isnan(lower) | np.isnan(upper) | (lower == np.inf) | (upper == -np.inf)
        if what == "row":
            wrong |= lower > upper
        if wrong.any():
            at = int(np.argmax(wrong))
            raise MpsError(f"{what} {at} is to lie between {lower[at]} and {upper[at]}")


def _pieces(
    program: Program, title: str, rows: Sequence[str], columns: Sequence[str]
) -> Iterator[str]:
    yield f"NAME {title}\n"
    yield f"OBJSENSE\n    {'MAX' if program.maximise else 'MIN'}\n"
    kinds, sides, ranges = _rows(program.row_lower, program.row_upper)
    yield f"ROWS\n N {OBJECTIVE}\n"
    for span in _spans(len(kinds)):
        yield "".join(
            f" {kind} {name}\n" for kind, name in zip(kinds[span], rows[span], strict=True)
        )
    yield "COLUMNS\n"
    yield from _columns(program, rows, columns)
    yield "RHS\n"
    if program.offset:
        yield f"    rhs {OBJECTIVE} {-float(program.offset)!r}\n"
    given = np.flatnonzero(sides)
    for span in _spans(len(given)):
        pairs = zip(given[span].tolist(), sides[given[span]].tolist(), strict=True)
        yield "".join(f"    rhs {rows[n]} {side!r}\n" for n, side in pairs)
    yield "RANGES\n"
    yield "".join(f"    rng {rows[n]} {words}\n" for n, words in ranges.items())
    yield "BOUNDS\n"
    yield from _bounds(program, columns)
    yield "ENDATA\n"


def _spans(count: int) -> Iterator[slice]:
    for start in range(0, count, CHUNK):
        yield slice(start, start + CHUNK)


def _rows(lower: Floats, upper: Floats) -> tuple[list[str], Floats, dict[int, str]]:
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


def _columns(program: Program, rows: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    """Columns with their costs and coefficients, runs of whole ones between markers."""
    matrix = sparse.csc_array(program.matrix)
    matrix.sort_indices()
    count = len(columns)
    turns = set(np.flatnonzero(np.diff(program.integer, prepend=False)).tolist())
    edges = sorted({*range(0, count, CHUNK // 10), *turns, count})
    for start, stop in pairwise(edges):
        if start in turns:
            end = "INTORG" if program.integer[start] else "INTEND"
            yield f"    M{start} 'MARKER' '{end}'\n"
        lines = []
        within = slice(matrix.indptr[start], matrix.indptr[stop])
        at, values = matrix.indices[within].tolist(), matrix.data[within].tolist()
        ends = (matrix.indptr[start + 1 : stop + 1] - matrix.indptr[start]).tolist()
        costs = program.cost[start:stop].tolist()
        begin = 0
        for name, end, cost in zip(columns[start:stop], ends, costs, strict=True):
            if cost or begin == end:
                lines.append(f" {name} {OBJECTIVE} {cost!r}\n")
            lines += [f" {name} {rows[at[k]]} {values[k]!r}\n" for k in range(begin, end)]
            begin = end
        yield "".join(lines)
    if count and program.integer[-1]:
        yield f"    M{count} 'MARKER' 'INTEND'\n"


def _bounds(program: Program, columns: Sequence[str]) -> Iterator[str]:
    """Bounds other than zero to infinity; for whole columns those too."""
    lower, upper = program.col_lower, program.col_upper
    plain = (lower == 0.0) & (upper == np.inf) & ~program.integer
    given = np.flatnonzero(~plain)
    for span in _spans(len(given)):
        at = given[span]
        trio = zip(at.tolist(), lower[at].tolist(), upper[at].tolist(), strict=True)
        yield "".join(_bound(columns[n], low, high) for n, low, high in trio)


def _bound(name: str, low: float, high: float) -> str:
    if low == high:
        return f" FX bnd {name} {low!r}\n"
    if low == -np.inf and high == np.inf:
        return f" FR bnd {name}\n"
    first = f" MI bnd {name}\n" if low == -np.inf else f" LO bnd {name} {low!r}\n"
    last = f" PL bnd {name}\n" if high == np.inf else f" UP bnd {name} {high!r}\n"
    return first + last
