"""Join answers of parts: to one basis, or to one plan by prices that are made to agree.

:func:`coordinate` is Dantzig and Wolfe's decomposition. A small programme, the master, mixes
answers of the parts so that the linking rows hold; its prices are asked of the parts, which
answer anew. Prices are drawn towards those of the best bound so far (Wentges), by a weight
that follows the slope of the bound between them (Pessoa, Sadykov, Uchoa and Vanderbeck).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from allocator.arrays import Floats
from allocator.errors import SolverError
from benchmarks.studies.blocks import Answer, Apart, Box, Split, elastic
from benchmarks.suite.solvers.binding import opened

TOLERANCE = 1e-9
FELT = 1e-12
"""Of the scaled programme: of rows and costs, and the least coefficient that counts."""

LOWEST_WEIGHT, HIGHEST_WEIGHT = 0.0, 0.95
"""Of the prices of the best bound, against those of the master."""

STEP = 0.1
"""By which the weight changes."""

HARSHER, HARSHEST = 10.0, 1e6
"""Factor on the penalties when the master still misses rows, and the most of all factors."""

_BASIC = highspy.HighsBasisStatus.kBasic
_LOWER = highspy.HighsBasisStatus.kLower
_UPPER = highspy.HighsBasisStatus.kUpper
_FREE = highspy.HighsBasisStatus.kZero


def joined_basis(apart: Apart) -> Any:
    """Basis of the whole from those of the parts.

    A linking row with a price is at its side. As the basis keeps its size, a column takes
    its place: of those that are not basic and that the row has, the one whose worth the
    least change of that price would make zero.

    Parameters
    ----------
    apart : Apart
        The bases of its last solve are taken.
    """
    split, answer = apart.split, apart.last
    rows, columns = split.program.shape
    of_row = np.full(rows, _BASIC, dtype=object)
    of_column = np.full(columns, _LOWER, dtype=object)
    worth = np.zeros(columns)
    worth[split.own] = answer.left_of_own()
    low, high = split.program.col_lower[split.own], split.program.col_upper[split.own]
    of_column[split.own] = _resting(worth[split.own], low, high)
    for part, warm in zip(split.parts, apart.warm, strict=True):
        basis = warm.basis()
        of_row[part.rows] = basis.row_status
        of_column[part.columns] = basis.col_status
        worth[part.columns] = warm.reduced
    priced = np.abs(answer.prices) * split.scaling.cost / split.scaling.row[split.linking]
    for at in np.argsort(-priced, kind="stable").tolist():
        if priced[at] <= TOLERANCE:
            break
        row = int(split.linking[at])
        matrix = split.program.matrix
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        mine, values = matrix.indices[span], matrix.data[span]
        free = np.array([of_column[column] != _BASIC for column in mine.tolist()], dtype=bool)
        if not free.any():
            continue
        best = np.argmin(np.abs(worth[mine[free]] / values[free]))
        of_column[mine[free][best]] = _BASIC
        of_row[row] = _UPPER if answer.prices[at] > 0 else _LOWER
    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status = of_column.tolist(), of_row.tolist()
    basis.valid = True
    return basis


def _resting(worth: Floats, lower: Floats, upper: Floats) -> list[Any]:
    """Where columns that are not basic stay."""
    out = []
    for gain, low, high in zip(worth.tolist(), lower.tolist(), upper.tolist(), strict=True):
        if np.isfinite(high) and (gain > 0 or not np.isfinite(low)):
            out.append(_UPPER)
        else:
            out.append(_LOWER if np.isfinite(low) else _FREE)
    return out


@dataclass(frozen=True, eq=False)
class Mixed:
    """What the master found.

    Attributes
    ----------
    value : float
        Worth of the mixture, penalties included.
    missed : float
        Sum of what the linking rows are missed by, scaled.
    prices : ndarray, shape (linking rows,)
    part_prices : ndarray, shape (parts,)
        What a further answer of each part must be worth at these prices to help.
    """

    value: float
    missed: float
    prices: Floats
    part_prices: Floats


class Master:
    """Programme of the linking rows, which mixes the answers of the parts.

    Parameters
    ----------
    split : Split
    """

    def __init__(self, split: Split) -> None:
        self.split = split
        self.iterations = 0
        self.weights = np.zeros(0)
        self._answers: list[tuple[int, Floats]] = []
        self._harshness = 1.0
        self._row = split.scaling.row[split.linking]
        tolerances = ("primal_feasibility_tolerance", "dual_feasibility_tolerance")
        asked = {"threads": 1, "presolve": "off", "solver": "simplex", "small_matrix_value": FELT}
        self._h = opened({"output_flag": False, **dict.fromkeys(tolerances, TOLERANCE), **asked})
        self._rows_and_own()

    @staticmethod
    def _ok(status: Any, what: str) -> None:
        if status != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS did not take {what} of the master")

    def _rows_and_own(self) -> None:
        split, program = self.split, self.split.program
        count, parts = len(split.linking), len(split.parts)
        lower = np.concatenate([program.row_lower[split.linking] * self._row, np.ones(parts)])
        upper = np.concatenate([program.row_upper[split.linking] * self._row, np.ones(parts)])
        nothing = np.zeros(0, dtype=np.int32)
        starts = np.zeros(count + parts, dtype=np.int32)
        self._ok(
            self._h.addRows(count + parts, lower, upper, 0, starts, nothing, np.zeros(0)), "rows"
        )
        self._ok(self._h.changeObjectiveSense(highspy.ObjSense.kMaximize), "the sense")
        scale = split.scaling.column[split.own]
        entries = split.coefficients(split.own).tocsc()
        entries.data = entries.data * self._row[entries.indices]
        entries.data = entries.data * np.repeat(scale, np.diff(entries.indptr))
        own = program.cost[split.own] * scale * split.scaling.cost
        self._add(
            own, program.col_lower[split.own] / scale, program.col_upper[split.own] / scale, entries
        )
        missing, cost = elastic(split, count)
        entries = missing.tocsc()
        entries.data = entries.data * self._row[entries.indices]
        none = np.zeros(len(cost))
        self._add(cost * split.scaling.cost, none, none + np.inf, entries)
        self._penalties = np.arange(len(own), len(own) + len(cost), dtype=np.int32)

    def _add(self, cost: Floats, lower: Floats, upper: Floats, entries: Any) -> None:
        if not len(cost):
            return
        felt = np.abs(entries.data) > FELT
        if not felt.all():
            entries.data[~felt] = 0.0
            entries.eliminate_zeros()
        starts = entries.indptr[:-1].astype(np.int32)
        indices = entries.indices.astype(np.int32)
        status = self._h.addCols(
            len(cost), cost, lower, upper, len(indices), starts, indices, entries.data
        )
        self._ok(status, "columns")

    def add(self, answer: Answer, found: Mixed | None) -> int:
        """Let answers be mixed in; how many were worth it.

        Parameters
        ----------
        answer : Answer
        found : Mixed or None
            Only answers that would help at these prices are added; all of them without.
        """
        added = 0
        for at, (part, x) in enumerate(zip(self.split.parts, answer.x, strict=True)):
            worth, activity = float(part.program.cost @ x), part.links @ x
            if found is not None:
                gain = worth - float(found.prices @ activity) - found.part_prices[at]
                if gain * self.split.scaling.cost <= TOLERANCE:
                    continue
            scaled = activity * self._row
            rows = np.flatnonzero(np.abs(scaled) > FELT)
            indices = np.append(rows, len(self._row) + at).astype(np.int32)
            values = np.append(scaled[rows], 1.0)
            status = self._h.addCol(
                worth * self.split.scaling.cost, 0.0, np.inf, len(indices), indices, values
            )
            self._ok(status, "an answer")
            self._answers.append((at, x))
            added += 1
        return added

    def solve(self) -> Mixed:
        """Best mixture of what there is.

        Raises
        ------
        SolverError
            When it has no optimum.
        """
        self._ok(self._h.run(), "a run")
        if self._h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"the master ended with status {self._h.getModelStatus()}")
        info, solution = self._h.getInfo(), self._h.getSolution()
        self.iterations += max(0, info.simplex_iteration_count)
        self.weights = np.array(solution.col_value)
        dual = np.array(solution.row_dual)
        split, count = self.split, len(self._row)
        missed = self.weights[self._penalties]
        return Mixed(
            value=info.objective_function_value / split.scaling.cost + split.program.offset,
            missed=float(missed.sum()),
            prices=dual[:count] * self._row / split.scaling.cost,
            part_prices=dual[count:] / split.scaling.cost,
        )

    def harsher(self) -> None:
        """Raise the penalties, as rows are missed that need not be.

        Raises
        ------
        SolverError
            When they have been raised as far as makes sense: nothing meets the rows.
        """
        self._harshness *= HARSHER
        if self._harshness > HARSHEST:
            raise SolverError(f"nothing meets the linking rows of {self.split.program.name}")
        cost = elastic(self.split, len(self._row))[1] * self.split.scaling.cost * self._harshness
        self._ok(self._h.changeColsCost(len(cost), self._penalties, cost), "penalties")

    def x(self) -> Floats:
        """Values of all columns of the whole, as last mixed."""
        split = self.split
        out = np.zeros(split.program.shape[1])
        own = len(split.own)
        out[split.own] = self.weights[:own] * split.scaling.column[split.own]
        weights = self.weights[own + len(self._penalties) :]
        for weight, (at, x) in zip(weights.tolist(), self._answers, strict=True):
            if weight:
                out[split.parts[at].columns] += weight * x
        return out


@dataclass(frozen=True, eq=False)
class Coordinated:
    """How far prices were brought to agree.

    Attributes
    ----------
    x : ndarray, shape (columns,)
    value, bound : float
        Worth of the mixture and bound on any, maximised.
    gap : float
        Their distance over the size of the value; infinite while rows are missed.
    rounds : int
        How often the parts were asked.
    iterations : int
        Of the master; those of the parts are counted there.
    prices : ndarray, shape (linking rows,)
        Of the bound.
    """

    x: Floats
    value: float
    bound: float
    gap: float
    rounds: int
    iterations: int
    prices: Floats


def coordinate(
    apart: Apart, gap: float = 1e-6, rounds: int = 1000, seconds: float = np.inf
) -> Coordinated:
    """Ask the parts at better and better prices until value and bound meet.

    Parameters
    ----------
    apart : Apart
        Begins where it was last solved.
    gap : float
        At which to stop.
    rounds : int
        Most rounds.
    seconds : float
        Most CPU seconds, looked at between rounds.

    Returns
    -------
    Coordinated
    """
    began = time.process_time()
    split, box, master = apart.split, Box.of(apart.split), Master(apart.split)
    first = apart.last
    master.add(first, None)
    centre, bound, weight = first.prices, first.bound(), 0.5
    for done in range(1, rounds + 1):
        found = master.solve()
        reached = (bound - found.value) / max(1.0, abs(found.value))
        missed = found.missed > TOLERANCE * max(1, len(split.linking))
        if reached <= gap and not missed:
            break
        if reached <= gap:
            master.harsher()
            continue
        if done == rounds or time.process_time() - began > seconds:
            break
        far = box.within(found.prices)
        answer = apart.solve(weight * centre + (1.0 - weight) * far)
        slope = float(answer.steepness() @ (far - centre))
        weight += -STEP if slope < 0 else STEP * (1.0 - weight)
        weight = min(max(weight, LOWEST_WEIGHT), HIGHEST_WEIGHT)
        better = answer.bound()
        if not master.add(answer, found) and better >= bound:
            weight = 0.0  # nothing was learnt there, so ask at the master's own prices
        if better < bound:
            centre, bound = answer.prices, better
    return Coordinated(
        master.x(),
        found.value,
        bound,
        np.inf if missed else reached,
        done,
        master.iterations,
        centre,
    )
