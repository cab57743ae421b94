"""From the column values of a solution to what a plan decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats
from allocator.data import Data, Index
from allocator.solver.program import Program


def frame(index: Index, names: tuple[str, ...]) -> pd.DataFrame:
    """Members of an index as columns of labels."""
    columns: dict[str, Any] = {}
    for k, name in enumerate(names):
        labels = index.column_labels(k)
        columns[name] = labels.astype(np.int64) if name == "year" else labels.astype(str)
    return pd.DataFrame(columns)


def values(program: Program, x: Floats, name: str) -> Floats:
    """Values of one variable's columns; empty when the model has none."""
    block = program.block(name)
    return np.empty(0) if block is None else x[block.span]


def decisions(data: Data, program: Program, x: Floats) -> dict[str, pd.DataFrame]:
    """What a plan decides, in the form the independent check reads.

    Returns
    -------
    dict of str to pandas.DataFrame
        allocation (programme, year, activity, unmet), capacity (resource, place, year,
        extra), budgets (pool, year, carry_out), transfers (from_pool, to_pool, year, amount),
        funding (programme, pool, year, paid), options (option, year, taken), contracts
        (contract, year, ended).
    """
    allocation = frame(data.programme_years, ("programme", "year"))
    allocation["activity"] = np.maximum(values(program, x, "activity"), 0.0)
    unmet = np.full(len(allocation), np.nan)
    need = data.demand.rows
    unmet[data.programme_years.positions(need.columns)] = np.maximum(
        values(program, x, "unmet"), 0.0
    )
    allocation["unmet"] = unmet
    more = data.capacity.extra_max > 0
    capacity = frame(data.capacity.rows.take(more), ("resource", "place", "year"))
    capacity["extra"] = values(program, x, "extra")
    pools = Index.product(data.pool, data.year)
    budgets = frame(pools, ("pool", "year"))
    carry = np.zeros(len(pools))
    block = program.block("carried")
    if block is not None and block.index is not None:
        carry[pools.positions(block.index.columns)] = x[block.span]
    budgets["carry_out"] = carry
    transfers = frame(data.money.transfers, ("from_pool", "to_pool", "year"))
    transfers["amount"] = np.maximum(values(program, x, "transfer"), 0.0)
    funding = frame(data.funding.rows, ("programme", "pool", "year"))
    funding["paid"] = np.maximum(values(program, x, "paid"), 0.0)
    options = frame(Index.product(data.options.option, data.year), ("option", "year"))
    options["taken"] = taken(data, program, x).ravel()
    return {
        "allocation": allocation,
        "capacity": capacity,
        "budgets": budgets,
        "transfers": transfers,
        "funding": funding,
        "options": options,
        "contracts": ended(data, program, x),
    }


def taken(data: Data, program: Program, x: Floats) -> Flags:
    """Whether each option is taken in each year, shape (options, years)."""
    chosen = np.round(values(program, x, "run")) > 0
    out = np.zeros((len(data.options.option), len(data.year)), dtype=bool)
    o = data.options.runs.columns[0]
    np.logical_or.at(out, o[chosen], data.options.taken[chosen])
    return out


def ended(data: Data, program: Program, x: Floats) -> pd.DataFrame:
    """Whether each contract has been ended, for the years it may be."""
    rows = data.contracts.rows
    out = frame(rows, ("contract", "year"))
    c, t = rows.columns
    gone = np.zeros(len(rows), dtype=bool)
    chosen = np.round(values(program, x, "end")) > 0
    ends = data.contracts.ends.take(chosen)
    for name, first in zip(*ends.columns, strict=True):
        gone |= (c == name) & (t >= first)
    out["ended"] = gone
    return out
