"""Solving again with other figures: the same answers as loading anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from allocator.errors import SolverError, UsageError
from allocator.solver import resolve
from allocator.solver.highs import direct
from allocator.solver.highs.door import Solver
from allocator.solver.highs.engine import Highspy
from allocator.solver.program import Block, Program
from allocator.solver.resolve import Resolver

INF = np.inf


WAYS = ("binding",) if direct.library() is None else ("library", "binding")
"""Ways into HiGHS; a binding without a library of its own leaves one."""


@pytest.fixture(autouse=True, params=WAYS)
def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "binding":
        monkeypatch.setattr(resolve, "opened", Highspy)


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
    solver.sides(at(0)).change(of(-INF), of(250.0))  # 100 + 75
    assert solver.resolve().objective == pytest.approx(300 + 300 + 7)
    solver.costs(at(1)).change(of(8.0))  # now 4 a pound: all of the second, 50 of the first
    solution = solver.resolve(duals=True)
    assert solution.x == pytest.approx([50.0, 100.0])
    assert solution.objective == pytest.approx(150 + 800 + 7)
    assert solution.row_dual == pytest.approx([3.0])
    assert solution.reduced_cost == pytest.approx([0.0, 2.0])
    solver.coefficients(at(1)).change(of(1.0))  # £1 each now
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


@pytest.mark.parametrize("algorithm", ["simplex", "ipx"])
def test_only_the_first_run_is_by_another_algorithm(algorithm: str) -> None:
    solver = Resolver(many(), algorithm=algorithm, options={"presolve": "off"})
    budget = solver.sides(at(0))
    assert solver.resolve().algorithm == algorithm
    for amount in (400.0, 205.0):
        budget.change(of(-INF), of(amount))
        again = solver.resolve()
        assert again.algorithm in ("simplex", "presolve")
        assert again.iterations["ipm"] == 0
        best = np.sort(many().cost)[::-1]
        full = int(amount // 10)
        assert again.objective == pytest.approx(10 * best[:full].sum() + amount % 10 * best[full])


def test_an_algorithm_without_a_basis_is_refused() -> None:
    with pytest.raises(UsageError, match="pdlp ends without a basis"):
        Resolver(many(), algorithm="pdlp")


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
        solver.sides(at(0)).change(of(2.0), of(1.0))
    with pytest.raises(SolverError, match="not a number"):
        solver.sides(at(0)).change(of(-INF), of(np.nan))
    with pytest.raises(SolverError, match="no row 1"):
        solver.sides(at(1)).change(of(-INF), of(1.0))
    with pytest.raises(SolverError, match="no column -1"):
        solver.costs(at(-1)).change(of(1.0))
    with pytest.raises(SolverError, match="not finite"):
        solver.costs(at(0)).change(of(INF))
    with pytest.raises(SolverError, match="another number of figures"):
        solver.costs(at(0, 1)).change(of(1.0))
    for value in (1e-13, 1e16, np.nan, INF):
        with pytest.raises(SolverError, match="coefficient"):
            solver.coefficients(at(0)).change(of(value))
    assert solver.resolve().objective == pytest.approx(407.0)


def test_a_term_is_taken_out_and_comes_back() -> None:
    solver = Resolver(services())
    solver.resolve()
    solver.coefficients(at(1)).change(of(0.0))  # the second is free
    assert solver.resolve().objective == pytest.approx(300 + 400 + 7)
    solver.coefficients(at(1)).change(of(2.0))
    assert solver.resolve().objective == pytest.approx(407.0)


def test_no_plan_is_told_and_the_next_budget_solved() -> None:
    solver = Resolver(services(col_lower=np.array([20.0, 0.0])))
    solver.resolve()
    solver.sides(at(0)).change(of(-INF), of(10.0))
    assert solver.resolve().status == "infeasible"
    solver.sides(at(0)).change(of(-INF), of(150.0))
    assert solver.resolve().objective == pytest.approx(407.0)


def test_limits_of_a_watched_run_do_not_stay() -> None:
    solver = Resolver(services())
    assert solver.run(time_limit=0.0).status in ("limit", "optimal")
    assert solver.resolve().objective == pytest.approx(407.0)


def test_whole_numbers_are_run_not_resolved() -> None:
    solver = Resolver(services(integer=np.array([True, True])))
    with pytest.raises(SolverError, match="run it"):
        solver.resolve()
    solver.sides(at(0)).change(of(-INF), of(151.0))
    # 99 and 26 spend it all; in fractions it would be 300 + 102 + 7
    assert solver.run().objective == pytest.approx(297 + 104 + 7)


def many(count: int = 60) -> Program:
    """A budget over services from worth 1 to worth 2 a pound, ten pounds of each at most."""
    cost = np.linspace(1.0, 2.0, count)
    return services(
        cost=cost,
        offset=0.0,
        matrix=sparse.csr_array(np.ones((1, count))),
        row_upper=np.array([95.0]),
        col_lower=np.zeros(count),
        col_upper=np.full(count, 10.0),
        integer=np.zeros(count, dtype=bool),
        columns=(Block("activity", 0, count, None, tuple(map(str, range(count)))),),
    )


def test_places_far_apart_and_out_of_order_are_each_changed() -> None:
    solver = Resolver(many())
    solver.resolve()
    solver.costs(at(59, 0, 2, 30)).change(of(0.5, 9.0, 8.0, 7.0))
    program = solver.program
    wanted = many().cost
    wanted[[59, 0, 2, 30]] = 0.5, 9.0, 8.0, 7.0
    assert program.cost.tolist() == wanted.tolist()
    best = np.sort(wanted)[::-1]
    assert solver.resolve().objective == pytest.approx(10 * best[:9].sum() + 5 * best[9])


def test_from_a_kept_basis_the_answer_is_the_same_whatever_came_before() -> None:
    program = many()
    tied = program.replaced(cost=np.ones_like(program.cost))
    draws = [of(15.0), of(400.0), of(205.0), of(15.0)]
    found = []
    for order in ((0, 1, 2, 3), (2, 1, 3, 0)):
        solver = Resolver(tied)
        solver.resolve()
        solver.keep()
        budget = solver.sides(at(0))
        plans = {}
        for draw in order:
            budget.change(of(-INF), draws[draw])
            plans[draw] = solver.resolve().x
        found.append(plans)
    for draw, x in found[0].items():
        assert x is not None
        assert x.tolist() == found[1][draw].tolist()
        assert x.sum() == pytest.approx(draws[draw][0])


def test_a_term_too_small_to_be_felt_keeps_the_places_of_the_others() -> None:
    program = services(
        matrix=sparse.csr_array(np.array([[1e6, 1e-8], [1.0, 2.0]])),
        row_lower=np.array([-INF, -INF]),
        row_upper=np.array([1e8, 150.0]),
        rows=(Block("pool", 0, 2, None, ("NHS", "Council")),),
    )
    solver = Resolver(program)
    solver.resolve()
    solver.coefficients(at(2)).change(of(2.0))  # of the first, in the second row
    assert solver.program.matrix.data.tolist() == [1e6, 1e-8, 2.0, 2.0]
    assert solver.resolve().objective == pytest.approx(300 + 7)


def test_options_are_read_back_and_words_are_options_too() -> None:
    highs = resolve.opened()
    highs.set("presolve", "off")
    highs.set("time_limit", 12.5)
    highs.set("threads", 1)
    highs.set("output_flag", False)
    read = [highs.get(name) for name in ("presolve", "time_limit", "threads", "output_flag")]
    assert read == ["off", 12.5, 1, False]
    with pytest.raises(SolverError, match="no_such_option"):
        highs.set("no_such_option", 1)
    with pytest.raises(SolverError, match="presolve"):
        highs.set("presolve", "sometimes")


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    solver = Resolver(services())
    solver.resolve()
    solver.sides(at(0)).change(of(-INF), of(20.0))
    solver.resolve(duals=True)
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "")
