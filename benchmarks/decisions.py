"""What the formulation of indivisible decisions is worth: ``python -m benchmarks.decisions``.

The same drawn rounds, the same breakpoints and the same solver with the same settings, once
with the product's formulation (a column for every possible run, curves filled in order with
a decision only where one is needed, unit costs split over levels) and once with the
obvious one (:mod:`benchmarks.obvious`: whether an option is on and whether it starts, a
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
import pandas as pd

from allocator.data import Data, extract
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance, from_tables
from allocator.planning.readback import decisions as plan_of
from allocator.planning.readback import refilled
from allocator.planning.record import versions
from allocator.solver.compile.compiler import compile_model
from allocator.solver.highs.door import Solver
from allocator_models.allocation import build
from benchmarks.obvious import build_obvious

YEARS = 2
GROUP = 4
"""Options of a group: ways to run the same service."""


def draw(options: int, curves: int, seed: int) -> Instance:
    """Draw a round of options and curves that steepen.

    Parameters
    ----------
    options : int
        Options: groups of ways to run a service (dearer or cheaper by the unit, paid for
        once, worth more or less), and service extensions that may start in any year, some
        of which need another or exclude it.
    curves : int
        Programmes with an S-shaped return (logistic, or points with a start-up threshold).
    seed : int
        Seed.

    Returns
    -------
    Instance
        Every row is drawn: for timing, not for planning.
    """
    rng = np.random.default_rng(seed)
    years = [2025 + t for t in range(YEARS)]
    plain = max(20, curves // 5)
    s_shaped = [f"s{n:04d}" for n in range(curves)]
    concave = [f"c{n:04d}" for n in range(plain)]
    baseline = rng.uniform(50, 400, curves + plain).round()
    cost = rng.lognormal(0.0, 0.5, curves + plain).round(3)
    programmes = pd.DataFrame(
        {
            "programme": [*s_shaped, *concave],
            "sector": rng.choice(["acute", "community", "primary"], curves + plain),
            "pool": "NHS",
            "unit": "contacts",
            "unit_cost": cost,
            "baseline": baseline,
        }
    )
    limits = pd.DataFrame(
        {"programme": programmes["programme"], "basis": "baseline", "min": 0.0, "max": 1.6}
    )
    responses, points = _curves(rng, s_shaped, concave, baseline, cost)
    chosen, effects, links = _options(rng, options, programmes, years)
    total = float((cost * baseline).sum())
    settings = {"name": f"decisions {options}/{curves}", "base_year": 2024, "years": years}
    tables = {
        "programmes": programmes,
        "limits": limits,
        "budgets": pd.DataFrame({"pool": ["NHS"], "amount": [0.8 * total]}),
        "outcomes": pd.DataFrame({"outcome": ["health"], "weight": [1.0]}),
        "responses": responses,
        "response_points": points,
        "options": chosen,
        "option_effects": effects,
        "option_links": links,
    }
    return from_tables(settings, tables)


def _curves(
    rng: np.random.Generator,
    s_shaped: list[str],
    concave: list[str],
    baseline: Any,
    cost: Any,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    worth = rng.lognormal(0.3, 0.35, len(baseline)) * cost * baseline
    rows: list[tuple[Any, ...]] = []
    points: list[tuple[Any, ...]] = []
    for n, name in enumerate(s_shaped):
        b = baseline[n]
        if n % 2:
            half = b * rng.uniform(0.5, 1.0)
            rows.append((name, "logistic", None, None, 1.5 * worth[n], half, 6.0 / half))
            continue
        rows.append((name, "points", None, None, None, None, None))
        start, turn = b * rng.uniform(0.3, 0.6), b * rng.uniform(0.8, 1.2)
        for at, part in ((0, 0), (start, 0.05), (turn, 0.9), (1.4 * b, 1.1), (1.6 * b, 1.15)):
            points.append((name, "health", round(at, 3), round(part * worth[n], 4)))
    for n, name in enumerate(concave, start=len(s_shaped)):
        rows.append((name, "power", 0.5 * worth[n] / baseline[n], 0.5, None, None, None))
    columns = ["programme", "shape", "per_unit", "elasticity", "maximum", "half", "steepness"]
    responses = pd.DataFrame(rows, columns=columns).assign(outcome="health")
    table = pd.DataFrame(points, columns=["programme", "outcome", "activity", "effect"])
    return responses, table


def _options(
    rng: np.random.Generator, options: int, programmes: pd.DataFrame, years: list[int]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    names, cost, base = (programmes[c].to_numpy() for c in ("programme", "unit_cost", "baseline"))
    grouped = options // 2
    rows, effects, links = [], [], []
    targets = rng.permutation(len(names))
    for n in range(options):
        name = f"o{n:04d}"
        if n < grouped:
            i = targets[(n // GROUP) % len(names)]
            spend = cost[i] * base[i]
            rows.append(
                (name, f"g{n // GROUP}", "at_most_one", 2, rng.uniform(0.02, 0.2) * spend, 0.0)
            )
            effects.append((name, "unit_cost", names[i], "", "multiply", rng.uniform(0.8, 0.97)))
        else:
            i = int(rng.integers(len(names)))
            spend = cost[i] * base[i]
            rows.append(
                (
                    name,
                    "",
                    "any",
                    int(rng.integers(1, 3)),
                    rng.uniform(0.05, 0.3) * spend,
                    rng.uniform(0.02, 0.1) * spend,
                )
            )
            gain = rng.uniform(0.1, 0.5) * spend
            effects.append((name, "outcome", names[i], "health", "add", gain))
            effects.append((name, "limit_max", names[i], "", "add", 0.3 * base[i]))
            if n > grouped and rng.random() < 0.3:
                link = "requires" if rng.random() < 0.5 else "excludes"
                links.append((name, link, f"o{int(rng.integers(grouped, n)):04d}"))
    table = pd.DataFrame(
        rows, columns=["option", "group", "choose", "min_years", "cost_once", "cost_yearly"]
    ).assign(pool="NHS", earliest=years[0], latest=years[-1])
    changed = pd.DataFrame(
        effects, columns=["option", "measure", "target", "outcome", "operation", "value"]
    )
    return table, changed, pd.DataFrame(links, columns=["option", "link", "other"])


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


def disagreements(results: Sequence[Result], gap: float) -> list[str]:
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, a line a round and formulation, then medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--options", type=int, default=1000)
    parser.add_argument("--curves", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=3, help="rounds drawn")
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds a run")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    results = compare(
        asked.options, asked.curves, range(asked.seeds), asked.gap, asked.limit, asked.threads
    )
    wrong = disagreements(results, asked.gap)
    if asked.json:
        record = {"results": [asdict(r) for r in results], "wrong": wrong, "versions": versions()}
        print(json.dumps(record, indent=1))
        return
    head = ("formulation", "seed", "rows", "columns", "binaries", "relaxation", "objective")
    print(f"{head[0]:12}{head[1]:>5}" + "".join(f"{h:>12}" for h in head[2:]), end="")
    print(f"{'gap':>10}{'nodes':>8}{'seconds':>9}  status")
    for r in results:
        numbers = f"{r.rows:12,}{r.columns:12,}{r.binaries:12,}{r.relaxation:12,.1f}"
        best = "none" if r.objective is None else f"{r.objective:,.1f}"
        apart = "" if r.gap is None else f"{r.gap:.1e}"
        print(f"{r.formulation:12}{r.seed:5}{numbers}{best:>12}{apart:>10}", end="")
        print(f"{r.nodes:8,}{r.seconds:9.1f}  {r.status}")
    for name in ("product", "obvious"):
        mine = [r.seconds for r in results if r.formulation == name]
        print(f"{name}: median {statistics.median(mine):.1f} s")
    print("; ".join(wrong) or "no plan lies above the other's proved bound")


if __name__ == "__main__":
    main()
