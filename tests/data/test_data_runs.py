"""Coefficients of runs: who owns them, and what they can come to."""

from __future__ import annotations

import numpy as np
import pytest
from coefficients import by_label

from allocator.data import Axis, Index
from allocator.data.runs import Levels, RunTerms

PLACE = Axis("place", ("North", "South"))
YEAR = Axis("year", (2025, 2026))
OPTION = Axis("option", ("a", "b"))
ROWS = (
    # place, year, option, start, stop, coefficient
    (0, 0, 0, 0, 0, 3.0),
    (0, 0, 0, 0, 1, 5.0),
    (0, 0, 1, 0, 0, -2.0),
    (0, 1, 0, 0, 1, 4.0),
    (1, 1, 0, 1, 1, -1.0),
    (1, 1, 0, 0, 1, -6.0),
)


def terms() -> RunTerms:
    *columns, coefficient = zip(*ROWS, strict=True)
    axes = (PLACE, YEAR, OPTION, YEAR, YEAR)
    return RunTerms(Index(axes, [np.array(c) for c in columns]), np.array(coefficient))


def test_range_counts_each_option_once_and_may_leave_it_out() -> None:
    everywhere = Index.product(PLACE, YEAR)
    least, most = terms().range(everywhere)
    # 3 or 5 of a, or none, with or without -2 of b.
    assert by_label(everywhere, least) == {
        ("North", 2025): -2,
        ("North", 2026): 0,
        ("South", 2025): 0,
        ("South", 2026): -6,
    }
    assert by_label(everywhere, most) == {
        ("North", 2025): 5,
        ("North", 2026): 4,
        ("South", 2025): 0,
        ("South", 2026): 0,
    }


def test_range_of_no_terms_is_nothing() -> None:
    none = RunTerms(terms().rows.take(np.empty(0, np.int64)), np.empty(0))
    least, most = none.range(Index.product(PLACE, YEAR))
    assert least.tolist() == most.tolist() == [0, 0, 0, 0]


def test_terms_within_owners_know_their_owner() -> None:
    owners = Index((PLACE, YEAR), [[1, 0], [1, 1]])
    at, mine = terms().within(owners)
    assert at.tolist() == [1, 0, 0]
    assert mine.coefficient.tolist() == [4, -1, -6]
    by_place = Index.product(PLACE)
    assert terms().within(by_place)[0].tolist() == [0, 0, 0, 0, 1, 1]


def test_owners_are_the_rows_with_a_term_in_order() -> None:
    assert list(terms().owners((PLACE, YEAR)).members()) == [
        ("North", 2025),
        ("North", 2026),
        ("South", 2026),
    ]


def test_doubled_names_the_option_in_the_row() -> None:
    twice = terms().doubled()
    assert list(twice.rows.members())[2] == ("North", 2025, "b", "b", 2025, 2025)
    assert list(terms().by_option().members()) == [
        ("North", 2025, "a"),
        ("North", 2025, "b"),
        ("North", 2026, "a"),
        ("South", 2026, "a"),
    ]


def test_levels_lose_their_number_over_their_owners() -> None:
    level = Axis("level", (1, 2))
    rows = Index((PLACE, YEAR, level), [[0, 0], [0, 0], [0, 1]])
    runs = Index((*rows.axes, OPTION, YEAR, YEAR), [*rows.columns, [0, 1], [0, 0], [1, 1]])
    levels = Levels(rows, np.array([0.5, -0.5]), RunTerms(runs, np.ones(2)))
    assert list(levels.owners.members()) == [("North", 2025)]
    assert list(levels.runs.over(levels.owners).rows.members()) == [
        ("North", 2025, "a", 2025, 2026),
        ("North", 2025, "b", 2025, 2026),
    ]
    assert levels.runs.over(levels.owners).coefficient == pytest.approx([1, 1])
