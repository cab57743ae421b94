"""Units a report tells its figures in: of money, of worth, of years, and names to show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.words import figure, fixed, of_unit, signed, symbol, told_money

if TYPE_CHECKING:
    import pandas as pd

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan

BESIDE = ("option_cost", "extra_cost", "adjustments", "exit_fees")
"""What pools spend beside programmes and what contracts pay for them."""


@dataclass(frozen=True)
class Money:
    """Shows every amount of a report in one unit of currency.

    Attributes
    ----------
    currency : str
        Code of the currency.
    suffix : str
        ``m``, ``k`` or empty: what the sign's amounts are counted in.
    unit : float
        One shown unit, in the instance's money unit.
    scale : float
        Currency units in the instance's money unit.
    decimals : int
        Digits after the point in tables.
    """

    currency: str
    suffix: str
    unit: float
    scale: float
    decimals: int

    @classmethod
    def fitting(cls, settings: Settings, amounts: Iterable[float]) -> Money:
        """Choose the unit and the decimals for a report over `amounts` (instance's unit)."""
        scale = settings.money_scale
        largest = max((abs(a) for a in amounts if math.isfinite(a)), default=0.0) * scale
        units = (("m", 1e6), ("k", 1e3), ("", 1.0))
        suffix, size = next((u for u in units if largest >= 3 * u[1]), units[-1])
        shown = largest / size
        decimals = 0 if shown >= 10_000 else 1 if shown >= 100 else 2
        return cls(settings.currency, suffix, size / scale, scale, decimals)

    @property
    def symbol(self) -> str:
        """Currency sign, or its code and a space."""
        return symbol(self.currency)

    @property
    def name(self) -> str:
        """The unit as a heading: ``£m``."""
        return f"{self.symbol}{self.suffix}".strip()

    @property
    def one(self) -> str:
        """One shown unit in a sentence: ``£1m``."""
        return f"{self.symbol}1{self.suffix}"

    @property
    def visible(self) -> float:
        """Least amount that shows in tables as more than nothing, in the instance's money unit."""
        return 0.5 * 10.0**-self.decimals * self.unit

    def amount(self, value: float) -> str:
        """Table figure without sign of currency: ``1,234.5``."""
        return fixed(value / self.unit, self.decimals)

    def fine(self, value: float) -> str:
        """Table figure with two digits after the point, for amounts small beside the round."""
        return fixed(value / self.unit, max(2, self.decimals) if self.suffix else 0)

    def change(self, value: float) -> str:
        """Table figure that always carries its sign: ``+12.3``; ``0.0`` when nothing moves."""
        return signed(value / self.unit, self.decimals)

    def text(self, value: float) -> str:
        """Amount in a sentence, in the unit that suits its own size: ``£12.3m``."""
        return told_money(value * self.scale, self.currency)


@dataclass(frozen=True)
class Worth:
    """Units in which value is told: an outcome's own when only one is weighted.

    Attributes
    ----------
    unit : str
        ``QALY``, or ``points of value`` when outcomes with different units or weights
        are added up.
    per_point : float
        Units in one point of the objective.
    """

    unit: str
    per_point: float

    @classmethod
    def of(cls, outcomes: pd.DataFrame) -> Worth:
        """Read the units from the instance's table of outcomes."""
        weighted = outcomes[outcomes["weight"] != 0]
        units = {u or o for u, o in zip(weighted["unit"], weighted["outcome"], strict=True)}
        weights = set(weighted["weight"])
        if len(units) == 1 and len(weights) == 1 and min(weights) > 0:
            return cls(str(units.pop()), 1.0 / float(weights.pop()))
        return cls("points of value", 1.0)

    def figure(self, value: float) -> str:
        """Digits alone of `value`, given in points of the objective."""
        return figure(value * self.per_point)

    def text(self, value: float) -> str:
        """Figure with its unit: ``52.3 QALY``."""
        return of_unit(self.figure(value), self.unit)


def money_of(plan: Plan, instance: Instance) -> Money:
    """How amounts of this plan are shown: fitted to its largest year."""
    totals = plan.sectors().groupby("year")[["baseline", "reference", "spend"]].sum()
    spent = totals["spend"].add(beside_programmes(plan), fill_value=0.0)
    return Money.fitting(instance.settings, [*totals.to_numpy().ravel(), *spent])


def beside_programmes(plan: Plan) -> pd.Series[float]:
    """Money spent by year on no programme: options, more capacity, what adjusts pools, fees."""
    budgets, options = plan.budgets, plan.tables.get("options")
    columns = [c for c in BESIDE if c in budgets]
    spent = budgets.groupby("year")[columns].sum().sum(axis=1)
    if options is not None and len(options):
        spent = spent.add(options.groupby("year")["capital"].sum(), fill_value=0.0)
    return spent.astype(float)


def years_text(years: Sequence[int], settings: Settings) -> str:
    """Years in words: ``2025/26``, ``2025/26 to 2027/28``, ``every year``."""
    chosen = sorted(set(years))
    if len(chosen) > 1 and chosen == sorted(settings.years):
        return "every year"
    runs: list[list[int]] = []
    for year in chosen:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    parts = []
    for run in runs:
        first, last = settings.year_label(run[0]), settings.year_label(run[-1])
        parts.append(first if len(run) == 1 else f"{first} to {last}")
    return ", ".join(parts)


def display_names(keys: Iterable[str], labels: Iterable[str]) -> dict[str, str]:
    """Name to show for each key: its label, or the key when it has none of its own.

    All of a table's rows are given, not those that are shown: a label that another row has as
    well, or that is another row's key, names neither.
    """
    first: dict[str, str] = {}
    for key, label in zip(keys, labels, strict=True):
        first.setdefault(key, label)
    uses = Counter(first.values())
    return {
        key: label if label and uses[label] == 1 and label not in first else key
        for key, label in first.items()
    }


def table_names(instance: Instance, table: str) -> dict[str, str]:
    """Name to show for every row of ``programmes``, ``options``, ``rules`` or ``contracts``."""
    rows = instance.tables[table]
    return display_names(rows[table.removesuffix("s")], rows["label"])
