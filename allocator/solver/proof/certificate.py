"""A bound on the best objective that does not rest on the solver's word.

Weak duality holds for any row prices, right or wrong: pricing every row and pushing every
column to its better bound can only overstate what is possible. The bound is computed from
the programme's own arrays with every rounding error carried outward (Neumaier and
Shcherbina, Safe bounds in linear and mixed-integer linear programming, Math. Program. 99,
2004), so it is valid however wrong the duals are; it is tight when they are right.
"""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.solver.program import Program
from allocator.tolerances import LEAST_TERMS

_EPS = float(np.finfo(float).eps)
_TINY = float(np.finfo(float).tiny)
"""Floats below it are rounded by more than `_EPS` of their size."""


def safe_bound(program: Program, row_dual: Floats) -> float:
    """Bound on the objective of every feasible point.

    Parameters
    ----------
    program : Program
        The linear programme.
    row_dual : ndarray, shape (rows,)
        Any finite numbers; d objective / d right side makes the bound tight.

    Returns
    -------
    float
        An upper bound when maximising, a lower bound when minimising; infinite when a
        column without a finite bound has a reduced cost that cannot be told from zero.
    """
    sign = 1.0 if program.maximise else -1.0
    price = np.where(np.isfinite(row_dual), sign * row_dual, 0.0)
    no_upper, no_lower = np.isinf(program.row_upper), np.isinf(program.row_lower)
    price = np.where((price > 0) & no_upper, 0.0, price)
    price = np.where((price < 0) & no_lower, 0.0, price)
    with np.errstate(invalid="ignore"):
        rows = np.where(price > 0, price * program.row_upper, price * program.row_lower)
    rows = np.where(price == 0.0, 0.0, rows)

    cost = sign * program.cost
    transposed = program.matrix.T.tocsr()
    reduced = cost - transposed @ price
    counted = np.diff(transposed.indptr) + 2
    size = np.abs(cost) + abs(transposed) @ np.abs(price)
    doubt = counted * (_EPS * size + np.where(size > 0.0, _TINY, 0.0))
    columns = _largest(reduced, doubt, program.col_lower, program.col_upper)

    parts = np.concatenate([rows, columns, [sign * program.offset]])
    if np.isinf(parts).any():
        return sign * np.inf
    total = float(np.sum(parts))
    size_of_all = float(np.sum(np.abs(parts)))
    carried = (len(parts) + 2) * (_EPS * size_of_all + (_TINY if size_of_all else 0.0))
    return sign * (total + carried)


def _largest(reduced: Floats, doubt: Floats, lower: Floats, upper: Floats) -> Floats:
    """Most each column can add for any reduced cost within its doubt."""
    with np.errstate(invalid="ignore"):
        corners = [
            np.where(d == 0.0, 0.0, d * x)
            for d in (reduced - doubt, reduced + doubt)
            for x in (lower, upper)
        ]
    return np.maximum.reduce(corners)


def residuals(program: Program, x: Floats) -> tuple[float, float]:
    """Largest violation of a row and of a bound, each relative to the size of its terms.

    Returns
    -------
    tuple of float
        Rows, then bounds; 0.0 when nothing is violated.
    """
    value = program.matrix @ x
    size = abs(program.matrix) @ np.abs(x)
    sides = np.fmax(
        np.where(np.isfinite(program.row_lower), np.abs(program.row_lower), 0.0),
        np.where(np.isfinite(program.row_upper), np.abs(program.row_upper), 0.0),
    )
    miss = np.maximum(program.row_lower - value, value - program.row_upper)
    rows = np.max(miss / np.maximum(np.maximum(size, sides), LEAST_TERMS), initial=0.0)
    off = np.maximum(program.col_lower - x, x - program.col_upper)
    bounds = np.max(off / np.maximum(np.abs(x), 1.0), initial=0.0)
    return max(0.0, float(rows)), max(0.0, float(bounds))
