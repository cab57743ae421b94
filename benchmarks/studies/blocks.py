"""Find the parts of a programme that a few rows link, and solve them apart at given prices.

Rows are joined one after another, the shortest first: a row that would join more columns than
a part may have links parts. What is left falls into parts, and columns that only linking rows
have are nobody's. That needs the numbers alone, and is right where what links all is longer
than what links few; where it is not, columns may be told a home that keeps them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from allocator.arrays import Flags, Floats, Ints
from allocator.errors import SolverError
from allocator.solver.highs.door import Solver
from allocator.solver.highs.scaling import Scaling
from allocator.solver.program import Program

PENALTY = 1e4
"""Price of a unit by which a linking row is missed, in the scaled programme, whose costs are
some hundreds at most."""

NOISE = 1e-12
"""Differences of this size, against what they are the difference of, are rounding."""


@dataclass(frozen=True, eq=False)
class Part:
    """Rows and columns that only linking rows join to others.

    Attributes
    ----------
    rows, columns : ndarray of int
        Places in the whole programme.
    program : Program
        The part by itself, at no prices.
    links : csr_array, shape (linking rows, columns)
        Coefficients of its columns in the linking rows.
    """

    rows: Ints
    columns: Ints
    program: Program
    links: sparse.csr_array


@dataclass(frozen=True, eq=False)
class Split:
    """A programme, maximised, and its parts.

    Attributes
    ----------
    program : Program
        All of it; costs of the other sign where the original minimises.
    sign : float
        1 where the original maximises, -1 where it minimises.
    scaling : Scaling
        Of the whole, in which tolerances and penalties are meant.
    linking : ndarray of int
        Rows in no part.
    own : ndarray of int
        Columns in no part.
    parts : tuple of Part
    """

    program: Program
    sign: float
    scaling: Scaling
    linking: Ints
    own: Ints
    parts: tuple[Part, ...]

    def coefficients(self, columns: Ints) -> sparse.csr_array:
        """Coefficients of some columns in the linking rows."""
        return self.program.matrix[self.linking][:, columns]


def split(program: Program, most: int, homes: Ints | None = None) -> Split:
    """Find linking rows and parts.

    Parameters
    ----------
    program : Program
        Linear.
    most : int
        Most columns of a part. Parts below half of it are put together until they reach it.
    homes : ndarray of int, shape (columns,), optional
        Columns of one home are of one part; -1 for those of none.

    Returns
    -------
    Split
    """
    sign = 1.0 if program.maximise else -1.0
    whole = program.replaced(maximise=True, cost=sign * program.cost, offset=sign * program.offset)
    label, links = _joined(whole.matrix, most, homes)
    inside = ~links & (np.diff(whole.matrix.indptr) > 0)
    in_part = np.zeros(whole.shape[1], dtype=bool)
    in_part[whole.matrix[np.flatnonzero(inside)].indices] = True
    part_of = _packed(label, in_part, most // 2)
    first = whole.matrix.indices[whole.matrix.indptr[:-1].clip(max=whole.matrix.nnz - 1)]
    part_of_row = np.where(inside, part_of[first], -1)
    linking = np.flatnonzero(links)
    across = whole.matrix[linking].tocsc()
    parts = tuple(
        _part(whole, across, np.flatnonzero(part_of_row == part), np.flatnonzero(part_of == part))
        for part in range(int(part_of.max(initial=-1)) + 1)
    )
    own = np.flatnonzero(~in_part)
    return Split(whole, sign, Scaling.of(whole), linking, own, parts)


def _part(program: Program, across: sparse.csc_array, rows: Ints, columns: Ints) -> Part:
    of_row = {name: getattr(program, name)[rows] for name in ("row_lower", "row_upper")}
    names = ("cost", "col_lower", "col_upper", "integer")
    alone = program.replaced(
        **of_row,
        **{name: getattr(program, name)[columns] for name in names},
        offset=0.0,
        matrix=sparse.csr_array(program.matrix[rows][:, columns]),
        columns=(),
        rows=(),
        name=f"part of {program.name}",
    )
    return Part(rows, columns, alone, sparse.csr_array(across[:, columns]))


def _joined(matrix: sparse.csr_array, most: int, homes: Ints | None) -> tuple[Ints, Flags]:
    """Label of each column's part, and which rows link parts."""
    lengths = np.diff(matrix.indptr)
    homes = np.full(matrix.shape[1], -1) if homes is None else homes
    label, level = _components(matrix, lengths < 0, homes), 1
    while level < lengths.max(initial=0):
        wider = _components(matrix, lengths <= 2 * level, homes)
        if np.bincount(wider).max(initial=0) > most:
            break
        label, level = wider, 2 * level
    sizes = np.bincount(label).tolist()
    above = list(range(len(sizes)))

    def top(part: int) -> int:
        while above[part] != part:
            above[part] = above[above[part]]
            part = above[part]
        return part

    links = np.zeros(matrix.shape[0], dtype=bool)
    long = np.flatnonzero(lengths > level)
    for row in long[np.argsort(lengths[long], kind="stable")].tolist():
        mine = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        tops = list({top(part) for part in np.unique(label[mine]).tolist()})
        total = sum(sizes[part] for part in tops)
        links[row] = len(tops) > 1 and total > most
        if not links[row]:
            for part in tops:
                above[part] = tops[0]
            sizes[tops[0]] = total
    final = np.array([top(part) for part in range(len(above))], dtype=np.int64)
    return final[label], links


def _components(matrix: sparse.csr_array, rows: Flags, homes: Ints) -> Ints:
    """Label of each column: columns of one home, or that share one of some rows, share it."""
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    chained = (row_of[:-1] == row_of[1:]) & rows[row_of[1:]]
    order = np.argsort(homes, kind="stable")
    housed = (homes[order[:-1]] == homes[order[1:]]) & (homes[order[1:]] >= 0)
    left = np.concatenate([matrix.indices[:-1][chained], order[:-1][housed]])
    right = np.concatenate([matrix.indices[1:][chained], order[1:][housed]])
    count = matrix.shape[1]
    graph = sparse.coo_array((np.ones(len(left), dtype=bool), (left, right)), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _packed(label: Ints, in_part: Flags, least: int) -> Ints:
    """Number of each column's part, small ones put together; -1 for columns in none."""
    out = np.full(len(label), -1, dtype=np.int64)
    names, place = np.unique(label[in_part], return_inverse=True)
    sizes = np.bincount(place, minlength=len(names)).tolist()
    number, filled, numbers = 0, 0, []
    for size in sizes:
        if filled and filled + size > 2 * least:
            number, filled = number + 1, 0
        numbers.append(number)
        filled += size
        if filled >= least:
            number, filled = number + 1, 0
    out[in_part] = np.array(numbers, dtype=np.int64)[place]
    return out


@dataclass(frozen=True, eq=False)
class Box:
    """Prices of linking rows beyond which something that costs nothing is worth without end.

    Attributes
    ----------
    lower, upper : ndarray, shape (linking rows,)
    """

    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, split: Split) -> Box:
        """Signs by the sides a row has; limits by unbounded columns of no part and one row."""
        rows = split.linking
        lower = np.where(np.isfinite(split.program.row_lower[rows]), -np.inf, 0.0)
        upper = np.where(np.isfinite(split.program.row_upper[rows]), np.inf, 0.0)
        entries = split.coefficients(split.own).tocsc()
        alone = np.flatnonzero(np.diff(entries.indptr) == 1)
        row, value = (part[entries.indptr[alone]] for part in (entries.indices, entries.data))
        columns = split.own[alone]
        worth = split.program.cost[columns] / value
        endless_up = split.program.col_upper[columns] == np.inf
        endless_down = split.program.col_lower[columns] == -np.inf
        least = np.where(value > 0, endless_up, endless_down)
        most = np.where(value > 0, endless_down, endless_up)
        np.maximum.at(lower, row[least], worth[least])
        np.minimum.at(upper, row[most], worth[most])
        return cls(lower, upper)

    def within(self, prices: Floats) -> Floats:
        """Nearest prices that are allowed."""
        return np.clip(prices, self.lower, self.upper)


def sampled_prices(split: Split, share: float, seed: int = 0) -> tuple[Floats, int]:
    """Prices of the linking rows where some parts have their share of the sides to themselves.

    Parameters
    ----------
    split : Split
    share : float
        Of the parts that are taken, two at least.
    seed : int
        Draws the parts.

    Returns
    -------
    prices : ndarray, shape (linking rows,)
    iterations : int
    """
    if not len(split.linking):
        return np.zeros(0), 0
    if not split.parts:
        return Box.of(split).within(np.zeros(len(split.linking))), 0
    count = min(len(split.parts), max(2, round(share * len(split.parts))))
    chosen = np.random.default_rng(seed).choice(len(split.parts), count, replace=False)
    mine = [split.parts[at] for at in sorted(chosen.tolist())]
    rows = np.concatenate([*(part.rows for part in mine), split.linking])
    columns = np.concatenate([*(part.columns for part in mine), split.own])
    program = split.program
    part_of_sides = _weights(split, columns) / np.maximum(_weights(split, None), 1e-300)
    sides = np.concatenate([np.ones(len(rows) - len(split.linking)), part_of_sides])
    bounds = np.ones(len(columns))
    bounds[len(columns) - len(split.own) :] = len(mine) / len(split.parts)
    spared, cost = elastic(split, len(rows))
    solver = Solver(
        program.replaced(
            cost=np.concatenate([program.cost[columns], cost]),
            offset=0.0,
            matrix=sparse.csr_array(sparse.hstack([program.matrix[rows][:, columns], spared])),
            row_lower=_times(program.row_lower[rows], sides),
            row_upper=_times(program.row_upper[rows], sides),
            col_lower=np.concatenate(
                [_times(program.col_lower[columns], bounds), np.zeros(len(cost))]
            ),
            col_upper=np.concatenate(
                [_times(program.col_upper[columns], bounds), np.full(len(cost), np.inf)]
            ),
            integer=np.zeros(len(columns) + len(cost), dtype=bool),
            columns=(),
            rows=(),
        )
    )
    solution = solver.run()
    if solution.status != "optimal" or solution.row_dual is None:
        raise SolverError(f"the sampled parts of {program.name} ended {solution.status}")
    prices = solution.row_dual[len(rows) - len(split.linking) :]
    worst = PENALTY * split.scaling.row[split.linking] / split.scaling.cost
    # a row the sample cannot meet says nothing of its price where all meet it together
    prices = np.where(np.abs(prices) < 0.5 * worst, prices, 0.0)
    return Box.of(split).within(prices), sum(solution.iterations.values())


def _times(sides: Floats, shares: Floats) -> Floats:
    """Shares of sides; none stays none."""
    return np.where(np.isfinite(sides), sides * np.where(np.isfinite(sides), shares, 1.0), sides)


def _weights(split: Split, columns: Ints | None) -> Floats:
    """Size of what is in each linking row, of some columns or of all."""
    matrix = abs(split.program.matrix[split.linking])
    program = split.program
    reach = np.maximum(np.abs(program.col_lower), np.abs(program.col_upper))
    size = np.where(np.isfinite(reach), reach, split.scaling.column)
    if columns is not None:
        chosen = np.zeros(len(size), dtype=bool)
        chosen[columns] = True
        size[~chosen] = 0.0
    size[split.own] = 0.0
    return np.asarray(matrix @ size)


def elastic(split: Split, rows: int) -> tuple[sparse.csr_array, Floats]:
    """Columns by which the linking rows, the last of some, may be missed, and their costs."""
    program, linking = split.program, split.linking
    under = np.flatnonzero(np.isfinite(program.row_lower[linking]))
    over = np.flatnonzero(np.isfinite(program.row_upper[linking]))
    at = np.concatenate([under, over])
    values = np.concatenate([np.ones(len(under)), -np.ones(len(over))])
    # a unit of the scaled row, so that the penalties of all rows are of one size
    values = values / split.scaling.row[linking][at]
    places = at + rows - len(linking), np.arange(len(at))
    matrix = sparse.csr_array(sparse.coo_array((values, places), shape=(rows, len(at))))
    return matrix, np.full(len(at), -PENALTY / split.scaling.cost)


class Warm:
    """A part loaded once, solved again and again with other costs from the last basis.

    Parameters
    ----------
    program : Program
    cost : ndarray, shape (columns,)
        To begin with.

    Attributes
    ----------
    x, reduced : ndarray, shape (columns,)
        Values and reduced costs of the last solve.
    iterations : int
        Of all solves so far.
    """

    def __init__(self, program: Program, cost: Floats) -> None:
        self._solver = Solver(program.replaced(cost=cost))
        self.iterations = 0
        self._run()

    def solve(self, cost: Floats) -> Floats:
        """Values of the columns at other costs."""
        self._solver.set_objective(cost, maximise=True)
        return self._run()

    def _run(self) -> Floats:
        solution = self._solver.run()
        if solution.status == "unknown":
            # from another's basis the solver now and then ends unsure; from none it is not
            solution = self._solver.run(start="reproducible")
        if solution.status != "optimal" or solution.x is None or solution.reduced_cost is None:
            raise SolverError(
                f"{self._solver.program.name} ended {solution.status}: it has to have an optimum "
                "at all prices, so bound its columns or allow larger parts"
            )
        self.iterations += sum(solution.iterations.values())
        self.x, self.reduced = solution.x, solution.reduced_cost
        return self.x

    def basis(self) -> Any:
        """Basis of the last solve."""
        return self._solver.basis()


class Apart:
    """The parts, each kept warm, solved at one set of prices after another.

    Parameters
    ----------
    split : Split
    prices : ndarray, shape (linking rows,)
        To begin with.

    Attributes
    ----------
    warm : tuple of Warm
        One a part.
    last : Answer
        Of the last solve.
    """

    def __init__(self, split: Split, prices: Floats) -> None:
        self.split = split
        self.warm = tuple(
            Warm(part.program, part.program.cost - part.links.T @ prices) for part in split.parts
        )
        self.last = Answer(split, prices, tuple(part.x for part in self.warm))

    @property
    def iterations(self) -> int:
        """Of all solves so far."""
        return sum(part.iterations for part in self.warm)

    def solve(self, prices: Floats) -> Answer:
        """Best answer of every part when linking rows are paid for and need not hold.

        Raises
        ------
        SolverError
            When a part has no optimum by itself.
        """
        found = (
            warm.solve(part.program.cost - part.links.T @ prices)
            for part, warm in zip(self.split.parts, self.warm, strict=True)
        )
        self.last = Answer(self.split, prices, tuple(found))
        return self.last


@dataclass(frozen=True, eq=False)
class Answer:
    """What the parts do at some prices.

    Attributes
    ----------
    split : Split
    prices : ndarray, shape (linking rows,)
    x : tuple of ndarray
        Values of each part's columns.
    """

    split: Split
    prices: Floats
    x: tuple[Floats, ...]

    def bound(self) -> float:
        """Nothing is worth more than this."""
        program, rows, own = self.split.program, self.split.linking, self.split.own
        cost = self.left_of_own()
        total = program.offset + _most(
            self.prices, program.row_lower[rows], program.row_upper[rows]
        )
        total += _most(cost, program.col_lower[own], program.col_upper[own])
        for part, x in zip(self.split.parts, self.x, strict=True):
            total += float((part.program.cost - part.links.T @ self.prices) @ x)
        return total

    def steepness(self) -> Floats:
        """How the bound changes with each price."""
        program, rows, own = self.split.program, self.split.linking, self.split.own
        slope = _end(self.prices, program.row_lower[rows], program.row_upper[rows])
        used = _end(self.left_of_own(), program.col_lower[own], program.col_upper[own])
        slope = slope - self.split.coefficients(own) @ used
        for part, x in zip(self.split.parts, self.x, strict=True):
            slope = slope - part.links @ x
        return np.asarray(slope)

    def left_of_own(self) -> Floats:
        """Worth of the columns of no part when linking rows are paid for."""
        cost = self.split.program.cost[self.split.own]
        entries = self.split.coefficients(self.split.own)
        left = cost - entries.T @ self.prices
        # an endless column is at its limit price, and rounding must not make its worth endless
        felt = np.abs(left) > NOISE * (np.abs(cost) + abs(entries).T @ np.abs(self.prices))
        return np.where(felt, left, 0.0)


def _end(cost: Floats, lower: Floats, upper: Floats) -> Floats:
    """End of each range that its cost drives to; one that is there where it costs nothing."""
    there = np.where(np.isfinite(upper), upper, np.where(np.isfinite(lower), lower, 0.0))
    return np.where(cost > 0, upper, np.where(cost < 0, lower, there))


def _most(cost: Floats, lower: Floats, upper: Floats) -> float:
    """Most that costs give between bounds."""
    some = cost != 0
    return float(cost[some] @ _end(cost[some], lower[some], upper[some]))
