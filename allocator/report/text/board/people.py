"""Who benefits: shares of the main outcome's gain by segment, beside shares of people."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.language.proof import gain_matters
from allocator.report.text.board.page import Page
from allocator.words import percent


def who_gains(page: Page) -> Iterator[str]:
    """Shares of the main outcome's gain by segment, beside shares of people."""
    segments, told = page.plan.segments, page.instance.segments
    if segments.empty or "reference_amount" not in segments or not gain_matters(page.plan):
        return
    gained = page.plan.outcomes.groupby("outcome", sort=False)[["value", "reference_value"]].sum()
    main = (gained["value"] - gained["reference_value"]).idxmax()
    mine = segments[segments["outcome"] == main]
    change = (mine["amount"] - mine["reference_amount"]).groupby(mine["segment"], sort=False).sum()
    heads = told.groupby("segment", sort=False)["heads"].sum()
    if change.sum() <= 0 or (change < 0).any():
        return
    shares = change / change.sum()
    people = (heads / heads.sum()).reindex(shares.index)
    ratio = (shares / people).dropna().sort_values(kind="stable")
    ends = dict.fromkeys((ratio.index[-1], ratio.index[0])) if len(ratio) else {}
    said = [
        f"{name} {percent(float(shares[name]))} ({percent(float(people[name]))}{of})"
        for name, of in zip(ends, (" of people", ""), strict=False)
    ]
    yield f"{main} gained: {', '.join(said)}."
