"""Checks of conditional money: thresholds that mean something, and parts that add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from allocator.arrays import Ints
from allocator.instance.checks.measured import Measured
from allocator.instance.checks.problem import Problems, needs, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.by_year import ByYear
from allocator.instance.tables.rows import BLANK_YEAR, Rows
from allocator.tolerances import ROUNDING
from allocator.words import listing, number

_OF_THE_WHOLE = ("pool", "basis", "amount")


def outcome_of_the_measure(facts: Timeless) -> Problems:
    """An outcome is named exactly where one is measured."""
    rows = facts["incomes"]
    measured, named = rows["measure"] == "outcome", rows["outcome"] != ""
    for position in np.flatnonzero(measured & ~named).tolist():
        yield problem(rows, position, "outcome", "measure outcome needs the outcome it measures.")
    for position in np.flatnonzero(named & ~measured).tolist():
        yield problem(
            rows, position, "outcome", "outcome belongs to measure outcome only; clear it."
        )


@planned("budgets", "incomes")
def held_back_of_limited_money(facts: Facts) -> Problems:
    """What is held back is a share of money that is limited."""
    rows, grid, pools = facts["incomes"], facts.by_year("incomes"), facts.budgets
    row, _, year = grid.in_force
    payer = pools.places(rows["pool"].tolist())[row]
    endless = (rows["basis"][row] == "held_back") & np.isinf(pools.steady[payer, year])
    for position in np.unique(row[endless]).tolist():
        yield problem(
            rows,
            position,
            "basis",
            f"a share of the money of pool '{rows['pool'][position]}' cannot be held back: its "
            "amount is blank, which is not limited; give it an amount, or write basis amount.",
        )


def thresholds(facts: Timeless) -> Problems:
    """What is paid in full lies beyond the threshold, and both can be reached."""
    rows = facts["incomes"]
    threshold, full, low = rows["threshold"], rows["full"], rows["sense"] == "max"
    wrong = np.where(low, full >= threshold, full <= threshold)
    for position in np.flatnonzero(wrong).tolist():
        side = "less" if low[position] else "more"
        yield problem(
            rows,
            position,
            "full",
            f"with sense {rows['sense'][position]} all of it is paid at {side} than the threshold "
            f"{number(threshold[position])}, not at {number(full[position])}; leave full blank for "
            "a step.",
        )
    natural = rows["measure"] != "outcome"
    for column in ("threshold", "full"):
        for position in np.flatnonzero(natural & (rows[column] < 0)).tolist():
            yield problem(
                rows,
                position,
                column,
                f"{number(rows[column][position])} is not allowed: {rows['measure'][position]} is "
                "never negative.",
            )
    for position in np.flatnonzero((rows["measure"] == "unmet") & ~low).tolist():
        yield problem(
            rows,
            position,
            "sense",
            "measure unmet cannot be min: nobody is paid for leaving need unmet; write max.",
        )


@needs("programmes", "selections", "responses", "demand", "option_effects")
def measured_programmes(facts: Timeless) -> Problems:
    """An income measures something its programmes have, in one unit."""
    rows = facts["incomes"]
    if not len(rows):
        return
    measured = Measured(facts)
    for position in range(len(rows)):
        yield from measured.check(rows, position)


@needs("places")
def heads_to_be_paid_for(facts: Timeless) -> Problems:
    """Money per head has people to be paid for."""
    rows = facts["incomes"]
    if not len(facts["places"]):
        for position in np.flatnonzero(rows["basis"] == "per_head").tolist():
            yield problem(
                rows, position, "basis", "an income per head needs the table places with heads."
            )


@planned("incomes")
def parts_of_one_income(facts: Facts) -> Problems:
    """The parts of an income are parts of the same money, and no more than all of it."""
    rows, grid = facts["incomes"], facts.by_year("incomes")
    shares = grid.values("share", 0.0)
    for name, groups in _parts(grid).items():
        index = grid.index[groups]
        yield from _one_whole(facts, name, index)
        total = shares[groups].sum(axis=0)
        for t in np.flatnonzero(total > 1 + ROUNDING).tolist()[:1]:
            yield problem(
                rows,
                max(index[:, t].tolist(), key=_line_of(rows)),
                "share",
                f"the shares of income '{name}' in {facts.years[t]} sum to {number(total[t])}; "
                "together its parts are at most the whole, 1.",
            )
        under = (total < 1 - ROUNDING) & (index >= 0).any(axis=0)
        for t in np.flatnonzero(under).tolist()[:1]:
            yield problem(
                rows,
                max(index[:, t].tolist(), key=_line_of(rows)),
                "share",
                f"the shares of income '{name}' in {facts.years[t]} sum to {number(total[t])}, so "
                "the rest of it can never be earned.",
                severity="warning",
            )


def _parts(grid: ByYear) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for group in grid.by_line:
        found[grid.keys[group][0]].append(group)
    return found


def _line_of(rows: Rows) -> Callable[[int], int]:
    """Line of a row by position; 0 for none."""
    return lambda position: int(rows.lines[position]) if position >= 0 else 0


def _one_whole(facts: Facts, name: str, index: Ints) -> Problems:
    """The parts of an income in a year agree on the whole that they are parts of."""
    rows = facts["incomes"]
    for column in _OF_THE_WHOLE:
        for t, year in enumerate(facts.years):
            positions = index[:, t][index[:, t] >= 0].tolist()
            differ = [p for p in positions if rows[column][p] != rows[column][positions[0]]]
            if differ:
                one, other = rows[column][positions[0]], rows[column][differ[0]]
                yield problem(
                    rows,
                    differ[0],
                    column,
                    f"the parts of income '{name}' in {year} have one {column}, that of the whole "
                    f"income, but say {one} and {other}; split it by share.",
                )
                break


@planned()
def received_within_the_plan(facts: Facts) -> Problems:
    """Money that is received after the plan is not in it."""
    rows, years = facts["incomes"], facts.years
    first = np.where(rows["year"] == BLANK_YEAR, years[0], rows["year"]) + rows["lag"]
    for position in np.flatnonzero(first > years[-1]).tolist():
        held = " and what is held back is lost" if rows["basis"][position] == "held_back" else ""
        yield problem(
            rows,
            position,
            "lag",
            f"it is received in {first[position]} at the earliest, after the plan, so nothing in "
            f"the plan is gained by earning it{held}.",
            severity="warning",
        )


def share_held_back(facts: Timeless) -> Problems:
    """What is held back of a pool is a share."""
    rows = facts["incomes"]
    for position in np.flatnonzero((rows["basis"] == "held_back") & (rows["amount"] > 1)).tolist():
        amount = rows["amount"][position]
        yield problem(
            rows,
            position,
            "amount",
            f"what is held back is a share from 0 to 1, not {number(amount)}; write 2% as 0.02.",
        )


@planned("incomes", "budgets")
def held_back_of_something(facts: Facts) -> Problems:
    """A pool has the money that is held back, and no more than all of it is."""
    rows, budgets = facts["incomes"], facts.budgets
    empty: set[str] = set()
    beyond: set[str] = set()
    for (pool, t), positions in _held_back(facts).items():
        total = sum(float(rows["amount"][p] * rows["share"][p]) for p in positions)
        year = facts.years[t]
        if pool not in empty and total > 0 and budgets.steady[budgets.place[pool], t] == 0:
            empty.add(pool)
            yield problem(
                rows,
                positions[0],
                "pool",
                f"pool '{pool}' has no recurrent or grant money in {year} that could be held back.",
            )
        if pool not in beyond and total > 1 + ROUNDING and len(positions) > 1:
            beyond.add(pool)
            names = listing(dict.fromkeys(f"'{rows['income'][p]}'" for p in positions))
            yield problem(
                rows,
                positions[0],
                "amount",
                f"{names} together hold back {number(total)} of the money of pool '{pool}' in "
                f"{year}; a pool has no more than all of it, 1.",
            )


def _held_back(facts: Facts) -> dict[tuple[str, int], list[int]]:
    """Rows that hold money back, by pool and position of the plan year."""
    rows = facts["incomes"]
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    grid = facts.by_year("incomes")
    for group in grid.by_line:
        for t, position in enumerate(grid.index[group].tolist()):
            if position >= 0 and rows["basis"][position] == "held_back":
                found[rows["pool"][position], t].append(position)
    return found


CHECKS = (
    held_back_of_limited_money,
    outcome_of_the_measure,
    thresholds,
    measured_programmes,
    heads_to_be_paid_for,
    parts_of_one_income,
    received_within_the_plan,
    share_held_back,
    held_back_of_something,
)
