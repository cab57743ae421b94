"""Checks of what programmes may do: limits, and minimum viable scale."""

from __future__ import annotations

import numpy as np

from allocator.instance.checks.problem import Problems, needs, problem
from allocator.instance.tables.by_year import by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.wording import number


def limits_make_sense(draft: Draft) -> Problems:
    """Limits say something, do not cross and stay above zero."""
    rows = draft["limits"]
    low, high, growth = rows["min"], rows["max"], rows["basis"] == "growth"
    for position in np.flatnonzero(low > high).tolist():
        words = f"{number(low[position])} is more than max {number(high[position])}"
        yield problem(rows, position, "min", f"min {words}, so no activity is allowed.")
    for column in ("min", "max"):
        floor = np.where(growth, -1.0, 0.0)
        for position in np.flatnonzero(rows[column] < floor).tolist():
            allowed = "-1 (nothing left) or more" if growth[position] else "0 or more"
            value = number(rows[column][position])
            basis = rows["basis"][position]
            yield problem(
                rows,
                position,
                column,
                f"{value} is not allowed: a {column} on basis {basis} must be {allowed}.",
            )
    added = rows["growth_amount"] > 0
    for position in np.flatnonzero(added & (~growth | np.isnan(high))).tolist():
        yield problem(
            rows,
            position,
            "growth_amount",
            "growth_amount is added to a growth max; it needs basis growth and a max (0 for "
            "nothing on top).",
        )
    silent = np.isnan(low) & np.isnan(high) & np.isnan(rows["start_min"])
    for position in np.flatnonzero(silent & ~added).tolist():
        yield problem(
            rows,
            position,
            "max",
            "the row has neither a min nor a max and limits nothing.",
            severity="warning",
        )


@needs("limits", "programmes", "option_effects", years=True)
def scale_that_can_start(draft: Draft) -> Problems:
    """A minimum viable scale is one the programme can reach and need not exceed anyway."""
    rows = draft["limits"]
    for position in np.flatnonzero((rows["basis"] == "growth") & (rows["start_min"] >= 0)).tolist():
        yield problem(
            rows,
            position,
            "start_min",
            "a minimum viable scale is an amount of activity; write it in a row of basis activity "
            "or baseline, not growth.",
        )
    effects, scales = draft["option_effects"], _Scales(draft)
    raised = set(effects["target"][effects["measure"] == "limit_max"].tolist())
    dropped = set(effects["target"][np.isin(effects["measure"], ("limit_min", "close"))].tolist())
    for i, name in enumerate(draft["programmes"]["programme"].tolist()):
        starts, least, most = scales.starts[i], scales.least[i], scales.most[i]
        given = scales.row[i] >= 0
        beyond = np.flatnonzero(starts > most)
        if len(beyond) and name not in raised:
            t = int(beyond[0])
            yield problem(
                rows,
                int(scales.row[i, t]),
                "start_min",
                f"'{name}' does nothing or at least {number(starts[t])}, but can do at most "
                f"{number(most[t])} in {draft.years[t]}, so it could never run; lower start_min or "
                "raise max.",
            )
        elif given.any() and (starts <= least)[given].all() and name not in dropped:
            t = int(np.flatnonzero(given)[0])
            yield problem(
                rows,
                int(scales.row[i, t]),
                "start_min",
                f"'{name}' does at least {number(least[t])} anyway, so a minimum viable scale of "
                f"{number(starts[t])} has no effect.",
                severity="warning",
            )


class _Scales:
    """Minimum viable scale, least and most activity by programme and year, and its row.

    Without one the scale is -inf and the row -1; without a max the most is inf.
    """

    def __init__(self, draft: Draft) -> None:
        programmes = draft["programmes"]
        rank = {name: i for i, name in enumerate(programmes["programme"].tolist())}
        shape = (len(programmes), len(draft.years))
        self.starts, self.least = np.full(shape, -np.inf), np.zeros(shape)
        self.most, self.row = np.full(shape, np.inf), np.full(shape, -1)
        grid = by_year(draft["limits"], draft.years)
        figures = (grid.values(column) for column in ("start_min", "min", "max"))
        for (name, basis), index, start, least, most in zip(
            grid.keys, grid.index, *figures, strict=True
        ):
            if basis == "growth":
                continue
            i = rank[name]
            scale = programmes["baseline"][i] if basis == "baseline" else 1.0
            larger = start * scale > self.starts[i]
            self.row[i, larger] = index[larger]
            self.starts[i, larger] = start[larger] * scale
            self.least[i] = np.fmax(self.least[i], least * scale)
            self.most[i] = np.fmin(self.most[i], most * scale)


CHECKS = (limits_make_sense, scale_that_can_start)
