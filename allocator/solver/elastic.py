"""A programme in which what planners set may give way, at a price, and the least that must.

A row that gives way gets a column of its own, which loosens it by as much as the column says;
a bound that gives way becomes a row first. One column may loosen several rows together:
money that comes every year is in the pool and in its recurrent balance. The least price of all
that gives way is nothing exactly where there is a plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from allocator.arrays import Floats, Ints
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Block, Program
from allocator.tolerances import SHORTFALL_GAP


@dataclass(frozen=True, eq=False)
class Giving:
    """Things of one kind that may give way; arrays have one entry for each.

    Attributes
    ----------
    kind : str
        What they are, for whoever reads the result.
    block : Block
        Rows or columns that name them.
    at : ndarray of int
        Positions in the programme: of rows, or of columns whose bound gives way.
    side : {'lower', 'upper'}
        Which side of the row, or which bound.
    weight : ndarray
        Price of a unit.
    bound : bool
        Whether these are bounds of columns.
    also : tuple of ndarray of int
        Further rows that the same amount loosens; -1 for none.
    """

    kind: str
    block: Block
    at: Ints
    side: str
    weight: Floats
    bound: bool = False
    also: tuple[Ints, ...] = ()

    def __len__(self) -> int:
        return len(self.at)

    @property
    def sign(self) -> float:
        """Coefficient of what gives way in a row."""
        return -1.0 if self.side == "upper" else 1.0


@dataclass(frozen=True, eq=False)
class Given:
    """The least that gives way.

    Attributes
    ----------
    amounts : tuple of ndarray
        How much, for each thing of each kind.
    total : float
        Its price.
    least : float
        What is proved: nothing cheaper will do.
    whole : bool
        Whether decisions are whole; if not, the amounts are no more than the least.
    rows, columns : ndarray
        What each row and each bound of the programme brings to the proof of the linear
        programme, in price; nothing for those that take no part.
    x : ndarray
        A plan with all that gives way, in the programme.
    """

    amounts: tuple[Floats, ...]
    total: float
    least: float
    whole: bool
    rows: Floats
    columns: Floats
    x: Floats


def elastic(program: Program, givings: Sequence[Giving]) -> Program:
    """The programme with a column for all that may give way, last, at the least price.

    Rows that stand for bounds come after the programme's own, kind by kind.
    """
    rows, columns = program.shape
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    sides = [[program.row_lower], [program.row_upper]]
    old = program.matrix.tocoo()
    parts: list[tuple[Floats, Ints, Ints]] = [
        (old.data, old.row.astype(np.int64), old.col.astype(np.int64))
    ]
    row, column = rows, columns
    for giving in givings:
        n = len(giving)
        mine, loosened = np.arange(column, column + n), (giving.at, *giving.also)
        column += n
        if giving.bound:
            made = np.arange(row, row + n)
            row += n
            parts.append((np.ones(n), made, giving.at))
            loosened = (made,)
            for side, ends in zip(sides, _as_row(giving, lower, upper), strict=True):
                side.append(ends)
        for at in loosened:
            there = at >= 0
            parts.append((np.full(int(there.sum()), giving.sign), at[there], mine[there]))
    data, i, j = (np.concatenate(part) for part in zip(*parts, strict=True))
    width, added = column - columns, row - rows
    weights = [giving.weight for giving in givings]
    return program.replaced(
        maximise=False,
        cost=np.concatenate([np.zeros(columns), *weights]),
        offset=0.0,
        matrix=sparse.csr_array((data, (i, j)), shape=(row, column)),
        row_lower=np.concatenate(sides[0]),
        row_upper=np.concatenate(sides[1]),
        col_lower=np.concatenate([lower, np.zeros(width)]),
        col_upper=np.concatenate([upper, np.full(width, np.inf)]),
        integer=np.concatenate([program.integer, np.zeros(width, dtype=bool)]),
        columns=(*program.columns, Block("given", columns, column, None, tuple(range(width)))),
        rows=(*program.rows, Block("bound", rows, row, None, tuple(range(added)))),
    )


def _as_row(giving: Giving, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Sides of the rows that stand for some bounds, which are taken off; nothing is below 0."""
    none = np.full(len(giving), np.inf)
    if giving.side == "lower":
        ends = lower[giving.at]
        lower[giving.at] = np.minimum(ends, 0.0)
        return ends, none
    ends = upper[giving.at]
    upper[giving.at] = np.inf
    return -none, ends


class Elastic:
    """Finds the least that must give way.

    Parameters
    ----------
    program : Program
        In which everything that bounds activity holds whatever gives way.
    givings : sequence of Giving
        What may.
    threads : int
        Threads of the solver.
    """

    def __init__(self, program: Program, givings: Sequence[Giving], threads: int = 1) -> None:
        self._program, self._givings, self._threads = program, givings, threads
        self._elastic = elastic(program, givings)

    def relaxed(self, seconds: float | None) -> Given | None:
        """The least with decisions taken in part; None where nothing of it would do."""
        if self._elastic.crossed():
            return None
        whole = np.zeros(len(self._elastic.integer), dtype=bool)
        solver = Solver(self._elastic.replaced(integer=whole), threads=self._threads)
        found = solver.run(time_limit=seconds)
        return self._given(found, found.objective, not self._program.integer.any())

    def whole(self, relaxed: Given, seconds: float, nodes: int | None = None) -> Given | None:
        """The least with whole decisions; what is `relaxed` where none is found in time.

        None where it is proved that nothing of it would do.
        """
        solver = Solver(self._elastic, threads=self._threads)
        searched = solver.run(time_limit=seconds, gap=SHORTFALL_GAP, node_limit=nodes)
        if searched.status == "infeasible":
            return None
        bound = relaxed.least if searched.bound is None else max(searched.bound, relaxed.least)
        if searched.x is None:
            return replace(relaxed, least=bound)
        decided = self._elastic.integer
        lower, upper = self._elastic.col_lower.copy(), self._elastic.col_upper.copy()
        lower[decided] = upper[decided] = searched.x[decided]
        solver.set_integer(np.zeros(len(decided), dtype=bool))
        solver.set_bounds(lower, upper)
        exact = solver.run()
        given = self._given(exact if exact.status == "optimal" else searched, bound, True)
        if given is None:
            return replace(relaxed, least=bound)
        near = SHORTFALL_GAP * max(1.0, given.total)
        least = given.total if given.total - bound <= near else bound
        return replace(given, least=least, rows=relaxed.rows, columns=relaxed.columns)

    def _given(self, found: Solution, least: float | None, whole: bool) -> Given | None:
        if found.x is None or found.objective is None or least is None:
            return None
        rows, columns = self._program.shape
        given = found.x[columns:]
        ends = np.cumsum([len(giving) for giving in self._givings])[:-1]
        brought, bounds = np.zeros(rows), np.zeros(columns)
        if found.row_dual is not None and found.reduced_cost is not None:
            dual, value = found.row_dual, self._elastic.matrix @ found.x
            weight = np.abs(dual * np.where(value == 0.0, 1.0, value))
            brought, bounds = weight[:rows], np.abs(found.reduced_cost[:columns])
            bounds = bounds * np.where(found.x[:columns] == 0.0, 1.0, np.abs(found.x[:columns]))
            row = rows
            for giving in self._givings:
                if giving.bound:
                    np.maximum.at(bounds, giving.at, weight[row : row + len(giving)])
                    row += len(giving)
        amounts = tuple(np.maximum(part, 0.0) for part in np.split(given, ends))
        return Given(amounts, found.objective, least, whole, brought, bounds, found.x[:columns])
