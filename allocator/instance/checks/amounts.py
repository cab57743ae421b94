"""Checks that amounts are written in the unit of the instance: all of them warn.

A figure in pounds in an instance in millions is a million times too large. Beside all the money
there is it stands out, whatever table it is in: every column of money is looked at, as the schema
has them, and every figure that is money where its row says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.checks.sizes import out_of_size, unit_of
from allocator.instance.facts.facts import Facts
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.schema import TABLES

MONEY_MEASURES = ("spend", "recurrent_spend", "value", "payment", "position")
"""What rules and incomes measure in money."""

PARTNERS = 10.0
"""Times all money of the pools that a provider may get and spend elsewhere unasked: its other
commissioners may be larger than the system."""

_Times = Callable[[Facts, Rows], Floats]


@planned("budgets", "programmes")
def amounts_beside_all_money(facts: Facts) -> Problems:
    """No single amount is more than all pools together receive in any year."""
    most, words = _all_money(facts)
    if not most > 0.0:
        return
    told = _told(facts)
    for name, column, times in _columns():
        if not facts.draft.whole(name):
            continue
        rows = facts[name]
        sizes = np.abs(rows[column]) * times(facts, rows)
        limit = most * (PARTNERS if name == "providers" else 1.0)
        for position in np.flatnonzero(sizes > limit).tolist():
            if (name, rows[rows.table.key[0]][position]) in told:
                continue
            each = float(np.abs(rows[column][position]))
            size, money = float(sizes[position]), facts.settings.money
            whole = money(size) if size == each else f"{money(each)} each, {money(size)} in all,"
            yield problem(
                rows,
                position,
                column,
                f"{whole} is more than {words}, {money(most)}; amounts are in {unit_of(facts)}.",
                severity="warning",
            )


def _all_money(facts: Facts) -> tuple[float, str]:
    """Most money of a year, and whose: of pools, or where one has no limit, of programmes."""
    pools = facts.budgets
    received = float((pools.revenue + pools.capital).sum(axis=0).max(initial=0.0))
    if np.isfinite(received):
        return received, "all pools together receive in a year"
    return float(facts.base_spend.sum()), "all programmes together cost in the base year"


def _told(facts: Facts) -> set[tuple[str, str]]:
    """Pools whose size is asked about already, and the programmes they pay for."""
    out = {facts.budgets.names[b] for b in out_of_size(facts)}
    payers = facts["programmes"].tuples(("programme", "pool"))
    return {("budgets", pool) for pool in out} | {
        ("programmes", name) for name, pool in payers if pool in out
    }


def _columns() -> Iterator[tuple[str, str, _Times]]:
    """Every column that holds money, and how many times a figure of it may be paid in a year."""
    for table in TABLES.values():
        for column in table.columns.values():
            own, _, each = column.unit.partition(" per ")
            if own == "money" and (table.name, column.name) != ("budgets", "amount"):
                yield table.name, column.name, _EACH[each]
    yield "incomes", "amount", _of_incomes
    yield "rules", "value", _of_rules
    for figure in ("value", "low", "high"):
        yield "option_effects", figure, _of_effects
    for figure in ("min", "max", "start_min"):
        yield "limits", figure, _of_limits
    yield "limits", "growth_amount", _spent
    for figure in ("demand", "opening_backlog"):
        yield "demand", figure, _spent


def _one(facts: Facts, rows: Rows) -> Floats:
    return np.ones(len(rows))


def _baselines(facts: Facts, names: list[str]) -> Floats:
    """Activity of the base year of some programmes, one unit at least; nothing of no programme."""
    baseline = facts["programmes"]["baseline"]
    at = [facts.rank.get(name, -1) for name in names]
    return np.array([max(1.0, float(baseline[i])) if i >= 0 else 0.0 for i in at])


def _per_activity(facts: Facts, rows: Rows) -> Floats:
    return _baselines(facts, rows["programme"].tolist())


def _per_head(facts: Facts, rows: Rows) -> Floats:
    """People of the places a contract pays for; of all places elsewhere."""
    heads, by_contract = facts.heads, dict[str, set[str]]()
    for name, place in facts["programmes"].tuples(("contract", "place")):
        by_contract.setdefault(name, set()).add(place)
    homes = [by_contract.get(name, set()) for name in rows["contract"].tolist()]
    return np.array([max(1.0, float(heads.among(home).max())) for home in homes])


def _per_resource(facts: Facts, rows: Rows) -> Floats:
    return np.maximum(1.0, rows["extra_max"])


def _of_incomes(facts: Facts, rows: Rows) -> Floats:
    """Amounts are money, or money for each head; what is held back is a share."""
    return _by_basis(facts, rows, np.ones(len(rows), dtype=bool))


def _of_rules(facts: Facts, rows: Rows) -> Floats:
    return _by_basis(facts, rows, np.isin(rows["measure"], MONEY_MEASURES))


def _by_basis(facts: Facts, rows: Rows, money: Flags) -> Floats:
    heads = max(1.0, float(facts.heads.total.max(initial=0.0)))
    each = np.where(rows["basis"] == "per_head", heads, np.where(rows["basis"] == "amount", 1, 0))
    return np.where(money, each, 0.0)


def _of_effects(facts: Facts, rows: Rows) -> Floats:
    """Income that an option brings, and what it adds to a unit's cost."""
    cost = (rows["measure"] == "unit_cost") & (rows["operation"] == "add")
    each = np.where(cost, _baselines(facts, rows["target"].tolist()), 0.0)
    return np.where(rows["measure"] == "income", 1.0, each)


def _of_limits(facts: Facts, rows: Rows) -> Floats:
    return np.where(rows["basis"] == "activity", _spent(facts, rows), 0.0)


def _spent(facts: Facts, rows: Rows) -> Floats:
    """What a unit of activity costs where activity is counted in money; nothing elsewhere."""
    unit, cost = (facts["programmes"][name] for name in ("unit", "unit_cost"))
    at = [facts.rank.get(name, -1) for name in rows["programme"].tolist()]
    return np.array([float(cost[i]) if i >= 0 and unit[i] == "money" else 0.0 for i in at])


_EACH: dict[str, _Times] = {
    "": _one,
    "activity": _per_activity,
    "head": _per_head,
    "outcome": _one,
    "resource": _per_resource,
}
"""How many times a figure of money for each of something may be paid."""

CHECKS = (amounts_beside_all_money,)
