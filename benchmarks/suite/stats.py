"""Statistics of solve times that are cut off at a limit, spread over decades, and few."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from allocator.arrays import Floats, Ints

SHIFTS = (1.0, 10.0)
PENALTIES = (1.0, 2.0, 10.0)
WAYS = tuple(itertools.product(SHIFTS, PENALTIES))
"""Every way of counting: shift in seconds, and what an unsolved run costs in limits."""

CLOCK = 0.01
"""Seconds below which two times are the same: starting a solver is not solving."""

RESAMPLES = 2000


def shifted_geometric_mean(values: npt.ArrayLike, shift: float) -> float:
    """Geometric mean of ``values + shift``, less the shift.

    Parameters
    ----------
    values : array_like
        Non-negative, at least one.
    shift : float
        In the unit of the values; the larger, the less small values count.

    Raises
    ------
    ValueError
        Empty, negative or not finite values, or a negative shift.
    """
    array = np.asarray(values, dtype=float)
    if array.size == 0 or not np.isfinite(array).all() or (array < 0).any() or shift < 0:
        raise ValueError("a shifted geometric mean needs finite values and a shift of at least 0")
    if shift == 0 and (array == 0).any():
        return 0.0
    return float(np.exp(np.log(array + shift).mean()) - shift)


@dataclass(frozen=True)
class Result:
    """What one solver made of one programme in one order of rows and columns.

    Attributes
    ----------
    seconds : float
        Median over repeats.
    solved : bool
        Answer verified in every repeat.
    limit : float
        Seconds it was given.
    """

    seconds: float
    solved: bool
    limit: float

    def charged(self, penalty: float) -> float:
        """Seconds counted: an unsolved run costs the limit, or what it took, times penalty."""
        return self.seconds if self.solved else penalty * max(self.limit, self.seconds)


Results = Mapping[str, Mapping[str, Sequence[Result]]]
"""By solver, then by programme: one result for every order of rows and columns."""


def score(
    results: Mapping[str, Sequence[Result]],
    problems: Sequence[str],
    shift: float,
    penalty: float,
) -> float:
    """Shifted geometric mean over programmes of those over their permutations."""
    each = [
        shifted_geometric_mean([r.charged(penalty) for r in results[name]], shift)
        for name in problems
    ]
    return shifted_geometric_mean(each, shift)


def shared(results: Results) -> list[str]:
    """Programmes that every solver was run on, sorted."""
    sets = [set(by_problem) for by_problem in results.values()]
    return sorted(set.intersection(*sets)) if sets else []


@dataclass(frozen=True)
class Standing:
    """Where a solver comes in, and how far that depends on how one counts.

    Attributes
    ----------
    solver : str
    solved, attempts : int
        Programmes solved in every permutation, and programmes.
    means : dict
        Shifted geometric mean in seconds by (shift, penalty).
    ranks : dict
        Place (from 1; equal means share one) by (shift, penalty).
    first_share : float
        Share of resampled sets of programmes in which it comes first, shift 10, penalty 1.
    interval : tuple of float
        95% of the resampled means, shift 10, penalty 1.
    behind : Ratio or None
        Times the first needs, programme by programme (unsolved at the limit); None: the first.
    """

    solver: str
    solved: int
    attempts: int
    means: dict[tuple[float, float], float]
    ranks: dict[tuple[float, float], int]
    first_share: float
    interval: tuple[float, float]
    behind: Ratio | None = None

    @property
    def best_rank(self) -> int:
        """Best place over all ways of counting."""
        return min(self.ranks.values())

    @property
    def worst_rank(self) -> int:
        """Worst place over all ways of counting."""
        return max(self.ranks.values())


MAIN = (10.0, 1.0)
"""The way of counting that tables are sorted by."""


def standings(results: Results, problems: Sequence[str], seed: int = 0) -> list[Standing]:
    """Solvers from best to worst by the main way of counting, with every other beside it."""
    if not problems or not results:
        return []
    solvers = list(results)
    means = {way: np.array([score(results[s], problems, *way) for s in solvers]) for way in WAYS}
    ranks = {way: _ranks(values) for way, values in means.items()}
    firsts, low, high = _resampled(results, problems, seed)
    out = [
        Standing(
            solver,
            sum(all(r.solved for r in results[solver][name]) for name in problems),
            len(problems),
            {way: float(means[way][k]) for way in WAYS},
            {way: int(ranks[way][k]) for way in WAYS},
            float(firsts[k]),
            (float(low[k]), float(high[k])),
        )
        for k, solver in enumerate(solvers)
    ]
    first, *rest = sorted(out, key=lambda s: (s.means[MAIN], s.solver))
    best = _typical(results[first.solver], problems)
    return [
        first,
        *(replace(s, behind=ratio(best, _typical(results[s.solver], problems))) for s in rest),
    ]


def _typical(results: Mapping[str, Sequence[Result]], problems: Sequence[str]) -> list[float]:
    """Seconds of each programme over its permutations, the clock's worth at least."""
    return [max(score(results, [name], 0.0, 1.0), CLOCK) for name in problems]


def _ranks(values: Floats) -> Ints:
    return np.asarray(stats.rankdata(np.round(values, 9), method="min"), dtype=np.int64)


def _resampled(
    results: Results, problems: Sequence[str], seed: int
) -> tuple[Floats, Floats, Floats]:
    """Share of first places and 95% interval of the mean, over resampled programmes."""
    shift, penalty = MAIN
    logs = np.array(
        [[np.log(score(by, [name], shift, penalty) + shift) for name in problems]
         for by in results.values()]
    )  # fmt: skip
    draws = np.random.default_rng(seed).integers(len(problems), size=(RESAMPLES, len(problems)))
    means = np.exp(logs[:, draws].mean(axis=2)) - shift
    best = np.isclose(means, means.min(axis=0), rtol=1e-9, atol=0)
    firsts = (best / best.sum(axis=0)).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975), axis=1)
    return firsts, low, high


def agreement(found: Sequence[Standing]) -> float | None:
    """Least Kendall tau between the main ranking and every other way of counting.

    None for fewer than two solvers.
    """
    if len(found) < 2:
        return None
    main = [s.means[MAIN] for s in found]
    taus = []
    for way in WAYS:
        tau = float(stats.kendalltau(main, [s.means[way] for s in found]).statistic)
        taus.append(1.0 if np.isnan(tau) else tau)
    return min(taus)


def profile(results: Results, problems: Sequence[str]) -> dict[str, tuple[Floats, Floats]]:
    """Dolan–Moré performance profiles.

    Parameters
    ----------
    results : Results
    problems : sequence of str

    Returns
    -------
    dict of str to tuple of ndarray
        Per solver, times as multiples of the best time of each programme and permutation
        (sorted, finite ones only), and the share of all programmes solved within each.
        A programme counts once however many permutations it has. Times below the clock's
        worth (10 ms) count as that.
    """
    solvers = list(results)
    ratios: dict[str, list[tuple[float, float]]] = {solver: [] for solver in solvers}
    for name in problems:
        orders = min(len(results[solver][name]) for solver in solvers)
        for order in range(orders):
            times = {
                s: max(r.seconds, CLOCK) if r.solved else np.inf
                for s in solvers
                for r in [results[s][name][order]]
            }
            best = min(times.values())
            for solver, seconds in times.items():
                if np.isfinite(seconds):
                    ratios[solver].append((seconds / best, 1.0 / orders))
    out = {}
    for solver, pairs in ratios.items():
        pairs.sort()
        x = np.array([ratio for ratio, _ in pairs])
        out[solver] = (x, np.cumsum([weight for _, weight in pairs]) / max(len(problems), 1))
    return out


def profile_at(curve: tuple[Floats, Floats], ratio: float) -> float:
    """Share of programmes solved within `ratio` times the best time."""
    x, share = curve
    place = int(np.searchsorted(x, ratio * (1 + 1e-12), side="right"))
    return float(share[place - 1]) if place else 0.0


@dataclass(frozen=True)
class Growth:
    """How work grows with size: ``seconds ~ size ** exponent``.

    Attributes
    ----------
    exponent : float
    low, high : float
        95% interval of the exponent (Student); infinite with two points.
    points : int
    """

    exponent: float
    low: float
    high: float
    points: int


def growth(sizes: npt.ArrayLike, seconds: npt.ArrayLike) -> Growth | None:
    """Fit a straight line through logarithms; None with fewer than two different sizes.

    Times below the clock's worth are left out: they measure starting, not solving.
    """
    x, y = np.asarray(sizes, dtype=float), np.asarray(seconds, dtype=float)
    use = np.isfinite(y) & (y >= CLOCK) & (x > 0)
    x, y = np.log(x[use]), np.log(y[use])
    if len(np.unique(x)) < 2:
        return None
    fit = stats.linregress(x, y)
    slope = float(fit.slope)
    if len(x) < 3:
        return Growth(slope, -np.inf, np.inf, len(x))
    half = float(stats.t.ppf(0.975, len(x) - 2)) * float(fit.stderr)
    return Growth(slope, slope - half, slope + half, len(x))


def spread(values: npt.ArrayLike) -> float | None:
    """Range over median; None with fewer than two values or a median of nothing."""
    array = np.asarray(values, dtype=float)
    if array.size < 2 or np.median(array) <= 0:
        return None
    return float((array.max() - array.min()) / np.median(array))


@dataclass(frozen=True)
class Ratio:
    """Geometric mean ratio of paired positive values with its 95% bootstrap interval.

    Attributes
    ----------
    value, low, high : float
    pairs : int
    """

    value: float
    low: float
    high: float
    pairs: int


def ratio(before: npt.ArrayLike, after: npt.ArrayLike, seed: int = 0) -> Ratio:
    """Geometric mean of ``after / before``, resampling pairs for its interval.

    Parameters
    ----------
    before, after : array_like
        Positive, paired, at least one.
    seed : int

    Raises
    ------
    ValueError
        Not pairs of positive numbers.
    """
    a, b = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if a.shape != b.shape or a.size == 0 or not ((a > 0) & (b > 0)).all():
        raise ValueError("ratios need pairs of positive numbers")
    logs = np.log(b / a)
    low, high = interval(logs, lambda drawn: drawn.mean(axis=1), seed)
    return Ratio(float(np.exp(logs.mean())), float(np.exp(low)), float(np.exp(high)), logs.size)


def interval(
    values: Floats, statistic: Callable[[Floats], Floats], seed: int = 0
) -> tuple[float, float]:
    """95% percentile bootstrap interval of a statistic of rows of resampled values."""
    draws = np.random.default_rng(seed).integers(values.size, size=(RESAMPLES, values.size))
    low, high = np.quantile(statistic(values[draws]), (0.025, 0.975))
    return float(low), float(high)


def primal_integral(log: Sequence[tuple[float, float]], best: float, limit: float) -> float:
    """Primal integral: seconds for which there was no solution, weighted by how bad it was.

    Parameters
    ----------
    log : sequence of (seconds, objective)
        Improvements, in order of time.
    best : float
        Best objective known of the programme.
    limit : float
        Seconds the run was given. The last solution counts until then, so that giving up
        early is no advantage.

    Returns
    -------
    float
        Between 0 and `limit`; the gap is 1 before the first solution and where signs differ.
    """
    total, since, gap = 0.0, 0.0, 1.0
    for seconds, objective in sorted(log):
        now = min(max(seconds, since), limit)
        total += gap * (now - since)
        since, gap = now, _gap(objective, best)
    return total + gap * (limit - since)


def _gap(objective: float, best: float) -> float:
    if objective == best:
        return 0.0
    if objective * best < 0:
        return 1.0
    return min(1.0, abs(objective - best) / max(abs(objective), abs(best)))
