"""The bridge from last year's outturn to the plan, for pools or sectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.report.language.by_year import Line, across, year_tables
from allocator.report.language.layout import bullet
from allocator.report.language.units import money_of

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan

STEPS = {
    "outturn": "{} outturn",
    "full_year_effect": "full-year effects",
    "inflation": "inflation",
    "pressure": "pressures",
    "double_running": "double running",
    "reserve": "reserves",
    "deficit": "deficits",
    "efficiency": "efficiency",
    "growth_and_demand": "growth and demand",
    "decisions": "decisions of the plan",
    "options": "options",
    "one_off": "starting and leaving options",
    "option_capital": "capital of options",
    "contracts": "contracts: payment less cost",
    "exit_fees": "fees for ending contracts",
    "extra_capacity": "extra capacity",
    "option_income": "income from options",
    "incomes": "conditional money",
    "held_back": "held back until conditions are met",
}
"""Steps before the plan, in order, in words."""

PLAN = "plan"
"""What the steps before it come to."""

NO_SECTOR = "In no sector"


def bridge_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """From outturn to plan by pool, with the underlying position.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """
    yield Text("Bridge: from outturn to plan, by pool", style="bold")
    pools = list(plan.bridge.groupby("pool", sort=False))
    if len(pools) > 1:
        pools.insert(0, ("All pools", plan.bridge))
    for pool, rows in pools:
        budgets = plan.budgets
        mine = budgets if pool == "All pools" else budgets[budgets["pool"] == pool]
        after = Line("underlying position", across(mine, "underlying", instance.settings), "bold",
                     always=True)  # fmt: skip
        yield from _bridge(str(pool), rows, plan, instance, [after])
    yield from _notes()
    if len(plan.funding):
        yield bullet(
            "What several pools pay for is in the outturn of each by the part it pays when the "
            "baseline is rolled forward into the first year, and in the plan by the part it pays "
            "in the year."
        )


def sector_bridge_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """From outturn to plan by sector, all pools together."""
    yield Text("Bridge: from outturn to plan, by sector", style="bold")
    for sector in (*_by_size(plan), ""):
        rows = plan.bridge[plan.bridge["sector"] == sector]
        if len(rows):
            yield from _bridge(sector or NO_SECTOR, rows, plan, instance, [])
    yield from _notes()


def _by_size(plan: Plan) -> list[str]:
    size = plan.sectors().groupby("sector")["baseline"].max()
    return list(size.sort_values(ascending=False, kind="stable").index)


def _notes() -> Iterator[RenderableType]:
    yield ""
    yield bullet(
        "Growth and demand: rolling the baseline forward under the rules; decisions: what the "
        "plan changes against that; both at what activity costs. The plan is revenue; capital "
        "stands below it."
    )


def _bridge(
    name: str, rows: pd.DataFrame, plan: Plan, instance: Instance, after: list[Line]
) -> Iterator[RenderableType]:
    settings = instance.settings
    lasting, capital = rows["recurrent"].astype(bool), rows["capital"].astype(bool)
    once, built = rows[~lasting & ~capital], rows[capital]
    split = bool((once["amount"].abs() > 0).any())
    lines = list(_steps(rows[lasting], settings))
    if split:
        twice = {line.name for line in lines if any(line.amounts)}
        lines.append(Line("recurrent", _total(rows[lasting], settings), "bold"))
        lines += (
            replace(line, name=f"{line.name}, one-off") if line.name in twice else line
            for line in _steps(once, settings)
        )
        lines.append(Line("one-off", _total(once, settings), "bold"))
    lines.append(Line("plan", _total(rows[~capital], settings), "bold", always=True))
    if (built["amount"].abs() > 0).any():
        lines += (replace(line, name=f"{line.name}, capital") for line in _steps(built, settings))
        lines.append(Line("capital", _total(built, settings), "bold"))
    yield ""
    yield from year_tables(name, [*lines, *after], settings, money_of(plan, instance))


def _steps(rows: pd.DataFrame, settings: Settings) -> Iterator[Line]:
    base = settings.year_label(settings.base_year)
    others = {str(step): str(step).replace("_", " ") for step in rows["step"] if step != PLAN}
    for step, words in {**STEPS, **{s: w for s, w in others.items() if s not in STEPS}}.items():
        yield Line(words.format(base), across(rows[rows["step"] == step], "amount", settings))


def _total(rows: pd.DataFrame, settings: Settings) -> list[float]:
    return across(rows[rows["step"] == PLAN], "amount", settings)
