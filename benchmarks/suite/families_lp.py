"""Linear families: one budget, ring-fences, years with waiting lists and staff, fairness."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.suite.families_base import Assembly, Draw, Numbers, Whole, family
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
    made, fences = _ring_fenced(curves)
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
        self.place_floor = (money.sum(axis=-1) * draw.whole(5, 25, systems, PLACES)) // 100
        self.place_cap = (money.sum(axis=-1) * draw.whole(45, 90, systems, PLACES)) // 100
        within = money.sum(axis=(1, 2))
        self.system_floor = (within * draw.whole(28, 38, systems)) // 100
        self.system_cap = (within * draw.whole(45, 60, systems)) // 100
        self.budget = int(within.sum()) * 42 // 100


def _ring_fenced(curves: _Curves) -> tuple[Assembly, tuple[Whole, Whole]]:
    """Rows and columns, and the places of the rows of places and of the budget."""
    systems = len(curves.system_cap)
    shape = systems, PLACES, SERVICES
    made = Assembly()
    activity = made.columns(*shape)
    fill = made.columns(*shape, SEGMENTS, upper=curves.width, cost=curves.slope)
    linked = made.rows(*shape, lower=0.0, upper=0.0)
    made.put(linked, activity)
    made.put(linked[..., None], fill, -1.0)
    of_place = made.rows(
        systems, PLACES, lower=curves.place_floor, upper=curves.place_cap
    )
    of_system = made.rows(systems, lower=curves.system_floor, upper=curves.system_cap)
    budget = made.rows(1, upper=curves.budget)
    for rows in (of_place[..., None], of_system[:, None, None], budget):
        made.put(rows, activity, curves.price)
    return made, (of_place.astype(np.int64).ravel(), budget.astype(np.int64))


def _greedy(curves: _Curves) -> float:
    """Optimum of :func:`concave`.

    At each level the segments kept are those that fit under its ceiling in greedy order, and
    those that fill its floor go before all others at the levels above.
    """
    systems = len(curves.system_cap)
    place = np.arange(systems * PLACES).repeat(SERVICES * SEGMENTS)
    price = np.repeat(curves.price.ravel(), SEGMENTS)
    slope = curves.slope.ravel()
    money = price * curves.width.ravel()
    first = np.zeros(len(money), dtype=bool)
    levels: tuple[tuple[Whole, Whole | None, Whole], ...] = (
        (place, curves.place_floor.ravel(), curves.place_cap.ravel()),
        (place // PLACES, curves.system_floor, curves.system_cap),
        (place * 0, None, np.array([curves.budget])),
    )
    held = [price, slope, money, place]
    for group, floor, cap in levels:
        group = held[3] if group is place else held[3] // (PLACES if floor is not None else 2**40)
        order = np.lexsort((-(held[1] / held[0]), ~first, group))
        held, first, group = [part[order] for part in held], first[order], group[order]
        before = np.cumsum(held[2]) - held[2]
        begins = np.searchsorted(group, np.arange(len(cap)))
        before -= before[begins][group]
        held[2] = np.clip(cap[group] - before, 0, held[2])
        if floor is None:
            break
        must = np.clip(floor[group] - before, 0, held[2])
        parts = (must, held[2] - must)
        flags = np.repeat([True, False], len(must))
        flags[len(must) :] |= first  # what a lower floor asked for stays asked for
        held = [
            np.concatenate(parts if n == 2 else (part, part)) for n, part in enumerate(held)
        ]
        kept = held[2] > 0
        held, first = [part[kept] for part in held], flags[kept]
    return math.fsum((held[1] * held[2] / held[0]).tolist())
