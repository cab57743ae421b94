"""Modelling layers: one programme, built from ready data and given to HiGHS, in many ways.

Every layer builds the very programme of a family of rounds
(:mod:`benchmarks.suite.families.allocator`), from data that are ready before its clock starts
(:mod:`benchmarks.suite.layers.ready`), and its values are checked against that programme. With
the option ``check`` a run also compares the arrays that reached the solver, entry by entry, and
claims an error where they differ; the memory of such a run counts the comparison too.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.suite import memory
from benchmarks.suite.layers import ready
from benchmarks.suite.layers.ready import Arrays, NotReady
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.registry import Options, Outcome


@dataclass(frozen=True)
class Layer:
    """A modelling layer as the suite knows it.

    Attributes
    ----------
    name : str
    package : str
        What to install.
    modules : tuple of str
        What to import before the clock starts; a missing one makes the layer "missing".
    entry : str
        ``module:function`` that takes tables and options and returns a
        :class:`~benchmarks.suite.layers.made.Made`.
    licence : str
    own_data : bool
        Whether it starts from the allocator's extracted data, not from tables.
    note : str
        What its stages hold, where that is not plain.
    """

    name: str
    package: str
    modules: tuple[str, ...]
    entry: str
    licence: str
    own_data: bool = False
    note: str = ""

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

    def run(self, request: dict[str, Any], options: Options) -> Outcome:
        """Build, solve and read back, in this process: call it in a fresh one only.

        Parameters
        ----------
        request : dict
            As for :func:`benchmarks.suite.worker.execute`, with ``family``, ``size`` and
            ``problem_seed``.
        options : Options
            ``more`` may hold ``check``; the rest are HiGHS's own.
        """
        more = dict(options.more)
        check = bool(more.pop("check", False))
        asked = Options(
            options.time_limit,
            options.threads,
            options.seed,
            options.feasibility,
            options.gap,
            more,
        )
        try:
            tables, data = ready.ready(request)
        except NotReady as refused:
            return Outcome("unsupported", note=str(refused))
        given = ready.load(data if self.own_data else tables)
        memory.forget()
        module, _, function = self.entry.partition(":")
        made = getattr(import_module(module), function)(given, asked)
        outcome: Outcome = made.outcome
        outcome.note = "; ".join(part for part in (outcome.note, self.note) if part)
        if check:
            wanted = Arrays.of(Problem.load(Path(request["problem"])))
            if made.arrays().fingerprint(made.digits) != wanted.fingerprint(made.digits):
                outcome.claimed = "error"
                outcome.note = f"made another programme than was asked for; {outcome.note}"
        return outcome


_HIGHS = "benchmarks.suite.layers.highs"
_APART = "benchmarks.suite.layers.apart"

_ALL = (
    Layer(
        "ours",
        "allocator",
        ("highspy", "allocator.solver.highs", "allocator_models.allocation"),
        "benchmarks.suite.layers.ours:build",
        "Apache-2.0",
        own_data=True,
        note="hand-over includes scaling and checks; tolerances of 1e-9 on scaled arrays",
    ),
    Layer(
        "numpy",
        "highspy",
        ("highspy", "scipy.sparse"),
        f"{_HIGHS}:by_hand",
        "MIT",
        note="hand-written: the floor",
    ),
    Layer(
        "pyomo",
        "pyomo",
        ("highspy", "pyomo.environ", "pyomo.contrib.solver.solvers.highs"),
        f"{_HIGHS}:pyomo",
        "BSD-3-Clause",
        note="its own persistent HiGHS interface compiles and hands over row by row: compile",
    ),
    Layer("linopy", "linopy", ("highspy", "linopy"), f"{_HIGHS}:linopy", "MIT"),
    Layer(
        "pulp",
        "PuLP, before version 4",
        ("highspy", "pulp"),
        f"{_HIGHS}:pulp",
        "MIT",
        note="compiles as it hands over: hand-over",
    ),
    Layer("cvxpy", "cvxpy", ("highspy", "cvxpy"), f"{_HIGHS}:cvxpy", "Apache-2.0"),
    Layer(
        "mathopt",
        "ortools",
        ("ortools.math_opt.python.mathopt",),
        f"{_APART}:mathopt",
        "Apache-2.0",
        note="its own HiGHS; the solve is as it tells, whatever else its solver call does is "
        "hand-over",
    ),
    Layer(
        "pyoptinterface",
        "pyoptinterface[highs]",
        ("pyoptinterface", "pyoptinterface.highs", "scipy.sparse"),
        f"{_APART}:pyoptinterface",
        "MPL-2.0",
        note="its own HiGHS, which holds the programme as it is built: build includes hand-over",
    ),
)

LAYERS: dict[str, Layer] = {layer.name: layer for layer in _ALL}
"""Layers by name."""
