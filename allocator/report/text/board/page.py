"""What every section of the summary is made from, worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.report.language.units import Money, Worth, beside_programmes, display_names, money_of

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan

Lines = Iterator["RenderableType"]


@dataclass(frozen=True)
class Page:
    """A plan that was found, its round, and the units it is told in.

    Attributes
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """

    plan: Plan
    instance: Instance

    @property
    def settings(self) -> Settings:
        """The round's settings."""
        return self.instance.settings

    @cached_property
    def money(self) -> Money:
        """How amounts are told."""
        return money_of(self.plan, self.instance)

    @cached_property
    def worth(self) -> Worth:
        """How value is told."""
        return Worth.of(self.instance.outcomes)

    @property
    def base(self) -> str:
        """The base year in words."""
        return self.settings.year_label(self.settings.base_year)

    @property
    def first(self) -> int:
        """The first plan year."""
        return self.settings.years[0]

    @property
    def last(self) -> int:
        """The last plan year."""
        return self.settings.years[-1]

    @property
    def ends(self) -> list[int]:
        """The first and the last plan year, or the one there is."""
        return sorted({self.first, self.last})

    def year(self, year: int) -> str:
        """A year in words."""
        return self.settings.year_label(year)

    @cached_property
    def names(self) -> dict[str, str]:
        """Programmes by the names that are shown."""
        lines = self.plan.allocation
        return display_names(lines["programme"], lines["label"])

    @cached_property
    def lines(self) -> pd.DataFrame:
        """The allocation with ``volume``: activity at base-year unit costs, in money."""
        lines = self.plan.allocation
        programmes = self.instance.programmes
        cost = dict(zip(programmes["programme"], programmes["unit_cost"], strict=True))
        return lines.assign(volume=lines["activity"] * lines["programme"].map(cost))

    @cached_property
    def beside(self) -> pd.Series[float]:
        """Money spent by year that no programme is: options, more capacity, what adjusts pools."""
        return beside_programmes(self.plan)


def heading(title: str) -> Lines:
    """A section's title."""
    yield Text(title, style="bold")


def on_base(now: float, before: float, decimals: int = 0) -> str:
    """Growth on the base year: ``+15%``; ``new`` from nothing, blank where there is neither."""
    if before <= 0:
        return "new" if now > 0 else ""
    change = 100 * (now / before - 1)
    said = f"{change:+,.{decimals}f}%"
    return said.lstrip("+-") if float(said.strip("+-%").replace(",", "")) == 0 else said
