"""What may give way does so at the least price, and only where nothing else will do."""

from __future__ import annotations

import numpy as np
import pytest
from small import INF, arrays

from allocator.solver.elastic import Elastic, Giving
from allocator.solver.program import Block, Program

FLOORS = arrays([[1, 0], [0, 1], [1, 1]], [3, 4, -INF], [INF, INF, 5], [0, 0], [9, 9], [0, 0])
"""At least 3 and 4, at most 5 together: 2 are missing."""


def giving(
    program: Program, *at: int, side: str, weight: float = 1.0, bound: bool = False
) -> Giving:
    block: Block = program.columns[0] if bound else program.rows[0]
    return Giving("thing", block, np.array(at), side, np.full(len(at), weight), bound)


def test_one_row_gives_what_is_missing() -> None:
    found = Elastic(FLOORS, [giving(FLOORS, 2, side="upper")]).relaxed(None)
    assert found is not None
    assert found.total == found.least == pytest.approx(2)
    assert found.whole
    # The proof rests on all three rows, and on no bound.
    assert (found.rows > 0).all()
    assert not found.columns.any()


def test_the_cheapest_gives_first() -> None:
    dear, cheap = giving(FLOORS, 2, side="upper", weight=3), giving(FLOORS, 0, side="lower")
    found = Elastic(FLOORS, [dear, cheap]).relaxed(None)
    assert found is not None
    assert [amount.tolist() for amount in found.amounts] == [[0.0], [pytest.approx(2)]]


def test_a_bound_gives_way_as_a_row_does() -> None:
    bounded = FLOORS.replaced(row_upper=np.array([INF, INF, 20]), col_upper=np.array([2.0, 9.0]))
    found = Elastic(bounded, [giving(bounded, 0, side="upper", bound=True)]).relaxed(None)
    assert found is not None
    assert found.total == pytest.approx(1)
    lifted = FLOORS.replaced(col_lower=np.array([7.0, 0.0]))
    found = Elastic(lifted, [giving(lifted, 0, side="lower", bound=True)]).relaxed(None)
    assert found is None  # the floors of the rows stay


def test_one_amount_may_loosen_several_rows() -> None:
    twice = arrays([[1], [1], [1]], [3, -INF, -INF], [INF, 1, 2], [0], [9], [0])
    one = giving(twice, 1, side="upper")
    both = Giving("thing", one.block, one.at, "upper", one.weight, also=(np.array([2]),))
    found = Elastic(twice, [both]).relaxed(None)
    assert found is not None
    assert found.total == pytest.approx(2)
    none = Giving("thing", one.block, one.at, "upper", one.weight, also=(np.array([-1]),))
    assert Elastic(twice, [none]).relaxed(None) is None


def test_whole_numbers_need_more_than_parts() -> None:
    # 3 of a floor of 2.5 when whole, with room for 1.
    whole = arrays([[1], [1]], [2.5, -INF], [INF, 1], [0], [9], [0], integer=[True])
    search = Elastic(whole, [giving(whole, 1, side="upper")])
    relaxed = search.relaxed(None)
    assert relaxed is not None
    assert (relaxed.total, relaxed.whole) == (pytest.approx(1.5), False)
    found = search.whole(relaxed, 10.0)
    assert found is not None
    assert (found.total, found.least, found.whole) == (pytest.approx(2), found.total, True)


def test_what_is_not_found_in_time_is_a_least() -> None:
    whole = arrays([[1], [1]], [2.5, -INF], [INF, 1], [0], [9], [0], integer=[True])
    search = Elastic(whole, [giving(whole, 1, side="upper")])
    relaxed = search.relaxed(None)
    assert relaxed is not None
    found = search.whole(relaxed, 0.0)
    assert found is not None
    assert found.least <= 2 + 1e-9


def test_where_whole_numbers_leave_nothing_none_is_found() -> None:
    stuck = arrays([[1], [1]], [-INF, 2.5], [1, 2.6], [0], [9], [0], integer=[True])
    search = Elastic(stuck, [giving(stuck, 0, side="upper")])
    relaxed = search.relaxed(None)
    assert relaxed is not None
    assert search.whole(relaxed, 10.0) is None
