"""What the plan stands on: what nobody has valued, what gives way, weak evidence, the proof."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.report.language.layout import bullet
from allocator.report.language.proof import gain_matters, proof_in_short
from allocator.report.text.board.page import Lines, Page, heading
from allocator.report.text.problems import unvalued
from allocator.words import count, listing, percent

AVOIDING = 2
"""Programmes valued only by what they avoid that are named; the rest are counted."""


GRAVE = 0.05
"""Share of the level of held lines from which what they give up is told beside it."""


def how_sure_this_is(page: Page) -> Lines:
    """The section."""
    yield from heading("HOW SURE THIS IS")
    yield bullet(" ".join([*_rests_on(page), proof_in_short(page.plan, page.worth)]))


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
        yield (
            f"{percent(plan.weak_share)} of the gain rests on weak evidence or assumed limits "
            "(--show evidence)."
        )


def gives_way(page: Page) -> Iterator[str]:
    """Money by which held lines lie below the level they are held at, and which of them."""
    held = page.plan.tables.get("held")
    if held is None or held.empty:
        return
    by_year = held.groupby("year")[["given_up", "level"]].sum()
    by_year = by_year[by_year["given_up"] >= page.money.visible]
    if by_year.empty:
        return
    text = page.money.text
    ends = by_year.iloc[sorted({0, len(by_year) - 1})]
    amounts = ", ".join(
        f"{text(given)}{f' of {text(level)}' if given > GRAVE * level else ''} in {page.year(year)}"
        for year, given, level in zip(ends.index, ends["given_up"], ends["level"], strict=True)
    )
    some = held[held["given_up"] >= page.money.visible]
    off = np.abs(some["given_up"] - some["reference_given_up"])
    as_before = ", as when rolling forward" if (off < page.money.visible).all() else ""
    how = "pro rata" if some["even"].all() else "not pro rata"
    yield f"Held lines give up {amounts}{as_before}: {how}."
