"""A session: programmes made, then run through solvers and layers, each run once."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.suite import environment, prepare
from benchmarks.suite.families.registry import FAMILIES
from benchmarks.suite.layers.registry import LAYERS
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
from benchmarks.suite.process import NotMade
from benchmarks.suite.solvers.registry import SOLVERS
from benchmarks.suite.worker import execute

TIMED = ("seconds", "cpu_seconds", "peak_memory", "import_memory", "primal_log", "started", "load")
"""What differs from run to run on the same machine: left out with ``--no-timing``."""

ASKED = ["order_seed", "time_limit", "hard_limit", "threads", "repeats", "permutations", "options"]
"""What was asked for that a session records as it is."""


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


def registry() -> Registry:
    """The families, solvers and layers of the suite."""
    return Registry(FAMILIES, SOLVERS, LAYERS, execute, prepare.prepared)


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
            appender.append(self._about(record, {"finished": True}))
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
        families = sorted({problem["family"] for problem in self.problems.values()})
        session = {
            **{name: getattr(options, name) for name in ASKED},
            "started": None if options.no_timing else environment.now(),
            "load": None if options.no_timing else environment.load(),
            "source": environment.source(),
            "memory_gib": options.memory,
            "solvers": options.solver,
            "layers": options.layer,
            "programmes": sorted(self.problems),
            "families": {name: str(self.shelf.families[name].reason) for name in families},
            "runs": cells,
            "runs_held_before": held,
        }
        return plain(self._about(record, session))

    @staticmethod
    def _about(record: dict[str, Any], session: dict[str, Any]) -> Line:
        return {
            "environment": record,
            "id": environment.environment_id(record),
            "session": session,
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
        started, load = environment.now(), environment.load()
        try:
            outcome = self.shelf.execute(request, options.hard_limit)
        except Exception as fault:
            outcome = {"status": "error", "note": f"{type(fault).__name__}: {fault}"}
        line = {
            **outcome,
            **self._line(cell),
            "solver": cell.solver,
            "layer": cell.layer,
            "threads": options.threads,
            "environment_id": environment_id,
            "started": started,
            "load": load,
        }
        if options.no_timing:
            line = {name: value for name, value in line.items() if name not in TIMED}
        return plain(line)

    def _sum_up(self) -> None:
        counted = ", ".join(f"{count} {status}" for status, count in sorted(self.counts.items()))
        self.say(f"done: {counted or 'nothing new'}")
        if self.failures:
            self.say(f"{self.failures} programmes could not be made (said above)")


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
