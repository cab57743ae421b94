"""Scale a programme by powers of two, so that tolerances mean the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.arrays import Floats
from allocator.solver.program import Program
from allocator.tolerances import UNFELT


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
        numbers must stay whole and keep their scale.
        """
        reach = np.maximum(np.abs(program.col_lower), np.abs(program.col_upper))
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


def _by_coefficient(program: Program, row: Floats) -> Floats:
    """Scale that brings the largest coefficient of each column near 1."""
    matrix = program.matrix
    size = np.abs(matrix.data) * np.repeat(row, np.diff(matrix.indptr))
    largest = np.zeros(program.shape[1])
    np.maximum.at(largest, matrix.indices, size)
    return 1.0 / _power_of_two(largest)
