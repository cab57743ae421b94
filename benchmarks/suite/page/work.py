"""What else a report holds: memory, accuracy, integers, the machine and the programmes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.suite import ledger
from benchmarks.suite.page import charts
from benchmarks.suite.page.charts import short
from benchmarks.suite.page.document import Block, Chart, Charts, Points, Section, Table, Text
from benchmarks.suite.page.figures import PROOFS, Figures, kind_of
from benchmarks.suite.page.words import ends


def memory(figures: Figures, look: Mapping[str, charts.Look]) -> Section | None:
    """Peak memory of each run's process."""
    found = figures.memory(figures.lines)
    if not found:
        return None
    largest = {
        name
        for name, problem in figures.problems.items()
        if not any(
            other["family"] == problem["family"] and other["nonzeros"] > problem["nonzeros"]
            for other in figures.problems.values()
        )
    }
    names = [
        name
        for name in figures.problems
        if name in largest and any(name in m for m in found.values())
    ]
    values = {who: [max(v, 0.1) for v in by.values()] for who, by in found.items()}
    reach = ends([v for mine in values.values() for v in mine], 0.1)
    drawn = [
        Chart(title, charts.dots(title, mine, look, "MiB, a mark each programme", ends=reach))
        for title, mine in _apart(figures, values)
    ]
    intro = (
        "Peak resident memory of the process of its own that each run has, less what it held"
        " after its imports and before the programme was read. The table has the largest size"
        " of every family, in MiB."
    )
    tables = [
        Table(
            (f"{title}, MiB", "nonzeros", *mine),
            [
                (name, short(figures.problems[name]["nonzeros"]), *_mebibytes(found, mine, name))
                for name in names
                if any(name in found[who] for who in mine)
            ],
        )
        for title, mine in _apart(figures, values)
    ]
    return Section("Memory", [Text(intro), Charts(drawn), *tables])


def _mebibytes(
    found: Mapping[str, Mapping[str, float]], who: Iterable[str], name: str
) -> Iterator[str]:
    for one in who:
        value = found[one].get(name)
        yield "–" if value is None else short(round(value, 1))


def _apart(
    figures: Figures, values: Mapping[str, list[float]]
) -> list[tuple[str, dict[str, list[float]]]]:
    """Solvers and layers apart, each from the smallest largest value up."""
    order = sorted(values, key=lambda who: (max(values[who], default=0.0), who))
    out = []
    for title, lines in (("Solvers", figures.runs), ("Modelling layers", figures.layer_runs)):
        mine = set(figures.labels(lines))
        found = {who: values[who] for who in order if who in mine}
        if found:
            out.append((title, found))
    return out


def accuracy(figures: Figures, look: Mapping[str, charts.Look]) -> Section | None:
    """Recomputed breaches and distance from the optimum."""
    found = figures.accuracy()
    if not found:
        return None
    floor = 1e-17
    rows_of = {who: [max(v, floor) for v in mine["row"]] for who, mine in found.items()}
    words, mark = "largest breach of a row, a mark each run; dashed: 1e-6", ledger.TOLERANCE
    drawn = [
        Chart(title, charts.dots(title, mine, look, words, ends=(floor, 1.0), mark=mark))
        for title, mine in _apart(figures, rows_of)
    ]
    off, proofs = figures.off_optimum(), figures.proofs()
    rows = []
    for who, mine in found.items():
        cells = [_residuals(mine[name]) for name in ("row", "bound", "integer")]
        best = max(off.get(who, []), default=None)
        rests = (str(n) if n else "–" for n in proofs.get(who, dict.fromkeys(PROOFS, 0)).values())
        off_by = "–" if best is None else _size(best)
        rows.append((who, str(len(mine["row"])), *cells, off_by, *rests))
    residuals = ("Median, largest", "runs", "rows", "bounds", "integers")
    columns = (*residuals, "optimum off by", "known", "proved by duals", "claimed")
    intro = (
        "Recomputed from the programme's own arrays, relative to the size of each row; never"
        " what a solver reports of itself. “Off by” is the largest distance of a claimed optimum"
        " from the known optimum, or else from the best verified one. The last columns count what"
        " verified optima rest on: the optimum is known; the solver's duals close the gap; or the"
        " solver says so and nothing contradicts it."
    )
    return Section("Accuracy", [Text(intro), Charts(drawn), Table(columns, rows)])


def _residuals(values: Sequence[float]) -> str:
    if not values:
        return "–"
    return f"{_size(statistics.median(values))}, {_size(max(values))}"


def _size(value: float) -> str:
    return f"{value:.0e}" if value else "0"


def integers(figures: Figures) -> Section | None:
    """Nodes, gaps and primal integrals."""
    found = figures.integer_work()
    if not found:
        return None
    rows = [
        (
            who,
            f"{mine['runs']:.0f}",
            *("–" if (v := mine[name]) is None else short(v) for name in ("nodes", "gap")),
            "–" if (v := mine["integral"]) is None else f"{v:.1%}",
        )
        for who, mine in found.items()
    ]
    intro = (
        "Runs with a verified solution. Gap is the largest left between solution and bound, as"
        " found, not the tolerance asked for. The primal integral is the average gap to the best"
        " known solution over the time limit: how soon there is a good plan."
    )
    columns = ("Solver", "runs", "nodes (median)", "gap (largest)", "primal integral")
    return Section("Integer programmes", [Text(intro), Table(columns, rows)])


def machine(figures: Figures) -> Section:
    """Spread, load, environments and options."""
    blocks: list[Block] = []
    rows = [
        (who, band, str(len(v)), *(f"{q:.0%}" for q in (statistics.median(v), max(v))))
        for band, mine in figures.spreads.items()
        for who, v in mine.items()
    ]
    if rows:
        columns = ("Repeats: range over median", "runs of", "sets", "median", "largest")
        blocks.append(Table(columns, rows, 2))
    waiting = figures.waiting()
    if waiting is not None:
        blocks.append(
            Text(
                f"Single-threaded solves took {waiting:.2f} times their processor time at the"
                f" median{': the machine was doing something else.' if waiting > 1.1 else '.'}"
            )
        )
    loads = [float(line["load"]) for line in figures.lines if line.get("load") is not None]
    if loads:
        blocks.append(
            Text(
                f"Load before a run: {statistics.median(loads):.1f} at the median,"
                f" {max(loads):.1f} at most."
            )
        )
    blocks += _environments(figures)
    blocks.append(_options(figures))
    blocks += [Text(note, "note") for note in figures.results.notes]
    return Section("Machine, versions and options", blocks)


def _environments(figures: Figures) -> list[Block]:
    used = {str(line.get("environment_id")) for line in figures.lines}
    blocks: list[Block] = []
    for name, record in sorted(figures.results.environments.items()):
        if name not in used:
            continue
        rows = [
            (word.replace("_", " "), str(record[word]))
            for word in ("cpu", "cores", "memory_gib", "system", "machine", "python")
            if record.get(word) is not None
        ]
        packages = record.get("packages") or {}
        rows += [
            (package, str(version or "not installed")) for package, version in packages.items()
        ]
        blocks.append(Table((f"Environment {name}", ""), rows, 2))
    sources = {
        f"{source['commit'][:12]}{' with changes' if source.get('changed') else ''}"
        for session in figures.results.sessions
        if (source := session.get("source") or {}).get("commit")
    }
    if sources:
        blocks.append(Text(f"Source: {', '.join(sorted(sources))}.", "note"))
    return blocks


def _options(figures: Figures) -> Table:
    algorithms = figures.algorithms()
    rows = []
    for who, options in figures.options_read_back().items():
        words = "; ".join(
            f"{name} = {' or '.join(sorted(values))}" for name, values in sorted(options.items())
        )
        ran = ", ".join(sorted(algorithms.get(who, set())))
        rows.append((who, ran or "–", words or "–"))
    return Table(("Solver or layer", "what ran", "options as read back"), rows, 3)


def programmes(figures: Figures) -> Section:
    """What was solved, and why it is in the suite."""
    reasons: dict[str, str] = {}
    for session in figures.results.sessions:
        reasons |= session.get("families") or {}
    rows = []
    for name, problem in figures.problems.items():
        known = problem.get("known_optimum")
        what = problem.get("known_status") or ""
        rows.append(
            (
                name,
                kind_of(problem),
                *(f"{problem[key]:,}" for key in ("rows", "columns", "nonzeros", "integers")),
                f"{known:.9g}" if known is not None else what or "–",
                problem["sha256"][:12],
            )
        )
    columns = (
        "Programme", "kind", "rows", "columns", "nonzeros", "integers", "known", "SHA-256",
    )  # fmt: skip
    blocks: list[Block] = [Table(columns, rows, 2)]
    if reasons:
        blocks.insert(0, Points([f"**{name}**: {why}" for name, why in sorted(reasons.items())]))
    return Section("Programmes", blocks)


def reading() -> Section:
    """How it was done, and what is not claimed."""
    return Section(
        "How to read this",
        [
            Points(
                (
                    "Every run has a fresh process, and its answer is checked by code that knows"
                    " nothing of the solver. Nothing is called solved on a solver's word.",
                    "Programmes are known by the SHA-256 of their arrays, so nobody compares two"
                    " different ones under one name.",
                    "Runs are mixed in a random order from a seed, so that a busy quarter of an"
                    " hour falls on everybody.",
                    "Not claimed: that these families stand for other work; that default settings"
                    " are each solver's best; that times carry over to another machine or to more"
                    " threads; that an order within the spread of the repeats means anything.",
                    "The method is in benchmarks/README.md, written before the numbers.",
                )
            )
        ],
    )
