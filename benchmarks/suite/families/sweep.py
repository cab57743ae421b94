"""One programme solved many times with other budgets, rates and weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from allocator.arrays import Floats, Ints
from benchmarks.suite.families.base import Draw, Sweep, family, sizes
from benchmarks.suite.problem import Problem
from benchmarks.suite.product import compiled, problem_of

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.solver.program import Program

MONEY = (0, 60)
WORTH = (-250, 250)
RATE = (-300, 300)
"""Least and most change in thousandths: of budgets, of what services are worth, of what
prevention avoids. Budgets only grow, so that every draw has a plan."""


def _round(seed: int, places: int, years: int) -> Instance:
    from benchmarks.country.generate import generate

    return generate(1, places, years, seed)


def base(
    name: str, size: str, seed: int, systems: int, places: int, years: int, draws: int
) -> Problem:
    """Programme of one system: the first of the sweep with this seed."""
    return problem_of(name, size, seed, compiled(_round(seed, places, years)))


def sweeps(
    name: str, size: str, seed: int, systems: int, places: int, years: int, draws: int
) -> Iterator[Sweep]:
    """Systems in turn from the one numbered `seed`, each with its draws.

    Every draw changes the money of all pools together and apart, what each service is worth
    (the weights), and what each preventive service avoids (the rates).
    """
    for system in range(seed, seed + systems):
        program = compiled(_round(system, places, years))
        problem = problem_of(name, size, system, program)
        yield _drawn(problem, program, Draw("sweep", system), draws)


def _drawn(problem: Problem, program: Program, draw: Draw, draws: int) -> Sweep:
    pools, avoids = _span(program, "pool"), _span(program, "avoidable")
    bought = _span(program, "fill")
    common = _factor(draw, MONEY, draws, 1)
    money = common * _factor(draw, MONEY, draws, len(pools))
    rate = _factor(draw, RATE, draws, len(avoids))
    rows = np.concatenate([pools, avoids])
    factor = np.concatenate([money, rate], axis=1)
    owner = _owner(program, "fill")
    worth = _factor(draw, WORTH, draws, int(owner.max(initial=-1)) + 1)
    entries, at = _entries(problem, avoids, _span(program, "avoided"))
    return Sweep(
        problem,
        rows,
        problem.row_lower[rows] * factor,
        problem.row_upper[rows] * factor,
        bought,
        problem.cost[bought] * worth[:, owner],
        entries,
        problem.matrix.data[entries] * rate[:, at],
    )


def _factor(draw: Draw, change: tuple[int, int], *shape: int) -> Floats:
    return 1.0 + draw.whole(*change, *shape) / 1000.0


def _span(program: Program, block: str) -> Ints:
    found = program.block(block)
    return np.arange(0) if found is None else np.arange(found.start, found.stop)


def _owner(program: Program, block: str) -> Ints:
    """First coordinate of each member of a block of columns: whose curve it is."""
    found = program.block(block)
    if found is None or found.index is None:
        return np.zeros(0, dtype=np.int64)
    return np.unique(found.index.columns[0], return_inverse=True)[1]


def _entries(problem: Problem, rows: Ints, kept: Ints) -> tuple[Ints, Ints]:
    """Positions of the rows' coefficients but for some columns, and the row of each.

    What is avoided stays in its own unit; all that avoids it is multiplied.
    """
    matrix = problem.matrix
    counts = np.diff(matrix.indptr)[rows]
    at = np.repeat(np.arange(len(rows)), counts)
    begin = matrix.indptr[rows].astype(np.int64)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    entries = begin[at] + within
    moved = ~np.isin(matrix.indices[entries], kept)
    return entries[moved], at[moved]


FAMILIES = (
    family(
        "sweep",
        "systems solved again for drawn budgets, rates and weights, nothing rebuilt",
        "sweep",
        sizes(
            systems=(2, 10, 42, 42, 42),
            places=(1, 1, 1, 6, 56),
            years=(2, 2, 3, 5, 5),
            draws=(3, 20, 50, 100, 100),
        ),
        base,
        sweeps=sweeps,
    ),
)
