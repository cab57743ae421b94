"""Pools: money in by kind, what it pays for, and programmes several pools pay together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
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
    "support": "support of deficits",
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
    yield from year_tables("System", system_lines(plan, instance), settings, money)
    yield ""
    yield bullet(
        "Underlying position: recurrent money and grants less what is paid for every year; "
        "one-off and carried money, support of deficits and capital stand outside it. That of the "
        "system takes pools and providers together: what a pool pays a provider falls out, and a "
        "loss a pool holds money against counts once."
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


def system_lines(plan: Plan, instance: Instance) -> list[Line]:
    """The underlying position of the system, and what it is made of."""
    settings = instance.settings

    def of(column: str) -> list[float]:
        return across(plan.system, column, settings)

    return [
        Line("pools, with deficits", of("pools"), always=True),
        Line("deficits that pools hold money against", of("held")),
        Line("providers", of("providers"), always=True),
        Line("underlying position of the system", of("underlying"), "bold", always=True),
        Line("support of deficits, until withdrawn", of("support"), "dim"),
    ]


def underlying(plan: Plan, instance: Instance) -> str:
    """Underlying position of pools and providers together, year by year, as a sentence."""
    settings, money = instance.settings, money_of(plan, instance)
    rows = plan.system.set_index("year")
    years = [*settings.years]
    if rows["underlying"].isna().any():
        return (
            "Underlying position of the system: not known, as the money of a pool is not limited."
        )
    first = f"{money.text(rows['underlying'][years[0]])} in {settings.year_label(years[0])}"
    later = [f"{money.text(rows['underlying'][y])}" for y in years[1:]]
    if later:
        later[-1] += f" in {settings.year_label(years[-1])}"
    said = ", ".join([first, *later])
    support = rows["support"]
    told = ""
    if (support >= money.visible).any():
        last = max(y for y in years if support[y] >= money.visible)
        when = settings.year_label(years[int(np.argmax(support))])
        end = "" if last == years[-1] else f", none after {settings.year_label(last)}"
        told = f" Deficit support stands outside: {money.text(support.max())} in {when}{end}."
    return f"Underlying position, pools and providers together: {said}.{told}"
