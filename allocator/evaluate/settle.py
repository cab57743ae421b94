"""What a plan leaves open between pools and years, settled in its favour."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.errors import SolverError
from allocator.evaluate.pools import Ledger, Pools
from allocator.evaluate.tables import Array, summed

CARRIED = 1e-3
"""What carrying a pound for a year counts for beside handing it to another pool."""


def settle(
    pools: Pools, spend: Array, extra_cost: Array, given_carry: Array, given_transfers: Array
) -> Ledger:
    """Ledger of a plan; what it does not say moves as little money as fills the gaps best.

    Parameters
    ----------
    pools : Pools
        Pools and what may move between them and between years.
    spend, extra_cost : numpy.ndarray
        Shape (pool, year): money spent on activity and on extra capacity.
    given_carry, given_transfers : numpy.ndarray
        As the plan states them; NaN where it does not.
    """
    still = np.nan_to_num(given_carry), np.nan_to_num(given_transfers)
    ledger = _ledger(pools, spend, extra_cost, *still)
    free = np.isnan(given_transfers) & (pools.transfer_max > 0)
    loose = np.isnan(given_carry) & ((pools.carry_max > 0) | (pools.carry_min < 0))
    short = ledger.slack(pools) < 0
    if short.any() and (free.any() or loose.any()) and np.isfinite(ledger.out).all():
        moved = _least_shortfall(pools, spend + extra_cost, given_carry, given_transfers)
        return _ledger(pools, spend, extra_cost, *moved)
    return ledger


def _ledger(
    pools: Pools, spend: Array, extra_cost: Array, carry: Array, transfers: Array
) -> Ledger:
    size = len(pools.names)
    return Ledger(
        spend=spend,
        extra_cost=extra_cost,
        carry=carry,
        carry_in=np.column_stack([pools.opening, carry[:, :-1]]),
        transfers=transfers,
        transfers_in=summed(pools.taker, transfers, size),
        transfers_out=summed(pools.giver, transfers, size),
    )


def _least_shortfall(
    pools: Pools, spend: Array, given_carry: Array, given_transfers: Array
) -> tuple[Array, Array]:
    """Carry and transfers with the least total shortfall, and then the least money moved.

    Columns are transfers, money carried forward, money owed, and shortfall. Money flows
    through a network of pools and years, so a pound of shortfall is filled over a path that
    meets each of them once: a shortfall that costs more than the longest path makes one
    linear programme do both steps exactly.
    """
    # Plans that state carry and transfers, as solved ones do, never pay for this import.
    from scipy.optimize import linprog

    cells, moves = pools.amount.size, given_transfers.size
    unit = max(float(pools.amount.max()), float(spend.max()))
    room = pools.amount - spend
    room[:, 0] += pools.opening
    # Rows in the size of their pool: a small pool is kept as exactly as a big one.
    natural = np.maximum(np.maximum(pools.amount, spend).max(axis=1), 1e-9 * unit)
    weight = np.repeat(unit / natural, pools.amount.shape[1])

    least, most = (
        np.concatenate(parts) / unit
        for parts in zip(
            _range(given_transfers, pools.transfer_max),
            _range(np.maximum(given_carry, 0.0), pools.carry_max),
            _range(np.maximum(-given_carry, 0.0), -pools.carry_min),
            (np.zeros(cells), np.full(cells, np.inf)),
            strict=True,
        )
    )
    result: Any = linprog(
        np.repeat([1.0, CARRIED, CARRIED, 2.0 * cells + 2.0], [moves, cells, cells, cells]),
        A_ub=_network(pools, weight),
        b_ub=room.ravel() / unit * weight,
        bounds=list(zip(least, most, strict=True)),
        options={"primal_feasibility_tolerance": 1e-10},
    )
    if result.status != 0:
        raise SolverError(f"transfers and carry could not be settled: {result.message}")
    x = np.clip(result.x, least, most) * unit
    transfers, forward, owed, _ = np.split(x, moves + cells * np.arange(3))
    moved = transfers.reshape(given_transfers.shape), (forward - owed).reshape(room.shape)
    return (
        np.where(np.isnan(given_carry), moved[1], given_carry),
        np.where(np.isnan(given_transfers), moved[0], given_transfers),
    )


def _range(given: Array, most: Array) -> tuple[Array, Array]:
    """Bounds of columns: a figure that is given, or from nothing to the most."""
    free = np.isnan(given)
    return np.where(free, 0.0, given).ravel(), np.where(free, most, given).ravel()


def _network(pools: Pools, weight: Array) -> Any:
    """Money out less money in of every pool and year, by column; rows times `weight`."""
    from scipy.sparse import csr_array

    size, years = pools.amount.shape
    cells, moves = size * years, pools.transfer_max.size
    cell = np.arange(cells)
    before = cell[cell % years != years - 1]
    by_pool = cell.reshape(size, years)
    each, one = np.ones(cells), np.ones(len(before))
    parts = [
        (by_pool[pools.giver].ravel(), np.arange(moves), np.ones(moves)),
        (by_pool[pools.taker].ravel(), np.arange(moves), -np.ones(moves)),
        (cell, moves + cell, each),
        (before + 1, moves + before, -one),
        (cell, moves + cells + cell, -each),
        (before + 1, moves + cells + before, one),
        (cell, moves + 2 * cells + cell, -each),
    ]
    row, column, sign = (np.concatenate(part) for part in zip(*parts, strict=True))
    return csr_array((sign * weight[row], (row, column)), shape=(cells, moves + 3 * cells))
