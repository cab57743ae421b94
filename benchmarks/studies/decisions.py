"""What the formulation of indivisible decisions is worth: ``python -m benchmarks decisions``.

The same drawn rounds, the same breakpoints and the same solver with the same settings, once
with the product's formulation (a column for every possible run, curves filled in order with
a decision only where one is needed, unit costs split over levels) and once with the
obvious one (:mod:`benchmarks.studies.obvious`: whether an option is on and whether it starts, a
decision for every point of a curve, big-M for what an option changes). Both are solved to
the same gap, their objectives compared, and the product's plan goes through the
independent check.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from allocator.data import Data, extract
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance
from allocator.planning.readback import decisions as plan_of
from allocator.planning.record import versions
from allocator.solver.compile.compiler import compile_model
from allocator.solver.highs.door import Solver
from allocator.solver.stages.filled import refilled
from allocator_models.allocation import build
from benchmarks.studies.obvious import build_obvious
from benchmarks.suite.families.decisions import draw
from benchmarks.suite.page.document import Table


@dataclass(frozen=True)
class Result:
    """One formulation of one round."""

    formulation: str
    options: int
    curves: int
    seed: int
    rows: int
    columns: int
    binaries: int
    relaxation: float
    status: str
    objective: float | None
    bound: float | None
    gap: float | None
    nodes: int
    seconds: float
    violation: float | None


def measure(
    instance: Instance,
    formulation: Callable[[Data], Any],
    name: str,
    sizes: tuple[int, int, int],
    gap: float,
    limit: float,
    threads: int,
) -> Result:
    """Solve one round with one formulation to a gap.

    Parameters
    ----------
    instance : Instance
    formulation : callable
        Builds the model from the arrays.
    name : str
        Name of the formulation.
    sizes : (int, int, int)
        Options, curves and seed.
    gap : float
        Relative gap of the objective.
    limit : float
        Seconds for branch and bound.
    threads : int
        Threads of the solver.
    """
    data = extract(instance)
    program = compile_model(formulation(data))
    relaxed = program.replaced(integer=np.zeros(len(program.integer), dtype=bool))
    root = Solver(relaxed, threads=threads).run()
    solver = Solver(program, threads=threads)
    began = time.perf_counter()
    found = solver.run(gap=gap, time_limit=limit)
    seconds = time.perf_counter() - began
    violation = None
    if found.x is not None and name == "product":
        plan = plan_of(data, program, refilled(data, program, found.x))
        violation = evaluate(instance, plan).max_violation
    apart = None
    if found.objective is not None and found.bound is not None:
        apart = abs(found.bound - found.objective) / max(1e-9, abs(found.objective))
    return Result(
        name,
        *sizes,
        *program.shape,
        int(program.integer.sum()),
        float("nan") if root.objective is None else root.objective,
        found.status,
        found.objective,
        found.bound,
        apart,
        found.nodes,
        seconds,
        violation,
    )


def compare(
    options: int, curves: int, seeds: Sequence[int], gap: float, limit: float, threads: int
) -> list[Result]:
    """Both formulations of the same rounds, in one process, in turn."""
    results = []
    for seed in seeds:
        instance = draw(options, curves, seed)
        sizes = (options, curves, seed)
        pair = [("product", build), ("obvious", build_obvious)]
        for name, formulation in pair if seed % 2 else reversed(pair):
            results.append(measure(instance, formulation, name, sizes, gap, limit, threads))
    return results


def disagreements(results: Sequence[Result]) -> list[str]:
    """Rounds in which one formulation's plan is above the other's proved bound."""
    wrong = []
    for one in results:
        for other in results:
            same = (one.options, one.curves, one.seed) == (other.options, other.curves, other.seed)
            if not same or one.objective is None or other.bound is None:
                continue
            if one.objective > other.bound + 1e-6 * max(1.0, abs(other.bound)):
                wrong.append(
                    f"seed {one.seed}: {one.formulation} beats the bound of {other.formulation}"
                )
    return wrong


def main(arguments: Sequence[str]) -> int:
    """Measure and print, a line a round and formulation, then medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks decisions", description=__doc__)
    add = parser.add_argument
    add("--options", type=int, default=1000)
    add("--curves", type=int, default=500)
    add("--seeds", type=int, default=3, help="rounds drawn")
    add("--gap", type=float, default=1e-4)
    add("--limit", type=float, default=600.0, help="seconds a run")
    add("--threads", type=int, default=1)
    add("--json", action="store_true")
    asked = parser.parse_args(arguments)
    results = compare(
        asked.options, asked.curves, range(asked.seeds), asked.gap, asked.limit, asked.threads
    )
    wrong = disagreements(results)
    if asked.json:
        record = {"results": [asdict(r) for r in results], "wrong": wrong, "versions": versions()}
        print(json.dumps(record, indent=1))
        return 0
    print(_table(results))
    for name in ("product", "obvious"):
        mine = [r.seconds for r in results if r.formulation == name]
        print(f"{name}: median {statistics.median(mine):.1f} s")
    print("; ".join(wrong) or "no plan lies above the other's proved bound")
    return 0


def _table(results: Sequence[Result]) -> str:
    names = ("formulation", "seed", "rows", "columns", "binaries", "relaxation", "objective")
    rows = [
        (
            r.formulation,
            f"{r.seed}",
            *(f"{count:,}" for count in (r.rows, r.columns, r.binaries)),
            f"{r.relaxation:,.1f}",
            "none" if r.objective is None else f"{r.objective:,.1f}",
            "" if r.gap is None else f"{r.gap:.1e}",
            f"{r.nodes:,}",
            f"{r.seconds:.1f}",
            r.status,
        )
        for r in results
    ]
    return Table((*names, "gap", "nodes", "seconds", "status"), rows).markdown()
