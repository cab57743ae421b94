"""Parts of an infeasible programme: together there is no plan, and without any one there is."""

from __future__ import annotations

import numpy as np
import pytest
from small import INF, arrays

from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.solver.proof.needed import Part, needed


def part(*rows: int, columns: tuple[int, ...] = ()) -> Part:
    return Part(np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64))


CLASH = arrays(
    [[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]],
    [5, -INF, 1, -INF],
    [INF, 4, INF, 90],
    [0, 0, 0],
    [9, 9, 9],
    [1, 1, 1],
)
"""Rows 0 and 1 cannot hold together; rows 2 and 3 have nothing to do with it."""


def test_parts_that_are_not_needed_are_let_go() -> None:
    found = needed(CLASH, [part(2, 3), part(0), part(1), part(columns=(0, 1, 2))])
    assert (found.parts, found.sure) == ([1, 2], True)


def test_what_belongs_to_no_part_holds_throughout() -> None:
    assert needed(CLASH, [part(1), part(2)]).parts == [0]
    assert needed(CLASH, [part(2), part(3)]).parts == [], "no part is needed: no plan without them"


def test_bounds_give_way_upwards_and_not_below_nothing() -> None:
    program = arrays([[1, 1]], [5], [INF], [0, 0], [2, 2], [1, 1])
    assert needed(program, [part(columns=(0,)), part(columns=(1,))]).parts == [0, 1]
    below = arrays([[1, 1]], [-INF], [-1], [0, 0], [2, 2], [1, 1])
    assert needed(below, [part(columns=(0, 1))]).parts == []


def test_when_the_time_is_up_it_says_so() -> None:
    found = needed(CLASH, [part(0), part(1)], seconds=0.0)
    assert (found.parts, found.sure) == ([], False)


@pytest.mark.parametrize("seed", range(12))
def test_random_programmes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    program = arrays(
        rng.integers(-3, 4, (12, 6)),
        rng.integers(2, 8, 12) + 40,
        [INF] * 12,
        [0] * 6,
        rng.integers(1, 4, 6),
        [1] * 6,
    )
    parts = [part(2 * n, 2 * n + 1) for n in range(5)] + [part(columns=(0, 1, 2))]
    found = needed(program, parts)
    if not found.parts:
        return
    assert found.sure
    assert not possible(program, parts, found.parts)
    for one in found.parts:
        assert possible(program, parts, [n for n in found.parts if n != one])


def possible(program: Program, parts: list[Part], kept: list[int]) -> bool:
    """Whether some parts can hold together with what is in none, by a solve of its own."""
    rows, columns = (np.zeros(size, dtype=bool) for size in program.shape)
    for n, each in enumerate(parts):
        if n not in kept:
            rows[each.rows] = columns[each.columns] = True
    free = program.replaced(
        cost=np.zeros(program.shape[1]),
        row_lower=np.where(rows, -INF, program.row_lower),
        row_upper=np.where(rows, INF, program.row_upper),
        col_upper=np.where(columns, INF, program.col_upper),
    )
    return Solver(free, scaled=False).run().status == "optimal"
