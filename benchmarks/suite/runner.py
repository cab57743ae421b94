"""Run programmes through solvers and modelling layers: ``python -m benchmarks run``.

Every run is one line of the result file. A session that is interrupted, in whatever way,
goes on where it stopped when the same command is given again.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.command import meant, names, refuse
from benchmarks.suite.lines import (
    BadResults,
)
from benchmarks.suite.problem import SIZES
from benchmarks.suite.session import Registry, Session, registry
from benchmarks.suite.solvers.registry import find

RESULTS = ROOT / "benchmarks" / "results"
GENERIC = ("pyomo:", "python:")
"""Prefixes of solvers that need no entry: by the name Pyomo has for them, or one's own."""

OWN_SOLVER = """\
solvers of your own:
  pyomo:NAME              any solver that Pyomo has an interface to, by its name there
  python:MODULE:FUNCTION  your function, in a module in this folder or on PYTHONPATH:

    from benchmarks.suite.solvers import Outcome

    def solve(problem, options, spec):
        outcome = Outcome("error")
        with outcome.clock.stage("solve"):
            x = ...  # from problem.cost, problem.matrix, problem.row_lower and so on
        outcome.claimed, outcome.x = "optimal", x
        return outcome

It is called in a fresh process, and what it hands back is checked like everybody's.
A result file knows it by its name: give --out another file when the function has changed."""


class BadUsage(Exception):
    """What was asked for does not exist or does not fit together."""


def main(arguments: Sequence[str], shelf: Registry | None = None) -> int:
    """Run what the arguments ask for; return the exit status.

    Parameters
    ----------
    arguments : sequence of str
    shelf : Registry, optional
        What there is to run; default: the suite's own.

    Returns
    -------
    int
        0 all runs are in the file; 1 a programme could not be made; 2 wrong usage or a file
        that must not be added to; 130 interrupted (the same command goes on).
    """
    options = _parser().parse_args(arguments)
    shelf = shelf or registry()
    try:
        if options.list:
            print(_catalogue(shelf))
            return 0
        _resolve(options, shelf)
        with _stopping():
            if options.keep:
                return Session(options, shelf, _say).run()
            with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
                options.work = Path(folder)
                return Session(options, shelf, _say).run()
    except (BadUsage, BadResults) as fault:
        return refuse("run", fault)
    except KeyboardInterrupt:
        _say("interrupted: give the same command again to go on")
        return 130


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _stopping() -> Iterator[None]:
    """Let a polite request to end do what Ctrl-C does."""

    def stop(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _resolve(options: argparse.Namespace, shelf: Registry) -> None:
    """Turn lists of names into what is to be run."""
    families = _chosen("family", options.family, shelf.families)
    sizes = _chosen("size", options.size, dict.fromkeys(SIZES))
    generic = [name for name in options.solver if name.startswith(GENERIC)]
    plain = [name for name in options.solver if not name.startswith(GENERIC)]
    options.solver = _chosen("solver", plain, shelf.solvers) + [_found(name) for name in generic]
    options.layer = _chosen("layer", options.layer, shelf.layers)
    if not (options.solver or options.layer):
        raise BadUsage("nothing to run: give --solver or --layer (--list shows them).")
    options.programmes = [
        (family, size, seed)
        for family in families
        for size in sizes
        if size in shelf.families[family].sizes
        for seed in options.seed
    ]
    if not options.programmes:
        raise BadUsage(
            f"none of {', '.join(families)} has size {', '.join(sizes)} (--list shows what has)."
        )
    if options.hard_limit is None:
        options.hard_limit = 2 * options.time_limit + 60
    if options.hard_limit < options.time_limit:
        raise BadUsage("--hard-limit must not be below --time-limit.")
    options.options = dict(_option(text) for text in options.option)


def _found(name: str) -> str:
    """A name with a prefix, if it is one that can be run."""
    try:
        return find(name).name
    except LookupError as unknown:
        raise BadUsage(str(unknown.args[0])) from None


def _chosen(what: str, asked: Sequence[str], known: Mapping[str, Any]) -> list[str]:
    """Names asked for, in the order of the registry; ``all`` is all of them."""
    wrong = [name for name in asked if name != "all" and name not in known]
    if wrong:
        hint = meant(known, *wrong, most=3) or f" Known: {', '.join(known)}."
        raise BadUsage(f"unknown {what} {', '.join(wrong)}.{hint}")
    return [name for name in known if name in asked or "all" in asked]


def _option(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not (name and mark):
        raise BadUsage(f"--option {text}: write NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _catalogue(shelf: Registry) -> str:
    """Families, solvers and layers, for people."""
    out = ["Families"]
    for name, family in shelf.families.items():
        out.append(f"  {name:<22} {family.kind:<10} {' '.join(family.sizes):<14} {family.reason}")
    for title, known in (("Solvers", shelf.solvers), ("Layers", shelf.layers)):
        out.append(title)
        for name, spec in known.items():
            out.append(f"  {name:<22} {getattr(spec, 'package', '') or ''}")
    out.append("  pyomo:NAME              any other solver, by its name in Pyomo")
    out.append("  python:MODULE:FUNCTION  your own")
    return "\n".join(out)


def _whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be a positive number")
    return value


def _seeds(text: str) -> list[int]:
    return [int(name) for name in names(text)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks run",
        description="Run programmes through solvers and modelling layers. The result file is"
        " append-only: what it holds is not run again, so an interrupted session goes on when"
        " the same command is given again.",
        epilog=OWN_SOLVER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--family", type=names, default=["all"], help="families, by comma, or all (default)")
    add("--size", type=names, default=["XS"], help="XS, S, M, L, XL, by comma, or all (XS)")
    add("--seed", type=_seeds, default=[0], help="seeds of the generators, by comma (0)")
    add("--solver", type=names, default=[], help="solvers, by comma, or all; see below")
    add("--layer", type=names, default=[], help="modelling layers, by comma, or all")
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="for every solver")
    add("--time-limit", type=_positive, default=60.0, help="seconds asked of a solver (60)")
    add("--hard-limit", type=_positive, help="seconds until a process is ended (twice and 60)")
    add("--threads", type=_whole, default=1, help="threads asked of a solver (1)")
    add("--memory", type=_positive, help="GiB a process may have (no limit)")
    add("--repeats", type=_whole, default=3, help="runs of each programme as generated (3)")
    add("--permutations", type=_whole, default=5, help="orders of an integer programme (5)")
    add("--order-seed", type=int, default=0, help="seed of the order of the runs (0)")
    add("--out", type=Path, default=RESULTS / "local.jsonl", help="result file (%(default)s)")
    add("--work", type=Path, default=RESULTS / ".work", help="where programmes are kept")
    add("--no-keep", dest="keep", action="store_false", help="keep no programmes between sessions")
    add("--no-timing", action="store_true", help="leave out what differs from run to run")
    add("--list", action="store_true", help="say what there is to run, and stop")
    return parser
