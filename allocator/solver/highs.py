"""The door to HiGHS: nothing goes in unchecked and nothing comes out on its word.

Every call's status is looked at, every option is read back, the algorithm that ran is
told from what it counted, and threads, start and limits mean what they say.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from allocator.errors import SolverError, UsageError
from allocator.solver.program import Program
from allocator.solver.scaling import UNFELT, Scaling

Numbers = npt.NDArray[np.float64]

ALGORITHMS = ("simplex", "ipx", "hipo", "pdlp")
"""Algorithms that may be asked for, by the name of what really runs."""

TOLERANCE = 1e-9
"""Of a scaled programme; HiGHS's own 1e-7 lets presolve call small rows infeasible."""

_STATUS = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "limit",
    highspy.HighsModelStatus.kIterationLimit: "limit",
    highspy.HighsModelStatus.kInterrupt: "limit",
    highspy.HighsModelStatus.kModelEmpty: "empty",
    highspy.HighsModelStatus.kUnknown: "unknown",
}

_threads_in_use: int | None = None
_threads_lock = threading.Lock()


@dataclass(frozen=True)
class Solution:
    """What one run gave, in the programme's own units.

    Attributes
    ----------
    status : str
        optimal, infeasible, unbounded, limit, or unknown when the algorithm gave up
        before it was sure.
    x : ndarray or None
        Primal values; None when there are none.
    row_dual, reduced_cost : ndarray or None
        d objective / d right side, and d objective / d column, signs as in the
        programme's own sense; None when there are none.
    objective : float or None
        ``cost x + offset``, recomputed.
    iterations : dict of str to int
        What each algorithm counted in this run.
    algorithm : str
        Algorithm that really ran; ``presolve`` when nothing was left to solve.
    seconds : float
        Run time of this run alone.
    """

    status: str
    x: Numbers | None
    row_dual: Numbers | None
    reduced_cost: Numbers | None
    objective: float | None
    iterations: dict[str, int]
    algorithm: str
    seconds: float


def _ok(status: Any, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS refused to {what}")


def _refuse_company() -> None:
    if "ortools" in sys.modules:
        raise SolverError(
            "ortools is loaded in this process and cannot share it with HiGHS: use a process each"
        )


class Solver:
    """One programme loaded into HiGHS, to be solved and re-solved.

    Parameters
    ----------
    program : Program
    algorithm : {'simplex', 'ipx', 'hipo', 'pdlp'}
        Named by what really runs; ``hipo`` needs the extra ``allocator[hipo]``.
    threads : int
        Threads HiGHS may use. The whole process shares them.
    options : dict, optional
        Further HiGHS options by name; each is read back.

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
        _refuse_company()
        if algorithm not in ALGORITHMS:
            raise UsageError(f"algorithm {algorithm!r} is not one of {', '.join(ALGORITHMS)}")
        if algorithm == "hipo" and importlib.util.find_spec("highspy_extras") is None:
            raise UsageError(
                "algorithm hipo needs the package highspy-extras: pip install 'allocator[hipo]'"
            )
        program.check_numbers()
        crossed = program.crossed()
        if crossed:
            raise SolverError(f"nothing can meet {', '.join(crossed[:3])}: its sides cross")
        self.program = program
        self.scaling = Scaling.of(program) if scaled else Scaling.none(program)
        self.algorithm = algorithm
        self.handover = 0.0
        self._cost_scale = self.scaling.cost
        self._h = highspy.Highs()
        self._set("output_flag", False)
        self._set_threads(threads)
        self._set("solver", algorithm)
        self._set("primal_feasibility_tolerance", TOLERANCE)
        self._set("dual_feasibility_tolerance", TOLERANCE)
        self._set("small_matrix_value", UNFELT)
        if algorithm == "pdlp":
            self._set("pdlp_optimality_tolerance", 1e-8)
        for name, value in (options or {}).items():
            self._set(name, value)
        self._load()

    @property
    def version(self) -> str:
        """Version of HiGHS."""
        return str(self._h.version())

    def options(self) -> dict[str, Any]:
        """Options that matter to the result, as HiGHS has them."""
        names = ("solver", "threads", "primal_feasibility_tolerance", "presolve", "random_seed")
        return {name: self._h.getOptionValue(name)[1] for name in names}

    def _set(self, name: str, value: Any) -> None:
        _ok(self._h.setOptionValue(name, value), f"set option {name} to {value!r}")
        status, now = self._h.getOptionValue(name)
        _ok(status, f"read option {name} back")
        if now != value:
            raise SolverError(f"option {name} is {now!r} after being set to {value!r}")

    def _set_threads(self, threads: int) -> None:
        global _threads_in_use  # HiGHS keeps one scheduler a process
        with _threads_lock:
            if _threads_in_use is not None and _threads_in_use != threads:
                highspy.Highs.resetGlobalScheduler(True)
            _threads_in_use = threads
        self._set("threads", threads)

    def _load(self) -> None:
        start = time.perf_counter()
        p, s = self.program, self.scaling
        sense = highspy.ObjSense.kMaximize if p.maximise else highspy.ObjSense.kMinimize
        rows, columns = p.shape
        matrix = s.matrix(p)
        status = self._h.passModel(
            columns,
            rows,
            int(matrix.nnz),
            int(highspy.MatrixFormat.kRowwise),
            int(sense),
            p.offset * self._cost_scale,
            p.cost * s.column * self._cost_scale,
            p.col_lower / s.column,
            p.col_upper / s.column,
            p.row_lower * s.row,
            p.row_upper * s.row,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            p.integer.astype(np.int32),
        )
        if status != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS took the programme with status {status}, not OK")
        if (self._h.getNumRow(), self._h.getNumCol()) != (rows, columns):
            raise SolverError("HiGHS holds a programme of another size than it was given")
        self.handover += time.perf_counter() - start

    def set_objective(self, cost: Numbers, *, maximise: bool, offset: float = 0.0) -> None:
        """Replace the objective."""
        if not np.isfinite(cost).all() or not np.isfinite(offset):
            raise SolverError("a cost is not finite")
        self.program = self.program.replaced(cost=cost, offset=offset, maximise=maximise)
        self._cost_scale = Scaling.of(self.program).cost if self.scaling.cost else 1.0
        columns = np.arange(len(cost), dtype=np.int32)
        scaled = cost * self.scaling.column * self._cost_scale
        _ok(self._h.changeColsCost(len(cost), columns, scaled), "change costs")
        _ok(self._h.changeObjectiveOffset(offset * self._cost_scale), "change the offset")
        sense = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
        _ok(self._h.changeObjectiveSense(sense), "change the sense")

    def set_bounds(self, lower: Numbers, upper: Numbers) -> None:
        """Replace all column bounds."""
        if np.isnan(lower).any() or np.isnan(upper).any():
            raise SolverError("a bound is not a number")
        self.program = self.program.replaced(col_lower=lower, col_upper=upper)
        columns = np.arange(len(lower), dtype=np.int32)
        s = self.scaling.column
        _ok(self._h.changeColsBounds(len(lower), columns, lower / s, upper / s), "change bounds")

    def set_sides(self, lower: Numbers, upper: Numbers) -> None:
        """Replace the sides of all rows."""
        if np.isnan(lower).any() or np.isnan(upper).any():
            raise SolverError("a side is not a number")
        self.program = self.program.replaced(row_lower=lower, row_upper=upper)
        rows = np.arange(len(lower), dtype=np.int32)
        s = self.scaling.row
        _ok(self._h.changeRowsBounds(len(lower), rows, lower * s, upper * s), "change sides")

    def basis(self) -> Any:
        """Basis of the last run, to start another from."""
        return self._h.getBasis()

    def run(
        self,
        *,
        start: str = "fast",
        basis: Any = None,
        time_limit: float | None = None,
        algorithm: str | None = None,
    ) -> Solution:
        """Solve.

        Parameters
        ----------
        start : {'fast', 'reproducible'}
            ``fast`` goes on from wherever the last run ended, so that which of several
            equally good solutions comes back may depend on what was solved before;
            ``reproducible`` forgets everything and starts from `basis` (cold without one).
        basis : optional
            Basis to start from.
        time_limit : float, optional
            Seconds for this run. HiGHS looks at its clock now and then: a promise needs a
            process of its own (:mod:`allocator.solver.child`).
        algorithm : str, optional
            Another algorithm for this run.
        """
        if start not in ("fast", "reproducible"):
            raise UsageError(f"start {start!r} is not fast or reproducible")
        if start == "reproducible":
            _ok(self._h.clearSolver(), "forget the last run")
        if basis is not None:
            _ok(self._h.setBasis(basis), "take a basis")
        before = self._h.getRunTime()
        limit = highspy.kHighsInf if time_limit is None else before + time_limit
        self._set("time_limit", limit)
        self._set("solver", algorithm or self.algorithm)
        began = time.perf_counter()
        status = self._h.run()
        seconds = time.perf_counter() - began
        _ok(status, "solve")
        if self._h.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            seconds += self._settle()
        return self._read(seconds)

    def _settle(self) -> float:
        """Find out whether a programme is infeasible or unbounded; seconds it took."""
        asked = self._h.getOptionValue("presolve")[1]
        began = time.perf_counter()
        self._set("presolve", "off")
        self._set("solver", "simplex")
        _ok(self._h.clearSolver(), "forget the last run")
        _ok(self._h.run(), "solve")
        self._set("presolve", asked)
        return time.perf_counter() - began

    def _read(self, seconds: float) -> Solution:
        model_status = self._h.getModelStatus()
        status = _STATUS.get(model_status)
        if status is None:
            raise SolverError(f"HiGHS ended with status {model_status}")
        if status == "empty":
            status = "optimal" if not self.program.contradictions() else "infeasible"
        info = self._h.getInfo()
        counts = {
            name: max(0, int(getattr(info, f"{name}_iteration_count")))
            for name in ("simplex", "ipm", "crossover", "pdlp")
        }
        solution = self._h.getSolution()
        x = dual = reduced = None
        objective = None
        if solution.value_valid:
            x = np.array(solution.col_value) * self.scaling.column
            objective = float(self.program.cost @ x + self.program.offset)
        if solution.dual_valid:
            own = np.array(solution.row_dual)[: len(self.scaling.row)]  # without added rows
            dual = own * self.scaling.row / self._cost_scale
            reduced = np.array(solution.col_dual) / (self.scaling.column * self._cost_scale)
        return Solution(status, x, dual, reduced, objective, counts, self._ran(counts), seconds)

    def _ran(self, counts: dict[str, int]) -> str:
        """Algorithm told from what was counted, not from what was asked for."""
        if counts["pdlp"]:
            return "pdlp"
        if counts["ipm"]:
            asked = self._h.getOptionValue("solver")[1]
            return asked if asked in ("ipx", "hipo") else "ipm"
        return "simplex" if counts["simplex"] else "presolve"

    def add_row(self, coefficients: Numbers, lower: float, upper: float) -> None:
        """Append one row (dense coefficients) that is in no programme and has no dual."""
        columns = np.flatnonzero(coefficients).astype(np.int32)
        scaled = coefficients[columns] * self.scaling.column[columns]
        size = float(np.max(np.abs(scaled), initial=1.0))
        factor = 2.0 ** -np.round(np.log2(size))
        _ok(
            self._h.addRow(lower * factor, upper * factor, len(columns), columns, scaled * factor),
            "add a row",
        )
