"""The plan that rolls the baseline forward, by itself: what drafts are completed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike

import pandas as pd

from allocator.calls import told
from allocator.data import Extraction
from allocator.evaluate import Evaluation, evaluate
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance, instance_of
from allocator.plan import Plan
from allocator.planning.formulation import model_of
from allocator.planning.readback import decisions
from allocator.planning.starting import levels
from allocator.solver.compile.compiler import compile_model
from allocator.solver.highs.door import Solver
from allocator.solver.stages.filled import refilled
from allocator.solver.stages.sequence import StagedSolve


@dataclass(frozen=True)
class RolledForward:
    """The reference plan of a round.

    Attributes
    ----------
    status : str
        ``optimal`` where there is one, else why not, as :attr:`allocator.Plan.status`.
    tables : mapping of str to pandas.DataFrame
        What it decides, in the form an evaluation reads; empty without one.
    checked : Evaluation or None
        The same recomputed.
    """

    status: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    checked: Evaluation | None = None


@told
def roll_forward(
    instance: Instance | str | PathLike[str],
    *,
    evidence: str = "central",
    threads: int = 1,
    held: Plan | Mapping[str, pd.DataFrame] | None = None,
) -> RolledForward:
    """Find the reference plan of an instance, and not the best one.

    Parameters
    ----------
    instance : Instance
    evidence : {'low', 'central', 'high'}
        Which figures of responses and effects to believe.
    threads : int
        Threads of the solver.
    held : Plan or mapping of str to pandas.DataFrame, optional
        As for :func:`allocator.solve`: another plan whose held programmes are held where it
        has them.

    Raises
    ------
    KeyboardInterrupt
        When it was interrupted.
    """
    believed = with_evidence(instance_of(instance, "roll_forward"), evidence)
    data = Extraction(believed, levels(believed, held)).data()
    program = compile_model(model_of(data, "allocation", None))
    if any(program.nowhere()):
        return RolledForward("infeasible")
    stages = StagedSolve(Solver(program, threads=threads), data).roll_forward()
    if stages.interrupted:
        raise KeyboardInterrupt
    if stages.reference is None:
        return RolledForward(stages.status)
    decided = decisions(data, program, refilled(data, program, stages.reference))
    return RolledForward("optimal", decided, evaluate(believed, decided))
