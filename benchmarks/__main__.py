"""The one entry point of everything here: ``python -m benchmarks VERB``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from benchmarks.command import meant

VERBS = {
    "run": ("suite.runner", "run programmes through solvers and modelling layers"),
    "sweep": ("suite.sweep", "solve programmes again and again for other figures"),
    "report": ("suite.page.report", "one HTML page and one Markdown file of the results"),
    "compare": ("suite.compare", "what got worse between two result files"),
    "export": ("suite.export", "programmes as exact MPS files"),
    "baseline": ("suite.baseline", "the runs that continuous integration compares"),
    "overhead": ("studies.overhead", "what the modelling layer costs against HiGHS"),
    "decisions": ("studies.decisions", "what the formulation of indivisible decisions is worth"),
    "reading": ("studies.reading", "what reading and checking a large round costs"),
    "structure": ("studies.structure", "what solving by parts is worth where few rows link places"),
}
"""What a person may ask for: where it is, and what it does."""

CHILDREN = {"worker": "suite.worker", "prepare": "suite.prepare", "ready": "suite.layers.ready"}
"""What the suite asks of processes of its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Hand over to a verb; return its exit status."""
    verb, *rest = (sys.argv[1:] if arguments is None else list(arguments)) or ["--help"]
    if verb in {"-h", "--help"}:
        print(_usage())
        return 0
    place = VERBS[verb][0] if verb in VERBS else CHILDREN.get(verb)
    if place is None:
        print(
            f"benchmarks: unknown verb {verb}.{meant(VERBS, verb)}\n\n{_usage()}", file=sys.stderr
        )
        return 2
    return int(import_module(f"benchmarks.{place}").main(rest))


def _usage() -> str:
    lines = [f"  {verb:<10} {words}" for verb, (_, words) in VERBS.items()]
    return "\n".join(["usage: python -m benchmarks VERB [--help | options]", "", *lines])


if __name__ == "__main__":
    sys.exit(main())
