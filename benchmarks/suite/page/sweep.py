"""Sweeps in a report: the same programme solved again and again, in several ways."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.suite.lines import BadResults
from benchmarks.suite.page import charts
from benchmarks.suite.page.charts import short
from benchmarks.suite.page.document import Block, Chart, Section, Table, Text
from benchmarks.suite.page.words import bold

Sweep = dict[str, Any]

NUMBERS = ("draws", "seconds", "highs", "load", "iterations", "per_second", "beyond")
INKS = {"HiGHS's own runs": charts.STAGE_INKS["solve"], "beyond": charts.STAGE_INKS["readback"]}
OURS = "ours"
BESIDE = "pyomo"
"""Whose throughput the others are told as multiples of."""


def read(path: Path) -> Sweep:
    """Read what ``python -m benchmarks sweep --json`` wrote.

    Raises
    ------
    BadResults
        For a file that is something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BadResults(f"{path}: cannot be read ({fault.strerror}).") from None
    except ValueError:
        found = None
    ways = found.get("ways") if isinstance(found, dict) else None
    if not ways or not all(set(NUMBERS) | {"way"} <= way.keys() for way in ways):
        raise BadResults(
            f"{path}: not the result of a sweep. `python -m benchmarks sweep --json FILE`"
            " writes one."
        )
    return {"size": "?", "seed": "?", "disagreements": [], **found}


def sweeps(found: Sequence[Sweep]) -> Section | None:
    """Solves a second, and what each way costs beyond HiGHS's own runs."""
    if not found:
        return None
    intro = (
        "The same programme solved again for drawn budgets, rates and weights, all ways in the same"
        " order. The clock begins once a programme is loaded and has been solved once; HiGHS's own"
        " runs, with the taking of a basis, are timed apart; the rest is what a way costs beyond"
        " them. “Ours” starts every draw from the basis of the mean figures, so that an answer does"
        " not depend on the draws before it; “cold” hands every draw to a fresh HiGHS."
    )
    blocks: list[Block] = [Text(intro)]
    for sweep in found:
        blocks += [Text(f"Against it: {words}.", "alarm") for words in sweep["disagreements"]]
        blocks += [_chart(sweep), _table(sweep), *_where(sweep)]
    return Section("Sweeps", blocks)


def _where(sweep: Sweep) -> list[Block]:
    """Which programme, and on which machine: a file of an earlier version does not say."""
    problem, machine = sweep.get("problem"), sweep.get("environment")
    if not problem or not machine:
        return []
    words = (
        f"First system: {problem['rows']:,} rows, {problem['columns']:,} columns,"
        f" {problem['nonzeros']:,} nonzeros, {problem['sha256'][:12]}; draws"
        f" {str(sweep.get('figures_sha256'))[:12]}. Measured {sweep.get('started', '')[:10]} on"
        f" {machine.get('cpu', '?')}, HiGHS {machine.get('packages', {}).get('highspy', '?')}."
    )
    return [Text(words)]


def in_short(found: Sequence[Sweep]) -> list[str]:
    """One sentence a sweep: of the product's way, or else of the fastest."""
    out = []
    for sweep in found:
        ours = max(sweep["ways"], key=lambda w: (w["way"] == OURS, float(w["per_second"])))
        words = f"{ours['way']} {short(ours['per_second'])} solves a second"
        words += f", {ours['beyond']:.0%} beyond HiGHS's own runs"
        times = _times(sweep, ours)
        if times is not None and ours["way"] != BESIDE:
            words += f", {times:.1f} times the throughput of {BESIDE}"
        differ = "" if not sweep["disagreements"] else "; **answers differ**"
        out.append(f"Sweep of size {sweep['size']}: {words}{differ}.")
    return out


def _times(sweep: Sweep, way: dict[str, Any]) -> float | None:
    beside = [w for w in sweep["ways"] if w["way"] == BESIDE]
    return float(way["per_second"]) / float(beside[0]["per_second"]) if beside else None


def _each(way: dict[str, Any]) -> tuple[float, float]:
    """Milliseconds a draw: HiGHS's own, and beyond it."""
    scale = 1e3 / way["draws"]
    return way["highs"] * scale, (way["seconds"] - way["highs"]) * scale


def _chart(sweep: Sweep) -> Chart:
    title = f"Size {sweep['size']}: milliseconds a draw"
    rows = {w["way"]: dict(zip(INKS, _each(w), strict=True)) for w in sweep["ways"]}
    svg = charts.bars(title, rows, INKS, " ms")
    return Chart(title, svg, [(charts.block(ink), name) for name, ink in INKS.items()])


def _table(sweep: Sweep) -> Table:
    rows = []
    for way in sorted(sweep["ways"], key=lambda way: -float(way["per_second"])):
        own, beyond = _each(way)
        times = _times(sweep, way)
        rows.append(
            (
                way["way"],
                f"{way['draws']:,}",
                bold(short(way["per_second"]), True),
                short(own),
                short(beyond),
                f"{way['beyond']:.0%}",
                short(way["iterations"] / way["draws"]),
                short(way["load"]),
                "–" if times is None else f"{times:.1f}",
            )
        )
    columns = (
        f"Size {sweep['size']}, seed {sweep['seed']}",
        "draws",
        "solves a second",
        "ms HiGHS",
        "ms beyond",
        "beyond",
        "iterations",
        "s to load",
        f"times {BESIDE}",
    )
    return Table(columns, rows)
