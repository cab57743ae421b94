"""A programme in HiGHS: every call's status is looked at, every option is read back.

Arrays are in the solver's own units here. There are two ways in: :class:`Highspy`, the binding,
which knows whole numbers and callbacks too, and :class:`allocator.solver.highs.direct.Direct`,
HiGHS's own C functions for figures that change many times a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import highspy
import numpy as np
import numpy.typing as npt

from allocator.arrays import Flags, Floats, Ints
from allocator.errors import SolverError
from allocator.solver.program import Program

COUNTED = ("simplex", "ipm", "crossover", "pdlp")
"""Algorithms whose iterations HiGHS counts."""


class Engine(Protocol):
    """A linear programme in HiGHS whose figures change.

    Arrays of sides, costs and values are whole ones that live as long as the programme, of
    which a stretch is looked at.
    """

    def set(self, name: str, value: Any) -> None:
        """Set an option and read it back."""

    def get(self, name: str) -> Any:
        """Value of an option."""

    def load(self, program: Program) -> None:
        """Take a programme."""

    def sides(self, lower: Floats, upper: Floats, span: slice) -> None:
        """Replace the sides of a stretch of rows."""

    def costs(self, cost: Floats, span: slice) -> None:
        """Replace the costs of a stretch of columns."""

    def bounds(self, lower: Floats, upper: Floats) -> None:
        """Replace all column bounds."""

    def coefficients(self, rows: Ints, columns: Ints, values: Floats) -> None:
        """Replace coefficients, one by one."""

    def offset(self, value: float) -> None:
        """Replace the constant of the objective."""

    def run(self) -> bool:
        """Solve; whether the end is an optimum."""

    def values(self, x: Floats) -> None:
        """Write the values of the columns into an array."""

    def duals(self, row: Floats, column: Floats) -> None:
        """Write row duals and reduced costs into arrays."""

    def counts(self, names: Iterable[str] = COUNTED) -> dict[str, int]:
        """Iterations of the last run by algorithm."""

    def basis(self) -> Any:
        """Basis of the last run."""

    def start(self, basis: Any) -> None:
        """Forget the last run, and start the next from a basis."""


def fine(status: Any, what: str) -> None:
    """Raise unless HiGHS did what it was asked, perhaps with a warning.

    Raises
    ------
    SolverError
    """
    if int(status) < 0:
        raise SolverError(f"HiGHS refused to {what}")


def taken(status: Any) -> None:
    """Raise unless HiGHS took a programme without so much as a warning.

    Raises
    ------
    SolverError
    """
    if int(status) != 0:
        raise SolverError(f"HiGHS took the programme with status {status}, not OK")


def same(name: str, now: Any, value: Any) -> None:
    """Raise unless an option is what it was set to.

    Raises
    ------
    SolverError
    """
    if now != value:
        raise SolverError(f"option {name} is {now!r} after being set to {value!r}")


class Highspy:
    """HiGHS by the binding of highspy.

    Attributes
    ----------
    highs : highspy.Highs
        For what nothing here has a word for: callbacks, statuses, its version.
    """

    def __init__(self) -> None:
        self.highs: Any = highspy.Highs()

    def set(self, name: str, value: Any) -> None:
        """Set an option and read it back."""
        fine(self.highs.setOptionValue(name, value), f"set option {name} to {value!r}")
        same(name, self.get(name), value)

    def get(self, name: str) -> Any:
        """Value of an option."""
        status, value = self.highs.getOptionValue(name)
        fine(status, f"read option {name} back")
        return value

    def load(self, program: Program) -> None:
        """Take a programme."""
        p = program
        rows, columns = p.matrix.shape
        taken(
            self.highs.passModel(
                columns,
                rows,
                int(p.matrix.nnz),
                int(highspy.MatrixFormat.kRowwise),
                int(_sense(p.maximise)),
                p.offset,
                p.cost,
                p.col_lower,
                p.col_upper,
                p.row_lower,
                p.row_upper,
                p.matrix.indptr.astype(np.int32),
                p.matrix.indices.astype(np.int32),
                p.matrix.data,
                p.integer.astype(np.int32),
            )
        )
        if (self.highs.getNumRow(), self.highs.getNumCol()) != (rows, columns):
            raise SolverError("HiGHS holds a programme of another size than it was given")

    def sides(self, lower: Floats, upper: Floats, span: slice) -> None:
        """Replace the sides of a stretch of rows."""
        at = _places(span)
        fine(self.highs.changeRowsBounds(len(at), at, lower[span], upper[span]), "change sides")

    def costs(self, cost: Floats, span: slice) -> None:
        """Replace the costs of a stretch of columns."""
        at = _places(span)
        fine(self.highs.changeColsCost(len(at), at, cost[span]), "change costs")

    def bounds(self, lower: Floats, upper: Floats) -> None:
        """Replace all column bounds."""
        at = _places(slice(0, len(lower)))
        fine(self.highs.changeColsBounds(len(at), at, lower, upper), "change bounds")

    def coefficients(self, rows: Ints, columns: Ints, values: Floats) -> None:
        """Replace coefficients, one by one."""
        for row, column, value in zip(
            rows.tolist(), columns.tolist(), values.tolist(), strict=True
        ):
            fine(self.highs.changeCoeff(row, column, value), "change a coefficient")

    def offset(self, value: float) -> None:
        """Replace the constant of the objective."""
        fine(self.highs.changeObjectiveOffset(value), "change the offset")

    def sense(self, maximise: bool) -> None:
        """Say whether more of the objective is better."""
        fine(self.highs.changeObjectiveSense(_sense(maximise)), "change the sense")

    def whole(self, whole: Flags) -> None:
        """Say which columns take whole numbers only."""
        at, kinds = _places(slice(0, len(whole))), whole.astype(np.uint8)
        fine(self.highs.changeColsIntegrality(len(at), at, kinds), "change whole numbers")

    def add_row(self, columns: Ints, values: Floats, lower: float, upper: float) -> None:
        """Append one row."""
        at = columns.astype(np.int32)
        fine(self.highs.addRow(lower, upper, len(at), at, values), "add a row")

    def drop_row(self) -> None:
        """Take off the last row."""
        last = np.array([self.highs.getNumRow() - 1], dtype=np.int32)
        fine(self.highs.deleteRows(1, last), "take off a row")

    def offer(self, x: Floats) -> None:
        """Offer a solution to start from, which HiGHS may refuse."""
        solution = highspy.HighsSolution()
        solution.col_value = list(x)
        self.highs.setSolution(solution)

    def run(self) -> bool:
        """Solve; whether the end is an optimum."""
        ended = self.highs.run() == highspy.HighsStatus.kOk
        return ended and self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal

    def values(self, x: Floats) -> None:
        """Write the values of the columns into an array."""
        x[:] = self.highs.getSolution().col_value

    def duals(self, row: Floats, column: Floats) -> None:
        """Write row duals and reduced costs into arrays."""
        solution = self.highs.getSolution()
        row[:], column[:] = solution.row_dual, solution.col_dual

    def counts(self, names: Iterable[str] = COUNTED) -> dict[str, int]:
        """Iterations of the last run by algorithm."""
        info = self.highs.getInfo()
        return {name: max(0, int(getattr(info, f"{name}_iteration_count"))) for name in names}

    def basis(self) -> Any:
        """Basis of the last run."""
        return self.highs.getBasis()

    def take(self, basis: Any) -> None:
        """Start the next run from a basis."""
        fine(self.highs.setBasis(basis), "take a basis")

    def forget(self) -> None:
        """Forget the last run."""
        fine(self.highs.clearSolver(), "forget the last run")

    def start(self, basis: Any) -> None:
        """Forget the last run, and start the next from a basis."""
        self.forget()
        self.take(basis)

    def dual_ray(self) -> Floats | None:
        """Prices of rows that show why nothing meets them all; None when HiGHS has none."""
        status, there, ray = self.highs.getDualRay()
        return np.array(ray) if status == highspy.HighsStatus.kOk and there else None

    def irreducible(self) -> tuple[list[int], list[int]]:
        """HiGHS's own set of rows and columns that cannot hold together; may be empty."""
        status, iis = self.highs.getIis()
        if status != highspy.HighsStatus.kOk or not iis.valid_:
            return [], []
        return list(iis.row_index_), list(iis.col_index_)


def _sense(maximise: bool) -> Any:
    return highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize


def _places(span: slice) -> npt.NDArray[np.int32]:
    return np.arange(span.start, span.stop, dtype=np.int32)
