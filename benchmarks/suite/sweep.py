"""The same programme solved again for other budgets, rates and weights, in several ways.

``python -m benchmarks sweep --size S``. Every way solves the draws of the family
``sweep`` in the same order, in a process of its own, and reads the values back after each:

- ``ours``: :class:`allocator.solver.resolve.Resolver`, nothing rebuilt, each draw from the basis
  of the mean figures
- ``highs``: highspy's own calls that change numbers, nothing rebuilt
- ``pyomo``: mutable parameters and Pyomo's persistent HiGHS interface, told to look for
  changed parameters only, which is its fastest way
- ``cold``: arrays handed to a fresh HiGHS for each draw

The clock begins once a programme is loaded and has been solved once (`ours`: twice). HiGHS's own
runs, with the taking of a basis, are timed apart; the rest is what a way costs beyond them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from allocator.arrays import Floats, Ints
from benchmarks.command import names
from benchmarks.suite.environment import heading
from benchmarks.suite.families.base import Sweep
from benchmarks.suite.product import linear_program_of
from benchmarks.suite.solvers.binding import loaded, patched

Resolve = Callable[[int], Floats]
"""Solves the draw of a number and gives its values."""

TOLERANCE = 1e-6
"""Relative difference of objectives that makes two answers two."""


@dataclass
class Runs:
    """HiGHS's own runs.

    Attributes
    ----------
    count : int
    seconds : float
    iterations : int
        Of the simplex method.
    counting : float
        Seconds it took to count.
    """

    count: int = 0
    seconds: float = 0.0
    iterations: int = 0
    counting: float = 0.0


@dataclass
class Result:
    """One way through a sweep.

    Attributes
    ----------
    way : str
    draws : int
    seconds, cpu_seconds : float
        Of all draws: changes, runs, and values read back.
    highs : float
        Seconds of HiGHS's own runs among them.
    load : float
        Seconds until the first run had ended, of all systems.
    iterations : int
    objectives : list of float
        Of every draw, worked out from the values.
    """

    way: str
    draws: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    highs: float = 0.0
    load: float = 0.0
    iterations: int = 0
    objectives: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Draws solved a second."""
        return self.draws / self.seconds

    @property
    def beyond(self) -> float:
        """Time beyond HiGHS's own runs, over that of its runs."""
        return (self.seconds - self.highs) / self.highs


@contextmanager
def timed_runs() -> Iterator[Runs]:
    """Time every run of HiGHS in this process, whoever calls it and by whichever door."""
    import highspy

    from allocator.solver.highs.direct import Direct

    runs = Runs()

    def timed(work: Callable[..., Any]) -> Callable[..., Any]:
        def work_timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return work(*arguments)
            finally:
                runs.seconds += time.perf_counter() - began

        return work_timed

    def counted(run: Callable[[Any], Any], count: Callable[[Any], int]) -> Callable[[Any], Any]:
        def run_counted(self: Any) -> Any:
            try:
                return run(self)
            finally:
                began = time.perf_counter()
                runs.count += 1
                runs.iterations += max(0, count(self))
                runs.counting += time.perf_counter() - began

        return run_counted

    def told(highs: Any) -> int:
        return int(highs.getInfoValue("simplex_iteration_count")[1])

    by_binding = counted(timed(highspy.Highs.run), told)
    by_library = counted(timed(Direct.run), lambda direct: direct.counts()["simplex"])
    with (
        patched(highspy.Highs, "run", by_binding),
        patched(Direct, "run", by_library),
        patched(Direct, "start", timed(Direct.start)),  # factors the basis in place of the run
    ):
        yield runs


def measure(way: str, sweeps: Iterator[Sweep]) -> Result:
    """Go one way through some sweeps, in this process.

    Raises
    ------
    RuntimeError
        When a draw does not end with an optimum.
    """
    result = Result(way)
    with timed_runs() as runs:
        for sweep in sweeps:
            began = time.perf_counter()
            resolve = WAYS[way](sweep)
            result.load += time.perf_counter() - began
            values = np.empty((len(sweep), sweep.problem.shape[1]))
            before = runs.seconds, runs.iterations, runs.counting
            began, cpu = time.perf_counter(), time.process_time()
            for draw in range(len(sweep)):
                values[draw] = resolve(draw)
            result.seconds += time.perf_counter() - began - (runs.counting - before[2])
            result.cpu_seconds += time.process_time() - cpu
            result.highs += runs.seconds - before[0]
            result.iterations += runs.iterations - before[1]
            result.draws += len(sweep)
            result.objectives += _objectives(sweep, values)
    return result


def _objectives(sweep: Sweep, values: Floats) -> list[float]:
    cost = np.tile(sweep.problem.cost, (len(sweep), 1))
    cost[:, sweep.columns] = sweep.cost
    worth = np.einsum("dc,dc->d", cost, values) + sweep.problem.offset
    return [float(value) for value in worth]


def _ours(sweep: Sweep) -> Resolve:
    from allocator.solver.resolve import Resolver

    solver = Resolver(linear_program_of(sweep.problem))
    solver.resolve()
    sides, costs = solver.sides(sweep.rows), solver.costs(sweep.columns)
    coefficients = solver.coefficients(sweep.entries)
    sides.change(sweep.row_lower.mean(axis=0), sweep.row_upper.mean(axis=0))
    costs.change(sweep.cost.mean(axis=0))
    coefficients.change(sweep.values.mean(axis=0))
    solver.resolve()
    solver.keep()

    def resolve(draw: int) -> Floats:
        sides.change(sweep.row_lower[draw], sweep.row_upper[draw])
        costs.change(sweep.cost[draw])
        coefficients.change(sweep.values[draw])
        solution = solver.resolve()
        if solution.status != "optimal" or solution.x is None:
            raise RuntimeError(f"draw {draw} ended {solution.status}")
        return solution.x

    return resolve


def _values(highs: Any, draw: int) -> Floats:
    import highspy

    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"draw {draw} ended {highs.getModelStatus()}")
    return np.array(highs.getSolution().col_value)


def _highs(sweep: Sweep) -> Resolve:
    highs = loaded(sweep.problem, threads=1)
    highs.run()
    rows, columns = sweep.rows.astype(np.int32), sweep.columns.astype(np.int32)
    matrix = sweep.problem.matrix
    at_row = np.searchsorted(matrix.indptr, sweep.entries, side="right") - 1
    at = at_row.tolist(), matrix.indices[sweep.entries].tolist()

    def resolve(draw: int) -> Floats:
        highs.changeRowsBounds(len(rows), rows, sweep.row_lower[draw], sweep.row_upper[draw])
        highs.changeColsCost(len(columns), columns, sweep.cost[draw])
        for row, column, value in zip(*at, sweep.values[draw].tolist(), strict=True):
            highs.changeCoeff(row, column, value)
        return _values(highs, draw)

    return resolve


def _cold(sweep: Sweep) -> Resolve:
    loaded(sweep.problem, threads=1).run()

    def resolve(draw: int) -> Floats:
        return _values(loaded(sweep.drawn(draw), threads=1), draw)

    return resolve


def _pyomo(sweep: Sweep) -> Resolve:
    import pyomo.environ as pyo
    from pyomo.contrib.solver.solvers.highs import Highs

    from benchmarks.suite.solvers.ordinary import fill

    p, model = sweep.problem, pyo.ConcreteModel()
    upper = np.isfinite(p.row_upper[sweep.rows])
    sides = np.where(upper, p.row_upper[sweep.rows], p.row_lower[sweep.rows])

    def parameters(figures: Floats) -> Any:
        start = dict(enumerate(figures.tolist()))
        return pyo.Param(range(len(figures)), initialize=start, mutable=True)

    def with_parameters(numbers: Floats, places: Ints, own: Any) -> list[Any]:
        figures: list[Any] = numbers.tolist()
        for place, parameter in zip(places.tolist(), own.values(), strict=True):
            figures[place] = parameter
        return figures

    model.side = parameters(sides)
    model.cost = parameters(p.cost[sweep.columns])
    model.rate = parameters(p.matrix.data[sweep.entries])
    fill(
        model,
        p,
        cost=with_parameters(p.cost, sweep.columns, model.cost),
        data=with_parameters(p.matrix.data, sweep.entries, model.rate),
        row_lower=with_parameters(p.row_lower, sweep.rows, model.side),
        row_upper=with_parameters(p.row_upper, sweep.rows, model.side),
    )
    solver = Highs()
    solver.config.threads = 1
    updates = solver.config.auto_updates
    for name in updates:
        updates[name] = name == "update_parameters"
    solver.solve(model)
    x = list(model.x.values())
    side, cost, rate = (list(p.values()) for p in (model.side, model.cost, model.rate))

    def resolve(draw: int) -> Floats:
        right = np.where(upper, sweep.row_upper[draw], sweep.row_lower[draw])
        for own, figures in ((side, right), (cost, sweep.cost[draw]), (rate, sweep.values[draw])):
            for parameter, figure in zip(own, figures.tolist(), strict=True):
                parameter.value = figure
        solver.solve(model)
        return np.array([variable.value for variable in x])

    return resolve


WAYS: dict[str, Callable[[Sweep], Resolve]] = {
    "ours": _ours,
    "highs": _highs,
    "pyomo": _pyomo,
    "cold": _cold,
}


def sweeps_of(size: str, seed: int, systems: int | None = None) -> Iterator[Sweep]:
    """Sweeps of the family, of so many systems at most."""
    from benchmarks.suite.families.registry import FAMILIES

    sweeps = FAMILIES["sweep"].sweeps
    assert sweeps is not None
    return itertools.islice(sweeps(size, seed), systems)


def go(way: str, size: str, seed: int, systems: int | None) -> Result:
    """Go one way through the sweeps of a size, in this process."""
    return measure(way, sweeps_of(size, seed, systems))


def differing(results: Sequence[Result]) -> list[str]:
    """What disagrees with the first of some results about any draw's objective."""
    first = np.array(results[0].objectives)
    found = []
    for other in results[1:]:
        off = np.abs(np.array(other.objectives) - first) / np.maximum(1.0, np.abs(first))
        if (off > TOLERANCE).any():
            draw = int(np.argmax(off))
            found.append(
                f"{other.way} differs from {results[0].way} by {off[draw]:.1e} at draw {draw}"
            )
    return found


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write JSON where asked; 1 when answers differ."""
    options = _options(arguments)
    spawn = multiprocessing.get_context("spawn")
    results = []
    for way in options.ways:
        with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
            asked = (way, options.size, options.seed, options.systems)
            result = pool.submit(go, *asked).result()
        results.append(result)
        each = 1e3 / result.draws
        print(
            f"{way:<8}{result.draws:7,} draws {result.per_second:9,.1f} a second "
            f"{result.seconds * each:9.3f} ms each, {result.highs * each:.3f} of it HiGHS's own: "
            f"{result.beyond:.0%} beyond; {result.iterations / result.draws:,.1f} iterations",
            flush=True,
        )
    wrong = differing(results)
    print("\n".join(wrong) if wrong else "all objectives agree")
    if options.json is not None:
        first = next(sweeps_of(options.size, options.seed))
        figures = (first.row_lower, first.row_upper, first.cost, first.values)
        report = heading(first.problem, figures) | {
            "size": options.size,
            "seed": options.seed,
            "systems": options.systems,
            "disagreements": wrong,
            "ways": [
                {**asdict(r), "per_second": r.per_second, "beyond": r.beyond} for r in results
            ],
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if wrong else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks sweep", description=__doc__)
    add = parser.add_argument
    add("--size", default="S", help="of the family sweep")
    add("--seed", type=int, default=0, help="of the first system")
    add("--systems", type=int, help="only so many systems")
    beside = "what comes first is what the others are compared with"
    add("--ways", type=names, default=list(WAYS), help=f"by comma; {beside}")
    add("--json", type=Path, help="write everything measured to this file")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.ways) - set(WAYS))
    if unknown:
        parser.error(f"no way {', '.join(unknown)}: there are {', '.join(WAYS)}")
    return options
