"""Figures and money as messages of the check write them."""

from __future__ import annotations

from typing import Any

from allocator.instance.tables.settings import Settings


def figure(value: Any) -> str:
    """Figure with thousands separators and no more digits than a reader needs."""
    if abs(value) < 1000:
        return f"{value + 0.0:.6g}"
    return f"{value:,.2f}".removesuffix("0").removesuffix("0").removesuffix(".")


def money(value: Any, settings: Settings) -> str:
    """Money to the pound (or penny below a thousand), whatever unit the instance uses."""
    amount = abs(value) * settings.money_scale
    symbol = "£" if settings.currency == "GBP" else f"{settings.currency} "
    sign = "-" if value < 0 else ""
    if amount >= 1000:
        return f"{sign}{symbol}{amount:,.0f}"
    return f"{sign}{symbol}{amount:.2f}" if amount >= 0.01 else f"{sign}{symbol}{amount:.2g}"
