"""Rows that somebody added to the model: where they stand, and what they are worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.arrays import Floats
from allocator.planning.prices import UNKNOWN, Prices, exact, priced, with_prices
from allocator.solver.levers import Lever, Price
from allocator.solver.program import Block, Program
from allocator.solver.sensitivity import Sensitivity

_Sided = tuple[str, tuple[Price, Price]]


def extra_rows(prices: Prices, program: Program, x: Floats) -> pd.DataFrame | None:
    """Rows that stand in no table, with their prices per unit of their left side.

    Parameters
    ----------
    prices : Prices
        Of the best plan.
    program : Program
        Of the plan.
    x : ndarray
        The plan in it.

    Returns
    -------
    pandas.DataFrame or None
        row (its component), name, value (of the left side), lower, upper, side (``least`` or
        ``most``: the nearer one, whose price it is; ``exact`` where there is one value) and
        PRICES; None where nothing was added.
    """
    blocks = [block for block in program.rows if block.name in prices.added]
    if not blocks:
        return None
    at = np.concatenate([np.arange(block.start, block.stop) for block in blocks])
    table = pd.DataFrame(
        {
            "row": [block.name for block in blocks for _ in range(len(block))],
            "name": [name for block in blocks for name in block.member_names()],
            "value": (program.matrix @ x)[at],
            "lower": program.row_lower[at],
            "upper": program.row_upper[at],
        }
    )
    known = {} if prices.found is None else _by_name(prices.found[1], blocks)
    found = [known.get(name, ("", (UNKNOWN, UNKNOWN))) for name in table["name"]]
    return with_prices(table.assign(side=[side for side, _ in found]), [pair for _, pair in found])


def _by_name(s: Sensitivity, blocks: list[Block]) -> dict[str, _Sided]:
    """Side and prices of every row of some blocks, in the programme that prices are read from."""
    found = {}
    for name in (block.name for block in blocks):
        block = s.program.block(name)
        for at, member in enumerate([] if block is None else block.member_names()):
            if block is not None:
                found[member] = _of_row(s, block, at)
    return found


def _of_row(s: Sensitivity, block: Block, at: int) -> _Sided:
    """The nearer side of a row, and its prices."""
    row = block.start + at
    low, high = float(s.program.row_lower[row]), float(s.program.row_upper[row])
    if low == high:
        return "exact", exact(s, block, at)
    if np.isinf(s.slack(row)):
        return "", (UNKNOWN, UNKNOWN)
    most = high - s.row_value(row) <= s.row_value(row) - low
    ends = np.array([0.0 if most else -1.0]), np.array([1.0 if most else 0.0])
    lever = Lever(s.size(row), np.array([row]), *ends)
    return "most" if most else "least", priced(s, lever, s.slack(row))
