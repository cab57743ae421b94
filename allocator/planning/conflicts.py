"""A conflict in the planner's words: which limits, rules and budgets cannot hold together."""

from __future__ import annotations

from typing import Any

from allocator.instance.instance import Instance
from allocator.solver.program import Block, Program

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
