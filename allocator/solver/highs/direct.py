"""HiGHS's own C functions, for figures that go in and come out many times a second.

The binding of highspy turns every array into a list on its way out and sorts every set of
columns on its way in, which for short runs takes as long as the run. The shared library it
comes with has C functions that read and write arrays in place. They are public; that a build
of highspy brings the library as a file is not promised. Where it is not found, or is not that
of the binding, the binding is used and a warning says so: the same answers, more slowly.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from allocator.arrays import Floats, Ints
from allocator.solver.highs.engine import COUNTED, Engine, Highspy, fine, same, taken
from allocator.solver.program import Program

Basis = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
"""HiGHS's codes of columns and of rows."""

ALL = slice(0, None)

OPTIMAL = 7
"""HiGHS's number for an optimal model."""

ROWWISE = 2

_SETTERS = ("Bool", "Int", "Double", "String")

_COUNTS = {name: f"{name}_iteration_count".encode() for name in COUNTED}


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
        fine(getattr(self._c, f"Highs_{name}")(self._h, *arguments), what)

    def _kind(self, name: str) -> int:
        kind = ctypes.c_int()
        self._do("getOptionType", f"find option {name}", name.encode(), ctypes.byref(kind))
        return kind.value

    def set(self, name: str, value: Any) -> None:
        """Set an option and read it back."""
        kind, what = self._kind(name), f"set option {name} to {value!r}"
        given: Any
        if kind == 3:
            given = str(value).encode()
        elif kind == 2:
            given = ctypes.c_double(value)
        else:
            given = ctypes.c_int(int(value))
        self._do(f"set{_SETTERS[kind]}OptionValue", what, name.encode(), given)
        same(name, self.get(name), value)

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

    def load(self, program: Program) -> None:
        """Take a programme."""
        p = program
        rows, columns = p.matrix.shape
        named = (p.cost, p.col_lower, p.col_upper, p.row_lower, p.row_upper)
        numbers = [np.ascontiguousarray(part, dtype=float) for part in named]
        begin, index = (part.astype(np.int32) for part in (p.matrix.indptr, p.matrix.indices))
        data = np.ascontiguousarray(p.matrix.data, dtype=float)
        sense = int(highspy.ObjSense.kMaximize if p.maximise else highspy.ObjSense.kMinimize)
        taken(
            self._c.Highs_passLp(
                self._h,
                columns,
                rows,
                len(data),
                ROWWISE,
                sense,
                ctypes.c_double(p.offset),
                *map(_at, numbers),
                _at(begin),
                _at(index),
                _at(data),
            )
        )
        self._size = rows, columns

    def sides(self, lower: Floats, upper: Floats, span: slice) -> None:
        """Replace the sides of a stretch of rows."""
        start = self._from(lower, span), self._from(upper, span)
        status = self._c.Highs_changeRowsBoundsByRange(self._h, span.start, span.stop - 1, *start)
        fine(status, "change sides")

    def costs(self, cost: Floats, span: slice) -> None:
        """Replace the costs of a stretch of columns."""
        start = self._from(cost, span)
        status = self._c.Highs_changeColsCostByRange(self._h, span.start, span.stop - 1, start)
        fine(status, "change costs")

    def _from(self, numbers: npt.NDArray[Any], span: slice = ALL) -> int:
        """Address of a stretch of a whole array, which is kept: to find it takes a while."""
        known = self._pinned.get(id(numbers))
        if known is None:
            known = self._pinned[id(numbers)] = numbers, numbers.ctypes.data
        return known[1] + numbers.itemsize * (span.start or 0)

    def bounds(self, lower: Floats, upper: Floats) -> None:
        """Replace all column bounds."""
        last = len(lower) - 1
        self._do("changeColsBoundsByRange", "change bounds", 0, last, _at(lower), _at(upper))

    def coefficients(self, rows: Ints, columns: Ints, values: Floats) -> None:
        """Replace coefficients, one by one."""
        change, this = self._c.Highs_changeCoeff, itertools.repeat(self._h)
        told = map(change, this, rows.tolist(), columns.tolist(), values.tolist())
        fine(min(told, default=0), "change a coefficient")

    def offset(self, value: float) -> None:
        """Replace the constant of the objective."""
        self._do("changeObjectiveOffset", "change the offset", ctypes.c_double(value))

    def run(self) -> bool:
        """Solve; whether the end is an optimum."""
        return self._c.Highs_run(self._h) == 0 and self._c.Highs_getModelStatus(self._h) == OPTIMAL

    def values(self, x: Floats) -> None:
        """Write the values of the columns into an array."""
        status = self._c.Highs_getSolution(self._h, self._from(x), None, None, None)
        fine(status, "give its values")

    def duals(self, row: Floats, column: Floats) -> None:
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

    def basis(self) -> Basis:
        """Basis of the last run: of columns and of rows."""
        rows, columns = self._size
        found = np.empty(columns, np.int32), np.empty(rows, np.int32)
        self._do("getBasis", "give its basis", *map(_at, found))
        return found

    def start(self, basis: Basis) -> None:
        """Forget the last run, and start the next from a basis."""
        self._do("clearSolver", "forget the last run")
        fine(self._c.Highs_setBasis(self._h, *map(self._from, basis)), "take a basis")


def _at(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def opened() -> Engine:
    """HiGHS with nothing in it, by the quickest way there is; warns once if it is the slower."""
    found = library()
    if found is None:
        _say_slower()
        return Highspy()
    return Direct(found)


@functools.cache
def _say_slower() -> None:
    found = highspy.Highs().version()
    warnings.warn(
        f"the shared library of HiGHS {found} is not where highspy {found} usually brings it, or "
        f"is of another version: many solves in turn give the same answers, but more slowly",
        RuntimeWarning,
        stacklevel=4,  # whoever asks for many solves
    )


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
