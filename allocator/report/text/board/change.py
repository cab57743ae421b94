"""What changes most by the last year, against the base year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.report.language.layout import Paragraph
from allocator.report.text.board.page import Lines, Page, on_base

if TYPE_CHECKING:
    import pandas as pd

NAMED = 3
"""Programmes that are named, each way."""


def what_changes_most(page: Page) -> Lines:
    """The section: volume at base-year prices, so that no rise in prices reads as growth."""
    rows = page.lines[page.lines["year"] == page.last]
    change = rows["volume"] - rows["baseline_spend"]
    rows = rows.assign(grown=change).sort_values("grown", kind="stable")
    ups = rows[rows["grown"] >= page.money.visible].iloc[::-1]
    downs = rows[rows["grown"] <= -page.money.visible]
    if not len(ups) and not len(downs):
        return
    said = []
    for word, some in (("up", ups), ("down", downs)):
        if len(some):
            named = [_named(page, row) for _, row in some.head(NAMED).iterrows()]
            more = f", {len(some) - NAMED} more" if len(some) > NAMED else ""
            said.append(f"{word} {', '.join(named)}{more}")
    title = f"WHAT CHANGES MOST BY {page.year(page.last)}, in volume against {page.base}"
    yield Paragraph(title, f"{'; '.join(said)}.")


def _named(page: Page, row: pd.Series[float]) -> str:
    name = page.names[str(row["programme"])]
    if float(row["activity"]) <= 0:
        return f"{name} closed"
    if float(row["baseline_spend"]) <= 0:
        return f"{name} from nothing to {page.money.text(float(row['spend']))}"
    return f"{name} {on_base(float(row['volume']), float(row['baseline_spend']))}"
