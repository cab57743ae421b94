"""Choices: what the plan says yes to, the earliest first, and contracts it ends."""

from __future__ import annotations

from allocator.report.language.layout import board_table, bullet
from allocator.report.text.board.page import Lines, Page, heading
from allocator.report.text.contracts import ended_early
from allocator.report.text.options import Run, options_of, runs_of
from allocator.words import count, listed

CHOICES = 5
"""Options that are named; the rest are counted."""


def taken(page: Page) -> list[Run]:
    """Options that the plan chooses, those that cost most first.

    What rolling forward takes as well, at no cost, is no choice; nor is what it would keep and
    the plan gives up for another of its group, which is the choice.
    """
    return [run for run in runs_of(options_of(page.plan)) if run.cost > 0 or not _stays(run)]


def _stays(run: Run) -> bool:
    return run.reference or (bool(run.groups) and run.within_reference)


def choices(page: Page) -> Lines:
    """The section."""
    every = taken(page)
    ended = ended_early(page.plan)
    if not every and not ended:
        return
    runs = sorted(every[:CHOICES], key=lambda run: run.years[0])
    if runs:
        table = board_table(f"CHOICES, {page.money.name}", "from", "once", "a year", "capital")
        for run in runs:
            table.add_row(f"  {run.option}", page.year(run.years[0]), *_costs(page, run))
        yield table
    else:
        yield from heading("CHOICES")
    said = [count(len(every) - len(runs), "smaller one")] if len(every) > len(runs) else []
    said += [f"{count(len(ended), 'contract')} ended early"] if ended else []
    if said:
        yield bullet(f"And {listed(said)} (--show decided, decisions).")


def _costs(page: Page, run: Run) -> list[str]:
    """What it costs once, in its dearest year, and in capital."""
    rows = run.rows
    once = float(rows[["cost_once", "double_running", "cost_exit"]].to_numpy(dtype=float).sum())
    a_year = max(rows["cost_yearly"].tolist(), key=abs)
    every = once, a_year, float(rows["capital"].sum())
    return [page.money.fine(v) if v else "" for v in every]
