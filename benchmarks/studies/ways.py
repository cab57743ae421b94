"""One programme solved every way: as a whole, and through its parts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.errors import SolverError, UsageError
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from benchmarks.studies.blocks import Apart, Split, sampled_prices, split
from benchmarks.studies.coordination import coordinate, joined_basis

AGREE = 1e-6
"""Of the objective, by which answers may differ."""

DEVEX = 1
FROM_BASIS = {"presolve": "off", "simplex_dual_edge_weight_strategy": DEVEX}
"""Options of a solve from a joined basis: with steepest edges, the solver's own choice, it
takes longer."""


@dataclass(frozen=True)
class Step:
    """One step of a way to the answer.

    Attributes
    ----------
    seconds : float
        Of the processor.
    iterations : int
    status : str
        As the solver ended, or why it did not begin.
    objective : float or None
    """

    seconds: float = 0.0
    iterations: int = 0
    status: str = "optimal"
    objective: float | None = None


@dataclass(frozen=True)
class Measured:
    """One programme solved every way.

    Attributes
    ----------
    series, size, seed
        Where it comes from.
    rows, columns, nonzeros, linking, parts : int
    cold : dict of str to Step
        The whole from nothing, by algorithm.
    find : Step
        Finding the parts.
    prices : Step
        Of the linking rows, from the sample.
    apart : Step
        The parts at those prices.
    last : Step
        The whole from the joined basis; putting that together counts.
    coordination : Step
        Rounds after `apart`, iterations of parts and master; its value.
    polish : Step
        The whole from the basis joined anew at the prices of the bound: better prices, and a
        vertex in the end.
    rounds : int
    bound, gap : float
        What the coordination proves.
    violation : float
        Largest by which its mixture misses a row or bound, in the scaled programme.
    """

    series: str
    size: int
    seed: int
    rows: int
    columns: int
    nonzeros: int
    linking: int
    parts: int
    cold: dict[str, Step]
    find: Step
    prices: Step
    apart: Step
    last: Step
    coordination: Step
    polish: Step
    rounds: int = 0
    bound: float = np.nan
    gap: float = np.inf
    violation: float = 0.0

    @property
    def before(self) -> float:
        """Seconds that both ways with parts need first."""
        return self.find.seconds + self.prices.seconds + self.apart.seconds

    @property
    def crash(self) -> float:
        """Seconds to the optimum through the joined basis."""
        return self.before + self.last.seconds

    @property
    def decomposition(self) -> float:
        """Seconds to the stated gap through prices."""
        return self.before + self.coordination.seconds

    @property
    def whole(self) -> float | None:
        """Seconds of the fastest algorithm that ended, from nothing."""
        done = [step.seconds for step in self.cold.values() if step.status == "optimal"]
        return min(done, default=None)

    def disagreement(self) -> float:
        """Largest difference of the answers that were reached, over their size."""
        steps = [*self.cold.values(), self.last, self.coordination, self.polish]
        values = [
            step.objective
            for step in steps
            if step.status == "optimal" and step.objective is not None
        ]
        if not values:
            return np.inf
        return (max(values) - min(values)) / max(1.0, *map(abs, values))


def measure(
    program: Program,
    homes: Ints | None,
    most: int,
    *,
    algorithms: Sequence[str] = ("simplex",),
    sample: float = 0.2,
    gap: float = AGREE,
    seconds: float = np.inf,
    **where: Any,
) -> Measured:
    """Solve a programme every way.

    Parameters
    ----------
    program : Program
        Linear.
    homes : ndarray of int or None
        As for :func:`benchmarks.studies.blocks.split`.
    most : int
        Most columns of a part.
    algorithms : sequence of str
        For the whole from nothing.
    sample : float
        Share of the parts that are asked for prices.
    gap : float
        Of the decomposition.
    seconds : float
        Limit of each whole solve (of the clock) and of the decomposition (of the processor).
    **where
        series, size, seed.
    """
    cold = {name: _whole(program, seconds, algorithm=name) for name in algorithms}
    clock = _Clock()
    parts = split(program, most, homes)
    find = Step(clock.lap())
    prices, iterations = sampled_prices(parts, sample)
    sampled = Step(clock.lap(), iterations)
    apart = Apart(parts, prices)
    alone = Step(clock.lap(), apart.iterations)
    last = _joined(program, apart, seconds)
    clock.lap()
    found = coordinate(apart, gap=gap, seconds=seconds)
    done = Step(
        clock.lap(),
        apart.iterations - alone.iterations + found.iterations,
        "optimal" if found.gap <= gap else "limit",
        parts.sign * found.value,
    )
    clock.lap()
    apart.solve(found.prices)
    polish = _joined(program, apart, seconds, before=clock.lap())
    return Measured(
        rows=program.shape[0],
        columns=program.shape[1],
        nonzeros=int(program.matrix.nnz),
        linking=len(parts.linking),
        parts=len(parts.parts),
        cold=cold,
        find=find,
        prices=sampled,
        apart=alone,
        last=last,
        coordination=done,
        polish=polish,
        rounds=found.rounds,
        bound=parts.sign * found.bound,
        gap=max(0.0, found.gap),
        violation=violation(parts, found.x),
        **where,
    )


class _Clock:
    """Processor seconds since the last look."""

    def __init__(self) -> None:
        self._last = time.process_time()

    def lap(self) -> float:
        now = time.process_time()
        passed, self._last = now - self._last, now
        return passed


def _whole(
    program: Program,
    seconds: float,
    *,
    algorithm: str = "simplex",
    basis: Any = None,
    options: dict[str, Any] | None = None,
    before: float = 0.0,
) -> Step:
    """Solve all of it at once, loading included."""
    clock = _Clock()
    limit = None if np.isinf(seconds) else seconds
    try:
        solver = Solver(program, algorithm=algorithm, options=options)
        solution = solver.run(basis=basis, time_limit=limit)
    except (UsageError, SolverError) as refusal:
        return Step(status=str(refusal))
    iterations = sum(solution.iterations.values())
    return Step(before + clock.lap(), iterations, solution.status, solution.objective)


def _joined(program: Program, apart: Apart, seconds: float, before: float = 0.0) -> Step:
    """Solve all of it from the basis of its parts, putting that together included."""
    clock = _Clock()
    basis = joined_basis(apart)
    before += clock.lap()
    return _whole(program, seconds, basis=basis, options=FROM_BASIS, before=before)


def violation(parts: Split, x: Floats) -> float:
    """Largest by which a row or a bound is missed, in the scaled programme."""
    program, scaling = parts.program, parts.scaling
    activity = program.matrix @ x
    rows = np.maximum(program.row_lower - activity, activity - program.row_upper) * scaling.row
    columns = np.maximum(program.col_lower - x, x - program.col_upper) / scaling.column
    return max(0.0, float(rows.max(initial=0.0)), float(columns.max(initial=0.0)))


def typical(runs: Sequence[Measured]) -> Measured:
    """The run repeated, with the median time of each step."""

    def middle(steps: Iterable[Step]) -> Step:
        held = list(steps)
        return Step(**asdict(held[0]) | {"seconds": statistics.median(s.seconds for s in held)})

    first = runs[0]
    parts = {
        name: middle(getattr(run, name) for run in runs)
        for name in ("find", "prices", "apart", "last", "coordination", "polish")
    }
    cold = {name: middle(run.cold[name] for run in runs) for name in first.cold}
    return Measured(**{**vars(first), **parts, "cold": cold})
