"""What a family is, figures drawn alike on every machine, and rows gathered into a programme."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from allocator.arrays import Floats, Ints
from benchmarks.suite.problem import SIZES, Problem
from benchmarks.suite.product import compiled, problem_of

if TYPE_CHECKING:
    from allocator.instance.instance import Instance

Figures = npt.ArrayLike

Kind = Literal["lp", "mip", "pathology", "sweep"]


@dataclass(frozen=True)
class Sweep:
    """A programme, and the figures that each draw puts in place of its own.

    Attributes
    ----------
    problem : Problem
        As drawn; no draw is the same as it.
    rows : ndarray of int, shape (changed rows,)
    row_lower, row_upper : ndarray, shape (draws, changed rows)
        Their sides.
    columns : ndarray of int, shape (changed columns,)
    cost : ndarray, shape (draws, changed columns)
        Their costs.
    entries : ndarray of int, shape (changed coefficients,)
        Positions in ``problem.matrix.data``.
    values : ndarray, shape (draws, changed coefficients)
    """

    problem: Problem
    rows: Ints
    row_lower: Floats
    row_upper: Floats
    columns: Ints
    cost: Floats
    entries: Ints
    values: Floats

    def __len__(self) -> int:
        """Draws."""
        return len(self.cost)

    def drawn(self, draw: int) -> Problem:
        """Programme of one draw, built afresh."""
        problem = self.problem
        cost, lower, upper = (
            part.copy() for part in (problem.cost, problem.row_lower, problem.row_upper)
        )
        matrix = problem.matrix.copy()
        cost[self.columns] = self.cost[draw]
        lower[self.rows], upper[self.rows] = self.row_lower[draw], self.row_upper[draw]
        matrix.data[self.entries] = self.values[draw]
        return replace(
            problem,
            cost=cost,
            matrix=matrix,
            row_lower=lower,
            row_upper=upper,
            about={**problem.about, "draw": draw},
        )


@dataclass(frozen=True)
class Family:
    """Programmes of one shape, in several sizes.

    Attributes
    ----------
    name : str
    reason : str
        Why it is in the suite, in one line.
    kind : {'lp', 'mip', 'pathology', 'sweep'}
        Whether a programme has whole-number columns is said by ``Problem.integer``: a
        pathology may be either.
    sizes : dict of str to dict
        Parameters of each size it comes in: of XS, S, M, L (about 1e6 nonzeros), XL (1e7).
    make : callable
        ``make(size, seed)`` gives the programme; ValueError for a size it does not have.
    instance : callable or None
        ``instance(size, seed)`` gives the round of tables behind it, where there is one.
    sweeps : callable or None
        ``sweeps(size, seed)`` yields programmes with the draws each is solved for again.
    """

    name: str
    reason: str
    kind: Kind
    sizes: dict[str, dict[str, Any]]
    make: Callable[[str, int], Problem]
    instance: Callable[[str, int], Instance] | None = None
    sweeps: Callable[[str, int], Iterator[Sweep]] | None = None


Sizes = dict[str, dict[str, Any]]
"""Parameters of each size."""

Maker = Callable[..., Problem]
"""``maker(name, size, seed, **parameters)``."""


def sizes(*names: str, **parameters: Any) -> Sizes:
    """Parameters of each size: a value for each in turn, or one for all of them.

    Parameters
    ----------
    *names : str
        Sizes; default: all, as many as there are values.
    """
    count = max(len(values) for values in parameters.values() if isinstance(values, tuple))
    each = {name: v if isinstance(v, tuple) else (v,) * count for name, v in parameters.items()}
    rows = zip(*each.values(), strict=True)
    return {
        size: dict(zip(each, row, strict=True))
        for size, row in zip(names or SIZES, rows, strict=False)
    }


def family(
    name: str,
    reason: str,
    kind: Kind,
    sizes: Sizes,
    maker: Maker,
    instance: Callable[..., Instance] | None = None,
    sweeps: Callable[..., Iterator[Sweep]] | None = None,
) -> Family:
    """Family whose sizes are parameters of one function.

    Parameters
    ----------
    name, reason, kind, sizes
        As in :class:`Family`.
    maker : callable
        ``maker(name, size, seed, **parameters)`` gives the programme.
    instance, sweeps : callable, optional
        ``instance(seed, **parameters)`` and ``sweeps(name, size, seed, **parameters)``.
    """

    def parameters_of(size: str) -> dict[str, Any]:
        if size not in sizes:
            raise ValueError(f"{name} has no size {size}; it has {', '.join(sizes)}")
        return sizes[size]

    def make(size: str, seed: int = 0) -> Problem:
        return maker(name, size, seed, **parameters_of(size))

    def tables(size: str, seed: int = 0) -> Instance:
        assert instance is not None
        return instance(seed, **parameters_of(size))

    def draws(size: str, seed: int = 0) -> Iterator[Sweep]:
        assert sweeps is not None
        return sweeps(name, size, seed, **parameters_of(size))

    return Family(
        name,
        reason,
        kind,
        sizes,
        make,
        None if instance is None else tables,
        None if sweeps is None else draws,
    )


def of_rounds(
    name: str, reason: str, kind: Kind, sizes: Sizes, instance: Callable[..., Instance]
) -> Family:
    """Family of the programmes that the product makes of drawn rounds."""

    def make(name: str, size: str, seed: int, **parameters: Any) -> Problem:
        return problem_of(name, size, seed, compiled(instance(seed, **parameters)))

    return family(name, reason, kind, sizes, make, instance)


class Draw:
    """Figures drawn from a seed, the same in every version of numpy and on every machine.

    Only the raw words of the bit generator are used, which numpy promises to keep, and
    arithmetic that IEEE 754 fixes to the last bit; numpy's distributions may change, and
    exponentials differ between processors.

    Parameters
    ----------
    name : str
        Keeps families with the same seed apart.
    seed : int
    """

    def __init__(self, name: str, seed: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([zlib.crc32(name.encode()), seed]))

    def _raw(self, size: tuple[int, ...]) -> npt.NDArray[np.uint64]:
        words = self._bits.random_raw(int(np.prod(size, dtype=np.int64)))
        return np.asarray(words, dtype=np.uint64).reshape(size)

    def whole(self, low: int, high: int, *size: int) -> Ints:
        """Whole numbers from `low` to `high`, both included."""
        words = self._raw(size) >> np.uint64(11)
        return low + (words % np.uint64(high - low + 1)).astype(np.int64)

    def share(self, *size: int) -> Floats:
        """Floats from 0 to below 1."""
        return (self._raw(size) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def order(self, count: int) -> Ints:
        """Positions 0 to `count` - 1 in a random order."""
        return np.argsort(self._raw((count,)), kind="stable").astype(np.int64)


class Assembly:
    """Columns, rows and coefficients gathered in blocks.

    Parameters
    ----------
    maximise : bool
        Sense of the objective.
    """

    def __init__(self, maximise: bool = True) -> None:
        self.maximise = maximise
        self._counts = {"row": 0, "column": 0}
        self._blocks: dict[str, list[npt.NDArray[Any]]] = {}

    def _extend(self, side: str, shape: tuple[int, ...], **parts: Figures) -> Ints:
        count = int(np.prod(shape, dtype=np.int64))
        for name, values in parts.items():
            block = np.broadcast_to(np.asarray(values), shape).reshape(count)
            self._blocks.setdefault(f"{side}_{name}", []).append(block)
        first = self._counts[side]
        self._counts[side] += count
        places: Ints = np.arange(first, first + count).reshape(shape)
        return places

    def columns(
        self,
        *shape: int,
        lower: Figures = 0.0,
        upper: Figures = np.inf,
        cost: Figures = 0.0,
        integer: Figures = False,
    ) -> Ints:
        """Add columns; bounds and costs broadcast to `shape`, which their places have too."""
        return self._extend("column", shape, lower=lower, upper=upper, cost=cost, integer=integer)

    def rows(self, *shape: int, lower: Figures = -np.inf, upper: Figures = np.inf) -> Ints:
        """Add rows; sides broadcast to `shape`, which their places have too."""
        return self._extend("row", shape, lower=lower, upper=upper)

    def put(self, rows: Ints, columns: Ints, values: Figures = 1.0) -> None:
        """Put coefficients at rows and columns broadcast together; those at one place add up."""
        shape = np.broadcast_shapes(rows.shape, columns.shape, np.shape(values))
        for name, part, kind in (
            ("at_row", rows, np.int32),
            ("at_column", columns, np.int32),
            ("value", values, np.float64),
        ):
            block = np.broadcast_to(np.asarray(part, dtype=kind), shape).reshape(-1)
            self._blocks.setdefault(name, []).append(block)

    def _joined(self, name: str, kind: npt.DTypeLike) -> npt.NDArray[Any]:
        blocks = self._blocks.pop(name, [])
        return np.concatenate(blocks).astype(kind) if blocks else np.zeros(0, dtype=kind)

    def problem(self, family: str, size: str, seed: int, **known: Any) -> Problem:
        """Programme of what has been gathered; `known` is passed on to it.

        Whatever was gathered is let go of: an assembly makes one programme.
        """
        entries = self._joined("value", np.float64)
        places = self._joined("at_row", np.int32), self._joined("at_column", np.int32)
        shape = self._counts["row"], self._counts["column"]
        matrix = sparse.coo_array((entries, places), shape=shape).tocsr()
        return Problem.of(
            family,
            size,
            seed,
            maximise=self.maximise,
            cost=self._joined("column_cost", np.float64),
            offset=float(known.pop("offset", 0.0)),
            matrix=matrix,
            row_lower=self._joined("row_lower", np.float64),
            row_upper=self._joined("row_upper", np.float64),
            col_lower=self._joined("column_lower", np.float64),
            col_upper=self._joined("column_upper", np.float64),
            integer=self._joined("column_integer", np.bool_),
            **known,
        )
