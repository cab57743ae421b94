"""A solve in a process of its own stops when its time is up, and says what went wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from small import round_of, solved

import allocator
from allocator.errors import InstanceError, Problem, SolverError, UsageError
from allocator.solver.highs.child import run_in_child

SMALL = round_of(
    "programme,sector,pool,baseline\ngp,primary,NHS,100\nbed,acute,NHS,50",
    budgets="pool,amount\nNHS,160",
    responses="programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,2",
    limits="programme,basis,max\nbed,baseline,1.5",
)


def test_what_is_returned_comes_back() -> None:
    assert run_in_child(divmod, (7, 2), {}, 60) == (True, (3, 1))


def test_it_is_stopped_for_certain() -> None:
    began = time.monotonic()
    assert run_in_child(time.sleep, (600,), {}, 0.3) == (False, None)
    assert time.monotonic() - began < 60


def test_what_it_raises_is_raised_here() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        run_in_child(int, ("seven",), {}, 60)


def test_problems_of_an_instance_come_back_whole(tmp_path: Path) -> None:
    with pytest.raises(InstanceError) as caught:
        run_in_child(allocator.read, (tmp_path,), {}, 60)
    assert all(isinstance(p, Problem) for p in caught.value.problems)
    assert "instance.toml" in str(caught.value)


def test_a_process_that_dies_is_an_error_and_no_result() -> None:
    with pytest.raises(SolverError, match="ended without a result"):
        run_in_child(os._exit, (3,), {}, 60)


def test_what_cannot_be_sent_is_said_to_be_so() -> None:
    with pytest.raises(UsageError, match="cannot be sent"):
        run_in_child(lambda: None, (), {}, 60)


def test_a_solve_within_its_time_is_the_same_plan() -> None:
    here = solved(SMALL)
    there = allocator.solve(SMALL, hard_time_limit=120)
    assert there.objective == here.objective
    assert there.verified
    assert there.allocation.equals(here.allocation)


def test_a_solve_out_of_time_is_a_limit() -> None:
    plan = allocator.solve(SMALL, hard_time_limit=0.001)
    assert plan.status == "limit"
    assert not plan.found
    assert plan.objective is None


def test_a_task_too_large_for_a_pipe_does_not_wait_on_a_process_that_never_came_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when the caller's own script cannot be imported again."""
    monkeypatch.setattr("allocator.solver.highs.child._work", os.getpid)  # dies on its arguments
    began = time.monotonic()
    with pytest.raises(SolverError, match="without a result"):
        run_in_child(len, (b"x" * 5_000_000,), {}, 60)
    assert time.monotonic() - began < 60
