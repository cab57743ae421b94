"""A compiled programme: sparse arrays that remember what every row and column is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from allocator.arrays import Flags, Floats
from allocator.data.index import Index
from allocator.errors import FiguresError, SolverError
from allocator.tolerances import EMPTY_ROW, LARGE, SMALL


@dataclass(frozen=True, eq=False)
class Block:
    """Rows or columns that came from one component of the model.

    Attributes
    ----------
    name : str
        Name of the constraint or variable.
    start, stop : int
        Positions it takes, ``start`` included, ``stop`` not.
    index : Index or None
        Its array-backed index set; None for other components.
    labels : tuple
        Index of each member of a component that has no array-backed set.
    """

    name: str
    start: int
    stop: int
    index: Index | None
    labels: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def span(self) -> slice:
        """Positions as a slice."""
        return slice(self.start, self.stop)

    def member_names(self) -> list[str]:
        """Readable names: ``activity[A&E,2025]``."""
        members = self.labels if self.index is None else tuple(self.index.members())
        names = []
        for member in members:
            parts = member if isinstance(member, tuple) else (member,)
            inside = ",".join(str(part) for part in parts if part is not None)
            names.append(f"{self.name}[{inside}]" if inside else self.name)
        return names


@dataclass(frozen=True, eq=False)
class Program:
    """maximise or minimise ``cost x + offset`` with ``row_lower <= matrix x <= row_upper``.

    Attributes
    ----------
    maximise : bool
    cost : ndarray, shape (columns,)
    offset : float
    matrix : scipy.sparse.csr_array, shape (rows, columns)
    row_lower, row_upper : ndarray, shape (rows,)
    col_lower, col_upper : ndarray, shape (columns,)
    integer : ndarray of bool, shape (columns,)
    columns, rows : tuple of Block
        What the columns and rows are, in order.
    """

    maximise: bool
    cost: Floats
    offset: float
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    col_lower: Floats
    col_upper: Floats
    integer: Flags
    columns: tuple[Block, ...]
    rows: tuple[Block, ...]
    name: str = "program"
    _where: dict[str, Block] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for block in (*self.columns, *self.rows):
            self._where.setdefault(block.name, block)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.matrix.shape

    def block(self, name: str) -> Block | None:
        """Column or row block of a component; None when the model has none."""
        return self._where.get(name)

    def replaced(self, **changes: Any) -> Program:
        """Copy with some arrays changed."""
        return replace(self, **changes)

    def row_names(self) -> list[str]:
        """Readable name of every row."""
        return [name for block in self.rows for name in block.member_names()]

    def column_names(self) -> list[str]:
        """Readable name of every column."""
        return [name for block in self.columns for name in block.member_names()]

    def sha256(self) -> str:
        """Hash of the canonical arrays."""
        digest = hashlib.sha256(f"{self.maximise} {self.shape} {self.offset!r}".encode())
        matrix = self.matrix.sorted_indices()
        for array in (
            self.cost,
            matrix.indptr.astype(np.int64),
            matrix.indices.astype(np.int64),
            matrix.data,
            self.row_lower,
            self.row_upper,
            self.col_lower,
            self.col_upper,
            self.integer,
        ):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def check_numbers(self) -> None:
        """Refuse numbers that the solver would misread, drop or overflow on.

        Raises
        ------
        SolverError
            Naming the first offending row or column: a NaN anywhere, an infinite cost or
            coefficient, a coefficient that would be dropped (FiguresError), an infeasible
            empty row.
        """
        for array, what, blocks in (
            (self.cost, "cost", self.columns),
            (self.matrix.data, "coefficient", ()),
        ):
            if not np.isfinite(array).all():
                at = int(np.argmin(np.isfinite(array)))
                raise SolverError(f"{what} {array[at]} of {self._name(blocks, at, self.matrix)}")
        for array, what, blocks in (
            (self.row_lower, "lower side", self.rows),
            (self.row_upper, "upper side", self.rows),
            (self.col_lower, "lower bound", self.columns),
            (self.col_upper, "upper bound", self.columns),
        ):
            if np.isnan(array).any():
                at = int(np.argmax(np.isnan(array)))
                raise SolverError(
                    f"{what} of {self._name(blocks, at, self.matrix)} is not a number"
                )
        if not np.isfinite(self.offset):
            raise SolverError("the constant of the objective is not finite")
        size = np.abs(self.matrix.data)
        lost = (size <= SMALL) | (size >= LARGE)
        if lost.any():
            at = int(np.argmax(lost))
            raise FiguresError(
                f"coefficient {self.matrix.data[at]:g} in {self._name((), at, self.matrix)} is "
                f"outside {SMALL:g} to {LARGE:g}: the solver would drop or misread it"
            )

    def _name(self, blocks: tuple[Block, ...], at: int, matrix: sparse.csr_array) -> str:
        if not blocks:
            blocks, at = self.rows, int(np.searchsorted(matrix.indptr, at, side="right")) - 1
        for block in blocks:
            if block.start <= at < block.stop:
                return block.member_names()[at - block.start]
        return f"position {at}"

    def contradictions(self) -> list[str]:
        """Names of what nothing can meet, whatever the rest says: of :meth:`nowhere`."""
        return self._named(*self.nowhere())

    def nowhere(self) -> tuple[list[int], list[int]]:
        """Rows, and columns by their bounds, that nothing can meet whatever the rest says.

        Rows without variables whose sides leave 0 out, and what :meth:`crossed` names.
        """
        empty = np.diff(self.matrix.indptr) == 0
        wrong = empty & ((self.row_lower > EMPTY_ROW) | (self.row_upper < -EMPTY_ROW))
        wrong &= self.row_lower <= self.row_upper
        rows, columns = self._crossing()
        return np.flatnonzero(wrong).tolist() + rows, columns

    def crossed(self) -> list[str]:
        """Names of rows and columns whose lower side or bound lies above the upper one."""
        return self._named(*self._crossing())

    def _crossing(self) -> tuple[list[int], list[int]]:
        rows = np.flatnonzero(self.row_lower > self.row_upper)
        return rows.tolist(), np.flatnonzero(self.col_lower > self.col_upper).tolist()

    def _named(self, rows: list[int], columns: list[int]) -> list[str]:
        return [self._name(self.rows, at, self.matrix) for at in rows] + [
            f"limits of {self._name(self.columns, at, self.matrix)}" for at in columns
        ]
