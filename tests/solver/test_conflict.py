"""A conflict is only reported once it has been proved by solving."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import INF, arrays, round_of

import allocator
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.solver.proof import conflict

CLASH = arrays(
    [[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1]],
    [5, -INF, 1, -INF],
    [INF, 4, INF, 90],
    [0, 0, 0],
    [9, 9, 9],
    [1, 1, 1],
)
"""Rows 0 and 1 cannot hold together; rows 2 and 3 have nothing to do with it."""


def find_conflict(program: Program) -> tuple[str, ...]:
    """Names of the members of a conflict."""
    rows, columns = conflict.find_conflict(program)
    row_names, column_names = program.row_names(), program.column_names()
    limits = [f"limits of {column_names[j]}" for j in columns]
    return tuple([row_names[i] for i in rows] + limits)


def offered(monkeypatch: pytest.MonkeyPatch, rows: list[int], columns: list[int]) -> None:
    monkeypatch.setattr(conflict, "_from_ray", lambda *_: (rows, columns))
    monkeypatch.setattr(conflict, "_from_iis", lambda *_: (rows, columns))


def test_names_the_rows_that_clash() -> None:
    assert set(find_conflict(CLASH)) == {"r[0]", "r[1]"}


def test_a_bound_can_be_part_of_it() -> None:
    program = arrays([[1, 1]], [5], [INF], [0, 0], [2, 2], [1, 1])
    assert set(find_conflict(program)) == {"r[0]", "limits of x[0]", "limits of x[1]"}


def test_a_feasible_programme_has_none() -> None:
    assert find_conflict(CLASH.replaced(row_lower=np.array([3, -INF, 1, -INF]))) == ()


def test_junk_from_the_solver_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    offered(monkeypatch, [2, 3], [2])
    assert find_conflict(CLASH) == ()


def test_an_empty_set_means_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    offered(monkeypatch, [], [])
    assert find_conflict(CLASH) == ()


def test_what_is_not_needed_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    offered(monkeypatch, [0, 1, 2, 3], [0, 1, 2])
    assert find_conflict(CLASH) == ("r[0]", "r[1]")


def test_what_the_solver_finds_feasible_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Solver, "run", lambda self, **_: _feasible_again())
    assert find_conflict(CLASH) == ()


def _feasible_again() -> Any:
    class Feasible:
        status = "optimal"

    return Feasible()


@pytest.mark.parametrize("seed", range(8))
def test_every_conflict_is_infeasible_and_irreducible(seed: int) -> None:
    rng = np.random.default_rng(seed)
    program = arrays(
        rng.integers(-3, 4, (6, 4)),
        rng.integers(2, 8, 6),
        [INF] * 6,
        [0] * 4,
        rng.integers(1, 3, 4),
        [1] * 4,
    )
    if Solver(program).run().status != "infeasible":
        program = program.replaced(row_lower=program.row_lower + 40)
    names = find_conflict(program)
    assert names
    assert not possible(program, names)
    for name in names:
        assert possible(program, tuple(n for n in names if n != name)), name


def possible(program: Program, names: tuple[str, ...]) -> bool:
    """Whether only these rows and limits can hold together, by a solve of its own."""
    rows, columns = program.row_names(), program.column_names()
    kept = np.isin(rows, names)
    limited = np.isin([f"limits of {c}" for c in columns], names)
    relaxed = program.replaced(
        cost=np.zeros(len(columns)),
        row_lower=np.where(kept, program.row_lower, -INF),
        row_upper=np.where(kept, program.row_upper, INF),
        col_lower=np.where(limited, program.col_lower, -INF),
        col_upper=np.where(limited, program.col_upper, INF),
    )
    return Solver(relaxed, scaled=False).run().status == "optimal"


def test_an_infeasible_round_names_its_rules_and_limits() -> None:
    plan = allocator.solve(
        round_of(
            "programme,sector,pool,unit_cost,baseline\ngp,primary,NHS,1,100\nbed,acute,NHS,1,100",
            budgets="pool,amount\nNHS,200",
            responses="programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,1",
            selections="selection,sector\nprimary,primary\nacute,acute",
            rules="""rule,measure,selection,sense,value
            primary floor,spend,primary,min,120
            acute floor,spend,acute,min,110""",
        )
    )
    assert plan.status == "infeasible"
    assert not plan.found
    words = " ".join(plan.conflict)
    for name in ("rule 'primary floor'", "rule 'acute floor'", "the money in NHS"):
        assert name in words
