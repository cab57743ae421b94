"""Conditional money: what is earned, what is missed, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.text import Text

from allocator.report.language.by_year import Line, across, year_tables
from allocator.report.language.layout import bullet
from allocator.report.language.units import money_of, years_text
from allocator.tolerances import ROUNDING
from allocator.words import figure, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan
    from allocator.report.language.units import Money

PARTS_LISTED = 3


def incomes_of(plan: Plan, instance: Instance) -> pd.DataFrame:
    """Conditional money of a plan, with what stands to be earned by each row.

    Returns
    -------
    pandas.DataFrame
        As the plan's, and ``stake``: money of the row were it all earned, in the instance's
        unit; no rows where the plan knows of none.
    """
    table = plan.tables.get("incomes", pd.DataFrame())
    if table.empty:
        return table
    terms, money = instance.rows["incomes"], instance.facts.conditional
    names = zip(terms["income"][money.row], terms["part"][money.row], strict=True)
    years = np.array(instance.settings.years)[money.year]
    earnable = dict(zip(zip(names, years, strict=True), money.amount.tolist(), strict=True))
    rows = zip(zip(table["income"], table["part"], strict=True), table["year"], strict=True)
    return table.assign(stake=[earnable[row] for row in rows])


def income_sentences(plan: Plan, instance: Instance, money: Money) -> Iterator[str]:
    """What each income comes to over the plan, and what of it is missed.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    money : Money
        How amounts are told.
    """
    table = incomes_of(plan, instance)
    if table.empty:
        return
    for name, every in table.groupby("income", sort=False):
        within = every["received"] != 0
        rows = every[within]
        stake, earned = float(rows["stake"].sum()), float(rows["amount"].sum())
        if stake <= 0:
            yield f"{name}: nothing of it is paid within the plan."
            continue
        amount = f"{money.text(earned)} of {money.text(stake)}"
        if earned >= (1.0 - ROUNDING) * stake:
            amount = f"all of {money.text(stake)}"
        elif earned <= 0:
            amount = f"nothing of {money.text(stake)}"
        said = f"{name}: {amount} is earned{_missed(rows, instance, money)}"
        yield f"{said}{_later(every[~within], money)}."


def _later(rows: pd.DataFrame, money: Money) -> str:
    """What of the money measured in the plan would come after it."""
    stake = float(rows["stake"].sum())
    if stake <= 0:
        return ""
    earned = money.text(float(rows["amount"].sum()))
    return f"; of {money.text(stake)} that is paid after the plan, {earned} is earned"


def _missed(rows: pd.DataFrame, instance: Instance, money: Money) -> str:
    """Conditions that are not wholly met, the dearest first, each in its dearest year."""
    settings = instance.settings
    lost = rows.assign(lost=rows["stake"] - rows["amount"])
    lost = lost[(lost["earned"] < 1.0 - ROUNDING) & (lost["lost"] > 0)]
    if lost.empty:
        return ""
    said = []
    order = lost.groupby("part", sort=False)["lost"].sum().sort_values(ascending=False,
                                                                        kind="stable")  # fmt: skip
    for part in order.index[:PARTS_LISTED]:
        mine = lost[lost["part"] == part].sort_values("lost", ascending=False, kind="stable")
        top = mine.iloc[0]
        name = str(top["label"] or part) or "the condition"
        others = [int(year) for year in mine["year"].iloc[1:]]
        also = f"; also in {years_text(others, settings)}" if others else ""
        said.append(f"{name} {_shortfall(top, settings, money)}{also}")
    more = f"; and {len(order) - PARTS_LISTED} more" if len(order) > PARTS_LISTED else ""
    return f"; missed: {'; '.join(said)}{more}"


def _shortfall(row: pd.Series, settings: Settings, money: Money) -> str:
    """By how much a condition is missed, and what that costs."""
    sliding = pd.notna(row["full"])
    target = float(row["full"] if sliding else row["threshold"])
    value = float(row["value"])
    upward = target > float(row["threshold"]) if sliding else row["sense"] == "min"
    by = target - value if upward else value - target
    tell = money.text if row["measure"] == "value" else figure
    asked = "at least" if upward else "at most"
    part = f", {percent(float(row['earned']))} earned" if row["earned"] > 0 else ""
    return (
        f"by {tell(by)} in {settings.year_label(int(row['year']))} ({tell(value)} against {asked} "
        f"{tell(target)}{part}; {money.text(float(row['lost']))} lost)"
    )


def income_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Conditional money by condition and year.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """
    settings, money = instance.settings, money_of(plan, instance)
    table = incomes_of(plan, instance)
    yield Text("Conditional money: what is earned, and when it is received", style="bold")
    if table.empty:
        yield bullet("No money depends on a condition.")
        return
    yield from (bullet(sentence) for sentence in income_sentences(plan, instance, money))
    for name, rows in table.groupby("income", sort=False):
        yield ""
        yield from year_tables(str(name), list(_lines(rows, settings)), settings, money)
    yield ""
    yield bullet("Money is shown in the year it is measured for; received: in the year it comes.")


def _lines(rows: pd.DataFrame, settings: Settings) -> Iterator[Line]:
    for part, mine in rows.groupby("part", sort=False):
        name = str(mine["label"].iloc[0] or part) or "earned"
        yield Line(name, across(mine, "amount", settings, float("nan")), always=True)
        share = across(mine, "earned", settings, float("nan"))
        yield Line("  share earned", share, "dim", always=True, share=True)
    taken = [-amount for amount in across(rows, "held_back", settings)]
    yield Line("held back", taken)
    received = rows.assign(year=rows["received"])
    yield Line("received", across(received, "amount", settings), "bold", always=True)
