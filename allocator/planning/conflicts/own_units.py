"""How far the figure of a rule would have to move, in the rule's own units.

What gives way is the side of a row, in the unit of what is measured. The figure of a share, a
ratio, growth or an amount a head is that over a whole, which depends on the plan. The row is linear
in the figure: with the figure one higher it differs by the whole, at the plan that what gives way
allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from allocator.arrays import Floats
from allocator.data import Data
from allocator.instance.facts.wider import Room
from allocator.instance.instance import Instance
from allocator.plan import Missing
from allocator.solver.program import Block, Program

BASES = ("share", "ratio", "growth", "per_head")
"""Bases of rules whose figure is not in the unit of what is measured."""

Make = Callable[[Room, Instance | None], tuple[Data, Program]]


def in_own_units(
    missing: list[Missing], instance: Instance, x: Floats, room: Room, make: Make
) -> list[Missing]:
    """What is missing, with the amounts of rules in the units of their figures as well.

    Parameters
    ----------
    missing : list of Missing
    instance : Instance
    x : ndarray
        A plan with all that gives way.
    room : Room
        Within which its programme's ranges hold.
    make : callable
        Programme of the instance, or of another of its shape, within some room.
    """
    rules = instance.rows["rules"]
    bases = dict(rules.tuples(("rule", "basis")))
    if not any(m.kind == "rule" and bases[m.name] in BASES for m in missing):
        return missing
    raised = dict(instance.rows) | {"rules": rules.put(value=rules["value"] + 1.0)}
    other = instance.believing(instance.settings, raised)
    before, after = make(room, None)[1], make(room, other)[1]
    return [_told(m, bases.get(m.name, ""), before, after, x) for m in missing]


def _told(m: Missing, basis: str, before: Program, after: Program, x: Floats) -> Missing:
    if m.kind != "rule" or basis not in BASES:
        return m
    wholes = [
        whole
        for name in ("rule_min", "rule_max", "rule_equal")
        if (whole := _whole(before, after, name, m, x)) is not None
    ]
    return replace(m, basis=basis, value=m.amount / wholes[0]) if wholes and wholes[0] > 0 else m


def _whole(before: Program, after: Program, name: str, m: Missing, x: Floats) -> float | None:
    """What a figure that is one higher comes to, in a family of rows; None where it has none."""
    blocks: list[Block | None] = [before.block(name), after.block(name)]
    for block in blocks:
        if block is None or block.index is None:
            return None
    row, other = (_row(block, m) for block in blocks if block is not None)
    if row is None or other is None:
        return None
    sides = "row_upper" if name != "rule_min" else "row_lower"
    shifted = getattr(after, sides)[other] - getattr(before, sides)[row]
    return float(shifted - (after.matrix[[other]] @ x - before.matrix[[row]] @ x)[0])


def _row(block: Block, m: Missing) -> int | None:
    assert block.index is not None
    for at, (rule, year) in enumerate(block.index.members()):
        if (rule, year) == (m.name, m.year):
            return block.start + at
    return None
