"""Chords follow concave curves as closely as they claim."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.data import curves

smooth = st.one_of(
    st.tuples(st.just("power"), st.floats(0.05, 0.95), st.just(1.0)),
    st.tuples(st.just("saturating"), st.just(1.0), st.floats(0.2, 20)),
)


def parameters(elasticity: float, half: float) -> curves.Parameters:
    values = {
        "per_unit": 0.3,
        "elasticity": elasticity,
        "maximum": 50.0,
        "half": half,
        "baseline": 1.0,
    }
    return {name: np.array(value) for name, value in values.items()}


def chords(
    shape: str, elasticity: float, half: float, lo: float, hi: float
) -> tuple[np.ndarray, np.ndarray, curves.Parameters]:
    bend = 1 - elasticity if shape == "power" else 0.0
    decay = curves.LN2 / half if shape == "saturating" else 0.0
    arrays = [np.array([v]) for v in (lo, hi, bend, decay)]
    _, ends = curves.breakpoints(*arrays)
    p = parameters(elasticity, half)
    slope = np.diff(curves.EFFECT[shape](ends, p), axis=1).ravel() / np.diff(ends, axis=1).ravel()
    return ends, slope, p


@given(smooth, st.one_of(st.just(0.0), st.floats(1e-6, 5)), st.floats(0.01, 10))
@settings(max_examples=150, deadline=None)
def test_chords_cover_the_range_below_the_curve_and_close_to_it(
    curve: tuple[str, float, float], lo: float, width: float
) -> None:
    shape, elasticity, half = curve
    ends, slope, p = chords(shape, elasticity, half, lo, lo + width)
    effect = curves.EFFECT[shape]
    assert ends[0, 0] == lo
    assert ends[-1, 1] == lo + width
    assert ends[1:, 0] == pytest.approx(ends[:-1, 1])
    assert (np.diff(ends[:, 0]) > 0).all()
    assert (np.diff(slope) <= 1e-9 * np.abs(slope).max()).all(), "concave"
    part = np.linspace(0, 1, 21)
    x = ends[:, :1] + part * np.diff(ends, axis=1)
    rise = effect(x, p) - effect(ends[:, :1], p) - slope[:, None] * (x - ends[:, :1])
    change = float(effect(np.array(lo + width), p) - effect(np.array(lo), p))
    assert rise.min() >= -1e-9 * max(1.0, change)
    if lo > 0.01 or elasticity >= 0.5 or shape == "saturating":
        # below an elasticity of a half, a curve from nothing rises too steeply for any chord
        assert rise.max() <= curves.ERROR_SHARE * change * (1 + 1e-3) + 1e-12
    with np.errstate(divide="ignore"):
        left, right = (curves.SLOPE[shape](ends[:, k], p) for k in (0, 1))
    gap = curves.chord_gap(left, right, slope, np.diff(ends, axis=1).ravel())
    assert (rise.max(axis=1) <= gap + 1e-9 * max(1.0, change)).all(), "the stated gap holds"


@given(smooth, st.floats(0.5, 5), st.floats(0.01, 1))
@settings(max_examples=80, deadline=None)
def test_neighbouring_slopes_differ_by_two_per_cent_at_most(
    curve: tuple[str, float, float], lo: float, width: float
) -> None:
    _, slope, _ = chords(*curve, lo, lo + width)
    if len(slope) < curves.MAX_BY_SLOPE:
        assert (slope[1:] >= slope[:-1] / 1.02 * (1 - 1e-9)).all()


def test_no_range_has_no_chords() -> None:
    one, none = np.ones(1), np.zeros(1)
    owner, ends = curves.breakpoints(one, one, one / 2, none)
    assert len(owner) == len(ends) == 0


def test_straight_lines_have_one_chord_each() -> None:
    owner, ends = curves.breakpoints(
        np.array([0.0, 2, 3]), np.array([5.0, 2, 4]), np.zeros(3), np.zeros(3)
    )
    assert owner.tolist() == [0, 2]
    assert ends.tolist() == [[0, 5], [3, 4]]


@pytest.mark.parametrize("shape", ["linear", "power", "saturating"])
def test_slopes_are_the_derivatives_of_the_effects(shape: str) -> None:
    p = parameters(0.4, 2.0)
    x, h = np.linspace(0.5, 6, 12), 1e-6
    effect = curves.EFFECT[shape]
    numeric = (effect(x + h, p) - effect(x - h, p)) / (2 * h)
    assert curves.SLOPE[shape](x, p) == pytest.approx(numeric, rel=1e-6)


def test_effects_by_hand() -> None:
    p = parameters(0.5, 2.0)
    at = np.array([4.0])
    assert curves.EFFECT["linear"](at, p) == pytest.approx(1.2)
    # 0.3 x 1 / 0.5 x 4^0.5, with slope 0.3 at the baseline of 1
    assert curves.EFFECT["power"](at, p) == pytest.approx(1.2)
    assert curves.SLOPE["power"](np.array([1.0]), p) == pytest.approx(0.3)
    # half the maximum at 2, three quarters at 4
    assert curves.EFFECT["saturating"](at, p) == pytest.approx(37.5)
    flat = curves.points_effect(np.array([1.0, 9.0]), np.array([0.0, 2]), np.array([0.0, 6]))
    assert flat.tolist() == [3, 6]
