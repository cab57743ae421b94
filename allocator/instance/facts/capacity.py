"""Capacity of resources, and the programmes that share each of them."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.instance.facts.decisions import Decisions
from allocator.instance.tables.by_year import ByYear
from allocator.instance.tables.rows import Rows


class Capacity:
    """Capacity rows and the programmes that share each of them.

    Parameters
    ----------
    capacity : ByYear
        The table.
    resources, use, programmes : Rows
        The tables.
    rank : dict of str to int
        Position of each programme.
    decisions : Decisions
        What options may change.
    index : ndarray, shape (years,)
        Growth of prices since the base year.

    Attributes
    ----------
    keys : list of (str, str)
        Resource and place of each row; a blank place is everywhere.
    amount, extra_max : ndarray, shape (rows, years)
        What is there without options (inf where it is not limited), and most that may be
        added.
    extra_price : ndarray, shape (rows, years)
        What a unit added costs.
    extra_pool : ndarray of str, shape (rows, years)
        Pool charged for what is added; blank for none.
    available : ndarray, shape (rows, years)
        Most that options leave of the amount, with all that may be added.
    lines : ndarray of int, shape (rows, years)
        Lines of the capacity table.
    names, units : list of str
        Resource with its place, and the unit it is counted in, of each row.
    group, programme, per_unit : ndarray
        One entry for each programme that uses a capacity row: row, programme, use.
    """

    def __init__(
        self,
        capacity: ByYear,
        resources: Rows,
        use: Rows,
        programmes: Rows,
        *,
        rank: dict[str, int],
        decisions: Decisions,
        index: Floats,
    ) -> None:
        self.keys, self.lines = capacity.keys, capacity.lines()
        amount = capacity.values("amount", np.inf)
        self.amount: Floats = np.where(np.isnan(amount), np.inf, amount)
        self.extra_max = capacity.values("extra_max", 0.0)
        self.extra_price: Floats = capacity.values("extra_cost", 0.0) * index
        self.extra_pool = capacity.words("extra_pool")
        amount = self.amount.copy()
        at = {key: g for g, key in enumerate(self.keys)}
        for key in decisions.of("capacity").keys() & at.keys():
            g = at[key]
            amount[g] = decisions.span("capacity", key, amount[g], amount[g])[1]
        self.available: Floats = amount + self.extra_max
        self.names = [r if not place else f"{r} in {place}" for r, place in self.keys]
        unit_of = dict(resources.tuples(("resource", "unit")))
        self.units = [unit_of.get(r, "") for r, _ in self.keys]
        place_of = programmes["place"]
        found = [
            (at[resource, place], rank[name], per_unit)
            for name, resource, per_unit in use.tuples(("programme", "resource", "per_unit"))
            for place in dict.fromkeys(("", str(place_of[rank[name]])))
            if per_unit > 0 and (resource, place) in at
        ]
        self.group = np.array([g for g, _, _ in found], dtype=np.int64)
        self.programme = np.array([i for _, i, _ in found], dtype=np.int64)
        self.per_unit = np.array([u for _, _, u in found], dtype=np.float64)
