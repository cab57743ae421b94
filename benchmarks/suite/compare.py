"""What changed between two result files: ``python -m benchmarks compare A B``.

Work that does not depend on the machine's mood decides the exit status: programmes, statuses,
answers, iterations and nodes. Times and memory are shown with their uncertainty and decide
nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.command import refuse
from benchmarks.suite import ledger, stats
from benchmarks.suite.lines import NOT_TRIED, BadResults, Line, Results, name_of, read
from benchmarks.suite.page.charts import short
from benchmarks.suite.page.document import Document, Points, Section, Table, Text
from benchmarks.suite.page.figures import NOISE, Figures, seconds_of, solved
from benchmarks.suite.page.words import plural
from benchmarks.suite.solvers.base import OVERHEAD, STAGES

ANSWER = 1e-6
"""By how much of max(1, |objective|) an answer may move, besides the gaps of both."""

WORK = 0.1
"""Share by which iterations and nodes may grow."""

FEW = 10
"""Iterations and nodes by which they may grow besides."""

FEWEST = 5
"""Programmes from which an interval says anything."""

COUNTING = (
    "cbcbox",
    "clarabel",
    "gurobipy",
    "highspy",
    "highspy-extras",
    "ortools",
    "PuLP",
    "PySCIPOpt",
    "swiglpk",
)
"""Packages whose next version may count other iterations for the same answer."""

LAYER = " (layer)"
COUNTS = ("rows", "columns", "nonzeros", "integers")
WORK_COUNTED = ("iterations", "nodes")
STAGE_SETS = {
    "all stages": (),
    "solve": ("solve",),
    "overhead": OVERHEAD,
}


@dataclass(frozen=True)
class Change:
    """One difference in deterministic work.

    Attributes
    ----------
    problem, who, what, before, after : str
    regression : bool
        Worse, rather than different or better.
    """

    problem: str
    who: str
    what: str
    before: str
    after: str
    regression: bool


@dataclass(frozen=True)
class Speed:
    """Seconds or memory after over before, on the cells of one solver or layer.

    Attributes
    ----------
    who, what : str
    ratio : stats.Ratio
    verdict : str
    """

    who: str
    what: str
    ratio: stats.Ratio
    verdict: str


@dataclass
class Comparison:
    """All that changed between two sets of results.

    Attributes
    ----------
    changes : list of Change
    speeds : list of Speed
    matched : int
        Cells that both have.
    notes : list of str
    """

    changes: list[Change] = field(default_factory=list)
    speeds: list[Speed] = field(default_factory=list)
    matched: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def regressions(self) -> list[Change]:
        """Changes for the worse."""
        return [change for change in self.changes if change.regression]


@dataclass(frozen=True)
class Tolerances:
    """What does not count as a change.

    Attributes
    ----------
    work : float
        Share by which iterations and nodes may grow.
    partial : bool
        Cells of the first file may be absent from the second.
    other_machine : bool
        Programmes may differ in the last digits of their numbers; and iterations and nodes
        decide only between the same solvers' versions on the same kind of processor.
    """

    work: float = WORK
    partial: bool = False
    other_machine: bool = False


Cell = tuple[str, str, str, int]
"""Programme, solver or layer, what was asked, permutation."""


def compared(before: Results, after: Results, tolerances: Tolerances) -> Comparison:
    """Compare two sets of results cell by cell.

    Raises
    ------
    BadResults
        Where they have nothing in common.
    """
    out = Comparison()
    a, b = _cells(before), _cells(after)
    both = sorted(a.keys() & b.keys())
    if not both:
        raise BadResults(
            "the two files have no run in common (same programme, solver, options, time limit,"
            " threads and permutation): nothing can be compared."
        )
    out.matched = len(both)
    out.changes += _programmes(before, after, tolerances)
    differing = {change.problem for change in out.changes}
    other = _other_solvers(before, after) if tolerances.other_machine else []
    if other:
        out.notes.append(
            f"Other solvers or another kind of processor ({', '.join(other)}): iterations and"
            " nodes are told and decide nothing. Make the first file anew to have them decide."
        )
    for cell in both:
        for change in _cell(cell, a[cell], b[cell], tolerances, cell[0] in differing):
            told = other and change.what in WORK_COUNTED
            out.changes.append(replace(change, regression=False) if told else change)
    gone = sorted(a.keys() - b.keys())
    for problem, who, _, permutation in gone:
        label = f"{who}, permutation {permutation}"
        out.changes.append(
            Change(problem, label, "run", "there", "not there", not tolerances.partial)
        )
    new = len(b.keys() - a.keys())
    if new:
        out.notes.append(f"{plural(new, 'cell')} only in the second file.")
    out.speeds = list(_speeds(both, a, b))
    _machines(before, after, out)
    return out


def _cells(results: Results) -> dict[Cell, list[Line]]:
    figures = Figures(results)
    out: dict[Cell, list[Line]] = defaultdict(list)
    for line in figures.lines:
        who = f"{line['layer']}{LAYER}" if line.get("layer") else line["solver"]
        asked = json.dumps(line.get("asked") or {}, sort_keys=True)
        out[name_of(line["problem"]), who, asked, line["permutation"]].append(line)
    return dict(out)


def _programmes(before: Results, after: Results, tolerances: Tolerances) -> Iterator[Change]:
    """Programmes that are no longer the same."""
    old = {name_of(line["problem"]): line["problem"] for line in before.lines}
    new = {name_of(line["problem"]): line["problem"] for line in after.lines}
    for name in sorted(old.keys() & new.keys()):
        a, b = old[name], new[name]
        if a["sha256"] == b["sha256"]:
            continue
        counts = [what for what in COUNTS if a[what] != b[what]]
        for what in counts:
            yield Change(name, "the programme", what, f"{a[what]:,}", f"{b[what]:,}", True)
        if not counts:
            yield Change(
                name,
                "the programme",
                "SHA-256 (same counts)",
                a["sha256"][:12],
                b["sha256"][:12],
                not tolerances.other_machine,
            )


def _cell(
    cell: Cell, a: list[Line], b: list[Line], tolerances: Tolerances, differing: bool
) -> Iterator[Change]:
    problem, who, _, permutation = cell
    label = f"{who}, permutation {permutation}"
    old, new = _status(a), _status(b)
    if old != new:
        worse = _order(b) > _order(a)
        if new in NOT_TRIED and tolerances.partial:
            worse = False
        yield Change(problem, label, "status", old, new, worse)
        return
    if old != "verified-optimal":
        return
    if (moved := _answer(a[0], b[0])) is not None:
        yield Change(problem, label, "objective", *moved, True)
    if differing:
        return
    for what in WORK_COUNTED:
        x, y = _work(a, what), _work(b, what)
        if x is None or y is None or abs(y - x) <= FEW + tolerances.work * x:
            continue
        yield Change(problem, label, what, f"{x:,.0f}", f"{y:,.0f}", y > x)


def _order(lines: Sequence[Line]) -> int:
    """How bad the worst of a cell's runs is."""
    return max(_badness(line) for line in lines)


def _badness(line: Line) -> int:
    if solved(line):
        return 0
    ranks = {"feasible-at-limit": 1, "wrong": 9}
    return ranks.get(line["status"], 3 if line["status"] not in NOT_TRIED else 4)


def _status(lines: Sequence[Line]) -> str:
    """The worst status of a cell's runs."""
    return str(max(lines, key=_badness)["status"])


def _answer(a: Line, b: Line) -> tuple[str, str] | None:
    """Objectives, where they differ by more than the tolerance and both gaps."""
    x, y = a.get("objective"), b.get("objective")
    if x is None or y is None:
        return None
    gaps = 0.0
    if a["problem"]["integers"]:
        gaps = sum(
            ledger.INTEGER_GAP if line.get("gap") is None else float(line["gap"]) for line in (a, b)
        )
    if abs(x - y) <= (ANSWER + gaps) * max(1.0, abs(x)):
        return None
    return f"{x:.12g}", f"{y:.12g}"


def _work(lines: Sequence[Line], what: str) -> float | None:
    found = [value for line in lines if (value := ledger.work_of(line, what)) is not None]
    return statistics.median(found) if found else None


def _speeds(
    cells: Sequence[Cell], a: dict[Cell, list[Line]], b: dict[Cell, list[Line]]
) -> Iterator[Speed]:
    """Ratios of seconds and memory by solver or layer, over cells that both solved."""
    by_who: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if all(solved(line) for line in a[cell] + b[cell]):
            by_who[cell[1]].append(cell)
    for who, mine in sorted(by_who.items()):
        for what in (*STAGE_SETS, "memory"):
            if what == "overhead" and not who.endswith(LAYER):
                continue
            each = _ratios(mine, a, b, what)
            if each:
                found = stats.ratio(np.ones(len(each)), each)
                yield Speed(who, what, found, _verdict(found))


def _ratios(
    cells: Sequence[Cell], a: dict[Cell, list[Line]], b: dict[Cell, list[Line]], what: str
) -> list[float]:
    """One ratio a programme: the permutations of one are no independent evidence."""
    by_problem: dict[str, list[float]] = defaultdict(list)
    for cell in cells:
        x, y = _typical(a[cell], what), _typical(b[cell], what)
        if x and y and (what in ("memory", "overhead") or max(x, y) >= stats.CLOCK):
            by_problem[cell[0]].append(y / x)
    return [statistics.geometric_mean(values) for values in by_problem.values()]


def _typical(lines: Sequence[Line], what: str) -> float | None:
    """Median over repeats."""
    values: list[float | None]
    if what == "memory":
        values = [
            max(line["peak_memory"] - line["import_memory"], 1)
            if line.get("peak_memory") and line.get("import_memory") is not None
            else None
            for line in lines
        ]
    else:
        stages = STAGE_SETS[what] or STAGES
        values = [seconds_of(line, stages) for line in lines]
    found = [value for value in values if value is not None]
    return statistics.median(found) if found else None


def _verdict(ratio: stats.Ratio) -> str:
    """What the interval allows to say."""
    if ratio.pairs < FEWEST:
        return "too few to tell"
    if ratio.low > 1 + NOISE:
        return "more"
    if ratio.high < 1 - NOISE:
        return "less"
    if ratio.low > 1 / (1 + NOISE) and ratio.high < 1 + NOISE:
        return "the same"
    return "not shown"


def _environments(before: Results, after: Results) -> tuple[dict[str, Any], dict[str, Any]]:
    """Environments of the lines of both; what is not recorded is empty."""
    one, other = (
        next((e for name, e in r.environments.items() if name in ids), {})
        for r, ids in ((r, _environment_ids(r)) for r in (before, after))
    )
    return one, other


def _environment_ids(results: Results) -> set[str]:
    return {str(line.get("environment_id")) for line in results.lines}


def _other_solvers(before: Results, after: Results) -> list[str]:
    """What may make the same work count otherwise: versions, and the kind of processor."""
    one, other = _environments(before, after)
    a, b = one.get("packages") or {}, other.get("packages") or {}
    found = [
        f"{name} {a[name]} and {b[name]}"
        for name in COUNTING
        if a.get(name) and b.get(name) and a[name] != b[name]
    ]
    kinds = one.get("machine"), other.get("machine")
    if all(kinds) and kinds[0] != kinds[1]:
        found.append(f"{kinds[0]} and {kinds[1]}")
    return found


def _machines(before: Results, after: Results, out: Comparison) -> None:
    if _environment_ids(before) == _environment_ids(after):
        return
    one, other = _environments(before, after)
    changed = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
    out.notes.append(
        f"The environments differ ({', '.join(changed) or 'not recorded'}): ratios of times are"
        " of both together, not of the code alone."
    )


def report(found: Comparison, names: tuple[str, str]) -> Document:
    """Comparison as a document."""
    worse = found.regressions
    head = (
        f"{plural(len(worse), 'regression')} in deterministic work."
        if worse
        else "No regression in deterministic work."
    )
    changes = [
        (c.problem, c.who, c.what, c.before, c.after, "**worse**" if c.regression else "changed")
        for c in sorted(found.changes, key=lambda c: not c.regression)
    ]
    sections = [
        Section(
            "In short",
            [
                Text(head, "alarm" if worse else "plain"),
                Points([f"{plural(found.matched, 'cell')} compared.", *found.notes]),
            ],
        )
    ]
    if changes:
        columns = ("Programme", "Run", "What", "before", "after", "verdict")
        sections.append(Section("Deterministic work", [Table(columns, changes, 6)]))
    if found.speeds:
        rows = [
            (
                s.who,
                s.what,
                f"{s.ratio.value:.3f}",
                f"{s.ratio.low:.3f} to {s.ratio.high:.3f}",
                str(s.ratio.pairs),
                s.verdict,
            )
            for s in found.speeds
        ]
        columns = ("Solver or layer", "What", "after / before", "95%", "programmes", "verdict")
        words = (
            "Geometric means over programmes that both solved, with 95% bootstrap intervals."
            f" “More” and “less” need the whole interval beyond {NOISE:.0%}; times below"
            f" {short(stats.CLOCK)} s are left out. They do not decide the exit status."
        )
        sections.append(Section("Time and memory", [Text(words), Table(columns, rows, 2)]))
    return Document(f"{names[0]} against {names[1]}", "before and after", sections)


def as_json(found: Comparison) -> dict[str, Any]:
    """Comparison as plain values."""
    return {"regressions": len(found.regressions), **asdict(found)}


def main(arguments: Sequence[str]) -> int:
    """Compare; return the exit status.

    Returns
    -------
    int
        0 no regression; 1 a regression in deterministic work; 2 files that cannot be
        compared.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks compare",
        description="Say what got worse from one result file to another. Exit status 1 for a"
        " regression in work that does not depend on the machine: programmes, statuses, answers,"
        " iterations, nodes.",
    )
    add = parser.add_argument
    add("before", type=Path)
    add("after", type=Path)
    add("--work", type=float, default=WORK, help="share by which work may grow (%(default)s)")
    add("--partial", action="store_true", help="the second file may lack runs of the first")
    add(
        "--other-machine",
        action="store_true",
        help="programmes may differ in the last digits of their numbers; iterations and nodes"
        " decide only where solvers' versions and the kind of processor are the same",
    )
    add("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)
    tolerances = Tolerances(options.work, options.partial, options.other_machine)
    try:
        found = compared(read(options.before), read(options.after), tolerances)
    except BadResults as fault:
        return refuse("compare", fault)
    if options.json:
        print(json.dumps(as_json(found), indent=2))
    else:
        print(report(found, (str(options.before), str(options.after))).markdown())
    return 1 if found.regressions else 0
