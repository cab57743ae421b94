"""What is timed: our steps around HiGHS, HiGHS itself, and ordinary Pyomo beside them."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import highspy
import numpy as np
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from allocator.arrays import Floats
from allocator.data import Data, extract
from allocator.evaluate import Evaluation, evaluate
from allocator.instance.instance import Instance
from allocator.planning import readback
from allocator.planning.certify import weak_share
from allocator.planning.prices import Prices
from allocator.planning.solve import solve
from allocator.planning.tables import tables
from allocator.solver.compile.compiler import compile_model
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Program
from allocator.solver.stages import filled
from allocator_models.allocation import build
from allocator_models.arrays import expand
from benchmarks.suite.memory import peak
from benchmarks.suite.product import compiled
from benchmarks.suite.solvers.binding import loaded

OURS = ("extract", "model", "compile", "hand-over", "collect", "tables")
"""Our steps; all of them count against HiGHS's run."""

RUNS = ("HiGHS, natural arrays", "HiGHS, our scaled arrays")


@dataclass
class Timings:
    """Seconds of each step, one entry a repeat.

    Attributes
    ----------
    seconds : dict of str to list of float
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, step: str, seconds: float) -> None:
        """Book one measurement."""
        self.seconds.setdefault(step, []).append(seconds)

    @contextmanager
    def step(self, step: str) -> Iterator[None]:
        """Book how long the body takes."""
        began = time.perf_counter()
        yield
        self.add(step, time.perf_counter() - began)

    def median(self, step: str) -> float:
        """Median seconds of a step."""
        return statistics.median(self.seconds[step])

    @property
    def overhead(self) -> float:
        """Sum of the medians of our steps, in seconds."""
        return sum(self.median(step) for step in OURS)

    def ratio(self, run: str) -> float:
        """Our steps over one way of running HiGHS, medians over medians."""
        return self.overhead / self.median(run)


@dataclass
class Measured:
    """One instance, measured.

    Attributes
    ----------
    rows, columns, nonzeros : int
        Size of the main programme.
    timings : Timings
    objectives : dict of str to float
        What each way of running HiGHS found, in the programme's own units.
    iterations : dict of str to int
        Simplex iterations it took.
    """

    rows: int
    columns: int
    nonzeros: int
    timings: Timings
    objectives: dict[str, float] = field(default_factory=dict)
    iterations: dict[str, int] = field(default_factory=dict)


def measure(instance: Instance, repeats: int, solver_seconds: float = 300.0) -> Measured:
    """Time our steps and HiGHS on the main programme of an instance, in this process.

    Parameters
    ----------
    instance : Instance
    repeats : int
        Times everything is done, each time with fresh objects.
    solver_seconds : float
        HiGHS is not run again once it has run this long in total; both ways of running it
        always get the same number of runs, at least one.
    """
    timings = Timings()
    measured = Measured(0, 0, 0, timings)
    kept: tuple[Solution, Evaluation] | None = None
    spent = 0.0
    for _ in range(repeats):
        with timings.step("extract"):
            data = extract(instance)
        with timings.step("model"):
            model = build(data)
        with timings.step("compile"):
            program = compile_model(model)
        with timings.step("hand-over"):
            solver = Solver(program)
        if kept is None or spent < solver_seconds:
            spent += _run_natural(program, measured)
            solution = _run_scaled(solver, measured)
            spent += solution.seconds
            decided = readback.decisions(data, program, _plan(data, program, solution))
            with timings.step("independent check"):
                kept = solution, evaluate(instance, decided)
        with timings.step("tables"):
            _tables(instance, data, program, *kept)
    measured.rows, measured.columns = program.shape
    measured.nonzeros = int(program.matrix.nnz)
    return measured


def _run_natural(program: Program, measured: Measured) -> float:
    """Run HiGHS cold on the arrays as compiled, with its own options throughout."""
    highs = loaded(program.replaced(integer=np.zeros_like(program.integer)))
    with measured.timings.step(RUNS[0]):
        highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"HiGHS ended with {highs.getModelStatus()}, not optimal")
    info = highs.getInfo()
    measured.objectives[RUNS[0]] = float(info.objective_function_value)
    measured.iterations[RUNS[0]] = int(info.simplex_iteration_count)
    return measured.timings.seconds[RUNS[0]][-1]


def _run_scaled(solver: Solver, measured: Measured) -> Solution:
    """Run HiGHS cold through our door; what is not HiGHS's own run is read-back."""
    began = time.perf_counter()
    solution = solver.run()
    whole = time.perf_counter() - began
    if solution.status != "optimal" or solution.objective is None:
        raise RuntimeError(f"HiGHS ended {solution.status}, not optimal")
    measured.timings.add(RUNS[1], solution.seconds)
    measured.timings.add("collect", whole - solution.seconds)
    measured.objectives[RUNS[1]] = solution.objective
    measured.iterations[RUNS[1]] = solution.iterations["simplex"]
    return solution


def _plan(data: Data, program: Program, solution: Solution) -> Floats:
    assert solution.x is not None, "an optimal solution has values"
    return filled.refilled(data, program, solution.x)


def _tables(
    instance: Instance, data: Data, program: Program, solution: Solution, checked: Evaluation
) -> None:
    """From column values to tidy frames without prices; the checker's figures are there already."""
    plan = _plan(data, program, solution)
    readback.decisions(data, program, plan)
    found = tables(instance, data, program, Prices(None), checked, checked, plan)
    weak_share(instance, checked, checked, found["limits"])


def measure_solve(instance: Instance, repeats: int) -> tuple[Timings, int]:
    """Time the whole of ``allocator.solve``: all stages, the check and the tables.

    The number of yes-or-no decisions is given too.
    """
    timings = Timings()
    for _ in range(repeats):
        with timings.step("allocator.solve"):
            plan = solve(instance)
        if not plan.verified:
            raise RuntimeError(f"the plan is {plan.status} and not verified")
    return timings, int(plan.model["integers"])


@dataclass
class Beside:
    """The same model through ordinary Pyomo.

    Attributes
    ----------
    nonzeros : dict of str to int
        Nonzeros by way of compiling; they must agree.
    timings : Timings
        ``arrays`` and ``ordinary Pyomo``: from the extracted data to sparse arrays.
    """

    nonzeros: dict[str, int]
    timings: Timings

    @property
    def ratio(self) -> float:
        """Time of ordinary Pyomo over that of arrays."""
        return self.timings.median("ordinary Pyomo") / self.timings.median("arrays")


def measure_pyomo(instance: Instance, repeats: int) -> Beside:
    """Time arrays against Pyomo expanding every row and compiling it to standard form."""
    beside = Beside({}, Timings())
    data = extract(instance)
    for _ in range(repeats):
        with beside.timings.step("arrays"):
            program = compile_model(build(data))
        with beside.timings.step("ordinary Pyomo"):
            form = LinearStandardFormCompiler().write(expand(build(data)), mixed_form=True)
    beside.nonzeros = {
        "arrays": int(program.matrix.nnz),
        "ordinary Pyomo": int(np.count_nonzero(form.A.data)),
    }
    return beside


def _memory(instance: Instance) -> tuple[int | None, int | None]:
    before = peak()
    Solver(compiled(instance))
    return before, peak()


def peak_memory(instance: Instance) -> tuple[int, int] | None:
    """Peak resident bytes of a fresh process: holding the instance, and after hand-over.

    None where the system does not tell.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        before, after = pool.submit(_memory, instance).result()
    return None if before is None or after is None else (before, after)
