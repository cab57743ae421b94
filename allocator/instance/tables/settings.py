"""The round an instance describes: its years, prices and discounting."""

from __future__ import annotations

from dataclasses import dataclass

MONEY_SCALES = {"one": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}


@dataclass(frozen=True)
class Settings:
    """What ``instance.toml`` says; see :data:`allocator.instance.tables.schema.SETTINGS`."""

    name: str
    base_year: int
    years: tuple[int, ...]
    currency: str = "GBP"
    money_unit: str = "one"
    price_basis: str = "cash"
    financial_years: bool = True
    discount_rate: float = 0.0
    cost_uplift: float = 0.0
    tail_years: int = 0
    saving_value: float = 0.0
    accept_money_pump: tuple[str, ...] = ()
    recurrent_balance: bool = False
    shrink_outcome: str = ""
    shrink_cost: float = 0.0
    shrink_weights: tuple[float, ...] = (1.0, 0.5, 0.25, 0.0, 0.0)
    evidence: str = ""
    source: str = ""
    notes: str = ""

    @property
    def money_scale(self) -> float:
        """Units of currency in one unit of the instance's money columns."""
        return MONEY_SCALES[self.money_unit]

    def year_label(self, year: int) -> str:
        """Year as planners write it: 2025/26 for a financial year."""
        return f"{year}/{(year + 1) % 100:02d}" if self.financial_years else str(year)
