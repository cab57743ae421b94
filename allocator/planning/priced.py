"""The programme that prices are read from: a plan's own, decisions fixed, with room around it.

The programme of a plan ends where today's limits and money end, its curves too. What lies just
beyond is what a little more would buy: here curves go on, and are cut closely around the plan.
Whatever planners decide stays as the plan has it, held programmes too. What is no decision but
the way of the world (how a curve is filled, which piece of a payment holds, what stands stranded)
is sought anew near the plan, and may turn where it is worth as much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.data import Data, Extraction
from allocator.errors import SolverError
from allocator.evaluate import Evaluation
from allocator.solver.highs.door import Solver
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Block, Program
from allocator.solver.sensitivity import WORK, Sensitivity, effort
from allocator.solver.stages.found import Stages
from allocator.tolerances import LITTLE, PRICED_NEAR

DECIDED = ("run", "end", "on", "reached")
"""Blocks of whole numbers that planners decide: options, endings, minimum scales, incomes."""

ROWS = (
    *("pool", "recurrent_pool", "capacity", "rule_min", "rule_max", "rule_equal", "position"),
    *("share_least", "share_most", "growth_max", "growth_min"),
    *("limit_least", "limit_most", "first_growth", "scale_least"),
)
COLUMNS = ("activity", "transfer")
"""What is moved to see what it is worth."""

NEAR = (0.8, 0.9, 0.95, 0.98, 0.995, 1.0, 1.005, 1.02, 1.05, 1.1, 1.2)
"""Where curves are cut around a plan, as shares of what it does."""

AROUND = (0.99, 1.01)
"""The same where a cut costs a decision: one chord across the plan is its slope both ways."""

BOX = 0.01
"""Share by which activity may differ from the plan while what is no decision is sought."""

FEWEST = 200
"""Solves that are not worth making the wider programme for."""

MOST_TURNS = 200
"""Columns that are tried the other way at most."""


@dataclass(frozen=True, eq=False)
class Sought:
    """A plan, and how programmes are made for its prices.

    Attributes
    ----------
    wider : callable
        Its instance as arrays, wider than can be reached.
    build : callable
        Programme of some arrays.
    data : Data
        The plan's arrays.
    program : Program
        The plan's programme.
    stages : Stages
        What was found.
    checked : Evaluation
        The plan as recomputed from the tables.
    added : frozenset of str
        Variables and rows that stand in no table.
    """

    wider: Callable[[], Extraction]
    build: Callable[[Data], Program]
    data: Data
    program: Program
    stages: Stages
    checked: Evaluation
    added: frozenset[str] = frozenset()


def sensitivity(of: Sought) -> tuple[Data, Sensitivity] | None:
    """The programme that prices are read from, solved; None where there is no best plan.

    Where the wider one cannot be had, it is that of the plan itself.
    """
    best, own = of.stages.best, of.stages.best_program
    if best is None or own is None or best.x is None or best.row_dual is None:
        return None
    if effort(own) > WORK / FEWEST:
        fixed = own.replaced(integer=np.zeros(len(own.integer), dtype=bool))
        return of.data, _movable(of, fixed, known=best)
    try:
        data = of.wider().data(_knots(of))
        program = _decided(of, of.build(data), own, best.x)
        found = _settled(of, program, _activity(own, best.x))
        objective = best.objective or 0.0
        if abs(found.value - objective) <= PRICED_NEAR * max(1.0, abs(objective)):
            return data, found
    except SolverError:
        pass
    fixed = own.replaced(integer=np.zeros(len(own.integer), dtype=bool))
    try:
        return of.data, _movable(of, fixed, kept=_undecided(of, own))
    except SolverError:
        return None


def _undecided(of: Sought, own: Program) -> bool:
    """Whether a plan's programme has whole numbers that are no decision."""
    decided = DECIDED + _decided_by_others(of, own)
    blocks = (block for block in own.columns if block.name not in decided)
    return any(own.integer[block.span].any() for block in blocks)


def _knots(of: Sought) -> dict[tuple[int, int], Floats]:
    """Where curves that bend are cut around the plan, by programme and year."""
    uncut = of.data.uncut
    bent = uncut.curves.bent(uncut.response)
    met = of.checked.allocation["met"].fillna(of.checked.allocation["activity"])
    at = met.to_numpy().reshape(len(of.data.programme), len(of.data.year))
    _, i, t = (c[bent].tolist() for c in uncut.rows.columns)
    shares = {True: np.array(AROUND), False: np.array(NEAR)}
    sparing = uncut.sparing | _steep(of.data)
    return {(p, y): shares[bool(sparing[p])] * at[p, y] for p, y in set(zip(i, t, strict=True))}


def _steep(data: Data) -> Flags:
    """Programmes whose curves need a decision somewhere."""
    out = np.zeros(len(data.programme), dtype=bool)
    out[data.ordering.orders.columns[0]] = True
    return out


def _activity(program: Program, x: Floats) -> Floats:
    block = program.block("activity")
    return np.empty(0) if block is None else x[block.span]


def _decided(of: Sought, wide: Program, own: Program, x: Floats) -> Program:
    """A wider programme with everything that is fixed in a plan's own fixed there too."""
    lower, upper, whole = wide.col_lower.copy(), wide.col_upper.copy(), wide.integer.copy()
    fixed = (own.col_lower == own.col_upper) & (of.program.col_lower < of.program.col_upper)
    held = np.repeat(of.data.held, len(of.data.year))
    decided = DECIDED + _decided_by_others(of, wide)
    for name in (*decided, "activity"):
        block, mine = wide.block(name), own.block(name)
        if block is None or mine is None:
            continue
        at, place = _shared(block, mine)
        if name in decided:
            lower[at] = upper[at] = np.round(x[place])
        else:
            kept = fixed[place] | held[place - mine.start]
            at, place = at[kept], place[kept]
            lower[at] = upper[at] = x[place]
    _start(wide, own, x, lower, upper)
    _reach(of, wide, lower, upper)
    for block in wide.columns:
        if block.name in decided:
            whole[block.span] = False
    return wide.replaced(col_lower=lower, col_upper=upper, integer=whole)


def _decided_by_others(of: Sought, program: Program) -> tuple[str, ...]:
    """Whole numbers among what was added: decisions like those of planners."""
    added = (block for block in program.columns if block.name in of.added)
    return tuple(block.name for block in added if program.integer[block.span].all())


def _start(wide: Program, own: Program, x: Floats, lower: Floats, upper: Floats) -> None:
    """Fix minimum scales: there is something, or nothing, as the plan has it."""
    block, activity = wide.block("on"), own.block("activity")
    if block is None or activity is None or block.index is None or activity.index is None:
        return
    place = activity.start + activity.index.positions(block.index.columns)
    on = (x[place] > LITTLE * own.col_upper[place]).astype(float)
    lower[block.span] = upper[block.span] = on


def _reach(of: Sought, wide: Program, lower: Floats, upper: Floats) -> None:
    """Fix incomes that the plan earns, also where the best plan could do without them."""
    block, table = wide.block("reached"), of.checked.incomes
    if block is None or block.index is None:
        return
    got = table[table["earned"] > LITTLE]
    names = got["income"] + (" / " + got["part"]).where(got["part"] != "", "")
    earned = set(zip(names, got["year"].tolist(), strict=True))
    for at, member in enumerate(block.index.members(), start=block.start):
        if member in earned:
            lower[at] = upper[at] = 1.0


def _shared(block: Block, mine: Block) -> tuple[Ints, Ints]:
    """Places of the members that two blocks share, whose axes are the same."""
    if block.index is None and block.labels == mine.labels:
        every = np.arange(len(block))
        return block.start + every, mine.start + every
    if block.index is None or mine.index is None:
        none = np.empty(0, dtype=np.int64)
        return none, none
    found = mine.index.find(block.index.columns)
    there = np.flatnonzero(found >= 0)
    return block.start + there, mine.start + found[there]


def _settled(of: Sought, program: Program, activity: Floats) -> Sensitivity:
    """The programme with what is no decision settled near the plan."""
    whole = program.integer
    if not whole.any():
        return _movable(of, program)
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    block = program.block("activity")
    if block is not None:
        room = BOX * np.abs(activity) + LITTLE * np.minimum(upper[block.span], 1e9)
        lower[block.span] = np.maximum(lower[block.span], activity - room)
        upper[block.span] = np.minimum(upper[block.span], activity + room)
    found = Solver(program.replaced(col_lower=lower, col_upper=upper)).run()
    if found.x is None:
        raise SolverError("what is no decision could not be settled near the plan")
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    lower[whole] = upper[whole] = np.round(found.x[whole])
    turns = [(int(j), 1.0 - float(lower[j])) for j in np.flatnonzero(whole)]
    none = np.zeros(len(whole), dtype=bool)
    settled = program.replaced(col_lower=lower, col_upper=upper, integer=none)
    return _movable(of, settled, turns if len(turns) <= MOST_TURNS else (), free=program)


def _movable(
    of: Sought,
    program: Program,
    turns: Sequence[tuple[int, float]] = (),
    known: Solution | None = None,
    free: Program | None = None,
    *,
    kept: bool = False,
) -> Sensitivity:
    """A programme whose budgets, limits, rules, shares and transfers are moved."""
    rows, columns = (np.zeros(size, dtype=bool) for size in program.shape)
    moved = ({*ROWS, *of.added}, rows, program.rows), (set(COLUMNS), columns, program.columns)
    for names, there, blocks in moved:
        for block in blocks:
            if block.name in names:
                there[block.span] = True
    # Pounds moved are counted, and bounded by what can move: here that would be a limit.
    lower, upper, counted = (
        program.row_lower.copy(),
        program.row_upper.copy(),
        program.block("moved"),
    )
    if counted is not None:
        lower[counted.span], upper[counted.span] = -np.inf, np.inf
    loose = program.replaced(row_lower=lower, row_upper=upper)
    if free is not None:
        free = free.replaced(row_lower=lower, row_upper=upper)
    return Sensitivity(loose, rows, columns, turns, known, free, kept=kept)
