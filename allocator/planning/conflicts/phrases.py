"""Every family of rows and columns in the planner's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.instance.instance import Instance
from allocator.solver.program import Block, Program

MONEY, RULE, CAPACITY, DEFICIT, LIMIT, AGREED, CONTRACT, DECISION, COST, SILENT = range(10)
"""What is told first; what only says what something is goes unsaid unless nothing else is said."""

_PAYS = (CONTRACT, "what contract {0} pays in {year}")
_ENDS = (CONTRACT, "the ending of contract {0} in {year}")
_LEVEL = (DECISION, "what options do to the unit cost of {0} in {year}")
_BOUGHT = (DECISION, "what options do to the {0} of {1} in {year}")
_SCALE = (LIMIT, "the least scale of {0} in {year}")
_EARNED = (AGREED, "income {0} of {year}")
_TIER = (COST, "the cost threshold of {0} in {year}")
_STRANDED = (COST, "the cost of {0} that outlives its activity in {year}")
_CURVE = (SILENT, "the response curve of {0} in {year}")
_MOVED = (SILENT, "the spending on {0} in {year}")
_RULE = (RULE, "rule '{0}' in {year}")
_SHARED = (SILENT, "who pays for {0} in {year}")
_OFF = (SILENT, "how far {0} lies off the level it is held at in {year}")
_HELD = (SILENT, "what held lines give up")

PHRASES: dict[str, tuple[int, str]] = {
    # rows
    "pool": (MONEY, "the money in {0} in {year}"),
    "recurrent_pool": (MONEY, "the recurrent money in {0} in {year}"),
    "capital_pool": (MONEY, "the capital in {0} in {year}"),
    "rule_min": _RULE,
    "rule_max": _RULE,
    "rule_equal": _RULE,
    "capacity": (CAPACITY, "{0}{place} in {year}"),
    "position": (DEFICIT, "the deficit {0} may run in {year}"),
    "growth_max": (LIMIT, "how fast {0} may grow in {year}"),
    "growth_min": (LIMIT, "how much {0} must grow in {year}"),
    "first_growth": (LIMIT, "how much {0} must grow in {year}"),
    "limit_least": (LIMIT, "the least of {0} in {year}"),
    "limit_most": (LIMIT, "the most of {0} in {year}"),
    "scale_least": _SCALE,
    "scale_most": _SCALE,
    "need_balance": (LIMIT, "the need for {0} in {year}"),
    "met_enough": (LIMIT, "the share of need for {0} to be met in {year}"),
    "avoidable": (LIMIT, "how much of the need for {0} can be avoided in {year}"),
    "avoided_within": (LIMIT, "how much of the need for {0} can be avoided in {year}"),
    "block_ceiling": (CONTRACT, "the ceiling of contract {0} in {year}"),
    "share_least": (AGREED, "the least share of {0} that {1} pays in {year}"),
    "share_most": (AGREED, "the most of {0} that {1} pays in {year}"),
    "paid_in_full": _SHARED,
    "at_most": (DECISION, "{0}"),
    "exactly": (DECISION, "{0}"),
    "closed": (DECISION, "the closing of {0} by option {1} in {year}"),
    "driver_of_activity": _CURVE,
    "driver_of_need_met": _CURVE,
    "order_full": _CURVE,
    "order_open": _CURVE,
    "outcome_level_least": _BOUGHT,
    "outcome_level_most": _BOUGHT,
    "outcome_rest_least": _BOUGHT,
    "outcome_rest_most": _BOUGHT,
    "surcharge_is": (COST, "what {0} costs beyond its unit cost in {year}"),
    "tier_below": _TIER,
    "tier_full": _TIER,
    "tier_above": _TIER,
    "level_least": _LEVEL,
    "level_most": _LEVEL,
    "rest_least": _LEVEL,
    "rest_most": _LEVEL,
    "level_filled": _LEVEL,
    "level_open": _LEVEL,
    "rest_filled": _LEVEL,
    "rest_open": _LEVEL,
    "stranded_since": _STRANDED,
    "stranded_at_start": _STRANDED,
    "stranded_source": _STRANDED,
    "stranded_none": _STRANDED,
    "stranded_once": _STRANDED,
    "payment_is": _PAYS,
    "payment_covers": _PAYS,
    "payment_filled": _PAYS,
    "payment_follows": _PAYS,
    "piece_full": _PAYS,
    "piece_open": _PAYS,
    "piece_whole": _PAYS,
    "piece_on": _PAYS,
    "ended_once": _ENDS,
    "off_ended": _ENDS,
    "off_suspended": _ENDS,
    "off_only": _ENDS,
    "ended_least": _ENDS,
    "ended_most": _ENDS,
    "cost_ended_least": _ENDS,
    "cost_ended_most": _ENDS,
    "cost_held_least": _ENDS,
    "cost_held_most": _ENDS,
    "stranded_ended_off": _ENDS,
    "stranded_ended_within": _ENDS,
    "stranded_ended_all": _ENDS,
    "passing_if": _ENDS,
    "passing_within": _ENDS,
    "earned_if_reached": _EARNED,
    "earned_sliding": _EARNED,
    "earned_when": _EARNED,
    "earned_step": _EARNED,
    "moved": _MOVED,
    "held_line": _OFF,
    "held_kept": _HELD,
    "held_short": _HELD,
    "held_even": _HELD,
    # columns
    "run": (DECISION, "option {0}"),
    "activity": (LIMIT, "the limits of {0} in {year}"),
    "on": _SCALE,
    "unmet": (LIMIT, "the share of need for {0} to be met in {year}"),
    "avoided": (LIMIT, "how much of the need for {0} can be avoided in {year}"),
    "fill": _CURVE,
    "order": _CURVE,
    "outcome_level": _BOUGHT,
    "extra": (CAPACITY, "how much {0}{place} can be added in {year}"),
    "surcharge": (COST, "what {0} costs beyond its unit cost in {year}"),
    "above": _TIER,
    "beyond": _TIER,
    "level_activity": _LEVEL,
    "level_fill": _LEVEL,
    "stranded": _STRANDED,
    "source": _STRANDED,
    "payment": _PAYS,
    "piece_fill": _PAYS,
    "step": _PAYS,
    "end": _ENDS,
    "off": _ENDS,
    "follows_ended": _ENDS,
    "cost_ended": _ENDS,
    "stranded_ended": _ENDS,
    "passing_ended": _ENDS,
    "paid": _SHARED,
    "earned": _EARNED,
    "reached": _EARNED,
    "transfer": (AGREED, "what {0} may hand to {1} in {year}"),
    "carried": (AGREED, "what {0} may carry over or owe after {year}"),
    "short": _RULE,
    "over": _RULE,
    "up": _MOVED,
    "down": _MOVED,
    "give": (SILENT, "what held lines of {0} give up in {year}"),
    "held_above": _OFF,
    "held_below": _OFF,
}
"""Rank and words of each family of rows and columns. Rows that only serve something a planner
set are told as that; what a planner added to the model keeps its own name."""


@dataclass(frozen=True)
class Member:
    """A row or column by what it belongs to: names, and the first plan year among them."""

    names: tuple[str, ...]
    year: int | None


def member_of(block: Block, position: int) -> Member:
    """What a position of the programme belongs to, within its block."""
    at = position - block.start
    if block.index is None:
        label = block.labels[at]
        return Member(tuple(map(str, label if isinstance(label, tuple) else (label,))), None)
    (label,) = block.index.take([at]).members()
    parts = label if isinstance(label, tuple) else (label,)
    names, year = [], None
    for axis, part in zip(block.index.axes, parts, strict=True):
        if axis.name != "year":
            names.append(str(part))
        elif year is None:
            year = int(part)
    return Member(tuple(names), year)


def phrase(block: Block, position: int, instance: Instance) -> tuple[int, str]:
    """Rank and words of a row, or of the bounds of a column."""
    if block.name not in PHRASES:
        return RULE, block.member_names()[position - block.start]
    rank, template = PHRASES[block.name]
    member = member_of(block, position)
    if block.name in ("growth_min", "growth_max", "first_growth"):
        template = _growth(block.name, member, instance)
    if block.name == "activity" and not _limited(member, instance):
        rank = SILENT
    place = f" in {member.names[1]}" if "{place}" in template and member.names[1] else ""
    year = "" if member.year is None else instance.settings.year_label(member.year)
    return rank, template.format(*member.names, year=year, place=place)


def _growth(name: str, member: Member, instance: Instance) -> str:
    """A floor above last year is growth, one below it is a fall that is allowed."""
    limits, at = instance.facts.limits, _cell(member, instance)
    if name == "growth_max":
        if limits.growth_max[at] < 0 and not limits.growth_amount[at] > 0:
            return "how far {0} must fall in {year}"
        return PHRASES[name][1]
    if limits.growth_min[at] == 0:
        return "that {0} may not fall in {year}"
    fall = bool(limits.growth_min[at] < 0)
    return "how far {0} may fall in {year}" if fall else PHRASES[name][1]


def _limited(member: Member, instance: Instance) -> bool:
    """Whether a planner set a limit of activity, not only the model a finite one."""
    limits, at = instance.facts.limits, _cell(member, instance)
    ends = limits.least[at], limits.most[at], limits.start_min[at]
    grown = limits.growth_min[at], limits.growth_max[at]
    return bool(np.isfinite(ends[:2]).any() or ends[2] > 0 or not np.isnan(grown).all())


def _cell(member: Member, instance: Instance) -> tuple[int, int]:
    rank: dict[str, int] = instance.facts.rank
    years = list(instance.settings.years)
    return rank[member.names[0]], years.index(int(member.year or years[0]))


def in_words(
    program: Program,
    instance: Instance,
    rows: Iterable[int],
    columns: Iterable[int],
    weights: tuple[Floats, Floats] | None = None,
) -> tuple[str, ...]:
    """Name the members of a conflict as a planner knows them, the most telling first.

    Parameters
    ----------
    program : Program
        The programme the conflict was found in.
    instance : Instance
    rows, columns : iterable of int
        Positions of its rows, and of the columns whose bounds take part.
    weights : pair of ndarray, optional
        What each row and each column brings to the proof.

    Returns
    -------
    tuple of str
        One phrase a limit, rule, budget or capacity: money first, then rules, capacity, limits,
        contracts and decisions, and of each what brings most. Rows that only define something
        are left out, unless there is nothing else.
    """
    found: dict[str, tuple[int, float]] = {}
    for (rank, words), weight in _phrases(program, instance, rows, columns, weights):
        known = found.get(words, (rank, 0.0))
        found[words] = min(known[0], rank), max(known[1], weight)
    said = [words for words, (rank, _) in found.items() if rank != SILENT] or list(found)
    return tuple(sorted(said, key=lambda words: (found[words][0], -found[words][1])))


def _phrases(
    program: Program,
    instance: Instance,
    rows: Iterable[int],
    columns: Iterable[int],
    weights: tuple[Floats, Floats] | None,
) -> Iterator[tuple[tuple[int, str], float]]:
    for blocks, positions, which in ((program.rows, rows, 0), (program.columns, columns, 1)):
        for position in sorted(positions):
            block = next(b for b in blocks if b.start <= position < b.stop)
            weight = 0.0 if weights is None else float(weights[which][position])
            yield phrase(block, position, instance), weight
