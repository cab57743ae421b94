"""Terms of rows: which variable stands in which row, with which coefficient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.data.index import Axis, Index, numbered
from allocator.tolerances import CANCELLED


@dataclass(frozen=True)
class Terms:
    """Coefficients of one kind of variable in the rows of a family.

    Attributes
    ----------
    rows : Index
        (the row's coordinates, then the variable's).
    coefficient : ndarray
        One number a row of `rows`.
    """

    rows: Index
    coefficient: Floats


@dataclass
class Collector:
    """Grows the triples of one kind of term."""

    row: list[Ints] = field(default_factory=list)
    member: list[tuple[Ints, ...]] = field(default_factory=list)
    coefficient: list[Floats] = field(default_factory=list)

    def add(self, row: Ints, member: tuple[Ints, ...], coefficient: Floats) -> None:
        """Add coefficients of some variables in some rows."""
        some = coefficient != 0.0
        self.row.append(row[some])
        self.member.append(tuple(m[some] for m in member))
        self.coefficient.append(coefficient[some])

    def terms(self, rows: Index, axes: Sequence[Axis]) -> Terms:
        """Triples with the same row and variable added together."""
        row = np.concatenate([np.empty(0, np.int64), *self.row])
        columns = [
            np.concatenate([np.empty(0, np.int64), *(m[d] for m in self.member)])
            for d in range(len(axes))
        ]
        coefficient = np.concatenate([np.empty(0), *self.coefficient])
        whole = [*(column[row] for column in rows.columns), *columns]
        index, where = Index.unique((*rows.axes, *axes), whole)
        total = np.bincount(where, coefficient, len(index)).astype(float)
        some = np.abs(total) > CANCELLED * np.bincount(where, np.abs(coefficient), len(index))
        return Terms(index.take(some), total[some])


Counted = tuple[Ints, Floats]
"""Programmes that count, in order, and the share of each."""


class Standing:
    """Positions at which each code stands."""

    def __init__(self, codes: Ints) -> None:
        self._order = np.argsort(codes, kind="stable")
        self._sorted = codes[self._order]

    def of(self, codes: Ints) -> Ints:
        """Positions of some codes, each given once, in order."""
        first = np.searchsorted(self._sorted, codes)
        count = np.searchsorted(self._sorted, codes, side="right") - first
        owner, number = numbered(count)
        return np.sort(self._order[first[owner] + number])


def share_of(who: Counted, programme: Ints) -> Floats:
    """Share of programmes that all count."""
    members, share = who
    return share[np.searchsorted(members, programme)]


def those(who: Counted, mask: Flags) -> Counted:
    """Programmes that count and are in a mask over all."""
    members, share = who
    some = mask[members]
    return members[some], share[some]
