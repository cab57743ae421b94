"""Whether a solution is believed, and who else is asked."""

from __future__ import annotations

from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Program
from allocator.solver.proof.certificate import residuals, safe_bound
from allocator.solver.stages.found import Stages
from allocator.tolerances import DOUBT, EXACT


def is_exact(program: Program, solution: Solution) -> bool:
    """Whether a result may stand as it is; first-order methods stop short of a vertex.

    What the run says of itself is not asked: rows, bounds and the gap to the safe bound
    are measured.
    """
    if solution.status != "optimal":
        return solution.status != "unknown"
    if solution.x is None or solution.row_dual is None or solution.objective is None:
        return False
    gap = abs(safe_bound(program, solution.row_dual) - solution.objective)
    off = max(*residuals(program, solution.x), gap / max(1.0, abs(solution.objective)))
    return off <= EXACT


def doubtful(stages: Stages) -> bool:
    """Whether to ask again in other units and without presolve before believing it.

    Figures many orders of magnitude apart can make a solver call a feasible programme
    infeasible, or miss a small row within its tolerance.
    """
    if stages.interrupted:
        return False
    if stages.status in ("infeasible", "unknown"):
        return True
    if stages.best is None or stages.best.x is None or stages.best_program is None:
        return False
    return max(residuals(stages.best_program, stages.best.x)) > DOUBT


def second_opinion(program: Program, threads: int) -> Solver:
    """Solver of the same programme that shares neither scaling nor presolve with the first."""
    return Solver(program, threads=threads, scaled=False, options={"presolve": "off"})
