"""The solvers of the suite, by name."""

from __future__ import annotations

from benchmarks.command import meant
from benchmarks.suite.solvers.base import BOTH, LP, MIP, SolverSpec

OWN = "python:"
"""Begins the name of a function of one's own."""

HERE = "benchmarks.suite.solvers"
MATHOPT = ("ortools.math_opt.core.python.solver", "ortools.math_opt.model_pb2")
PDLP = ("ortools.pdlp.python.pdlp", "ortools.pdlp.solvers_pb2")
HIPO = ("highspy", "highspy_extras")
DOOR = "HiGHS behind this product's door: scaled, tolerances of 1e-9 on the scaled arrays"


def _highs(
    name: str, algorithm: str, kinds: frozenset[str], note: str = "", measure: str = "absolute"
) -> SolverSpec:
    asked, entry = {"solver": algorithm}, f"{HERE}.highs:solve"
    return SolverSpec(name, "highspy", ("highspy",), entry, "MIT", note, kinds, asked, measure)


def _ours(name: str, algorithm: str, kinds: frozenset[str]) -> SolverSpec:
    asked, entry = {"algorithm": algorithm}, f"{HERE}.highs:solve_ours"
    package, needs = ("highspy-extras", HIPO) if algorithm == "hipo" else ("allocator", HIPO[:1])
    needs = (*needs, "allocator.solver.highs.door")
    return SolverSpec(name, package, needs, entry, "Apache-2.0", DOOR, kinds, asked)


_ALL = (
    _highs("highs", "choose", BOTH, "highspy as it comes: only what is asked of everybody is set"),
    _highs("highs-simplex", "simplex", LP),
    _highs("highs-ipx", "ipx", LP, "with crossover"),
    SolverSpec(
        "highs-hipo",
        "highspy-extras",
        HIPO,
        f"{HERE}.highs:solve",
        "MIT; its libraries Apache-2.0 and BSD-3-Clause",
        "with crossover",
        LP,
        {"solver": "hipo"},
    ),
    _highs("highs-pdlp", "pdlp", LP, measure="norm"),
    _ours("allocator", "auto", BOTH),
    _ours("allocator-simplex", "simplex", LP),
    _ours("allocator-ipx", "ipx", LP),
    _ours("allocator-hipo", "hipo", LP),
    SolverSpec(
        "scip",
        "PySCIPOpt",
        ("pyscipopt",),
        f"{HERE}.scip:solve",
        "Apache-2.0",
        "one thread; relative to the larger of side and 1",
    ),
    SolverSpec(
        "cbc",
        "cbcbox, or PuLP before version 4",
        ("benchmarks.suite.mps",),
        f"{HERE}.cbc:solve",
        "EPL-2.0",
        "a programme of its own, handed an MPS file",
    ),
    SolverSpec("glop", "ortools", MATHOPT, f"{HERE}.ortools:solve_glop", "Apache-2.0", kinds=LP),
    SolverSpec(
        "ortools-pdlp",
        "ortools",
        PDLP,
        f"{HERE}.ortools:solve_pdlp",
        "Apache-2.0",
        kinds=LP,
        measure="component",
    ),
    SolverSpec(
        "cp-sat",
        "ortools",
        MATHOPT,
        f"{HERE}.ortools:solve_cp_sat",
        "Apache-2.0",
        "bounded whole numbers only",
        MIP,
    ),
    SolverSpec(
        "clarabel",
        "clarabel",
        ("clarabel",),
        f"{HERE}.clarabel:solve",
        "Apache-2.0",
        "interior point, no crossover: no vertex",
        LP,
        measure="norm",
    ),
    SolverSpec(
        "glpk",
        "swiglpk",
        ("swiglpk",),
        f"{HERE}.glpk:solve",
        "GPL-3.0-or-later",
        "for measurement only: its licence keeps it out of the product; one thread",
    ),
)

SOLVERS: dict[str, SolverSpec] = {spec.name: spec for spec in _ALL}
"""Every solver with a name of its own; see :func:`find` for the others."""


def find(name: str) -> SolverSpec:
    """Solver by name.

    ``pyomo:NAME`` is any solver that Pyomo has an interface to, ``python:MODULE:FUNCTION`` a
    function of one's own that is called like those of this package (problem, options, spec)
    and returns an :class:`~benchmarks.suite.solvers.base.Outcome`.

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
        entry, needs = f"{HERE}.pyomo:solve", f"Pyomo and what {rest} needs"
        asked = {"name": rest}
        return SolverSpec(name, needs, ("pyomo.environ",), entry, "its own", settings=asked)
    if way == "python" and all(rest.partition(":")):
        return SolverSpec(name, "your own", (), rest, "its own")
    if way in ("pyomo", "python"):
        missing = "NAME is missing" if way == "pyomo" else "write python:MODULE:FUNCTION"
        raise LookupError(f"there is no solver {name!r}: {missing}.")
    raise LookupError(
        f"there is no solver {name!r}.{meant(SOLVERS, name, most=3)} Known: {', '.join(SOLVERS)}, "
        "pyomo:NAME for any solver of Pyomo's, python:MODULE:FUNCTION for your own."
    )
