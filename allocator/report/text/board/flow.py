"""Waiting and flow: who waits, whether the paths are met, and what is full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from allocator.report.language.layout import board_table, bullet
from allocator.report.language.units import years_text
from allocator.report.text.board.page import Lines, Page, heading
from allocator.tolerances import ROUNDING
from allocator.words import fixed, listed

if TYPE_CHECKING:
    import pandas as pd

WAITING = 5
"""Waiting lists that are shown, the longest first."""

FULL = 1
"""Capacities in full use that are named."""


def waiting_and_flow(page: Page) -> Lines:
    """The section; rounds without backlogs and capacities have none."""
    lists = list(_lists(page))
    full = list(_full(page))
    if not lists and not full:
        return
    if lists:
        years = [page.year(y) for y in page.ends]
        table = board_table("WAITING AND FLOW", "before", *years, "path")
        for name, *cells in lists[:WAITING]:
            table.add_row(f"  {name}", *cells)
        yield table
        if len(lists) > WAITING:
            yield bullet(f"{len(lists) - WAITING} more lists are shorter (allocation.csv, unmet).")
    else:
        yield from heading("WAITING AND FLOW")
    if full:
        more = f"; {len(full) - FULL} more" if len(full) > FULL else ""
        yield bullet(f"In full use: {'; '.join(full[:FULL])}{more}.")


def _lists(page: Page) -> Iterator[tuple[str, ...]]:
    """Programmes with a backlog: before the plan, at both ends, and its path."""
    demand = page.instance.tables["demand"]
    waiting = demand.groupby("programme", sort=False)["opening_backlog"].max()
    waiting = waiting[waiting > 0].sort_values(ascending=False, kind="stable")
    lines = page.plan.allocation
    unmet = dict(
        zip(zip(lines["programme"], lines["year"], strict=True), lines["unmet"], strict=True)
    )
    for name, before in waiting.items():
        now = [fixed(float(unmet[(name, y)]), 0) for y in page.ends]
        yield (page.names[str(name)], fixed(float(before), 0), *now, _path(page, str(name)))


def _path(page: Page, name: str) -> str:
    """Whether rules on its unmet need alone are kept."""
    facts, rules = page.instance.facts, page.plan.rules
    rules = rules[(rules["measure"] == "unmet")]
    selection = dict(
        zip(page.instance.rules["rule"], page.instance.rules["selection"], strict=True)
    )
    place = facts.rank[name]
    mine = [
        rows
        for rule, rows in rules.groupby("rule", sort=False)
        if selection[rule] and facts.selections.counted(selection[rule])[0].tolist() == [place]
    ]
    if not mine:
        return ""
    missed: list[pd.Series[float]] = [
        row for rows in mine for _, row in rows[rows["violation"] > 0].iterrows()
    ]
    if not missed:
        return "met"
    return f"missed in {years_text([int(r['year']) for r in missed], page.settings)}"


def _full(page: Page) -> Iterator[str]:
    """Capacities in full use, with the years, those that bind longest first."""
    rows = page.plan.capacity
    rows = rows[(rows["amount"] > 0) & (rows["slack"] <= ROUNDING * rows["amount"])]
    found = []
    for resource, mine in rows.groupby("resource", sort=False):
        places = [place for place in dict.fromkeys(mine["place"]) if place]
        where = f" in {listed(places)}" if len(places) == 1 else ""
        where = f" in {len(places)} places" if len(places) > 1 else where
        years = [int(y) for y in mine["year"].unique()]
        found.append((-len(years), f"{resource}{where} ({years_text(years, page.settings)})"))
    yield from (said for _, said in sorted(found, key=lambda item: item[0]))
