"""A conflict in the planner's words: which limits, rules and budgets cannot hold together."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.instance.instance import Instance
from allocator.solver.highs.door import Solver
from allocator.solver.program import Block, Program
from allocator.solver.proof.conflict import find_conflict
from allocator.solver.proof.whole_conflict import CHOICES, SECONDS, find_whole_conflict

NAMED = 8
"""Most rules to name where no whole decisions keep them together."""

_ROWS = {
    "pool": "the money in {0} in {year}",
    "recurrent_pool": "the recurrent money in {0} in {year}",
    "capital_pool": "the capital in {0} in {year}",
    "capacity": "{0}{place} in {year}",
    "rule_min": "rule '{0}' in {year}",
    "rule_max": "rule '{0}' in {year}",
    "rule_equal": "rule '{0}' in {year}",
    "growth_max": "how fast {0} may grow in {year}",
    "growth_min": "how much {0} must grow in {year}",
    "need_balance": "the need for {0} in {year}",
    "met_enough": "the share of need for {0} to be met in {year}",
    "avoidable": "how much of the need for {0} can be avoided in {year}",
    "block_ceiling": "the ceiling of contract {0} in {year}",
    "position": "the deficit {0} may run in {year}",
    "share_least": "the least share of {0} that {1} pays in {year}",
    "share_most": "the most of {0} that {1} pays in {year}",
}

_COLUMNS = {
    "activity": "the limits of {0} in {year}",
    "unmet": "the share of need for {0} to be met in {year}",
    "carried": "what {0} may carry over or owe after {year}",
    "transfer": "what {0} may hand to {1} in {year}",
    "extra": "how much {0}{place} can be added in {year}",
}


def explained(
    instance: Instance, program: Program, threads: int, left: float | None
) -> tuple[str, ...]:
    """What cannot hold together in an infeasible programme.

    Parameters
    ----------
    instance : Instance
    program : Program
    threads : int
        Threads of the solver.
    left : float or None
        Seconds left to look for decisions that clash; None for as long as is reasonable.
    """
    relaxed = program.replaced(integer=np.zeros(len(program.integer), dtype=bool))
    if not program.integer.any() or Solver(relaxed, threads=threads).run().status == "infeasible":
        return in_words(relaxed, instance, *find_conflict(relaxed, threads=threads))
    seconds = SECONDS if left is None else min(SECONDS, left)
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


def in_words(
    program: Program, instance: Instance, rows: list[int], columns: list[int]
) -> tuple[str, ...]:
    """Name the members of a conflict as a planner knows them.

    Parameters
    ----------
    program : Program
        The programme the conflict was found in.
    instance : Instance
    rows, columns : list of int
        Positions of its rows, and of the columns whose bounds take part.

    Returns
    -------
    tuple of str
        One phrase a limit, rule, budget or capacity, in the order of the model; rows that
        only define something are left out, and rows a planner added keep their own name.
    """
    said: dict[str, None] = {}
    for blocks, phrases, positions in (
        (program.rows, _ROWS, rows),
        (program.columns, _COLUMNS, columns),
    ):
        known = set(phrases) | _DEFINITIONS
        for position in sorted(positions):
            block = next(b for b in blocks if b.start <= position < b.stop)
            label = _label(block, position)
            if block.name in phrases:
                said[_phrase(phrases[block.name], block.name, label, instance)] = None
            elif block.name not in known:
                said[block.member_names()[position - block.start]] = None
    return tuple(said)


_DEFINITIONS = {
    "avoided",
    "down",
    "driver_of_activity",
    "driver_of_need_met",
    "fill",
    "moved",
    "over",
    "paid",
    "paid_in_full",
    "payment",
    "payment_covers",
    "payment_is",
    "short",
    "stranded",
    "stranded_at_start",
    "stranded_since",
    "up",
}
"""Rows and columns that say what something is, not what is allowed."""


def _label(block: Block, position: int) -> tuple[Any, ...]:
    at = position - block.start
    members = block.labels[at : at + 1] if block.index is None else block.index.take([at]).members()
    member = next(iter(members))
    return member if isinstance(member, tuple) else (member,)


def _phrase(template: str, name: str, label: tuple[Any, ...], instance: Instance) -> str:
    *parts, year = label
    place = f" in {parts[1]}" if name in ("capacity", "extra") and parts[1] else ""
    return template.format(*parts, year=instance.settings.year_label(int(year)), place=place)
