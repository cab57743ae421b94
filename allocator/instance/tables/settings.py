"""The round an instance describes: its years, prices and discounting."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from allocator.instance.tables.column import REQUIRED, Column, Kind
from allocator.words import close_money, exact_money

SETTINGS_FILE = "instance.toml"
"""File that holds the settings of an instance."""

MONEY_SCALES = {"one": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}


def _entry(kind: Kind, meaning: str, default: Any = REQUIRED, **options: Any) -> Any:
    column = Column("", kind, meaning, default, **options)
    metadata = {"column": column}
    return (
        field(metadata=metadata) if column.required else field(default=default, metadata=metadata)
    )


@dataclass(frozen=True)
class Settings:
    """What ``instance.toml`` says; see :data:`SETTINGS` for what its entries mean."""

    name: str = _entry("text", "name of the planning round")
    base_year: int = _entry("year", "year of the baseline, the one before the first plan year")
    years: tuple[int, ...] = _entry("years", "plan years, one after the other")
    currency: str = _entry("text", "currency of every money column", "GBP")
    money_unit: str = _entry(
        "choice", "unit of every money column", "one", choices=tuple(MONEY_SCALES)
    )
    price_basis: str = _entry(
        "choice",
        "a note on the prices that amounts are in, for readers; nothing is computed from it: "
        "with real, growth of prices in general is left out of cost_uplift by whoever writes it",
        "cash",
        choices=("cash", "real"),
    )
    financial_years: bool = _entry(
        "flag", "whether 2025 means the financial year 2025/26 in reports", True
    )
    discount_rate: float = _entry(
        "number",
        "how much less a discounted outcome counts each year later",
        0.0,
        low=0.0,
        high=0.5,
    )
    cost_uplift: float = _entry(
        "number", "yearly growth of unit costs, net of efficiency", 0.0, low=-0.5, high=1.0
    )
    tail_years: int = _entry(
        "integer",
        "years after the last plan year in which avoided need still counts",
        0,
        low=0,
        high=50,
    )
    saving_value: float = _entry(
        "number", "value of a unit of money saved in the tail years", 0.0, low=0.0
    )
    accept_money_pump: tuple[str, ...] = _entry(
        "texts", "programmes that may save more than they cost", (), reference="programmes"
    )
    recurrent_balance: bool = _entry(
        "flag",
        "whether what is spent every year must stay within what comes every year, pool by pool; "
        "capital, one-off and carried money, and what is held back or earned, stand outside it",
        False,
    )
    shrink_outcome: str = _entry(
        "text",
        "outcome whose responses are shrunk towards a reference; blank: none",
        "",
        reference="outcomes",
    )
    shrink_cost: float = _entry(
        "number", "reference cost of a unit of that outcome, in the money unit", 0.0, low=0.0
    )
    shrink_weights: tuple[float, ...] = _entry(
        "numbers",
        "weight of the study's own figure for grades A, B, C, D and for none, 0 to 1",
        (1.0, 0.5, 0.25, 0.0, 0.0),
        low=0.0,
        high=1.0,
    )
    evidence: str = _entry(
        "choice",
        "figures already chosen: low, central or high; blank in an instance as written",
        "",
        choices=("", "low", "central", "high"),
    )
    source: str = _entry("text", "where the instance comes from", "", form="prose")
    notes: str = _entry("text", "anything a reader should know", "", form="prose")

    @property
    def money_scale(self) -> float:
        """Units of currency in one unit of the instance's money columns."""
        return MONEY_SCALES[self.money_unit]

    def money(self, value: float, more: int = 0) -> str:
        """Money in the instance's unit as messages tell it, such as £3.20m."""
        return close_money(value * self.money_scale, self.currency, more)

    def exact_money(self, value: float, more: int = 0) -> str:
        """Money in the instance's unit to the pound, such as £3,201,400."""
        return exact_money(value * self.money_scale, self.currency, more)

    def year_label(self, year: int) -> str:
        """Year as planners write it: 2025/26 for a financial year."""
        return f"{year}/{(year + 1) % 100:02d}" if self.financial_years else str(year)


SETTINGS: dict[str, Column] = {
    entry.name: replace(entry.metadata["column"], name=entry.name) for entry in fields(Settings)
}
"""Every entry ``instance.toml`` may hold."""
