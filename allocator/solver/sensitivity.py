"""What a little more room is worth, and what a little less costs: one-sided, each with its range.

The dual of a row says what its side is worth only where the optimum is no corner: at one, there
are several, and which of them the solver gives says nothing. A side is therefore moved a little
and the programme solved again from its basis. The dual *there* is the slope of the value as it
moves, which has no second answer: at a corner the value has two slopes, and each has its side.
How far a slope holds is found by the lines of the value at both ends of a stretch: where they
cross is its corner, if there is but one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.errors import SolverError
from allocator.solver.freed import Freed
from allocator.solver.highs.solution import Solution
from allocator.solver.levers import Lever, Price
from allocator.solver.program import Program
from allocator.solver.reduced import reduced, unreduced
from allocator.solver.resolve import Resolver
from allocator.tolerances import AT_SIDE, LITTLE, NO_PRICE, SAME_PRICE

MOST_MORE, MOST_LESS = 1.0, 0.5
"""Share of its size up to which something is eased, and tightened, in search of a price's range."""

SHARES = (0.01, 0.1, 1.0)
"""Shares of that at which is looked first: far looks take longest."""

LOOKS = 6
"""Most solves in search of the end of a range, once it is known to lie between two of these."""

NARROW = 1.02
"""Ratio of two places between which there is nothing to look for."""

WORK = 1e11
"""Most that may be solved again for the prices of one plan, by :func:`effort`: some seconds. For a
system of a million people it is enough; of a whole country, duals are told."""

_Ends = tuple[Floats, Floats]
_Duals = tuple[Floats, Floats | None]


@dataclass(frozen=True)
class _Point:
    """The value of the best plan for some room, and how it changes with more of it."""

    room: float
    value: float
    slope: float

    def line(self, room: float) -> float:
        """The value elsewhere, if nothing but the room changed."""
        return self.value + self.slope * (room - self.room)


def effort(program: Program) -> float:
    """What it takes to solve a programme again: coefficients times rows."""
    return float(program.matrix.nnz) * program.shape[0]


class Sensitivity:
    """A linear programme whose sides are moved one at a time.

    Parameters
    ----------
    program : Program
        Without whole numbers.
    rows, columns : ndarray of bool
        Whose sides and bounds may be moved.
    turns : sequence of (int, float)
        Columns, with a value each, at which the programme may be worth as much: where a curve
        that steepens has a corner, the plan may go on to either side of it, but not on both.

    known : Solution, optional
        Its optimum, where it is too large to be solved again: prices are then duals.
    free : Program, optional
        The same with the whole numbers free that are no decision: no range ends beyond where
        others are worth more.
    kept : bool
        Whether there are such whole numbers, and they stay as the plan has them.

    Attributes
    ----------
    x : ndarray
        Values at the optimum, of the columns that stand in these rows.
    value : float
        Objective there.
    solves : int
        How often it was solved.

    Raises
    ------
    SolverError
        When it has no optimum.
    """

    def __init__(
        self,
        program: Program,
        rows: Flags,
        columns: Flags,
        turns: Sequence[tuple[int, float]] = (),
        known: Solution | None = None,
        free: Program | None = None,
        *,
        kept: bool = False,
    ) -> None:
        self.program = program
        self._sign = 1.0 if program.maximise else -1.0
        columns = columns.copy()
        columns[[column for column, _ in turns]] = True
        self._small = small = unreduced(program) if known else reduced(program, rows, columns)
        if known is None:
            self._solver = Resolver(small.program, algorithm="simplex")
        base = known or self._solver.resolve(duals=True)
        if base.x is None or base.objective is None or base.row_dual is None:
            raise SolverError(f"a programme to be priced has no optimum: {base.status}")
        left = small.column >= 0
        self.x, self.value = small.x.copy(), base.objective
        self.x[left] = base.x[small.column[left]]
        self._row_value = program.matrix @ self.x
        self._duals = base.row_dual, base.reduced_cost
        self._most = 0.0 if known else WORK / max(1.0, effort(small.program))
        self.solves = 1
        self._freed = self._free(free, rows, columns)
        self._kept, self._jumps = kept, bool(turns)
        self._turns = [(turn, duals) for turn in turns if (duals := self._as_good(*turn))]

    def _free(self, free: Program | None, rows: Flags, columns: Flags) -> Freed | None:
        if free is None or not free.integer.any():
            return None
        return Freed(free, rows, columns, self.value, self._most)

    @property
    def spent(self) -> bool:
        """Whether so much has been solved that the rest is told by duals."""
        return self.solves >= self._most

    def _as_good(self, column: int, value: float) -> _Duals | None:
        """Prices with a column elsewhere, where the programme is worth as much so."""
        program, at = self.program, np.array([column])
        bounds = self._solver.bounds(self._small.column[at])
        bounds.change(np.array([value]), np.array([value]))
        found = self._solver.resolve(duals=True, why=False)
        bounds.change(program.col_lower[at], program.col_upper[at])
        self.solves += 1
        if found.objective is None or found.row_dual is None:
            return None
        apart = abs(found.objective - self.value)
        same = apart <= NO_PRICE * max(1.0, abs(self.value))
        return (found.row_dual, found.reduced_cost) if same else None

    def size(self, row: int) -> float:
        """What a row weighs against: its side, or half of its terms together."""
        p = self.program
        part = slice(p.matrix.indptr[row], p.matrix.indptr[row + 1])
        terms = np.abs(p.matrix.data[part] * self.x[p.matrix.indices[part]]).sum()
        sides = [abs(side) for side in (p.row_lower[row], p.row_upper[row]) if np.isfinite(side)]
        return float(max(terms / 2.0, *sides, 0.0))

    def slack(self, row: int) -> float:
        """How far a row is from the nearer of its sides; infinite for a row without any."""
        p, value = self.program, self._row_value[row]
        return float(min(p.row_upper[row] - value, value - p.row_lower[row]))

    def row_value(self, row: int) -> float:
        """What a row's left side comes to."""
        return float(self._row_value[row])

    def row(self, row: int) -> Lever:
        """Room at the side of a row that has one, whichever way round it was written."""
        upper = float(np.isfinite(self.program.row_upper[row]))
        return Lever(self.size(row), np.array([row]), np.array([upper - 1.0]), np.array([upper]))

    def shifted(self, row: int, way: float) -> Lever:
        """A row that is to be met exactly, met elsewhere."""
        return Lever(self.size(row), np.array([row]), np.array([way]), np.array([way]))

    def more(self, lever: Lever) -> Price:
        """What more room buys; never less than nothing.

        Parameters
        ----------
        lever : Lever
            Something that binds.
        """
        # Nothing gains more than the prices where it starts promise.
        starts = (self._duals, *(duals for _, duals in self._turns))
        if max(self._slope(self._here(lever), *duals) for duals in starts) <= self._least(lever):
            return self._nothing(lever)
        if self.spent:
            return self._by_dual(lever)
        found = self._price(lever, 1.0, MOST_MORE * lever.size)
        return self._nothing(lever) if found.value <= self._least(lever) else found

    def _nothing(self, lever: Lever) -> Price:
        """More room buys nothing, unless there is so much that something else becomes better."""
        far = MOST_MORE * lever.size
        found = self._searched(lever, 1.0, Price(0.0, far))
        return found if found.range < far else replace(found, range=np.inf)

    def _searched(self, lever: Lever, way: float, price: Price) -> Price:
        """A price as far as it holds whatever is no decision, if that can be told."""
        if self._freed is not None:
            return self._freed.holds(lever, way, price)
        return replace(price, searched=not self._kept)

    def less(self, lever: Lever) -> Price:
        """What less room costs; infinite where no plan is left, never less than nothing.

        No figure where a plan may only be left further off.
        """
        if self.spent:
            return self._by_dual(lever)
        found = self._price(lever, -1.0, MOST_LESS * lever.size)
        if np.isnan(found.value):
            return Price(np.nan, np.nan)
        worth = 0.0 if -found.value <= self._least(lever) else -found.value
        return replace(found, value=worth)

    def _by_dual(self, lever: Lever) -> Price:
        """The dual: no less than more room brings, no more than less of it costs."""
        return Price(max(0.0, self._slope(self._here(lever), *self._duals)), np.nan)

    def _least(self, lever: Lever) -> float:
        """Slope that cannot be told from none."""
        return NO_PRICE * max(1.0, abs(self.value)) / lever.size

    def _price(self, lever: Lever, way: float, most: float) -> Price:
        """Slope of the value just beside where it is, and how far it holds."""
        little, here = LITTLE * lever.size, self._here(lever)
        first, turn = self._at(lever, way, little, None, why=True), None
        for other, duals in self._turns:
            # Nothing gains more than the prices where it starts promise.
            best = -np.inf if first is None else first.slope
            if way * self._slope(here, *duals) <= best + self._near(lever, best):
                continue
            found = self._at(lever, way, little, other)
            if found is not None and (first is None or found.value > first.value):
                first, turn = found, other
        if first is None:
            # Without a plan where what is no decision may not jump, there may be one further on.
            jumps = self._jumps and not self._crosses(lever, way * little)
            return Price(np.nan if jumps else -np.inf, 0.0)
        reach = self._holds(lever, way, first, turn, most)
        return self._searched(lever, way, Price(first.slope, reach))

    def _holds(
        self, lever: Lever, way: float, first: _Point, turn: tuple[int, float] | None, most: float
    ) -> float:
        """How far a slope holds, from a first point on it."""
        known, far = first, None
        for share in SHARES:
            found = self._at(lever, way, share * most, turn)
            if found is None or not self._same(lever, first.slope, found.slope):
                far = found or share * most
                break
            known = found
        if far is None:
            return most
        for _ in range(LOOKS):
            look = self._next(known, far)
            if not known.room * NARROW < look or not look * NARROW < _room(far):
                break
            found = self._at(lever, way, look, turn)
            if found is not None and self._same(lever, first.slope, found.slope):
                known = found
            elif found is not None and self._on(known, found):
                return look
            else:
                far = found or look
        if isinstance(far, _Point) and self._on(known, far):
            return far.room
        return known.room

    def _same(self, lever: Lever, slope: float, other: float) -> bool:
        return abs(other - slope) <= self._near(lever, slope)

    def _near(self, lever: Lever, slope: float) -> float:
        """How far another slope may be from one and be the same."""
        return SAME_PRICE * abs(slope) + self._least(lever) if np.isfinite(slope) else 0.0

    def _on(self, known: _Point, found: _Point) -> bool:
        """Whether a point lies on the line of another: at the corner, then, that ends it."""
        size = max(1.0, abs(self.value))
        return abs(known.line(found.room) - found.value) <= NO_PRICE * size

    def _next(self, known: _Point, far: _Point | float | None) -> float:
        """Where to look for the corner between two points."""
        if not isinstance(far, _Point):
            near, end = known.room, _room(far)
            return (near + end) / 2.0 if near > end / 10.0 else float(np.sqrt(near * end))
        bend = known.slope - far.slope
        if bend == 0.0:
            return far.room
        return (far.line(0.0) - known.line(0.0)) / bend

    def _at(
        self,
        lever: Lever,
        way: float,
        room: float,
        turn: tuple[int, float] | None,
        *,
        why: bool = False,
    ) -> _Point | None:
        """The best plan with so much more room, or less of it; None where there is none."""
        p, move = self._small.program, way * room
        lever = self._here(lever)
        columns, low, high = lever.columns, lever.col_lower, lever.col_upper
        if turn is not None:
            columns = np.append(columns, self._small.column[turn[0]])
            low, high = np.append(low, 0.0), np.append(high, 0.0)
        rows = p.row_lower[lever.rows], p.row_upper[lever.rows]
        ends = p.col_lower[columns], p.col_upper[columns]
        sides = (rows[0] + move * lever.row_lower, rows[1] + move * lever.row_upper)
        bounds = (ends[0] + move * low, ends[1] + move * high)
        if turn is not None:
            bounds[0][-1] = bounds[1][-1] = turn[1]
        if (sides[0] > sides[1]).any() or (bounds[0] > bounds[1]).any():
            return None
        self._put(lever.rows, sides, columns, bounds)
        found = self._solver.resolve(duals=True, why=why)
        self._put(lever.rows, rows, columns, ends)
        self.solves += 1
        if found.objective is None or found.row_dual is None or found.status != "optimal":
            return None
        slope = self._slope(lever, found.row_dual, found.reduced_cost)
        return _Point(room, self._sign * found.objective, way * slope)

    def _crosses(self, lever: Lever, move: float) -> bool:
        """Whether a side would be beyond the other one: then nothing is left, whatever else."""
        p = self.program
        rows = p.row_upper[lever.rows] - p.row_lower[lever.rows]
        columns = p.col_upper[lever.columns] - p.col_lower[lever.columns]
        rows = rows + move * (lever.row_upper - lever.row_lower)
        columns = columns + move * (lever.col_upper - lever.col_lower)
        return bool((rows < 0.0).any() or (columns < 0.0).any())

    def _here(self, lever: Lever) -> Lever:
        """A lever of the programme that is solved."""
        small = self._small
        return replace(lever, rows=small.row[lever.rows], columns=small.column[lever.columns])

    def _put(self, rows: Ints, sides: _Ends, columns: Ints, bounds: _Ends) -> None:
        if len(rows):
            self._solver.sides(rows).change(*sides)
        if len(columns):
            self._solver.bounds(columns).change(*bounds)

    def _slope(self, lever: Lever, row: Floats, column: Floats | None) -> float:
        """What the value gains for a unit of room, by duals."""
        total = _gained(self._sign * row[lever.rows], lever.row_lower, lever.row_upper)
        if column is not None and len(lever.columns):
            reduced = self._sign * column[lever.columns]
            total += _gained(reduced, lever.col_lower, lever.col_upper)
        return total


def binds(slack: float, size: float) -> bool:
    """Whether something with so much to spare, of so much, is at its side."""
    return slack <= AT_SIDE * max(1.0, size)


def _gained(dual: Floats, lower: Floats, upper: Floats) -> float:
    """Value gained where sides move: a price above 0 is that of the upper side."""
    return float(np.maximum(dual, 0.0) @ upper + np.minimum(dual, 0.0) @ lower)


def _room(far: _Point | float | None) -> float:
    return far.room if isinstance(far, _Point) else float(far or 0.0)
