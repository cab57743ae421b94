"""Payments as straight pieces with steps and limits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.data.pieces import Pieces, clamped, pieces

Payment = Callable[[float], float]


def limited(
    payment: Payment,
    kinks: list[float],
    reach: tuple[float, float],
    least: float = -np.inf,
    most: float = np.inf,
) -> Pieces:
    everywhere = np.vectorize(payment, otypes=[float])
    return pieces(*clamped(everywhere, kinks, reach, least, most), reach)


def stepped(x: float) -> float:
    """4, and half a pound for a unit; 6 more from 24 units on."""
    return 4.0 + 0.5 * x + (6.0 if x >= 24.0 else 0.0)


def test_a_step_is_a_jump_between_pieces() -> None:
    cut = limited(stepped, [24.0], (0.0, 48.0))
    assert cut.at == pytest.approx([0, 24, 48])
    assert cut.slope == pytest.approx([0.5, 0.5])
    assert cut.constant == pytest.approx([4, 10])
    assert cut.jumps == pytest.approx([6])
    assert (cut.straight, cut.steps, cut.convex) == (False, True, False)


def test_a_step_beyond_reach_is_none() -> None:
    for reach in ((0.0, 20.0), (30.0, 48.0)):
        cut = limited(stepped, [24.0], reach)
        assert cut.straight
        assert len(cut.jumps) == 0


@pytest.mark.parametrize(
    ("least", "most", "at", "slope", "jumps"),
    [
        # 8 is reached at 8 units and 20 with the step: 16 just below 24 units, then 20.
        (8, 20, [0, 8, 24, 48], [0, 0.5, 0], [0, 4]),
        # 14 is more than is paid just below the step, 22 with it.
        (14, 26, [0, 20, 24, 32, 48], [0, 0.5, 0.5, 0], [0, 6, 0]),
        # All of the step is cut off.
        (-np.inf, 10, [0, 12, 48], [0.5, 0], [0]),
        # Only what comes with the step is paid.
        (22, 100, [0, 24, 48], [0, 0.5], [0]),
        (19, 19, [0, 48], [0], []),
    ],
)
def test_income_limits_cut_steps_and_slopes(
    least: float, most: float, at: list[float], slope: list[float], jumps: list[float]
) -> None:
    cut = limited(stepped, [24.0], (0.0, 48.0), least, most)
    assert cut.at == pytest.approx(at)
    assert cut.slope == pytest.approx(slope)
    assert cut.jumps == pytest.approx(jumps)


def test_two_kinks_of_one_slope_are_one_piece() -> None:
    # A budget of 100: half of less is given back, at most 10; half of more made good, at most 10.
    def capitated(x: float) -> float:
        return 100.0 - min(10.0, 0.5 * max(0.0, 100 - x)) + min(10.0, 0.5 * max(0.0, x - 100))

    cut = limited(capitated, [100.0, 80.0, 120.0], (60.0, 140.0))
    assert cut.at == pytest.approx([60, 80, 120, 140])
    assert cut.slope == pytest.approx([0, 0.5, 0])
    assert cut.constant == pytest.approx([90, 50, 110])
    assert not cut.convex
    assert limited(capitated, [100.0, 80.0, 120.0], (60.0, 110.0)).convex
    assert limited(capitated, [100.0, 80.0, 120.0], (85.0, 115.0)).straight


def test_activity_that_cannot_move_has_one_payment() -> None:
    cut = limited(stepped, [24.0], (24.0, 24.0))
    assert cut.straight
    assert cut.constant[0] + cut.slope[0] * 24 == pytest.approx(22)


numbers = st.floats(-5, 5).map(lambda x: round(x, 2))


@given(
    st.lists(numbers, min_size=1, max_size=4),
    st.lists(st.floats(1, 99).map(lambda x: round(x, 1)), max_size=3, unique=True),
    st.lists(numbers, min_size=3, max_size=3),
    st.tuples(numbers, numbers),
)
@settings(max_examples=60, deadline=None)
def test_pieces_are_the_payment(
    slopes: list[float], kinks: list[float], steps: list[float], limits: tuple[float, float]
) -> None:
    """A payment of any slopes and steps, held between any two incomes."""
    kinks = sorted(kinks)

    def payment(x: float) -> float:
        paid, at, rate = 0.0, 0.0, slopes[0]
        for k, step, slope in zip(kinks, steps, slopes[1:] + [1.0] * 3, strict=False):
            if x < k:
                break
            paid, at, rate = paid + rate * (k - at) + step, k, slope
        return paid + rate * (x - at)

    least, most = sorted(20 * x for x in limits)
    cut = limited(payment, kinks, (0.0, 100.0), least, most)
    assert cut.at[0] == 0
    assert cut.at[-1] == 100
    assert (np.diff(cut.at) > 0).all()
    for x in np.linspace(0.05, 99.95, 61):
        if min((abs(x - k) for k in kinks), default=1) < 1e-3:
            continue
        n = int(np.searchsorted(cut.at, x)) - 1
        expected = min(max(payment(x), least), most)
        assert cut.constant[n] + cut.slope[n] * x == pytest.approx(expected, abs=1e-6)
    rise = cut.constant[1:] + cut.slope[1:] * cut.at[1:-1]
    before = cut.constant[:-1] + cut.slope[:-1] * cut.at[1:-1]
    assert cut.jumps == pytest.approx(rise - before, abs=1e-6)
