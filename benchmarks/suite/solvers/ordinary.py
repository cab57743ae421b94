"""A problem in ordinary Pyomo, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import or_none


def fill(model: Any, problem: Problem, **figures: list[Any]) -> Any:
    """Put a problem into a model: ``x``, ``row`` and ``total``.

    Parameters
    ----------
    model : pyomo.environ.ConcreteModel
    problem : Problem
    **figures
        What stands in place of the numbers of ``cost``, ``data`` (of the matrix),
        ``row_lower`` or ``row_upper``: mutable parameters among them, say.

    Returns
    -------
    pyomo.environ.ConcreteModel
    """
    rows, columns = problem.shape
    low, high = problem.col_lower.tolist(), problem.col_upper.tolist()
    whole = problem.integer.tolist()
    model.x = pyo.Var(
        range(columns),
        bounds=lambda _, n: (or_none(low[n]), or_none(high[n])),
        within=lambda _, n: pyo.Integers if whole[n] else pyo.Reals,
    )
    x = list(model.x.values())
    cost = figures.get("cost", problem.cost.tolist())
    costly = np.flatnonzero(problem.cost).tolist()
    total = LinearExpression(
        constant=problem.offset,
        linear_coefs=[cost[n] for n in costly],
        linear_vars=[x[n] for n in costly],
    )
    sense = pyo.maximize if problem.maximise else pyo.minimize
    model.total = pyo.Objective(expr=total, sense=sense)
    least = figures.get("row_lower", problem.row_lower.tolist())
    most = figures.get("row_upper", problem.row_upper.tolist())
    data = figures.get("data", problem.matrix.data.tolist())
    begin, column = problem.matrix.indptr, problem.matrix.indices.tolist()

    def row(_: Any, n: int) -> Any:
        span = slice(begin[n], begin[n + 1])
        terms = [x[j] for j in column[span]]
        inside = LinearExpression(linear_coefs=data[span], linear_vars=terms)
        if problem.row_lower[n] == problem.row_upper[n]:
            return inside == most[n]
        if np.isinf(problem.row_lower[n]):
            return inside <= most[n]
        return inside >= least[n] if np.isinf(problem.row_upper[n]) else (least[n], inside, most[n])

    model.row = pyo.Constraint([n for n in range(rows) if _needed(problem, n)], rule=row)
    return model


def _needed(problem: Problem, row: int) -> bool:
    """Whether a row says anything; Pyomo takes no row without columns."""
    low, high = problem.row_lower[row], problem.row_upper[row]
    if problem.matrix.indptr[row] == problem.matrix.indptr[row + 1]:
        return not low <= 0.0 <= high
    return bool(np.isfinite(low) or np.isfinite(high))
