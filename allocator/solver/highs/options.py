"""What is asked of HiGHS: which algorithm, with which options, and what it must not be given."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import numpy as np

from allocator.errors import SolverError, UsageError
from allocator.solver.program import Program
from allocator.tolerances import FEASIBILITY, FIRST_ORDER, UNFELT
from allocator.words import Suggester, sentence

ALGORITHMS = ("auto", "simplex", "ipx", "hipo", "pdlp")
"""Algorithms that may be asked for, by the name of what really runs; see :func:`choose`."""

LARGE_LP = 100_000
"""Nonzeros from which a linked linear programme is solved by interior point."""

TYING = 0.01
"""Share of all columns from which a row ties a programme together; one such row alone, a budget
for all, is easy."""

PARALLEL_COLUMNS = 1 << 13
"""Bit of HiGHS's presolve rule that looks for parallel rows and columns."""

TOLD = (
    "solver",
    "threads",
    "primal_feasibility_tolerance",
    "presolve",
    "random_seed",
    "mip_feasibility_tolerance",
    "mip_rel_gap",
    "mip_abs_gap",
    "mip_max_nodes",
)
"""Options that matter to a result and are recorded with it."""


def refuse(program: Program, algorithm: str) -> None:
    """Refuse what HiGHS must not be given.

    Raises
    ------
    SolverError
        When a number is not finite, or sides cross.
    UsageError
        For an unknown algorithm, or one whose package is missing.
    """
    if "ortools" in sys.modules:
        raise SolverError(
            "ortools is loaded in this process and cannot share it with HiGHS: use a process each"
        )
    if algorithm not in ALGORITHMS:
        hint = Suggester(ALGORITHMS)(algorithm)
        said = f"solver {algorithm!r} is not one of {', '.join(ALGORITHMS)}"
        raise UsageError(f"{sentence(said, hint)} {hint}" if hint else said)
    if algorithm == "hipo" and importlib.util.find_spec("highspy_extras") is None:
        raise UsageError(
            "solver hipo needs the package highspy-extras: pip install 'allocator[hipo]'"
        )
    program.check_numbers()
    crossed = program.crossed()
    if crossed:
        raise SolverError(f"nothing can meet {', '.join(crossed[:3])}: its sides cross")


def choose(program: Program) -> str:
    """Algorithm that is fastest for programmes like this one, by ``benchmarks/README.md``.

    The simplex method, but for a large linear programme that several rows tie together from
    end to end, as rules of a whole country do: there its iterations grow faster than the
    programme, and the interior point method with crossover is ahead.
    """
    if program.integer.any() or program.matrix.nnz < LARGE_LP:
        return "simplex"
    tying = np.count_nonzero(np.diff(program.matrix.indptr) >= TYING * program.shape[1])
    return "ipx" if tying > 1 else "simplex"


def settings(program: Program, algorithm: str, threads: int) -> dict[str, Any]:
    """Options of HiGHS for a programme that has been scaled."""
    found = {
        "output_flag": False,
        "threads": threads,
        "solver": algorithm,
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
        "mip_feasibility_tolerance": FEASIBILITY,
        "mip_abs_gap": 0.0,
        "small_matrix_value": UNFELT,
    }
    if program.integer.any():
        # Its search for parallel columns compares every two chords of every curve: minutes.
        found["presolve_rule_off"] = PARALLEL_COLUMNS
        # Presolve in a restart has been seen to lose the best plan, with a bound to match.
        found["mip_allow_restart"] = False
    if algorithm == "pdlp":
        found["pdlp_optimality_tolerance"] = FIRST_ORDER
    return found
