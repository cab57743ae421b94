"""Run programmes through solvers and modelling layers: ``python -m benchmarks run``.

Every run is one line of the result file. A session that is interrupted, in whatever way,
goes on where it stopped when the same command is given again.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.command import meant, names, refuse
from benchmarks.suite import environment, prepare
from benchmarks.suite.lines import (
    NOT_TRIED,
    TRY_AGAIN,
    Appender,
    BadResults,
    Key,
    Line,
    key_of,
    name_of,
    plain,
    read,
)
from benchmarks.suite.problem import SIZES
from benchmarks.suite.process import NotMade

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

TIMED = ("seconds", "cpu_seconds", "peak_memory", "import_memory", "primal_log", "started", "load")
"""What differs from run to run on the same machine: left out with ``--no-timing``."""


class BadUsage(Exception):
    """What was asked for does not exist or does not fit together."""


@dataclass(frozen=True)
class Registry:
    """What there is to run, and what runs it.

    Attributes
    ----------
    families : mapping
        Of name to family: ``kind``, ``sizes``, ``reason``.
    solvers, layers : mapping
        Of name to specification.
    execute : callable
        Of a request and the seconds after which it is ended; returns the outcome.
    prepare : callable
        Of folder, family, size, seed and fingerprint; returns what a line says of the
        programme, and its ``path``.
    """

    families: Mapping[str, Any]
    solvers: Mapping[str, Any]
    layers: Mapping[str, Any]
    execute: Callable[[dict[str, Any], float], dict[str, Any]]
    prepare: Callable[[Path, str, str, int, str], dict[str, Any]]


def registry(with_layers: bool = True) -> Registry:
    """The families, solvers and, where they are asked for, layers of the suite."""
    from benchmarks.suite.families.registry import FAMILIES
    from benchmarks.suite.solvers.registry import SOLVERS
    from benchmarks.suite.worker import execute

    layers: Mapping[str, Any] = {}
    if with_layers:
        from benchmarks.suite.layers.registry import LAYERS

        layers = LAYERS
    return Registry(FAMILIES, SOLVERS, layers, execute, prepare.prepared)


@dataclass(frozen=True)
class Cell:
    """One run to be done.

    Attributes
    ----------
    problem : str
        Name of the programme.
    solver, layer : str
        One of them, the other blank.
    permutation : int
        Seed of the order of rows and columns; 0: as generated.
    repeat : int
    """

    problem: str
    solver: str
    layer: str
    permutation: int
    repeat: int

    @property
    def label(self) -> str:
        """Programme, solver or layer, permutation and repeat."""
        who = self.solver or self.layer
        return f"{self.problem} · {who} · permutation {self.permutation} · repeat {self.repeat}"


def cells_of(
    problem: dict[str, Any],
    solvers: Iterable[str],
    layers: Iterable[str],
    permutations: int,
    repeats: int,
) -> Iterator[Cell]:
    """Runs of one programme: repeats of it as it is, and integer ones in other orders too."""
    orders = [(0, repeat) for repeat in range(repeats)]
    shuffled = [(order, 0) for order in range(1, permutations)] if problem["integers"] else []
    name = name_of(problem)
    for solver in solvers:
        for permutation, repeat in orders + shuffled:
            yield Cell(name, solver, "", permutation, repeat)
    for layer in layers:
        for permutation, repeat in orders:
            yield Cell(name, "", layer, permutation, repeat)


class Session:
    """Works through cells, skipping what the file holds.

    Parameters
    ----------
    options : argparse.Namespace
        As parsed.
    shelf : Registry
    say : callable
        Takes a line of progress.
    """

    def __init__(
        self, options: argparse.Namespace, shelf: Registry, say: Callable[[str], None]
    ) -> None:
        self.options = options
        self.shelf = shelf
        self.say = say
        self.problems: dict[str, dict[str, Any]] = {}
        self.failures = 0
        self.counts: dict[str, int] = {}

    def run(self) -> int:
        """Do all of it; return the exit status."""
        path: Path = self.options.out
        with Appender.open(path) as appender:
            lost = appender.recover()
            if lost:
                self.say(f"{path}: cut off a half-written last line ({lost} bytes)")
            held = read(path)
            self._prepare(held.lines)
            record = environment.environment()
            self._same_machine(record, held.lines, held.environments)
            cells = self._cells()
            done = {key_of(line): line["status"] for line in held.lines}
            todo = [cell for cell in cells if done.get(self._key(cell), "missing") in TRY_AGAIN]
            appender.append(self._opening(record, len(cells), len(cells) - len(todo)))
            self.say(
                f"{len(cells)} runs, {len(cells) - len(todo)} of them in {path} already"
                f" ({len(self.problems)} programmes)"
            )
            self._work(todo, done, appender, environment.environment_id(record))
            appender.append(self._closing(record))
        self._sum_up()
        return 1 if self.failures else 0

    def _prepare(self, lines: Sequence[Line]) -> None:
        known = {name_of(line["problem"]): line["problem"]["sha256"] for line in lines}
        mark = environment.fingerprint()
        folder = self.options.work / "programmes"
        for family, size, seed in self.options.programmes:
            name = f"{family}-{size}-{seed}"
            try:
                problem = self.shelf.prepare(folder, family, size, seed, mark)
            except NotMade as fault:
                self.failures += 1
                self.say(f"{name}: could not be made: {fault}")
                continue
            if known.get(name, problem["sha256"]) != problem["sha256"]:
                raise BadResults(
                    f"{self.options.out} holds results of another {name}"
                    f" ({known[name][:12]}, now {problem['sha256'][:12]}): its generator has"
                    " changed. Give another --out and compare the two."
                )
            self.problems[name] = problem

    def _same_machine(
        self, record: dict[str, Any], lines: Sequence[Line], held: dict[str, dict[str, Any]]
    ) -> None:
        now = environment.environment_id(record)
        for other in sorted({str(line.get("environment_id")) for line in lines} - {now}):
            before = held.get(other, {})
            changed = [name for name in record if before.get(name) != record[name]]
            raise BadResults(
                f"{self.options.out} holds results of another environment (what changed:"
                f" {', '.join(changed)}). Times would not be comparable: give another --out."
            )

    def _cells(self) -> list[Cell]:
        options = self.options
        cells = [
            cell
            for problem in self.problems.values()
            for cell in cells_of(
                problem, options.solver, options.layer, options.permutations, options.repeats
            )
        ]
        random.Random(options.order_seed).shuffle(cells)
        return cells

    def _asked(self, cell: Cell) -> dict[str, Any]:
        asked = {
            "solver": cell.solver,
            "layer": cell.layer,
            "options": self.options.options,
            "time_limit": self.options.time_limit,
            "threads": self.options.threads,
        }
        if self.options.memory is not None:
            asked["memory_gib"] = self.options.memory
        return asked

    def _line(self, cell: Cell) -> Line:
        problem = self.problems[cell.problem]
        return {
            "problem": {name: value for name, value in problem.items() if name != "path"},
            "asked": self._asked(cell),
            "permutation": cell.permutation,
            "repeat": cell.repeat,
        }

    def _key(self, cell: Cell) -> Key:
        return key_of(self._line(cell))

    def _opening(self, record: dict[str, Any], cells: int, held: int) -> Line:
        options = self.options
        return plain(
            {
                "environment": record,
                "id": environment.environment_id(record),
                "session": {
                    "started": None if options.no_timing else _now(),
                    "load": None if options.no_timing else environment.load(),
                    "source": environment.source(),
                    "order_seed": options.order_seed,
                    "time_limit": options.time_limit,
                    "hard_limit": options.hard_limit,
                    "threads": options.threads,
                    "memory_gib": options.memory,
                    "repeats": options.repeats,
                    "permutations": options.permutations,
                    "options": options.options,
                    "solvers": options.solver,
                    "layers": options.layer,
                    "programmes": sorted(self.problems),
                    "families": {
                        name: str(self.shelf.families[name].reason)
                        for name in sorted({p["family"] for p in self.problems.values()})
                    },
                    "runs": cells,
                    "runs_held_before": held,
                },
            }
        )

    def _closing(self, record: dict[str, Any]) -> Line:
        return {
            "environment": record,
            "id": environment.environment_id(record),
            "session": {"finished": True},
        }

    def _work(
        self, todo: list[Cell], done: dict[Key, str], appender: Appender, environment_id: str
    ) -> None:
        refused = {(key[0], key[1]) for key, status in done.items() if status in NOT_TRIED}
        refused -= {(key[0], key[1]) for key, status in done.items() if status in TRY_AGAIN}
        began = time.monotonic()
        for number, cell in enumerate(todo, start=1):
            sha256, asked, _, _ = self._key(cell)
            if (sha256, asked) in refused:
                continue
            line = self._one(cell, environment_id)
            appender.append(line)
            status = line["status"]
            self.counts[status] = self.counts.get(status, 0) + 1
            if status in NOT_TRIED:
                refused.add((sha256, asked))
            left = (time.monotonic() - began) / number * (len(todo) - number)
            self.say(
                f"[{number}/{len(todo)}] {cell.label} … {status}{_took(line)}"
                f"  ({_duration(left)} left)"
            )

    def _one(self, cell: Cell, environment_id: str) -> Line:
        options = self.options
        problem = self.problems[cell.problem]
        request = {
            "problem": problem["path"],
            "family": problem["family"],
            "size": problem["size"],
            "problem_seed": problem["seed"],
            "solver": cell.solver or None,
            "layer": cell.layer or None,
            "time_limit": options.time_limit,
            "seed": cell.permutation,
            "threads": options.threads,
            "options": options.options,
            "memory_limit": None if options.memory is None else int(options.memory * 2**30),
        }
        started, load = _now(), environment.load()
        try:
            outcome = self.shelf.execute(request, options.hard_limit)
        except Exception as fault:
            outcome = {"status": "error", "note": f"{type(fault).__name__}: {fault}"}
        line = {
            "solver": cell.solver,
            "layer": cell.layer,
            **outcome,
            **self._line(cell),
            "threads": options.threads,
            "environment_id": environment_id,
            "started": started,
            "load": load,
        }
        line["solver"] = cell.solver or str(line["solver"] or "")
        line["layer"] = cell.layer
        if options.no_timing:
            line = {name: value for name, value in line.items() if name not in TIMED}
        return plain(line)

    def _sum_up(self) -> None:
        counted = ", ".join(f"{count} {status}" for status, count in sorted(self.counts.items()))
        self.say(f"done: {counted or 'nothing new'}")
        if self.failures:
            self.say(f"{self.failures} programmes could not be made (said above)")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _took(line: Line) -> str:
    seconds = line.get("seconds") or {}
    total = seconds.get("total")
    return "" if total is None else f" {total:.2f} s"


def _duration(seconds: float) -> str:
    """Rough duration for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


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
    if shelf is None:
        shelf = registry(with_layers=bool(options.layer) or options.list)
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
    from benchmarks.suite.solvers.registry import find

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
