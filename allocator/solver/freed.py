"""How far a price holds where curves may be filled anew: what is no decision stays free.

With whole numbers fixed the value of a plan is concave in what is moved, and its slope only falls
away. With them free it need not be: where a curve steepens, enough more money is better spent by
filling it from its start. Up to where nothing is worth more than a price says is one question to
branch and bound, with the room as a column: the least of it at which some plan is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from allocator.arrays import Flags, Floats
from allocator.solver.highs.door import Solver
from allocator.solver.levers import Lever, Price
from allocator.solver.program import Program
from allocator.solver.reduced import reduced
from allocator.tolerances import ABOVE, SAME_PRICE

AS_MANY = 10
"""Solves of the programme with whole numbers fixed that a search takes for each of them."""

NODES = 2000
"""Most nodes of one search."""

SHARE = 0.1
"""Share of the solves for prices that searches may take, beside them."""


class Freed:
    """A programme whose whole numbers are free, and how far its value stays on a line.

    Parameters
    ----------
    program : Program
        With whole numbers.
    rows, columns : ndarray of bool
        Whose sides and bounds may be moved.
    value : float
        Of the plan that is priced.
    most : float
        Solves that prices may take.
    """

    def __init__(
        self, program: Program, rows: Flags, columns: Flags, value: float, most: float
    ) -> None:
        self._small = reduced(program, rows, columns | program.integer)
        self._sign = 1.0 if program.maximise else -1.0
        self._above = ABOVE * max(1.0, abs(value))
        each = AS_MANY * int(self._small.program.integer.sum())
        self._left = int(SHARE * most / each) if each else 0
        self._least = self._best(self._sign * value)

    def _best(self, value: float) -> float:
        """What is to be exceeded without any room: the plan's value, or a better one's."""
        if not self._left:
            return value
        self._left -= 1
        found = Solver(self._small.program).run(node_limit=NODES)
        if found.objective is None or found.status != "optimal":
            self._left = 0
            return value
        return max(value, self._sign * found.objective)

    def holds(self, lever: Lever, way: float, price: Price) -> Price:
        """A price no further than nothing is worth more than it says.

        Parameters
        ----------
        lever : Lever
            Of the whole programme.
        way : {1, -1}
            More room, or less.
        price : Price
            What the value gains with each unit of that, and up to where to look.

        Returns
        -------
        Price
            The same with a shorter range, if it must be; marked where that was not searched.
        """
        bend = 0.5 * SAME_PRICE * abs(price.value)
        near, searched = self._crossed(lever, way, price.value + bend, price.range)
        if not searched or near is None:
            return replace(price, searched=searched)
        # There is something: it came up from the line before it was so far above.
        first, searched = self._crossed(lever, way, price.value, near)
        return Price(price.value, near if first is None else first, searched)

    def _crossed(
        self, lever: Lever, way: float, slope: float, reach: float
    ) -> tuple[float | None, bool]:
        """The least room at which something is worth more than a line, and whether it is known."""
        for above in (self._above, 10.0 * self._above, 100.0 * self._above):
            if not self._left:
                break
            self._left -= 1
            tilt = slope if abs(slope) * reach > above else 0.0
            program = self._asked(lever, way, tilt, reach, self._least + above)
            found = Solver(program).run(node_limit=NODES)
            if found.status == "infeasible":
                return None, True
            if found.status != "optimal" or found.x is None:
                break
            worth = self._small.program.shape[0]  # its row; a search may miss it by its tolerance
            missed = program.row_lower[worth] - program.matrix[[worth]] @ found.x
            if float(missed[0]) <= 0.5 * above:
                return float(np.clip(found.x[-1], 0.0, reach)), True
        return None, False

    def _asked(self, lever: Lever, way: float, slope: float, reach: float, least: float) -> Program:
        """The least room with which the value is above a line; room is the last column."""
        p, small = self._small.program, self._small
        rows, columns = small.row[lever.rows], small.column[lever.columns]
        one = sparse.csr_array(sparse.eye_array(p.shape[1], format="csr"))
        lower, upper = p.row_lower.copy(), p.row_upper.copy()
        low, high = p.col_lower.copy(), p.col_upper.copy()
        worth = sparse.csr_array(self._sign * p.cost[None, :])
        parts = _Parts(p.matrix, worth, least - self._sign * p.offset, slope)
        # A side that moves stands in a row with the room; where it stood, it is far enough off.
        parts.add(p.matrix[rows], lower[rows], upper[rows], lever.row_lower, lever.row_upper, way)
        parts.add(one[columns], low[columns], high[columns], lever.col_lower, lever.col_upper, way)
        lower[rows[lever.row_lower != 0.0]] = -np.inf
        upper[rows[lever.row_upper != 0.0]] = np.inf
        room = way * reach
        low[columns] = np.minimum(low[columns], low[columns] + room * lever.col_lower)
        high[columns] = np.maximum(high[columns], high[columns] + room * lever.col_upper)
        return replace(
            p,
            maximise=False,
            offset=0.0,
            cost=np.append(np.zeros(p.shape[1]), 1.0),
            matrix=parts.matrix(),
            row_lower=np.concatenate([lower, *parts.lower]),
            row_upper=np.concatenate([upper, *parts.upper]),
            col_lower=np.append(low, 0.0),
            col_upper=np.append(high, reach),
            integer=np.append(p.integer, False),
        )


class _Parts:
    """Rows of a programme, and those in which room stands, one line of value among them."""

    def __init__(
        self, matrix: sparse.csr_array, worth: sparse.csr_array, least: float, slope: float
    ) -> None:
        self._rows = [matrix, worth]
        self._room = [np.zeros(matrix.shape[0]), np.array([-slope])]
        self.lower: list[Floats] = [np.array([least])]
        self.upper: list[Floats] = [np.array([np.inf])]

    def add(
        self,
        rows: sparse.csr_array,
        lower: Floats,
        upper: Floats,
        by_lower: Floats,
        by_upper: Floats,
        way: float,
    ) -> None:
        """Sides that move by so much for each unit of room."""
        for moved, below, above in ((by_lower, lower, None), (by_upper, None, upper)):
            there = np.flatnonzero(moved)
            if not len(there):
                continue
            none = np.full(len(there), np.inf)
            self._rows.append(rows[there])
            self._room.append(-way * moved[there])
            self.lower.append(-none if below is None else below[there])
            self.upper.append(none if above is None else above[there])

    def matrix(self) -> sparse.csr_array:
        """All of it, room as the last column."""
        room = sparse.csr_array(np.concatenate(self._room)[:, None])
        return sparse.csr_array(sparse.hstack([sparse.vstack(self._rows), room]))
