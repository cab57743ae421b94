"""Checks that say where the size of a figure looks like a slip: all of them warn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.instance.checks.problem import Problems, entry_problem, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.vocabulary import BUDGET_KINDS
from allocator.words import number, percent

REVENUE = tuple(kind for kind in BUDGET_KINDS if kind != "capital")

MUCH, LITTLE = 2.0, 0.5
"""Money of a pool over what its programmes cost in the base year, from which it is asked about."""

JUMP = 0.5
"""Share by which recurrent money may move from year to year unasked."""

GROWTH = 1.0
"""Growth above which a percentage was probably meant: 4 for 0.04."""

TIMES = 10.0
"""Ratio above which a percentage or an amount was probably meant: 110 for 1.1."""


@planned("programmes", "budgets", "funding", "transfers", "adjustments", "options")
def money_beside_programmes(facts: Facts) -> Problems:
    """A pool's first year is of the size of what its programmes cost in the base year."""
    for b, base in out_of_size(facts).items():
        pool, money = facts.budgets.names[b], float(facts.budgets.revenue[b, 0])
        yield problem(
            facts["budgets"],
            _row_of(facts, pool, 0, REVENUE),
            "amount",
            f"pool '{pool}' has {facts.settings.money(money)} in "
            f"{facts.settings.year_label(facts.years[0])}, {_times(money / base)} the "
            f"{facts.settings.money(base)} that what it pays for cost in the base year; "
            f"amounts are in {unit_of(facts)}.",
            severity="warning",
        )


def out_of_size(facts: Facts) -> dict[int, float]:
    """Pools with far too much or too little in the first year, and what they pay for costs."""
    pools = facts.budgets
    money = pools.revenue[:, 0]
    low, high = _cost_of_pools(facts)
    out, into = np.zeros(len(money)), np.zeros(len(money))
    np.add.at(out, pools.giver, pools.transfer_max[:, 0])
    np.add.at(into, pools.taker, pools.transfer_max[:, 0])
    most = high + out
    least = low - into - pools.opening
    found = {}
    for b in np.flatnonzero((low > 0) & np.isfinite(money)).tolist():
        if money[b] > MUCH * most[b]:
            found[b] = float(most[b])
        elif money[b] < LITTLE * least[b]:
            found[b] = float(low[b])
    return found


def _cost_of_pools(facts: Facts) -> tuple[Floats, Floats]:
    """Least and most that what a pool pays for costs; shared programmes and options at most."""
    programmes, pools, funding = facts["programmes"], facts.budgets, facts.funding
    spend, size = np.where(_odd(facts), 0.0, facts.base_spend), len(pools.names)
    shared = np.zeros(len(spend), dtype=bool)
    shared[funding.programme] = True
    own = ~shared & (programmes["money"] != "capital")
    low: Floats = np.bincount(pools.payer[own], spend[own], size).astype(float)
    most = funding.share_max.max(axis=1, initial=0.0) * spend[funding.programme]
    high: Floats = low + np.bincount(funding.pool, most, size)
    rows = facts["options"]
    each = rows["cost_once"] + np.abs(rows["cost_yearly"]) + rows["double_running"]
    for cost, pool in zip(each.tolist(), facts.payers, strict=True):
        if pool in pools.place:
            high[pools.place[pool]] += cost
    adjusted = facts["adjustments"]
    for pool, amount in adjusted.tuples(("pool", "amount")):
        # Which pools a selection's item falls on is not known before it has been checked.
        high[pools.place[pool] if pool else slice(None)] += abs(amount)
    return low, high


def _odd(facts: Facts) -> Flags:
    """Programmes that cost more than all money and many times all others: of another unit."""
    money, spend = facts.budgets.revenue + facts.budgets.capital, facts.base_spend
    most = float(money.sum(axis=0).max(initial=0.0))
    found: Flags = (spend > most) & (spend > TIMES * (spend.sum() - spend))
    return found


def unit_of(facts: Facts) -> str:
    """The unit of money columns in words."""
    unit, currency = facts.settings.money_unit, facts.settings.currency
    return f"single {currency}" if unit == "one" else f"{unit}s of {currency}"


def _times(ratio: float) -> str:
    return f"{number(float(f'{ratio:.2g}'))} times"


@planned("programmes", "budgets", "funding", "transfers", "adjustments", "options")
def money_from_year_to_year(facts: Facts) -> Problems:
    """What pays for programmes every year moves by less than half from one year to the next."""
    pools, years, money = facts.budgets, facts.years, facts.settings.money
    told, (low, _) = out_of_size(facts), _cost_of_pools(facts)
    for b in np.flatnonzero(low > 0).tolist():
        if b in told:
            continue
        before, after = pools.steady[b, :-1], pools.steady[b, 1:]
        known = (before > 0) & (after > 0) & np.isfinite(before) & np.isfinite(after)
        with np.errstate(invalid="ignore"):
            moved = known & (np.abs(after - before) > JUMP * before)
        for t in np.flatnonzero(moved).tolist()[:1]:
            change = float(after[t] / before[t]) - 1.0
            mistyped = not 1.0 / TIMES < 1.0 + change < TIMES
            meant = f"; amounts are in {unit_of(facts)}" if mistyped else ""
            yield problem(
                facts["budgets"],
                _row_of(facts, pools.names[b], t + 1, ("recurrent", "grant")),
                "amount",
                f"what pool '{pools.names[b]}' receives every year goes from "
                f"{money(float(before[t]))} in {facts.settings.year_label(years[t])} to "
                f"{money(float(after[t]))} in {facts.settings.year_label(years[t + 1])}, "
                f"{percent(abs(change))} {'more' if change > 0 else 'less'}; money that comes once "
                f"is of kind non_recurrent{meant}.",
                severity="warning",
            )


def _row_of(facts: Facts, pool: str, t: int, kinds: tuple[str, ...]) -> int:
    """Largest row of some kinds of a pool's money in a year."""
    rows, grid = facts["budgets"], facts.by_year("budgets")
    mine = [g for g, (name, kind) in enumerate(grid.keys) if name == pool and kind in kinds]
    here = grid.index[mine, t]
    here = here[here >= 0]
    return int(here[np.argmax(np.nan_to_num(rows["amount"][here]))])


def growth_in_percent(facts: Timeless) -> Problems:
    """Growth is a share: 4% is 0.04."""
    rules, limits = facts["rules"], facts["limits"]
    grows = limits["basis"] == "growth"
    for rows, column, of in (
        (rules, "value", rules["basis"] == "growth"),
        (limits, "min", grows),
        (limits, "max", grows),
    ):
        for position, value in _beyond(rows, column, of, GROWTH):
            on = rows["reference"][position] if rows is rules else ""
            every = "a year" if on in ("", "previous") else f"on {on}"
            yield problem(
                rows,
                position,
                column,
                f"growth of {percent(value)} {every}; {number(value)}% is written "
                f"{number(value / 100)}.",
                severity="warning",
            )


def ratios_in_percent(facts: Timeless) -> Problems:
    """A ratio is a number of times: 110% is 1.1."""
    limits, rules, effects = facts["limits"], facts["rules"], facts["option_effects"]
    for column in ("min", "max", "start_min"):
        for position, value in _beyond(limits, column, limits["basis"] == "baseline", TIMES):
            yield problem(
                limits,
                position,
                column,
                f"{column} {number(value)} on basis baseline is {number(value)} times the "
                f"baseline; an amount of activity has basis activity, {number(value)}% of the "
                f"baseline is written {number(value / 100)}.",
                severity="warning",
            )
    for rows, of, what in (
        (rules, rules["basis"] == "ratio", "a ratio of {0} is {0} times relative_to"),
        (effects, effects["operation"] == "multiply", "the figure is multiplied by {0}"),
    ):
        for position, value in _beyond(rows, "value", of, TIMES):
            yield problem(
                rows,
                position,
                "value",
                f"{what.format(number(value))}; {number(value)}% is written {number(value / 100)}.",
                severity="warning",
            )


def _beyond(rows: Rows, column: str, of: Flags, most: float) -> Iterator[tuple[int, float]]:
    values = rows[column]
    for position in np.flatnonzero(of & (values > most)).tolist():
        yield position, float(values[position])


def real_prices_that_grow(facts: Timeless) -> Problems:
    """With base-year prices costs grow only beyond prices in general."""
    settings = facts.draft.settings
    if settings.price_basis == "real" and settings.cost_uplift > 0:
        yield entry_problem(
            facts.draft,
            "cost_uplift",
            f"prices are real (price_basis), and unit costs grow by "
            f"{percent(settings.cost_uplift)} a year: nothing is taken off for inflation, so only "
            "growth beyond it belongs here.",
            severity="warning",
        )


CHECKS = (
    money_beside_programmes,
    money_from_year_to_year,
    growth_in_percent,
    ratios_in_percent,
    real_prices_that_grow,
)
