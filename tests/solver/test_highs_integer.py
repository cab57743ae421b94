"""Programmes with whole numbers: optima known by enumeration, bounds, limits and starts."""

from __future__ import annotations

from itertools import product
from typing import Any

import highspy
import numpy as np
import pytest
from small import INF, arrays, production
from test_highs_interrupt import hard

from allocator.errors import SolverError
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program

NAN = float("nan")
SEEDS = range(5)


class Twisted:
    """HiGHS with some of its methods replaced."""

    def __init__(self, highs: Any, **methods: Any) -> None:
        self._highs = highs
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._highs, name)


def knapsack(items: int = 10, rows: int = 2, seed: int = 1, offset: float = 0.0) -> Program:
    """Take the most valuable of `items` within half of each resource."""
    rng = np.random.default_rng(seed)
    use = rng.integers(5, 60, (rows, items)).astype(float)
    worth = rng.integers(5, 60, items).astype(float)
    half = np.floor(use.sum(axis=1) / 2)
    whole = [1] * items
    return arrays(use, [-INF] * rows, half, [0] * items, whole, worth, integer=whole, offset=offset)


def enumerated(program: Program) -> float:
    """Best objective over every point of a bounded programme of whole numbers."""
    best = -INF
    ranges = [
        range(int(low), int(high) + 1)
        for low, high in zip(program.col_lower, program.col_upper, strict=True)
    ]
    matrix = program.matrix.toarray().tolist()
    sides = list(zip(program.row_lower.tolist(), program.row_upper.tolist(), strict=True))
    sign = 1 if program.maximise else -1
    for point in product(*ranges):
        values = [sum(a * x for a, x in zip(line, point, strict=True)) for line in matrix]
        if all(low <= v <= high for v, (low, high) in zip(values, sides, strict=True)):
            worth = sum(c * x for c, x in zip(program.cost.tolist(), point, strict=True))
            best = max(best, sign * (worth + program.offset))
    return sign * best


def cover() -> Program:
    """Fewest pounds for bases that together reach twelve places; each reaches four."""
    rng = np.random.default_rng(5)
    reach = np.zeros((12, 9))
    for base in range(9):
        reach[rng.choice(12, 4, replace=False), base] = 1
    reach[:, 8] = np.maximum(reach[:, 8], reach.sum(axis=1) == 0)
    pounds = rng.integers(3, 9, 9).astype(float)
    whole = [1] * 9
    return arrays(
        reach, [1] * 12, [INF] * 12, [0] * 9, whole, pounds, maximise=False, integer=whole
    )


def steps() -> Program:
    """General whole numbers, equations and a floor."""
    return arrays(
        [[3, 5, 7, 2], [1, -1, 2, 0], [4, 1, 1, 6]],
        [-INF, 1, 9],
        [31, 1, INF],
        [0, -2, 0, 1],
        [6, 5, 4, 7],
        [5, 4, 9, -2],
        integer=[1, 1, 1, 1],
    )


OPENING = (90.0, 40.0, 60.0, 25.0, 10.0)
UNIT = (1.0, 3.0, 2.0, 4.0, 7.0)
ROOM = (50.0, 30.0, 40.0, 20.0, 25.0)
DEMAND = 83.5


def fixed_charge() -> Program:
    """Meet a demand from five sites, each with an opening cost, a unit cost and its room."""
    n = len(OPENING)
    matrix = np.zeros((n + 1, 2 * n))
    matrix[0, :n] = 1.0
    for site in range(n):
        matrix[site + 1, site], matrix[site + 1, n + site] = 1.0, -ROOM[site]
    return arrays(
        matrix,
        [DEMAND] + [-INF] * n,
        [INF] + [0.0] * n,
        [0.0] * 2 * n,
        [*ROOM, *[1.0] * n],
        [*UNIT, *OPENING],
        maximise=False,
        integer=[0] * n + [1] * n,
    )


def cheapest_sites() -> float:
    """Best of every set of sites, each filled from its cheapest unit up."""
    best = INF
    for opened in product((0, 1), repeat=len(OPENING)):
        left, pounds = DEMAND, sum(o * c for o, c in zip(opened, OPENING, strict=True))
        for site in sorted(range(len(UNIT)), key=lambda s: UNIT[s]):
            amount = min(left, ROOM[site]) if opened[site] else 0.0
            left, pounds = left - amount, pounds + amount * UNIT[site]
        if left <= 0:
            best = min(best, pounds)
    return best


CASES = {
    "knapsack": (knapsack(), enumerated(knapsack())),
    "knapsack, constant": (knapsack(9, 3, 2, -250.0), enumerated(knapsack(9, 3, 2, -250.0))),
    "cover": (cover(), enumerated(cover())),
    "steps": (steps(), enumerated(steps())),
    "fixed charge": (fixed_charge(), cheapest_sites()),
}
"""Programme and its best objective, found without a solver."""


# the right optimum


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("presolve", ["on", "off"])
@pytest.mark.parametrize("name", CASES)
def test_the_enumerated_optimum_whatever_the_settings(
    name: str, presolve: str, threads: int
) -> None:
    program, best = CASES[name]
    for seed in SEEDS:
        options = {"presolve": presolve, "random_seed": seed}
        solver = Solver(program, threads=threads, options=options)
        found = solver.run()
        assert found.status == "optimal"
        assert found.objective == pytest.approx(best, rel=1e-9)
        assert found.bound == pytest.approx(best, rel=1e-9)
        assert found.algorithm == "branch and bound"
        assert found.x is not None
        values = program.matrix @ found.x
        assert np.all(values >= program.row_lower - 1e-7)
        assert np.all(values <= program.row_upper + 1e-7)
        whole = found.x[program.integer]
        assert np.array_equal(whole, np.round(whole)), "exactly whole"
        assert found.row_dual is None, "a programme with whole numbers has no prices"
        assert solver.options()["random_seed"] == seed


@pytest.mark.parametrize("presolve", ["on", "off"])
def test_a_hair_of_a_yes_buys_nothing(presolve: str) -> None:
    """Half a unit under a million times a yes: HiGHS's own tolerance calls 5e-7 a no."""
    program = arrays(
        [[1, -1e6], [1, 0]],
        [-INF, 0.5],
        [0, INF],
        [0, 0],
        [1, 1],
        [0, 1],
        maximise=False,
        integer=[0, 1],
    )
    found = Solver(program, options={"presolve": presolve}).run()
    assert found.x is not None
    assert found.x.tolist() == [0.5, 1.0]
    assert found.objective == 1.0


@pytest.mark.parametrize("presolve", ["on", "off"])
@pytest.mark.parametrize(
    ("program", "status"),
    [
        # 2x + 2y = 5 in whole numbers, within bounds and without them
        (arrays([[2, 2]], [5], [5], [0, 0], [3, 3], [1, 1], integer=[1, 1]), "infeasible"),
        (arrays([[2, 2]], [5], [5], [0, 0], [INF, INF], [1, 1], integer=[1, 1]), "infeasible"),
        (arrays([[1, -1]], [-INF], [4], [0, 0], [INF, INF], [1, 1], integer=[1, 0]), "unbounded"),
        (arrays([[1]], [-INF], [9], [0], [2.5], [3], integer=[1], offset=7), "optimal"),
        (arrays([], [], [], [0], [7], [1], integer=[1]), "optimal"),
    ],
    ids=["parity", "parity without bounds", "unbounded", "by bounds alone", "no rows"],
)
def test_statuses(program: Program, status: str, presolve: str) -> None:
    found = Solver(program, options={"presolve": presolve}).run()
    assert found.status == status
    if status == "infeasible":
        assert (found.x, found.objective, found.bound) == (None, None, None)
    if status == "optimal":
        assert found.bound == found.objective == enumerated(program)
        assert found.root_bound == found.bound


# bounds, gaps and limits


@pytest.mark.parametrize("maximise", [True, False])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e9])
def test_bound_and_log_are_in_the_programmes_own_units(maximise: bool, size: float) -> None:
    """Scaling of the objective and its constant must come out again everywhere."""
    plain = knapsack(30, 4, seed=3)
    best = Solver(plain).run().objective
    assert best is not None
    sign = 1.0 if maximise else -1.0
    program = plain.replaced(
        cost=sign * size * plain.cost, maximise=maximise, offset=sign * size * 1000
    )
    found = Solver(program).run()
    assert found.status == "optimal"
    assert found.objective == pytest.approx(sign * size * (best + 1000), rel=1e-12)
    assert found.bound == pytest.approx(found.objective, rel=1e-12)
    assert found.nodes > 1
    assert found.root_bound is not None
    assert sign * found.root_bound >= sign * found.bound
    assert found.root_bound == pytest.approx(found.objective, rel=0.05)
    assert found.primal_log[-1][1] == pytest.approx(found.objective, rel=1e-12)


def test_the_log_of_solutions_only_ever_improves() -> None:
    for maximise in (True, False):
        program = knapsack(40, 5, seed=7)
        if not maximise:
            program = program.replaced(cost=-program.cost, maximise=False)
        log = Solver(program).run().primal_log
        assert len(log) > 1
        times, values = zip(*log, strict=True)
        assert list(times) == sorted(times)
        assert list(values) == sorted(values, reverse=not maximise)
        assert len(set(values)) == len(values)


def test_a_linear_programme_has_no_bound_and_no_nodes() -> None:
    found = Solver(production()).run(gap=0.5, node_limit=0, begin=np.zeros(2))
    assert (found.status, found.objective) == ("optimal", 12)
    assert (found.bound, found.nodes, found.root_bound) == (None, 0, None)
    assert found.primal_log == ()
    assert not found.interrupted


@pytest.mark.parametrize("offset", [0.0, -900.0, 5000.0])
def test_the_gap_is_relative_to_the_objective_with_its_constant(offset: float) -> None:
    program = knapsack(40, 5, seed=7, offset=offset)
    solver = Solver(program)
    exact = solver.run().objective
    assert exact is not None
    for gap in (0.2, 0.01, 0.0):
        found = solver.run(gap=gap, start="reproducible")
        assert found.status == "optimal"
        assert found.objective is not None
        assert found.bound is not None
        assert found.bound - found.objective <= gap * abs(found.objective) + 1e-9
        assert found.bound >= exact - 1e-9
        assert solver.options()["mip_rel_gap"] == gap
    assert found.objective == exact, "the last gap is that of the last run only"


def test_a_gap_lets_go_early() -> None:
    solver = Solver(knapsack(60, 8, seed=3))
    loose, exact = solver.run(gap=0.1), solver.run(start="reproducible")
    assert loose.nodes < exact.nodes
    assert loose.bound is not None
    assert exact.objective is not None
    assert loose.bound > exact.objective


def test_a_node_limit_is_a_limit_and_is_forgotten_afterwards() -> None:
    program = knapsack(60, 8, seed=3)
    solver = Solver(program)
    usual = solver.options()["mip_max_nodes"]
    best = Solver(program).run()
    assert best.nodes > 10
    found = solver.run(node_limit=5)
    assert found.status == "limit"
    assert found.nodes <= 6
    assert found.x is not None
    assert np.all(program.matrix @ found.x <= program.row_upper + 1e-7)
    assert found.bound is not None
    assert found.objective is not None
    assert best.objective is not None
    assert found.objective <= best.objective <= found.bound + 1e-9
    assert solver.options()["mip_max_nodes"] == usual
    assert solver.run(start="reproducible").objective == best.objective


def test_nothing_found_within_a_limit_is_nothing() -> None:
    found = Solver(knapsack(60, 8, seed=3)).run(node_limit=0)
    assert (found.status, found.x, found.objective) == ("limit", None, None)
    assert (found.bound, found.root_bound, found.nodes) == (None, None, 0)


def test_the_time_limit_of_branch_and_bound_counts_from_each_run() -> None:
    """For a linear programme HiGHS counts all runs; here the same would give time away."""
    solver = Solver(knapsack())
    solver.engine.highs = Twisted(solver.engine.highs, getRunTime=lambda: 100.0)
    assert solver.run(time_limit=5.0).status == "optimal"
    assert solver.engine.highs.getOptionValue("time_limit")[1] == 5.0
    solver.set_integer(np.zeros(10, bool))
    solver.run(time_limit=5.0)
    assert solver.engine.highs.getOptionValue("time_limit")[1] == 105.0
    solver.set_integer(np.ones(10, bool))
    solver.run()
    assert solver.engine.highs.getOptionValue("time_limit")[1] == INF


def test_time_runs_out_twice_alike() -> None:
    solver = Solver(hard())
    for _ in range(2):
        found = solver.run(time_limit=0.4, start="reproducible")
        assert found.status == "limit"
        assert found.x is not None
        assert found.objective is not None
        assert found.bound is not None
        assert found.bound <= found.objective
        assert np.allclose(solver.program.matrix @ found.x, solver.program.row_lower)
        assert not found.interrupted


def test_a_solution_that_breaks_its_rows_is_none() -> None:
    solver = Solver(knapsack())
    real = solver.engine.highs

    def broken() -> Any:
        info = real.getInfo()
        info.max_primal_infeasibility = 1e-3
        return info

    solver.engine.highs = Twisted(real, getInfo=broken)
    found = solver.run()
    assert (found.status, found.x, found.objective) == ("unknown", None, None)


# starts


def worth(program: Program, x: Any) -> float:
    return float(program.cost @ np.asarray(x, dtype=float) + program.offset)


def test_a_full_start_is_the_least_that_comes_back() -> None:
    program, best = CASES["knapsack"]
    x = np.zeros(10)
    x[3] = 1.0
    found = Solver(program).run(begin=x, node_limit=0)
    assert found.status == "limit"
    assert found.x is not None
    assert found.x.tolist() == x.tolist()
    assert found.objective == worth(program, x) < best
    assert found.primal_log == ((found.primal_log[0][0], found.objective),)
    assert Solver(program).run(begin=x).objective == best


def test_a_start_of_the_yes_and_no_is_completed_around_them() -> None:
    """Sites 0 and 2 opened: 50 units at 1 and 33.5 at 2, with 90 and 60 to open them."""
    program, best = CASES["fixed charge"]
    begin = np.full(10, NAN)
    begin[5:] = [1, 0, 1, 0, 0]
    found = Solver(program).run(begin=begin, node_limit=0)
    assert found.objective == pytest.approx(90 + 60 + 50 + 2 * 33.5)
    assert found.x is not None
    assert found.x[:5] == pytest.approx([50, 0, 33.5, 0, 0])
    assert Solver(program).run(begin=begin).objective == pytest.approx(best)


def test_what_a_start_leaves_open_is_chosen_well() -> None:
    """With site 0 closed and the rest open to choice, the best of the rest comes back."""
    program, _ = CASES["fixed charge"]
    begin = np.full(10, NAN)
    begin[5] = 0.0
    closed = program.col_upper.copy()
    closed[5] = 0.0
    best = Solver(program.replaced(col_upper=closed)).run().objective
    assert best is not None
    solver = Solver(program)
    found = solver.run(begin=begin, node_limit=0)
    assert found.objective is not None
    assert best <= found.objective <= best * 1.011
    assert found.x is not None
    assert found.x[5] == 0.0


def test_a_start_that_breaks_a_row_is_mended_around_its_whole_numbers() -> None:
    program, _ = CASES["fixed charge"]
    begin = np.array([10.0, 0, 10, 0, 0, 1, 0, 1, 0, 0])
    found = Solver(program).run(begin=begin, node_limit=0)
    assert found.objective == pytest.approx(90 + 60 + 50 + 2 * 33.5)


@pytest.mark.parametrize(
    "begin",
    [
        np.ones(10),  # breaks the resources, and leaves nothing to mend
        np.full(10, NAN),
        np.full(10, 7.0),  # outside every bound
        np.array([INF, -INF, *[NAN] * 8]),
    ],
    ids=["too much", "nothing known", "out of bounds", "infinite"],
)
def test_a_start_nothing_can_be_made_of_does_no_harm(begin: Any) -> None:
    program, best = CASES["knapsack"]
    solver = Solver(program)
    nothing = solver.run(begin=begin, node_limit=0)
    assert (nothing.status, nothing.x) == ("limit", None)
    found = solver.run(begin=begin)
    assert (found.status, found.objective) == ("optimal", best)


def test_a_start_of_another_length_is_refused() -> None:
    with pytest.raises(SolverError, match="a start of"):
        Solver(knapsack()).run(begin=np.zeros(3))


def test_a_start_that_is_refused_is_no_error() -> None:
    solver = Solver(knapsack())
    solver.engine.highs = Twisted(
        solver.engine.highs, setSolution=lambda *_: highspy.HighsStatus.kError
    )
    assert solver.run(begin=np.zeros(10)).objective == CASES["knapsack"][1]


def test_completing_a_start_leaves_bounds_and_options_as_they_were() -> None:
    program, best = CASES["fixed charge"]
    solver = Solver(program)
    begin = np.full(10, NAN)
    begin[5:] = [1, 1, 1, 1, 1]
    usual = solver.options()
    found = solver.run(begin=begin)
    assert found.objective == pytest.approx(best)
    assert found.bound == pytest.approx(best), "not the bound with every site open"
    assert solver.options() == usual | {"mip_rel_gap": 0.0}
    assert solver.run(start="reproducible").objective == pytest.approx(best)


def test_a_start_within_a_time_limit_shares_it(monkeypatch: pytest.MonkeyPatch) -> None:
    solver = Solver(hard())
    begin = np.full(48, NAN)
    begin[:2] = [1, 0]
    limits: list[float] = []
    real = solver.engine.set

    def noted(name: str, value: Any) -> None:
        if name == "time_limit":
            limits.append(value)
        real(name, value)

    monkeypatch.setattr(solver.engine, "set", noted)
    found = solver.run(begin=begin, time_limit=0.6)
    assert found.x is not None
    assert limits[0] == 0.3
    assert limits[1] < 0.6


# one loaded programme, solved as both kinds


def test_the_same_model_as_both_kinds_in_any_order() -> None:
    program, best = CASES["fixed charge"]
    relaxed = Solver(program.replaced(integer=np.zeros(10, bool))).run().objective
    assert relaxed is not None
    assert relaxed < best - 1
    solver = Solver(program)
    none, whole = np.zeros(10, bool), program.integer
    for order in ("mixed", "linear", "linear", "mixed", "mixed", "linear", "fixed", "mixed"):
        solver.set_integer(whole if order == "mixed" else none)
        if order == "fixed":
            opened = np.array([1.0, 0, 1, 0, 0])
            solver.set_bounds(
                np.r_[program.col_lower[:5], opened], np.r_[program.col_upper[:5], opened]
            )
        found = solver.run()
        assert found.status == "optimal"
        expected = {"mixed": best, "linear": relaxed, "fixed": 90 + 60 + 50 + 2 * 33.5}[order]
        assert found.objective == pytest.approx(expected)
        assert (found.bound is None) == (order != "mixed")
        assert (found.row_dual is None) == (order == "mixed")
        assert np.array_equal(solver.program.integer, whole if order == "mixed" else none)
        if order == "fixed":
            assert found.row_dual is not None
            assert found.row_dual[0] == pytest.approx(2), "one unit more comes from site 2"
            assert found.algorithm in ("simplex", "presolve")
            solver.set_bounds(program.col_lower, program.col_upper)


def test_a_column_loaded_in_other_units_cannot_become_whole() -> None:
    program = arrays([[1, 1]], [-INF], [90], [0, 0], [64, 1], [1, 1])
    solver = Solver(program)
    solver.set_integer(np.array([False, True]))
    assert solver.run().objective == 65
    with pytest.raises(SolverError, match=r"x\[0\] can only be whole"):
        solver.set_integer(np.array([True, False]))


def test_a_refused_change_of_whole_numbers_is_an_error() -> None:
    solver = Solver(knapsack())
    solver.engine.highs = Twisted(
        solver.engine.highs, changeColsIntegrality=lambda *_: highspy.HighsStatus.kError
    )
    with pytest.raises(SolverError, match="change whole numbers"):
        solver.set_integer(np.zeros(10, bool))


def test_another_objective_and_another_row_are_solved_in_whole_numbers() -> None:
    solver = Solver(knapsack())
    first = solver.run().x
    assert first is not None
    solver.set_objective(np.ones(10), maximise=True, offset=0.5)
    found = solver.run()
    assert found.objective == enumerated(solver.program)
    solver.add_row(np.ones(10), -INF, 3.0)
    found = solver.run()
    assert found.objective == 3.5
    assert found.bound == 3.5


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seed_gives_the_same_solution_again(threads: int) -> None:
    program = knapsack(40, 5, seed=7)
    runs = [Solver(program, threads=threads, options={"random_seed": 3}).run() for _ in range(2)]
    assert runs[0].x is not None
    assert np.array_equal(runs[0].x, runs[1].x)
    assert runs[0].nodes == runs[1].nodes
