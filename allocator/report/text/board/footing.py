"""What the plan stands on: what nobody has valued, what gives way, weak evidence, the proof."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.language.layout import Paragraph
from allocator.report.language.proof import gain_matters, proof_in_short
from allocator.report.text.board.page import Lines, Page
from allocator.report.text.held import Below
from allocator.report.text.problems import unvalued
from allocator.words import count, listing, percent

AVOIDING = 2
"""Programmes valued only by what they avoid that are named; the rest are counted."""

PLANNED = 3
"""Held lines planned down that are named; the rest are counted."""

GRAVE = 0.05
"""Share of the level of held lines from which what they give up is told beside it."""


def how_sure_this_is(page: Page) -> Lines:
    """The section."""
    said = " ".join([*_rests_on(page), proof_in_short(page.plan, page.worth)])
    yield Paragraph("HOW SURE THIS IS", said)


def _rests_on(page: Page) -> Iterator[str]:
    plan = page.plan
    unknown = unvalued(page.instance)
    rows = plan.allocation[plan.allocation["held"].astype(bool)]
    held = sorted(set(rows["programme"]) & set(unknown))
    said = []
    if held:
        total = page.money.text(sum(unknown[name] for name in held))
        said.append(f"Not valued and held: {count(len(held), 'programme')}, {total}")
    avoiding = page.instance.facts.held.avoids_only_held
    if avoiding.any():
        lines = page.instance.rows["programmes"].take(avoiding)
        total = page.money.text(float((lines["unit_cost"] * lines["baseline"]).sum()))
        some = listing((page.names[name] for name in lines["programme"].tolist()), AVOIDING)
        what = "valued only by need avoided" if held else "Held and valued only by need avoided"
        said.append(f"{what}: {some}, {total}")
    if said:
        yield f"{'; '.join(said)}."
    yield from gives_way(page)
    if plan.weak_share is not None and gain_matters(plan):
        yield (f"{percent(plan.weak_share)} of the gain rests on weak evidence or assumed limits.")


def gives_way(page: Page) -> Iterator[str]:
    """Held lines that are planned down, and money by which others lie below their level."""
    below = Below(page.plan, page.instance, page.money)
    text, as_before = page.money.text, ", as when rolling forward" if below.as_before() else ""
    planned, rows = below.planned, below.giving_way
    if len(planned):
        year = int(planned["year"].min())
        first = planned[planned["year"] == year].sort_values("given_up", ascending=False)
        amounts = zip(first["programme"], first["given_up"], strict=True)
        said = listing((f"{below.names[p]} {text(a)}" for p, a in amounts), PLANNED)
        yield f"Planned down in {page.year(year)}: {said}."
    if rows.empty:
        return
    held = page.plan.tables["held"].groupby("year")["level"].sum().to_dict()
    given = rows.groupby("year")["given_up"].sum()
    years = sorted({int(y) for y in (rows["year"].min(), rows["year"].max())})
    said = ", ".join(
        f"{text(given[year])}"
        f"{f' of {text(held[year])}' if given[year] > GRAVE * held[year] else ''} in "
        f"{page.year(year)}"
        for year in years
    )
    how = "pro rata" if below.even() else "not pro rata"
    yield f"Held lines give up {said}{as_before}: {how}."
