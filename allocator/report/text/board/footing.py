"""What the plan stands on: what nobody has valued, weak evidence, the proof."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.language.layout import bullet
from allocator.report.language.proof import gain_matters, proof_in_short
from allocator.report.text.board.page import Lines, Page, heading
from allocator.report.text.problems import unvalued
from allocator.words import count, percent


def how_sure_this_is(page: Page) -> Lines:
    """The section."""
    yield from heading("HOW SURE THIS IS")
    yield bullet(" ".join([*_rests_on(page), proof_in_short(page.plan, page.worth)]))


def _rests_on(page: Page) -> Iterator[str]:
    plan = page.plan
    unknown = unvalued(page.instance)
    rows = plan.allocation[plan.allocation["held"].astype(bool)]
    held = sorted(set(rows["programme"]) & set(unknown))
    if held:
        total = page.money.text(sum(unknown[name] for name in held))
        yield f"Not valued and held: {count(len(held), 'programme')}, {total}."
    if plan.weak_share is not None and gain_matters(plan):
        yield (
            f"{percent(plan.weak_share)} of the gain rests on weak evidence or assumed limits "
            "(--show evidence)."
        )
