"""The door to HiGHS: nothing goes in unchecked and nothing comes out on its word.

Every call's status is looked at, every option is read back, the algorithm that ran is
told from what it counted, and threads, start and limits mean what they say. A run can be
stopped with Ctrl-C and then gives what it has (:mod:`allocator.solver.highs.watch`).
"""

from __future__ import annotations

import importlib.util
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from allocator.errors import SolverError, UsageError
from allocator.solver.highs.scaling import UNFELT, Scaling
from allocator.solver.highs.watch import Watch, refuse_while
from allocator.solver.program import Program

Numbers = npt.NDArray[np.float64]

ALGORITHMS = ("auto", "simplex", "ipx", "hipo", "pdlp")
"""Algorithms that may be asked for, by the name of what really runs; see :func:`choose`."""

LARGE_LP = 100_000
"""Nonzeros from which a linked linear programme is solved by interior point."""

TYING = 0.01
"""Share of all columns from which a row ties a programme together; one such row alone, a budget
for all, is easy."""

TOLERANCE = 1e-9
"""Of a scaled programme; HiGHS's own 1e-7 lets presolve call small rows infeasible."""

START_NODES = 500
"""Nodes that may be spent on completing a start; HiGHS's own figure."""

START_GAP = 0.01
"""Gap at which a completed start is good enough."""

SOUND = 1e-6
"""Violation, of a scaled programme, above which a solution in whole numbers is none."""

SEARCH = 1e-7
"""Tolerance of branch and bound: at 1e-9 it has been seen to prune the best plan. Values come
from the linear programme with the decisions fixed."""

LOOSER = 1e-6
"""Tolerance at which branch and bound is asked again when it refuses its own answer."""

PARALLEL_COLUMNS = 1 << 13
"""Bit of HiGHS's presolve rule that looks for parallel rows and columns."""

_STATUS = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "limit",
    highspy.HighsModelStatus.kIterationLimit: "limit",
    highspy.HighsModelStatus.kSolutionLimit: "limit",  # nodes, too
    highspy.HighsModelStatus.kInterrupt: "limit",
    highspy.HighsModelStatus.kModelEmpty: "empty",
    highspy.HighsModelStatus.kUnknown: "unknown",
}


@dataclass(frozen=True)
class Solution:
    """What one run gave, in the programme's own units.

    Attributes
    ----------
    status : str
        optimal, infeasible, unbounded, limit (of time, nodes, iterations, or Ctrl-C), or
        unknown when the algorithm gave up before it was sure.
    x : ndarray or None
        Primal values; None when there are none. Whole numbers are exactly whole; after a
        limit they are the best solution found.
    row_dual, reduced_cost : ndarray or None
        d objective / d right side, and d objective / d column, signs as in the
        programme's own sense; None when there are none.
    objective : float or None
        ``cost x + offset``, recomputed.
    iterations : dict of str to int
        What each algorithm counted in this run.
    algorithm : str
        Algorithm that really ran; ``presolve`` when nothing was left to solve, ``branch and
        bound`` for a programme with whole numbers.
    seconds : float
        Run time of this run alone.
    bound : float or None
        Best bound HiGHS claims for a programme with whole numbers, its constant included;
        rounding may leave it a hair on the wrong side of `objective`. None for a linear
        programme and when there is none yet.
    nodes : int
        Nodes of the search tree, those for completing a start left out.
    root_bound : float or None
        Bound when no more than the root node had been solved; None when there was none.
    interrupted : bool
        Whether Ctrl-C was pressed during the run, even if it then ended by itself.
    primal_log : tuple of tuple of float
        Seconds since the run began and objective of each improving solution.
    """

    status: str
    x: Numbers | None
    row_dual: Numbers | None
    reduced_cost: Numbers | None
    objective: float | None
    iterations: dict[str, int]
    algorithm: str
    seconds: float
    bound: float | None = None
    nodes: int = 0
    root_bound: float | None = None
    interrupted: bool = False
    primal_log: tuple[tuple[float, float], ...] = ()


def _ok(status: Any, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS refused to {what}")


def _refuse_company() -> None:
    if "ortools" in sys.modules:
        raise SolverError(
            "ortools is loaded in this process and cannot share it with HiGHS: use a process each"
        )


def refuse(program: Program, algorithm: str) -> None:
    """Refuse what HiGHS must not be given.

    Raises
    ------
    SolverError
        When a number is not finite, or sides cross.
    UsageError
        For an unknown algorithm, or one whose package is missing.
    """
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


def choose(program: Program) -> str:
    """Algorithm that is fastest for programmes like this one, by ``benchmarks/README.md``.

    The simplex method, but for a large linear programme that several rows tie together from
    end to end, as rules of a whole country do: there its iterations grow faster than the
    programme, and the interior point method with crossover is ahead.
    """
    if program.integer.any() or program.matrix.nnz < LARGE_LP:
        return "simplex"
    tying = np.count_nonzero(np.diff(program.matrix.indptr) >= TYING * program.shape[1])
    return "ipx" if tying > 1 else "simplex"


def settings(program: Program, algorithm: str, threads: int) -> dict[str, Any]:
    """Options of HiGHS for a programme that has been scaled."""
    found = {
        "output_flag": False,
        "threads": threads,
        "solver": algorithm,
        "primal_feasibility_tolerance": TOLERANCE,
        "dual_feasibility_tolerance": TOLERANCE,
        "mip_feasibility_tolerance": TOLERANCE,
        "mip_abs_gap": 0.0,  # in scaled units, so nobody's
        "small_matrix_value": UNFELT,
    }
    if program.integer.any():
        # Its search for parallel columns compares every two chords of every curve: minutes.
        found["presolve_rule_off"] = PARALLEL_COLUMNS
        # Presolve in a restart has been seen to lose the best plan, with a bound to match.
        found["mip_allow_restart"] = False
    if algorithm == "pdlp":
        found["pdlp_optimality_tolerance"] = 1e-8
    return found


def ran(counts: dict[str, int], asked: str) -> str:
    """Algorithm told from what was counted, not from what was asked for."""
    if counts["pdlp"]:
        return "pdlp"
    if counts["ipm"]:
        return asked if asked in ("ipx", "hipo") else "ipm"
    return "simplex" if counts["simplex"] else "presolve"


class Solver:
    """One programme loaded into HiGHS, to be solved and re-solved.

    Parameters
    ----------
    program : Program
    algorithm : {'simplex', 'ipx', 'hipo', 'pdlp', 'auto'}
        Named by what really runs; ``hipo`` needs the extra ``allocator[hipo]``, ``auto`` is
        what :func:`choose` says.
    threads : int
        Threads HiGHS may use.
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
        refuse(program, algorithm)
        algorithm = choose(program) if algorithm == "auto" else algorithm
        self.program = program
        self.scaling = Scaling.of(program) if scaled else Scaling.none(program)
        self.algorithm = algorithm
        self.handover = 0.0
        self._watch: Watch | None = None
        self._cost_scale = self.scaling.cost
        self._h = highspy.Highs()
        for name, value in (settings(program, algorithm, threads) | (options or {})).items():
            self._set(name, value)
        self._load()

    @property
    def version(self) -> str:
        """Version of HiGHS."""
        return str(self._h.version())

    def options(self) -> dict[str, Any]:
        """Options that matter to the result, as HiGHS has them."""
        names = (
            "solver",
            "threads",
            "primal_feasibility_tolerance",
            "presolve",
            "random_seed",
            "mip_feasibility_tolerance",
            "mip_rel_gap",
            "mip_max_nodes",
        )
        return {name: self._h.getOptionValue(name)[1] for name in names}

    def _set(self, name: str, value: Any) -> None:
        _ok(self._h.setOptionValue(name, value), f"set option {name} to {value!r}")
        status, now = self._h.getOptionValue(name)
        _ok(status, f"read option {name} back")
        if now != value:
            raise SolverError(f"option {name} is {now!r} after being set to {value!r}")

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
        self._pin(lower, upper)

    def set_sides(self, lower: Numbers, upper: Numbers) -> None:
        """Replace the sides of all rows."""
        if np.isnan(lower).any() or np.isnan(upper).any():
            raise SolverError("a side is not a number")
        self.program = self.program.replaced(row_lower=lower, row_upper=upper)
        rows = np.arange(len(lower), dtype=np.int32)
        s = self.scaling.row
        _ok(self._h.changeRowsBounds(len(lower), rows, lower * s, upper * s), "change sides")

    def set_integer(self, whole: npt.NDArray[np.bool_]) -> None:
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
        columns = np.arange(len(whole), dtype=np.int32)
        kinds = whole.astype(np.uint8)
        _ok(self._h.changeColsIntegrality(len(whole), columns, kinds), "change whole numbers")

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
        gap: float = 0.0,
        node_limit: int | None = None,
        begin: Numbers | None = None,
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
            process of its own (:mod:`allocator.solver.highs.child`).
        algorithm : str, optional
            Another algorithm for this run.
        gap : float
            Where a programme with whole numbers may stop: distance of bound and objective
            over the objective, its constant included.
        node_limit : int, optional
            Most nodes of the search tree.
        begin : ndarray, shape (columns,), optional
            Solution a programme with whole numbers starts from, in its own units; NaN for
            what is not known. What is missing or does not fit is worked out around the
            whole numbers that are known; a start nothing can be made of is passed over.

        Raises
        ------
        KeyboardInterrupt
            When Ctrl-C is pressed a second time. The first stops HiGHS when it next looks,
            and the run returns what it has. Branch and bound does not look while it solves
            the linear programme of its root or runs a heuristic, which can take seconds;
            the first-order algorithm never looks.
        """
        if start not in ("fast", "reproducible"):
            raise UsageError(f"start {start!r} is not fast or reproducible")
        refuse_while(self._watch)
        if start == "reproducible":
            _ok(self._h.clearSolver(), "forget the last run")
        if basis is not None:
            _ok(self._h.setBasis(basis), "take a basis")
        whole = bool(self.program.integer.any())
        self._watch = watch = Watch(whole=whole, maximise=self.program.maximise)
        self._set("solver", algorithm or self.algorithm)
        seconds = 0.0
        if whole and begin is not None:
            seconds += self._take(begin, watch, None if time_limit is None else time_limit / 2)
        left = None if time_limit is None else max(0.0, time_limit - seconds)
        seconds += self._search(watch, left, gap, node_limit) if whole else self._work(watch, left)
        if self._h.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            seconds += self._settle(watch)
        return self._read(seconds, watch)

    def _work(self, watch: Watch, time_limit: float | None, *, forgive: bool = False) -> float:
        """Run HiGHS; seconds it took."""
        # the limit of a linear programme counts all runs of this object, that of one with
        # whole numbers each run by itself
        since = 0.0 if self.program.integer.any() else self._h.getRunTime()
        limit = highspy.kHighsInf if time_limit is None else since + time_limit
        self._set("time_limit", limit)
        began = time.perf_counter()
        status = watch.call(self._h)
        refused = self._h.getModelStatus() == highspy.HighsModelStatus.kSolveError
        if not (forgive and refused):
            _ok(status, "solve")
        return time.perf_counter() - began

    def _search(
        self, watch: Watch, time_limit: float | None, gap: float, nodes: int | None
    ) -> float:
        """Run branch and bound; seconds it took."""
        usual = self._h.getOptionValue("mip_max_nodes")[1]
        self._set("mip_rel_gap", gap)
        if nodes is not None:
            self._set("mip_max_nodes", nodes)
        try:
            self.tolerate(SEARCH)
            seconds = self._work(watch, time_limit, forgive=True)
            if self._h.getModelStatus() == highspy.HighsModelStatus.kSolveError:
                # It found its answer a hair off a row and will not give it.
                self.tolerate(LOOSER)
                left = None if time_limit is None else max(0.0, time_limit - seconds)
                seconds += self._work(watch, left)
        finally:
            self.tolerate(TOLERANCE)
            self._set("mip_max_nodes", usual)
        return seconds

    def tolerate(self, tolerance: float) -> None:
        """Set how far rows, bounds and whole numbers may be missed, in scaled units."""
        self._set("mip_feasibility_tolerance", tolerance)
        self._set("primal_feasibility_tolerance", tolerance)

    def _take(self, begin: Numbers, watch: Watch, time_limit: float | None) -> float:
        """Give HiGHS a start, completed if need be; seconds it took.

        HiGHS would complete a start itself, but outside the time limit, and would report
        the bound of what it fixed as if it were the programme's.
        """
        p = self.program
        if begin.shape != p.cost.shape:
            raise SolverError(f"a start of {begin.shape} for {len(p.cost)} columns")
        if np.isfinite(begin).all() and self._fits(begin):
            self._give(begin)
            return 0.0
        with np.errstate(invalid="ignore"):
            value = np.round(begin)
            fixed = p.integer & (value >= p.col_lower) & (value <= p.col_upper)
        if not fixed.any():
            return 0.0
        self._pin(np.where(fixed, value, p.col_lower), np.where(fixed, value, p.col_upper))
        seconds = self._search(watch, time_limit, START_GAP, START_NODES)
        told = self._h.getModelStatus() in _STATUS
        x = self._read(seconds, watch).x if told else None
        self._pin(p.col_lower, p.col_upper)
        if x is not None:
            self._give(x)
        return seconds

    def _pin(self, lower: Numbers, upper: Numbers) -> None:
        """Change the bounds HiGHS has, and those only."""
        columns = np.arange(len(lower), dtype=np.int32)
        s = self.scaling.column
        _ok(self._h.changeColsBounds(len(lower), columns, lower / s, upper / s), "change bounds")

    def _give(self, x: Numbers) -> None:
        solution = highspy.HighsSolution()
        solution.col_value = list(x / self.scaling.column)
        self._h.setSolution(solution)  # refused or not: a start is no more than an offer

    def _fits(self, x: Numbers) -> bool:
        """Whether a point is within tolerance of every row, bound and whole number."""
        p, s = self.program, self.scaling
        value = p.matrix @ x
        off = (
            np.maximum(p.row_lower - value, value - p.row_upper) * s.row,
            np.maximum(p.col_lower - x, x - p.col_upper) / s.column,
            np.abs(x - np.round(x))[p.integer],
        )
        return all(np.max(part, initial=0.0) <= TOLERANCE for part in off)

    def _settle(self, watch: Watch) -> float:
        """Find out whether a programme is infeasible or unbounded; seconds it took."""
        asked = self._h.getOptionValue("presolve")[1]
        began = time.perf_counter()
        self._set("presolve", "off")
        self._set("solver", "simplex")
        _ok(self._h.clearSolver(), "forget the last run")
        _ok(watch.call(self._h), "solve")
        self._set("presolve", asked)
        return time.perf_counter() - began

    def _read(self, seconds: float, watch: Watch) -> Solution:
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
        found = Solution(
            status,
            x,
            dual,
            reduced,
            objective,
            counts,
            ran(counts, self._h.getOptionValue("solver")[1]),
            seconds,
            interrupted=watch.stop.is_set(),
        )
        return self._read_whole(found, info, watch) if self.program.integer.any() else found

    def _read_whole(self, found: Solution, info: Any, watch: Watch) -> Solution:
        """What a linear programme has not: exact whole numbers, bounds and nodes."""
        status, x, objective = found.status, found.x, None
        if x is not None:
            off = max(info.max_primal_infeasibility, info.max_integrality_violation)
            if not (np.isfinite(info.objective_function_value) and off <= SOUND):
                status, x = "unknown" if status == "optimal" else status, None
        if x is not None:
            whole = self.program.integer
            x[whole] = np.round(x[whole]) + 0.0
            objective = float(self.program.cost @ x + self.program.offset)
        bound = self._own(info.mip_dual_bound)
        nodes = max(0, int(info.mip_node_count))
        root = bound if nodes <= 1 else self._own(watch.root_bound)
        log = tuple((at, value / self._cost_scale) for at, value in watch.improving)
        return replace(
            found,
            status=status,
            x=x,
            objective=objective,
            algorithm="branch and bound",
            bound=bound,
            nodes=nodes,
            root_bound=root,
            primal_log=log,
        )

    def _own(self, bound: float | None) -> float | None:
        """A bound of HiGHS in the programme's own units; None when it is none."""
        if bound is None or not abs(bound) < highspy.kHighsInf:
            return None
        return float(bound) / self._cost_scale + 0.0  # no minus zero

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
