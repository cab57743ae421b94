"""Linear families: one budget, ring-fences, years with waiting lists and staff, fairness."""

from __future__ import annotations

import math

import numpy as np

from allocator.arrays import Ints
from benchmarks.suite.families.base import Assembly, Draw, family, sizes
from benchmarks.suite.problem import Problem


def knapsack(name: str, size: str, seed: int, programmes: int) -> Problem:
    """One budget over programmes of constant worth: ``max worth x, cost x <= budget``.

    The optimum buys in order of worth a pound until the money is gone; all figures are
    whole, so that only the last, partly bought programme is ever rounded.
    """
    draw = Draw("knapsack", seed)
    cost, worth, most = (draw.whole(1, 1000, programmes) for _ in range(3))
    money = cost * most
    budget = int(money.sum()) // 3
    order = np.lexsort((np.arange(programmes), -(worth / cost)))
    spent = np.cumsum(money[order])
    whole = int(np.searchsorted(spent, budget, side="right"))
    optimum = float(int((worth * most)[order[:whole]].sum()))
    if whole < programmes:
        left = budget - int(spent[whole - 1] if whole else 0)
        optimum += int(worth[order[whole]]) * left / int(cost[order[whole]])
    made = Assembly()
    x = made.columns(programmes, upper=most, cost=worth)
    made.put(made.rows(1, upper=budget), x, cost)
    return made.problem(name, size, seed, optimum=optimum, status="optimal")


SEGMENTS = 8
SERVICES = 12
PLACES = 6
"""Segments of a curve, services of a place, places of a system."""


def concave(name: str, size: str, seed: int, systems: int) -> Problem:
    """Concave returns within nested ring-fences, best found by buying greedily.

    Spending on a service buys along a curve of ever flatter segments; the spend of each
    place and each system has a floor and a ceiling, and one budget covers all. Nested
    ring-fences on separable concave returns are a case in which buying the steepest segment
    that is still allowed, floors first, is exactly optimal: level by level from below.
    """
    curves = _Curves(Draw("concave", seed), systems)
    made, _ = _ring_fenced(curves)
    return made.problem(name, size, seed, optimum=_greedy(curves), status="optimal")


class _Curves:
    """Services with concave curves, and the floors and ceilings of what holds them."""

    def __init__(self, draw: Draw, systems: int) -> None:
        shape = systems, PLACES, SERVICES
        self.price = draw.whole(2, 60, *shape)
        self.width = draw.whole(1, 40, *shape, SEGMENTS)
        steps = draw.whole(1, 50, *shape, SEGMENTS)
        self.slope = np.cumsum(steps[..., ::-1], axis=-1)[..., ::-1] * self.price[..., None]
        self.slope = self.slope // draw.whole(1, 6, *shape)[..., None] + 1
        money = (self.price[..., None] * self.width).sum(axis=-1)
        self.place_floor = (money.sum(axis=-1) * draw.whole(15, 40, systems, PLACES)) // 100
        self.place_cap = (money.sum(axis=-1) * draw.whole(45, 90, systems, PLACES)) // 100
        within = money.sum(axis=(1, 2))
        self.system_floor = (within * draw.whole(36, 41, systems)) // 100
        self.system_cap = (within * draw.whole(45, 60, systems)) // 100
        self.budget = int(within.sum()) * 42 // 100


def _ring_fenced(curves: _Curves) -> tuple[Assembly, tuple[Ints, Ints]]:
    """Rows and columns, and the places of the rows of places and of the budget."""
    systems = len(curves.system_cap)
    shape = systems, PLACES, SERVICES
    made = Assembly()
    activity = made.columns(*shape)
    fill = made.columns(*shape, SEGMENTS, upper=curves.width, cost=curves.slope)
    linked = made.rows(*shape, lower=0.0, upper=0.0)
    made.put(linked, activity)
    made.put(linked[..., None], fill, -1.0)
    of_place = made.rows(systems, PLACES, lower=curves.place_floor, upper=curves.place_cap)
    of_system = made.rows(systems, lower=curves.system_floor, upper=curves.system_cap)
    budget = made.rows(1, upper=curves.budget)
    for rows in (of_place[..., None], of_system[:, None, None], budget):
        made.put(rows, activity, curves.price)
    return made, (of_place.astype(np.int64).ravel(), budget.astype(np.int64))


def _greedy(curves: _Curves) -> float:
    """Optimum of :func:`concave`.

    At each level, from places to the budget, what fits under the ceiling in greedy order is
    kept, and what fills the floor goes before all else at the levels above.
    """
    price = np.repeat(curves.price.ravel(), SEGMENTS)
    slope = curves.slope.ravel()
    money = price * curves.width.ravel()
    place = np.arange(len(money)) // (SERVICES * SEGMENTS)
    first = np.zeros(len(money), dtype=bool)
    none, budget = np.zeros(1, dtype=np.int64), np.array([curves.budget])
    for inside, floor, cap in (
        (1, curves.place_floor.ravel(), curves.place_cap.ravel()),
        (PLACES, curves.system_floor, curves.system_cap),
        (PLACES * len(curves.system_cap), none, budget),
    ):
        order = np.lexsort((-(slope / price), ~first, place // inside))
        price, slope, money, place, first = (
            part[order] for part in (price, slope, money, place, first)
        )
        group = place // inside
        before = np.cumsum(money) - money
        before -= before[np.searchsorted(group, np.arange(len(cap)))][group]
        money = np.clip(cap[group] - before, 0, money)
        must = np.clip(floor[group] - before, 0, money)
        money = np.concatenate([must, money - must])
        first = np.concatenate([np.ones(len(must), dtype=bool), first])
        kept = money > 0
        money, first = money[kept], first[kept]
        price, slope, place = (np.tile(part, 2)[kept] for part in (price, slope, place))
    return math.fsum((slope * money / price).tolist())


def overspent(name: str, size: str, seed: int, systems: int) -> Problem:
    """Floors of all places together ask for one pound more than the budget.

    The rows of the floors and the budget are infeasible together, and feasible without any
    one of them; nothing else stands in the way.
    """
    curves = _Curves(Draw("concave", seed), systems)
    curves.system_floor[:] = 0
    curves.system_cap = curves.place_cap.sum(axis=1)
    curves.budget = int(curves.place_floor.sum()) - 1
    made, (of_place, budget) = _ring_fenced(curves)
    conflict = tuple(of_place.tolist() + budget.tolist())
    return made.problem(name, size, seed, status="infeasible", conflict=conflict)


def maxmin(name: str, size: str, seed: int, places: int, services: int) -> Problem:
    """Max-min fairness: the least benefit a head over all places, as high as the money allows.

    Rates are few whole numbers, so that most services tie, most places end at the same
    benefit a head, and hardly anything is unique. The optimum is the water level at which
    bringing every place up to it costs the budget.
    """
    filling = _Filling(Draw("maxmin", seed), places, services)
    made = Assembly()
    level = made.columns(1, cost=1.0)
    x = made.columns(places, services, upper=filling.most)
    fair = made.rows(places, upper=0.0)
    made.put(fair, level, filling.heads)
    made.put(fair[:, None], x, -filling.rate)
    made.put(made.rows(1, upper=filling.budget), x.ravel())
    return made.problem(name, size, seed, optimum=filling.level(), status="optimal")


class _Filling:
    """Ints filled with benefit like vessels with water, their cheapest services first."""

    def __init__(self, draw: Draw, places: int, services: int) -> None:
        self.heads = draw.whole(20, 99, places)
        self.rate = np.sort(draw.whole(1, 6, places, services), axis=1)[:, ::-1]
        self.most = draw.whole(1, 9, places, services) * 100
        self.gain, self.spent = (
            np.pad(np.cumsum(part, axis=1), ((0, 0), (1, 0)))
            for part in (self.rate * self.most, self.most)
        )
        self.top = float((self.gain[:, -1] / self.heads).min())
        self.budget = math.floor(0.7 * self.cost(self.top)[0])

    def cost(self, level: float) -> tuple[float, float]:
        """Money that brings every place to a benefit a head, and money a unit of it on top."""
        wanted = level * self.heads
        step = (self.gain[:, 1:] <= wanted[:, None]).sum(axis=1)
        step = np.minimum(step, self.rate.shape[1] - 1)
        row = np.arange(len(step))
        rate = self.rate[row, step]
        into = (wanted - self.gain[row, step]) / rate
        total = math.fsum((self.spent[row, step] + into).tolist())
        return total, math.fsum((self.heads / rate).tolist())

    def level(self) -> float:
        """Benefit a head the budget reaches: the last kink it pays for, then straight on."""
        kinks = np.unique((self.gain / self.heads[:, None]).ravel())
        kinks = kinks[kinks < self.top]
        low, high = 0, len(kinks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.cost(float(kinks[middle]))[0] <= self.budget:
                low = middle
            else:
                high = middle - 1
        cost, slope = self.cost(float(kinks[low]))
        return float(kinks[low]) + (self.budget - cost) / slope


FAMILIES = (
    family(
        "knapsack",
        "one budget and nothing else: closed form; what reading a long dense row costs",
        "lp",
        sizes(programmes=(200, 10_000, 100_000, 1_000_000, 10_000_000)),
        knapsack,
    ),
    family(
        "concave",
        "concave returns in nested ring-fences with floors and ceilings; greedy optimum",
        "lp",
        sizes(systems=(1, 12, 116, 1_160, 11_600)),
        concave,
    ),
    family(
        "maxmin",
        "max-min fairness over places: ties everywhere, highly degenerate; water level",
        "lp",
        sizes(places=(20, 240, 2_440, 24_400, 244_000), services=(10, 20, 20, 20, 20)),
        maxmin,
    ),
    family(
        "overspent",
        "infeasible: floors of places ask for a pound more than there is; conflict known",
        "pathology",
        sizes(systems=(1, 12, 116, 1_160, 11_600)),
        overspent,
    ),
)
