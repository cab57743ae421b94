"""Statistics against numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.suite import stats
from benchmarks.suite.stats import Result


@pytest.mark.parametrize(
    ("values", "shift", "mean"),
    [
        ([1, 100], 0, 10.0),
        ([0, 90], 10, math.sqrt(10 * 100) - 10),
        ([3, 3, 3], 1, 3.0),
        ([0, 5], 0, 0.0),
        ([0, 3, 15], 1, 3.0),
    ],
)
def test_shifted_geometric_mean(values: list[float], shift: float, mean: float) -> None:
    assert stats.shifted_geometric_mean(values, shift) == pytest.approx(mean)


@pytest.mark.parametrize(
    ("values", "shift"), [([], 1), ([-1.0], 1), ([math.inf], 1), ([math.nan], 1), ([1.0], -1)]
)
def test_mean_of_nonsense_is_refused(values: list[float], shift: float) -> None:
    with pytest.raises(ValueError, match="finite values"):
        stats.shifted_geometric_mean(values, shift)


def test_unsolved_run_costs_the_limit_times_the_penalty() -> None:
    assert Result(3.0, True, 10.0).charged(10.0) == 3.0
    assert Result(3.0, False, 10.0).charged(1.0) == 10.0
    assert Result(3.0, False, 10.0).charged(10.0) == 100.0
    overran = Result(12.0, False, 10.0)
    assert overran.charged(2.0) == 24.0


def test_programme_counts_once_however_many_permutations() -> None:
    results = {
        "a": [Result(1.0, True, 10.0)] * 5,
        "b": [Result(100.0, True, 10.0)],
    }
    assert stats.score(results, ["a", "b"], 0.0, 1.0) == pytest.approx(10.0)


def solo(*pairs: tuple[float, bool]) -> dict[str, list[Result]]:
    return {f"p{k}": [Result(t, ok, 100.0)] for k, (t, ok) in enumerate(pairs)}


def test_place_depends_on_the_penalty_where_it_should() -> None:
    results = {
        "fast but fails": solo((1, True), (1, True), (1, True), (100, False)),
        "slow but sure": solo((20, True), (20, True), (20, True), (20, True)),
    }
    found = {s.solver: s for s in stats.standings(results, stats.shared(results))}
    fast, sure = found["fast but fails"], found["slow but sure"]
    assert fast.means[1.0, 1.0] == pytest.approx((2**3 * 101) ** 0.25 - 1)
    assert fast.means[1.0, 10.0] == pytest.approx((2**3 * 1001) ** 0.25 - 1)
    assert sure.means[10.0, 10.0] == pytest.approx(20.0)
    assert (fast.best_rank, fast.worst_rank) == (1, 2)
    assert fast.ranks[10.0, 1.0] == 1
    assert fast.ranks[10.0, 10.0] == 2
    assert (fast.solved, sure.solved, sure.attempts) == (3, 4, 4)
    assert stats.agreement(list(found.values())) == pytest.approx(-1.0)


def test_clear_order_is_stable() -> None:
    results = {
        name: solo(*((factor * t, True) for t in (1.0, 2.0, 5.0, 30.0)))
        for name, factor in (("best", 1.0), ("middle", 2.0), ("last", 3.0))
    }
    found = stats.standings(results, stats.shared(results))
    assert [s.solver for s in found] == ["best", "middle", "last"]
    assert [(s.best_rank, s.worst_rank) for s in found] == [(1, 1), (2, 2), (3, 3)]
    assert [s.first_share for s in found] == [1.0, 0.0, 0.0]
    assert stats.agreement(found) == pytest.approx(1.0)
    assert found[0].behind is None
    behind = found[2].behind
    assert behind is not None
    assert (behind.value, behind.low, behind.high) == pytest.approx((3.0, 3.0, 3.0))


def test_equal_solvers_share_first_place() -> None:
    results = {name: solo((1, True), (2, True)) for name in "ab"}
    found = stats.standings(results, stats.shared(results))
    assert [s.worst_rank for s in found] == [1, 1]
    assert [s.first_share for s in found] == [0.5, 0.5]


def test_only_shared_programmes_are_compared() -> None:
    results = {"a": solo((1, True), (2, True)), "b": solo((1, True))}
    assert stats.shared(results) == ["p0"]
    assert stats.shared({}) == []
    assert stats.standings(results, []) == []


def test_profile_of_a_worked_case() -> None:
    results = {
        "a": solo((1, True), (4, True), (9, False)),
        "b": solo((2, True), (1, True), (9, False)),
    }
    found = stats.profile(results, ["p0", "p1", "p2"])
    x, y = found["a"]
    assert x.tolist() == [1.0, 4.0]
    assert y == pytest.approx([1 / 3, 2 / 3])
    shares = [stats.profile_at(found["b"], r) for r in (1.0, 1.9, 2.0, 100.0)]
    assert shares == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])


def test_profile_does_not_tell_apart_what_the_clock_does_not() -> None:
    results = {"a": solo((0.0001, True)), "b": solo((0.009, True)), "c": solo((0.02, True))}
    found = stats.profile(results, ["p0"])
    assert [found[name][0][0] for name in "abc"] == pytest.approx([1.0, 1.0, 2.0])


def test_growth_finds_the_exponent_it_was_given() -> None:
    sizes = np.array([1e3, 1e4, 1e5, 1e6])
    found = stats.growth(sizes, 1e-6 * sizes**1.5)
    assert found is not None
    assert found.exponent == pytest.approx(1.5)
    assert (found.low, found.high) == pytest.approx((1.5, 1.5), abs=1e-6)
    assert found.points == 4


def test_growth_interval_is_students() -> None:
    x = np.array([0.0, 1.0, 2.0])
    y = np.array([0.0, 1.5, 2.0])
    found = stats.growth(np.exp(x), np.exp(y))
    assert found is not None
    assert found.exponent == pytest.approx(1.0)
    error = math.sqrt(1 / 6 / 2)
    assert found.high - found.exponent == pytest.approx(12.7062 * error, rel=1e-4)


def test_growth_needs_two_sizes_and_times_worth_the_clock() -> None:
    assert stats.growth([1e3, 1e3], [1.0, 2.0]) is None
    assert stats.growth([1e3, 1e4], [0.001, 1.0]) is None
    two = stats.growth([1e3, 1e4], [0.1, 1.0])
    assert two is not None
    assert two.exponent == pytest.approx(1.0)
    assert math.isinf(two.high)


def test_spread_is_range_over_median() -> None:
    assert stats.spread([1.0, 2.0, 4.0]) == pytest.approx(1.5)
    assert stats.spread([1.0]) is None
    assert stats.spread([0.0, 0.0]) is None


def test_ratio_of_pairs_with_an_interval() -> None:
    before = np.array([1.0, 10.0, 100.0, 1000.0])
    found = stats.ratio(before, 1.2 * before)
    assert (found.value, found.low, found.high) == pytest.approx((1.2, 1.2, 1.2))
    mixed = stats.ratio(before, before * np.array([0.5, 2.0, 0.5, 2.0]))
    assert mixed.value == pytest.approx(1.0)
    assert mixed.low < 0.9
    assert mixed.high > 1.1
    with pytest.raises(ValueError, match="pairs of positive"):
        stats.ratio([1.0], [0.0])


def test_bootstrap_covers_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    hits = 0
    for seed in range(100):
        low, high = stats.interval(rng.normal(size=40), lambda d: d.mean(axis=1), seed)
        hits += low <= 0.0 <= high
    assert 85 <= hits <= 99


@pytest.mark.parametrize(
    ("log", "integral"),
    [
        ([], 10.0),
        ([(2.0, 100.0)], 2.0),
        ([(2.0, 50.0), (6.0, 100.0)], 2.0 + 0.5 * 4.0),
        ([(2.0, 50.0)], 2.0 + 0.5 * 8.0),
        ([(2.0, -5.0), (4.0, 100.0)], 4.0),
        ([(12.0, 100.0)], 10.0),
    ],
)
def test_primal_integral(log: list[tuple[float, float]], integral: float) -> None:
    assert stats.primal_integral(log, 100.0, 10.0) == pytest.approx(integral)
