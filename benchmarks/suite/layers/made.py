"""What a layer's run gives, and what several layers need for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from benchmarks.suite.layers.ready import Rows, Tables
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Outcome


@dataclass
class Made:
    """A layer's run.

    Attributes
    ----------
    outcome : Outcome
        Values in the order of the tables.
    arrays : callable
        Gives the programme as the solver has it, columns in the order of the tables; rows may
        be in any order and stand with the opposite sign.
    digits : int or None
        Digits to which those arrays can be had; None: all.
    """

    outcome: Outcome
    arrays: Callable[[], Problem]
    digits: int | None = None


def finish(outcome: Outcome, tables: Tables, values: dict[str, Floats]) -> None:
    """Values by name, as a person has them, in the order of the tables."""
    if values:
        outcome.x = np.concatenate([values[block.name] for block in tables.columns])


def duals(tables: Tables, by_block: Floats) -> Floats:
    """Row duals in the programme's order; 0 for rows that layers are not given.

    Parameters
    ----------
    tables : Tables
    by_block : ndarray
        One a row of the tables, block after block.
    """
    out = np.zeros(tables.shape[0])
    if tables.rows:
        out[np.concatenate([rows.at for rows in tables.rows])] = by_block
    return out


def by_row(rows: Rows, tables: Tables) -> tuple[list[int], list[int], list[float]]:
    """Terms of a block row by row: where each begins, places among all columns, coefficients."""
    row = np.concatenate([term.row for term in rows.terms])
    column = np.concatenate([t.column + tables.columns[t.of].start for t in rows.terms])
    value = np.concatenate([term.value for term in rows.terms])
    order = np.argsort(row, kind="stable")
    begin = np.searchsorted(row[order], np.arange(len(rows) + 1))
    return begin.tolist(), column[order].tolist(), value[order].tolist()
