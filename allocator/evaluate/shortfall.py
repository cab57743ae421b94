"""The least money pools can be short of, by a small linear programme of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.errors import SolverError
from allocator.evaluate.ledger import Uses
from allocator.evaluate.pools import Pools
from allocator.evaluate.tables import summed
from allocator.evaluate.tolerances import SETTLED, SMALLEST_POOL

CARRIED = 1e-3
"""What carrying a pound for a year counts for beside handing it to another pool."""

SHIFTED = 1e-6
"""What a pound paid by a pool later in a programme's order counts for beside that."""


@dataclass(frozen=True)
class Open:
    """A plan's open choices: NaN in what it states.

    Columns of the programme are how far transfers, money carried and parts of programmes are
    above what is usual, then how far below, and the shortfall of every row. Rows are pools by
    year, with their recurrent balances after them when the instance asks for these.

    Attributes
    ----------
    pools, uses : Pools, Uses
        Pools, and what they pay for.
    carry, transfers, paid : numpy.ndarray
        As the plan states them: shapes (pool, year), (pair, year) and (part, year).
    usual : tuple of numpy.ndarray
        The three as they stay unless something is short by it.
    least, most : numpy.ndarray
        Shape (part, year): what a part may be.
    programme, payer, rank : numpy.ndarray
        Shape (part,): whose part, which pool pays, and its place in the programme's order.
    due : numpy.ndarray
        Shape (programme, year): what is to be paid.
    lasting : numpy.ndarray
        Shape (part,): whether it comes back every year.
    """

    pools: Pools
    uses: Uses
    carry: Floats
    transfers: Floats
    paid: Floats
    usual: tuple[Floats, Floats, Floats]
    least: Floats
    most: Floats
    programme: Ints
    payer: Ints
    rank: Ints
    due: Floats
    lasting: Flags

    def any(self) -> bool:
        """Whether the plan leaves anything to choose."""
        pools = self.pools
        carries = np.isnan(self.carry) & ((pools.carry_max > 0) | (pools.carry_min < 0))
        moves = np.isnan(self.transfers) & (pools.transfer_max > 0)
        parts = np.isnan(self.paid) & (self.most > self.least)
        return bool(carries.any() or moves.any() or parts.any())

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Number of transfers, cells carried, parts and rows."""
        cells = self.carry.size
        rows = 2 * cells if self.pools.balanced else cells
        return self.transfers.size, cells, self.paid.size, rows

    @property
    def start(self) -> Floats:
        """What is usual of everything that moves: transfers, carry, parts."""
        carry, transfers, paid = self.usual
        return np.concatenate([transfers.ravel(), carry.ravel(), paid.ravel()])

    def bounds(self) -> tuple[Floats, Floats]:
        """Least and most of everything that moves."""
        pools = self.pools
        kinds = (
            _range(self.transfers, np.zeros_like(self.transfers), pools.transfer_max),
            _range(self.carry, pools.carry_min, pools.carry_max),
            _range(self.paid, self.least, self.most),
        )
        least, most = (np.concatenate(side) for side in zip(*kinds, strict=True))
        return least, most

    def prices(self) -> Floats:
        """What a pound in every column counts for.

        Without recurrent balances money flows through a network of pools, years and
        programmes, so a pound of shortfall is filled over a path that meets each of them
        once: a shortfall that costs more than the longest path makes one linear programme
        find the least shortfall and then the least money moved.
        """
        moves, cells, parts, rows = self.sizes
        later = (1.0 + self.rank) / (1.0 + max(0, int(self.rank.max(initial=0))))
        years = self.due.shape[1]
        still = [np.ones(moves), np.full(cells, CARRIED)]
        longest = 2.0 * (rows + parts) + 2.0
        return np.concatenate(
            [
                *still,
                np.repeat(SHIFTED * later, years),
                *still,
                np.full(parts, SHIFTED),
                np.full(rows, longest),
            ]
        )

    def room(self) -> Floats:
        """Money every row has before anything moves and before parts are paid."""
        room = self.pools.amount + self.uses.gained - self.uses.total
        room[:, 0] += self.pools.opening
        if not self.pools.balanced:
            return room.ravel()
        steady = self.pools.lasting + self.pools.support
        lasting = steady + self.uses.option_income - self.uses.lasting
        return np.concatenate([room.ravel(), lasting.ravel()])

    def flows(self) -> Any:
        """Money out less money in of every row, by what moves."""
        pools = self.pools
        size, years = pools.amount.shape
        cell = np.arange(size * years)
        onward = cell[cell % years != years - 1]
        by_pool = cell.reshape(size, years)
        transfers, cells, parts, rows = self.sizes
        carried, part = transfers, transfers + cells
        moved, paid = np.arange(transfers), np.arange(parts)
        gives, takes = by_pool[pools.giver].ravel(), by_pool[pools.taker].ravel()
        pays = by_pool[self.payer].ravel()
        entries = [
            (gives, moved, 1.0),
            (takes, moved, -1.0),
            (cell, carried + cell, 1.0),
            (onward + 1, carried + onward, -1.0),
            (pays, part + paid, 1.0),
        ]
        if pools.balanced:
            always = np.repeat(self.lasting, years)
            entries += [
                (len(cell) + gives, moved, 1.0),
                (len(cell) + takes, moved, -1.0),
                (len(cell) + pays[always], part + paid[always], 1.0),
            ]
        return _matrix(entries, (rows, part + parts))

    def in_full(self) -> tuple[Any, Floats]:
        """Rows that pay every programme in full, or as nearly as its parts allow."""
        years = self.due.shape[1]
        sharing, where = np.unique(self.programme, return_inverse=True)
        stated = ~np.isnan(self.paid)
        parts = (
            summed(where, np.where(stated, self.paid, side), len(sharing))
            for side in (self.least, self.most)
        )
        due = np.clip(self.due[sharing], *parts)
        row = (where[:, None] * years + np.arange(years)).ravel()
        first = self.transfers.size + self.carry.size
        part = first + np.arange(self.paid.size)
        return _matrix([(row, part, 1.0)], (due.size, first + self.paid.size)), due.ravel()


def least_shortfall(task: Open) -> tuple[Floats, Floats, Floats]:
    """Carry, transfers and parts with the least total shortfall, then the least moved.

    Returns
    -------
    tuple of numpy.ndarray
        Shapes (pool, year), (pair, year) and (part, year); what the plan states unchanged.
    """
    # Plans that state all of it, as solved ones do, never pay for this import.
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack

    pools = task.pools
    largest = np.maximum(pools.amount, np.abs(task.uses.total)).max(axis=1)
    unit = max(float(largest.max()), float(task.due.max()))
    # Rows in the size of their pool: a small pool is kept as exactly as a big one.
    weight = np.repeat(unit / np.maximum(largest, SMALLEST_POOL * unit), pools.amount.shape[1])
    weight = np.tile(weight, 2 if pools.balanced else 1)
    least, most = task.bounds()
    # What is stated may be beyond what is allowed, and stays.
    start = np.clip(task.start, least, most)
    full, due = task.in_full()
    flows, rows = task.flows(), task.sizes[-1]
    out = hstack([flows, -flows, -eye_array(rows)], format="csr")
    up, down = (most - start) / unit, (start - least) / unit
    result: Any = linprog(
        task.prices(),
        A_ub=out.multiply(weight[:, None]).tocsr(),
        b_ub=(task.room() - flows @ start) / unit * weight,
        A_eq=hstack([full, -full, csr_array((len(due), rows))], format="csr") if len(due) else None,
        b_eq=(due - full @ start) / unit if len(due) else None,
        bounds=[*((0.0, most) for most in (*up, *down)), *((0.0, None),) * rows],
        options={"primal_feasibility_tolerance": SETTLED},
    )
    if result.status != 0:
        raise SolverError(f"transfers and carry could not be settled: {result.message}")
    above, below, _ = np.split(result.x, [len(start), 2 * len(start)])
    x = np.clip(start + (above - below) * unit, least, most)
    transfers, carried, paid = np.split(x, np.cumsum(task.sizes[:2]))
    found = (task.carry, carried), (task.transfers, transfers), (task.paid, paid)
    carry, moved, parts = (
        np.where(np.isnan(stated), chosen.reshape(stated.shape), stated) for stated, chosen in found
    )
    return carry, moved, parts


def _range(given: Floats, least: Floats, most: Floats) -> tuple[Floats, Floats]:
    """Bounds of columns: a figure that is given, or from the least to the most."""
    free = np.isnan(given)
    return np.where(free, least, given).ravel(), np.where(free, most, given).ravel()


def _matrix(entries: list[tuple[Ints, Ints, float]], shape: tuple[int, int]) -> Any:
    """Sparse matrix of rows, columns and their sign."""
    from scipy.sparse import csr_array

    row = np.concatenate([r for r, _, _ in entries])
    column = np.concatenate([c for _, c, _ in entries])
    sign = np.concatenate([np.full(len(r), s) for r, _, s in entries])
    return csr_array((sign, (row, column)), shape=shape)
