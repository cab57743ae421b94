"""The benchmark suite: ``python -m benchmarks run|report|compare|export``."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "run": ("benchmarks.suite.runner", "run programmes through solvers and modelling layers"),
    "report": ("benchmarks.suite.report", "one HTML page and one Markdown file of the results"),
    "export": ("benchmarks.suite.export", "programmes as exact MPS files"),
    "compare": ("benchmarks.suite.compare", "what got worse between two result files"),
}
ALONE = {
    "overhead": "what the modelling layer costs against HiGHS",
    "decisions": "what the formulation of indivisible decisions is worth",
    "structure": "what solving by parts is worth where few rows link places",
    "baseline": "the runs that continuous integration compares",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Hand over to a command; return its exit status."""
    name, *rest = (sys.argv[1:] if arguments is None else list(arguments)) or ["--help"]
    if name in COMMANDS:
        return int(import_module(COMMANDS[name][0]).main(rest))
    if name in {"-h", "--help"}:
        print(_usage())
        return 0
    near = difflib.get_close_matches(name, COMMANDS, 1, 0.4)
    hint = f" Did you mean {near[0]}?" if near else ""
    print(f"benchmarks: unknown command {name}.{hint}\n\n{_usage()}", file=sys.stderr)
    return 2


def _usage() -> str:
    out = ["usage: python -m benchmarks COMMAND [--help | options]", ""]
    out += [f"  {name:<10} {words}" for name, (_, words) in COMMANDS.items()]
    out += ["", "and by themselves:"]
    out += [f"  python -m benchmarks.{name:<10} {words}" for name, words in ALONE.items()]
    return "\n".join(out)


if __name__ == "__main__":
    sys.exit(main())
