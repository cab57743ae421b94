"""What money is worth by pool and year, and everything that holds the plan back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.plan.plan import AS_LOOKED, NOT_APART
from allocator.report.language.layout import YEARS_ACROSS, bullet, plain_table
from allocator.report.language.units import Worth, money_of
from allocator.report.text.binding import what_binds
from allocator.report.text.missed import missed_at_a_price

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType
    from rich.table import Table

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan
    from allocator.report.language.units import Money

ONE_PRICE = "One price, both sides not told apart"
AT_MOST = "more buys at most that, less costs at least that"
"""What a dual says, in rounds too large to be solved again for each price."""

RANGES_LOOKED = (
    "How far prices hold was looked at with curves that steepen filled as this plan fills them: "
    "other ways are too many to search"
)
"""What ranges rest on, in rounds too large to be searched again for each price."""

NO_LESS = "none"
"""Stands where there can be no less."""


def price_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Prices of money by pool and year, both ways, and all that binds.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """
    money, worth = money_of(plan, instance), Worth.of(instance.outcomes)
    settings = instance.settings
    fixed = ", with the decisions fixed" if plan.certificate.integer else ""
    yield Text(f"What money is worth{fixed}", style="bold")
    one = one_price(plan.budgets)
    ways = [("price", f"{money.one} more buys"), ("price_less", f"{money.one} less costs")]
    if one.any() and one.all():
        ways = [("price", f"{money.one}, more or less")]
    for column, says in ways:
        if column in plan.budgets:
            yield ""
            heading = f"{worth.unit}\n{says}"
            yield from _tables(plan.budgets, column, heading, settings, money, worth)
    yield bullet(
        "A rate for one unit; how far each holds is in budgets.csv, as far as was looked: as much "
        "again as there is, and half of it less. Blank: no limit."
    )
    if plan.price_sides == AS_LOOKED:
        yield bullet(f"{RANGES_LOOKED}.")
    if one.any():
        which = "" if one.all() else f" in {int(one.sum())} of {len(one)} pools and years"
        yield bullet(f"{ONE_PRICE}{which}: {AT_MOST}.")
    if "price_less" in plan.budgets and (plan.budgets["price_less"] == math.inf).any():
        yield bullet(f"'{NO_LESS}': there can be no less with these decisions.")
    for kind in what_binds(plan, instance, money, worth):
        yield ""
        yield Text(kind.title)
        yield from (bullet(found.sentence) for found in kind.bottlenecks)
    yield from missed_at_a_price(plan, instance, money, worth)


def one_price(table: pd.DataFrame) -> pd.Series[bool]:
    """Whether one price stands for more and for less, of the rows that have a price."""
    known = table[table["price"].notna()]
    if "price_sides" not in known:
        return known["price"].isna()
    return known["price_sides"] == NOT_APART


def _tables(
    budgets: pd.DataFrame, column: str, heading: str, settings: Settings, money: Money, worth: Worth
) -> Iterator[Table]:
    """Pools by year, as many years to a table as fit."""
    by_pool = budgets.set_index(["pool", "year"])[column]
    for start in range(0, len(settings.years), YEARS_ACROSS):
        years = settings.years[start : start + YEARS_ACROSS]
        table = plain_table(heading, *(f"\n{settings.year_label(year)}" for year in years))
        for pool in budgets["pool"].unique():
            cells = (_cell(float(by_pool[pool, year]), money, worth) for year in years)
            table.add_row(str(pool), *cells)
        yield table


def _cell(price: float, money: Money, worth: Worth) -> str:
    if math.isnan(price):
        return ""
    return NO_LESS if math.isinf(price) else worth.figure(price * money.unit)
