"""Waiting and flow: who waits, whether the paths are met, and what is full."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.language.layout import board_table, bullet
from allocator.report.language.units import years_text
from allocator.report.text.board.page import Lines, Page, heading
from allocator.report.text.missed import is_missed
from allocator.tolerances import ROUNDING
from allocator.words import figure, fixed, listed, missing_amount

WAITING = 5
"""Waiting lists that are shown, the longest first."""

AVOIDED = 1
"""Programmes with need avoided that are shown, those with the largest share of it first."""

TELLING = 0.01
"""Share of need, or of a capacity, from which what is avoided or freed is told."""

LEAST_UNMET = 1e-6
"""Share of what is given below which unmet need is rounding."""

FULL = 1
"""Capacities in full use that are named."""


def waiting_and_flow(page: Page) -> Lines:
    """The section; rounds without backlogs and capacities have none."""
    lists, avoided = list(_lists(page)), list(_avoided(page))
    full, freed = list(_full(page)), _freed(page)
    if not lists and not avoided and not full:
        return
    if lists or avoided:
        years = [page.year(y) for y in page.ends]
        table = board_table("WAITING AND FLOW", "before", *years, "path")
        waiting = {row[0] for row in lists}
        for name, *cells in lists[:WAITING]:
            table.add_row(f"  {name}", *cells)
        for name, *cells in avoided:
            table.add_row(f"  {name}{', given' if name in waiting else ''}", *cells)
        yield table
        if len(lists) > WAITING:
            yield bullet(f"{len(lists) - WAITING} more lists are shorter (allocation.csv, unmet).")
    else:
        yield from heading("WAITING AND FLOW")
    said = [freed] if freed else []
    if full:
        more = f"; {len(full) - FULL} more" if len(full) > FULL else ""
        said.append(f"In full use: {'; '.join(full[:FULL])}{more}.")
    if said:
        yield bullet(" ".join(said))


def _lists(page: Page) -> Iterator[tuple[str, ...]]:
    """Programmes with unmet need: before the plan, at both ends, and its path; longest first."""
    demand, lines = page.instance.tables["demand"], page.plan.allocation
    waiting = demand.groupby("programme", sort=False)["opening_backlog"].max().fillna(0.0)
    unmet = lines.set_index(["programme", "year"])["unmet"].fillna(0.0).to_dict()
    done = lines.groupby("programme", sort=False)["activity"].max().to_dict()
    found = []
    for key, before in waiting.items():
        now = [float(unmet.get((key, y), 0.0)) for y in page.ends]
        longest = max(float(before), *now)
        if longest > LEAST_UNMET * float(done.get(key, 0.0)):
            cells = [fixed(float(before), 0) if before > 0 else "", *(fixed(n, 0) for n in now)]
            found.append((-longest, page.names[str(key)], cells, _path(page, str(key), "unmet")))
    for _, name, cells, path in sorted(found, key=lambda row: row[0]):
        yield (name, *cells, path)


def _avoided(page: Page) -> Iterator[tuple[str, ...]]:
    """Care whose need is avoided, or added to, most by the last year: what is given of it."""
    lines = page.plan.allocation
    last = lines[lines["year"] == page.last].set_index("programme")
    need = last["activity"] + last["avoided"].fillna(0.0)
    share = (last["avoided"].abs() / need.where(need > 0)).dropna()
    share = share[share >= TELLING].sort_values(ascending=False, kind="stable")
    given = lines.set_index(["programme", "year"])["activity"].to_dict()
    for key in share.index[:AVOIDED]:
        now = [fixed(float(given[key, y]), 0) for y in page.ends]
        before = fixed(float(last["baseline"].to_dict()[key]), 0)
        yield (page.names[str(key)], before, *now, _path(page, str(key), "activity"))


def _freed(page: Page) -> str:
    """The capacity that need avoided would have taken in the last year, the most of one."""
    lines, use = page.plan.allocation, page.instance.tables["use"]
    last = lines[lines["year"] == page.last].set_index("programme")["avoided"].fillna(0.0)
    taken = use["per_unit"] * use["programme"].map(last).fillna(0.0)
    freed = taken.groupby(use["resource"]).sum()
    there = page.plan.capacity
    there = there[there["year"] == page.last].groupby("resource")[["amount", "extra"]].sum()
    share = (freed / there["amount"].where(there["amount"] > 0)).dropna()
    share = share[share >= TELLING]
    if share.empty:
        return ""
    most = str(share.idxmax())
    resources = page.instance.tables["resources"]
    unit = dict(zip(resources["resource"], resources["unit"], strict=True)).get(most, "")
    extra = float(there["extra"].to_dict()[most])
    bought = f"; {figure(extra)} bought" if extra > LEAST_UNMET * freed[most] else ""
    amount = missing_amount(float(freed[most]), unit)
    return f"Need avoided frees {amount} of {most} in {page.year(page.last)}{bought}."


def _path(page: Page, name: str, measure: str) -> str:
    """Whether rules on its unmet need, or its activity, alone are kept."""
    facts, rules = page.instance.facts, page.plan.rules
    rules = rules[rules["measure"] == measure]
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
    missed = [int(year) for rows in mine for year in rows.loc[is_missed(rows), "year"]]
    return f"missed in {years_text(missed, page.settings)}" if missed else "met"


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
