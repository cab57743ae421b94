"""Where contracts stand, what they pay, and what they keep from moving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd
from rich.text import Text

from allocator.report.language.by_year import Line, across, year_tables
from allocator.report.language.layout import bullet
from allocator.report.language.units import display_names, money_of, years_text
from allocator.report.text.bottlenecks import year_prices
from allocator.tolerances import ROUNDING
from allocator.words import figure, listed, missing_amount, of_unit

if TYPE_CHECKING:
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan
    from allocator.report.language.units import Money

AT_COST = "at cost"

LEAST_ROOM = 0.5
"""Units of capacity that must come free for that to be told."""
FIXED = "fixed"
WITHOUT = ("ended", "suspended")
"""Columns that say why a contract does not hold."""

KINDS = {
    "cost_and_volume": "cost and volume",
    "activity": "paid by activity",
    "outcome": "outcome bonus",
}


def contract_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Type, state, payment, cost and stranded cost of every contract by year.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """
    settings, money = instance.settings, money_of(plan, instance)
    names = contract_names(instance)
    yield Text("Contracts: what is paid, and what it costs", style="bold")
    if plan.contracts.empty:
        yield bullet("No contract has terms: every programme is paid what it costs.")
        return
    at_cost = []
    for contract, rows in plan.contracts.groupby("contract", sort=False):
        if (rows["state"] == AT_COST).all():
            at_cost.append(names[str(contract)])
            continue
        yield ""
        top = rows.iloc[0]
        kinds = [KINDS.get(kind, kind) for kind in dict.fromkeys(rows["type"])]
        whom = f"{top['provider'] or 'no provider'}, paid by {top['pool']}"
        yield Text(f"{names[str(contract)]}: {' then '.join(kinds)}; {whom}")
        yield bullet(_states(rows, settings))
        yield from year_tables("Contract", _lines(rows, settings), settings, money)
    said = [
        *contracts_ended(plan, instance, money),
        *kept_from_moving(plan, instance, money),
    ]
    if said or at_cost:
        yield ""
    yield from (bullet(sentence) for sentence in said)
    if at_cost:
        yield bullet(f"Paid what the activity costs: {', '.join(at_cost)}.")


def contract_names(instance: Instance) -> dict[str, str]:
    """Name to show for every contract."""
    table = instance.contracts
    return display_names(table["contract"], table["label"])


def _states(rows: pd.DataFrame, settings: Settings) -> str:
    """States with the years they hold in, in the order of the years."""
    years: dict[str, list[int]] = {}
    for state, year in zip(rows["state"], rows["year"], strict=True):
        years.setdefault(str(state), []).append(int(year))
    return "; ".join(f"{state} ({years_text(y, settings)})" for state, y in years.items()) + "."


def _lines(rows: pd.DataFrame, settings: Settings) -> list[Line]:
    def of(column: str) -> list[float]:
        return across(rows, column, settings)

    lead = rows.assign(lead=rows["pool_payment"] - rows["payment"])
    margin = rows.assign(margin=rows["payment"] - rows["cost"])
    return [
        Line("payment to the provider", of("payment"), "bold", always=True),
        Line("  overhead of the lead", across(lead, "lead", settings)),
        *([Line("fee for ending it", of("exit_fee"))] if "exit_fee" in rows else []),
        Line("cost of its activity", of("cost"), always=True),
        Line("  stranded part of it", of("stranded"), "dim"),
        Line("payment less cost", across(margin, "margin", settings), always=True),
        Line("activity at tariff", of("value"), "dim", always=True),
    ]


def contracts_ended(plan: Plan, instance: Instance, money: Money) -> Iterator[str]:
    """Contracts that are ended early, or that an option suspends, a sentence each.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    money : Money
        How amounts are told.
    """
    settings, names = instance.settings, contract_names(instance)
    if plan.contracts.empty:
        return
    for contract, rows in plan.contracts.groupby("contract", sort=False):
        ended, suspended = (rows[_without(rows, column)] for column in WITHOUT)
        name = names.get(str(contract), str(contract))
        if len(ended):
            fee = float(rows["exit_fee"].sum())
            paid = f" for a fee of {money.text(fee)}" if fee else " at no fee"
            year = settings.year_label(int(ended["year"].min()))
            yield f"{name}: ended from {year}{paid}; its activity is paid at cost from then on."
        if len(suspended):
            years = [int(year) for year in suspended["year"]]
            by = _suspenders(plan, instance, str(contract), years)
            yield (
                f"{name}: does not hold in {years_text(years, settings)}"
                f"{f', because of {listed(by)}' if by else ''}; its activity is then paid at cost."
            )


def ended_early(plan: Plan) -> list[str]:
    """Contracts that are ended early, in the order of their table."""
    rows = plan.contracts
    if rows.empty or "ended" not in rows:
        return []
    return [str(name) for name in dict.fromkeys(rows.loc[rows["ended"].astype(bool), "contract"])]


def _without(rows: pd.DataFrame, column: str) -> pd.Series:
    """Rows in which a contract does not hold for one reason; none where that is not known."""
    if column not in rows:
        return pd.Series(False, index=rows.index)
    return rows[column].astype(bool)


def _suspenders(plan: Plan, instance: Instance, contract: str, years: list[int]) -> list[str]:
    """Options in place that a contract gives way to in some of the years."""
    effects = instance.option_effects
    acting = effects[(effects["measure"] == "contract") & (effects["target"] == contract)]
    options = plan.tables.get("options")
    if options is None or options.empty:
        return []
    names = display_names(options["option"], options["label"])
    there = options["option"].isin(set(acting["option"])) & options["year"].isin(years)
    return [names[str(o)] for o in dict.fromkeys(options.loc[there & (options["in_place"] > 0),
                                                             "option"])]  # fmt: skip


def _way_out(row: pd.Series, instance: Instance, money: Money) -> str:
    """Whether a contract that keeps money from moving could have been ended by then."""
    settings, agreements = instance.settings, instance.facts.agreements
    at = agreements.names.index(row["contract"])
    if not agreements.endable[at].any():
        terms = instance.contracts[instance.contracts["contract"] == row["contract"]]
        if agreements.holds[at, -1] and terms["notice_years"].notna().any():
            return "; notice to end it runs beyond the plan"
        return "; it cannot be ended early"
    first = int(agreements.endable[at].argmax())
    when = settings.year_label(settings.years[first])
    if row["year"] < settings.years[first]:
        return f"; it may be ended from {when} at the earliest"
    fee = float(agreements.exit_fee[at, first])
    price = f" for {money.text(fee)}" if fee else ""
    return f"; to end it, possible from {when}{price}, is not chosen"


def kept_from_moving(plan: Plan, instance: Instance, money: Money) -> Iterator[str]:
    """Activity given up under a fixed payment, which releases no cash; the most first.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    money : Money
        Amounts that show nothing in its tables are left out.
    """
    settings, names = instance.settings, contract_names(instance)
    rows = plan.contracts.merge(_freed(plan, instance), on=["contract", "year"])
    stuck = rows[rows["state"].str.startswith(FIXED) & (rows["freed"] >= money.visible)]
    worst = stuck.sort_values("freed", ascending=False, kind="stable").drop_duplicates("contract")
    for _, row in worst.iterrows():
        left = row["stranded"] - row["reference_stranded"]
        stranded = f"; {money.text(left)} more cost is stranded" if left >= money.visible else ""
        place = f" at {row['provider']}" if stranded and row["provider"] else ""
        unit = row["unit"]
        room = _room(plan, instance, str(row["contract"]), int(row["year"]))
        amount = f" ({of_unit(figure(row['fewer']), unit)})" if unit else ""
        yield (
            f"{names[row['contract']]}: {money.text(row['freed'])} less activity{amount} than "
            f"rolling forward in {settings.year_label(int(row['year']))} releases no cash, as the "
            f"payment is {row['state']}{room}{stranded}{place}{_way_out(row, instance, money)}."
        )


def _room(plan: Plan, instance: Instance, contract: str, year: int) -> str:
    """Capacity that the programmes of a contract free against rolling forward, the most of one."""
    programmes, lines, use = instance.programmes, plan.allocation, instance.tables["use"]
    mine = programmes.loc[programmes["contract"] == contract, "programme"]
    lines = lines[lines["programme"].isin(mine) & (lines["year"] == year)]
    fewer = dict(
        zip(lines["programme"], lines["reference_activity"] - lines["activity"], strict=True)
    )
    freed: dict[str, float] = {}
    for programme, resource, per_unit in zip(
        use["programme"], use["resource"], use["per_unit"], strict=True
    ):
        if programme in fewer:
            freed[resource] = freed.get(resource, 0.0) + per_unit * fewer[programme]
    resources = instance.tables["resources"]
    unit = dict(zip(resources["resource"], resources["unit"], strict=True))
    shown = {r: v for r, v in freed.items() if v >= LEAST_ROOM}
    if not shown:
        return ""
    most = max(shown, key=shown.__getitem__)
    return f"; it frees {missing_amount(shown[most], unit[most])} of {most}"


def _freed(plan: Plan, instance: Instance) -> pd.DataFrame:
    """What is done less of under every contract than in the reference plan.

    Returns
    -------
    pandas.DataFrame
        contract, year, freed (what it would have cost), fewer (activity) and its unit,
        blank when the programmes that do less or more count in different ones or in money.
    """
    rows = plan.allocation[["programme", "year", "activity", "reference_activity"]]
    known = instance.programmes.set_index("programme")[["contract", "unit"]]
    rows = rows.join(known, on="programme")
    fewer = rows["reference_activity"] - rows["activity"]
    rows = rows.assign(fewer=fewer, freed=fewer * year_prices(rows, instance))
    moving = rows["freed"].abs() > ROUNDING * rows["freed"].abs().max()
    groups = rows[moving].groupby(["contract", "year"])
    total = groups[["freed", "fewer"]].sum()
    units = groups["unit"].agg(lambda unit: unit.iloc[0] if len(set(unit)) == 1 else "")
    return total.assign(unit=units.where(units != "money", "")).reset_index()
