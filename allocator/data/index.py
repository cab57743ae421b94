"""Index sets held as integer codes: the vocabulary between data, models and compiler."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from allocator.arrays import Ints, Objects

_DENSE_CELLS = 4_000_000


class LookupMiss(KeyError):
    """A member was looked up that its index set does not hold."""


@dataclass(frozen=True, eq=False)
class Axis:
    """Labels of one coordinate, in order.

    Attributes
    ----------
    name : str
        What the coordinate is, such as ``programme``.
    labels : tuple
        Distinct hashable labels; a code is a position in them.
    """

    name: str
    labels: tuple[Hashable, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def position(self) -> dict[Hashable, int]:
        """Code of each label."""
        return {label: code for code, label in enumerate(self.labels)}

    def codes(self, labels: Sequence[Hashable]) -> Ints:
        """Ints of `labels`; raises :class:`LookupMiss` naming the first unknown one."""
        try:
            return np.fromiter(map(self.position.__getitem__, labels), np.int64, len(labels))
        except KeyError as miss:
            raise LookupMiss(f"{miss.args[0]!r} is not a {self.name}") from None

    def find(self, labels: Sequence[Hashable]) -> Ints:
        """Codes of `labels`; -1 for those that are not there."""
        return np.array([self.position.get(label, -1) for label in labels], dtype=np.int64)


class Index:
    """An ordered set of tuples of labels, held as one array of codes a coordinate.

    Parameters
    ----------
    axes : sequence of Axis
        Axis of each coordinate.
    columns : sequence of ndarray of int, shape (n,)
        Ints of each coordinate. Members must be distinct.
    """

    def __init__(self, axes: Sequence[Axis], columns: Sequence[npt.ArrayLike]) -> None:
        self.axes = tuple(axes)
        self.columns = tuple(np.asarray(c, dtype=np.int64) for c in columns)
        if len({len(c) for c in self.columns}) > 1:
            raise ValueError("the columns of an index differ in length")

    @classmethod
    def product(cls, *axes: Axis) -> Index:
        """Every combination of the labels of `axes`, the last running fastest."""
        grids = np.meshgrid(*(np.arange(len(a)) for a in axes), indexing="ij")
        return cls(axes, [g.ravel() for g in grids])

    @classmethod
    def unique(cls, axes: Sequence[Axis], columns: Sequence[Ints]) -> tuple[Index, Ints]:
        """Members that may be given more than once: each of them in order, and which each is."""
        every = cls(axes, columns)
        _, first, where = np.unique(
            every._keys(every.columns), return_index=True, return_inverse=True
        )
        return every.take(first), where

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    @property
    def dimen(self) -> int:
        """Number of coordinates."""
        return len(self.axes)

    def take(self, rows: npt.ArrayLike) -> Index:
        """Subset by positions or by a boolean mask, order kept."""
        return Index(self.axes, [c[np.asarray(rows)] for c in self.columns])

    def _keys(self, columns: Sequence[Ints]) -> Ints:
        key = np.asarray(columns[0], dtype=np.int64)
        for axis, column in zip(self.axes[1:], columns[1:], strict=True):
            key = key * len(axis) + column
        return key

    @cached_property
    def _cells(self) -> int:
        cells = 1
        for axis in self.axes:
            cells *= max(1, len(axis))
        if cells >= 2**62:
            raise ValueError("an index set has too many possible members to code")
        return cells

    @cached_property
    def _dense(self) -> Ints:
        table = np.full(self._cells, -1, dtype=np.int64)
        table[self._keys(self.columns)] = np.arange(len(self))
        return table

    @cached_property
    def _sorted(self) -> tuple[Ints, Ints]:
        keys = self._keys(self.columns)
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def find(self, columns: Sequence[Ints]) -> Ints:
        """Positions of members given as code columns; -1 where there is none."""
        if not len(self) or not len(columns[0]):
            return np.full(len(columns[0]), -1, dtype=np.int64)
        keys = self._keys(columns)
        if self._cells <= max(_DENSE_CELLS, 4 * len(self)):
            return self._dense[keys]
        ordered, order = self._sorted
        at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
        return np.where(ordered[at] == keys, order[at], -1)

    def positions(self, columns: Sequence[Ints]) -> Ints:
        """Positions of members given as code columns; :class:`LookupMiss` if any is absent."""
        found = self.find(columns)
        if len(found) and found.min() < 0:
            row = int(np.argmin(found))
            label = tuple(a.labels[c[row]] for a, c in zip(self.axes, columns, strict=True))
            raise LookupMiss(f"{label} is not a member of {self!r}")
        return found

    def position(self, member: Any) -> int:
        """Position of one member given by its label, or a tuple of labels; -1 if absent."""
        labels = member if self.dimen > 1 else (member,)
        if not isinstance(labels, tuple) or len(labels) != self.dimen:
            return -1
        codes = []
        for axis, label in zip(self.axes, labels, strict=True):
            code = axis.position.get(label)
            if code is None:
                return -1
            codes.append(np.array([code]))
        return int(self.find(codes)[0])

    def column_labels(self, coordinate: int) -> Objects:
        """Labels of one coordinate, shape (n,)."""
        axis = self.axes[coordinate]
        labels = np.empty(len(axis), dtype=object)
        labels[:] = axis.labels
        out: Objects = labels[self.columns[coordinate]]
        return out

    def members(self) -> Iterator[Any]:
        """Labels of each member in order: tuples, or plain labels with one coordinate."""
        columns = [self.column_labels(k).tolist() for k in range(self.dimen)]
        return iter(columns[0]) if self.dimen == 1 else zip(*columns, strict=True)

    def group(self, by: Sequence[int], parent: Index) -> Grouped:
        """Members of this set for each member of `parent`.

        Parameters
        ----------
        by : sequence of int
            Coordinates of this set that name the member of `parent`, in its order.
        parent : Index
            Set whose members the groups belong to; groups may be empty.
        """
        owner = parent.positions([self.columns[k] for k in by])
        order = np.argsort(owner, kind="stable")
        starts = np.searchsorted(owner[order], np.arange(len(parent) + 1))
        return Grouped(parent, self, tuple(by), order, starts.astype(np.int64))

    def __repr__(self) -> str:
        names = ", ".join(a.name for a in self.axes)
        return f"Index({names}; {len(self)} members)"


@dataclass(frozen=True, eq=False)
class Grouped:
    """An index set cut into groups, one for each member of a parent set.

    Attributes
    ----------
    parent : Index
        Set of the owners.
    whole : Index
        Set that is cut.
    by : tuple of int
        Coordinates of `whole` that name the owner.
    order : ndarray of int
        Positions in `whole`, owner by owner.
    starts : ndarray of int, shape (len(parent) + 1,)
        Group of owner p is ``order[starts[p]:starts[p + 1]]``.
    """

    parent: Index
    whole: Index
    by: tuple[int, ...]
    order: Ints
    starts: Ints

    @cached_property
    def rest(self) -> tuple[int, ...]:
        """Coordinates of `whole` that a group's members are made of."""
        return tuple(k for k in range(self.whole.dimen) if k not in self.by)

    def members(self, owner: Any) -> Iterator[Any]:
        """Members of one owner's group, as labels of the coordinates in `rest`."""
        at = self.parent.position(owner)
        if at < 0:
            raise LookupMiss(f"{owner!r} is not a member of {self.parent!r}")
        rows = self.order[self.starts[at] : self.starts[at + 1]]
        if not len(rows):
            return iter(())
        axes = [self.whole.axes[k] for k in self.rest]
        return Index(axes, [self.whole.columns[k][rows] for k in self.rest]).members()


def per_group(starts: Ints) -> Ints:
    """Owner of each member of a grouped set, shape (total,)."""
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def numbered(count: Ints) -> tuple[Ints, Ints]:
    """Owner of each of so many members an owner, and its number among them from 0."""
    owner = np.repeat(np.arange(len(count)), count)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
