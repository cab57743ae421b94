"""The small stages around HiGHS, one after another in this process.

Ordinarily each is done once and its result checked. To measure them::

    pytest -n 0 tests/benchmarks/test_small_stages.py --benchmark-enable --benchmark-only
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.data import Data, extract
from allocator.evaluate import Evaluation, evaluate
from allocator.instance.instance import Instance
from allocator.planning import readback
from allocator.planning.prices import Prices
from allocator.planning.tables import tables
from allocator.solver.compile.compiler import compile_model
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Program
from allocator.solver.stages import filled
from allocator_models.allocation import build
from benchmarks.country.generate import generate
from benchmarks.suite.families.base import Sweep
from benchmarks.suite.families.registry import FAMILIES
from benchmarks.suite.product import program_of
from benchmarks.suite.sweep import WAYS


@dataclass(frozen=True)
class Made:
    """What every stage begins with."""

    instance: Instance
    data: Data
    program: Program
    solution: Solution
    checked: Evaluation


@pytest.fixture(scope="module")
def made() -> Made:
    instance = generate(2, places=1, years=2)
    data = extract(instance)
    program = compile_model(build(data))
    solution = Solver(program).run()
    decided = readback.decisions(data, program, _plan(data, program, solution))
    return Made(instance, data, program, solution, evaluate(instance, decided))


def _plan(data: Data, program: Program, solution: Solution) -> Any:
    assert solution.x is not None
    return filled.refilled(data, program, solution.x)


@pytest.mark.benchmark(group="stages")
def test_extract(benchmark: Any, made: Made) -> None:
    data = benchmark(extract, made.instance)
    assert compile_model(build(data)).shape == made.program.shape
    assert set(data.pool.labels) == set(made.instance.budgets["pool"])


@pytest.mark.benchmark(group="stages")
def test_model(benchmark: Any, made: Made) -> None:
    model = benchmark(build, made.data)
    same = compile_model(model)
    np.testing.assert_array_equal(same.matrix.toarray(), made.program.matrix.toarray())
    np.testing.assert_array_equal(same.cost, made.program.cost)


@pytest.mark.benchmark(group="stages")
def test_compile(benchmark: Any, made: Made) -> None:
    # a compiled model is used up: each round has one of its own, made outside the clock
    program = benchmark.pedantic(
        compile_model, setup=lambda: ((build(made.data),), {}), rounds=20, warmup_rounds=1
    )
    assert program.matrix.nnz == made.program.matrix.nnz
    for name in ("cost", "row_lower", "row_upper", "col_lower", "col_upper"):
        np.testing.assert_array_equal(getattr(program, name), getattr(made.program, name))


@pytest.mark.benchmark(group="stages")
def test_hand_over(benchmark: Any, made: Made) -> None:
    solver = benchmark(Solver, made.program)
    again = solver.run()
    assert again.status == "optimal"
    assert again.objective == made.solution.objective
    assert again.iterations == made.solution.iterations


@pytest.mark.benchmark(group="stages")
def test_collect(benchmark: Any, made: Made) -> None:
    solver = Solver(made.program)
    first = solver.run()
    # nothing is left to solve: what remains of a run is reading its answer
    again = benchmark(solver.run)
    assert sum(again.iterations.values()) == 0
    assert again.objective == pytest.approx(first.objective, rel=1e-12)
    assert first.x is not None
    assert first.row_dual is not None
    np.testing.assert_allclose(again.x, first.x, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(again.row_dual, first.row_dual, rtol=1e-9, atol=1e-9)


def _tables(made: Made) -> dict[str, pd.DataFrame]:
    plan = _plan(made.data, made.program, made.solution)
    readback.decisions(made.data, made.program, plan)
    none = Prices(None)
    return tables(made.instance, made.data, made.program, none, made.checked, made.checked, plan)


@pytest.mark.benchmark(group="stages")
def test_tables(benchmark: Any, made: Made) -> None:
    tables = benchmark(_tables, made)
    years = len(made.instance.settings.years)
    assert len(tables["allocation"]) == years * len(made.instance.programmes)
    assert tables["allocation"]["spend"].sum() == pytest.approx(tables["budgets"]["spend"].sum())
    parts = made.checked.parts
    assert tables["outcomes"]["value"].sum() == pytest.approx(parts["outcomes"] - parts["harm"])
    assert tables["budgets"]["price"].isna().all()


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    sweeps = FAMILIES["sweep"].sweeps
    assert sweeps is not None
    first: Sweep = next(iter(sweeps("XS", 0)))
    return first


@pytest.mark.benchmark(group="resolve")
def test_resolve_of_a_changed_draw(benchmark: Any, sweep: Sweep) -> None:
    again, turn = WAYS["ours"](sweep), itertools.count()

    def resolve() -> tuple[int, Any]:
        draw = next(turn) % len(sweep)
        return draw, again(draw)

    draw, x = benchmark(resolve)
    drawn = sweep.drawn(draw)
    cold = Solver(program_of(drawn)).run()
    assert cold.status == "optimal"
    assert drawn.cost @ x + drawn.offset == pytest.approx(cold.objective, rel=1e-9)
    first = Solver(program_of(sweep.problem)).run()
    assert cold.objective != pytest.approx(first.objective, rel=1e-6)
