"""Prices on both sides of an optimum, on programmes whose value is known for every side."""

from __future__ import annotations

import numpy as np
import pytest
from examples import example
from small import INF, arrays, compiled, production

from allocator.solver import freed
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.solver.reduced import reduced
from allocator.solver.resolve import Resolver
from allocator.solver.sensitivity import Sensitivity


def movable(program: Program, **options: object) -> Sensitivity:
    rows, columns = (np.ones(size, dtype=bool) for size in program.shape)
    return Sensitivity(program, rows, columns, **options)


def test_a_corner_has_two_prices() -> None:
    """At a side of 4 the value turns from 3 to 1 a unit."""
    program = arrays([[1, 1]], [-INF], [4], [0, 0], [4, 10], [3, 1])
    found = movable(program)
    more, less = found.more(found.row(0)), found.less(found.row(0))
    assert (more.value, less.value) == (pytest.approx(1), pytest.approx(3))
    assert (more.range, less.range) == (pytest.approx(4), pytest.approx(2)), "as far as is looked"


def test_a_range_ends_at_the_corner() -> None:
    program = arrays([[1, 1]], [-INF], [4], [0, 0], [5, 10], [3, 1])
    found = movable(program)
    more = found.more(found.row(0))
    assert (more.value, more.range) == (pytest.approx(3), pytest.approx(1))


def test_what_cannot_be_less_costs_without_end() -> None:
    program = arrays([[1, 1]], [-INF], [4], [2, 2], [5, 10], [3, 1])
    found = movable(program)
    assert found.less(found.row(0)).value == INF


@pytest.mark.parametrize("keep", [True, False])
def test_runs_after_the_first_are_of_the_programme_as_it_is(*, keep: bool) -> None:
    """What is scaled once for the first run must not be scaled again for the next."""
    matrix = [[1, 0, 0, -1, 0], [0, 1, 0, 0, -1], [1, 1, 1, 0, 0], [0, 1, 0.2, 0, 0]]
    program = arrays(
        matrix,
        [0, 0, -INF, 30.6],
        [0, 0, 156, INF],
        [0, 0, 50, 0, 0],
        [624, 624, 50, 624.624, 624.624],
        [0, 0, 0, 80, 50],
    )
    solver = Resolver(program, algorithm="simplex")
    first = solver.resolve()
    if keep:
        solver.keep()
    solver.sides(np.array([2])).change(np.array([-INF]), np.array([157.0]))
    again = solver.resolve(duals=True)
    assert first.objective is not None
    assert again.objective == pytest.approx(first.objective + 80)
    assert again.row_dual is not None
    assert again.row_dual[2] == pytest.approx(80)


def test_bounds_change_and_come_back() -> None:
    program = production()
    solver = Resolver(program, algorithm="simplex")
    assert solver.resolve().objective == pytest.approx(12)
    bounds = solver.bounds(np.array([0]))
    bounds.change(np.array([0.0]), np.array([3.0]))
    assert solver.resolve().objective == pytest.approx(11)
    bounds.change(np.array([0.0]), np.array([10.0]))
    assert solver.resolve().objective == pytest.approx(12)


@pytest.mark.parametrize(
    "name", ["place-based", "avoided-demand", "aligned-payment", "linked-decisions"]
)
def test_what_is_left_out_changes_nothing(name: str) -> None:
    program = compiled(example(name))
    program = program.replaced(integer=np.zeros(program.shape[1], dtype=bool))
    pool = program.block("pool")
    assert pool is not None
    rows, columns = (np.zeros(size, dtype=bool) for size in program.shape)
    rows[pool.span] = True
    small = reduced(program, rows, columns)
    assert small.program.shape[0] < program.shape[0]
    whole = Solver(program).run()
    assert whole.objective == pytest.approx(Solver(small.program).run().objective)
    for at in range(pool.start, pool.stop):
        upper = program.row_upper.copy()
        upper[at] *= 1.1
        other = small.program.row_upper.copy()
        other[small.row[at]] *= 1.1
        if small.program.row_upper[small.row[at]] == program.row_upper[at]:
            assert Solver(program.replaced(row_upper=upper)).run().objective == pytest.approx(
                Solver(small.program.replaced(row_upper=other)).run().objective
            )


STEEP = arrays(
    # spent, b is filled in order: its first ten before the rest, which a decision opens
    [[1, 1, 1, 0], [0, 1, 0, -10], [0, 0, 1, -30]],
    [-INF, 0, -INF],
    [8, INF, 0],
    [0, 0, 0, 0],
    [100, 10, 30, 1],
    [2, 1, 9, 0],
)


def steep(*, free: bool) -> Sensitivity:
    whole = np.array([False, False, False, True])
    fixed = STEEP.replaced(col_upper=np.array([100.0, 10.0, 30.0, 0.0]))
    return movable(fixed, free=STEEP.replaced(integer=whole) if free else None, kept=not free)


def test_a_range_ends_where_what_is_no_decision_had_better_be_another() -> None:
    """All 8 at 2 each; from 80/7 on, ten at 1 and the rest at 9 is more."""
    found = steep(free=True)
    more = found.more(found.row(0))
    assert (more.value, more.searched) == (pytest.approx(2), True)
    assert more.range == pytest.approx(80 / 7 - 8, rel=1e-4)


def test_a_range_with_what_is_no_decision_kept_says_so() -> None:
    found = steep(free=False)
    more = found.more(found.row(0))
    assert (more.value, more.range, more.searched) == (pytest.approx(2), pytest.approx(8), False)


def test_a_search_that_takes_too_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freed, "SHARE", 0.0)
    found = steep(free=True)
    assert not found.more(found.row(0)).searched
