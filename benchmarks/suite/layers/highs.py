"""Layers that give their programme to highspy in the same process, and no layer at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.arrays import Floats
from benchmarks.suite.layers.made import Made, by_row, duals, finish
from benchmarks.suite.layers.ready import Columns, Rows, Tables
from benchmarks.suite.solvers.base import Options, Outcome, or_none
from benchmarks.suite.solvers.binding import held, options_of, settings, split, told


def _finish(outcome: Outcome, highs: Any, tables: Tables, values: dict[str, Floats]) -> None:
    """What HiGHS says of its run, and the values it came to."""
    told(highs, outcome, tables.whole)
    outcome.options = options_of(highs)
    finish(outcome, tables, values)


def by_hand(tables: Tables, options: Options) -> Made:
    """Triples of all blocks into one matrix, and the matrix into HiGHS."""
    import highspy
    from scipy import sparse

    outcome = Outcome("error")
    clock = outcome.clock
    with clock.stage("build"):
        row, column, value, first = [], [], [], 0
        for rows in tables.rows:
            for term in rows.terms:
                row.append(term.row + first)
                column.append(term.column + tables.columns[term.of].start)
                value.append(term.value)
            first += len(rows)
        side = np.concatenate([rows.side for rows in tables.rows])
        sense = np.repeat([rows.sense for rows in tables.rows], [len(r) for r in tables.rows])
        places = (np.concatenate(row), np.concatenate(column))
        lower, upper, cost = (
            np.concatenate([getattr(block, name) for block in tables.columns])
            for name in ("lower", "upper", "cost")
        )
        sizes = [len(block) for block in tables.columns]
        whole = np.repeat([block.whole for block in tables.columns], sizes)
    with clock.stage("compile"):
        shape = (len(side), len(cost))
        matrix = sparse.coo_array((np.concatenate(value), places), shape=shape).tocsr()
        low, high = np.where(sense == "<", -np.inf, side), np.where(sense == ">", np.inf, side)
        del row, column, value, places
    with clock.stage("handover"):
        highs = highspy.Highs()
        for name, wish in settings(options, tables.whole).items():
            highs.setOptionValue(name, wish)
        direction = highspy.ObjSense.kMaximize if tables.maximise else highspy.ObjSense.kMinimize
        highs.passModel(
            shape[1],
            shape[0],
            int(matrix.nnz),
            int(highspy.MatrixFormat.kRowwise),
            int(direction),
            tables.offset,
            cost,
            lower,
            upper,
            low,
            high,
            matrix.indptr.astype(np.int32, copy=False),
            matrix.indices.astype(np.int32, copy=False),
            matrix.data,
            whole.astype(np.int32),
        )
    with clock.stage("solve"):
        highs.run()
    with clock.stage("readback"):
        solution = highs.getSolution()
        x = np.array(solution.col_value)
        values = {b.name: x[b.span] for b in tables.columns}
    _finish(outcome, highs, tables, values)
    if not tables.whole and solution.dual_valid:
        outcome.row_dual = duals(tables, np.array(solution.row_dual))
    return Made(outcome, lambda: held(highs))


def pyomo(tables: Tables, options: Options) -> Made:
    """Ordinary Pyomo: a rule a block, and its persistent interface to HiGHS."""
    import pyomo.environ as pyo
    from pyomo.contrib.solver.solvers.highs import Highs

    outcome = Outcome("error")
    clock = outcome.clock
    with clock.stage("build"):
        model = pyo.ConcreteModel()
        x: list[Any] = []
        worth: list[float] = []
        for block in tables.columns:
            lower, upper = block.lower.tolist(), block.upper.tolist()
            variable = pyo.Var(
                range(len(block)),
                domain=pyo.Integers if block.whole else pyo.Reals,
                bounds=lambda m, j, lower=lower, upper=upper: (lower[j], upper[j]),
            )
            setattr(model, block.name, variable)
            x += variable.values()
            worth += block.cost.tolist()
        for rows in tables.rows:
            setattr(model, f"row_{rows.name}", _pyomo_rows(pyo, rows, tables, x))
        paid = [(c, v) for c, v in zip(worth, x, strict=True) if c != 0.0]
        model.worth = pyo.Objective(
            expr=pyo.quicksum((c * v for c, v in paid), linear=True) + tables.offset,
            sense=pyo.maximize if tables.maximise else pyo.minimize,
        )
    solver = Highs()
    asked = settings(options, tables.whole)
    # its postsolve reads logs, so that output must stay as it sets it
    asked.pop("output_flag")
    solver.config.load_solutions = False
    solver.config.raise_exception_on_nonoptimal_result = False
    solver.config.solver_options = asked
    with split(clock, "compile"):
        results = solver.solve(model)
        values = {}
        # loading raises where there is no solution; HiGHS's status is told below
        if solver._solver_model.getSolution().value_valid:
            results.solution_loader.load_vars()
            values = {
                block.name: _pyomo_values(getattr(model, block.name), block)
                for block in tables.columns
            }
    highs = solver._solver_model
    _finish(outcome, highs, tables, values)
    if not tables.whole and highs.getSolution().dual_valid:
        found = results.solution_loader.get_duals()
        rows_of = [getattr(model, f"row_{rows.name}").values() for rows in tables.rows]
        outcome.row_dual = duals(tables, np.array([found[row] for some in rows_of for row in some]))
    place = solver._pyomo_var_to_solver_var_map
    # what is in no row and costs nothing was never given to HiGHS
    solver.add_variables([v for v in x if id(v) not in place])
    return Made(outcome, lambda: held(highs, np.array([place[id(v)] for v in x])))


def _pyomo_values(variable: Any, block: Columns) -> Floats:
    """Values of a block; what the interface never gave to HiGHS is put next to zero."""
    idle = np.clip(0.0, block.lower, block.upper).tolist()
    given = [member.value for member in variable.values()]
    return np.array([rest if v is None else v for v, rest in zip(given, idle, strict=True)])


def _pyomo_rows(pyo: Any, rows: Rows, tables: Tables, x: list[Any]) -> Any:
    from pyomo.core.expr.numeric_expr import LinearExpression

    begin, column, value = by_row(rows, tables)
    side = rows.side.tolist()

    def rule(m: Any, i: int) -> Any:
        span = slice(begin[i], begin[i + 1])
        terms = [x[j] for j in column[span]]
        body = LinearExpression(linear_coefs=value[span], linear_vars=terms)
        if rows.sense == "=":
            return body == side[i]
        return body <= side[i] if rows.sense == "<" else body >= side[i]

    return pyo.Constraint(range(len(rows)), rule=rule)


def linopy(tables: Tables, options: Options) -> Made:
    """One array of variables a block, sums by group, and linopy's direct way to HiGHS."""
    import linopy as lp
    import pandas as pd
    import xarray as xr

    outcome = Outcome("error")
    clock = outcome.clock
    with clock.stage("build"):
        model = lp.Model()
        x = []
        for block in tables.columns:
            members = pd.RangeIndex(len(block), name=f"{block.name}_at")
            x.append(
                model.add_variables(
                    lower=xr.DataArray(block.lower, coords=[members]),
                    upper=xr.DataArray(block.upper, coords=[members]),
                    name=block.name,
                    integer=block.whole,
                )
            )
        for rows in tables.rows:
            members = pd.RangeIndex(len(rows), name="row")
            parts = [_linopy_sum(xr, x[term.of], term, members) for term in rows.terms]
            body = parts[0] if len(parts) == 1 else lp.merge(parts, dim="_term")
            side = xr.DataArray(rows.side, coords=[members])
            sense = {"<": "<=", "=": "=", ">": ">="}[rows.sense]
            model.add_constraints(body, sense, side, name=f"row_{rows.name}")
        worth = [
            (xr.DataArray(b.cost, coords=v.coords) * v).sum()
            for b, v in zip(tables.columns, x, strict=True)
            if b.cost.any()
        ]
        total = worth[0]
        for part in worth[1:]:
            total = total + part
        model.add_objective(total, sense="max" if tables.maximise else "min")
    asked = settings(options, tables.whole)
    with split(clock, "compile") as ran:
        model.solve("highs", io_api="direct", set_names=False, **asked)
        values = {b.name: model.variables[b.name].solution.to_numpy() for b in tables.columns}
    highs = ran[-1]
    _finish(outcome, highs, tables, values)
    if not tables.whole and outcome.claimed == "optimal":
        made = [model.constraints[f"row_{rows.name}"] for rows in tables.rows]
        found = [rows.dual.to_numpy() for rows in made]
        outcome.row_dual = duals(tables, np.concatenate(found))
    return Made(outcome, lambda: held(highs))


def _linopy_sum(xr: Any, variable: Any, term: Any, members: Any) -> Any:
    """Sum of one block's terms by row; rows it has no part in hold nothing."""
    dim = variable.dims[0]
    if len(term.row) == len(members) and np.array_equal(term.row, np.arange(len(members))):
        picked = variable.isel({dim: xr.DataArray(term.column, coords={"row": members})})
        return xr.DataArray(term.value, coords={"row": members}) * picked
    at = xr.DataArray(term.column, dims=["entry"])
    products = xr.DataArray(term.value, dims=["entry"]) * variable.isel({dim: at})
    group = xr.DataArray(term.row, dims=["entry"], name="row")
    return products.groupby(group).sum().reindex(row=members)


def pulp(tables: Tables, options: Options) -> Made:
    """Expressions row by row, and PuLP's way to HiGHS in memory."""
    import pulp as lp

    outcome = Outcome("error")
    clock = outcome.clock
    with clock.stage("build"):
        sense = lp.LpMaximize if tables.maximise else lp.LpMinimize
        model = lp.LpProblem("allocation", sense)
        x: list[Any] = []
        worth: list[float] = []
        for block in tables.columns:
            kind = lp.LpInteger if block.whole else lp.LpContinuous
            bounds = zip(block.lower.tolist(), block.upper.tolist(), strict=True)
            x += [
                lp.LpVariable(f"{block.name}_{j}", or_none(low), or_none(high), kind)
                for j, (low, high) in enumerate(bounds)
            ]
            worth += block.cost.tolist()
        model += lp.LpAffineExpression(
            [(v, c) for c, v in zip(worth, x, strict=True) if c != 0.0], tables.offset
        )
        senses = {"<": lp.LpConstraintLE, "=": lp.LpConstraintEQ, ">": lp.LpConstraintGE}
        for rows in tables.rows:
            begin, column, value = by_row(rows, tables)
            entries = [(x[j], c) for j, c in zip(column, value, strict=True)]
            for i, right in enumerate(rows.side.tolist()):
                body = lp.LpAffineExpression(entries[begin[i] : begin[i + 1]])
                row = lp.LpConstraint(body, senses[rows.sense], f"{rows.name}_{i}", right)
                model.addConstraint(row)
        model.addVariables(x)  # those in no row, too
    asked = settings(options, tables.whole)
    asked.pop("output_flag")
    threads = asked.pop("threads")
    solver = lp.HiGHS(msg=False, threads=threads, **asked)
    with split(clock, "handover"):
        model.solve(solver)
        values = {
            b.name: np.array([v.varValue for v in x[b.span]], dtype=float) for b in tables.columns
        }
    highs = model.solverModel
    _finish(outcome, highs, tables, values)
    order = np.array([v.index for v in x])
    if not tables.whole and outcome.claimed == "optimal":
        sign = -1.0 if tables.maximise else 1.0
        found = [row.pi for row in model._constraints.values()]
        outcome.row_dual = duals(tables, sign * np.array(found))
    return Made(outcome, lambda: held(highs, order))


def cvxpy(tables: Tables, options: Options) -> Made:
    """One vector of variables a block, sparse matrices times them, and CVXPY's HiGHS."""
    import cvxpy as cp
    from scipy import sparse

    outcome = Outcome("error")
    clock = outcome.clock
    with clock.stage("build"):
        x = [
            cp.Variable(len(b), name=b.name, integer=b.whole, bounds=[b.lower, b.upper])
            for b in tables.columns
        ]
        rows_made = []
        for rows in tables.rows:
            body: Any = 0
            for term in rows.terms:
                entries = (term.value, (term.row, term.column))
                shape = (len(rows), len(tables.columns[term.of]))
                body = body + sparse.csr_array(sparse.coo_array(entries, shape=shape)) @ x[term.of]
            if rows.sense == "=":
                rows_made.append(body == rows.side)
            else:
                rows_made.append(body <= rows.side if rows.sense == "<" else body >= rows.side)
        worth = sum(b.cost @ v for b, v in zip(tables.columns, x, strict=True) if b.cost.any())
        goal = cp.Maximize if tables.maximise else cp.Minimize
        problem = cp.Problem(goal(worth + tables.offset), rows_made)
    asked = settings(options, tables.whole)
    with clock.stage("compile"):
        data, chain, inverse = problem.get_problem_data(cp.HIGHS)
    with split(clock, "handover") as ran:
        raw = chain.solve_via_data(problem, data, solver_opts=asked)
        problem.unpack_results(raw, chain, inverse)
        values = {b.name: v.value for b, v in zip(tables.columns, x, strict=True)}
    highs = ran[-1]
    if any(value is None for value in values.values()):
        values = {}
    _finish(outcome, highs, tables, values)
    if not tables.whole and outcome.claimed == "optimal":
        sense = -1.0 if tables.maximise else 1.0
        flip = {"<": -1.0, "=": -1.0, ">": 1.0}
        found = [
            sense * flip[rows.sense] * np.ravel(row.dual_value)
            for rows, row in zip(tables.rows, rows_made, strict=True)
        ]
        outcome.row_dual = duals(tables, np.concatenate(found))
    first = data["param_prob"].var_id_to_col
    order = np.concatenate(
        [np.arange(len(b)) + first[v.id] for b, v in zip(tables.columns, x, strict=True)]
    )
    return Made(outcome, lambda: held(highs, order))
