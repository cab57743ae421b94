"""Capacity of resources, and the programmes that share each of them."""

from __future__ import annotations

import numpy as np

from allocator.instance.facts.decisions import Decisions
from allocator.instance.tables.by_year import by_year
from allocator.instance.tables.draft import Draft


class Capacity:
    """Capacity rows and the programmes that share each of them.

    Parameters
    ----------
    draft : Draft
        With whole tables.
    rank : dict of str to int
        Position of each programme.
    decisions : Decisions
        Options of the draft.

    Attributes
    ----------
    available : ndarray, shape (rows by resource and place, years)
        Most that options leave of the amount, with all that may be added.
    names, units : list of str
        Resource with its place, and the unit it is counted in, of each row.
    group, programme, per_unit : ndarray
        One entry for each programme that uses a capacity row: row, programme, use.
    """

    def __init__(self, draft: Draft, rank: dict[str, int], decisions: Decisions) -> None:
        grid = by_year(draft["capacity"], draft.years)
        self.lines = grid.lines()
        amount = grid.values("amount", np.inf)
        at = {key: g for g, key in enumerate(grid.keys)} if decisions.names else {}
        for key in decisions.of("capacity"):
            if key in at:
                g = at[key]
                amount[g] = decisions.span("capacity", key, amount[g], amount[g])[1]
        self.available = amount + grid.values("extra_max", 0.0)
        self.names = [r if not place else f"{r} in {place}" for r, place in grid.keys]
        unit_of = dict(zip(draft["resources"]["resource"], draft["resources"]["unit"], strict=True))
        self.units = [unit_of.get(r, "") for r, _ in grid.keys]
        self.short = np.zeros(len(grid.keys), dtype=bool)
        place_of = draft["programmes"]["place"]
        groups: dict[tuple[str, str], list[int]] = {}
        for g, key in enumerate(grid.keys):
            groups.setdefault(key, []).append(g)
        found = [
            (g, rank[name], per_unit)
            for _, name, resource, per_unit in draft["use"].lists(
                "programme", "resource", "per_unit"
            )
            for place in dict.fromkeys(("", str(place_of[rank[name]])))
            for g in groups.get((resource, place), [])
            if per_unit > 0
        ]
        self.group = np.array([g for g, _, _ in found], dtype=np.int64)
        self.programme = np.array([i for _, i, _ in found], dtype=np.int64)
        self.per_unit = np.array([u for _, _, u in found], dtype=np.float64)
