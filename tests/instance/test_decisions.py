"""Runs of options and what they change, worked by hand."""

from __future__ import annotations

import pytest

from allocator.instance.facts.runs import possible_runs, share_in_place


def test_a_run_may_end_in_any_year_after_the_least() -> None:
    assert possible_runs(0, 2, 1, "", 3) == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    assert possible_runs(0, 2, 2, "", 3) == [(0, 1), (0, 2), (1, 2), (2, 2)]


def test_a_run_shorter_than_the_least_only_where_the_plan_ends() -> None:
    assert possible_runs(1, 2, 5, "", 3) == [(1, 2), (2, 2)]


def test_a_run_is_left_at_its_reviews_only() -> None:
    assert possible_runs(0, 1, 1, "2 4", 5) == [(0, 1), (0, 3), (0, 4), (1, 2), (1, 4)]
    assert possible_runs(0, 0, 3, "2 4", 5) == [(0, 3), (0, 4)]


def test_a_run_that_is_never_left() -> None:
    assert possible_runs(0, 9, 1, "none", 3) == [(0, 2), (1, 2), (2, 2)]


def test_a_window_outside_the_plan_has_no_runs() -> None:
    assert possible_runs(3, 5, 1, "", 3) == []
    assert possible_runs(2, 1, 1, "", 3) == []
    assert possible_runs(-2, 0, 1, "none", 3) == [(0, 2)]


@pytest.mark.parametrize(
    ("start", "lead", "month", "financial", "t", "share"),
    [
        (0, 0, 0, True, 0, 1.0),
        (1, 0, 0, True, 0, 0.0),
        (0, 2, 0, True, 1, 0.0),
        (0, 2, 0, True, 2, 1.0),
        (0, 0, 10, True, 0, 0.5),
        (0, 0, 10, True, 1, 1.0),
        (0, 0, 10, False, 0, 0.25),
        (0, 0, 4, True, 0, 1.0),
        (0, 0, 3, True, 0, 1 / 12),
        (0, 0, 1, False, 0, 1.0),
        (1, 1, 10, True, 2, 0.5),
    ],
)
def test_the_first_year_in_place_counts_for_the_months_left(
    start: int, lead: int, month: int, financial: bool, t: int, share: float
) -> None:
    assert share_in_place(start, lead, month, financial, t) == pytest.approx(share)
