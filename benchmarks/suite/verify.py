"""What a solver's answer is worth: checked against the problem, whatever the solver says.

Every figure here is computed from the problem's own arrays and the values handed back, in the
problem's own units. One run is judged by itself; results that contradict each other are
compared by :mod:`benchmarks.suite.ledger`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from allocator.arrays import Floats
from benchmarks.suite.problem import Problem

TOLERANCE = 1e-6
"""Largest violation of a sound solution, over the larger of 1 and the size of the row."""

OBJECTIVE_TOLERANCE = 1e-6
"""Largest distance from a known optimum, over the larger of 1 and that optimum."""

SUMMING = 1e-12
"""And over the sizes of the objective's terms: what adding them up may lose."""

ROUNDING = 1.001
"""What is asked of a solver is judged this much more gently: it sums in another order."""

UNTOLD = ("unsupported", "licence-limit", "missing", "out-of-memory", "error")
"""Claims that are statuses as they are: there is no answer to check."""


@dataclass(frozen=True)
class Residuals:
    """How far a point is from being a solution.

    Attributes
    ----------
    row, bound : float
        Largest violation over the size of what is violated. The size of a row is the largest
        of its violated side, the sum of its terms' sizes, and its largest coefficient; the
        size of a bound the larger of itself and 1.
    row_absolute, bound_absolute : float
        Largest violation, in the problem's own units.
    integer : float
        Largest distance of a column that must be whole from the nearest whole number.
    rounded : float
        As `row`, once those columns are rounded.
    sound : bool
        Whether every row, bound and whole number is within the tolerance: of its size, or of
        1 where that is larger, because solvers are asked for an absolute tolerance.
    """

    row: float
    bound: float
    row_absolute: float
    bound_absolute: float
    integer: float
    rounded: float
    sound: bool

    @property
    def relative(self) -> dict[str, float]:
        """What goes into ``residual`` of a result line."""
        return {"row": self.row, "bound": self.bound, "integer": self.integer}

    @property
    def absolute(self) -> dict[str, float]:
        """What goes into ``residual_absolute`` of a result line."""
        return {
            "row": self.row_absolute,
            "bound": self.bound_absolute,
            "row_after_rounding": self.rounded,
        }


@dataclass(frozen=True)
class Settled:
    """The point that is left once columns are whole and within their bounds.

    Attributes
    ----------
    objective : float
        Of that point.
    row : float
        Largest violation of a row by it, relative to the row's size.
    """

    objective: float
    row: float


@dataclass(frozen=True)
class Verdict:
    """What one run came to.

    Attributes
    ----------
    status : str
        As in a result line.
    objective : float or None
        Recomputed from the values handed back.
    gap : float or None
        Between that objective and the bound: the solver's own for whole numbers, the one that
        follows from its duals for a linear programme; over the larger of 1 and the objective.
    residuals : Residuals or None
    dual_bound, dual_residual : float or None
        Bound that follows from the duals of a linear programme, and how much of their signs
        had to be forgiven for it, relative to the terms of the reduced cost.
    proof : str
        What an optimum rests on: ``known`` (the problem's optimum is known), ``duals`` (they
        close the gap), ``claim`` (the solver's word, and that nobody has beaten it).
    notes : tuple of str
    settled : Settled or None
        What the point is worth without the tolerance of bounds and whole numbers.
    """

    status: str
    objective: float | None = None
    gap: float | None = None
    residuals: Residuals | None = None
    dual_bound: float | None = None
    dual_residual: float | None = None
    proof: str = ""
    notes: tuple[str, ...] = field(default=())
    settled: Settled | None = None


def objective_of(problem: Problem, x: Floats) -> float:
    """``cost x + offset``, its terms summed without rounding."""
    return math.fsum([*(problem.cost * x).tolist(), problem.offset])


def _row_largest(problem: Problem) -> Floats:
    largest = np.zeros(problem.shape[0])
    some = np.diff(problem.matrix.indptr) > 0
    if some.any():
        starts = problem.matrix.indptr[:-1][some]
        largest[some] = np.maximum.reduceat(np.abs(problem.matrix.data), starts)
    return largest


def _rows(problem: Problem, x: Floats) -> tuple[Floats, Floats]:
    """Violation and size of every row."""
    value = problem.matrix @ x
    below, above = problem.row_lower - value, value - problem.row_upper
    violation = np.maximum(0.0, np.maximum(below, above))
    side = np.abs(np.where(below > above, problem.row_lower, problem.row_upper))
    side[violation == 0.0] = 0.0
    terms = abs(problem.matrix) @ np.abs(x)
    return violation, np.maximum(side, np.maximum(terms, _row_largest(problem)))


def _bounds(problem: Problem, x: Floats) -> tuple[Floats, Floats]:
    """Violation and size of every column's bounds."""
    below, above = problem.col_lower - x, x - problem.col_upper
    violation = np.maximum(0.0, np.maximum(below, above))
    bound = np.abs(np.where(below > above, problem.col_lower, problem.col_upper))
    bound[violation == 0.0] = 0.0
    return violation, np.maximum(1.0, bound)


def _worst(violation: Floats, size: Floats) -> float:
    broken = violation > 0.0
    if not broken.any():
        return 0.0
    with np.errstate(divide="ignore"):
        return float(np.max(violation[broken] / size[broken]))


def residuals(problem: Problem, x: Floats, tolerance: float = TOLERANCE) -> Residuals:
    """Check a point against every row, bound and whole number.

    Parameters
    ----------
    problem : Problem
    x : ndarray, shape (columns,)
        Finite values.
    tolerance : float
    """
    allowed = tolerance * ROUNDING
    row, row_size = _rows(problem, x)
    bound, bound_size = _bounds(problem, x)
    whole = problem.integer
    rounded = np.where(whole, np.round(x), x)
    off = np.abs(rounded - x)
    sound = (
        bool((row <= allowed * np.maximum(1.0, row_size)).all())
        and bool((bound <= allowed * bound_size).all())
        and bool((off <= allowed).all())
    )
    after = _worst(*_rows(problem, rounded)) if off.any() else _worst(row, row_size)
    return Residuals(
        row=_worst(row, row_size),
        bound=_worst(bound, bound_size),
        row_absolute=float(np.max(row, initial=0.0)),
        bound_absolute=float(np.max(bound, initial=0.0)),
        integer=float(np.max(off, initial=0.0)),
        rounded=after,
        sound=sound,
    )


def settled(problem: Problem, x: Floats) -> Settled | None:
    """What a point is worth once whole columns are rounded and all are put within their bounds.

    None where a whole column has no whole number within its bounds, or bounds cross.
    """
    whole = problem.integer
    low = np.where(whole, np.ceil(problem.col_lower), problem.col_lower)
    high = np.where(whole, np.floor(problem.col_upper), problem.col_upper)
    if (low > high).any():
        return None
    point = np.clip(np.where(whole, np.round(x), x), low, high)
    return Settled(objective_of(problem, point), _worst(*_rows(problem, point)))


def dual_bound(problem: Problem, row_dual: Floats) -> tuple[float, float]:
    """Bound on the best objective of a linear programme that follows from row duals.

    Any duals give a bound (weak duality). One of the wrong sign, for a side that does not
    exist, counts as zero. A reduced cost of the wrong sign whose column has no bound there
    leaves no bound at all, unless it is no more than the tolerance of its own terms: then it
    counts as zero too and is told as the residual.

    Parameters
    ----------
    problem : Problem
    row_dual : ndarray, shape (rows,)
        d objective / d right side in the problem's own sense.

    Returns
    -------
    bound : float
        Infinite when there is none.
    residual : float
        Largest reduced cost that was taken for zero, over the size of its terms.
    """
    sign = -1.0 if problem.maximise else 1.0
    y = sign * row_dual
    y = np.where(np.isinf(np.where(y > 0, problem.row_lower, problem.row_upper)), 0.0, y)
    reduced = sign * problem.cost - problem.matrix.T @ y
    size = np.abs(problem.cost) + abs(problem.matrix).T @ np.abs(y)
    reduced = np.where(np.abs(reduced) <= 1e-15 * size, 0.0, reduced)
    bound = np.where(reduced > 0, problem.col_lower, problem.col_upper)
    forgiven = (reduced != 0.0) & np.isinf(bound)
    residual = float(np.max(np.abs(reduced[forgiven]) / size[forgiven], initial=0.0))
    if residual > TOLERANCE:
        return math.inf * (1.0 if problem.maximise else -1.0), residual
    side = np.where(y > 0, problem.row_lower, problem.row_upper)
    kept, used = y != 0.0, (reduced != 0.0) & ~forgiven
    parts = [*(y[kept] * side[kept]).tolist(), *(reduced[used] * bound[used]).tolist()]
    return sign * math.fsum([*parts, sign * problem.offset]) + 0.0, residual


def boxed(problem: Problem) -> bool:
    """Whether the bounds of its columns alone keep the objective finite."""
    upward = (problem.cost > 0) == problem.maximise
    limit = np.where(upward, problem.col_upper, problem.col_lower)
    return bool(np.isfinite(limit[problem.cost != 0.0]).all())


def known_status(problem: Problem) -> str:
    """What is known of a problem; blank when nothing is."""
    return problem.status or ("optimal" if problem.optimum is not None else "")


def judge(
    problem: Problem,
    claimed: str,
    x: Floats | None = None,
    *,
    row_dual: Floats | None = None,
    bound: float | None = None,
    gap: float = TOLERANCE,
) -> Verdict:
    """Status of one run, from its answer and what is known of the problem.

    Parameters
    ----------
    problem : Problem
    claimed : str
        One of :data:`benchmarks.suite.solvers.base.CLAIMS`.
    x, row_dual : ndarray, optional
        What was handed back.
    bound : float, optional
        Bound the solver says it has proved, of a programme with whole numbers.
    gap : float
        Relative gap it was allowed.
    """
    if claimed in UNTOLD:
        return Verdict(claimed)
    if claimed in ("infeasible", "unbounded", "infeasible-or-unbounded"):
        return _judge_none(problem, claimed)
    if x is None:
        if claimed == "optimal":
            return Verdict("error", notes=("claims an optimum and hands back no values",))
        return Verdict("soft-time-out" if claimed == "limit" else "error")
    if x.shape != (problem.shape[1],) or not np.isfinite(x).all():
        status = "wrong" if claimed == "optimal" else "soft-time-out"
        return Verdict(status, notes=("hands back values that are not finite numbers",))
    found = _measure(problem, x, row_dual, bound)
    if claimed != "optimal":
        return _judge_stopped(problem, claimed, found)
    return _judge_optimal(problem, x, found, gap)


def _judge_none(problem: Problem, claimed: str) -> Verdict:
    """Somebody says there is no solution, or no best one."""
    known = known_status(problem)
    if claimed == "unbounded" and boxed(problem):
        return Verdict("wrong", notes=("claims unbounded; the columns' own bounds forbid it",))
    if claimed == "infeasible-or-unbounded":
        if known in ("infeasible", "unbounded"):
            return Verdict(known, notes=("said only that it is one of infeasible and unbounded",))
        if known != "optimal" and boxed(problem):
            return Verdict("infeasible", notes=("said infeasible or unbounded; it is bounded",))
        if not known:
            return Verdict("error", notes=("does not tell infeasible from unbounded",))
    if known and known != claimed:
        return Verdict("wrong", notes=(f"claims {claimed}; it is known to be {known}",))
    return Verdict(claimed)


def _measure(problem: Problem, x: Floats, row_dual: Floats | None, bound: float | None) -> Verdict:
    """Everything about a point but the status."""
    objective = objective_of(problem, x)
    implied = residual = None
    whole = problem.whole
    fits = row_dual is not None and row_dual.shape == (problem.shape[0],)
    if fits and not whole and row_dual is not None and np.isfinite(row_dual).all():
        implied, residual = dual_bound(problem, row_dual)
    limit = bound if whole else implied
    gap = None
    if limit is not None and math.isfinite(limit):
        gap = abs(limit - objective) / max(1.0, abs(objective))
    return Verdict(
        "",
        objective,
        gap,
        residuals(problem, x),
        implied if implied is not None and math.isfinite(implied) else None,
        residual,
        settled=settled(problem, x),
    )


def _with(found: Verdict, status: str, proof: str = "", *notes: str) -> Verdict:
    return replace(found, status=status, proof=proof, notes=notes)


def _unsound(found: Verdict) -> str:
    """Why a point is no solution; blank when it is one."""
    r = found.residuals
    if r is None or r.sound:
        return ""
    return (
        f"violates rows by up to {r.row_absolute:.2e} ({r.row:.1e} of their size), bounds by up "
        f"to {r.bound_absolute:.2e}, whole numbers by up to {r.integer:.1e}"
    )


def _judge_stopped(problem: Problem, claimed: str, found: Verdict) -> Verdict:
    why = _unsound(found)
    if why:
        status = "soft-time-out" if claimed == "limit" else "error"
        words = f"its last point is no solution: {why}"
        return Verdict(status, residuals=found.residuals, notes=(words,))
    if known_status(problem) == "infeasible":
        return _with(found, "wrong", "", "hands back a solution; there is known to be none")
    notes = () if claimed == "limit" else ("gave up before it was sure",)
    return _with(found, "feasible-at-limit", "", *notes)


def _judge_optimal(problem: Problem, x: Floats, found: Verdict, gap: float) -> Verdict:
    why = _unsound(found)
    if why:
        return _with(found, "wrong", "", f"claims an optimum that {why}")
    known = known_status(problem)
    if known in ("infeasible", "unbounded"):
        return _with(found, "wrong", "", f"claims an optimum; it is known to be {known}")
    whole = problem.whole
    assert found.objective is not None, "a finite point has an objective"
    if problem.optimum is not None:
        size = float(np.abs(problem.cost) @ np.abs(x)) + abs(problem.offset)
        share = OBJECTIVE_TOLERANCE + (gap if whole else 0.0)
        allowed = share * max(1.0, abs(problem.optimum)) + SUMMING * size
        off = found.objective - problem.optimum
        if abs(off) > allowed:
            better = "better" if (off > 0) == problem.maximise else "worse"
            words = f"claims an optimum {abs(off):.3e} {better} than the known {problem.optimum!r}"
            return _with(found, "wrong", "", words)
        return _with(found, "verified-optimal", "known")
    if whole and found.gap is not None and found.gap > 2.0 * gap + 1e-9:
        words = f"claims an optimum, but its own bound leaves a gap of {found.gap:.1e}"
        return _with(found, "feasible-at-limit", "", words)
    closed = not whole and found.gap is not None and found.gap <= OBJECTIVE_TOLERANCE
    return _with(found, "verified-optimal", "duals" if closed else "claim")
