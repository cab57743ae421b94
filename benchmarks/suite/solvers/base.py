"""What solvers and layers are asked, and what they answer.

Nothing heavy is imported here: packages are loaded in a process of their own, by
:meth:`Entry.load`.
"""

from __future__ import annotations

import math
import os
import re
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from allocator.arrays import Floats
from benchmarks.suite import memory
from benchmarks.suite.problem import Problem

CLAIMS = (
    "optimal",
    "infeasible",
    "unbounded",
    "infeasible-or-unbounded",
    "limit",
    "gave-up",
    "out-of-memory",
    "unsupported",
    "licence-limit",
    "missing",
    "error",
)
"""What a solver may say of its own run; what is made of it is :mod:`benchmarks.suite.verify`'s."""

STAGES = ("build", "compile", "handover", "solve", "readback")
SOLVING = ("handover", "solve", "readback")
OVERHEAD = ("build", "compile", "handover", "readback")
"""Stages of a run; those a solver is charged for, from arrays in memory to an answer in memory;
those that surround a layer's solve."""

FEASIBILITY = 1e-6
"""Tolerance asked of every solver, in its own measure."""

GAP = 1e-6
"""Relative gap at which a programme with whole numbers may stop."""

NO_LICENCE = re.compile(
    r"licen[cs]e"
    r"|size-limited|problem size limits? exceeded|community edition"
    r"|demo version|Model too large|CPLEX Error +1016",
    re.IGNORECASE,
)
"""What a message says when a licence does not allow a solve."""

LP = frozenset({"lp"})
MIP = frozenset({"mip"})
BOTH = LP | MIP


@dataclass(frozen=True)
class Options:
    """What is asked of every solver alike.

    Attributes
    ----------
    time_limit : float or None
        Seconds the solver is told; it may overrun them.
    threads : int
    seed : int
        Seed of the solver's own random choices.
    feasibility : float
        Largest violation of a row or bound, and of optimality conditions.
    gap : float
        Relative gap of a programme with whole numbers.
    more : dict
        The solver's own options, by its own names; they come last and win.
    """

    time_limit: float | None = None
    threads: int = 1
    seed: int = 0
    feasibility: float = FEASIBILITY
    gap: float = GAP
    more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, time_limit: float | None, threads: int | None, options: dict[str, Any] | None
    ) -> Options:
        """Split a request's options into those asked of everybody and the solver's own."""
        own = dict(options or {})
        common = {name: own.pop(name) for name in ("seed", "feasibility", "gap") if name in own}
        return cls(time_limit=time_limit, threads=int(threads or 1), more=own, **common)


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


@dataclass
class Clock:
    """Seconds of each stage, by the wall and by the processor (children that ended included).

    Attributes
    ----------
    wall, cpu : dict of str to float
    """

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Book how long the body takes, also when it fails."""
        wall, cpu = time.perf_counter(), _cpu()
        try:
            yield
        finally:
            self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall
            self.cpu[name] = self.cpu.get(name, 0.0) + _cpu() - cpu


@dataclass
class Outcome:
    """What one run gave, in the programme's own units and signs.

    Attributes
    ----------
    claimed : str
        One of `CLAIMS`.
    x : ndarray or None
        Primal values, also those of a run that was stopped.
    row_dual : ndarray or None
        d objective / d right side, in the programme's own sense; linear programmes only.
    objective, bound : float or None
        As the solver says them, its constant included.
    algorithm : str
        What really ran, where it can be told.
    iterations : dict of str to int
        What each algorithm counted; one that does not tell is not there.
    nodes : int or None
    primal_log : list of [float, float]
        Seconds since the solve began and objective of each improving solution.
    options : dict
        Options as the solver has them; None where it cannot be asked.
    clock : Clock
    memory : int
        Most bytes another process held that worked for this one.
    problem : Problem or None
        What was solved, where that is not the problem of the request: a modelling layer makes
        the programme itself, in an order of its own, and its values are checked against that.
    note : str
        What a person should know.
    """

    claimed: str
    x: Floats | None = None
    row_dual: Floats | None = None
    objective: float | None = None
    bound: float | None = None
    algorithm: str = ""
    iterations: dict[str, int] = field(default_factory=dict)
    nodes: int | None = None
    primal_log: list[list[float]] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    memory: int = 0
    problem: Problem | None = None
    note: str = ""

    def add_note(self, words: str) -> None:
        """Say something more, if there is anything to say."""
        self.note = joined(self.note, words)


@dataclass(frozen=True)
class Entry(ABC):
    """A solver or a modelling layer as the suite knows it.

    Attributes
    ----------
    name : str
    package : str
        What to install.
    modules : tuple of str
        What to import before the clock starts; a missing one makes it "missing".
    entry : str
        ``module:function``, which is what runs.
    licence : str
    note : str
    """

    name: str
    package: str
    modules: tuple[str, ...]
    entry: str
    licence: str
    note: str = ""

    def load(self) -> None:
        """Import everything it needs.

        Raises
        ------
        ImportError
            When something is not installed.
        """
        for module in (*self.modules, self.entry.partition(":")[0]):
            import_module(module)

    @property
    def function(self) -> Callable[..., Any]:
        """What runs it."""
        module, _, name = self.entry.partition(":")
        return getattr(import_module(module), name)

    @abstractmethod
    def run(self, request: dict[str, Any], options: Options) -> Outcome:
        """Do what a request asks, in this process: call it in a fresh one only.

        Parameters
        ----------
        request : dict
            As for :func:`benchmarks.suite.worker.execute`.
        options : Options
        """


@dataclass(frozen=True)
class SolverSpec(Entry):
    """A solver; its entry takes a problem, options and this specification.

    Attributes
    ----------
    kinds : frozenset of str
        ``lp``, ``mip``.
    settings : dict
        The solver's own options that make this entry of the registry.
    measure : str
        What its feasibility tolerance is a limit of: ``absolute`` violation, or violation
        relative to the ``component`` or the ``norm`` of the right side. What is measured by
        norms is asked for a hundredth, because one row may take all of it.
    """

    kinds: frozenset[str] = BOTH
    settings: dict[str, Any] = field(default_factory=dict)
    measure: str = "absolute"

    def tolerance(self, asked: float) -> float:
        """Tolerance in the solver's own measure that stands for the one asked for."""
        return asked / 100.0 if self.measure == "norm" else asked

    def run(self, request: dict[str, Any], options: Options) -> Outcome:
        """Solve the problem of a request, in this process; one of a kind it takes."""
        problem = Problem.load(Path(request["problem"])).permuted(permutation_of(request))
        memory.forget()
        if ("mip" if problem.whole else "lp") not in self.kinds:
            kinds = {"lp": "linear programmes", "mip": "programmes with whole numbers"}
            takes = " and ".join(kinds[kind] for kind in sorted(self.kinds))
            return Outcome("unsupported", note=f"{self.name} takes {takes} only")
        outcome: Outcome = self.function(problem, options, self)
        return outcome


def permutation_of(request: dict[str, Any]) -> int:
    """Order of rows and columns that a request asks for; 0: as they are."""
    return int(request.get("permutation", request.get("seed", 0)) or 0)


def joined(*notes: str) -> str:
    """Notes in one, blank ones left out."""
    return "; ".join(note for note in notes if note)


def minimised(problem: Problem) -> tuple[Floats, float]:
    """Cost and constant of the same problem as a minimisation."""
    sign = -1.0 if problem.maximise else 1.0
    return sign * problem.cost + 0.0, sign * problem.offset + 0.0


def or_none(value: float) -> float | None:
    """A bound or side; None where there is none."""
    return value if math.isfinite(value) else None


def versions(modules: tuple[str, ...]) -> dict[str, str]:
    """Versions of loaded packages, as they say them themselves."""
    found = {}
    for name in modules:
        module = sys.modules.get(name.partition(".")[0])
        version = getattr(module, "__version__", None)
        if isinstance(version, str):
            found[name.partition(".")[0]] = version
    return found


def refused(text: str) -> bool:
    """Whether a message says that a licence does not allow a solve."""
    return bool(NO_LICENCE.search(text))
