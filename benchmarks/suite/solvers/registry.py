"""The solvers of the suite: who they are, what they are asked, and what they answer.

Nothing heavy is imported here: a solver's package is loaded by :mod:`benchmarks.suite.worker`,
in a process of its own.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.suite.problem import Problem

Numbers = npt.NDArray[np.float64]

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

OWN = "python:"
"""Begins the name of a function of one's own."""

STAGES = ("build", "compile", "handover", "solve", "readback")

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
    def of(cls, time_limit: float | None, threads: int, options: dict[str, Any]) -> Options:
        """Split a request's options into those asked of everybody and the solver's own."""
        own = dict(options)
        common = {name: own.pop(name) for name in ("seed", "feasibility", "gap") if name in own}
        return cls(time_limit=time_limit, threads=threads, more=own, **common)


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
    x: Numbers | None = None
    row_dual: Numbers | None = None
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


@dataclass(frozen=True)
class SolverSpec:
    """A solver as the suite knows it.

    Attributes
    ----------
    name : str
    package : str
        What to install.
    modules : tuple of str
        What to import before the clock starts; a missing one makes the solver "missing".
    kinds : frozenset of str
        ``lp``, ``mip``.
    licence : str
    entry : str
        ``module:function`` that takes a problem and options.
    settings : dict
        The solver's own options that make this entry of the registry.
    measure : str
        What its feasibility tolerance is a limit of: ``absolute`` violation, or violation
        relative to the ``component`` or the ``norm`` of the right side. What is measured by
        norms is asked for a hundredth, because one row may take all of it.
    note : str
    """

    name: str
    package: str
    modules: tuple[str, ...]
    kinds: frozenset[str]
    licence: str
    entry: str
    settings: dict[str, Any] = field(default_factory=dict)
    measure: str = "absolute"
    note: str = ""

    def supports(self, problem: Problem) -> bool:
        """Whether it takes programmes of this kind at all."""
        return kind_of(problem) in self.kinds

    def tolerance(self, asked: float) -> float:
        """Tolerance in the solver's own measure that stands for the one asked for."""
        return asked / 100.0 if self.measure == "norm" else asked

    def load(self) -> None:
        """Import everything it needs.

        Raises
        ------
        ImportError
            When something is not installed.
        """
        for module in self.modules:
            import_module(module)
        import_module(self.entry.partition(":")[0])

    def solve(self, problem: Problem, options: Options) -> Outcome:
        """Solve, in this process: call it in a fresh one only."""
        module, _, function = self.entry.partition(":")
        outcome: Outcome = getattr(import_module(module), function)(problem, options, self)
        return outcome


def kind_of(problem: Problem) -> str:
    """``mip`` when any column must be whole, ``lp`` otherwise."""
    return "mip" if bool(problem.integer.any()) else "lp"


def minimised(problem: Problem) -> tuple[Numbers, float]:
    """Cost and constant of the same problem as a minimisation."""
    sign = -1.0 if problem.maximise else 1.0
    return sign * problem.cost + 0.0, sign * problem.offset + 0.0


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


_LP = frozenset({"lp"})
_MIP = frozenset({"mip"})
_BOTH = _LP | _MIP
_HIGHS = "benchmarks.suite.solvers.highs:solve"
_MATHOPT = ("ortools.math_opt.core.python.solver", "ortools.math_opt.model_pb2")
_ORTOOLS = "benchmarks.suite.solvers.ortools"


def _highs(name: str, algorithm: str, kinds: frozenset[str], **more: Any) -> SolverSpec:
    return SolverSpec(
        name,
        "highspy",
        ("highspy",),
        kinds,
        "MIT",
        _HIGHS,
        settings={"solver": algorithm},
        **more,
    )


def _ours(name: str, algorithm: str, kinds: frozenset[str]) -> SolverSpec:
    hipo = algorithm == "hipo"
    return SolverSpec(
        name,
        "highspy-extras" if hipo else "allocator",
        ("highspy", "allocator.solver.highs") + (("highspy_extras",) if hipo else ()),
        kinds,
        "Apache-2.0",
        "benchmarks.suite.solvers.highs:solve_ours",
        settings={"algorithm": algorithm},
        note="HiGHS behind this product's door: scaled, tolerances of 1e-9 on the scaled arrays",
    )


_ALL = (
    _highs(
        "highs",
        "choose",
        _BOTH,
        note="highspy as it comes: only what is asked of everybody is set",
    ),
    _highs("highs-simplex", "simplex", _LP),
    _highs("highs-ipx", "ipx", _LP, note="with crossover"),
    SolverSpec(
        "highs-hipo",
        "highspy-extras",
        ("highspy", "highspy_extras"),
        _LP,
        "MIT; its libraries Apache-2.0 and BSD-3-Clause",
        _HIGHS,
        settings={"solver": "hipo"},
        note="with crossover",
    ),
    _highs("highs-pdlp", "pdlp", _LP, measure="norm"),
    _ours("allocator", "auto", _BOTH),
    _ours("allocator-simplex", "simplex", _LP),
    _ours("allocator-ipx", "ipx", _LP),
    _ours("allocator-hipo", "hipo", _LP),
    SolverSpec(
        "scip",
        "PySCIPOpt",
        ("pyscipopt",),
        _BOTH,
        "Apache-2.0",
        "benchmarks.suite.solvers.scip:solve",
        note="one thread; relative to the larger of side and 1",
    ),
    SolverSpec(
        "cbc",
        "cbcbox, or PuLP before version 4",
        ("benchmarks.suite.mps",),
        _BOTH,
        "EPL-2.0",
        "benchmarks.suite.solvers.cbc:solve",
        note="a programme of its own, handed an MPS file",
    ),
    SolverSpec(
        "glop",
        "ortools",
        _MATHOPT,
        _LP,
        "Apache-2.0",
        f"{_ORTOOLS}:solve_glop",
    ),
    SolverSpec(
        "ortools-pdlp",
        "ortools",
        ("ortools.pdlp.python.pdlp", "ortools.pdlp.solvers_pb2"),
        _LP,
        "Apache-2.0",
        f"{_ORTOOLS}:solve_pdlp",
        measure="component",
    ),
    SolverSpec(
        "cp-sat",
        "ortools",
        _MATHOPT,
        _MIP,
        "Apache-2.0",
        f"{_ORTOOLS}:solve_cp_sat",
        note="bounded whole numbers only",
    ),
    SolverSpec(
        "clarabel",
        "clarabel",
        ("clarabel",),
        _LP,
        "Apache-2.0",
        "benchmarks.suite.solvers.clarabel:solve",
        measure="norm",
        note="interior point, no crossover: no vertex",
    ),
    SolverSpec(
        "glpk",
        "swiglpk",
        ("swiglpk",),
        _BOTH,
        "GPL-3.0-or-later",
        "benchmarks.suite.solvers.glpk:solve",
        note="for measurement only: its licence keeps it out of the product; one thread",
    ),
)

SOLVERS: dict[str, SolverSpec] = {spec.name: spec for spec in _ALL}
"""Every solver with a name of its own; see :func:`find` for the others."""


def find(name: str) -> SolverSpec:
    """Solver by name.

    ``pyomo:NAME`` is any solver that Pyomo has an interface to, ``python:MODULE:FUNCTION`` a
    function of one's own that is called like those of this package (problem, options, spec)
    and returns an :class:`Outcome`.

    Raises
    ------
    LookupError
        For a name that is nobody's, with what may have been meant.
    """
    known = SOLVERS.get(name)
    if known is not None:
        return known
    way, _, rest = name.partition(":")
    if way == "pyomo" and rest:
        return SolverSpec(
            name,
            f"Pyomo and what {rest} needs",
            ("pyomo.environ",),
            _BOTH,
            "its own",
            "benchmarks.suite.solvers.pyomo:solve",
            settings={"name": rest},
        )
    if way == "python" and all(rest.partition(":")):
        return SolverSpec(name, "your own", (), _BOTH, "its own", rest)
    if way in ("pyomo", "python"):
        missing = "NAME is missing" if way == "pyomo" else "write python:MODULE:FUNCTION"
        raise LookupError(f"there is no solver {name!r}: {missing}.")
    near = difflib.get_close_matches(name, SOLVERS, n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise LookupError(
        f"there is no solver {name!r}. {hint}Known: {', '.join(SOLVERS)}, "
        "pyomo:NAME for any solver of Pyomo's, python:MODULE:FUNCTION for your own."
    )
