"""Scale a programme by powers of two, so that tolerances mean the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.arrays import Floats
from allocator.solver.program import Program
from allocator.tolerances import UNFELT

FAR = 1e4
"""Times what a row leaves of a column from which its own bound stands for no limit."""

LINKS = 8
"""Rows one after another over which what is left of a column is followed."""


def _power_of_two(size: Floats) -> Floats:
    """Nearest power of two; 1 for zero and infinite sizes."""
    usable = np.isfinite(size) & (size > 0)
    out = np.ones_like(size)
    out[usable] = np.exp2(np.round(np.log2(size[usable])))
    return out


@dataclass(frozen=True)
class Scaling:
    """Exact scaling: column j is ``column[j] x'``, row i is multiplied by ``row[i]``.

    Attributes
    ----------
    column, row : ndarray
        Powers of two.
    cost : float
        Power of two the objective is multiplied by.
    """

    column: Floats
    row: Floats
    cost: float

    @classmethod
    def of(cls, program: Program) -> Scaling:
        """Columns to the size of their range, rows to a largest coefficient near 1.

        Planned quantities run from fractions of an outcome to billions of pounds in one
        programme; a solver's absolute tolerance is only fair to all of them once each
        column counts in units of its own range. Powers of two change no digit. Whole
        numbers must stay whole and keep their scale. A bound that stands for no limit is not a
        range: beside it, what a row lets a column reach would be nothing.
        """
        reach = np.maximum(np.abs(program.col_lower), np.abs(program.col_upper))
        upper = program.col_upper
        for _ in range(LINKS):
            left = _left_by_rows(program, upper)
            far = upper > FAR * left
            if not far.any():
                break
            upper = np.where(far, left, upper)
            reach = np.where(far, np.maximum(np.abs(program.col_lower), left), reach)
        reach = np.where(np.isfinite(reach), reach, 0.0)
        column = _power_of_two(np.where(program.integer, 1.0, reach))
        matrix = program.matrix
        size = np.abs(matrix.data) * column[matrix.indices]
        largest = np.zeros(program.shape[0])
        some = np.diff(matrix.indptr) > 0
        if size.size:
            largest[some] = np.maximum.reduceat(size, matrix.indptr[:-1][some])
        row = 1.0 / _power_of_two(largest)
        column = np.where(reach > 0, column, _by_coefficient(program, row))
        column[program.integer] = 1.0
        worth = float(np.max(np.abs(program.cost) * column, initial=0.0))
        cost = 1.0 / _power_of_two(np.array([worth / 256.0]))[0] if worth > 0 else 1.0
        return cls(column, row, float(cost))

    @classmethod
    def none(cls, program: Program) -> Scaling:
        """Leave the programme as it is."""
        rows, columns = program.shape
        return cls(np.ones(columns), np.ones(rows), 1.0)

    def scaled(self, program: Program) -> Program:
        """The programme in the solver's own units."""
        return program.replaced(
            cost=program.cost * self.column * self.cost,
            offset=program.offset * self.cost,
            matrix=self.matrix(program),
            row_lower=program.row_lower * self.row,
            row_upper=program.row_upper * self.row,
            col_lower=program.col_lower / self.column,
            col_upper=program.col_upper / self.column,
        )

    def coefficients(self, program: Program) -> Floats:
        """Scaled coefficients, in the places of the programme's own."""
        matrix = program.matrix
        by_row = np.repeat(self.row, np.diff(matrix.indptr))
        return matrix.data * by_row * self.column[matrix.indices]

    def matrix(self, program: Program) -> sparse.csr_array:
        """Scaled coefficients that can be felt.

        A term whose whole range cannot change its row by more than `UNFELT` of the row's
        largest term is left out: the solver would drop it too, with a warning that may
        hide another.
        """
        matrix, data = program.matrix, self.coefficients(program)
        felt = np.abs(data) > UNFELT
        if felt.all():
            return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
        parts = (data * felt, matrix.indices.copy(), matrix.indptr.copy())
        scaled = sparse.csr_array(parts, shape=matrix.shape)
        scaled.eliminate_zeros()
        return scaled


def _left_by_rows(program: Program, upper: Floats) -> Floats:
    """Most that any one row leaves of each column that cannot be negative."""
    matrix = program.matrix
    owner = np.repeat(np.arange(program.shape[0]), np.diff(matrix.indptr))
    most = np.full(program.shape[1], np.inf)
    for sign, side in ((1.0, program.row_upper), (-1.0, -program.row_lower)):
        a = sign * matrix.data
        with np.errstate(invalid="ignore"):
            ends = a * program.col_lower[matrix.indices], a * upper[matrix.indices]
            least = np.where(a > 0, *ends)
            total = np.bincount(owner, least, program.shape[0])
            left = (side[owner] - (total[owner] - least)) / a
        fits = (a > 0) & (program.col_lower[matrix.indices] >= 0) & (left > 0)
        np.minimum.at(most, matrix.indices[fits], left[fits])
    return most


def _by_coefficient(program: Program, row: Floats) -> Floats:
    """Scale that brings the largest coefficient of each column near 1."""
    matrix = program.matrix
    size = np.abs(matrix.data) * np.repeat(row, np.diff(matrix.indptr))
    largest = np.zeros(program.shape[1])
    np.maximum.at(largest, matrix.indices, size)
    return 1.0 / _power_of_two(largest)
