"""One page and one Markdown file of the results: ``python -m benchmarks report``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import refuse
from benchmarks.suite.files import whole
from benchmarks.suite.lines import BadResults, Results, merged, one_machine, read
from benchmarks.suite.page import sweep
from benchmarks.suite.page.figures import Figures
from benchmarks.suite.page.sections import document
from benchmarks.suite.page.sweep import Sweep

TITLE = "Solvers and modelling layers for budget allocation"


def write(
    results: Results, folder: Path, title: str = TITLE, sweeps: Sequence[Sweep] = ()
) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.md``; return where they are.

    Parameters
    ----------
    results : Results
        From one machine, at least one line.
    folder : Path
        Made where it is not there.
    title : str
    sweeps : sequence of dict
        As read by :func:`benchmarks.suite.page.sweep.read`.

    Raises
    ------
    BadResults
        Nothing to report, or times of several machines.
    """
    if not results.lines:
        raise BadResults("no results yet: `python -m benchmarks run` writes them.")
    one_machine(results)
    page = document(Figures(results), title, sweeps)
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "report.html", folder / "report.md"
    for path, text in zip(out, (page.html(), page.markdown()), strict=True):
        with whole(path) as file:
            file.write(text.encode())
    return out


def main(arguments: Sequence[str]) -> int:
    """Report what the arguments name; return the exit status (2: results that cannot be)."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks report",
        description="Write a self-contained HTML page and a Markdown file of result files.",
    )
    parser.add_argument("results", type=Path, nargs="+", help="result files of one machine")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument(
        "--sweep",
        type=Path,
        action="append",
        default=[],
        help="JSON of `python -m benchmarks sweep`",
    )
    parser.add_argument("--title", default=TITLE)
    options = parser.parse_args(arguments)
    try:
        results = merged([(str(path), read(path)) for path in options.results])
        sweeps = [sweep.read(path) for path in options.sweep]
        for path in write(results, options.out, options.title, sweeps):
            print(path)
    except BadResults as fault:
        return refuse("report", fault)
    for note in results.notes:
        print(note, file=sys.stderr)
    return 0
