"""The bound holds for any prices, and is tight for the right ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from small import INF, arrays, production

from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.solver.proof.certificate import residuals, safe_bound

numbers = st.floats(-100, 100).map(lambda v: round(v, 3))
positive = st.floats(0.1, 100).map(lambda v: round(v, 3))
prices = st.one_of(
    st.floats(-1e6, 1e6), st.sampled_from([0.0, -0.0, INF, -INF, float("nan"), 1e-300, -1e300])
)


@st.composite
def points(draw: st.DrawFn) -> tuple[Program, np.ndarray]:
    """A programme and a point that it allows."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cells = rows * columns
    a = np.reshape(draw(st.lists(numbers, min_size=cells, max_size=cells)), (rows, columns))
    a[np.abs(a) < 1e-6] = 0.0
    x = np.array(draw(st.lists(positive, min_size=columns, max_size=columns)))
    value = a @ x
    open_below = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    open_above = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    room = np.array(draw(st.lists(positive, min_size=rows, max_size=rows)))
    program = arrays(
        a,
        np.where(open_below, -INF, value - room),
        np.where(open_above, INF, value + room),
        [0] * columns,
        x + np.array(draw(st.lists(positive, min_size=columns, max_size=columns))),
        draw(st.lists(numbers, min_size=columns, max_size=columns)),
        maximise=draw(st.booleans()),
        offset=draw(numbers),
    )
    return program, x


def worth(program: Program, x: np.ndarray) -> Fraction:
    """Exact value of a point."""
    parts = zip(program.cost.tolist(), x.tolist(), strict=True)
    return sum((Fraction(c) * Fraction(v) for c, v in parts), Fraction(program.offset))


@given(points(), st.data())
@settings(max_examples=200, deadline=None)
def test_no_point_beats_the_bound_whatever_the_prices(
    point: tuple[Program, np.ndarray], data: st.DataObject
) -> None:
    program, x = point
    n = program.shape[0]
    price = np.array(data.draw(st.lists(prices, min_size=n, max_size=n)))
    with np.errstate(over="ignore", invalid="ignore"):
        bound = safe_bound(program, price)
    assert not np.isnan(bound)
    if np.isinf(bound):
        assert (bound > 0) == program.maximise
    elif program.maximise:
        assert Fraction(bound) >= worth(program, x)
    else:
        assert Fraction(bound) <= worth(program, x)


def exact_bound(program: Program, price: np.ndarray) -> Fraction:
    """Weak duality without rounding: rows at their priced side, columns at their better bound."""
    sign = 1 if program.maximise else -1
    total = sign * Fraction(program.offset)
    dense = program.matrix.toarray()
    reduced = [sign * Fraction(c) for c in program.cost.tolist()]
    for i, y in enumerate((sign * price).tolist()):
        side = float((program.row_upper if y > 0 else program.row_lower)[i])
        if y == 0 or np.isinf(side):
            continue
        total += Fraction(y) * Fraction(side)
        reduced = [
            d - Fraction(y) * Fraction(a) for d, a in zip(reduced, dense[i].tolist(), strict=True)
        ]
    for d, low, high in zip(reduced, program.col_lower, program.col_upper, strict=True):
        total += d * Fraction(float(high if d > 0 else low))
    return sign * total


@given(points(), st.data())
@settings(max_examples=150, deadline=None)
def test_rounding_is_carried_outward(
    point: tuple[Program, np.ndarray], data: st.DataObject
) -> None:
    """Weak duality in floating point falls below the exact bound about every other time."""
    program, _ = point
    n = program.shape[0]
    third = st.floats(-10, 10).map(lambda v: v / 3)
    price = np.array(data.draw(st.lists(third, min_size=n, max_size=n)))
    bound, exact = Fraction(safe_bound(program, price)), exact_bound(program, price)
    assert bound >= exact if program.maximise else bound <= exact
    assert float(bound) == pytest.approx(float(exact), rel=1e-9, abs=1e-9)


def test_rounding_of_numbers_next_to_nothing_is_carried_too() -> None:
    program = arrays([[0.0]], [-0.109], [0.109], [0.0], [2.0], [0.0], maximise=False, offset=0.0)
    price = np.array([7.41691286169e-312])
    assert Fraction(safe_bound(program, price)) <= exact_bound(program, price)


@given(points())
@settings(max_examples=60, deadline=None)
def test_the_right_prices_make_it_tight(point: tuple[Program, np.ndarray]) -> None:
    program, _ = point
    found = Solver(program).run()
    assert found.status == "optimal"
    assert found.row_dual is not None
    assert found.objective is not None
    bound = safe_bound(program, found.row_dual)
    size = 1.0 + abs(program.cost) @ program.col_upper
    assert bound == pytest.approx(found.objective, abs=1e-5 * size)


def test_by_hand() -> None:
    # 3 and 0: 3 x 4 for the first resource; b costs 1 more than it brings
    assert safe_bound(production(), np.array([3.0, 0.0])) == pytest.approx(12, rel=1e-14)
    # no prices at all: both made as much as their bounds of 10 allow
    assert safe_bound(production(), np.zeros(2)) == pytest.approx(50, rel=1e-14)
    # a price on a side that does not exist counts for nothing
    assert safe_bound(production(), np.array([-3.0, -1.0])) == pytest.approx(50, rel=1e-14)
    shifted = production(offset=7.0)
    assert safe_bound(shifted, np.array([3.0, 0.0])) == pytest.approx(19, rel=1e-14)


def test_a_minimisation_is_bounded_from_below() -> None:
    diet = arrays([[1, 1]], [4], [INF], [0, 0], [10, 10], [2, 3], maximise=False)
    assert safe_bound(diet, np.array([2.0])) == pytest.approx(8, rel=1e-14)
    assert safe_bound(diet, np.array([2.0])) <= 8
    assert safe_bound(diet, np.array([0.0])) == pytest.approx(0, abs=1e-12)


def test_a_column_without_end_makes_the_bound_infinite() -> None:
    program = production(col_upper=np.array([INF, 10.0]))
    assert safe_bound(program, np.zeros(2)) == INF
    assert safe_bound(program, np.array([2.9, 0.0])) == INF
    assert safe_bound(program.replaced(maximise=False, cost=-program.cost), np.zeros(2)) == -INF


def test_residuals_by_hand() -> None:
    program = production()
    assert residuals(program, np.array([4.0, 0.0])) == (0.0, 0.0)
    # 5 where 4 is allowed: 1 over the size of the terms, 5
    assert residuals(program, np.array([5.0, 0.0])) == pytest.approx((0.2, 0.0))
    # 10.5 where 10 is allowed, and -1 where 0 is
    rows, bounds = residuals(program, np.array([10.5, -1.0]))
    assert rows == pytest.approx(max(5.5 / 11.5, 1.5 / 13.5))
    assert bounds == pytest.approx(1.0)


def test_residuals_are_relative_to_what_a_row_adds_up() -> None:
    large = production(
        matrix=sparse.csr_array(np.array([[1e9, 1e9], [1, 3]])), row_upper=np.array([4e9, 6.0])
    )
    rows, _ = residuals(large, np.array([4.0000004, 0.0]))
    assert rows == pytest.approx(1e-7, rel=1e-3)


def test_an_unmet_floor_is_a_residual_though_nothing_is_done() -> None:
    floor = arrays([[1]], [3], [INF], [0], [5], [1])
    assert residuals(floor, np.array([0.0])) == (1.0, 0.0)


def test_a_price_rounded_down_costs_a_wide_column_its_doubt() -> None:
    """Three times a third is one to the last digit, and 5.6e-17 short of it in truth."""
    program = arrays([[3]], [-INF], [1], [0], [1e12], [1])
    price = np.array([1 / 3])
    assert exact_bound(program, price) > Fraction(0.33335)
    assert Fraction(safe_bound(program, price)) >= exact_bound(program, price)
