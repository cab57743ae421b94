"""What gives room, and what a unit of it is worth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allocator.arrays import Floats, Ints

_NONE: Ints = np.empty(0, dtype=np.int64)
_STAY: Floats = np.empty(0)


@dataclass(frozen=True, eq=False)
class Lever:
    """Sides of rows and bounds of columns that move together, to give room.

    Attributes
    ----------
    size : float
        What there is of it: what is little, and what is far, is a share of this.
    rows, columns : ndarray of int
    row_lower, row_upper, col_lower, col_upper : ndarray
        How far each side moves for one unit of room: 1, 0 or -1.
    """

    size: float
    rows: Ints = field(default_factory=_NONE.copy)
    row_lower: Floats = field(default_factory=_STAY.copy)
    row_upper: Floats = field(default_factory=_STAY.copy)
    columns: Ints = field(default_factory=_NONE.copy)
    col_lower: Floats = field(default_factory=_STAY.copy)
    col_upper: Floats = field(default_factory=_STAY.copy)


@dataclass(frozen=True)
class Price:
    """What one unit is worth, and for how many units.

    Attributes
    ----------
    value : float
        Objective per unit; infinite where there is no plan with less.
    range : float
        Units up to which it holds, as far as was looked.
    searched : bool
        Whether that is so whatever is no decision; otherwise only with that as the plan has it.
    """

    value: float
    range: float
    searched: bool = True
