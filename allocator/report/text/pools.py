"""Pools: money in by kind, what it pays for, and programmes several pools pay together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.report.language.by_year import Line, across, year_tables
from allocator.report.language.layout import bullet
from allocator.report.language.units import display_names, money_of
from allocator.words import listing

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan

KINDS = {
    "recurrent": "recurrent money",
    "grant": "grants",
    "non_recurrent": "one-off money",
    "capital": "capital",
}


def pool_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Every pool by year, and who pays for programmes that several pools share.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """
    settings, money = instance.settings, money_of(plan, instance)
    yield Text("Pools: money in, money out and the underlying position", style="bold")
    for pool, rows in plan.budgets.groupby("pool", sort=False):
        yield ""
        lines = _lines(rows, instance, str(pool))
        yield from year_tables(str(pool), lines, settings, money)
    handed = plan.transfers
    if len(handed) and handed["amount"].abs().max() > 0:
        yield ""
        lines = [
            Line(f"{giver} to {taker}", across(rows, "amount", settings))
            for (giver, taker), rows in handed.groupby(["from_pool", "to_pool"], sort=False)
        ]
        yield from year_tables("Handed over", lines, settings, money)
    yield ""
    yield bullet(
        "Underlying position: recurrent money and grants less what is paid for every year; "
        "one-off and carried money and capital stand outside it."
    )
    endless = plan.budgets["amount"].isna()
    if endless.any():
        pools = listing(dict.fromkeys(plan.budgets.loc[endless, "pool"]))
        yield bullet(
            f"Money that is not limited (its amount is blank) has nothing left over: {pools}."
        )
    if len(plan.funding):
        yield ""
        yield Text("Programmes that several pools pay for", style="bold")
    names = display_names(plan.allocation["programme"], plan.allocation["label"])
    for programme, rows in plan.funding.groupby("programme", sort=False):
        yield ""
        lines = list(_parts(rows, settings))
        yield from year_tables(names[str(programme)], lines, settings, money)


def _lines(rows: pd.DataFrame, instance: Instance, pool: str) -> list[Line]:
    settings = instance.settings

    def of(column: str, sign: float = 1.0) -> list[float]:
        return [sign * amount for amount in across(rows, column, settings)]

    def of_some(column: str, words: str, sign: float = 1.0) -> list[Line]:
        return [Line(words, of(column, sign))] if column in rows else []

    income = [
        Line(words, income_of(instance, pool, kind))
        for kind, words in KINDS.items()
        if kind != "capital"
    ]
    return [
        *income,
        Line("brought forward", of("carry_in")),
        Line("handed over by other pools", of("transfers_in")),
        *of_some("incomes", "conditional money received"),
        *of_some("option_income", "income from options"),
        Line("programmes paid at cost", of("at_cost", -1.0)),
        Line("contracts", of("contract_payments", -1.0)),
        Line("its part of shared programmes", of("funded", -1.0)),
        Line("adjustments", of("adjustments", -1.0)),
        Line("extra capacity", of("extra_cost", -1.0)),
        *of_some("option_cost", "options", -1.0),
        *of_some("exit_fees", "fees for ending contracts", -1.0),
        *of_some("held_back", "held back until conditions are met", -1.0),
        Line("handed over to other pools", of("transfers_out", -1.0)),
        Line("carried forward", of("carry_out", -1.0)),
        Line("left over", of("slack"), "bold", always=True),
        Line("underlying position", of("underlying"), "bold", always=True),
        Line("capital", of("capital_amount"), "dim"),
        Line("capital spent", of("capital_spend", -1.0), "dim"),
    ]


def income_of(instance: Instance, pool: str, kind: str) -> list[float]:
    """Money of one kind a pool receives, by plan year."""
    budgets = instance.facts.by_year("budgets")
    if (pool, kind) not in budgets.keys:
        return [0.0] * len(budgets.years)
    found: list[float] = budgets.values("amount", 0.0)[budgets.keys.index((pool, kind))].tolist()
    return found


def _parts(rows: pd.DataFrame, settings: Settings) -> Iterator[Line]:
    """What each pool pays of one programme, and the share that is."""
    for pool, mine in rows.groupby("pool", sort=False):
        yield Line(str(pool), across(mine, "paid", settings, float("nan")), always=True)
        least, most = mine["share_min"].min(), mine["share_max"].max()
        allowed = f"  share ({100 * least:.4g}% to {100 * most:.4g}% allowed)"
        share = across(mine, "share", settings, float("nan"))
        yield Line(allowed, share, "dim", always=True, share=True)


def underlying(plan: Plan, instance: Instance, most: int) -> str:
    """Underlying position of pools in the first and the last year, as a sentence.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    most : int
        How many pools are named, the worst first.
    """
    settings, money = instance.settings, money_of(plan, instance)
    ends = sorted({settings.years[0], settings.years[-1]})
    by_year = plan.budgets.pivot_table(index="pool", columns="year", values="underlying")[ends]
    telling = by_year[(by_year.abs() >= money.visible).any(axis=1)]
    telling = telling.loc[telling.min(axis=1).sort_values(kind="stable").index]
    said = [
        f"{pool} " + ", ".join(f"{money.text(row[y])} in {settings.year_label(y)}" for y in ends)
        for pool, row in telling.head(most).iterrows()
    ]
    if not said:
        when = " and ".join(settings.year_label(y) for y in ends)
        said = [f"nothing in any pool in {when}"]
    elif len(telling) > most:
        said.append(f"{len(telling) - most} more are no worse")
    elif len(by_year) > len(telling):
        said.append("nothing in any other")
    return (
        f"Underlying position (what comes every year less what is paid every year): "
        f"{'; '.join(said)}."
    )
