"""The tables of the terminal summary: the decision, the biggest moves, the outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from allocator.report.language.units import Money, display_names
from allocator.words import fixed, signed

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, ConsoleOptions, RenderResult

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan

BIGGEST_MOVES = 12
YEARS_ACROSS = 5
NAME_LEAST = 10
HEADING_MOST = 20


def plain_table(names: str, *figures: str, tight: bool = False) -> Table:
    """Table with a column of names that wraps and right-aligned columns of figures."""
    table = Table(
        header_style="",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, 0 if tight else 1),
        collapse_padding=True,
    )
    table.add_column(names, overflow="fold", min_width=NAME_LEAST)
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def board_table(title: str, *figures: str) -> Table:
    """Section of the summary as a table: its title heads the column of names, no rules."""
    table = Table(
        header_style="bold", box=None, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column(title, overflow="fold", min_width=NAME_LEAST)
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def bullet(sentence: str) -> Padding:
    """A finding, indented."""
    return Padding(Text(sentence), (0, 0, 0, 2), expand=False)


@dataclass(frozen=True)
class Paragraph:
    """A section of one paragraph: its title runs in, the lines after it are indented."""

    title: str
    said: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Text.assemble((self.title, "bold"), "  ", self.said)
        for n, line in enumerate(text.wrap(console, options.max_width - 2)):
            yield Text.assemble("  " if n else "", line)


def decision_tables(
    plan: Plan, settings: Settings, money: Money, all_years: bool
) -> Iterator[Table]:
    """Sectors by year against the reference plan: two years to a table.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    settings : Settings
        The round.
    money : Money
        How amounts are shown.
    all_years : bool
        Whether to show every plan year, not only the first and the last.
    """
    years = list(settings.years)
    shown = years if all_years else sorted({years[0], years[-1]})
    for start in range(0, len(shown), 2):
        yield _decision(plan, shown[start : start + 2], settings, money)


def _decision(plan: Plan, years: Sequence[int], settings: Settings, money: Money) -> Table:
    headings = [f"{settings.year_label(settings.base_year)}\nbaseline"]
    for year in years:
        headings += [f"{settings.year_label(year)}\nref.", "\nplan", "\nchange", "\n%"]
    table = plain_table(f"{money.name}\nSector", *headings, tight=True)
    sectors = plan.sectors()
    amounts = sectors.set_index(["sector", "year"])
    totals = sectors.groupby("year")[["baseline", "reference", "spend"]].sum()
    whole = {year: _amounts(totals, year) for year in years}
    order = sectors.groupby("sector")["baseline"].max().sort_values(ascending=False, kind="stable")
    for name in order.index:
        spent = {year: _amounts(amounts, (name, year)) for year in years}
        table.add_row(str(name), *_money_cells(spent, whole, money))
    table.add_section()
    table.add_row("Total", *_money_cells(whole, whole, money), style="bold")
    return table


def _amounts(table: pd.DataFrame, key: Any) -> tuple[float, float, float]:
    """Baseline, reference and plan of one row."""
    baseline, reference, spend = table.loc[key, ["baseline", "reference", "spend"]]
    return float(baseline), float(reference), float(spend)


def _money_cells(
    spent: Mapping[int, tuple[float, float, float]],
    whole: Mapping[int, tuple[float, float, float]],
    money: Money,
) -> Iterator[str]:
    first, *_ = spent.values()
    yield money.amount(first[0])
    for year, (_, reference, plan) in spent.items():
        total = whole[year][2]
        yield money.amount(reference)
        yield money.amount(plan)
        yield money.change(plan - reference)
        yield fixed(plan / total * 100, 1) if total > 0 else ""


def moves_table(plan: Plan, settings: Settings, money: Money) -> tuple[Table | None, str]:
    """Programmes whose spending leaves the reference plan the most in any year.

    Returns
    -------
    table : rich.table.Table or None
        None when nothing moves.
    rest : str
        What the table leaves out, as a sentence; may be empty.
    """
    first, last = settings.years[0], settings.years[-1]
    lines = plan.allocation
    largest = lines["change"].abs().groupby(lines["programme"], sort=False).max()
    largest = largest[largest >= money.visible].sort_values(ascending=False, kind="stable")
    if largest.empty:
        return None, "No programme moves: the plan is the reference plan."
    ends = sorted({first, last})
    headings = [f"{settings.year_label(y)}\nchange" for y in ends]
    table = plain_table(
        f"{money.name}\nProgramme",
        *headings,
        f"{settings.year_label(last)}\nplan",
        "\nactivity",
    )
    cells = lines.set_index(["programme", "year"])
    names = display_names(lines["programme"], lines["label"])
    for name in largest.index[:BIGGEST_MOVES]:
        end = cells.loc[(name, last)]
        changes = (money.change(cells.loc[(name, y), "change"]) for y in ends)
        table.add_row(names[str(name)], *changes, money.amount(end["spend"]), _activity(end))
    return table, _left_out(largest, money)


def _activity(row: pd.Series) -> str:
    if row["reference_activity"] <= 0:
        return "new" if row["activity"] > 0 else ""
    change = row["activity"] / row["reference_activity"] - 1
    return "0.0%" if abs(change) < 0.0005 else f"{change * 100:+,.1f}%"


def _left_out(largest: pd.Series, money: Money) -> str:
    others = len(largest) - BIGGEST_MOVES
    if others <= 0:
        return ""
    most = money.text(largest.iloc[BIGGEST_MOVES])
    return f"{others} more move by {most} a year or less."


def outcome_tables(plan: Plan, instance: Instance) -> Iterator[Table]:
    """Outcomes by year, and under each the difference from the reference plan."""
    settings = instance.settings
    units = dict(zip(instance.outcomes["outcome"], instance.outcomes["unit"], strict=True))
    amounts = plan.outcomes.set_index(["outcome", "year"])
    years = list(settings.years)
    for start in range(0, len(years), YEARS_ACROSS):
        block = years[start : start + YEARS_ACROSS]
        last = block[-1] == years[-1]
        headings = [settings.year_label(y) for y in block] + (["all years"] if last else [])
        table = plain_table("Outcome", *headings, tight=True)
        for name in dict.fromkeys(amounts.index.get_level_values("outcome")):
            rows = amounts.loc[name]
            change = rows["amount"] - rows["reference_amount"]
            heading = f"{name} ({units.get(name)})"
            if units.get(name) in ("", name) or len(heading) > HEADING_MOST:
                heading = name
            table.add_row(heading, *_figures(rows["amount"], block, last, fixed))
            table.add_row("  vs ref.", *_figures(change, block, last, signed), style="dim")
        yield table


def _figures(
    values: pd.Series, years: Sequence[int], total: bool, write: Callable[[float, int], str]
) -> list[str]:
    shown = [float(values.loc[y]) for y in years] + ([float(values.sum())] if total else [])
    largest = float(values.abs().max())
    fitting = (d for d, size in enumerate((1000, 10, 0.1, 0.001)) if largest >= size)
    decimals = next(fitting, 0)
    return [write(value, decimals) for value in shown]
