"""Tables of money with a line an item and a column a year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.report.language.layout import YEARS_ACROSS, plain_table

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from allocator.instance.tables.settings import Settings
    from allocator.report.language.units import Money


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Attributes
    ----------
    name : str
        What it says.
    amounts : sequence of float
        By plan year; NaN shows nothing.
    style : str
        How it is printed.
    always : bool
        Whether it is shown though there is nothing in any year.
    share : bool
        Whether its figures are shares, shown in percent, and not money.
    """

    name: str
    amounts: Sequence[float]
    style: str = ""
    always: bool = False
    share: bool = False

    def shown(self, money: Money) -> bool:
        """Whether there is anything to show."""
        return self.always or any(abs(a) >= money.visible for a in self.amounts if a == a)

    def cell(self, at: int, money: Money) -> str:
        """Text of one year."""
        amount = self.amounts[at]
        if amount != amount:
            return ""
        return f"{100.0 * amount:.1f}%" if self.share else money.amount(amount)


def year_tables(
    heading: str, lines: Sequence[Line], settings: Settings, money: Money
) -> Iterator[Table]:
    """Lines by year, as many years to a table as fit 80 columns.

    Parameters
    ----------
    heading : str
        What the lines are, above their names.
    lines : sequence of Line
        Those with nothing to show are left out.
    settings : Settings
        The round.
    money : Money
        How amounts are shown.
    """
    shown = [line for line in lines if line.shown(money)]
    for start in range(0, len(settings.years), YEARS_ACROSS):
        years = settings.years[start : start + YEARS_ACROSS]
        labels = [settings.year_label(year) for year in years]
        table = plain_table(f"{money.name}\n{heading}", *(f"\n{label}" for label in labels))
        for line in shown:
            cells = (line.cell(start + at, money) for at in range(len(years)))
            table.add_row(line.name, *cells, style=line.style)
        yield table


def across(
    table: pd.DataFrame, column: str, settings: Settings, missing: float = 0.0
) -> list[float]:
    """Sum of a column by plan year.

    Parameters
    ----------
    table : pandas.DataFrame
        With a column `year`.
    column : str
        Column to add up; a year in which every row is blank stays NaN.
    settings : Settings
        The round.
    missing : float
        What stands for a year without rows.
    """
    total = table.groupby("year")[column].sum(min_count=1)
    return [float(total.get(year, missing)) for year in settings.years]
