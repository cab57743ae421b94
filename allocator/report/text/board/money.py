"""Where the money goes: sectors against the base year, in cash and in volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.report.language.layout import board_table
from allocator.report.text.board.page import Lines, Page, on_base

if TYPE_CHECKING:
    import pandas as pd

SECTORS = 6
"""Sectors that are shown; the smallest of more are taken together."""


def where_the_money_goes(page: Page) -> Lines:
    """The section."""
    ends = page.ends
    table = board_table(
        f"WHERE THE MONEY GOES, {page.money.name}",
        page.base,
        *(page.year(y) for y in ends),
        "cash",
        "volume",
        "share",
    )
    columns = ["baseline_spend", "spend", "volume", "reference_spend"]
    by_year = page.lines.groupby(["sector", "year"], sort=False)[columns].sum()
    order = by_year["baseline_spend"].groupby("sector", sort=False).max()
    order = order.sort_values(ascending=False, kind="stable")
    names = [[str(name)] for name in order.index]
    if len(names) > SECTORS:
        names = [*names[: SECTORS - 1], [n for (n,) in names[SECTORS - 1 :]]]
    total = by_year.groupby("year").sum()
    total["spend"] += page.beside.reindex(total.index).fillna(0.0)
    for group in names:
        rows = by_year.loc[group].groupby("year").sum()
        label = group[0] if len(group) == 1 else f"{len(group)} smaller"
        table.add_row(f"  {label}", *_cells(page, rows, total))
    beside = page.beside.reindex(page.ends).fillna(0.0)
    if (beside.abs() >= page.money.visible).any():
        share = f"{100 * float(beside[page.last]) / float(total['spend'][page.last]):.1f}"
        amounts = [page.money.amount(float(beside[y])) for y in page.ends]
        table.add_row("  options, other", "", *amounts, "", "", share)
    table.add_row("  All", *_cells(page, total, total), style="bold")
    if float(total["spend"].max()) > 0 or float(total["baseline_spend"].max()) > 0:
        yield table


def _cells(page: Page, rows: pd.DataFrame, total: pd.DataFrame) -> list[str]:
    base, whole = (float(some["baseline_spend"].max()) for some in (rows, total))
    spend, volume = (
        dict(zip(rows.index, rows[c].tolist(), strict=True)) for c in ("spend", "volume")
    )
    whole_last = float(total["spend"].to_dict()[page.last])
    shares = [
        f"{100 * part / of:.1f}" if of > 0 else ""
        for part, of in ((base, whole), (spend[page.last], whole_last))
    ]
    return [
        page.money.amount(base),
        *(page.money.amount(spend[y]) for y in page.ends),
        on_base(spend[page.last], base),
        on_base(volume[page.last], base, 1),
        " to ".join(share for share in shares if share),
    ]
