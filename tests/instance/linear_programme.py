"""The hard part of the mathematics as a plain linear programme, to judge ranges by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import linprog

from allocator.instance.tables.by_year import by_year
from allocator.instance.tables.draft import Draft

Key = tuple[str, str, int]
Place = tuple[str, int]
Changed = dict[Place, float]

_FAR = 1e5
ONE: Key = ("one", "", 0)
"""Variable that is 1: constants are written as coefficients of it."""


def _changes() -> Changed:
    return defaultdict(float)


def _figures() -> dict[str, Changed]:
    return {"add": defaultdict(float), "multiply": defaultdict(lambda: 1.0)}


@dataclass
class Decided:
    """What some decisions have changed, by name and position of the year.

    Attributes
    ----------
    closed, off : set of (str, int)
        Programmes and contracts that are suspended.
    limit_min, limit_max, demand, capacity : dict
        What is multiplied first and added then.
    unit_cost, spend : dict
        Added to the cost of a unit, and to the spend of a programme.
    paid, lasting, capital : dict
        Net money that options take from pools.
    received : dict
        Conditional income at its most, less what is held back.
    pick : callable
        Which of so many branches holds, for what is not one piece: minimum viable scale,
        cost above a threshold, payments with kinks.
    """

    closed: set[Place] = field(default_factory=set)
    off: set[Place] = field(default_factory=set)
    limit_min: dict[str, Changed] = field(default_factory=_figures)
    limit_max: dict[str, Changed] = field(default_factory=_figures)
    demand: dict[str, Changed] = field(default_factory=_figures)
    capacity: dict[str, Changed] = field(default_factory=_figures)
    unit_cost: Changed = field(default_factory=_changes)
    spend: Changed = field(default_factory=_changes)
    paid: Changed = field(default_factory=_changes)
    lasting: Changed = field(default_factory=_changes)
    capital: Changed = field(default_factory=_changes)
    received: Changed = field(default_factory=_changes)
    pick: Callable[[int], int] = lambda branches: 0


def changed(figure: float, by: dict[str, Changed], at: Place) -> float:
    """A figure after what multiplies it and what is added."""
    return figure * by["multiply"][at] + by["add"][at]


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


def feasible_range(
    draft: Draft, programme: str, year: int, decided: Decided | None = None
) -> tuple[float, float] | None:
    """Least and most activity of a programme over all allowed plans with some decisions."""
    model = _model(draft, decided or Decided())
    t = draft.years.index(year)
    low = model.best(("a", programme, t), 1.0)
    high = model.best(("a", programme, t), -1.0)
    return None if low is None or high is None else (low, high)


def _model(draft: Draft, decided: Decided) -> Programme:
    model = Programme()
    model.variable(ONE, 1.0, 1.0)
    programmes = draft["programmes"]
    names = programmes["programme"].tolist()
    baseline = dict(zip(names, programmes["baseline"].tolist(), strict=True))
    years = range(len(draft.years))
    for name in names:
        for t in years:
            model.variable(("a", name, t))
            model.variable(("z", name, t))
    _limits(model, draft, baseline, decided)
    _demand(model, draft, baseline, decided)
    _money(model, draft, baseline, decided)
    return model


def _limits(model: Programme, draft: Draft, baseline: dict[str, float], decided: Decided) -> None:
    grid = by_year(draft["limits"], draft.years)
    low, high, amount, start = (
        grid.values(c) for c in ("min", "max", "growth_amount", "start_min")
    )
    least: dict[Place, float] = {}
    most: dict[Place, float] = {}
    scale: dict[Place, float] = defaultdict(float)
    floors = defaultdict(bool)
    for g, (name, basis) in enumerate(grid.keys):
        for t in range(len(draft.years)):
            at = name, t
            floors[at] |= not np.isnan(low[g, t])
            if basis == "growth":
                limits = float(low[g, t]), float(high[g, t]), float(amount[g, t])
                _growth(model, at, limits, baseline[name], closed=at in decided.closed)
                continue
            unit = baseline[name] if basis == "baseline" else 1.0
            least[at] = np.fmax(least.get(at, 0.0), low[g, t] * unit)
            most[at] = np.fmin(most.get(at, np.inf), high[g, t] * unit)
            scale[at] = np.fmax(scale[at], start[g, t] * unit)
    programmes = draft["programmes"]
    for name, kind in zip(programmes["programme"].tolist(), programmes["class"], strict=True):
        for t in range(len(draft.years)):
            at, own = (name, t), ("a", name, t)
            if kind == "safety" and not floors[at]:
                least[at] = baseline[name]
            if at in decided.closed:
                model.at_most({own: 1.0}, 0.0)
                continue
            model.at_most({own: -1.0}, -changed(least.get(at, 0.0), decided.limit_min, at))
            if most.get(at, np.inf) < np.inf:
                model.at_most({own: 1.0}, changed(most[at], decided.limit_max, at))
            if scale[at]:
                started = decided.pick(2)
                model.at_most({own: -1.0 if started else 1.0}, -scale[at] if started else 0.0)


def _growth(
    model: Programme,
    at: Place,
    limits: tuple[float, float, float],
    baseline: float,
    *,
    closed: bool,
) -> None:
    name, t = at
    low, high, amount = limits
    own: Key = ("a", name, t)
    before: dict[Key, float] = {("a", name, t - 1): 1.0} if t else {}
    for bound, sign in ((low, -1.0), (high, 1.0)):
        if np.isnan(bound) or (closed and sign < 0):
            continue
        factor = 1 + bound
        extra = amount if sign > 0 else 0.0
        terms = {own: sign, **dict.fromkeys(before, -sign * factor)}
        model.at_most(terms, extra + (0.0 if t else sign * factor * baseline))


def _demand(model: Programme, draft: Draft, baseline: dict[str, float], decided: Decided) -> None:
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
            arriving = changed(float(demand[g, t]), decided.demand, (name, t))
            unmet = model.variable(("u", name, t))
            avoided = model.variable(("v", name, t), -slack, arriving)
            model.at_most({avoided: 1.0, **{k: -v for k, v in felt.items()}}, -constant)
            fixed = float(arriving + (opening[g, t] if t == 0 else 0.0))
            waiting: dict[Key, float] = {("u", name, t - 1): float(carry[g, t])} if t else {}
            balance = {("a", name, t): 1.0, avoided: 1.0, unmet: 1.0}
            balance |= {k: -v for k, v in waiting.items()}
            model.at_most(balance, fixed)
            model.at_most({k: -v for k, v in balance.items()}, -fixed)
            part = 1.0 - float(met[g, t])
            model.at_most({unmet: 1.0, **{k: -part * v for k, v in waiting.items()}}, part * fixed)


def add(terms: dict[Key, float], more: dict[Key, float]) -> None:
    """Terms with others added to them."""
    for key, value in more.items():
        terms[key] = terms.get(key, 0.0) + value


class Books:
    """What each pool pays in a year, by kind of money, as terms of variables."""

    def __init__(self) -> None:
        self.revenue: dict[Place, dict[Key, float]] = defaultdict(dict)
        self.recurrent: dict[Place, dict[Key, float]] = defaultdict(dict)
        self.capital: dict[Place, dict[Key, float]] = defaultdict(dict)
        self.fixed: dict[Place, float] = defaultdict(float)
        self.lasting: dict[Place, float] = defaultdict(float)

    def pay(self, at: Place, terms: dict[Key, float], *, every_year: bool) -> None:
        add(self.revenue[at], terms)
        if every_year:
            add(self.recurrent[at], terms)


def _money(model: Programme, draft: Draft, baseline: dict[str, float], decided: Decided) -> None:
    books = Books()
    _pay_programmes(model, draft, baseline, books, decided)
    for _, item_year, pool, kind, amount, delivery, lasts in draft["adjustments"].lists(
        "year", "pool", "kind", "amount", "delivery", "recurrent"
    ):
        for t, year in enumerate(draft.years):
            if item_year in (0, year):
                taken = amount * delivery * (-1 if kind == "efficiency" else 1)
                books.fixed[pool, t] += taken
                books.lasting[pool, t] += taken if lasts else 0.0
    _extra_capacity(model, draft, books, decided)
    _balances(model, draft, books, decided)


def _pay_programmes(
    model: Programme, draft: Draft, baseline: dict[str, float], books: Books, decided: Decided
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
    columns += ("tariff", "contract", "money", "recurrent", "cost_threshold", "cost_above")
    for row in programmes.lists(*columns):
        _, name, pool, cost, fixed, release, tariff, contract, kind, lasts, *bent = row
        tariff = cost if np.isnan(tariff) else tariff
        for t in range(last + 1):
            price = cost * uplift ** (t + 1)
            owed: dict[Key, float] = {
                ("a", name, t): price + decided.unit_cost[name, t],
                ("z", name, t): price * fixed,
                ONE: decided.spend[name, t],
            }
            _bend(model, (name, t), owed, price, bent, decided)
            for s in range(t - release, t):
                fall: dict[Key, float] = {("a", name, t): -1.0, ("z", name, t): -1.0}
                if s >= 0:
                    fall[("a", name, s)] = 1.0
                model.at_most(fall, 0.0 if s >= 0 else -baseline[name])
            off = (contract, t) in decided.off
            if contract in terms and not off and _holds(terms[contract], draft.years[t]):
                member = tariff, baseline[name], owed, pool
                under.setdefault((contract, t), []).append(member)
            elif name in shares:
                _pay_in_shares(model, books, (name, t), owed, shares[name], every_year=lasts)
            elif kind == "capital":
                add(books.capital[pool, t], owed)
            else:
                books.pay((pool, t), owed, every_year=lasts)
    for (contract, t), members in under.items():
        _pay_contract(
            model, books, terms[contract], t, members, uplift, draft.years[t], decided.pick
        )


def _bend(
    model: Programme,
    at: Place,
    owed: dict[Key, float],
    price: float,
    bent: list[float],
    decided: Decided,
) -> None:
    """The cost of activity below or above its threshold."""
    threshold, above = bent
    if np.isnan(threshold):
        return
    dear = decided.pick(2)
    sign = -1.0 if dear else 1.0
    own: Key = ("a", *at)
    model.at_most({own: sign}, sign * threshold)
    add(owed, {own: dear * (above - 1.0) * price})
    add(owed, {ONE: -dear * (above - 1.0) * price * threshold})


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
    pick: Callable[[int], int],
) -> None:
    n = uplift ** (t + 1)
    value: dict[Key, float] = {}
    cost: dict[Key, float] = {}
    for tariff, _, owed, _ in members:
        value[next(iter(owed))] = tariff * n
        add(cost, owed)
    base = sum(tariff * before for tariff, before, _, _ in members)
    pay = model.variable(("pay", contract["contract"], t), -1e9)
    along = cost if contract["type"] in ("cost", "capitated") else value
    function, kinks = payment_of(contract, base * n, n, year)
    pieces = list(_pieces(function, kinks))
    slopes = [slope for _, _, _, slope in pieces]
    if slopes != sorted(slopes):
        pieces = [pieces[pick(len(pieces))]]
        low, high, _, _ = pieces[0]
        model.at_most({k: -v for k, v in along.items()}, -low)
        model.at_most(along, high)
    for _, _, constant, slope in pieces:
        model.at_most({**{k: slope * v for k, v in along.items()}, pay: -1.0}, -constant)
    rebased = 0 < contract["rebasing_year"] <= year
    if contract["type"] == "block" and not rebased and not np.isnan(contract["ceiling"]):
        model.at_most(value, contract["ceiling"] * n)
    books.pay((members[0][3], t), {pay: 1.0 + contract["overhead"]}, every_year=True)


def payment_of(
    contract: dict[str, Any], v0: float, n: float, year: int
) -> tuple[Callable[[float], float], list[float]]:
    """A payment as a function of the value or cost it follows, and where it may have kinks."""
    fixed = v0 if np.isnan(contract["fixed"]) else contract["fixed"] * n
    volume = fixed if np.isnan(contract["volume"]) else contract["volume"] * n
    top = 1e6 if np.isnan(contract["threshold"]) else contract["threshold"] * n
    up, down = contract["up_rate"], contract["down_rate"]
    budget = contract["per_head"] * n * 10
    gain, loss = contract["gain_share"], contract["loss_share"]
    gains, losses = (1e6 if np.isnan(c) else c * n for c in _caps(contract))
    rebased = 0 < contract["rebasing_year"] <= year
    plain = {
        "cost": lambda x: x,
        "block": (lambda x: x) if rebased else (lambda x: fixed),
        "activity": lambda x: min(x, top) + contract["marginal_rate"] * max(0.0, x - top),
        "cost_and_volume": lambda x: fixed + up * max(0.0, x - volume),
        "aligned": lambda x: fixed + up * max(0.0, x - v0) - down * max(0.0, v0 - x),
        "capitated": lambda x: (
            budget
            - min(gains, gain * max(0.0, budget - x))
            + min(losses, loss * max(0.0, x - budget))
        ),
    }[contract["type"]]
    kinks = {
        "activity": [top],
        "cost_and_volume": [volume],
        "aligned": [v0],
        "capitated": [
            budget,
            budget - gains / gain if gain else budget,
            budget + losses / loss if loss else budget,
        ],
    }.get(contract["type"], [])
    floor, cap = (
        limit if np.isnan(contract[name]) else contract[name] * n
        for name, limit in (("min_income", -1e9), ("max_income", 1e9))
    )
    crossed = [_crossing(plain, mark, kinks) for mark in (floor, cap)]
    return lambda x: min(max(plain(x), floor), cap), [*kinks, *(x for xs in crossed for x in xs)]


def _pieces(
    function: Callable[[float], float], kinks: list[float]
) -> Iterator[tuple[float, float, float, float]]:
    """Straight pieces of a payment: where each begins and ends, constant and slope."""
    for low, high in pairwise(_ends(kinks)):
        slope = round((function(high) - function(low)) / (high - low), 9)
        yield low, high, function(low) - slope * low, slope


def _ends(kinks: list[float]) -> list[float]:
    return [-_FAR, *sorted({k for k in kinks if -_FAR < k < _FAR}), _FAR]


def _caps(contract: dict[str, Any]) -> tuple[float, float]:
    return contract["gain_cap"], contract["loss_cap"]


def _crossing(plain: Callable[[float], float], mark: float, kinks: list[float]) -> list[float]:
    """Where a payment of straight pieces passes a mark."""
    found = []
    for low, high in pairwise(_ends(kinks)):
        below, beyond = plain(low) - mark, plain(high) - mark
        if below * beyond < 0:
            found.append(low - below * (high - low) / (beyond - below))
    return found


def _extra_capacity(model: Programme, draft: Draft, books: Books, decided: Decided) -> None:
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
            amount = float(capacity.values("amount")[g, t])
            there = changed(amount, decided.capacity, (resource, t))
            model.at_most({**used, extra: -1.0}, there)


def _balances(model: Programme, draft: Draft, books: Books, decided: Decided) -> None:
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
            money += decided.received[pool, t] - decided.paid[pool, t]
            model.at_most({**books.revenue[pool, t], kept: 1.0, **before}, money)
            invested = received["capital"][pool, t] - decided.capital[pool, t]
            model.at_most(books.capital[pool, t], invested)
            if draft.settings.recurrent_balance:
                lasting = received["recurrent"][pool, t] - books.lasting[pool, t]
                lasting -= decided.lasting[pool, t]
                model.at_most(books.recurrent[pool, t], lasting)
