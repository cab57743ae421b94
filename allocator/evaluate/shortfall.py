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

    Columns of the programme are transfers, money carried forward, money owed, parts of
    programmes, and the shortfall of every row. Rows are pools by year, with their recurrent
    balances after them when the instance asks for these.

    Attributes
    ----------
    pools, uses : Pools, Uses
        Pools, and what they pay for.
    carry, transfers, paid : numpy.ndarray
        As the plan states them: shapes (pool, year), (pair, year) and (part, year).
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
    def sizes(self) -> tuple[int, int, int, int, int]:
        """Number of transfers, cells carried forward, cells owed, parts and rows."""
        cells = self.carry.size
        rows = 2 * cells if self.pools.balanced else cells
        return self.transfers.size, cells, cells, self.paid.size, rows

    def firsts(self) -> Ints:
        """First column of each kind, and the number of columns."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    def bounds(self) -> tuple[Floats, Floats]:
        """Least and most of every column."""
        pools, rows = self.pools, self.sizes[-1]
        kinds = (
            _range(self.transfers, np.zeros_like(self.transfers), pools.transfer_max),
            _range(np.maximum(self.carry, 0.0), np.zeros_like(self.carry), pools.carry_max),
            _range(np.maximum(-self.carry, 0.0), np.zeros_like(self.carry), -pools.carry_min),
            _range(self.paid, self.least, self.most),
            (np.zeros(rows), np.full(rows, np.inf)),
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
        moves, cells, _, parts, rows = self.sizes
        shift = SHIFTED * self.rank / max(1, int(self.rank.max(initial=0)))
        longest = 2.0 * (rows + parts) + 2.0
        return np.concatenate(
            [
                np.ones(moves),
                np.full(2 * cells, CARRIED),
                np.repeat(shift, self.due.shape[1]),
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
        """Money out less money in of every row, by column."""
        pools = self.pools
        size, years = pools.amount.shape
        cell = np.arange(size * years)
        onward = cell[cell % years != years - 1]
        by_pool = cell.reshape(size, years)
        transfer, forward, owed, part, short, _ = self.firsts()
        moved, paid = np.arange(self.transfers.size), np.arange(self.paid.size)
        gives, takes = by_pool[pools.giver].ravel(), by_pool[pools.taker].ravel()
        pays = by_pool[self.payer].ravel()
        entries = [
            (gives, transfer + moved, 1.0),
            (takes, transfer + moved, -1.0),
            (cell, forward + cell, 1.0),
            (onward + 1, forward + onward, -1.0),
            (cell, owed + cell, -1.0),
            (onward + 1, owed + onward, 1.0),
            (pays, part + paid, 1.0),
        ]
        if pools.balanced:
            always = np.repeat(self.lasting, years)
            entries += [
                (len(cell) + gives, transfer + moved, 1.0),
                (len(cell) + takes, transfer + moved, -1.0),
                (len(cell) + pays[always], part + paid[always], 1.0),
            ]
        every = np.arange(self.sizes[-1])
        entries.append((every, short + every, -1.0))
        return _matrix(entries, (self.sizes[-1], int(self.firsts()[-1])))

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
        part = self.firsts()[3] + np.arange(self.paid.size)
        return _matrix([(row, part, 1.0)], (due.size, int(self.firsts()[-1]))), due.ravel()


def least_shortfall(task: Open) -> tuple[Floats, Floats, Floats]:
    """Carry, transfers and parts with the least total shortfall, then the least moved.

    Returns
    -------
    tuple of numpy.ndarray
        Shapes (pool, year), (pair, year) and (part, year); what the plan states unchanged.
    """
    # Plans that state all of it, as solved ones do, never pay for this import.
    from scipy.optimize import linprog

    pools = task.pools
    largest = np.maximum(pools.amount, np.abs(task.uses.total)).max(axis=1)
    unit = max(float(largest.max()), float(task.due.max()))
    # Rows in the size of their pool: a small pool is kept as exactly as a big one.
    weight = np.repeat(unit / np.maximum(largest, SMALLEST_POOL * unit), pools.amount.shape[1])
    weight = np.tile(weight, 2 if pools.balanced else 1)
    least, most = (side / unit for side in task.bounds())
    full, due = task.in_full()
    result: Any = linprog(
        task.prices(),
        A_ub=task.flows().multiply(weight[:, None]).tocsr(),
        b_ub=task.room() / unit * weight,
        A_eq=full if len(due) else None,
        b_eq=due / unit if len(due) else None,
        bounds=list(zip(least, most, strict=True)),
        options={"primal_feasibility_tolerance": SETTLED},
    )
    if result.status != 0:
        raise SolverError(f"transfers and carry could not be settled: {result.message}")
    x = np.clip(result.x, least, most) * unit
    transfers, forward, owed, paid, _ = np.split(x, task.firsts()[1:-1])
    found = (
        (task.carry, forward - owed),
        (task.transfers, transfers),
        (task.paid, paid),
    )
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
