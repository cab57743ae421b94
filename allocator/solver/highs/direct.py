"""HiGHS's own C functions, for figures that go in and come out many times a second.

The binding of highspy turns every array into a list on its way out and sorts every set of
columns on its way in, which for short runs takes as long as the run. The shared library it
comes with has C functions that read and write arrays in place. Where the library is not found,
or is not the version of the binding, the binding is used: the same answers, more slowly.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import highspy
import numpy as np
import numpy.typing as npt

from allocator.errors import SolverError

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Places = npt.NDArray[np.signedinteger[Any]]

ALL = slice(0, None)

OPTIMAL = 7
"""HiGHS's number for an optimal model."""

ROWWISE = 2


_SETTERS = ("Bool", "Int", "Double", "String")

COUNTED = ("simplex", "ipm", "crossover", "pdlp")
"""Algorithms whose iterations HiGHS counts."""

_COUNTS = {name: f"{name}_iteration_count".encode() for name in COUNTED}


class Loaded(Protocol):
    """A linear programme in HiGHS whose figures change.

    Arrays are in the solver's own units, and those of sides, costs and values whole ones that
    live as long as the programme, of which a stretch is looked at.
    """

    def set(self, name: str, value: Any) -> None:
        """Set an option and read it back."""

    def get(self, name: str) -> Any:
        """Value of an option of whole numbers or words."""

    def load(self, maximise: bool, offset: float, parts: dict[str, Any]) -> None:
        """Take a programme: cost, column bounds, sides, and the rows of its matrix."""

    def sides(self, lower: Numbers, upper: Numbers, span: slice) -> None:
        """Replace the sides of a stretch of rows."""

    def costs(self, cost: Numbers, span: slice) -> None:
        """Replace the costs of a stretch of columns."""

    def bounds(self, lower: Numbers, upper: Numbers) -> None:
        """Replace all column bounds."""

    def coefficients(self, rows: Places, columns: Places, values: Numbers) -> None:
        """Replace coefficients, one by one."""

    def offset(self, value: float) -> None:
        """Replace the constant of the objective."""

    def run(self) -> bool:
        """Solve; whether the end is an optimum."""

    def values(self, x: Numbers) -> None:
        """Write the values of the columns into an array."""

    def duals(self, row: Numbers, column: Numbers) -> None:
        """Write row duals and reduced costs into arrays."""

    def counts(self, names: Iterable[str] = COUNTED) -> dict[str, int]:
        """Iterations of the last run by algorithm."""

    def basis(self) -> Any:
        """Basis of the last run."""

    def start(self, basis: Any) -> None:
        """Forget the last run, and start the next from a basis."""


def _fine(status: int, what: str) -> None:
    if status < 0:
        raise SolverError(f"HiGHS refused to {what}")


class Direct:
    """HiGHS by its C functions.

    Parameters
    ----------
    library : ctypes.CDLL
        As :func:`library` finds it.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._c = library
        self._h = ctypes.c_void_p(library.Highs_create())
        self._size = (0, 0)
        self._pinned: dict[int, tuple[npt.NDArray[Any], int]] = {}

    def __del__(self) -> None:
        """Give back what C holds."""
        if getattr(self, "_h", None):
            self._c.Highs_destroy(self._h)

    def _do(self, name: str, what: str, *arguments: Any) -> None:
        _fine(getattr(self._c, f"Highs_{name}")(self._h, *arguments), what)

    def _kind(self, name: str) -> int:
        kind = ctypes.c_int()
        self._do("getOptionType", f"find option {name}", name.encode(), ctypes.byref(kind))
        return kind.value

    def set(self, name: str, value: Any) -> None:
        """Set an option and read it back."""
        kind, what = self._kind(name), f"set option {name} to {value!r}"
        taken: Any
        if kind == 3:
            taken = str(value).encode()
        elif kind == 2:
            taken = ctypes.c_double(value)
        else:
            taken = ctypes.c_int(int(value))
        self._do(f"set{_SETTERS[kind]}OptionValue", what, name.encode(), taken)
        now = self.get(name)
        if now != value:
            raise SolverError(f"option {name} is {now!r} after being set to {value!r}")

    def get(self, name: str) -> Any:
        """Value of an option."""
        kind, what = self._kind(name), f"read option {name}"
        if kind == 3:
            text = ctypes.create_string_buffer(4096)
            self._do("getStringOptionValue", what, name.encode(), text)
            return text.value.decode()
        number = ctypes.c_double() if kind == 2 else ctypes.c_int()
        self._do(f"get{_SETTERS[kind]}OptionValue", what, name.encode(), ctypes.byref(number))
        return bool(number.value) if kind == 0 else number.value

    def load(self, maximise: bool, offset: float, parts: dict[str, Any]) -> None:
        """Take a programme: cost, column bounds, sides, and the rows of its matrix."""
        matrix = parts["matrix"]
        rows, columns = matrix.shape
        named = ("cost", "col_lower", "col_upper", "row_lower", "row_upper")
        numbers = [np.ascontiguousarray(parts[name], dtype=float) for name in named]
        begin, index = (part.astype(np.int32) for part in (matrix.indptr, matrix.indices))
        data = np.ascontiguousarray(matrix.data, dtype=float)
        sense = int(highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize)
        status = self._c.Highs_passLp(
            self._h,
            columns,
            rows,
            len(data),
            ROWWISE,
            sense,
            ctypes.c_double(offset),
            *map(_at, numbers),
            _at(begin),
            _at(index),
            _at(data),
        )
        if status != 0:
            raise SolverError(f"HiGHS took the programme with status {status}, not OK")
        self._size = rows, columns

    def sides(self, lower: Numbers, upper: Numbers, span: slice) -> None:
        """Replace the sides of a stretch of rows."""
        start = self._from(lower, span), self._from(upper, span)
        status = self._c.Highs_changeRowsBoundsByRange(self._h, span.start, span.stop - 1, *start)
        _fine(status, "change sides")

    def costs(self, cost: Numbers, span: slice) -> None:
        """Replace the costs of a stretch of columns."""
        start = self._from(cost, span)
        status = self._c.Highs_changeColsCostByRange(self._h, span.start, span.stop - 1, start)
        _fine(status, "change costs")

    def _from(self, numbers: npt.NDArray[Any], span: slice = ALL) -> int:
        """Address of a stretch of a whole array, which is kept: to find it takes a while."""
        known = self._pinned.get(id(numbers))
        if known is None:
            known = self._pinned[id(numbers)] = numbers, numbers.ctypes.data
        return known[1] + numbers.itemsize * (span.start or 0)

    def bounds(self, lower: Numbers, upper: Numbers) -> None:
        """Replace all column bounds."""
        last = len(lower) - 1
        self._do("changeColsBoundsByRange", "change bounds", 0, last, _at(lower), _at(upper))

    def coefficients(self, rows: Places, columns: Places, values: Numbers) -> None:
        """Replace coefficients, one by one."""
        change, this = self._c.Highs_changeCoeff, itertools.repeat(self._h)
        told = map(change, this, rows.tolist(), columns.tolist(), values.tolist())
        _fine(min(told, default=0), "change a coefficient")

    def offset(self, value: float) -> None:
        """Replace the constant of the objective."""
        self._do("changeObjectiveOffset", "change the offset", ctypes.c_double(value))

    def run(self) -> bool:
        """Solve; whether the end is an optimum."""
        return self._c.Highs_run(self._h) == 0 and self._c.Highs_getModelStatus(self._h) == OPTIMAL

    def values(self, x: Numbers) -> None:
        """Write the values of the columns into an array."""
        status = self._c.Highs_getSolution(self._h, self._from(x), None, None, None)
        _fine(status, "give its values")

    def duals(self, row: Numbers, column: Numbers) -> None:
        """Write row duals and reduced costs into arrays."""
        self._do("getSolution", "give its duals", None, _at(column), None, _at(row))

    def counts(self, names: Iterable[str] = COUNTED) -> dict[str, int]:
        """Iterations of the last run by algorithm."""
        count = ctypes.c_int()
        found = {}
        for name in names:
            asked = _COUNTS[name], ctypes.byref(count)
            self._do("getIntInfoValue", "count iterations", *asked)
            found[name] = max(0, count.value)
        return found

    def basis(self) -> tuple[Codes, Codes]:
        """Basis of the last run: of columns and of rows."""
        rows, columns = self._size
        found = np.empty(columns, np.int32), np.empty(rows, np.int32)
        self._do("getBasis", "give its basis", *map(_at, found))
        return found

    def start(self, basis: tuple[Codes, Codes]) -> None:
        """Forget the last run, and start the next from a basis."""
        self._do("clearSolver", "forget the last run")
        _fine(self._c.Highs_setBasis(self._h, *map(self._from, basis)), "take a basis")


class Bound:
    """HiGHS by the binding of highspy, to the same effect."""

    def __init__(self) -> None:
        self._h = highspy.Highs()

    def set(self, name: str, value: Any) -> None:
        """Set an option and read it back."""
        _fine(int(self._h.setOptionValue(name, value)), f"set option {name} to {value!r}")
        now = self.get(name)
        if now != value:
            raise SolverError(f"option {name} is {now!r} after being set to {value!r}")

    def get(self, name: str) -> Any:
        """Value of an option."""
        status, value = self._h.getOptionValue(name)
        _fine(int(status), f"read option {name}")
        return value

    def load(self, maximise: bool, offset: float, parts: dict[str, Any]) -> None:
        """Take a programme: cost, column bounds, sides, and the rows of its matrix."""
        matrix = parts["matrix"]
        rows, columns = matrix.shape
        sense = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
        named = ("cost", "col_lower", "col_upper", "row_lower", "row_upper")
        status = self._h.passModel(
            columns,
            rows,
            int(matrix.nnz),
            int(highspy.MatrixFormat.kRowwise),
            int(sense),
            offset,
            *(parts[name] for name in named),
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros(columns, dtype=np.int32),
        )
        if status != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS took the programme with status {status}, not OK")

    def sides(self, lower: Numbers, upper: Numbers, span: slice) -> None:
        """Replace the sides of a stretch of rows."""
        at = _places(span)
        _fine(int(self._h.changeRowsBounds(len(at), at, lower[span], upper[span])), "change sides")

    def costs(self, cost: Numbers, span: slice) -> None:
        """Replace the costs of a stretch of columns."""
        at = _places(span)
        _fine(int(self._h.changeColsCost(len(at), at, cost[span])), "change costs")

    def bounds(self, lower: Numbers, upper: Numbers) -> None:
        """Replace all column bounds."""
        at = _places(slice(0, len(lower)))
        _fine(int(self._h.changeColsBounds(len(at), at, lower, upper)), "change bounds")

    def coefficients(self, rows: Places, columns: Places, values: Numbers) -> None:
        """Replace coefficients, one by one."""
        for row, column, value in zip(
            rows.tolist(), columns.tolist(), values.tolist(), strict=True
        ):
            _fine(int(self._h.changeCoeff(row, column, value)), "change a coefficient")

    def offset(self, value: float) -> None:
        """Replace the constant of the objective."""
        _fine(int(self._h.changeObjectiveOffset(value)), "change the offset")

    def run(self) -> bool:
        """Solve; whether the end is an optimum."""
        ended = self._h.run() == highspy.HighsStatus.kOk
        return ended and self._h.getModelStatus() == highspy.HighsModelStatus.kOptimal

    def values(self, x: Numbers) -> None:
        """Write the values of the columns into an array."""
        x[:] = self._h.getSolution().col_value

    def duals(self, row: Numbers, column: Numbers) -> None:
        """Write row duals and reduced costs into arrays."""
        solution = self._h.getSolution()
        row[:], column[:] = solution.row_dual, solution.col_dual

    def counts(self, names: Iterable[str] = COUNTED) -> dict[str, int]:
        """Iterations of the last run by algorithm."""
        info = self._h.getInfo()
        return {name: max(0, int(getattr(info, f"{name}_iteration_count"))) for name in names}

    def basis(self) -> Any:
        """Basis of the last run."""
        return self._h.getBasis()

    def start(self, basis: Any) -> None:
        """Forget the last run, and start the next from a basis."""
        _fine(int(self._h.clearSolver()), "forget the last run")
        _fine(int(self._h.setBasis(basis)), "take a basis")


def _at(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _places(span: slice) -> Codes:
    return np.arange(span.start, span.stop, dtype=np.int32)


def opened() -> Loaded:
    """HiGHS with nothing in it, by the quickest way there is."""
    found = library()
    return Bound() if found is None else Direct(found)


@functools.cache
def library() -> ctypes.CDLL | None:
    """HiGHS's shared library where the binding has one of its own version; else None."""
    for path in _candidates(Path(highspy.__file__).parent):
        try:
            found = ctypes.CDLL(str(path))
            version = found.Highs_version
        except (OSError, AttributeError):
            continue
        version.restype = ctypes.c_char_p
        if version().decode() == highspy.Highs().version() and _prepared(found):
            return found
    return None


def _candidates(package: Path) -> Iterator[Path]:
    for folder in (package, package.parent / "highspy.libs"):
        for pattern in ("libhighs*.so*", "libhighs*.dylib", "*highs*.dll"):
            yield from sorted(folder.glob(pattern))


def _prepared(found: ctypes.CDLL) -> bool:
    """Tell C's types where they are not whole numbers; whether its whole numbers have 32 bits."""
    found.Highs_create.restype = ctypes.c_void_p
    this, whole, at = ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
    found.Highs_changeCoeff.argtypes = (this, whole, whole, ctypes.c_double)
    found.Highs_changeRowsBoundsByRange.argtypes = (this, whole, whole, at, at)
    found.Highs_changeColsCostByRange.argtypes = (this, whole, whole, at)
    found.Highs_getSolution.argtypes = (this, at, at, at, at)
    found.Highs_setBasis.argtypes = (this, at, at)
    highs = ctypes.c_void_p(found.Highs_create())
    size: int = found.Highs_getSizeofHighsInt(highs)
    found.Highs_destroy(highs)
    return size == ctypes.sizeof(ctypes.c_int)
