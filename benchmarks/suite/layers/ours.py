"""The product's own way: array-backed Pyomo, compiled, scaled, and handed to HiGHS."""

from __future__ import annotations

from typing import Any

from benchmarks.suite.layers.made import Made
from benchmarks.suite.product import problem_of
from benchmarks.suite.solvers.base import Options, Outcome
from benchmarks.suite.solvers.binding import split


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
    whole = bool(program.integer.any())
    with split(clock, "handover"):
        gap = options.gap if whole else 0.0
        found = solver.run(time_limit=options.time_limit, gap=gap)
    outcome.options = {"version": solver.version, **solver.options()}
    outcome.claimed = {"unknown": "gave-up"}.get(found.status, found.status)
    outcome.algorithm, outcome.iterations = found.algorithm, found.iterations
    outcome.objective, outcome.bound = found.objective, found.bound
    outcome.nodes = found.nodes if whole else None
    outcome.row_dual = None if whole else found.row_dual
    with clock.stage("readback"):
        values = {}
        if found.x is not None:
            values = {block.name: found.x[block.span] for block in program.columns}
    if values:
        outcome.x = found.x
    return Made(outcome, lambda: problem_of("held", "", 0, program))
