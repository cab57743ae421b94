"""What holds us back: what a little more money would buy, pool by year, and the dearest rules."""

from __future__ import annotations

import pandas as pd

from allocator.report.language.layout import board_table, bullet
from allocator.report.text.board.page import Lines, Page
from allocator.report.text.prices import AT_MOST, ONE_PRICE, one_price
from allocator.tolerances import ROUNDING
from allocator.words import figure

YEARS = 5
"""Years across."""

RULES = 2
"""Rules that are shown, the dearest first."""


def what_holds_us_back(page: Page) -> Lines:
    """The section: worth of a shown unit of money, pools alike in one row."""
    budgets, rules = page.plan.budgets, page.plan.rules
    years = list(page.settings.years)[:YEARS]
    rows: list[tuple[str, list[str]]] = []
    for pool, mine in budgets.groupby("pool", sort=False):
        rows.append((str(pool), _prices(page, mine, years)))
    merged: dict[tuple[str, ...], list[str]] = {}
    for name, cells in rows:
        merged.setdefault(tuple(cells), []).append(name)
    worth = [(_several(names), list(cells)) for cells, names in merged.items() if any(cells)]
    in_money = rules[rules["measure"].isin(("spend", "recurrent_spend", "payment", "position"))]
    dearest = in_money.groupby("rule", sort=False)["price"].max()
    dearest = dearest[dearest > 0].sort_values(ascending=False, kind="stable")
    for rule in dearest.index[:RULES]:
        cells = _prices(page, rules[rules["rule"] == rule], years)
        if any(cells):
            worth.append((str(rule), cells))
    if not worth:
        return
    unit = page.worth.unit.removesuffix(" of value")
    table = board_table(
        f"WHAT HOLDS US BACK ({unit} for {page.money.one})", *(page.year(y) for y in years)
    )
    for name, cells in worth:
        table.add_row(f"  {name}", *cells)
    yield table
    shown = pd.concat([budgets, rules[rules["rule"].isin(dearest.index[:RULES])]])
    if one_price(shown).any():
        yield bullet(f"{ONE_PRICE}: {AT_MOST}.")


def _prices(page: Page, rows: pd.DataFrame, years: list[int]) -> list[str]:
    """Prices by year in two digits: a range ends where the slope has changed by a twentieth."""
    price = rows.set_index("year")["price"].reindex(years)
    unit, top = page.money.unit * page.worth.per_point, float(price.abs().max())
    return [
        "" if pd.isna(p) or abs(p) <= ROUNDING * top else figure(float(f"{p * unit:.2g}"))
        for p in price
    ]


def _several(names: list[str]) -> str:
    if len(names) <= 2:
        return " and ".join(names)
    return f"{names[0]} and {len(names) - 1} more pools"
