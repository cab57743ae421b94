"""One programme in HiGHS, spoken of in its own units: the scaling is seen to here."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from allocator.arrays import Flags, Floats, Ints
from allocator.errors import SolverError
from allocator.solver.highs.engine import Highspy, fine
from allocator.solver.highs.options import TOLD, choose, refuse, settings
from allocator.solver.highs.scaling import Scaling
from allocator.solver.highs.watch import Watch
from allocator.solver.program import Program
from allocator.tolerances import FEASIBILITY


@dataclass(frozen=True)
class _Added:
    """A row that is in no programme."""

    columns: Ints
    values: Floats
    lower: float
    upper: float
    factor: float


class Loaded:
    """One programme in HiGHS.

    Parameters
    ----------
    program : Program
    algorithm : {'simplex', 'ipx', 'hipo', 'pdlp', 'auto'}
        Named by what really runs; ``hipo`` needs the extra ``allocator[hipo]``, ``auto`` is
        what :func:`allocator.solver.highs.options.choose` says.
    threads : int
        Threads HiGHS may use.
    options : dict, optional
        Further HiGHS options by name; each is read back.
    scaled : bool
        Whether HiGHS gets the programme in units of its own.

    Attributes
    ----------
    program : Program
        As it is now.
    scaling : Scaling
        Of rows and columns, as they were loaded.
    cost_scale : float
        Of the objective, as it is now.
    algorithm : str
        What runs unless a run asks for another.
    engine : Highspy

    Raises
    ------
    SolverError
        When a number is not finite, or HiGHS refuses the programme or an option.
    UsageError
        For an unknown algorithm, or one whose package is missing.
    """

    def __init__(
        self,
        program: Program,
        *,
        algorithm: str = "simplex",
        threads: int = 1,
        options: dict[str, Any] | None = None,
        scaled: bool = True,
    ) -> None:
        refuse(program, algorithm)
        self.algorithm = choose(program) if algorithm == "auto" else algorithm
        self.program = program
        self.scaling = Scaling.of(program) if scaled else Scaling.none(program)
        self.cost_scale = self.scaling.cost
        self.engine = Highspy()
        self._watch: Watch | None = None
        self._added: list[_Added] = []
        chosen = settings(program, self.algorithm, threads) | (options or {})
        for name, value in chosen.items():
            self.engine.set(name, value)
        self.load()

    @property
    def version(self) -> str:
        """Version of HiGHS."""
        return str(self.engine.highs.version())

    def options(self) -> dict[str, Any]:
        """Options that matter to the result, as HiGHS has them."""
        return {name: self.engine.get(name) for name in TOLD}

    def load(self) -> None:
        """Hand the programme over as it was given."""
        self.engine.load(self.scaling.scaled(self.program))

    def set_objective(self, cost: Floats, *, maximise: bool, offset: float = 0.0) -> None:
        """Replace the objective."""
        if not np.isfinite(cost).all() or not np.isfinite(offset):
            raise SolverError("a cost is not finite")
        self.program = self.program.replaced(cost=cost, offset=offset, maximise=maximise)
        self.cost_scale = Scaling.of(self.program).cost if self.scaling.cost else 1.0
        scaled = cost * self.scaling.column * self.cost_scale
        self.engine.costs(scaled, slice(0, len(cost)))
        self.engine.offset(offset * self.cost_scale)
        self.engine.sense(maximise)

    def set_bounds(self, lower: Floats, upper: Floats) -> None:
        """Replace all column bounds."""
        if np.isnan(lower).any() or np.isnan(upper).any():
            raise SolverError("a bound is not a number")
        self.program = self.program.replaced(col_lower=lower, col_upper=upper)
        self.pin(lower, upper)

    def pin(self, lower: Floats, upper: Floats) -> None:
        """Change the bounds HiGHS has, and those only."""
        s = self.scaling.column
        self.engine.bounds(lower / s, upper / s)

    def set_sides(self, lower: Floats, upper: Floats) -> None:
        """Replace the sides of all rows."""
        if np.isnan(lower).any() or np.isnan(upper).any():
            raise SolverError("a side is not a number")
        self.program = self.program.replaced(row_lower=lower, row_upper=upper)
        s = self.scaling.row
        self.engine.sides(lower * s, upper * s, slice(0, len(lower)))

    def set_integer(self, whole: Flags) -> None:
        """Replace which columns take whole numbers only.

        Parameters
        ----------
        whole : ndarray of bool, shape (columns,)

        Raises
        ------
        SolverError
            For a column whose unit was changed on loading because it was not whole then.
        """
        rescaled = whole & (self.scaling.column != 1.0)
        if rescaled.any():
            name = self.program.column_names()[int(np.argmax(rescaled))]
            raise SolverError(f"{name} can only be whole if it was so when it was loaded")
        self.program = self.program.replaced(integer=whole.copy())
        self.engine.whole(whole)

    def add_row(self, coefficients: Floats, lower: float, upper: float) -> None:
        """Append one row (dense coefficients) that is in no programme and has no dual."""
        columns = np.flatnonzero(coefficients)
        scaled = coefficients[columns] * self.scaling.column[columns]
        size = float(np.max(np.abs(scaled), initial=1.0))
        factor = float(2.0 ** -np.round(np.log2(size)))
        self.engine.add_row(columns, scaled * factor, lower * factor, upper * factor)
        self._added.append(_Added(columns, coefficients[columns], lower, upper, factor))

    def release(self, added: int) -> None:
        """Let a row that was added, by its number among these, ask for nothing any more."""
        self._added[added] = replace(self._added[added], lower=-np.inf, upper=np.inf)
        self.put_sides(*self.every_row()[1:3])

    @property
    def added(self) -> int:
        """How many rows have been added."""
        return len(self._added)

    def every_row(self) -> tuple[sparse.csr_array, Floats, Floats, Floats]:
        """Coefficients, sides and scale of all rows, those that were added last."""
        p, more = self.program, self._added
        if not more:
            return p.matrix, p.row_lower, p.row_upper, self.scaling.row
        ends = np.cumsum([0, *(len(row.columns) for row in more)])
        columns = np.concatenate([row.columns for row in more])
        values = np.concatenate([row.values for row in more])
        below = sparse.csr_array((values, columns, ends), shape=(len(more), p.shape[1]))
        sides = [[getattr(row, name) for row in more] for name in ("lower", "upper", "factor")]
        own = p.row_lower, p.row_upper, self.scaling.row
        lower, upper, scale = (np.append(a, b) for a, b in zip(own, sides, strict=True))
        return sparse.vstack([p.matrix, below], format="csr"), lower, upper, scale

    def put_sides(self, lower: Floats, upper: Floats) -> None:
        """Change the sides HiGHS has, of all rows and those that were added, and those only."""
        scale = np.append(self.scaling.row, [row.factor for row in self._added])
        self.engine.sides(lower * scale, upper * scale, slice(0, len(scale)))

    def drop_row(self) -> None:
        """Take off the row that was appended last."""
        self._added.pop()
        self.engine.drop_row()

    def tolerate(self, tolerance: float) -> None:
        """Set how far rows, bounds and whole numbers may be missed, in scaled units."""
        self.engine.set("mip_feasibility_tolerance", tolerance)
        self.engine.set("primal_feasibility_tolerance", tolerance)

    def offer(self, x: Floats) -> None:
        """Offer a solution to start from; refused or not, it is no more than an offer."""
        self.engine.offer(x / self.scaling.column)

    def fits(self, x: Floats) -> bool:
        """Whether a point is within tolerance of every row, bound and whole number."""
        p, s = self.program, self.scaling
        value = p.matrix @ x
        off = (
            np.maximum(p.row_lower - value, value - p.row_upper) * s.row,
            np.maximum(p.col_lower - x, x - p.col_upper) / s.column,
            np.abs(x - np.round(x))[p.integer],
        )
        return all(np.max(part, initial=0.0) <= FEASIBILITY for part in off)

    def ended(self, status: Any) -> bool:
        """Whether HiGHS says this of the last run."""
        return bool(self.engine.highs.getModelStatus() == status)

    def work(self, watch: Watch, time_limit: float | None, *, forgive: bool = False) -> float:
        """Run HiGHS; seconds it took.

        A linear programme that it refuses to solve from where the last run ended is solved from
        nothing.

        Parameters
        ----------
        watch : Watch
        time_limit : float or None
        forgive : bool
            Whether HiGHS may refuse to give its own answer.
        """
        highs = self.engine.highs
        # the limit of a linear programme counts all runs of this object, that of one with
        # whole numbers each run by itself
        since = 0.0 if self.program.integer.any() else highs.getRunTime()
        limit = highspy.kHighsInf if time_limit is None else since + time_limit
        self.engine.set("time_limit", limit)
        began = time.perf_counter()
        status = watch.call(highs)
        if int(status) < 0 and not self.program.integer.any():
            # Duals it begins with can be too large for it where the last run ended.
            self.engine.forget()
            status = watch.call(highs)
        if not (forgive and self.ended(highspy.HighsModelStatus.kSolveError)):
            fine(status, "solve")
        return time.perf_counter() - began
