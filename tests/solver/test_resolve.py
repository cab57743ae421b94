"""Solving again with other figures: the same answers as loading anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from allocator.errors import SolverError
from allocator.solver.highs import Solver
from allocator.solver.program import Block, Program
from allocator.solver.resolve import Resolver

INF = np.inf


def services(**changes: Any) -> Program:
    """Two services of £1 and £2 a unit, 100 at most of each, from £150; worth 3 and 4 a unit.

    All of the first, and 25 of the second: 300 + 100 + 7.
    """
    parts: dict[str, Any] = {
        "maximise": True,
        "cost": np.array([3.0, 4.0]),
        "offset": 7.0,
        "matrix": sparse.csr_array(np.array([[1.0, 2.0]])),
        "row_lower": np.array([-INF]),
        "row_upper": np.array([150.0]),
        "col_lower": np.zeros(2),
        "col_upper": np.full(2, 100.0),
        "integer": np.zeros(2, dtype=bool),
        "columns": (Block("activity", 0, 2, None, ("first", "second")),),
        "rows": (Block("pool", 0, 1, None, ("NHS",)),),
    }
    return Program(**(parts | changes))


def at(*places: int) -> np.ndarray:
    return np.array(places)


def of(*numbers: float) -> np.ndarray:
    return np.array(numbers)


def test_budgets_weights_and_rates_change_in_turn() -> None:
    program = services()
    solver = Resolver(program)
    assert solver.resolve().objective == pytest.approx(407.0)
    solver.change_sides(at(0), of(-INF), of(250.0))  # 100 + 75
    assert solver.resolve().objective == pytest.approx(300 + 300 + 7)
    solver.change_costs(at(1), of(8.0))  # now 4 a pound: all of the second, 50 of the first
    solution = solver.resolve(duals=True)
    assert solution.x == pytest.approx([50.0, 100.0])
    assert solution.objective == pytest.approx(150 + 800 + 7)
    assert solution.row_dual == pytest.approx([3.0])
    assert solution.reduced_cost == pytest.approx([0.0, 2.0])
    solver.change_coefficients(at(1), of(1.0))  # £1 each now
    assert solver.resolve().objective == pytest.approx(300 + 800 + 7)
    assert program.matrix.data.tolist() == [1.0, 2.0]  # the caller's stays
    assert program.cost.tolist() == [3.0, 4.0]
    assert program.row_upper.tolist() == [150.0]


def test_duals_are_read_when_they_are_asked_for() -> None:
    assert Resolver(services()).resolve().row_dual is None


def test_another_programme_of_the_same_structure_is_taken() -> None:
    other = services(
        cost=np.array([1.0, 5.0]),
        offset=-2.0,
        matrix=sparse.csr_array(np.array([[1.5, 3.0]])),
        row_upper=np.array([210.0]),
        col_upper=np.array([100.0, 40.0]),
    )
    solver = Resolver(services())
    solver.resolve()
    solver.take(other)
    solution, fresh = solver.resolve(), Solver(other).run()
    assert solution.objective == pytest.approx(60 + 200 - 2)  # 40 of the second, £90 for the first
    assert solution.x == pytest.approx(fresh.x)
    assert solver.program.sha256() == other.sha256()


def test_another_structure_is_refused() -> None:
    solver = Resolver(services())
    for other in (
        services(matrix=sparse.csr_array(np.array([[1.0, 0.0]]))),
        services(maximise=False),
        services(integer=np.array([True, False])),
    ):
        with pytest.raises(SolverError, match="another structure"):
            solver.take(other)


def test_what_cannot_be_is_refused_and_changes_nothing() -> None:
    solver = Resolver(services())
    with pytest.raises(SolverError, match=r"pool\[NHS\]"):
        solver.change_sides(at(0), of(2.0), of(1.0))
    with pytest.raises(SolverError, match="not a number"):
        solver.change_sides(at(0), of(-INF), of(np.nan))
    with pytest.raises(SolverError, match="no row 1"):
        solver.change_sides(at(1), of(-INF), of(1.0))
    with pytest.raises(SolverError, match="no column -1"):
        solver.change_costs(at(-1), of(1.0))
    with pytest.raises(SolverError, match="not finite"):
        solver.change_costs(at(0), of(INF))
    with pytest.raises(SolverError, match="another number of figures"):
        solver.change_costs(at(0, 1), of(1.0))
    for value in (1e-13, 1e16, np.nan, INF):
        with pytest.raises(SolverError, match="coefficient"):
            solver.change_coefficients(at(0), of(value))
    assert solver.resolve().objective == pytest.approx(407.0)


def test_a_term_is_taken_out_and_comes_back() -> None:
    solver = Resolver(services())
    solver.resolve()
    solver.change_coefficients(at(1), of(0.0))  # the second is free
    assert solver.resolve().objective == pytest.approx(300 + 400 + 7)
    solver.change_coefficients(at(1), of(2.0))
    assert solver.resolve().objective == pytest.approx(407.0)


def test_no_plan_is_told_and_the_next_budget_solved() -> None:
    solver = Resolver(services(col_lower=np.array([20.0, 0.0])))
    solver.resolve()
    solver.change_sides(at(0), of(-INF), of(10.0))
    assert solver.resolve().status == "infeasible"
    solver.change_sides(at(0), of(-INF), of(150.0))
    assert solver.resolve().objective == pytest.approx(407.0)


def test_limits_of_a_watched_run_do_not_stay() -> None:
    solver = Resolver(services())
    assert solver.run(time_limit=0.0).status in ("limit", "optimal")
    assert solver.resolve().objective == pytest.approx(407.0)


def test_whole_numbers_are_run_not_resolved() -> None:
    solver = Resolver(services(integer=np.array([True, True])))
    with pytest.raises(SolverError, match="run it"):
        solver.resolve()
    solver.change_sides(at(0), of(-INF), of(151.0))
    # 99 and 26 spend it all; in fractions it would be 300 + 102 + 7
    assert solver.run().objective == pytest.approx(297 + 104 + 7)
