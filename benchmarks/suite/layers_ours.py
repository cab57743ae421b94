"""The product's own way: array-backed Pyomo, compiled, scaled, and handed to HiGHS."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.suite.layers_made import Made, split, told
from benchmarks.suite.layers_ready import Arrays
from benchmarks.suite.solvers import Options, Outcome


def build(data: Any, options: Options) -> Made:
    """From extracted data to values by name; the product's tolerances, not those asked for.

    Parameters
    ----------
    data : allocator.data.Data
    options : Options
    """
    from allocator.solver.compile.compiler import compile_model
    from allocator.solver.highs.door import Solver
    from allocator_models.allocation import build as model_of

    outcome = Outcome("error")
    clock = outcome.clock
    with clock.stage("build"):
        model = model_of(data)
    with clock.stage("compile"):
        program = compile_model(model)
        del model
    with clock.stage("handover"):
        more = {"random_seed": options.seed, **options.more}
        solver = Solver(program, threads=options.threads, options=more)
    with split(clock, "handover"):
        gap = options.gap if program.integer.any() else 0.0
        solution = solver.run(time_limit=options.time_limit, gap=gap)
    told(solver.engine.highs, outcome)
    outcome.claimed = {"unknown": "gave-up"}.get(solution.status, solution.status)
    outcome.algorithm = solution.algorithm
    with clock.stage("readback"):
        values = {}
        if solution.x is not None:
            values = {block.name: solution.x[block.span] for block in program.columns}
    if values:
        outcome.x = np.concatenate(list(values.values()))
    if not program.integer.any():
        outcome.row_dual = solution.row_dual
    outcome.objective, outcome.bound = solution.objective, solution.bound
    return Made(outcome, lambda: _arrays(program))


def _arrays(program: Any) -> Arrays:
    return Arrays(
        program.maximise,
        program.cost,
        program.col_lower,
        program.col_upper,
        program.matrix,
        program.row_lower,
        program.row_upper,
        program.integer,
    )
