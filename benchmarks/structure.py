"""What parts of a programme are worth to its solving: ``python -m benchmarks.structure``.

A plan for many places is nearly many plans, which a few rows link: shared money and national
rules. Each programme is solved from nothing as a whole; from a basis put together from its
parts, solved apart at the prices a sample of them pays for the linking rows; and by asking
the parts at ever better prices (:mod:`benchmarks.coordination`). Sizes grow, so that it shows
how each grows. Times are of the processor, as steps differ in how well they wait.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from allocator.errors import SolverError, UsageError
from allocator.planning.record import versions
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from benchmarks.blocks import Apart, Split, program_of, sampled_prices, split
from benchmarks.coordination import coordinate, joined_basis
from benchmarks.generate import generate
from benchmarks.suite.families_allocator import compiled
from benchmarks.suite.families_lp import concave
from benchmarks.suite.stats import Growth, growth

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

AGREE = 1e-6
"""Of the objective, by which answers may differ."""

TOGETHER = 4
"""Places of a system."""

PACKED = 6
"""Systems of concave curves that make one part, as they are small."""

ROOM = 1.3
"""Most columns of a part, over those of an even share: two parts are never one."""

DEVEX = 1
FROM_BASIS = {"presolve": "off", "simplex_dual_edge_weight_strategy": DEVEX}
"""Options of a solve from a joined basis: with steepest edges, the solver's own choice, it
takes longer."""

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
        ``parts(size)`` gives about how many parts there are.
    """

    words: str
    make: Callable[[int, int], tuple[Program, Places | None]]
    sizes: tuple[int, ...]
    parts: Callable[[int], int]


def homes_of(program: Program, place_of: dict[str, str]) -> Places:
    """Place of the programme each column is about; -1 for the columns that are about none."""
    codes = {place: code for code, place in enumerate(dict.fromkeys(place_of.values()))}
    out = np.full(program.shape[1], -1, dtype=np.int64)
    for block in program.columns:
        if block.index is not None and block.index.axes[0].name == "programme":
            labels = block.index.axes[0].labels
            home = np.array([codes[place_of[str(label)]] for label in labels], dtype=np.int64)
            out[block.span] = home[block.index.columns[0]]
    return out


def generated(systems: int, places: int, seed: int, national: bool) -> tuple[Program, Places]:
    """Programme of a generated country, and the place of each column."""
    instance = generate(systems, places, seed=seed, national=national)
    programmes = instance.tables["programmes"]
    place_of = dict(zip(programmes["programme"], programmes["place"], strict=True))
    program = compiled(instance)
    return program, homes_of(program, place_of)


SERIES = {
    "systems": Series(
        f"systems of {TOGETHER} places, linked by national rules and a shared resource",
        lambda size, seed: generated(size, TOGETHER, seed, True),
        (5, 10, 20, 40),
        lambda size: size,
    ),
    "places": Series(
        "places of one system, linked by its money and rules",
        lambda size, seed: generated(1, size, seed, True),
        (20, 40, 80, 160),
        lambda size: size,
    ),
    "unlinked": Series(
        f"systems of {TOGETHER} places that nothing links",
        lambda size, seed: generated(size, TOGETHER, seed, False),
        (5, 10, 20, 40),
        lambda size: size,
    ),
    "concave": Series(
        "systems of concave curves under nested ring-fences, linked by one budget",
        lambda size, seed: (program_of(concave("concave", str(size), seed, size)), None),
        (60, 120, 240, 480),
        lambda size: max(2, size // PACKED),
    ),
}


@dataclass(frozen=True)
class Step:
    """One step of a way to the answer.

    Attributes
    ----------
    seconds : float
        Of the processor.
    iterations : int
    status : str
        As the solver ended, or why it did not begin.
    objective : float or None
    """

    seconds: float = 0.0
    iterations: int = 0
    status: str = "optimal"
    objective: float | None = None


@dataclass(frozen=True)
class Measured:
    """One programme solved every way.

    Attributes
    ----------
    series, size, seed
        Where it comes from.
    rows, columns, nonzeros, linking, parts : int
    cold : dict of str to Step
        The whole from nothing, by algorithm.
    find : Step
        Finding the parts.
    prices : Step
        Of the linking rows, from the sample.
    apart : Step
        The parts at those prices.
    last : Step
        The whole from the joined basis; putting that together counts.
    coordination : Step
        Rounds after `apart`, iterations of parts and master; its value.
    polish : Step
        The whole from the basis joined anew at the prices of the bound: better prices, and a
        vertex in the end.
    rounds : int
    bound, gap : float
        What the coordination proves.
    violation : float
        Largest by which its mixture misses a row or bound, in the scaled programme.
    """

    series: str
    size: int
    seed: int
    rows: int
    columns: int
    nonzeros: int
    linking: int
    parts: int
    cold: dict[str, Step]
    find: Step
    prices: Step
    apart: Step
    last: Step
    coordination: Step
    polish: Step
    rounds: int = 0
    bound: float = np.nan
    gap: float = np.inf
    violation: float = 0.0

    @property
    def before(self) -> float:
        """Seconds that both ways with parts need first."""
        return self.find.seconds + self.prices.seconds + self.apart.seconds

    @property
    def crash(self) -> float:
        """Seconds to the optimum through the joined basis."""
        return self.before + self.last.seconds

    @property
    def decomposition(self) -> float:
        """Seconds to the stated gap through prices."""
        return self.before + self.coordination.seconds

    @property
    def whole(self) -> float | None:
        """Seconds of the fastest algorithm that ended, from nothing."""
        done = [step.seconds for step in self.cold.values() if step.status == "optimal"]
        return min(done, default=None)

    def disagreement(self) -> float:
        """Largest difference of the answers that were reached, over their size."""
        steps = [*self.cold.values(), self.last, self.coordination, self.polish]
        values = [
            step.objective
            for step in steps
            if step.status == "optimal" and step.objective is not None
        ]
        if not values:
            return np.inf
        return (max(values) - min(values)) / max(1.0, *map(abs, values))


def measure(
    program: Program,
    homes: Places | None,
    most: int,
    *,
    algorithms: Sequence[str] = ("simplex",),
    sample: float = 0.2,
    gap: float = AGREE,
    seconds: float = np.inf,
    **where: Any,
) -> Measured:
    """Solve a programme every way.

    Parameters
    ----------
    program : Program
        Linear.
    homes : ndarray of int or None
        As for :func:`benchmarks.blocks.split`.
    most : int
        Most columns of a part.
    algorithms : sequence of str
        For the whole from nothing.
    sample : float
        Share of the parts that are asked for prices.
    gap : float
        Of the decomposition.
    seconds : float
        Limit of each whole solve (of the clock) and of the decomposition (of the processor).
    **where
        series, size, seed.
    """
    cold = {name: _whole(program, seconds, algorithm=name) for name in algorithms}
    clock = _Clock()
    parts = split(program, most, homes)
    find = Step(clock.lap())
    prices, iterations = sampled_prices(parts, sample)
    sampled = Step(clock.lap(), iterations)
    apart = Apart(parts, prices)
    alone = Step(clock.lap(), apart.iterations)
    last = _joined(program, apart, seconds)
    clock.lap()
    found = coordinate(apart, gap=gap, seconds=seconds)
    done = Step(
        clock.lap(),
        apart.iterations - alone.iterations + found.iterations,
        "optimal" if found.gap <= gap else "limit",
        parts.sign * found.value,
    )
    clock.lap()
    apart.solve(found.prices)
    polish = _joined(program, apart, seconds, before=clock.lap())
    return Measured(
        rows=program.shape[0],
        columns=program.shape[1],
        nonzeros=int(program.matrix.nnz),
        linking=len(parts.linking),
        parts=len(parts.parts),
        cold=cold,
        find=find,
        prices=sampled,
        apart=alone,
        last=last,
        coordination=done,
        polish=polish,
        rounds=found.rounds,
        bound=parts.sign * found.bound,
        gap=max(0.0, found.gap),
        violation=_violation(parts, found.x),
        **where,
    )


class _Clock:
    """Processor seconds since the last look."""

    def __init__(self) -> None:
        self._last = time.process_time()

    def lap(self) -> float:
        now = time.process_time()
        passed, self._last = now - self._last, now
        return passed


def _whole(
    program: Program,
    seconds: float,
    *,
    algorithm: str = "simplex",
    basis: Any = None,
    options: dict[str, Any] | None = None,
    before: float = 0.0,
) -> Step:
    """Solve all of it at once, loading included."""
    clock = _Clock()
    limit = None if np.isinf(seconds) else seconds
    try:
        solver = Solver(program, algorithm=algorithm, options=options)
        solution = solver.run(basis=basis, time_limit=limit)
    except (UsageError, SolverError) as refusal:
        return Step(status=str(refusal))
    iterations = sum(solution.iterations.values())
    return Step(before + clock.lap(), iterations, solution.status, solution.objective)


def _joined(program: Program, apart: Apart, seconds: float, before: float = 0.0) -> Step:
    """Solve all of it from the basis of its parts, putting that together included."""
    clock = _Clock()
    basis = joined_basis(apart)
    before += clock.lap()
    return _whole(program, seconds, basis=basis, options=FROM_BASIS, before=before)


def _violation(parts: Split, x: Numbers) -> float:
    """Largest by which a row or a bound is missed, in the scaled programme."""
    program, scaling = parts.program, parts.scaling
    activity = program.matrix @ x
    rows = np.maximum(program.row_lower - activity, activity - program.row_upper) * scaling.row
    columns = np.maximum(program.col_lower - x, x - program.col_upper) / scaling.column
    return max(0.0, float(rows.max(initial=0.0)), float(columns.max(initial=0.0)))


def typical(runs: Sequence[Measured]) -> Measured:
    """The run repeated, with the median time of each step."""

    def middle(steps: Iterable[Step]) -> Step:
        held = list(steps)
        return Step(**asdict(held[0]) | {"seconds": statistics.median(s.seconds for s in held)})

    first = runs[0]
    parts = {
        name: middle(getattr(run, name) for run in runs)
        for name in ("find", "prices", "apart", "last", "coordination", "polish")
    }
    cold = {name: middle(run.cold[name] for run in runs) for name in first.cold}
    return Measured(**{**vars(first), **parts, "cold": cold})


def table(found: Sequence[Measured]) -> str:
    """Figures of each programme in Markdown."""
    algorithms = list(dict.fromkeys(name for one in found for name in one.cold))
    head = ["series", "size", "nonzeros", "linking rows", "parts"]
    for name in algorithms:
        head += [f"{name} iterations", f"{name} s"]
    head += ["prices s", "apart iterations", "apart s", "last iterations", "last s", "crash s"]
    head += ["rounds", "decomposition iterations", "decomposition s", "gap", "missed"]
    head += ["polish iterations", "polish s", "differ by"]
    lines = [_row(head), _row(["---"] + ["---:"] * (len(head) - 1))]
    for one in found:
        cells = [one.series, f"{one.size}", f"{one.nonzeros:,}", f"{one.linking}", f"{one.parts}"]
        for name in algorithms:
            cells += _cells(one.cold.get(name))
        cells += [f"{one.prices.seconds:.2f}", *_cells(one.apart), *_cells(one.last)]
        cells += [f"{one.crash:.2f}", f"{one.rounds}", f"{one.coordination.iterations:,}"]
        cells += [f"{one.decomposition:.2f}", f"{one.gap:.1e}", f"{one.violation:.1e}"]
        cells += _cells(one.polish)
        lines.append(_row([*cells, f"{one.disagreement():.1e}"]))
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(step: Step | None) -> list[str]:
    """Iterations and seconds of a step; marks where it did not end with an optimum."""
    if step is None or (step.status not in ("optimal", "limit")):
        return ["–", "–"]
    mark = "" if step.status == "optimal" else ">"
    return [f"{step.iterations:,}", f"{mark}{step.seconds:.2f}"]


WAYS: dict[str, Callable[[Measured], float | None]] = {
    "whole": lambda one: one.whole,
    "parts apart": lambda one: one.apart.seconds,
    "last solve": lambda one: one.last.seconds,
    "crash": lambda one: one.crash if one.last.status == "optimal" else None,
    "decomposition": lambda one: (
        one.decomposition if one.coordination.status == "optimal" else None
    ),
}
"""Seconds that are compared, by what they are of."""


def exponents(found: Sequence[Measured]) -> dict[str, dict[str, Growth | None]]:
    """How the seconds of each algorithm and way grow with the nonzeros, by series."""
    out: dict[str, dict[str, Growth | None]] = {}
    for series in dict.fromkeys(one.series for one in found):
        mine = [one for one in found if one.series == series]
        sizes = [one.nonzeros for one in mine]
        cold = {
            name: growth(
                sizes,
                [
                    one.cold[name].seconds if one.cold[name].status == "optimal" else np.nan
                    for one in mine
                ],
            )
            for name in mine[0].cold
        }
        rest = {
            way: growth(sizes, [np.nan if (s := of(one)) is None else s for one in mine])
            for way, of in WAYS.items()
            if way != "whole"
        }
        out[series] = cold | rest
    return out


def growth_table(found: Sequence[Measured]) -> str:
    """Exponents in Markdown, with their 95% intervals."""
    by_series = exponents(found)
    ways = list(dict.fromkeys(way for mine in by_series.values() for way in mine))
    lines = [_row(["seconds ~ nonzeros^", *ways]), _row(["---"] + ["---:"] * len(ways))]
    lines += [
        _row([series, *(_exponent(mine.get(way)) for way in ways)])
        for series, mine in by_series.items()
    ]
    return "\n".join(lines)


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
        lines.append(f"- **{series}** ({_about(series)}): {'; '.join(words)}.")
    return "\n".join(lines)


def _about(series: str) -> str:
    return SERIES[series].words if series in SERIES else "as given"


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
    times = {way: seconds for way, of in WAYS.items() if (seconds := of(largest)) is not None}
    ways = {way: times[way] for way in ("crash", "decomposition") if way in times}
    words = _said_of_iterations(largest)
    for way, seconds in ways.items():
        if "whole" in times:
            ratio = seconds / times["whole"]
            words.append(
                f"at {largest.nonzeros:,} nonzeros the {way} takes {ratio:.2f} times the fastest "
                "solve of the whole"
            )
    if len(ways) == 2:
        better, worse = sorted(ways, key=lambda way: ways[way])
        times_more = ways[worse] / ways[better]
        words.append(f"the {worse} takes {times_more:.1f} times as long as the {better}")
    agreed = largest.disagreement() <= AGREE
    return [*words, "all answers agree" if agreed else "answers differ by more than they may"]


def main(arguments: Sequence[str] | None = None) -> int:
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
        programmes.append({k: None if _lost(v) else v for k, v in row.items()})
    grown = {
        series: {way: None if of is None else of.exponent for way, of in ways.items()}
        for series, ways in exponents(found).items()
    }
    machine = {**versions(), "processors": os.cpu_count()}
    return {"machine": machine, "programmes": programmes, "exponents": grown}


def _lost(value: Any) -> bool:
    return isinstance(value, float) and not np.isfinite(value)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.structure", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--series", nargs="+", choices=SERIES, default=list(SERIES), help="shapes to measure"
    )
    parser.add_argument("--sizes", nargs="+", type=int, help="systems or places, for all series")
    parser.add_argument(
        "--algorithms",
        nargs="+",
        choices=("simplex", "ipx", "hipo"),
        default=["simplex", "ipx"],
        help="for the whole from nothing",
    )
    parser.add_argument("--sample", type=float, default=0.2, help="share of parts that set prices")
    parser.add_argument("--gap", type=float, default=AGREE, help="of the decomposition")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds of each long step")
    parser.add_argument("--repeats", type=int, default=1, help="medians are over these")
    parser.add_argument("--seed", type=int, default=0, help="of the programmes")
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
