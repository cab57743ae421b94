"""Checks that prices which grow or fall from year to year stay figures a solver can hold."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.instance.checks.problem import Problems, entry_problem, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.tolerances import LARGE, SMALL

_PAID = ("fixed", "volume", "per_head", "bonus", "ceiling", "threshold", "exit_fee")
"""Amounts of a contract that grow with its uplift."""


@planned()
def prices_within_reach(facts: Facts) -> Problems:
    """A price in the last plan year is neither beyond telling apart nor as good as nothing.

    The instance's own growth is blamed once, a row's for the row.
    """
    told: set[object] = set()
    for table, column, costs in _priced(facts):
        rows = facts[table]
        worst = np.maximum(costs.max(axis=1, initial=0.0), 0.0)
        least = np.where(costs > 0.0, costs, np.inf).min(axis=1, initial=np.inf)
        for position in np.flatnonzero((worst >= LARGE) | (least <= SMALL)).tolist():
            large = worst[position] >= LARGE
            reached = costs[position] >= LARGE if large else costs[position] <= SMALL
            price = costs[position][reached][0]
            year = facts.settings.year_label(facts.years[int(reached.argmax())])
            how = "more than a solver can tell apart" if large else "as good as nothing to a solver"
            name = rows[rows.table.key[0]][position]
            own = not np.isnan(rows[column][position])
            message = (
                f"prices {'grow' if large else 'fall'} until a figure of '{name}' is {price:.2g} "
                f"in {year}, {how}; plan fewer years, or write another yearly growth."
            )
            cause = (table, position) if own else "cost_uplift"
            if cause in told:
                continue
            told.add(cause)
            if own:
                yield problem(rows, position, column, message)
            else:
                yield entry_problem(facts.draft, "cost_uplift", message)


def _priced(facts: Facts) -> list[tuple[str, str, Floats]]:
    """Table, its column of growth, and the price of every row by plan year."""
    contracts = facts["contracts"]
    largest = np.zeros(len(contracts))
    for name in _PAID:
        largest = np.fmax(largest, np.nan_to_num(contracts[name]))
    paid = largest[:, None] * facts.prices.compounded(contracts["uplift"][:, None])
    return [
        ("programmes", "cost_uplift", facts.prices.unit_cost),
        ("programmes", "cost_uplift", facts.prices.tariff),
        ("contracts", "uplift", paid),
    ]


CHECKS = (prices_within_reach,)
