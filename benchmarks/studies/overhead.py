"""What the modelling layer costs against HiGHS: ``python -m benchmarks overhead``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allocator.instance.instance import Instance, read
from allocator.planning.record import versions
from benchmarks.country.generate import generate
from benchmarks.studies.measure import (
    OURS,
    RUNS,
    Beside,
    Measured,
    Timings,
    measure,
    measure_pyomo,
    measure_solve,
    peak_memory,
)
from benchmarks.suite.product import compiled

TARGET_GENERATED, TARGET_INSTANCE, TARGET_SOLVE = 0.25, 0.4, 0.5

SMALL_SYSTEMS = 3
"""Systems of one place that make a linear round of about 10,000 nonzeros."""


def nonzeros_of(instance: Instance) -> int:
    """Nonzeros of an instance's main programme."""
    return int(compiled(instance).matrix.nnz)


def systems_for(nonzeros: int, seed: int = 0, national: bool = True) -> int:
    """Fewest systems, or nearly, whose generated round has at least so many nonzeros."""

    def size(systems: int) -> int:
        return nonzeros_of(generate(systems, seed=seed, national=national))

    two, four = size(2), size(4)
    each = (four - two) / 2
    systems = max(1, round((nonzeros - two) / each) + 2)
    while size(systems) < nonzeros:
        systems += max(1, systems // 50)
    return systems


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write JSON where asked."""
    options = _options(arguments)
    if options.instance is not None:
        instance, target = read(options.instance), TARGET_INSTANCE
    else:
        systems = systems_for(options.nonzeros, options.seed, options.national)
        instance = generate(systems, seed=options.seed, national=options.national)
        target = TARGET_GENERATED
    memory = peak_memory(instance)
    measured = measure(instance, options.repeats, options.solver_seconds)
    print(instance.settings.name)
    result = {
        "instance": {"name": instance.settings.name, "sha256": instance.sha256},
        "machine": {**versions(), "processors": os.cpu_count()},
        **_report_main(measured, target, options.repeats),
        **_report_memory(memory),
        **_report_solve(_whole(options), options.repeats),
        **_report_pyomo(measure_pyomo(generate(options.pyomo_systems), min(3, options.repeats))),
    }
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks overhead", description=__doc__)
    add, off = parser.add_argument, "store_false"
    add("--nonzeros", type=int, default=500_000, help="of the generated round")
    add("--repeats", type=int, default=5, help="medians are over these")
    add("--seed", type=int, default=0, help="of the generated round")
    apart = "generate systems that nothing links, which is easier for the solver"
    add("--without-national", action=off, dest="national", help=apart)
    add("--instance", type=Path, help="measure this one, not a generated one")
    limit = "HiGHS is not run again once it has run this long"
    add("--solver-seconds", type=float, default=300.0, help=limit)
    whole = "a generated one of about the size of avonside without its decisions"
    add("--whole", type=Path, help=f"instance for the whole of allocator.solve ({whole})")
    add("--pyomo-systems", type=int, default=2, help="size at which ordinary Pyomo is timed")
    add("--json", type=Path, help="write everything measured to this file")
    return parser.parse_args(arguments)


def _line(name: str, seconds: list[float], timings: Timings) -> str:
    spread = f"{min(seconds):9.3f} to {max(seconds):.3f}"
    return f"  {name:<26}{timings.median(name):9.3f} s  {spread:<22}{len(seconds)} run(s)"


def _report_main(measured: Measured, target: float, repeats: int) -> dict[str, Any]:
    timings = measured.timings
    print(
        f"{measured.rows:,} rows, {measured.columns:,} columns, {measured.nonzeros:,} nonzeros; "
        f"{repeats} repeats: median, least to most"
    )
    for name in (*OURS, *RUNS, "independent check"):
        print(_line(name, timings.seconds[name], timings))
    print(f"  {'our steps together':<26}{timings.overhead:9.3f} s")
    ratios = {run: timings.ratio(run) for run in RUNS}
    for run, ratio in ratios.items():
        print(f"  our steps / {run}: {ratio:.3f}")
    worst = max(ratios.values())
    print(f"  against the faster of the two: {worst:.3f} (target {target}: {_met(worst, target)})")
    return {
        "size": {name: getattr(measured, name) for name in ("rows", "columns", "nonzeros")},
        "seconds": timings.seconds,
        "overhead_seconds": timings.overhead,
        "ratios": ratios,
        "ratio": worst,
        "target": target,
        "objectives": measured.objectives,
        "iterations": measured.iterations,
    }


def _report_memory(memory: tuple[int, int] | None) -> dict[str, Any]:
    if memory is None:
        print("  peak memory: not told by this system")
        return {"peak_memory_bytes": None}
    before, after = (round(size / 2**20) for size in memory)
    print(f"  peak memory: {before:,} MiB holding the instance, {after:,} MiB after hand-over")
    return {"peak_memory_bytes": {"instance": memory[0], "hand-over": memory[1]}}


def _whole(options: argparse.Namespace) -> Instance:
    if options.whole is not None:
        return read(options.whole)
    return generate(SMALL_SYSTEMS, 1, seed=options.seed)


def _report_solve(instance: Instance, repeats: int) -> dict[str, Any]:
    timings, integers = measure_solve(instance, repeats)
    name, seconds = instance.settings.name, timings.seconds["allocator.solve"]
    median = timings.median("allocator.solve")
    print(f"Whole of allocator.solve: {name}, {integers:,} decisions")
    print(_line("allocator.solve", seconds, timings))
    target = None if integers else TARGET_SOLVE
    if target is not None:
        print(f"  target {target} s: {_met(median, target)}")
    return {"solve": {"instance": name, "seconds": seconds, "target": target}}


def _report_pyomo(beside: Beside) -> dict[str, Any]:
    print(f"From extracted data to sparse arrays, {beside.nonzeros['arrays']:,} nonzeros")
    timings, ratio = beside.timings, beside.ratio
    for name, seconds in timings.seconds.items():
        print(_line(name, seconds, timings))
    print(f"  ordinary Pyomo takes {ratio:.0f} times as long")
    return {"pyomo": {"nonzeros": beside.nonzeros, "seconds": timings.seconds, "ratio": ratio}}


def _met(value: float, target: float) -> str:
    return "met" if value <= target else "missed"
