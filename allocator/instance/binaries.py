"""What only a mixed-integer programme could plan: refused by name."""

from __future__ import annotations

import numpy as np

from allocator.errors import Problem
from allocator.instance.draft import Draft, Problems, problem
from allocator.instance.propagate import Ranges
from allocator.instance.rows import Array
from allocator.instance.selections import Selections
from allocator.instance.wording import number

NEEDS_BINARIES = "this needs yes-or-no decisions (a mixed-integer programme), not supported yet."
"""End of every message about something that a linear programme cannot plan."""

_ROUNDING = 1e-9


def needs_binaries(draft: Draft, ranges: Ranges | None) -> Problems:
    """Rows that only a mixed-integer programme could plan.

    Parameters
    ----------
    draft : Draft
        With whole programmes, responses, response_points and outcomes.
    ranges : Ranges or None
        What each programme can reach; without it every curve counts over its whole
        length.
    """
    spans = _Spans(draft, ranges)
    shapes = np.array([spans.shape_of(p) for p in range(len(draft["responses"]))], dtype=object)
    yield from _unordered(draft, shapes)
    yield from _unwanted(draft, shapes)
    yield from _ruled(draft, shapes)
    if draft.whole("contracts"):
        yield from _earned(draft, shapes)


class _Spans:
    """How the response curves bend over what can be reached."""

    def __init__(self, draft: Draft, ranges: Ranges | None) -> None:
        self.rows = draft["responses"]
        names = draft["programmes"]["programme"].tolist()
        self.rank = {name: i for i, name in enumerate(names)}
        size = len(names)
        self.low = np.zeros(size) if ranges is None else ranges.driver_lo.min(axis=1)
        self.high = np.full(size, np.inf) if ranges is None else ranges.driver_hi.max(axis=1)
        self.points: dict[tuple[str, str], list[tuple[float, float]]] = {}
        if draft.whole("response_points"):
            points = draft["response_points"]
            for _, name, outcome, activity, effect in points.lists(
                "programme", "outcome", "activity", "effect"
            ):
                self.points.setdefault((name, outcome), []).append((activity, effect))

    def shape_of(self, position: int) -> str:
        """'straight', 'concave', or why the curve cannot be filled in order."""
        rows = self.rows
        shape = rows["shape"][position]
        if shape == "linear":
            return "straight"
        if shape == "logistic":
            return "a logistic curve first steepens and then flattens"
        elasticity = rows["elasticity"][position]
        if shape == "power" and elasticity > 1:
            return f"a power curve with elasticity {number(elasticity)}, above 1, steepens"
        if shape == "power" and elasticity == 1:
            return "straight"
        name = rows["programme"][position]
        low, high = self.low[self.rank[name]], self.high[self.rank[name]]
        if np.isfinite(high) and high - low <= _ROUNDING * max(1.0, high):
            return "straight"
        if shape == "points":
            points = sorted(self.points.get((name, rows["outcome"][position]), []))
            return _bend(points, low, high)
        return "concave"


def _bend(points: list[tuple[float, float]], low: float, high: float) -> str:
    """How straight lines through `points`, flat after the last, bend between two drivers."""
    x = np.array([p[0] for p in points] + [np.inf])
    y = np.array([p[1] for p in points])
    slopes: Array = np.append(np.diff(y) / np.diff(x[:-1]), 0.0)
    crossed = (x[:-1] < high) & (x[1:] > low)
    inside = slopes[crossed]
    size = max(1e-300, float(np.abs(slopes).max(initial=0.0)))
    rises = np.flatnonzero(np.diff(inside) > _ROUNDING * size)
    if len(rises):
        turn = number(float(x[1:][crossed][rises[0]]))
        return f"the curve steepens at activity {turn}, which is within what can be reached"
    return "concave" if np.ptp(inside) > _ROUNDING * size else "straight"


def _unordered(draft: Draft, shapes: Array) -> Problems:
    rows = draft["responses"]
    for position in np.flatnonzero(~np.isin(shapes, ("straight", "concave"))).tolist():
        name = rows["programme"][position]
        yield problem(rows, position, "shape", f"{shapes[position]} ('{name}'): {NEEDS_BINARIES}")


def _unwanted(draft: Draft, shapes: Array) -> Problems:
    """Curves whose outcome counts against the plan."""
    rows, outcomes = draft["responses"], draft["outcomes"]
    weights = dict(zip(outcomes["outcome"], outcomes["weight"], strict=True))
    for position in np.flatnonzero(shapes != "straight").tolist():
        outcome = rows["outcome"][position]
        if weights.get(outcome, 0.0) < 0:
            name = rows["programme"][position]
            yield problem(
                rows,
                position,
                "outcome",
                f"outcome '{outcome}' has a negative weight and '{name}' a curved response to "
                f"it: {NEEDS_BINARIES}",
            )


def _ruled(draft: Draft, shapes: Array) -> Problems:
    """Rules that hold a curved outcome down or to a figure."""
    rules, rows = draft["rules"], draft["responses"]
    asked = (rules["measure"] == "outcome") & (rules["sense"] != "min")
    if not asked.any() or not draft.whole("selections"):
        return
    members = Selections(draft["programmes"], draft["selections"])
    names = draft["programmes"]["programme"].tolist()
    for position in np.flatnonzero(asked).tolist():
        shares = dict(zip(names, members.shares(rules["selection"][position]), strict=True))
        outcome = rules["outcome"][position]
        bent = (shapes != "straight") & (rows["outcome"] == outcome)
        found = [n for n in rows["programme"][bent].tolist() if shares.get(n, 0) > 0]
        if found:
            yield problem(
                rules,
                position,
                "sense",
                f"a rule of sense {rules['sense'][position]} on outcome '{outcome}', to which "
                f"'{found[0]}' has a curved response: {NEEDS_BINARIES}",
            )


def _earned(draft: Draft, shapes: Array) -> Problems:
    """Contracts that pay a bonus on a curved outcome."""
    contracts, rows, programmes = draft["contracts"], draft["responses"], draft["programmes"]
    for position in np.flatnonzero(contracts["type"] == "outcome").tolist():
        contract, outcome = contracts["contract"][position], contracts["bonus_outcome"][position]
        mine = programmes["programme"][programmes["contract"] == contract]
        bent = (shapes != "straight") & (rows["outcome"] == outcome)
        found = rows["programme"][bent & np.isin(rows["programme"], mine)].tolist()
        if found and contracts["bonus"][position] > 0:
            yield problem(
                contracts,
                position,
                "bonus_outcome",
                f"a bonus on outcome '{outcome}', to which '{found[0]}' has a curved response: "
                f"{NEEDS_BINARIES}",
            )


def only_binaries(problems: list[Problem]) -> bool:
    """Whether nothing but the need for binaries stands in the way."""
    errors = [p for p in problems if p.severity == "error"]
    return bool(errors) and all(p.message.endswith(NEEDS_BINARIES) for p in errors)
