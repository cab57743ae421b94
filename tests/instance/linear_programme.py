"""The hard part of the mathematics as a plain linear programme, to judge ranges by."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from scipy.optimize import linprog

from allocator.instance.by_year import by_year
from allocator.instance.draft import Draft

Key = tuple[str, str, int]
Place = tuple[str, int]


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


class Books:
    """What each pool pays in a year, by kind of money, as terms of variables."""

    def __init__(self) -> None:
        self.revenue: dict[Place, dict[Key, float]] = defaultdict(dict)
        self.recurrent: dict[Place, dict[Key, float]] = defaultdict(dict)
        self.capital: dict[Place, dict[Key, float]] = defaultdict(dict)
        self.fixed: dict[Place, float] = defaultdict(float)
        self.lasting: dict[Place, float] = defaultdict(float)

    def pay(self, at: Place, terms: dict[Key, float], *, every_year: bool) -> None:
        self.revenue[at].update(terms)
        if every_year:
            self.recurrent[at].update(terms)


def _money(model: Programme, draft: Draft, baseline: dict[str, float]) -> None:
    books = Books()
    _pay_programmes(model, draft, baseline, books)
    for _, item_year, pool, kind, amount, delivery, lasts in draft["adjustments"].lists(
        "year", "pool", "kind", "amount", "delivery", "recurrent"
    ):
        for t, year in enumerate(draft.years):
            if item_year in (0, year):
                taken = amount * delivery * (-1 if kind == "efficiency" else 1)
                books.fixed[pool, t] += taken
                books.lasting[pool, t] += taken if lasts else 0.0
    _extra_capacity(model, draft, books)
    _balances(model, draft, books)


def _pay_programmes(
    model: Programme, draft: Draft, baseline: dict[str, float], books: Books
) -> None:
    assert draft.settings is not None
    programmes, last = draft["programmes"], len(draft.years) - 1
    uplift = 1 + draft.settings.cost_uplift
    terms = {
        row[0]: dict(zip(draft["contracts"].table.columns, row, strict=True))
        for row in draft["contracts"].tuples(draft["contracts"].table.columns)
    }
    shares: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for _, name, pool, low, high in draft["funding"].lists(
        "programme", "pool", "share_min", "share_max"
    ):
        shares[name].append((pool, low, high))
    under: dict[tuple[str, int], list[tuple[float, float, dict[Key, float], str]]] = {}
    columns = ("programme", "pool", "unit_cost", "fixed_share", "release_years")
    columns += ("tariff", "contract", "money", "recurrent")
    for _, name, pool, cost, fixed, release, tariff, contract, kind, lasts in programmes.lists(
        *columns
    ):
        tariff = cost if np.isnan(tariff) else tariff
        for t in range(last + 1):
            price = cost * uplift ** (t + 1)
            owed: dict[Key, float] = {("a", name, t): price, ("z", name, t): price * fixed}
            for s in range(t - release, t):
                fall: dict[Key, float] = {("a", name, t): -1.0, ("z", name, t): -1.0}
                if s >= 0:
                    fall[("a", name, s)] = 1.0
                model.at_most(fall, 0.0 if s >= 0 else -baseline[name])
            if contract in terms and _holds(terms[contract], draft.years[t]):
                member = tariff, baseline[name], owed, pool
                under.setdefault((contract, t), []).append(member)
            elif name in shares:
                _pay_in_shares(model, books, (name, t), owed, shares[name], every_year=lasts)
            elif kind == "capital":
                books.capital[pool, t].update(owed)
            else:
                books.pay((pool, t), owed, every_year=lasts)
    for (contract, t), members in under.items():
        _pay_contract(model, books, terms[contract], t, members, uplift, draft.years[t])


def _holds(contract: dict[str, Any], year: int) -> bool:
    plain = contract["type"] == "cost" and np.isnan(contract["min_income"])
    plain &= contract["overhead"] == 0
    return not plain and (contract["start"] or year) <= year <= (contract["end"] or year)


def _pay_in_shares(
    model: Programme,
    books: Books,
    of: tuple[str, int],
    owed: dict[Key, float],
    shares: list[tuple[str, float, float]],
    *,
    every_year: bool,
) -> None:
    name, t = of
    whole = dict(owed)
    for pool, low, high in shares:
        part = model.variable(("p", name + pool, t))
        whole[part] = -1.0
        books.pay((pool, t), {part: 1.0}, every_year=every_year)
        model.at_most({part: -1.0, **{k: low * v for k, v in owed.items()}}, 0.0)
        model.at_most({part: 1.0, **{k: -high * v for k, v in owed.items()}}, 0.0)
    model.at_most(whole, 0.0)
    model.at_most({k: -v for k, v in whole.items()}, 0.0)


def _pay_contract(
    model: Programme,
    books: Books,
    contract: dict[str, Any],
    t: int,
    members: list[tuple[float, float, dict[Key, float], str]],
    uplift: float,
    year: int,
) -> None:
    n = uplift ** (t + 1)
    value: dict[Key, float] = {}
    cost: dict[Key, float] = {}
    for tariff, _, owed, _ in members:
        value[next(iter(owed))] = tariff * n
        cost.update(owed)
    base = sum(tariff * before for tariff, before, _, _ in members)
    pay = model.variable(("pay", contract["contract"], t), -1e9)
    for constant, of_value, of_cost in _pieces(contract, base * n, n, year):
        piece = {k: of_value * v for k, v in value.items()}
        for k, v in cost.items():
            piece[k] = piece.get(k, 0.0) + of_cost * v
        model.at_most({**piece, pay: -1.0}, -constant)
    rebased = 0 < contract["rebasing_year"] <= year
    if contract["type"] == "block" and not rebased and not np.isnan(contract["ceiling"]):
        model.at_most(value, contract["ceiling"] * n)
    books.pay((members[0][3], t), {pay: 1.0 + contract["overhead"]}, every_year=True)


def _pieces(
    contract: dict[str, Any], v0: float, n: float, year: int
) -> list[tuple[float, float, float]]:
    """The payment as the largest of: constant, per unit of value, per unit of cost."""
    fixed = v0 if np.isnan(contract["fixed"]) else contract["fixed"] * n
    up, down = contract["up_rate"], contract["down_rate"]
    budget = contract["per_head"] * n * 10
    gain, loss = contract["gain_share"], contract["loss_share"]
    rebased = 0 < contract["rebasing_year"] <= year
    found = {
        "cost": [(0.0, 0.0, 1.0)],
        "block": [(0.0, 1.0, 0.0)] if rebased else [(fixed, 0.0, 0.0)],
        "activity": [(0.0, 1.0, 0.0)],
        "cost_and_volume": [(fixed, 0.0, 0.0), (fixed - up * fixed, up, 0.0)],
        "aligned": [(fixed - up * v0, up, 0.0), (fixed - down * v0, down, 0.0)],
        "capitated": [(budget - gain * budget, 0.0, gain), (budget - loss * budget, 0.0, loss)],
    }[contract["type"]]
    least = contract["min_income"]
    return found if np.isnan(least) else [*found, (least * n, 0.0, 0.0)]


def _extra_capacity(model: Programme, draft: Draft, books: Books) -> None:
    assert draft.settings is not None
    uplift, last = 1 + draft.settings.cost_uplift, len(draft.years) - 1
    capacity = by_year(draft["capacity"], draft.years)
    for g, (resource, _) in enumerate(capacity.keys):
        for t in range(last + 1):
            most = float(capacity.values("extra_max")[g, t])
            extra = model.variable(("x", resource, t), 0.0, most)
            row = int(capacity.index[g, t])
            pool = draft["capacity"]["extra_pool"][row]
            books.revenue[pool, t][extra] = float(
                draft["capacity"]["extra_cost"][row]
            ) * uplift ** (t + 1)
            used: dict[Key, float] = {
                ("a", name, t): per_unit
                for _, name, needed, per_unit in draft["use"].lists(
                    "programme", "resource", "per_unit"
                )
                if needed == resource
            }
            model.at_most({**used, extra: -1.0}, float(capacity.values("amount")[g, t]))


def _balances(model: Programme, draft: Draft, books: Books) -> None:
    assert draft.settings is not None
    last = len(draft.years) - 1
    transfers = by_year(draft["transfers"], draft.years)
    for g, (giver, taker) in enumerate(transfers.keys):
        for t in range(last + 1):
            key = model.variable(("t", giver + taker, t), 0.0, float(transfers.values("max")[g, t]))
            books.pay((giver, t), {key: 1.0}, every_year=True)
            books.pay((taker, t), {key: -1.0}, every_year=True)
    received: dict[str, dict[Place, float]] = {
        kind: defaultdict(float) for kind in ("all", "recurrent", "capital")
    }
    carried: dict[Place, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    budgets = by_year(draft["budgets"], draft.years)
    columns = {c: budgets.values(c, 0.0) for c in ("amount", "opening", "carry_max")}
    columns["overdraw_max"] = budgets.values("overdraw_max", 0.0)
    for g, (pool, kind) in enumerate(budgets.keys):
        for t in range(last + 1):
            amount = float(columns["amount"][g, t])
            if kind == "capital":
                received["capital"][pool, t] += amount
                continue
            received["all"][pool, t] += amount + (0.0 if t else float(columns["opening"][g, t]))
            received["recurrent"][pool, t] += amount if kind != "non_recurrent" else 0.0
            carried[pool, t][0] += float(columns["carry_max"][g, t])
            carried[pool, t][1] += float(columns["overdraw_max"][g, t])
    for pool in dict.fromkeys(pool for pool, _ in budgets.keys):
        for t in range(last + 1):
            most, owed, _ = carried[pool, t]
            kept = model.variable(("c", pool, t), 0.0 if t == last else -owed, most)
            before: dict[Key, float] = {("c", pool, t - 1): -1.0} if t else {}
            money = received["all"][pool, t] - books.fixed[pool, t]
            model.at_most({**books.revenue[pool, t], kept: 1.0, **before}, money)
            model.at_most(books.capital[pool, t], received["capital"][pool, t])
            if draft.settings.recurrent_balance:
                lasting = received["recurrent"][pool, t] - books.lasting[pool, t]
                model.at_most(books.recurrent[pool, t], lasting)
