"""Every way HiGHS could mislead us, one test each."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import highspy
import numpy as np
import pytest
from scipy import sparse
from small import INF, arrays, production

from allocator.errors import SolverError, UsageError
from allocator.solver.highs.door import Solver
from allocator.solver.highs.options import LARGE_LP, TYING, choose
from allocator.solver.program import Block, Program

NAN = float("nan")
TIED = arrays([[1, 1, 1]], [-INF], [1], [0, 0, 0], [1, 1, 1], [1, 1, 1])
"""Three corners are equally good."""


class Twisted:
    """HiGHS with some of its methods replaced."""

    def __init__(self, highs: Any, **methods: Any) -> None:
        self._highs = highs
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        if name in self._methods:
            return self._methods[name]
        return getattr(self._highs, name)


def twist(solver: Solver, **methods: Any) -> Solver:
    solver.engine.highs = Twisted(solver.engine.highs, **methods)
    return solver


def failing(*_: Any) -> Any:
    return highspy.HighsStatus.kError


def values(found: Any) -> list[float]:
    assert found is not None
    return [float(v) for v in found]


# what goes in


def test_numbers_that_are_not_finite_are_refused_on_every_way_in() -> None:
    solver = Solver(production())
    with pytest.raises(SolverError, match="cost"):
        solver.set_objective(np.array([NAN, 1.0]), maximise=True)
    with pytest.raises(SolverError, match="cost"):
        solver.set_objective(np.array([1.0, 1.0]), maximise=True, offset=INF)
    with pytest.raises(SolverError, match="bound"):
        solver.set_bounds(np.array([0.0, NAN]), np.array([1.0, 1.0]))
    with pytest.raises(SolverError, match="side"):
        solver.set_sides(np.array([-INF, -INF]), np.array([1.0, NAN]))
    assert solver.run().objective == 12, "and what was refused left nothing behind"


@pytest.mark.parametrize(
    ("method", "act"),
    [
        ("changeColsCost", lambda s: s.set_objective(np.ones(2), maximise=True)),
        ("changeObjectiveOffset", lambda s: s.set_objective(np.ones(2), maximise=True)),
        ("changeObjectiveSense", lambda s: s.set_objective(np.ones(2), maximise=True)),
        ("changeColsBounds", lambda s: s.set_bounds(np.zeros(2), np.ones(2))),
        ("changeRowsBounds", lambda s: s.set_sides(np.zeros(2), np.ones(2))),
        ("addRow", lambda s: s.add_row(np.ones(2), 0.0, 1.0)),
        ("setOptionValue", lambda s: s.run()),
        ("setBasis", lambda s: s.run(basis=highspy.HighsBasis())),
        ("clearSolver", lambda s: s.run(start="reproducible")),
        ("run", lambda s: s.run()),
        ("passModel", lambda s: s.load()),
    ],
)
def test_a_call_that_fails_is_never_passed_over(method: str, act: Any) -> None:
    solver = twist(Solver(production()), **{method: failing})
    with pytest.raises(SolverError, match="HiGHS"):
        act(solver)


def test_a_programme_taken_with_a_warning_is_refused() -> None:
    solver = twist(Solver(production()), passModel=lambda *_: highspy.HighsStatus.kWarning)
    with pytest.raises(SolverError, match="not OK"):
        solver.load()


def test_a_programme_of_another_size_than_was_given_is_noticed() -> None:
    solver = twist(Solver(production()), getNumRow=lambda: 1)
    with pytest.raises(SolverError, match="another size"):
        solver.load()


@pytest.mark.parametrize("options", [{"nonsense": 1}, {"presolve": "perhaps"}, {"threads": -3}])
def test_an_option_that_does_not_exist_or_is_out_of_range_is_refused(options: Any) -> None:
    with pytest.raises(SolverError, match=f"set option {next(iter(options))}"):
        Solver(production(), options=options)


def test_an_option_is_read_back() -> None:
    solver = twist(
        Solver(production()),
        getOptionValue=lambda name: (highspy.HighsStatus.kOk, "choose"),
    )
    with pytest.raises(SolverError, match="is 'choose' after being set to 'simplex'"):
        solver.engine.set("solver", "simplex")
    assert Solver(production(), options={"presolve": "off"}).options()["presolve"] == "off"


def test_ortools_in_the_same_process_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools", sys)
    with pytest.raises(SolverError, match="ortools"):
        Solver(production())


# which algorithm


def test_hipo_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'allocator\[hipo\]'"):
        Solver(production(), algorithm="hipo")


@pytest.mark.parametrize("algorithm", ["ipm", "choose", "barrier", ""])
def test_algorithms_are_asked_for_by_the_name_of_what_runs(algorithm: str) -> None:
    with pytest.raises(UsageError, match="is not one of auto, simplex, ipx, hipo, pdlp"):
        Solver(production(), algorithm=algorithm)


@pytest.mark.parametrize("algorithm", ["simplex", "ipx", "pdlp"])
def test_the_algorithm_recorded_is_the_one_that_ran(algorithm: str) -> None:
    solver = Solver(production(), algorithm=algorithm, options={"presolve": "off"})
    found = solver.run()
    assert found.algorithm == algorithm
    counter = {"simplex": "simplex", "ipx": "ipm", "pdlp": "pdlp"}[algorithm]
    assert found.iterations[counter] > 0
    assert found.objective == pytest.approx(12, rel=1e-6)


@pytest.mark.parametrize(
    ("nonzeros", "tying", "whole", "chosen"),
    [
        (LARGE_LP, 2, False, "ipx"),
        (LARGE_LP, 2, True, "simplex"),
        (LARGE_LP, 1, False, "simplex"),
        (LARGE_LP - 1, 2, False, "simplex"),
    ],
)
def test_auto_goes_by_kind_size_and_rows_that_tie_all_together(
    nonzeros: int, tying: int, whole: bool, chosen: str
) -> None:
    columns = 50_000
    long = int(TYING * columns)
    rows = np.append(
        np.arange(tying).repeat(long), np.arange(tying, nonzeros - tying * long + tying)
    )
    places = np.append(
        np.tile(np.arange(long), tying), np.arange(nonzeros - tying * long) % columns
    )
    matrix = sparse.csr_array((np.ones(nonzeros), (rows, places)), (rows.max() + 1, columns))
    count = matrix.shape[0]
    program = production().replaced(
        matrix=matrix,
        cost=np.ones(columns),
        col_lower=np.zeros(columns),
        col_upper=np.ones(columns),
        row_lower=np.full(count, -np.inf),
        row_upper=np.ones(count),
        integer=np.full(columns, whole),
        columns=(Block("x", 0, columns, None, tuple(range(columns))),),
        rows=(Block("row", 0, count, None, tuple(range(count))),),
    )
    assert matrix.nnz == nonzeros
    assert choose(program) == chosen
    assert Solver(program, algorithm="auto").algorithm == chosen


def test_an_algorithm_that_was_asked_for_and_did_not_run_is_not_recorded() -> None:
    """HiGHS falls back to simplex, and says Optimal, when it cannot do what it was asked."""
    solver = Solver(production(), options={"presolve": "off"})
    solver.algorithm = "ipx"
    real = solver.engine.highs
    twist(
        solver, setOptionValue=lambda n, v: real.setOptionValue(n, "simplex" if v == "ipx" else v)
    )
    with pytest.raises(SolverError, match="is 'simplex' after being set to 'ipx'"):
        solver.run()
    solver.algorithm = "simplex"
    assert solver.run().algorithm == "simplex"


def test_nothing_left_to_solve_is_recorded_as_presolve() -> None:
    found = Solver(arrays([[1]], [-INF], [3], [0], [5], [1])).run()
    assert (found.algorithm, found.objective) == ("presolve", 3)


# threads, starts and limits


def test_another_number_of_threads_resets_the_scheduler() -> None:
    for threads in (1, 2, 1):
        solver = Solver(production(), threads=threads, options={"parallel": "on"})
        assert solver.run().objective == 12
        assert solver.options()["threads"] == threads


def solved_after(first: list[float] | None, start: str) -> list[float]:
    solver = Solver(TIED)
    if first:
        solver.set_objective(np.array(first), maximise=True)
        solver.run(start=start)
        solver.set_objective(TIED.cost, maximise=True)
    found = solver.run(start=start)
    assert found.objective == 1
    return values(found.x)


BEFORE = (None, [1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.0, 3.0, 1.0])


def test_reproducible_start_does_not_depend_on_what_was_solved_before() -> None:
    cold = solved_after(None, "reproducible")
    assert [solved_after(first, "reproducible") for first in BEFORE] == [cold] * 4


def test_fast_start_does_depend_on_what_was_solved_before() -> None:
    assert len({tuple(solved_after(first, "fast")) for first in BEFORE}) > 1


def test_reproducible_start_from_a_basis_gives_the_solution_of_that_basis() -> None:
    other = Solver(TIED)
    other.set_objective(np.array([1.0, 3.0, 1.0]), maximise=True)
    corner = values(other.run().x)
    basis = other.basis()
    solver = Solver(TIED)
    for first in (None, [1.0, 2.0, 3.0]):
        solver.set_objective(np.array(first or TIED.cost), maximise=True)
        solver.run()
        solver.set_objective(TIED.cost, maximise=True)
        assert values(solver.run(start="reproducible", basis=basis).x) == corner


def test_an_unknown_start_is_refused() -> None:
    with pytest.raises(UsageError, match="not fast or reproducible"):
        Solver(production()).run(start="warm")


def test_a_time_limit_counts_from_now_though_run_time_adds_up() -> None:
    solver = twist(Solver(production()), getRunTime=lambda: 100.0)
    assert solver.run(time_limit=5.0).status == "optimal"
    assert solver.engine.highs.getOptionValue("time_limit")[1] == 105.0
    solver.run()
    assert solver.engine.highs.getOptionValue("time_limit")[1] == INF


def test_seconds_are_those_of_one_run() -> None:
    solver = Solver(production())
    for _ in range(200):
        found = solver.run(start="reproducible")
    assert found.seconds < solver.engine.highs.getRunTime()


def test_no_time_at_all_is_a_limit() -> None:
    n = 60
    rng = np.random.default_rng(7)
    a = rng.uniform(1, 2, (n, n))
    hard = arrays(a, [-INF] * n, [100] * n, [0] * n, [INF] * n, rng.uniform(1, 2, n))
    assert Solver(hard, options={"presolve": "off"}).run(time_limit=0.0).status == "limit"


# what comes out


def test_a_solution_is_read_once() -> None:
    solver = Solver(production())
    calls = []
    real = solver.engine.highs
    twist(solver, getSolution=lambda: calls.append(1) or real.getSolution())
    solver.run()
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("program", "status"),
    [
        (production(), "optimal"),
        (arrays([[1, 1], [1, 1]], [5, -INF], [INF, 4], [0, 0], [9, 9], [1, 1]), "infeasible"),
        (arrays([[1, -1]], [-INF], [4], [0, 0], [INF, INF], [1, 1]), "unbounded"),
        (arrays([[0, 0]], [5], [INF], [0, 0], [1, 1], [1, 1]), "infeasible"),
        (arrays([], [], [], [0], [7], [1]), "optimal"),
        (arrays(np.zeros((0, 0)), [], [], [], [], []), "optimal"),
    ],
    ids=["optimal", "infeasible", "unbounded", "empty row", "no rows", "nothing"],
)
@pytest.mark.parametrize("presolve", ["on", "off"])
def test_statuses(program: Program, status: str, presolve: str) -> None:
    assert Solver(program, options={"presolve": presolve}).run().status == status


@pytest.mark.parametrize(
    ("program", "status"),
    [
        (arrays([[1, -1]], [-INF], [4], [0, 0], [INF, INF], [1, 1]), "unbounded"),
        (
            arrays(
                [[1, -1, 0], [1, 0, 0], [1, 0, 0]],
                [-INF, 5, -INF],
                [4, INF, 3],
                [0, 0, 0],
                [INF, INF, INF],
                [1, 1, 1],
            ),
            "infeasible",
        ),
    ],
)
def test_infeasible_or_unbounded_is_settled_and_not_guessed(program: Program, status: str) -> None:
    solver = Solver(program, options={"allow_unbounded_or_infeasible": True})
    assert solver.run().status == status
    assert solver.options()["presolve"] == "choose"


def test_a_status_nobody_expects_is_an_error() -> None:
    solver = twist(
        Solver(production()), getModelStatus=lambda: highspy.HighsModelStatus.kSolveError
    )
    with pytest.raises(SolverError, match="ended with status"):
        solver.run()


def test_what_is_refused_from_where_the_last_run_ended_is_solved_from_nothing() -> None:
    solver = Solver(production())
    solver.run()
    real, refused = solver.engine.highs.run, list[bool]()

    def run() -> Any:
        begun_anew = not solver.engine.highs.getBasis().valid
        refused.append(not begun_anew)
        return real() if begun_anew else highspy.HighsStatus.kError

    twist(solver, run=run)
    found = solver.run()
    assert (found.status, values(found.x)) == ("optimal", [4, 0])
    assert refused == [True, False]


def test_what_is_refused_twice_is_an_error() -> None:
    with pytest.raises(SolverError, match="refused to solve"):
        twist(Solver(production()), run=failing).run()


def test_a_solver_that_gives_up_says_unknown() -> None:
    solver = twist(Solver(production()), getModelStatus=lambda: highspy.HighsModelStatus.kUnknown)
    assert solver.run().status == "unknown"


def test_objective_is_recomputed_from_the_values() -> None:
    solver = Solver(production(offset=5.0))
    assert solver.run().objective == 17


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("presolve", ["on", "off"])
def test_duals_of_a_maximisation_are_gains(scaled: bool, presolve: str) -> None:
    found = Solver(production(), scaled=scaled, options={"presolve": presolve}).run()
    assert values(found.x) == [4, 0]
    # one more of the first resource is worth 3; making b anyway costs 3 and brings 2
    assert values(found.row_dual) == [3, 0]
    assert values(found.reduced_cost) == [0, -1]


def test_duals_of_a_floor_in_a_maximisation_are_losses() -> None:
    floor = arrays([[1, 1], [0, 1]], [-INF, 1], [4, INF], [0, 0], [10, 10], [3, 2])
    found = Solver(floor).run()
    assert values(found.x) == [3, 1]
    assert values(found.row_dual) == [3, -1]


def test_duals_of_a_minimisation_are_costs() -> None:
    diet = arrays([[1, 1]], [4], [INF], [0, 0], [10, 10], [2, 3], maximise=False)
    found = Solver(diet).run()
    assert values(found.x) == [4, 0]
    assert values(found.row_dual) == [2]
    assert values(found.reduced_cost) == [0, 1]


def test_duals_are_in_the_programme_s_own_units() -> None:
    pounds = arrays([[1000, 1000], [1, 3]], [-INF, -INF], [4e9, 6e6], [0, 0], [1e7, 1e7], [3, 2])
    found = Solver(pounds).run()
    assert values(found.x) == [4e6, 0]
    assert values(found.row_dual) == pytest.approx([0.003, 0])


def test_what_is_changed_is_solved() -> None:
    solver = Solver(production())
    solver.run()
    solver.set_bounds(np.array([0.0, 1.0]), np.array([10.0, 10.0]))
    assert values(solver.run().x) == pytest.approx([3, 1])
    solver.set_sides(np.array([-INF, -INF]), np.array([5.0, 6.0]))
    assert values(solver.run().x) == pytest.approx([3, 1])
    solver.set_sides(np.array([-INF, -INF]), np.array([5.0, 8.0]))
    assert values(solver.run().x) == pytest.approx([4, 1])
    solver.set_objective(np.array([1.0, 1.0]), maximise=False, offset=2.0)
    found = solver.run()
    assert found.objective == pytest.approx(3)
    solver.add_row(np.array([1.0, 1.0]), 2.5, INF)
    found = solver.run()
    assert found.objective == pytest.approx(4.5)
    assert len(values(found.row_dual)) == 2, "an added row is in no programme and has no dual"
