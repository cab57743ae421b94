"""Chords follow concave curves as closely as they claim."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.data import curves
from allocator.tolerances import ERROR_SHARE

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
    shape: str, elasticity: float, half: float, lo: float, hi: float, sparing: bool = False
) -> tuple[np.ndarray, np.ndarray, curves.Parameters]:
    bend = 1 - elasticity if shape == "power" else 0.0
    decay = curves.LN2 / half if shape == "saturating" else 0.0
    arrays = [np.array([v]) for v in (lo, hi, bend, decay)]
    _, ends = curves.breakpoints(*arrays, np.array([sparing]))
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
    # Where a curve is flat, the slope of a chord is rounding over its width.
    rounding = 1e-15 * float(effect(np.array(lo + width), p)) / np.diff(ends, axis=1).min()
    assert (np.diff(slope) <= 1e-9 * np.abs(slope).max() + 2 * rounding).all(), "concave"
    part = np.linspace(0, 1, 21)
    x = ends[:, :1] + part * np.diff(ends, axis=1)
    rise = effect(x, p) - effect(ends[:, :1], p) - slope[:, None] * (x - ends[:, :1])
    change = float(effect(np.array(lo + width), p) - effect(np.array(lo), p))
    assert rise.min() >= -1e-9 * max(1.0, change)
    if lo > 0.01 or elasticity >= 0.5 or shape == "saturating":
        # below an elasticity of a half, a curve from nothing rises too steeply for any chord
        assert rise.max() <= ERROR_SHARE * change * (1 + 1e-3) + 1e-12
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


@given(smooth, st.floats(0.1, 5), st.floats(0.05, 10))
@settings(max_examples=80, deadline=None)
def test_where_breakpoints_cost_decisions_there_are_as_few_as_the_error_allows(
    curve: tuple[str, float, float], lo: float, width: float
) -> None:
    ends, slope, p = chords(*curve, lo, lo + width, sparing=True)
    plenty, _, _ = chords(*curve, lo, lo + width)
    assert len(ends) < len(plenty)
    assert len(ends) <= len(plenty) / 2 or len(plenty) == curves.MAX_SEGMENTS
    effect = curves.EFFECT[curve[0]]
    part = np.linspace(0, 1, 21)
    x = ends[:, :1] + part * np.diff(ends, axis=1)
    rise = effect(x, p) - effect(ends[:, :1], p) - slope[:, None] * (x - ends[:, :1])
    change = float(effect(np.array(lo + width), p) - effect(np.array(lo), p))
    assert rise.max() <= ERROR_SHARE * change * (1 + 1e-3) + 1e-12


def test_no_range_has_no_chords() -> None:
    one, none = np.ones(1), np.zeros(1)
    owner, ends = curves.breakpoints(one, one, one / 2, none, none > 0)
    assert len(owner) == len(ends) == 0


def test_straight_lines_have_one_chord_each() -> None:
    owner, ends = curves.breakpoints(
        np.array([0.0, 2, 3]), np.array([5.0, 2, 4]), np.zeros(3), np.zeros(3), np.zeros(3, bool)
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


# Curves that steepen


def chord_errors(
    slope: curves.Curve, effect: curves.Curve, p: curves.Parameters, ends: np.ndarray
) -> np.ndarray:
    """Most by which the curve leaves each of its chords, on either side."""
    part = np.linspace(0, 1, 41)
    left, width = ends[:-1, None], np.diff(ends)[:, None]
    x = left + part * width
    chord = effect(left, p) + part * (effect(left + width, p) - effect(left, p))
    return np.abs(effect(x, p) - chord).max(axis=1)


STEEP = {"steepness": np.array(0.2)}


@pytest.mark.parametrize(
    ("shape", "changes", "low", "high"),
    [
        ("logistic", {"half": np.array(30.0)}, 0.0, 30.0),
        ("logistic", {"half": np.array(30.0)}, 30.0, 60.0),
        ("power", {"elasticity": np.array(2.0)}, 0.0, 5.0),
        ("power", {"elasticity": np.array(1.2)}, 0.5, 5.0),
        ("power", {"elasticity": np.array(6.0)}, 1.0, 2.0),
    ],
)
def test_even_knots_are_few_and_miss_the_curve_alike(
    shape: str, changes: curves.Parameters, low: float, high: float
) -> None:
    p = parameters(0.5, 2.0) | STEEP | changes
    effect, slope = curves.EFFECT[shape], curves.SLOPE[shape]
    change = float(effect(np.array(high), p) - effect(np.array(low), p))
    knots = curves.even_knots(slope, p, low, high, change)
    assert (np.diff(knots) > 0).all()
    assert ((knots > low) & (knots < high)).all()
    error = chord_errors(slope, effect, p, np.concatenate([[low], knots, [high]]))
    allowed = ERROR_SHARE * change
    # Next to a turn the bend grows from nothing, and the last chord misses a little more.
    assert error.max() <= 1.1 * allowed
    assert error.max() <= 1.6 * np.median(error), "shared out evenly"
    if len(knots) > 1:
        fewer = curves.even_knots(slope, p, low, high, 1.3 * change)
        assert len(fewer) < len(knots)
        worst = chord_errors(slope, effect, p, np.concatenate([[low], fewer, [high]])).max()
        assert worst > allowed, "none of them could be left out"


def test_even_knots_of_a_straight_line_are_none() -> None:
    p = parameters(1.0, 2.0)
    assert len(curves.even_knots(curves.SLOPE["linear"], p, 0.0, 5.0, 1.5)) == 0
    assert len(curves.even_knots(curves.SLOPE["power"], p, 0.0, 5.0, 1.5)) == 0
    steep = parameters(2.0, 2.0)
    assert len(curves.even_knots(curves.SLOPE["power"], steep, 1.0, 1.0 + 1e-9, 3e-10)) == 0
    assert len(curves.even_knots(curves.SLOPE["power"], steep, 1.0, 2.0, 0.0)) == 0


def test_a_power_curve_that_steepens_has_the_knots_of_a_parabola() -> None:
    # 0.3 / 2 x^2 from 0 to 4: bend sqrt(0.3) everywhere, spread evenly. A chord of width w
    # misses it by 0.3 w^2 / 8, which must stay within 0.0024: 0.253 wide, 16 of them.
    p = parameters(2.0, 2.0)
    knots = curves.even_knots(curves.SLOPE["power"], p, 0.0, 4.0, 2.4)
    assert knots == pytest.approx(np.arange(1, 16) / 4, abs=1e-6)


@pytest.mark.parametrize("shape", ["logistic", "power"])
def test_slopes_of_steepening_curves_are_derivatives(shape: str) -> None:
    p = parameters(1.7, 3.0) | {"steepness": np.array(0.8)}
    x, h = np.linspace(0.5, 9, 18), 1e-6
    effect = curves.EFFECT[shape]
    numeric = (effect(x + h, p) - effect(x - h, p)) / (2 * h)
    assert curves.SLOPE[shape](x, p) == pytest.approx(numeric, rel=1e-5)


def test_logistic_effects_by_hand() -> None:
    p = parameters(1.0, 30.0) | STEEP
    x = np.array([30.0, 30 + 5 * np.log(3), 1e6, -1e6])
    # Half at the half; three quarters where exp(-0.2 (x - 30)) is a third; no overflow far out.
    assert curves.EFFECT["logistic"](x, p) == pytest.approx([25, 37.5, 50, 0])
