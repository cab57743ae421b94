"""What parts of a programme are worth to its solving: ``python -m benchmarks structure``.

A plan for many places is nearly many plans, which a few rows link: shared money and national
rules. Each programme is solved from nothing as a whole; from a basis put together from its
parts, solved apart at the prices a sample of them pays for the linking rows; and by asking
the parts at ever better prices (:mod:`benchmarks.studies.coordination`). Sizes grow, so that it
shows how each grows. Times are of the processor, as steps differ in how well they wait.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from allocator.arrays import Ints
from allocator.planning.record import versions
from allocator.solver.program import Program
from benchmarks.country.generate import generate
from benchmarks.studies.ways import AGREE, Measured, Step, measure, typical
from benchmarks.suite.families.lp import concave
from benchmarks.suite.lines import plain
from benchmarks.suite.page.document import Table
from benchmarks.suite.product import compiled, linear_program_of
from benchmarks.suite.stats import Growth, growth

TOGETHER = 4
"""Places of a system."""

PACKED = 6
"""Systems of concave curves that make one part, as they are small."""

ROOM = 1.3
"""Most columns of a part, over those of an even share: two parts are never one."""

LINEAR = 1.15
"""Exponent up to which growth is called linear."""


@dataclass(frozen=True)
class Series:
    """Programmes of one shape that grow.

    Attributes
    ----------
    words : str
        What it is.
    make : callable
        ``make(size, seed)`` gives the programme and the homes of its columns, if known.
    sizes : tuple of int
    parts : callable
        ``parts(size)`` gives about how many parts there are; default: as many as its size.
    """

    words: str
    make: Callable[[int, int], tuple[Program, Ints | None]]
    sizes: tuple[int, ...]
    parts: Callable[[int], int] = int


def homes_of(program: Program, place_of: dict[str, str]) -> Ints:
    """Place of the programme each column is about; -1 for the columns that are about none."""
    codes = {place: code for code, place in enumerate(dict.fromkeys(place_of.values()))}
    out = np.full(program.shape[1], -1, dtype=np.int64)
    for block in program.columns:
        if block.index is not None and block.index.axes[0].name == "programme":
            labels = block.index.axes[0].labels
            home = np.array([codes[place_of[str(label)]] for label in labels], dtype=np.int64)
            out[block.span] = home[block.index.columns[0]]
    return out


def generated(systems: int, places: int, seed: int, national: bool) -> tuple[Program, Ints]:
    """Programme of a generated country, and the place of each column."""
    instance = generate(systems, places, seed=seed, national=national)
    programmes = instance.tables["programmes"]
    place_of = dict(zip(programmes["programme"], programmes["place"], strict=True))
    program = at_rest(compiled(instance))
    return program, homes_of(program, place_of)


def at_rest(program: Program) -> Program:
    """A programme without the sums over all held lines, which hold whatever a plan does.

    The stages of a solve put what is least on their right side; until then they link nothing.
    """
    keep = np.ones(program.shape[0])
    for name in ("held_kept", "held_short", "held_even"):
        block = program.block(name)
        if block is not None:
            keep[block.span] = 0.0
    matrix = sparse.csr_array(sparse.diags_array(keep) @ program.matrix)
    matrix.eliminate_zeros()
    return program.replaced(matrix=matrix)


SERIES = {
    "systems": Series(
        f"systems of {TOGETHER} places, linked by national rules and a shared resource",
        lambda size, seed: generated(size, TOGETHER, seed, True),
        (5, 10, 20, 40),
    ),
    "places": Series(
        "places of one system, linked by its money and rules",
        lambda size, seed: generated(1, size, seed, True),
        (20, 40, 80, 160),
    ),
    "unlinked": Series(
        f"systems of {TOGETHER} places that nothing links",
        lambda size, seed: generated(size, TOGETHER, seed, False),
        (5, 10, 20, 40),
    ),
    "concave": Series(
        "systems of concave curves under nested ring-fences, linked by one budget",
        lambda size, seed: (linear_program_of(concave("concave", str(size), seed, size)), None),
        (60, 120, 240, 480),
        lambda size: max(2, size // PACKED),
    ),
}


def table(found: Sequence[Measured]) -> str:
    """Figures of each programme in Markdown."""
    algorithms = list(dict.fromkeys(name for one in found for name in one.cold))
    head = ["series", "size", "nonzeros", "linking rows", "parts"]
    for name in algorithms:
        head += [f"{name} iterations", f"{name} s"]
    head += ["prices s", "apart iterations", "apart s", "last iterations", "last s", "crash s"]
    head += ["rounds", "decomposition iterations", "decomposition s", "gap", "missed"]
    head += ["polish iterations", "polish s", "differ by"]
    rows = []
    for one in found:
        cells = [one.series, f"{one.size}", f"{one.nonzeros:,}", f"{one.linking}", f"{one.parts}"]
        for name in algorithms:
            cells += _cells(one.cold.get(name))
        cells += [f"{one.prices.seconds:.2f}", *_cells(one.apart), *_cells(one.last)]
        cells += [f"{one.crash:.2f}", f"{one.rounds}", f"{one.coordination.iterations:,}"]
        cells += [f"{one.decomposition:.2f}", f"{one.gap:.1e}", f"{one.violation:.1e}"]
        cells += _cells(one.polish)
        rows.append([*cells, f"{one.disagreement():.1e}"])
    return Table(head, rows).markdown()


def _cells(step: Step | None) -> list[str]:
    """Iterations and seconds of a step; marks where it did not end with an optimum."""
    if step is None or (step.status not in ("optimal", "limit")):
        return ["–", "–"]
    mark = "" if step.status == "optimal" else ">"
    return [f"{step.iterations:,}", f"{mark}{step.seconds:.2f}"]


def ways_of(one: Measured) -> dict[str, float]:
    """Seconds by what they are of; not a number where that did not end with an optimum."""
    steps = {
        **{name: (step.seconds, step) for name, step in one.cold.items()},
        "parts apart": (one.apart.seconds, Step()),
        "last solve": (one.last.seconds, Step()),
        "crash": (one.crash, one.last),
        "decomposition": (one.decomposition, one.coordination),
    }
    return {way: s if step.status == "optimal" else np.nan for way, (s, step) in steps.items()}


def exponents(found: Sequence[Measured]) -> dict[str, dict[str, Growth | None]]:
    """How the seconds of each algorithm and way grow with the nonzeros, by series."""
    out: dict[str, dict[str, Growth | None]] = {}
    for series in dict.fromkeys(one.series for one in found):
        mine = [one for one in found if one.series == series]
        sizes, seconds = [one.nonzeros for one in mine], [ways_of(one) for one in mine]
        out[series] = {way: growth(sizes, [each[way] for each in seconds]) for way in seconds[0]}
    return out


def growth_table(found: Sequence[Measured]) -> str:
    """Exponents in Markdown, with their 95% intervals."""
    by_series = exponents(found)
    ways = list(dict.fromkeys(way for mine in by_series.values() for way in mine))
    rows = [[name, *(_exponent(mine.get(way)) for way in ways)] for name, mine in by_series.items()]
    return Table(["seconds ~ nonzeros^", *ways], rows).markdown()


def _exponent(one: Growth | None) -> str:
    if one is None:
        return "–"
    if np.isinf(one.low):
        return f"{one.exponent:.2f}"
    return f"{one.exponent:.2f} ({one.low:.2f} to {one.high:.2f})"


def finding(found: Sequence[Measured]) -> str:
    """What the figures say of each series: growth of the whole and the parts, and who wins."""
    grown = exponents(found)
    lines = []
    for series, ways in grown.items():
        largest = max((one for one in found if one.series == series), key=lambda o: o.nonzeros)
        words = [*_said_of_growth(largest, ways), *_said_of_times(largest)]
        about = SERIES[series].words if series in SERIES else "as given"
        lines.append(f"- **{series}** ({about}): {'; '.join(words)}.")
    return "\n".join(lines)


def _said_of_growth(largest: Measured, ways: dict[str, Growth | None]) -> list[str]:
    words = []
    for way in (*largest.cold, "parts apart", "crash", "decomposition"):
        grown = ways.get(way)
        if grown is not None:
            faster = "faster than the work" if grown.exponent > LINEAR else "no faster than linear"
            words.append(f"{way} grows {faster} (exponent {grown.exponent:.2f})")
    return words


def _said_of_iterations(largest: Measured) -> list[str]:
    cold = largest.cold.get("simplex", Step(status="not asked for"))
    if cold.status != "optimal" or largest.last.status != "optimal":
        return []
    return [
        f"the last solve of the crash takes {largest.last.iterations:,} iterations, and "
        f"{largest.polish.iterations:,} at the decomposition's prices, instead of "
        f"{cold.iterations:,}"
    ]


def _said_of_times(largest: Measured) -> list[str]:
    times = ways_of(largest)
    ways = {way: times[way] for way in ("crash", "decomposition") if np.isfinite(times[way])}
    words = _said_of_iterations(largest)
    for way, seconds in ways.items():
        if largest.whole is not None:
            words.append(
                f"at {largest.nonzeros:,} nonzeros the {way} takes {seconds / largest.whole:.2f} "
                "times the fastest solve of the whole"
            )
    if len(ways) == 2:
        better, worse = sorted(ways, key=lambda way: ways[way])
        times_more = ways[worse] / ways[better]
        words.append(f"the {worse} takes {times_more:.1f} times as long as the {better}")
    agreed = largest.disagreement() <= AGREE
    return [*words, "all answers agree" if agreed else "answers differ by more than they may"]


def main(arguments: Sequence[str]) -> int:
    """Measure, print Markdown, and write JSON where asked; 1 when answers disagree."""
    options = _options(arguments)
    found = []
    for name in options.series:
        series = SERIES[name]
        for size in options.sizes or series.sizes:
            program, homes = series.make(size, options.seed)
            runs = [
                measure(
                    program,
                    homes,
                    round(ROOM * program.shape[1] / series.parts(size)),
                    algorithms=options.algorithms,
                    sample=options.sample,
                    gap=options.gap,
                    seconds=options.limit,
                    series=name,
                    size=size,
                    seed=options.seed,
                )
                for _ in range(options.repeats)
            ]
            found.append(typical(runs))
            print(f"{name} {size} done", flush=True)
    print(f"\n{table(found)}\n\n{growth_table(found)}\n\n{finding(found)}")
    if options.json is not None:
        options.json.write_text(json.dumps(record(found), indent=2) + "\n", encoding="utf-8")
    return int(any(one.disagreement() > max(AGREE, options.gap) for one in found))


def record(found: Sequence[Measured]) -> dict[str, Any]:
    """Everything measured, as plain JSON values."""
    programmes = []
    for one in found:
        row = asdict(one) | {
            "crash_seconds": one.crash,
            "decomposition_seconds": one.decomposition,
            "disagreement": one.disagreement(),
        }
        programmes.append(plain(row))
    grown = {
        series: {way: None if of is None else of.exponent for way, of in ways.items()}
        for series, ways in exponents(found).items()
    }
    machine = {**versions(), "processors": os.cpu_count()}
    return {"machine": machine, "programmes": programmes, "exponents": grown}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks structure", description=(__doc__ or "").splitlines()[0]
    )
    add, ways = parser.add_argument, ("simplex", "ipx", "hipo")
    add("--series", nargs="+", choices=SERIES, default=list(SERIES), help="shapes to measure")
    add("--sizes", nargs="+", type=int, help="systems or places, for all series")
    add("--algorithms", nargs="+", choices=ways, default=["simplex", "ipx"], help="for the whole")
    add("--sample", type=float, default=0.2, help="share of parts that set prices")
    add("--gap", type=float, default=AGREE, help="of the decomposition")
    add("--limit", type=float, default=300.0, help="seconds of each long step")
    add("--repeats", type=int, default=1, help="medians are over these")
    add("--seed", type=int, default=0, help="of the programmes")
    add("--json", type=Path, help="write everything measured to this file")
    return parser.parse_args(arguments)
