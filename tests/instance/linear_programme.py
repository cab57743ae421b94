"""The hard part of the mathematics as a plain linear programme, to judge ranges by."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.optimize import linprog

from allocator.instance.by_year import by_year
from allocator.instance.draft import Draft

Key = tuple[str, str, int]


class Programme:
    """Rows of the form: sum of coefficients times variables at most a number."""

    def __init__(self) -> None:
        self.column: dict[Key, int] = {}
        self.low: list[float] = []
        self.high: list[float | None] = []
        self.rows: list[tuple[dict[Key, float], float]] = []

    def variable(self, key: Key, low: float = 0.0, high: float | None = None) -> Key:
        self.column[key] = len(self.low)
        self.low.append(low)
        self.high.append(high)
        return key

    def at_most(self, terms: dict[Key, float], right: float) -> None:
        self.rows.append((terms, right))

    def best(self, key: Key, sign: float) -> float | None:
        """Least (sign 1) or most (sign -1) value of a variable; None without a plan."""
        matrix = np.zeros((len(self.rows), len(self.low)))
        for r, (terms, _) in enumerate(self.rows):
            for term, value in terms.items():
                matrix[r, self.column[term]] += value
        cost = np.zeros(len(self.low))
        cost[self.column[key]] = sign
        right = [value for _, value in self.rows]
        spans = list(zip(self.low, self.high, strict=True))
        found = linprog(cost, A_ub=matrix, b_ub=right, bounds=spans, method="highs")
        return float(found.x[self.column[key]]) if found.status == 0 else None


def feasible_range(draft: Draft, programme: str, year: int) -> tuple[float, float] | None:
    """Least and most activity of a programme over all allowed plans."""
    model = _model(draft)
    t = draft.years.index(year)
    low = model.best(("a", programme, t), 1.0)
    high = model.best(("a", programme, t), -1.0)
    return None if low is None or high is None else (low, high)


def _model(draft: Draft) -> Programme:
    model = Programme()
    programmes = draft["programmes"]
    names = programmes["programme"].tolist()
    baseline = dict(zip(names, programmes["baseline"].tolist(), strict=True))
    years = range(len(draft.years))
    for name in names:
        for t in years:
            model.variable(("a", name, t))
            model.variable(("z", name, t))
    _limits(model, draft, baseline)
    _demand(model, draft, baseline)
    _money(model, draft, baseline)
    return model


def _limits(model: Programme, draft: Draft, baseline: dict[str, float]) -> None:
    grid = by_year(draft["limits"], draft.years)
    low, high, amount = (grid.values(c) for c in ("min", "max", "growth_amount"))
    floors = defaultdict(bool)
    for g, (name, basis) in enumerate(grid.keys):
        for t in range(len(draft.years)):
            own: Key = ("a", name, t)
            before: dict[Key, float] = {("a", name, t - 1): 1.0} if t else {}
            for bound, sign in ((low[g, t], -1.0), (high[g, t], 1.0)):
                if np.isnan(bound):
                    continue
                floors[name, t] |= sign < 0
                if basis == "growth":
                    factor = 1 + bound
                    extra = float(amount[g, t]) if sign > 0 else 0.0
                    terms = {own: sign, **dict.fromkeys(before, -sign * factor)}
                    right = extra + (0.0 if t else sign * factor * baseline[name])
                    model.at_most(terms, right)
                else:
                    scale = baseline[name] if basis == "baseline" else 1.0
                    model.at_most({own: sign}, sign * bound * scale)
    programmes = draft["programmes"]
    for name, kind in zip(programmes["programme"], programmes["class"], strict=True):
        for t in range(len(draft.years)):
            if kind == "safety" and not floors[name, t]:
                model.at_most({("a", name, t): -1.0}, -baseline[name])


def _demand(model: Programme, draft: Draft, baseline: dict[str, float]) -> None:
    grid = by_year(draft["demand"], draft.years)
    demand, carry, met = (grid.values(c) for c in ("demand", "carry", "min_met"))
    opening = grid.values("opening_backlog")
    effects = list(draft["effects"].lists("source", "target", "per_unit", "delay", "fade"))
    for g, (name,) in enumerate(grid.keys):
        for t in range(len(draft.years)):
            felt: dict[Key, float] = {}
            constant = slack = 0.0
            for _, source, target, per_unit, delay, fade in effects:
                for s in range(t + 1):
                    if target == name and t - s >= delay:
                        kernel = per_unit * fade ** (t - s - delay)
                        felt[("a", source, s)] = felt.get(("a", source, s), 0.0) + kernel
                        constant += kernel * baseline[source]
                        slack += abs(kernel) * baseline[source]
            unmet = model.variable(("u", name, t))
            avoided = model.variable(("v", name, t), -slack, float(demand[g, t]))
            model.at_most({avoided: 1.0, **{k: -v for k, v in felt.items()}}, -constant)
            fixed = float(demand[g, t] + (opening[g, t] if t == 0 else 0.0))
            waiting: dict[Key, float] = {("u", name, t - 1): float(carry[g, t])} if t else {}
            balance = {("a", name, t): 1.0, avoided: 1.0, unmet: 1.0}
            balance |= {k: -v for k, v in waiting.items()}
            model.at_most(balance, fixed)
            model.at_most({k: -v for k, v in balance.items()}, -fixed)
            part = 1.0 - float(met[g, t])
            model.at_most({unmet: 1.0, **{k: -part * v for k, v in waiting.items()}}, part * fixed)


def _money(model: Programme, draft: Draft, baseline: dict[str, float]) -> None:
    assert draft.settings is not None
    programmes, last = draft["programmes"], len(draft.years) - 1
    uplift = 1 + draft.settings.cost_uplift
    spent: dict[tuple[str, int], dict[Key, float]] = defaultdict(dict)
    columns = ("programme", "pool", "unit_cost", "fixed_share", "release_years")
    for _, name, pool, cost, fixed, release in programmes.lists(*columns):
        for t in range(last + 1):
            price = cost * uplift ** (t + 1)
            spent[pool, t][("a", name, t)] = price
            spent[pool, t][("z", name, t)] = price * fixed
            for s in range(t - release, t):
                fall: dict[Key, float] = {("a", name, t): -1.0, ("z", name, t): -1.0}
                if s >= 0:
                    fall[("a", name, s)] = 1.0
                model.at_most(fall, 0.0 if s >= 0 else -baseline[name])
    capacity = by_year(draft["capacity"], draft.years)
    for g, (resource, _) in enumerate(capacity.keys):
        for t in range(last + 1):
            most = float(capacity.values("extra_max")[g, t])
            extra = model.variable(("x", resource, t), 0.0, most)
            row = int(capacity.index[g, t])
            pool = draft["capacity"]["extra_pool"][row]
            spent[pool, t][extra] = float(draft["capacity"]["extra_cost"][row]) * uplift ** (t + 1)
            used: dict[Key, float] = {
                ("a", name, t): per_unit
                for _, name, needed, per_unit in draft["use"].lists(
                    "programme", "resource", "per_unit"
                )
                if needed == resource
            }
            model.at_most({**used, extra: -1.0}, float(capacity.values("amount")[g, t]))
    transfers = by_year(draft["transfers"], draft.years)
    for g, (giver, taker) in enumerate(transfers.keys):
        for t in range(last + 1):
            key = model.variable(("t", giver + taker, t), 0.0, float(transfers.values("max")[g, t]))
            spent[giver, t][key] = 1.0
            spent[taker, t][key] = -1.0
    budgets = by_year(draft["budgets"], draft.years)
    amount, opening = budgets.values("amount"), budgets.values("opening")
    for g, (pool, _) in enumerate(budgets.keys):
        for t in range(last + 1):
            owed = 0.0 if t == last else -float(budgets.values("overdraw_max")[g, t])
            kept = model.variable(("c", pool, t), owed, float(budgets.values("carry_max")[g, t]))
            before: dict[Key, float] = {("c", pool, t - 1): -1.0} if t else {}
            money = float(amount[g, t]) + (0.0 if t else float(opening[g, t]))
            model.at_most({**spent[pool, t], kept: 1.0, **before}, money)
