"""Index sets as codes: look-ups give the right position or raise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.data import Axis, Index, LookupMiss
from allocator.data.index import numbered, per_group

PLACE = Axis("place", ("North", "South", "West"))
YEAR = Axis("year", (2025, 2026))


WIDE = Axis("wide", tuple(range(100_000)))


@st.composite
def pair_sets(draw: st.DrawFn) -> tuple[Index, list[tuple[int, int]]]:
    """Distinct pairs in any order over two axes."""
    sizes = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    axes = [Axis(name, tuple(range(n))) for name, n in zip("ab", sizes, strict=True)]
    every = st.tuples(*(st.integers(0, n - 1) for n in sizes))
    pairs = draw(st.lists(every, unique=True))
    return Index(axes, [[a for a, _ in pairs], [b for _, b in pairs]]), pairs


@given(pair_sets())
@settings(deadline=None, max_examples=50)
def test_members_and_positions_are_those_of_a_list(case: tuple[Index, list[Any]]) -> None:
    index, pairs = case
    assert list(index.members()) == pairs
    a, b = (len(axis) for axis in index.axes)
    for pair in [(i, j) for i in range(a) for j in range(b)]:
        expected = pairs.index(pair) if pair in pairs else -1
        assert index.position(pair) == expected
        assert index.find([np.array([pair[0]]), np.array([pair[1]])])[0] == expected


@given(pair_sets())
@settings(deadline=None, max_examples=50)
def test_large_sets_are_searched_to_the_same_result(case: tuple[Index, list[Any]]) -> None:
    index, _ = case
    sparse = Index((WIDE, WIDE), index.columns)
    grid = [c.ravel() for c in np.meshgrid(*(np.arange(len(a)) for a in index.axes))]
    assert index.find(grid).tolist() == sparse.find(grid).tolist()


@given(pair_sets())
@settings(deadline=None, max_examples=50)
def test_groups_hold_each_member_once_with_its_owner(case: tuple[Index, list[Any]]) -> None:
    index, pairs = case
    groups = index.group((0,), Index.product(index.axes[0]))
    found = [(a, b) for a in index.axes[0].labels for b in groups.members(a)]
    assert sorted(found) == sorted(pairs)
    assert per_group(groups.starts).tolist() == index.columns[0][groups.order].tolist()


def test_what_is_not_there_is_named() -> None:
    index = Index((PLACE, YEAR), [[0, 1], [0, 1]])
    with pytest.raises(LookupMiss, match=r"\('West', 2025\) is not a member of Index\(place, year"):
        index.positions([np.array([0, 2]), np.array([0, 0])])
    with pytest.raises(LookupMiss, match="'East' is not a place"):
        PLACE.codes(["North", "East"])
    assert index.position("North") == -1
    assert index.position(("East", 2025)) == -1
    assert Index((PLACE, YEAR), [[], []]).find([np.array([0]), np.array([0])]).tolist() == [-1]


def test_product_runs_fastest_in_its_last_axis() -> None:
    assert list(Index.product(PLACE, YEAR).members())[:3] == [
        ("North", 2025),
        ("North", 2026),
        ("South", 2025),
    ]


def test_columns_of_an_index_are_of_one_length() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Index((PLACE, YEAR), [[0], [0, 1]])


def test_an_index_too_large_to_code_is_refused() -> None:
    huge = Axis("huge", tuple(range(1000)))
    index = Index([huge] * 7, [[0]] * 7)
    with pytest.raises(ValueError, match="too many possible members"):
        index.find([np.array([0])] * 7)


def test_take_keeps_order_and_labels() -> None:
    index = Index.product(PLACE, YEAR)
    assert list(index.take([4, 0]).members()) == [("West", 2025), ("North", 2025)]
    assert index.column_labels(1).tolist() == [2025, 2026] * 3


@given(pair_sets(), st.data())
@settings(deadline=None, max_examples=50)
def test_members_given_more_than_once_are_each_there_once(
    case: tuple[Index, list[Any]], data: st.DataObject
) -> None:
    index, pairs = case
    picks = st.lists(st.sampled_from(range(len(pairs)))) if pairs else st.just([])
    picked = np.array(data.draw(picks), dtype=np.int64)
    found, which = Index.unique(index.axes, [column[picked] for column in index.columns])
    assert list(found.members()) == sorted({pairs[n] for n in picked})
    assert list(found.take(which).members()) == [pairs[n] for n in picked]


def test_so_many_each_are_numbered_from_nothing() -> None:
    owner, number = numbered(np.array([2, 0, 3]))
    assert owner.tolist() == [0, 0, 2, 2, 2]
    assert number.tolist() == [0, 1, 0, 1, 2]
    assert [len(part) for part in numbered(np.array([], dtype=np.int64))] == [0, 0]


def test_labels_are_found_or_minus_one() -> None:
    assert PLACE.find(["South", "", "East", "North"]).tolist() == [1, -1, -1, 0]
    assert PLACE.find([]).tolist() == []
