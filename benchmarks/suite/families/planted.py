"""Programmes derived from their own optimum, and ways to spoil them without losing it.

A primal solution and prices are drawn first, all whole; sides and costs follow from them, so
that both are feasible and every row or column with slack has no price. That proves the
solution optimal, and as no figure is ever rounded the optimum is known to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from allocator.arrays import Floats, Ints
from benchmarks.suite.families.base import Assembly, Draw, family, sizes
from benchmarks.suite.problem import Problem

ENTRIES = 5
LINKING = 20
NEAR = 12
"""Nonzeros a column; rows that take columns from everywhere; how far other rows of a column
lie from its own."""

AT_LOWER, AT_UPPER, BETWEEN = 0, 1, 2


@dataclass(frozen=True)
class Planted:
    """A programme with the solution it was made from.

    Attributes
    ----------
    problem : Problem
    x : ndarray of int
        Optimal column values.
    price : ndarray of int
        Optimal row duals.
    loose : ndarray of int
        Rows with room on every side they have.
    """

    problem: Problem
    x: Ints
    price: Ints
    loose: Ints


def planted(
    name: str,
    size: str,
    seed: int,
    rows: int,
    degenerate: float = 0.1,
    tied: float = 0.1,
    whole: float = 0.0,
) -> Planted:
    """Programme with a known optimum and prices.

    Parameters
    ----------
    name, size, seed
        Where it comes from.
    rows : int
        Rows; there are twice as many columns.
    degenerate : float
        Share of the rows that hold with equality beyond those a vertex needs.
    tied : float
        Share of the columns at a bound, and of the rows at a side, that cost nothing to move.
    whole : float
        Share of the columns that must be whole.
    """
    draw = Draw("planted", seed)
    columns = 2 * rows
    matrix = _matrix(draw, rows, columns)
    kind = draw.order(columns)  # two fifths between their bounds, as many at the lower one
    kind = np.searchsorted([2 * columns // 5, 4 * columns // 5], kind, side="right")
    kind = np.array([BETWEEN, AT_LOWER, AT_UPPER])[kind]
    lower, upper, x = _bounds(draw, kind)
    active = np.zeros(rows, dtype=bool)
    wanted = int((kind == BETWEEN).sum()) + round(degenerate * rows)
    active[draw.order(rows)[: min(rows, wanted)]] = True
    side = draw.whole(0, 2, rows)  # at the upper side, at the lower side, both
    price = draw.whole(1, 20, rows) * np.where(side == 1, -1, 1)
    price = np.where(side == 2, price * (2 * draw.whole(0, 1, rows) - 1), price)
    price = np.where(active & (draw.share(rows) >= tied), price, 0)
    here = (matrix @ x).astype(np.int64)
    room, other = draw.whole(1, 50, rows), draw.whole(1, 200, rows)
    ranged = draw.share(rows) < 0.2
    at_upper = np.where(active, here, here + room)
    at_lower = np.where(active, here, here - room)
    row_upper = np.where((side != 1), at_upper, np.where(ranged, here + other, np.inf))
    row_lower = np.where((side != 0), at_lower, np.where(ranged, here - other, -np.inf))
    reduced = draw.whole(1, 30, columns) * (draw.share(columns) >= tied)
    reduced = reduced * np.select([kind == AT_LOWER, kind == AT_UPPER], [-1, 1], 0)
    cost = (price @ matrix).astype(np.int64) + reduced
    problem = Problem.of(
        name,
        size,
        seed,
        maximise=True,
        cost=cost,
        offset=0.0,
        matrix=matrix,
        row_lower=row_lower,
        row_upper=row_upper,
        col_lower=lower,
        col_upper=upper,
        integer=(draw.share(columns) < whole) & np.isfinite(lower),
        optimum=float(int(cost @ x)),
        status="optimal",
        about={"degenerate": degenerate, "tied": tied},
    )
    return Planted(problem, x, price, np.flatnonzero(~active))


def _matrix(draw: Draw, rows: int, columns: int) -> sparse.csr_array:
    """Columns that touch rows near their own, and now and then a linking row."""
    own = np.arange(columns) // 2
    near = own[:, None] + draw.whole(-NEAR, NEAR, columns, ENTRIES)
    near[:, 0] = own
    linking = draw.share(columns) < 0.05
    near[linking, -1] = draw.whole(0, LINKING - 1, int(linking.sum())) * (rows // LINKING)
    value = draw.whole(1, 4, columns, ENTRIES) * (2 * draw.whole(0, 1, columns, ENTRIES) - 1)
    value[:, 0] = 5
    at = (near % rows).astype(np.int32).ravel()
    column = np.arange(columns, dtype=np.int32).repeat(ENTRIES)
    entries = value.ravel().astype(np.float64)
    matrix = sparse.coo_array((entries, (at, column)), shape=(rows, columns)).tocsr()
    matrix.eliminate_zeros()
    return sparse.csr_array(matrix)


def _bounds(draw: Draw, kind: Ints) -> tuple[Floats, Floats, Ints]:
    """Bounds and values: at one of them, or strictly between, where some are free."""
    count = len(kind)
    least, span = draw.whole(-5, 5, count), draw.whole(2, 60, count)
    least = np.where(draw.share(count) < 0.6, 0, least)
    inside = least + 1 + draw.whole(0, 2**31, count) % (span - 1)
    x = np.select([kind == AT_LOWER, kind == AT_UPPER], [least, least + span], inside)
    open_above = (kind != AT_UPPER) & (draw.share(count) < 0.3)
    open_below = (kind == BETWEEN) & (draw.share(count) < 0.1)
    lower = np.where(open_below, -np.inf, least)
    upper = np.where(open_above, np.inf, least + span)
    return lower, upper, x


def exact(name: str, size: str, seed: int, rows: int, **shares: float) -> Problem:
    """The programme of :func:`planted` alone."""
    return planted(name, size, seed, rows, **shares).problem


POWERS = 12


def scaling(name: str, size: str, seed: int, rows: int) -> Problem:
    """Planted, then every row and column in a unit of its own, up to 2**12 off either way.

    Powers of two change no digit: the optimum is still exact, with coefficients from 6e-8
    to 8e7 and a solver's absolute tolerance meaning something else in every row.
    """
    base = exact(name, size, seed, rows)
    draw = Draw("scaling", seed)
    count = base.shape
    row, column = (2.0 ** draw.whole(-POWERS, POWERS, n) for n in count)
    matrix = base.matrix.copy()
    matrix.data *= np.repeat(row, np.diff(matrix.indptr)) * column[matrix.indices]
    return replace(
        base,
        cost=base.cost * column,
        matrix=matrix,
        row_lower=base.row_lower * row,
        row_upper=base.row_upper * row,
        col_lower=base.col_lower / column,
        col_upper=base.col_upper / column,
    )


CYCLE = 6
BOX = 100.0


def _grown(base: Planted, cost: Floats, upper: float, rows: Ints, shift: float) -> Problem:
    """Planted programme with :data:`CYCLE` more columns in a ring over some loose rows.

    Each column adds to one of the rows and takes from the next, and their sides make way by
    `shift`, so that the planted solution stays feasible whatever the new columns are.
    """
    problem = base.problem
    count = problem.shape[0]
    at = np.concatenate([rows, np.roll(rows, -1)])
    ring = np.tile(np.arange(CYCLE), 2)
    entries = np.repeat([1.0, -1.0], CYCLE)
    more = sparse.coo_array((entries, (at, ring)), shape=(count, CYCLE))
    lower, upper_side = problem.row_lower.copy(), problem.row_upper.copy()
    lower[rows] -= shift
    upper_side[rows] += shift
    return problem.replaced(
        cost=np.concatenate([problem.cost, cost]),
        matrix=sparse.hstack([problem.matrix, more], format="csr"),
        row_lower=lower,
        row_upper=upper_side,
        col_lower=np.concatenate([problem.col_lower, np.zeros(CYCLE)]),
        col_upper=np.concatenate([problem.col_upper, np.full(CYCLE, upper)]),
        integer=np.concatenate([problem.integer, np.zeros(CYCLE, dtype=bool)]),
        optimum=None,
        about={},
    )


def hidden_conflict(name: str, size: str, seed: int, rows: int) -> Problem:
    """Feasible but for a ring of rows, each asking one more of the next column.

    ``x1 + 1 <= x2``, ``x2 + 1 <= x3``, ... and back to ``x1``: infeasible together, feasible
    without any one of them, and tied to the rest of the programme by loose rows.
    """
    base = planted(name, size, seed, rows, degenerate=0.0)
    chosen = base.loose[Draw("conflict", seed).order(len(base.loose))[:CYCLE]]
    grown = _grown(base, np.zeros(CYCLE), BOX, chosen, BOX)
    count, columns = grown.shape
    ring = columns - CYCLE + np.arange(CYCLE)
    at = np.tile(np.arange(CYCLE), 2)
    entries = np.repeat([1.0, -1.0], CYCLE)
    places = at, np.concatenate([ring, np.roll(ring, -1)])
    more = sparse.coo_array((entries, places), shape=(CYCLE, columns))
    matrix = sparse.vstack([grown.matrix, more], format="csr")
    return grown.replaced(
        matrix=matrix,
        row_lower=np.concatenate([grown.row_lower, np.full(CYCLE, -np.inf)]),
        row_upper=np.concatenate([grown.row_upper, np.full(CYCLE, -1.0)]),
        status="infeasible",
        conflict=tuple(range(count, count + CYCLE)),
    )


def unbounded(name: str, size: str, seed: int, rows: int) -> Problem:
    """Feasible, with columns that may grow together for ever at a profit of 1 a round.

    No one of them can grow alone: each takes room in a row that the next one gives back.
    """
    base = planted(name, size, seed, rows, degenerate=0.0)
    chosen = base.loose[Draw("ray", seed).order(len(base.loose))[:CYCLE]]
    cost = Draw("profit", seed).whole(-9, 9, CYCLE).astype(np.float64)
    cost[-1] = 1.0 - cost[:-1].sum()
    return replace(_grown(base, cost, np.inf, chosen, 0.0), status="unbounded")


def ties(name: str, size: str, seed: int, places: int) -> Problem:
    """As many teams as places, every team worth the same everywhere: an assignment of ties.

    Every assignment is optimal, every vertex is degenerate, and every reduced cost is zero.
    """
    worth = float(Draw("ties", seed).whole(1, 9).item())
    made = Assembly()
    x = made.columns(places, places, cost=worth)
    made.put(made.rows(places, lower=1.0, upper=1.0)[:, None], x)
    made.put(made.rows(places, lower=1.0, upper=1.0), x)
    return made.problem(name, size, seed, optimum=worth * places, status="optimal")


def parity(name: str, size: str, seed: int, teams: int) -> Problem:
    """Teams that come in twos and fours cannot add up to an odd number.

    The relaxation is feasible, and so is every part of it; only divisibility says no.
    """
    draw = Draw("parity", seed)
    made = Assembly()
    size_of = 2 * draw.whole(1, 5, teams)
    x = made.columns(teams, upper=9.0, cost=draw.whole(1, 9, teams), integer=True)
    wanted = float(2 * (int(size_of.sum()) // 2) + 1)
    made.put(made.rows(1, lower=wanted, upper=wanted), x, size_of)
    return made.problem(name, size, seed, status="infeasible", conflict=(0,))


ROWS = (60, 1_000, 10_000, 100_000, 1_000_000)

FAMILIES = (
    family(
        "planted",
        "planted optimum and prices, mixed rows and bounds, a tenth degenerate and tied",
        "lp",
        sizes(rows=ROWS),
        exact,
    ),
    family(
        "planted-degenerate",
        "as planted, with every row active and half of what is at a bound tied",
        "lp",
        sizes(rows=ROWS, degenerate=0.5, tied=0.5),
        exact,
    ),
    family(
        "planted-whole",
        "as planted, a tenth of the columns whole: the relaxation's bound is the optimum",
        "mip",
        sizes(rows=ROWS, whole=0.1, degenerate=0.05, tied=0.02),
        exact,
    ),
    family(
        "scaling",
        "as planted, each row and column in units up to 2**12 off; optimum still exact",
        "pathology",
        sizes(rows=ROWS),
        scaling,
    ),
    family(
        "ties",
        "an assignment in which everything ties: degenerate in the extreme; optimum known",
        "pathology",
        sizes(places=(20, 70, 224, 707, 2_236)),
        ties,
    ),
    family(
        "hidden-conflict",
        "infeasible by a ring of six rows inside a feasible programme; conflict known",
        "pathology",
        sizes(rows=ROWS),
        hidden_conflict,
    ),
    family(
        "parity",
        "infeasible in whole numbers only, by divisibility",
        "pathology",
        sizes(teams=(200, 10_000, 100_000, 1_000_000, 10_000_000)),
        parity,
    ),
    family(
        "unbounded",
        "unbounded along six columns that can only grow together",
        "pathology",
        sizes(rows=ROWS),
        unbounded,
    ),
)
