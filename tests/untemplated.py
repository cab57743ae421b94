"""The same model by another way: expanded row by row and compiled by Pyomo itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from allocator.solver.program import Block, Program
from allocator_models.arrays import expand

CLOSE = 1e-12
"""Relative to the size of a row's terms: sums are added up in another order."""


def differences(program: Program, model: Any) -> list[str]:
    """In what a compiled programme differs from the model expanded by Pyomo; changes the model.

    Rows are met by constraint and index, columns by variable and index; a fixed variable is a
    constant to Pyomo and a column with equal bounds to us.
    """
    expand(model)
    form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    data = [d for block in program.columns for d in _members(model, block)]
    column = {id(d): at for at, d in enumerate(data)}
    fixed = np.array([d.fixed for d in data], dtype=bool)
    ours = {
        (block.name, label): at
        for block in program.rows
        for at, label in enumerate(_labels(block), block.start)
    }
    where = np.array([column[id(v)] for v in form.columns], dtype=np.int64)
    found = _rows(program, form, ours, where, fixed)
    found += _objective(program, form, where, fixed)
    return found + _bounds(program, data)


def _members(model: Any, block: Block) -> Any:
    component = model.find_component(block.name)
    return (component[label] for label in _labels(block))


def _labels(block: Block) -> Any:
    return block.labels if block.index is None else block.index.members()


def _rows(program: Program, form: Any, ours: dict[Any, int], where: Any, fixed: Any) -> list[str]:
    names, shape = program.row_names(), program.shape
    keys = [(c.parent_component().name, c.index()) for c, _ in form.rows]
    missing = [f"row {key} is missing" for key in keys if key not in ours]
    if missing:
        return missing
    at = np.array([ours[key] for key in keys], dtype=np.int64)
    free = sparse.diags_array((~fixed).astype(float))
    mine = sparse.csr_array(program.matrix @ free)
    constant = program.matrix @ np.where(fixed, program.col_lower, 0.0)
    theirs = form.A.tocoo()
    placed = sparse.csr_array(
        sparse.coo_array(
            (theirs.data, (np.arange(len(at))[theirs.row], where[theirs.col])),
            shape=(len(at), shape[1]),
        )
    )
    apart = abs(mine[at] - placed).tocoo()
    size = np.maximum(abs(placed).max(axis=1).toarray().ravel(), 1.0)
    wrong = apart.data > CLOSE * size[apart.coords[0]]
    found = [f"coefficients of {names[at[k]]}" for k in np.unique(apart.coords[0][wrong])]
    found += _sides(program, form, at, constant, size)
    entries = np.diff(mine.tocsr().indptr) > 0
    entries[at] = False
    return found + [f"row {names[i]} is not Pyomo's" for i in np.flatnonzero(entries)]


def _sides(program: Program, form: Any, at: Any, constant: Any, size: Any) -> list[str]:
    """A row of Pyomo's has one side, below (-1) or above (1), or is an equation (0)."""
    found = []
    sense = np.array([s for _, s in form.rows])
    expected: dict[int, list[float]] = {}
    for k, i in enumerate(at):
        sides = expected.setdefault(int(i), [-np.inf, np.inf])
        if sense[k] <= 0:
            sides[0] = form.rhs[k]
        if sense[k] >= 0:
            sides[1] = form.rhs[k]
    room = dict(zip(at.tolist(), 1e-9 * size, strict=True))
    for i, sides in expected.items():
        mine = program.row_lower[i] - constant[i], program.row_upper[i] - constant[i]
        if not np.allclose(mine, sides, rtol=1e-12, atol=room[i]):
            found.append(f"sides of {program.row_names()[i]}: {mine} are not {sides}")
    return found


def _objective(program: Program, form: Any, where: Any, fixed: Any) -> list[str]:
    cost = np.zeros(program.shape[1])
    costs = form.c.tocoo()
    at = costs.coords[1] if hasattr(costs, "coords") else costs.col
    cost[where[at]] = costs.data
    found = []
    if program.maximise != (form.objectives[0].sense == pyo.maximize):
        found.append("the sense of the objective")
    constant = np.where(fixed, program.cost, 0.0) * np.where(fixed, program.col_lower, 0.0)
    mine = np.where(fixed, 0.0, program.cost)
    size = max(1.0, float(np.abs(cost).max(initial=0.0)))
    wrong = np.flatnonzero(np.abs(mine - cost) > CLOSE * size)
    found += [f"cost of {program.column_names()[j]}: {mine[j]} is not {cost[j]}" for j in wrong]
    offset = program.offset + constant.sum()
    if not np.isclose(offset, form.c_offset[0], rtol=1e-12, atol=1e-9):
        found.append(f"offset: {offset} is not {form.c_offset[0]}")
    return found


def _bounds(program: Program, data: list[Any]) -> list[str]:
    found = []
    for at, d in enumerate(data):
        low, high = (d.value, d.value) if d.fixed else d.bounds
        sides = -np.inf if low is None else low, np.inf if high is None else high
        mine = program.col_lower[at], program.col_upper[at]
        if mine != sides:
            found.append(f"bounds of {d.name}: {mine} is not {sides}")
        if program.integer[at] != (d.is_integer() or d.is_binary()):
            found.append(f"{d.name}: whole number or not")
    return found
