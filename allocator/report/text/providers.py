"""What providers are paid, what it costs them, and where that leaves them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.report.language.by_year import Line, across, year_tables
from allocator.report.language.layout import bullet
from allocator.report.language.units import Worth, money_of
from allocator.report.text.bottlenecks import provider_limits
from allocator.tolerances import ROUNDING

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan
    from allocator.report.language.units import Money

AT_COST = "Paid what its activity costs, so its position is always nothing: "


def provider_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Income, cost and position of every provider by year, and what binds.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """
    money, worth = money_of(plan, instance), Worth.of(instance.outcomes)
    yield Text("Providers: income, cost and position", style="bold")
    if plan.providers.empty:
        yield bullet("No programme names a provider.")
        return
    at_cost = []
    for name, rows in plan.providers.groupby("provider", sort=False):
        if _at_cost(rows):
            at_cost.append(f"{name} ({money.text(float(rows['income'].iloc[0]))})")
            continue
        yield ""
        stranded = plan.contracts[plan.contracts["provider"] == name]
        lines = _lines(rows, stranded, instance.settings)
        yield from year_tables(str(name), lines, instance.settings, money)
    if at_cost:
        yield ""
        first = instance.settings.year_label(instance.settings.years[0])
        yield bullet(f"{AT_COST}{', '.join(at_cost)}; income in {first}.")
    limits = list(provider_limits(plan, instance.settings, money, worth))
    if limits:
        yield ""
    yield from (bullet(limit.sentence) for limit in limits)
    if limits and plan.certificate.integer:
        yield bullet("What room would buy is told with the yes-or-no decisions fixed.")


def _at_cost(rows: pd.DataFrame) -> bool:
    """Whether nothing but cost is paid and nothing is limited."""
    other = rows[["contract_income", "other_income", "other_cost"]].abs().to_numpy().sum()
    overheads = (rows["income"] - rows["cost"]).abs().max()
    size = max(1.0, float(rows["cost"].abs().max()))
    return bool(other == 0 and overheads <= ROUNDING * size and rows["deficit_max"].isna().all())


def _lines(rows: pd.DataFrame, contracts: pd.DataFrame, settings: Settings) -> list[Line]:
    def of(column: str) -> list[float]:
        return across(rows, column, settings)

    limited = bool(rows["deficit_max"].notna().any())
    rest = rows.assign(rest=rows["income"] - rows["contract_income"])
    return [
        Line("paid under contracts", of("contract_income")),
        Line("paid at cost, and overheads", across(rest, "rest", settings)),
        Line("other income", of("other_income")),
        Line("cost of activity", _less(of("cost")), always=True),
        Line("  stranded part of it", _less(across(contracts, "stranded", settings)), "dim"),
        Line("other cost", _less(of("other_cost"))),
        Line("position", of("position"), "bold", always=True),
        Line("  most it may lose", of("deficit_max"), "dim", limited),
    ]


def _less(amounts: list[float]) -> list[float]:
    return [-amount for amount in amounts]


def losses(plan: Plan, settings: Settings, money: Money, most: int) -> str:
    """Providers that lose money in some year, the largest loss first, as a sentence.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    settings : Settings
        The round.
    money : Money
        Losses that show nothing in its tables are left out.
    most : int
        How many are named.

    Returns
    -------
    str
        Empty when nobody loses.
    """
    losing = plan.providers[plan.providers["position"] <= -money.visible]
    if losing.empty:
        return ""
    worst = losing.sort_values("position", kind="stable").drop_duplicates("provider")
    said = []
    for _, row in worst.head(most).iterrows():
        allowed = row["deficit_max"]
        limit = "" if allowed != allowed else f" ({money.text(allowed)} allowed)"
        year = settings.year_label(int(row["year"]))
        said.append(f"{row['provider']} {money.text(-row['position'])}{limit} in {year}")
    more = f"; and {len(worst) - most} more" if len(worst) > most else ""
    return f"Providers that lose most: {', '.join(said)}{more}."
