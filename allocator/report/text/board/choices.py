"""Choices: what the plan says yes to, the earliest first, and contracts it ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.instance.evidence import CASES
from allocator.report.language.layout import board_table, bullet
from allocator.report.text.board.page import Lines, Page, heading
from allocator.report.text.contracts import ended_early
from allocator.report.text.options import Run, options_of, runs_of
from allocator.words import count, listed

if TYPE_CHECKING:
    from rich.table import Table

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
        yield _table(page, runs)
    else:
        yield from heading("CHOICES")
    said = [count(len(every) - len(runs), "smaller one")] if len(every) > len(runs) else []
    said += [f"{count(len(ended), 'contract')} ended early"] if ended else []
    if said:
        yield bullet(f"And {listed(said)} (--show decided, decisions).")


def _table(page: Page, runs: list[Run]) -> Table:
    """A row an option, with how long its steps take and what it is worth where that is known."""
    needs, worth = _needs(page, runs), _worth(page)
    title, heads = f"CHOICES, {page.money.name}", ["from", "once", "a year", "capital"]
    heads += ["needs"] if needs else []
    if worth:
        title += f"; worth: {page.worth.unit}"
        heads += ["worth", "when"]
    table = board_table(title, *heads)
    for run in runs:
        cells = [page.year(run.years[0]), *_costs(page, run)]
        cells += [needs.get(run.option, "")] if needs else []
        cells += worth.get(run.option, ("", "")) if worth else ()
        table.add_row(f"  {run.option}", *cells)
    return table


def _needs(page: Page, runs: list[Run]) -> dict[str, str]:
    """How long what options need first takes, by option (their steps: ``--show decisions``)."""
    table, mine = page.instance.options, {run.option for run in runs}
    columns = (table[c] for c in ("option", "needs", "needs_months"))
    return {
        option: f"{months} mths" if months else "steps"
        for option, needs, months in zip(*columns, strict=True)
        if needs and option in mine
    }


def _worth(page: Page) -> dict[str, tuple[str, str]]:
    """What each option was found to be worth, and on which list it is; only where asked for."""
    table = page.plan.tables.get("decision_worth")
    if table is None:
        return {}
    mine = table[table["kind"] == "option"]
    return {
        str(row["name"]): (
            _lost(page, float(row["worth"]), row["too_close"], str(row["list"])),
            _when(row),
        )
        for row in mine.to_dict("records")
    }


def _when(row: Mapping[Any, Any]) -> str:
    """The list an option is on; what evidence alone says of it where time did not reach further."""
    if row["list"]:
        return str(row["list"]).replace("_", " ")
    known = [bool(row[case]) for case in CASES if row[case] is not None and not pd.isna(row[case])]
    return "open" if all(known) else "not yet"


def _lost(page: Page, worth: float, close: bool | None, said: str) -> str:
    """What is lost without an option; infinite, which files leave blank, where no plan does."""
    if not said:
        return "open"
    if not math.isfinite(worth):
        return "must"
    return "close" if close else page.worth.figure(worth)


def _costs(page: Page, run: Run) -> list[str]:
    """What it costs once, in its dearest year, and in capital."""
    rows = run.rows
    once = float(rows[["cost_once", "double_running", "cost_exit"]].to_numpy(dtype=float).sum())
    a_year = max(rows["cost_yearly"].tolist(), key=abs)
    every = once, a_year, float(rows["capital"].sum())
    return [page.money.fine(v) if v else "" for v in every]
