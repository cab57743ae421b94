"""Checks of conditional money: thresholds that mean something, and parts that add up."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.instance.checks.problem import Problems, needs, problem
from allocator.instance.checks.rules import Measured
from allocator.instance.tables.by_year import ByYear, by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Array
from allocator.instance.tables.wording import listing, number

_ROUNDING = 1e-9
_OF_THE_WHOLE = ("pool", "basis", "amount")


def outcome_of_the_measure(draft: Draft) -> Problems:
    """An outcome is named exactly where one is measured."""
    rows = draft["incomes"]
    measured, named = rows["measure"] == "outcome", rows["outcome"] != ""
    for position in np.flatnonzero(measured & ~named).tolist():
        yield problem(rows, position, "outcome", "measure outcome needs the outcome it measures.")
    for position in np.flatnonzero(named & ~measured).tolist():
        yield problem(
            rows, position, "outcome", "outcome belongs to measure outcome only; clear it."
        )


def thresholds(draft: Draft) -> Problems:
    """What is paid in full lies beyond the threshold, and both can be reached."""
    rows = draft["incomes"]
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
def measured_programmes(draft: Draft) -> Problems:
    """An income measures something its programmes have, in one unit."""
    rows = draft["incomes"]
    if not len(rows):
        return
    measured = Measured(draft)
    for position, measure in enumerate(rows["measure"].tolist()):
        if measure == "activity":
            yield from measured.units(rows, position)
        elif measure == "unmet":
            yield from measured.unmet(rows, position)
        elif measure == "outcome":
            yield from measured.outcome(rows, position)


@needs("places")
def heads_to_be_paid_for(draft: Draft) -> Problems:
    """Money per head has people to be paid for."""
    rows = draft["incomes"]
    if not len(draft["places"]):
        for position in np.flatnonzero(rows["basis"] == "per_head").tolist():
            yield problem(
                rows, position, "basis", "an income per head needs the table places with heads."
            )


@needs("incomes", years=True)
def parts_of_one_income(draft: Draft) -> Problems:
    """The parts of an income are parts of the same money, and no more than all of it."""
    rows = draft["incomes"]
    grid = by_year(rows, draft.years)
    shares = grid.values("share", 0.0)
    for name, groups in _parts(grid).items():
        index = grid.index[groups]
        yield from _one_whole(draft, name, index)
        total = shares[groups].sum(axis=0)
        for t in np.flatnonzero(total > 1 + _ROUNDING).tolist()[:1]:
            yield problem(
                rows,
                int(index[:, t].max()),
                "share",
                f"the shares of income '{name}' in {draft.years[t]} sum to {number(total[t])}; "
                "together its parts are at most the whole, 1.",
            )
        under = (total < 1 - _ROUNDING) & (index >= 0).any(axis=0)
        for t in np.flatnonzero(under).tolist()[:1]:
            yield problem(
                rows,
                int(index[:, t].max()),
                "share",
                f"the shares of income '{name}' in {draft.years[t]} sum to {number(total[t])}, so "
                "the rest of it can never be earned.",
                severity="warning",
            )


def _parts(grid: ByYear) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for group, (name, _) in enumerate(grid.keys):
        found[name].append(group)
    return found


def _one_whole(draft: Draft, name: str, index: Array) -> Problems:
    """The parts of an income in a year agree on the whole that they are parts of."""
    rows = draft["incomes"]
    for column in _OF_THE_WHOLE:
        for t, year in enumerate(draft.years):
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


@needs(years=True)
def received_within_the_plan(draft: Draft) -> Problems:
    """Money that is received after the plan is not in it."""
    rows, years = draft["incomes"], draft.years
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


def share_held_back(draft: Draft) -> Problems:
    """What is held back of a pool is a share."""
    rows = draft["incomes"]
    for position in np.flatnonzero((rows["basis"] == "held_back") & (rows["amount"] > 1)).tolist():
        amount = rows["amount"][position]
        yield problem(
            rows,
            position,
            "amount",
            f"what is held back is a share from 0 to 1, not {number(amount)}; write 2% as 0.02.",
        )


@needs("incomes", "budgets", years=True)
def held_back_of_something(draft: Draft) -> Problems:
    """A pool has the money that is held back, and no more than all of it is."""
    rows, there = draft["incomes"], _steady_money(draft)
    empty: set[str] = set()
    beyond: set[str] = set()
    for (pool, t), positions in _held_back(draft).items():
        total = sum(float(rows["amount"][p] * rows["share"][p]) for p in positions)
        year = draft.years[t]
        if pool not in empty and total > 0 and there[pool][t] == 0:
            empty.add(pool)
            yield problem(
                rows,
                positions[0],
                "pool",
                f"pool '{pool}' has no recurrent or grant money in {year} that could be held back.",
            )
        if pool not in beyond and total > 1 + _ROUNDING and len(positions) > 1:
            beyond.add(pool)
            names = listing(dict.fromkeys(f"'{rows['income'][p]}'" for p in positions))
            yield problem(
                rows,
                positions[0],
                "amount",
                f"{names} together hold back {number(total)} of the money of pool '{pool}' in "
                f"{year}; a pool has no more than all of it, 1.",
            )


def _steady_money(draft: Draft) -> dict[str, Array]:
    """Recurrent and grant money of each pool by plan year."""
    grid = by_year(draft["budgets"], draft.years)
    found: dict[str, Array] = {}
    for (pool, kind), amount in zip(grid.keys, grid.values("amount", 0.0), strict=True):
        counted = amount if kind in ("recurrent", "grant") else np.zeros(len(amount))
        found[pool] = found.get(pool, 0.0) + counted
    return found


def _held_back(draft: Draft) -> dict[tuple[str, int], list[int]]:
    """Rows that hold money back, by pool and position of the plan year."""
    rows = draft["incomes"]
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index in by_year(rows, draft.years).index:
        for t, position in enumerate(index.tolist()):
            if position >= 0 and rows["basis"][position] == "held_back":
                found[rows["pool"][position], t].append(position)
    return found


CHECKS = (
    outcome_of_the_measure,
    thresholds,
    measured_programmes,
    heads_to_be_paid_for,
    parts_of_one_income,
    received_within_the_plan,
    share_held_back,
    held_back_of_something,
)
