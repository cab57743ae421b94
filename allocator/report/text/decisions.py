"""What the plan decided yes or no, and how many such decisions the programme has and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd
from rich.text import Text

from allocator.report.language.layout import bullet
from allocator.report.text.contracts import contracts_ended
from allocator.report.text.incomes import income_sentences
from allocator.report.text.options import (
    bound_to_stay,
    empty_groups,
    left_out,
    options_of,
    run_sentence,
    runs_of,
)
from allocator.report.text.worth import worth_report
from allocator.words import count, listed, several

if TYPE_CHECKING:
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.plan import Plan
    from allocator.report.language.units import Money

RUNS_LISTED = 10
OTHERS_LISTED = 4
NAMES_LISTED = 6
DECISIONS_LISTED = 20


def decided(plan: Plan, instance: Instance, money: Money) -> Iterator[str]:
    """What the plan says yes or no to, for its summary, a sentence each.

    Options taken with their years and costs, options not taken, contracts ended or
    suspended, conditional money, and what may not be left again at will.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    money : Money
        How amounts are told.
    """
    options = options_of(plan)
    runs = runs_of(options)
    yield from (run_sentence(run, instance.settings, money) for run in runs[:RUNS_LISTED])
    if len(runs) > RUNS_LISTED:
        yield f"{len(runs) - RUNS_LISTED} more are taken and cost less (--show options)."
    said = (left_out(options, NAMES_LISTED), empty_groups(options, NAMES_LISTED))
    yield from (sentence for sentence in said if sentence)
    yield from _some(list(contracts_ended(plan, instance, money)), "contracts")
    yield from _some(list(income_sentences(plan, instance, money)), "incomes")
    yield from _some(list(bound_to_stay(runs, instance, NAMES_LISTED)), "options")


def _some(sentences: list[str], report: str) -> Iterator[str]:
    yield from sentences[:OTHERS_LISTED]
    if len(sentences) > OTHERS_LISTED:
        yield f"and {len(sentences) - OTHERS_LISTED} more of that kind (--show {report})."


def decisions_of(plan: Plan) -> pd.DataFrame:
    """Yes-or-no decisions of a plan's programme; no rows where there are none."""
    return plan.tables.get("decisions", pd.DataFrame())


def decision_count(plan: Plan) -> str:
    """How many yes-or-no decisions there are and what for, in a line; empty without any.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    """
    table = decisions_of(plan)
    if table.empty or not table["count"].sum():
        return ""
    totals = table.groupby("kind", sort=False)["count"].sum()
    totals = totals[totals > 0].sort_values(ascending=False, kind="stable")
    kinds = [_kind(str(kind), int(number)) for kind, number in totals.items()]
    return f"{_total(int(totals.sum()))}: {listed(kinds)} (--show decisions says why)."


def _total(number: int) -> str:
    return count(number, "yes-or-no decision")


def _kind(kind: str, number: int) -> str:
    """``310 option runs``; a kind that is named in the plural already stays."""
    one = kind.removesuffix("s") if number == 1 else kind
    return f"{number:,} {one if number == 1 else several(one)}"


def decision_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Every source of yes-or-no decisions with how many it needs and why.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """
    yield from worth_report(plan, instance)
    table = decisions_of(plan)
    yield Text("Yes-or-no decisions: how many, and why", style="bold")
    if table.empty:
        yield bullet("None: the plan is the answer of a linear programme.")
        return
    yield bullet(f"{_total(int(table['count'].sum()))} in all.")
    for kind, rows in table.groupby("kind", sort=False):
        yield ""
        yield Text(_kind(str(kind), int(rows["count"].sum())))
        rows = rows.sort_values("count", ascending=False, kind="stable")
        for _, row in rows.head(DECISIONS_LISTED).iterrows():
            why = f" ({row['why']})" if row["why"] else ""
            yield bullet(f"{row['name']}: {int(row['count']):,}{why}")
        if len(rows) > DECISIONS_LISTED:
            rest = rows["count"].iloc[DECISIONS_LISTED:]
            yield bullet(f"and {len(rest)} more with {int(rest.sum()):,} together.")
