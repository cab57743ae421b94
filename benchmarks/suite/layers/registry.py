"""Modelling layers: one programme, built from ready data and given to HiGHS, in many ways.

Every layer builds the very programme of a family of rounds
(:mod:`benchmarks.suite.families.allocator`), from data that are ready before its clock starts
(:mod:`benchmarks.suite.layers.ready`), and its values are checked against that programme. With
the option ``check`` a run also compares the arrays that reached the solver, entry by entry, and
claims an error where they differ; the memory of such a run counts the comparison too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.suite import memory
from benchmarks.suite.layers import ready
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Entry, Options, Outcome


@dataclass(frozen=True)
class Layer(Entry):
    """A modelling layer; its entry takes what is ready and options.

    Attributes
    ----------
    own_data : bool
        Whether it starts from the allocator's extracted data, not from tables.
    """

    own_data: bool = False

    def run(self, request: dict[str, Any], options: Options) -> Outcome:
        """Build, solve and read back; the option ``check`` is the suite's, all others HiGHS's."""
        more = dict(options.more)
        check = bool(more.pop("check", False))
        try:
            tables, data = ready.ready(request)
        except ready.NotReady as refused:
            return Outcome("unsupported", note=str(refused))
        given = ready.load(data if self.own_data else tables)
        memory.forget()
        made = self.function(given, replace(options, more=more))
        outcome: Outcome = made.outcome
        outcome.add_note(self.note)
        if check:
            wanted, got = Problem.load(Path(request["problem"])), made.arrays()
            if ready.fingerprint(got, made.digits) != ready.fingerprint(wanted, made.digits):
                outcome.claimed = "error"
                outcome.note = f"made another programme than was asked for; {outcome.note}"
        return outcome


HERE = "benchmarks.suite.layers"
PYOMO = ("highspy", "pyomo.environ", "pyomo.contrib.solver.solvers.highs")
POI = ("pyoptinterface", "pyoptinterface.highs", "scipy.sparse")

_ALL = (
    Layer(
        "ours",
        "allocator",
        ("highspy", "allocator.solver.highs.door", "allocator_models.allocation"),
        f"{HERE}.ours:build",
        "Apache-2.0",
        "hand-over includes scaling and checks; tolerances of 1e-9 on scaled arrays",
        own_data=True,
    ),
    Layer(
        "numpy",
        "highspy",
        ("highspy", "scipy.sparse"),
        f"{HERE}.highs:by_hand",
        "MIT",
        "hand-written: the floor",
    ),
    Layer(
        "pyomo",
        "pyomo",
        PYOMO,
        f"{HERE}.highs:pyomo",
        "BSD-3-Clause",
        "its own persistent HiGHS interface compiles and hands over row by row: compile",
    ),
    Layer("linopy", "linopy", ("highspy", "linopy"), f"{HERE}.highs:linopy", "MIT"),
    Layer(
        "pulp",
        "PuLP, before version 4",
        ("highspy", "pulp"),
        f"{HERE}.highs:pulp",
        "MIT",
        "compiles as it hands over: hand-over",
    ),
    Layer("cvxpy", "cvxpy", ("highspy", "cvxpy"), f"{HERE}.highs:cvxpy", "Apache-2.0"),
    Layer(
        "mathopt",
        "ortools",
        ("ortools.math_opt.python.mathopt",),
        f"{HERE}.apart:mathopt",
        "Apache-2.0",
        "its own HiGHS; the solve is as it tells, whatever else its solver call does is hand-over",
    ),
    Layer(
        "pyoptinterface",
        "pyoptinterface[highs]",
        POI,
        f"{HERE}.apart:pyoptinterface",
        "MPL-2.0",
        "its own HiGHS, which holds the programme as it is built: build includes hand-over",
    ),
)

LAYERS: dict[str, Layer] = {layer.name: layer for layer in _ALL}
"""Layers by name."""
