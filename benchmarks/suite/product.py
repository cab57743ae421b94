"""The product's rounds and programmes as problems of the suite, and back.

The allocator is imported when it is used, not before: it loads HiGHS, which cannot share a
process with some of the other solvers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from benchmarks.suite.problem import Problem

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.solver.program import Program

SIDES = ("row_lower", "row_upper", "col_lower", "col_upper")
PARTS = ("maximise", "cost", "offset", "matrix", *SIDES, "integer")
"""What both have, under the same names."""

NONE = 1e20
"""Bounds of this size and beyond are none to the solvers."""


def compiled(instance: Instance) -> Program:
    """Main programme of a round."""
    from allocator.data import extract
    from allocator.solver.compile.compiler import compile_model
    from allocator_models.allocation import build

    return compile_model(build(extract(instance)))


def problem_of(name: str, size: str, seed: int, program: Program) -> Problem:
    """Canonical arrays of a compiled programme."""

    parts = {part: getattr(program, part) for part in PARTS}
    for side in SIDES:
        far = np.abs(parts[side]) >= NONE
        parts[side] = np.where(far, np.copysign(np.inf, parts[side]), parts[side])
    return Problem.of(name, size, seed, **parts)


def program_of(problem: Problem) -> Program:
    """The problem as the product holds one; names are numbers."""
    from allocator.solver.program import Block, Program

    rows, columns = (cast("tuple[Any, ...]", range(count)) for count in problem.shape)
    return Program(
        **{part: getattr(problem, part) for part in PARTS},
        columns=(Block("x", 0, len(columns), None, columns),),
        rows=(Block("row", 0, len(rows), None, rows),),
        name=problem.name,
    )


def linear_program_of(problem: Problem) -> Program:
    """The same, of a problem in which nothing must be whole.

    Raises
    ------
    SolverError
        When something must: it has no prices.
    """
    from allocator.errors import SolverError

    if problem.whole:
        raise SolverError(f"{problem.name} has whole numbers: parts have no prices for it")
    return program_of(problem)
