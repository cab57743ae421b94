"""Ints-number families whose optimum a table of money gives exactly, at any size.

What an indivisible decision is worth is known for every whole pound spent on it. Ints
have money of their own and may receive whole pounds from their system, systems from the
country. Once the decisions are fixed what is left is a linear programme whose rows form a
tree with whole sides, so some best plan spends whole pounds everywhere, and the best plan
is found by folding tables: decisions into places, places into systems, systems into one.
"""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Ints
from benchmarks.suite.families.base import Assembly, Draw, family, sizes
from benchmarks.suite.problem import Problem

NEVER = -(2**50)
"""Worth of what cannot be had: small enough that nothing makes up for it."""

PLACES = 20
TO_PLACE = 10
TO_SYSTEM = 12
"""Ints of a system; most pounds a place and a system may receive."""


def folded(table: Ints, gain: Ints) -> Ints:
    """Best worth of two things for the money of both.

    Parameters
    ----------
    table : ndarray of int, shape (..., pounds)
        Best worth for every amount of money from 0.
    gain : ndarray of int, shape (..., fewer pounds)
        Worth of another thing for every amount of money spent on it.

    Returns
    -------
    ndarray of int, shape (..., pounds)
    """
    out = np.full_like(table, NEVER)
    size = table.shape[-1]
    for pounds in range(min(gain.shape[-1], size)):
        with_it = table[..., : size - pounds] + gain[..., pounds, None]
        np.maximum(out[..., pounds:], with_it, out=out[..., pounds:])
    return out


class Tree:
    """Money of places, systems and the country, and what may be handed down."""

    def __init__(self, draw: Draw, systems: int, places: int, full: Ints) -> None:
        """Draw the money; `full` is what buying everything costs, a place."""
        self.place = full * draw.whole(25, 45, systems, places) // 100
        self.system = draw.whole(2, 6, systems) * places // 2
        self.country = draw.whole(3, 3).item() * systems

    def pay(self, made: Assembly) -> Ints:
        """Rows of the places' money, with what is handed down; the rest is to be put in."""
        systems, places = self.place.shape
        to_place = made.columns(systems, places, upper=TO_PLACE)
        to_system = made.columns(systems, upper=TO_SYSTEM)
        rows = made.rows(systems, places, upper=self.place)
        made.put(rows, to_place, -1.0)
        of_system = made.rows(systems, upper=self.system)
        made.put(of_system[:, None], to_place)
        made.put(of_system, to_system, -1.0)
        made.put(made.rows(1, upper=self.country), to_system)
        return rows

    def best(self, gains: Ints) -> float:
        """Best worth of all.

        Parameters
        ----------
        gains : ndarray of int, shape (systems, places, things, pounds)
            Worth of each thing for every amount of money spent on it.
        """
        systems, places, things, _ = gains.shape
        pounds = int(self.place.max()) + TO_PLACE + 1
        table = np.zeros((systems, places, pounds), dtype=np.int64)
        for thing in range(things):
            table = folded(table, gains[:, :, thing])
        table = np.maximum.accumulate(table, axis=-1)
        given = self.place[..., None] + np.arange(TO_PLACE + 1)
        of_place = np.take_along_axis(table, given, axis=-1)
        pounds = int(self.system.max()) + TO_SYSTEM + 1
        table = np.zeros((systems, pounds), dtype=np.int64)
        for place in range(places):
            table = folded(table, of_place[:, place])
        table = np.maximum.accumulate(table, axis=-1)
        given = self.system[:, None] + np.arange(TO_SYSTEM + 1)
        of_system = np.take_along_axis(table, given, axis=-1)
        country = np.zeros(self.country + 1, dtype=np.int64)
        for system in range(systems):
            country = folded(country, of_system[system])
        return float(country.max())


CURVES = 20
SEGMENTS = 4
"""Curves of a place, segments of a curve."""


def s_shaped(name: str, size: str, seed: int, systems: int, places: int) -> Problem:
    """S-shaped returns: little until a service is big enough, then much, then less and less.

    Segments are filled in order: at the breakpoint where a curve steepens stands a decision,
    the segments before it are full if it is taken and those after it empty if it is not.
    """
    draw = Draw("s-shaped", seed)
    shape = systems, places, CURVES
    width = draw.whole(1, 6, *shape, SEGMENTS)
    slope = np.sort(draw.whole(10, 60, *shape, SEGMENTS), axis=-1)[..., ::-1].copy()
    slope[..., 0] = draw.whole(0, 6, *shape)
    tree = Tree(draw, systems, places, width.sum(axis=(2, 3)))
    made = Assembly()
    fill = made.columns(*shape, SEGMENTS, upper=width, cost=slope)
    begun = made.columns(*shape, upper=1.0, integer=True)
    made.put(tree.pay(made)[..., None, None], fill)
    full = made.rows(*shape, lower=0.0)
    made.put(full, fill[..., 0])
    made.put(full, begun, -width[..., 0])
    empty = made.rows(*shape, SEGMENTS - 1, upper=0.0)
    made.put(empty, fill[..., 1:])
    made.put(empty, begun[..., None], -width[..., 1:])
    optimum = tree.best(worth_of_curves(width, slope))
    return made.problem(name, size, seed, optimum=optimum, status="optimal")


def worth_of_curves(width: Ints, slope: Ints) -> Ints:
    """Worth of each curve for every whole pound, segments filled in order."""
    most = int(width.sum(axis=-1).max())
    ends = np.cumsum(width, axis=-1)
    pounds = np.arange(1, most + 1)
    into = (pounds > ends[..., None]).sum(axis=-2)
    beyond = into == width.shape[-1]
    last = np.minimum(into, width.shape[-1] - 1)
    step = np.where(beyond, NEVER, np.take_along_axis(slope, last, axis=-1))
    worth = np.concatenate([np.zeros((*step.shape[:-1], 1), dtype=np.int64), step], axis=-1)
    return np.maximum(np.cumsum(worth, axis=-1), NEVER)


PROJECTS = 8
GROUPS = 2
OPTIONS = 3
MOST = 8
"""Projects of a place, groups of a project, options of a group, most pounds above the
fixed cost of an option."""


def adopt(name: str, size: str, seed: int, systems: int, places: int) -> Problem:
    """Adopt or not: fixed costs, least scales, exclusive groups, and what others need.

    A project has groups of options of which at most one each is adopted; an adopted option
    has a fixed cost, a worth, and a scale between a least and a most that is worth more by
    the pound. Some options need the project's shared system (a record, a hub) to be bought.
    """
    draw = Draw("adopt", seed)
    shape = systems, places, PROJECTS, GROUPS, OPTIONS
    fixed = draw.whole(1, 6, *shape)
    most = draw.whole(2, MOST, *shape)
    least = draw.whole(0, 2, *shape)
    worth = draw.whole(5, 60, *shape)
    rate = draw.whole(2, 18, *shape)
    needs = draw.share(*shape) < 0.4
    worth[needs] += 30
    shared = draw.whole(2, 7, *shape[:3])
    full = (fixed + most).max(axis=-1).sum(axis=(2, 3)) + shared.sum(axis=2)
    tree = Tree(draw, systems, places, full)
    made = Assembly()
    adopted = made.columns(*shape, upper=1.0, cost=worth, integer=True)
    scale = made.columns(*shape, upper=most, cost=rate)
    bought = made.columns(*shape[:3], upper=1.0, integer=True)
    paid = tree.pay(made)
    made.put(paid[..., None, None, None], adopted, fixed)
    made.put(paid[..., None, None, None], scale)
    made.put(paid[..., None], bought, shared)
    made.put(made.rows(*shape[:4], upper=1.0)[..., None], adopted)
    for bound, kind in ((most, "upper"), (least, "lower")):
        rows = made.rows(*shape, **{kind: 0.0})
        made.put(rows, scale)
        made.put(rows, adopted, -bound)
    system = np.broadcast_to(bought[..., None, None], shape)
    rows = made.rows(int(needs.sum()), upper=0.0)
    made.put(rows, adopted[needs])
    made.put(rows, system[needs], -1.0)
    options = fixed, least, most, worth, rate
    optimum = tree.best(_worth_of_projects(options, needs, shared))
    return made.problem(name, size, seed, optimum=optimum, status="optimal")


def _worth_of_projects(options: tuple[Ints, ...], needs: Flags, shared: Ints) -> Ints:
    """Worth of each project for every whole pound, without and with its shared system."""
    fixed, _, most, _, _ = options
    pounds = GROUPS * int((fixed + most).max()) + int(shared.max()) + 1
    nothing = np.full((*shared.shape, pounds), NEVER, dtype=np.int64)
    nothing[..., 0] = 0
    without, with_it = nothing, nothing
    for group in range(GROUPS):
        mine = [part[:, :, :, group] for part in options]
        need = needs[:, :, :, group]
        without = folded(without, _worth_of_group(mine, ~need))
        with_it = folded(with_it, _worth_of_group(mine, np.ones_like(need)))
    later = np.arange(pounds) - shared[..., None]
    moved = np.take_along_axis(with_it, np.maximum(later, 0), axis=-1)
    return np.maximum(np.maximum(without, np.where(later < 0, NEVER, moved)), NEVER)


def _worth_of_group(options: list[Ints], allowed: Flags) -> Ints:
    """Worth of the best allowed option of each group for every whole pound, or of none."""
    fixed, least, most, worth, rate = (part[..., None] for part in options)
    pounds = np.arange(int((fixed + most).max()) + 1)
    scale = pounds - fixed
    fits = (scale >= least) & (scale <= most) & allowed[..., None]
    gain = np.where(fits, worth + rate * scale, NEVER).max(axis=-2)
    gain[..., 0] = np.maximum(gain[..., 0], 0)
    return gain


FAMILIES = (
    family(
        "s-shaped",
        "returns that steepen before they flatten, filled in order; optimum from tables",
        "mip",
        sizes(systems=(1, 2, 20, 204, 2_040), places=(3, *[PLACES] * 4)),
        s_shaped,
    ),
    family(
        "adopt",
        "adopt or not: fixed costs, least scales, exclusive groups, prerequisites; tables",
        "mip",
        sizes(systems=(1, 2, 14, 140, 1_400), places=(3, PLACES - 8, *[PLACES] * 3)),
        adopt,
    ),
)
