"""Why there is no plan: the amounts first, then what cannot hold together."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from allocator.data.parts import Knots
from allocator.instance.instance import Instance
from allocator.plan import Shortfall
from allocator.planning.conflicts.eased import eased
from allocator.planning.conflicts.phrases import in_words
from allocator.planning.conflicts.shortfall import Proof, Shortfalls
from allocator.planning.request import Request
from allocator.solver.program import Program
from allocator.solver.proof.conflict import Candidates, find_conflict
from allocator.solver.proof.needed import needed
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
    """Why there is no plan.

    Attributes
    ----------
    shortfall : tuple of Shortfall
        What is missing.
    conflict : tuple of str
        What cannot hold together.
    each_needed : bool
        Whether that was shown of each: the others can hold together without it.
    """

    shortfall: tuple[Shortfall, ...]
    conflict: tuple[str, ...]
    each_needed: bool


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
        # Each of them is impossible by itself: one is enough to say so.
        return Why(shortfall, in_words(program, instance, rows, columns)[:1], True)
    if search.proof is None and program.integer.any():
        whole = _whole(instance, program, request.threads, seconds)
        return Why(shortfall, whole, len(whole) == 1)
    return Why(shortfall, *_linear(instance, program, search.proof, request.threads, seconds))


def _linear(
    instance: Instance, program: Program, proof: Proof | None, threads: int, seconds: float
) -> tuple[tuple[str, ...], bool]:
    """What cannot hold together even with decisions taken in part, and whether each is needed."""
    began = time.monotonic()
    weights = None
    if proof is not None:
        program, weights = proof.program, (proof.given.rows, proof.given.columns)
    program = program.replaced(integer=np.zeros(len(program.integer), dtype=bool))
    parts = eased(program, instance)
    found = needed(program, parts, threads=threads, seconds=seconds)
    if found.parts:
        kept = [parts[n] for n in found.parts]
        rows = [row for part in kept for row in part.rows.tolist()]
        columns = [column for part in kept for column in part.columns.tolist()]
        return in_words(program, instance, rows, columns, weights), found.sure
    # What planners set is not it: then what collides is told whatever it is.
    known = None if proof is None else Candidates(*proof.members())
    left = max(LEAST, seconds - (time.monotonic() - began))
    rows, columns = find_conflict(program, threads=threads, seconds=left, known=known)
    return in_words(program, instance, rows, columns, weights), False


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
