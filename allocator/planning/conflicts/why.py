"""Why there is no plan: the amounts first, then what cannot hold together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.data.parts import Knots
from allocator.instance.instance import Instance
from allocator.plan import Shortfall
from allocator.planning.conflicts.phrases import in_words
from allocator.planning.conflicts.shortfall import Proof, Shortfalls
from allocator.planning.request import Request
from allocator.solver.program import Program
from allocator.solver.proof.conflict import Candidates, find_conflict
from allocator.solver.proof.whole_conflict import CHOICES, find_whole_conflict

NAMED = 8
"""Most rules to name where no whole decisions keep them together."""

AMOUNTS = 20.0
"""Seconds for the amounts, unless less are left."""

NAMES = 10.0
"""Seconds for what cannot hold together, unless less are left."""

LEAST = 2.0
"""Seconds for either, however few are left."""


@dataclass(frozen=True)
class Why:
    """Why there is no plan: what is missing, and what cannot hold together."""

    shortfall: tuple[Shortfall, ...]
    conflict: tuple[str, ...]


def explained(
    instance: Instance, request: Request, knots: Knots, program: Program, left: float | None
) -> Why:
    """What is missing in an infeasible round, and what of it cannot hold together.

    Parameters
    ----------
    instance : Instance
        With its evidence chosen.
    request : Request
    knots : dict of (programme, year) to ndarray
        Where curves are cut.
    program : Program
        The infeasible programme.
    left : float or None
        Seconds left; None for as long as is reasonable.
    """
    most = AMOUNTS + NAMES if left is None else max(left, LEAST)
    seconds = min(NAMES, most)
    search = Shortfalls(instance, request, knots, min(AMOUNTS, most))
    shortfall = search.find()
    rows, columns = program.nowhere()
    if rows or columns:
        return Why(shortfall, in_words(program, instance, rows, columns))
    if search.proof is None and program.integer.any():
        whole = _whole(instance, program, request.threads, seconds)
        return Why(shortfall, whole)
    return Why(shortfall, _linear(instance, program, search.proof, request.threads, seconds))


def _linear(
    instance: Instance, program: Program, proof: Proof | None, threads: int, seconds: float
) -> tuple[str, ...]:
    """What cannot hold together even with decisions taken in part."""
    if proof is None:
        relaxed = program.replaced(integer=np.zeros(len(program.integer), dtype=bool))
        return in_words(
            relaxed, instance, *find_conflict(relaxed, threads=threads, seconds=seconds)
        )
    program = proof.program.replaced(integer=np.zeros(len(proof.program.integer), dtype=bool))
    weights = proof.given.rows, proof.given.columns
    known = Candidates(*proof.members())
    rows, columns = find_conflict(program, threads=threads, seconds=seconds, known=known)
    return in_words(program, instance, rows, columns, weights)


def _whole(instance: Instance, program: Program, threads: int, seconds: float) -> tuple[str, ...]:
    """What no whole decisions keep together, where decisions taken in part would."""
    rows = find_whole_conflict(program, threads=threads, seconds=seconds)
    named = _named_rows(program, instance, rows)
    keeps = "every hard rule"
    if 0 < len(named) <= NAMED:
        keeps = " and ".join(part for part in (", ".join(named[:-1]), named[-1]) if part)
    return (
        "no combination of the yes-or-no decisions (options, contracts, thresholds, minimum "
        f"scales) keeps {keeps}; without them whole, the rules could be kept",
    )


def _named_rows(program: Program, instance: Instance, rows: list[int]) -> list[str]:
    """Rows in the planner's words, those between options by their own names."""
    choices = [block for block in program.rows if block.name in CHOICES]
    said: dict[str, None] = {}
    for block in choices:
        mine = [row - block.start for row in rows if block.start <= row < block.stop]
        if block.index is not None and mine:
            said |= dict.fromkeys(block.index.take(mine).column_labels(0).astype(str).tolist())
    span = {row for block in choices for row in range(block.start, block.stop)}
    others = in_words(program, instance, [row for row in rows if row not in span], [])
    return [*others, *said]
