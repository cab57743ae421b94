"""Figures of a programme that is loaded in HiGHS, as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from allocator.arrays import Ints
from allocator.solver.highs.scaling import Scaling
from allocator.solver.program import Program


class Figures:
    """A programme in HiGHS, with what HiGHS has of every figure.

    Who changes a figure changes it in both.

    Parameters
    ----------
    program : Program
        Copied: the caller's stays as it is.
    highs : Direct or Highspy
        Takes the programme.
    options : mapping of str to Any
        HiGHS options, set before it is loaded.

    Attributes
    ----------
    loaded : Program
        As it was loaded.
    scaling : Scaling
        That of the figures it was loaded with.
    data, lower, upper, bounds, cost, offset
        Coefficients, sides of rows, bounds of columns, costs and constant, scaled.
    """

    def __init__(self, program: Program, highs: Any, options: Mapping[str, Any]) -> None:
        self.loaded, self.highs = program, highs
        self.scaling = Scaling.of(program)
        self.data = self.scaling.coefficients(program)
        scaled = self.scaling.scaled(program)
        self.lower, self.upper = scaled.row_lower, scaled.row_upper
        self.bounds = scaled.col_lower, scaled.col_upper
        self.cost, self.offset = scaled.cost, scaled.offset
        for name, value in options.items():
            highs.set(name, value)
        highs.load(scaled)

    @property
    def row_of_each(self) -> Ints:
        """Row of every coefficient."""
        rows = self.loaded.shape[0]
        return np.repeat(np.arange(rows), np.diff(self.loaded.matrix.indptr))

    @property
    def program(self) -> Program:
        """The programme in its own units."""
        s, p = self.scaling, self.loaded
        matrix = p.matrix.copy()
        matrix.data = self.data / (s.row[self.row_of_each] * s.column[matrix.indices])
        return p.replaced(
            matrix=matrix,
            cost=self.cost / (s.column * s.cost),
            offset=self.offset / s.cost,
            row_lower=self.lower / s.row,
            row_upper=self.upper / s.row,
            col_lower=self.bounds[0] * s.column,
            col_upper=self.bounds[1] * s.column,
        )
