"""Linear expressions of many rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allocator.arrays import Floats, Ints

Term = tuple[Ints | None, Ints, Floats | float]
"""Rows (None: one a row, in order), columns and coefficients."""


@dataclass
class Linear:
    """Linear expressions of many rows.

    Attributes
    ----------
    rows : int
        Number of rows.
    constant : ndarray, shape (rows,), or float
        Part without variables.
    terms : list of (row, column, coefficient)
        Arrays of one length each; ``row`` None stands for one term a row, in order, and a
        coefficient may be a single number.
    """

    rows: int
    constant: Floats | float = 0.0
    terms: list[Term] = field(default_factory=list)

    def scaled(self, factor: Floats | float) -> Linear:
        """All rows times their factor."""
        terms: list[Term] = []
        for row, column, coefficient in self.terms:
            by = factor if row is None or np.ndim(factor) == 0 else np.asarray(factor)[row]
            terms.append((row, column, coefficient * by))
        return Linear(self.rows, self.constant * factor, terms)

    def plus(self, other: Linear) -> Linear:
        """Sum row by row."""
        return Linear(self.rows, self.constant + other.constant, self.terms + other.terms)

    def gathered(self, owner: Ints, rows: int) -> Linear:
        """Add the rows of each owner together, giving `rows` rows."""
        terms: list[Term] = [
            (owner if row is None else owner[row], column, coefficient)
            for row, column, coefficient in self.terms
        ]
        if np.ndim(self.constant) == 0:
            if self.constant == 0.0:
                return Linear(rows, 0.0, terms)
            weights = np.full(self.rows, float(self.constant))
        else:
            weights = np.asarray(self.constant, dtype=float)
        constant = np.bincount(owner, weights, minlength=rows).astype(float)
        return Linear(rows, constant, terms)
