"""Ready data for modelling layers: what they are given before their clock starts.

A round is drawn, extracted and compiled in a process of its own, which writes two files. The
product's layer loads its own extracted data; every other layer loads the finished terms of each
named block of rows, so that it has no table left to join: it is given more than the product's.
Layers that cannot share a process with HiGHS never import the allocator.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from allocator.arrays import Floats, Ints
from benchmarks.suite.files import whole
from benchmarks.suite.problem import Problem
from benchmarks.suite.process import NotMade, answer


class NotReady(Exception):
    """A programme that no layer can be given."""


@dataclass(frozen=True)
class Columns:
    """One named block of variables.

    Attributes
    ----------
    name : str
    lower, upper, cost : ndarray, shape (members,)
    whole : bool
        Whether all of them are whole numbers.
    start : int
        Place of the first among all columns.
    """

    name: str
    lower: Floats
    upper: Floats
    cost: Floats
    whole: bool
    start: int

    def __len__(self) -> int:
        """Members."""
        return len(self.cost)

    @property
    def span(self) -> slice:
        """Places among all columns."""
        return slice(self.start, self.start + len(self))


@dataclass(frozen=True)
class Term:
    """Coefficients that one block of variables has in one block of rows.

    Attributes
    ----------
    of : int
        Which block of variables.
    row, column : ndarray of int
        Places within the two blocks, in the order of rows.
    value : ndarray
    """

    of: int
    row: Ints
    column: Ints
    value: Floats


@dataclass(frozen=True)
class Rows:
    """One named block of rows with one sense.

    Attributes
    ----------
    name : str
    sense : {'<', '=', '>'}
    side : ndarray, shape (members,)
        Right sides.
    terms : tuple of Term
    at : ndarray of int
        Places of the rows among those of the programme.
    """

    name: str
    sense: str
    side: Floats
    terms: tuple[Term, ...]
    at: Ints

    def __len__(self) -> int:
        """Members."""
        return len(self.side)


@dataclass(frozen=True)
class Tables:
    """A programme as named blocks.

    Attributes
    ----------
    maximise : bool
    offset : float
    columns : tuple of Columns
    rows : tuple of Rows
        Rows without a coefficient are left out: nothing is left to decide in them.
    shape : (int, int)
        Rows and columns of the programme, empty rows included.
    """

    maximise: bool
    offset: float
    columns: tuple[Columns, ...]
    rows: tuple[Rows, ...]
    shape: tuple[int, int]

    @property
    def whole(self) -> bool:
        """Whether anything must be whole."""
        return any(block.whole for block in self.columns)

    @classmethod
    def of(
        cls, problem: Problem, columns: Sequence[tuple[str, int]], rows: Sequence[tuple[str, int]]
    ) -> Tables:
        """Blocks of a programme.

        Parameters
        ----------
        problem : Problem
        columns, rows : sequence of (name, members)
            In the programme's order.

        Raises
        ------
        NotReady
            For rows with two different sides, which not every layer has a word for.
        """
        low, high = np.isfinite(problem.row_lower), np.isfinite(problem.row_upper)
        equal = problem.row_lower == problem.row_upper
        if (low & high & ~equal).any():
            raise NotReady("rows with two different sides are not given to layers")
        sense = np.where(equal, "=", np.where(high, "<", ">"))
        side = np.where(high, problem.row_upper, problem.row_lower)
        used = (low | high) & (np.diff(problem.matrix.indptr) > 0)
        made = _columns(problem, columns)
        blocks = []
        start = 0
        for name, count in rows:
            mine = np.arange(start, start + count)
            for sort in "<=>":
                at = mine[used[mine] & (sense[mine] == sort)]
                if len(at):
                    terms = _terms(problem.matrix[at], made)
                    blocks.append(
                        Rows(f"{name}_{'lge'['<>='.index(sort)]}", sort, side[at], terms, at)
                    )
            start += count
        return cls(problem.maximise, problem.offset, made, tuple(blocks), problem.shape)


def _columns(problem: Problem, blocks: Sequence[tuple[str, int]]) -> tuple[Columns, ...]:
    made = []
    start = 0
    for name, count in blocks:
        span = slice(start, start + count)
        whole = problem.integer[span]
        if whole.any() and not whole.all():
            raise NotReady(f"{name} is whole in part")
        low, high, cost = problem.col_lower[span], problem.col_upper[span], problem.cost[span]
        if count:
            made.append(
                Columns(name, low.copy(), high.copy(), cost.copy(), bool(whole.any()), start)
            )
        start += count
    return tuple(made)


def _terms(matrix: sparse.csr_array, columns: tuple[Columns, ...]) -> tuple[Term, ...]:
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    starts = np.array([block.start for block in columns])
    owner = np.searchsorted(starts, matrix.indices, side="right") - 1
    terms = []
    for of in np.unique(owner):
        mine = owner == of
        column = matrix.indices[mine].astype(np.int64) - columns[of].start
        terms.append(Term(int(of), row[mine], column, matrix.data[mine].copy()))
    return tuple(terms)


# What was made, whoever made it.


def fingerprint(problem: Problem, digits: int | None = None) -> str:
    """Hash that the order of rows, their signs and the way the sense is put do not change.

    Rows are sorted by their own content. The constant of the objective, which some layers
    keep to themselves, does not count.

    Parameters
    ----------
    problem : Problem
        As a layer gave it to its solver, columns in the order of the tables.
    digits : int, optional
        Digits that count, as for a file that keeps no more; default: all.
    """
    sign = 1.0 if problem.maximise else -1.0
    matrix = problem.matrix.copy()
    matrix.data = _kept(matrix.data, digits)
    low, high = _kept(problem.row_lower, digits), _kept(problem.row_upper, digits)
    digest = hashlib.sha256(str(matrix.shape[1]).encode())
    for column in (sign * problem.cost, problem.col_lower, problem.col_upper):
        digest.update(_kept(column, digits).tobytes())
    digest.update(np.packbits(problem.integer).tobytes())
    for row in sorted(_row(matrix, low, high, at) for at in range(matrix.shape[0])):
        digest.update(row)
    return digest.hexdigest()


def _kept(numbers: Floats, digits: int | None) -> Floats:
    """Numbers as a file of so many digits keeps them, without minus zeros."""
    if digits is None:
        return np.asarray(numbers, dtype="<f8") + 0.0
    return np.array([float(f"{v:.{digits}g}") for v in numbers.tolist()], dtype="<f8") + 0.0


def _row(matrix: sparse.csr_array, low: Floats, high: Floats, at: int) -> bytes:
    """One row with its first coefficient positive; nothing for one without coefficients."""
    span = slice(matrix.indptr[at], matrix.indptr[at + 1])
    values = matrix.data[span]
    if not len(values):
        return b""
    sides = np.array([low[at], high[at]])
    if values[0] < 0:
        values, sides = -values, -sides[::-1]
    numbers = np.concatenate([sides, values]) + 0.0
    return matrix.indices[span].astype("<i8").tobytes() + numbers.tobytes()


# Files.


def ready(request: dict[str, Any]) -> tuple[Path, Path]:
    """Files of the data behind a request's programme, made in a fresh process if need be.

    Parameters
    ----------
    request : dict
        ``family``, ``size``, ``problem_seed``; ``problem``, the path of the saved programme:
        the files are kept beside it until it is saved again.

    Returns
    -------
    tables, data : Path

    Raises
    ------
    NotReady
        When the family has no round behind it, the data cannot be made, or they are not of
        the programme that was asked for.
    """
    problem = Path(request["problem"])
    tables, data = problem.with_suffix(".tables"), problem.with_suffix(".data")
    stamp = problem.stat().st_mtime_ns
    if not all(path.exists() and path.stat().st_mtime_ns > stamp for path in (tables, data)):
        what = [str(request[name]) for name in ("family", "size", "problem_seed")]
        try:
            answer("ready", *what, str(problem))
        except NotMade as fault:
            raise NotReady(str(fault)) from fault
    return tables, data


def load(path: Path) -> Any:
    """Read what :func:`main` wrote; the suite's own file, beside a programme it made itself."""
    with path.open("rb") as file:
        return pickle.load(file)


def main(arguments: Sequence[str]) -> int:
    """Make and write ready data: ``FAMILY SIZE SEED PROBLEM``."""
    from allocator.data import extract
    from allocator.solver.compile.compiler import compile_model
    from allocator_models.allocation import build
    from benchmarks.suite.families.registry import FAMILIES
    from benchmarks.suite.product import problem_of

    name, size, seed, path = arguments
    family = FAMILIES[name]
    if family.instance is None:
        raise SystemExit(f"{name} has no round of tables for a layer to build from")
    data = extract(family.instance(size, int(seed)))
    program = compile_model(build(data))
    problem = problem_of(name, size, int(seed), program)
    if problem.sha256 != Problem.load(Path(path)).sha256:
        raise SystemExit(f"{path} is not the programme that {name} {size} {seed} now makes")
    columns, rows = (
        [(block.name, len(block)) for block in blocks] for blocks in (program.columns, program.rows)
    )
    try:
        tables = Tables.of(problem, columns, rows)
    except NotReady as refused:
        raise SystemExit(str(refused)) from refused
    for suffix, what in ((".tables", tables), (".data", data)):
        with whole(Path(path).with_suffix(suffix)) as file:
            pickle.dump(what, file, protocol=5)
    return 0
