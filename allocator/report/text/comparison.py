"""Plans under several readings of the evidence, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.text import Text

from allocator.report.language.layout import bullet, plain_table
from allocator.report.language.units import Money, Worth, table_names, years_text
from allocator.words import percent

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from allocator.instance.instance import Instance
    from allocator.planning.compare import Comparison

THRESHOLD = (
    "A move is a change of spend in {year} against rolling forward of at least {amount} or 0.1% "
    "of the programme's spend. It survives when it has the same direction in every case."
)


def comparison_record(comparison: Comparison, instance: Instance) -> dict[str, Any]:
    """The comparison as ``compare --json`` prints it."""
    settings = instance.settings
    tables = {
        name: getattr(comparison, name).to_dict("records")
        for name in ("cases", "sectors", "moves", "options")
    }
    return {
        "status": "compared" if comparison.complete else "incomplete",
        **tables,
        "instance": {"name": settings.name, "sha256": instance.sha256},
        "money": {"currency": settings.currency, "unit": settings.money_unit},
    }


def print_comparison(comparison: Comparison, instance: Instance, console: Console) -> None:
    """Print what each case gains, decides and agrees on.

    Parameters
    ----------
    comparison : Comparison
        From :func:`allocator.compare`.
    instance : Instance
        The instance compared.
    console : rich.console.Console
        Where to print.
    """
    for part in _comparison(comparison, instance):
        console.print(part)


def _comparison(comparison: Comparison, instance: Instance) -> Iterator[RenderableType]:
    settings = instance.settings
    worth = Worth.of(instance.outcomes)
    spent = comparison.sectors.groupby(["case", "year"])[["baseline", "spend"]].sum()
    money = Money.fitting(settings, spent.to_numpy(dtype=float).ravel())
    yield Text(f"{settings.name}: low, central and high evidence side by side", style="bold")
    yield _gains(comparison, money, worth)
    yield bullet(
        "Each gain is counted with its own figures: they cannot be set against each other."
    )
    found = [case for case, plan in comparison.plans.items() if plan.found]
    missing = [case for case in comparison.plans if case not in found]
    if missing:
        yield bullet(f"There is no plan with {' and '.join(missing)} evidence to compare.")
    if found:
        yield ""
        yield Text("Spending by sector", style="bold")
        yield _sectors(comparison, found, instance, money)
    if len(found) > 1:
        yield from _moves(comparison, found, instance, money)
        yield from _options(comparison, found, instance)


def _gains(comparison: Comparison, money: Money, worth: Worth) -> Table:
    table = plain_table(
        "\nEvidence",
        "\nstatus",
        f"gain,\n{worth.unit}",
        f"moved,\n{money.name}",
        "on weak\nevidence",
    )
    for _, row in comparison.cases.iterrows():
        gain, moved, weak = (row[c] for c in ("gain", "moved", "weak_share"))
        table.add_row(
            str(row["case"]),
            str(row["status"]),
            "" if pd.isna(gain) else worth.figure(float(gain)),
            "" if pd.isna(moved) else money.amount(float(moved)),
            "" if pd.isna(weak) else percent(float(weak)),
        )
    return table


def _sectors(comparison: Comparison, found: list[str], instance: Instance, money: Money) -> Table:
    """Sectors in the first and the last year, a column a case."""
    settings, sectors = instance.settings, comparison.sectors
    ends = sorted({settings.years[0], settings.years[-1]})
    headings = [f"{settings.year_label(settings.base_year)}\nbaseline"]
    for year in ends:
        headings += [f"{settings.year_label(year)}\n{found[0]}", *(f"\n{c}" for c in found[1:])]
    table = plain_table(f"{money.name}\nSector", *headings, tight=True)
    spend = sectors.set_index(["sector", "year", "case"])["spend"].to_dict()
    total = sectors.groupby(["year", "case"])["spend"].sum().to_dict()
    first = sectors[(sectors["case"] == found[0]) & (sectors["year"] == ends[0])]
    first = first.sort_values("baseline", ascending=False, kind="stable")
    for name, amount in zip(first["sector"], first["baseline"], strict=True):
        cells = (money.amount(spend[name, y, c]) for y in ends for c in found)
        table.add_row(str(name), money.amount(amount), *cells)
    table.add_section()
    cells = (money.amount(total[y, c]) for y in ends for c in found)
    table.add_row("Total", money.amount(float(first["baseline"].sum())), *cells, style="bold")
    return table


def _options(
    comparison: Comparison, found: list[str], instance: Instance
) -> Iterator[RenderableType]:
    """Options that are not taken in the same years in every case."""
    options = comparison.options
    if options.empty:
        return
    names, settings = table_names(instance, "options"), instance.settings
    yield ""
    yield Text(f"Options that differ: {options['option'].nunique()}", style="bold")
    taken = options[options["taken"].astype(bool)]
    for option in dict.fromkeys(options["option"]):
        mine = taken[taken["option"] == option]
        said = []
        for case in found:
            years = [int(year) for year in mine.loc[mine["case"] == case, "year"]]
            said.append(f"{case} {years_text(years, settings) if years else 'not taken'}")
        yield bullet(f"{names[str(option)]}: {'; '.join(said)}.")


def _moves(
    comparison: Comparison, found: list[str], instance: Instance, money: Money
) -> Iterator[RenderableType]:
    settings, moves = instance.settings, comparison.moves
    names = table_names(instance, "programmes")
    year = settings.year_label(settings.years[0])
    amount = f"{money.symbol}0.1m"
    said = THRESHOLD.format(year=year, amount=amount)
    survive = moves[moves["survives"].astype(bool)]
    others = moves[~moves["survives"].astype(bool)]
    yield ""
    yield Text(f"Moves in {year} that survive every case: {len(survive)}", style="bold")
    if len(survive):
        yield _table(survive, comparison, names, money)
    yield bullet(said)
    yield ""
    yield Text(f"Moves that rest on the reading of the evidence: {len(others)}", style="bold")
    if len(others):
        yield _table(others, comparison, names, money)


def _table(
    rows: pd.DataFrame, comparison: Comparison, names: Mapping[str, str], money: Money
) -> Table:
    """Moves with their range, and the change in every case."""
    found = [case for case, plan in comparison.plans.items() if plan.found]
    table = plain_table(f"{money.name}\nProgramme", "\nmove", *(f"\n{c}" for c in found), "\nrange")
    changes = comparison.changes
    change = changes.set_index(["programme", "case"])["change"].to_dict()
    for _, row in rows.iterrows():
        name = str(row["programme"])
        cells = (money.change(change[name, c]) for c in found)
        ends = [money.change(float(row[c])) for c in ("least", "most")]
        span = ends[0] if ends[0] == ends[1] else " to ".join(ends)
        table.add_row(names[name], str(row["direction"]), *cells, span)
    return table
