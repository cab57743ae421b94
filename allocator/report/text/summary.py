"""The summary of a plan that a board reads: two pages at 80 columns, the rest by ``--show``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.report.language.proof import gain_matters, none_of, stopped
from allocator.report.text.board.balance import are_we_in_balance
from allocator.report.text.board.change import what_changes_most
from allocator.report.text.board.choices import choices, taken
from allocator.report.text.board.flow import waiting_and_flow
from allocator.report.text.board.footing import how_sure_this_is
from allocator.report.text.board.holding import what_holds_us_back
from allocator.report.text.board.money import where_the_money_goes
from allocator.report.text.board.page import Page
from allocator.report.text.board.short import in_short
from allocator.report.text.contracts import ended_early
from allocator.report.text.infeasible import no_plan
from allocator.words import count

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from allocator.instance.instance import Instance
    from allocator.plan import Plan

SECTIONS = (
    in_short,
    where_the_money_goes,
    what_changes_most,
    choices,
    are_we_in_balance,
    waiting_and_flow,
    what_holds_us_back,
    how_sure_this_is,
)
"""In the order in which a board asks."""


def print_summary(plan: Plan, instance: Instance, console: Console, *, every: bool = False) -> None:
    """Print what the plan decides, what it is worth and how sure that is.

    Parameters
    ----------
    plan : Plan
        Result of a solve; when nothing was found, why is printed.
    instance : Instance
        The instance it answers.
    console : rich.console.Console
        Where to print.
    every : bool
        Where there is no plan: whether to list all that collides.
    """
    parts = _summary(plan, instance) if plan.found else _nothing_found(plan, instance, every)
    for part in parts:
        console.print(part)


def _summary(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    page = Page(plan, instance)
    yield Text(_headline(page), style="bold")
    if plan.status == "limit":
        yield Text(f"{stopped(plan)}: the best plan found so far.")
    for section in SECTIONS:
        yield from section(page)
    yield Text(_provenance(plan), style="dim")


def _headline(page: Page) -> str:
    plan, settings = page.plan, page.settings
    first, last = page.year(page.first), page.year(page.last)
    span = first if first == last else f"{first} to {last}"
    name = settings.name if first in settings.name else f"{settings.name}, {span}"
    case = plan.instance.get("evidence", "central")
    name = name if case == "central" else f"{name}, {case} evidence"
    if not gain_matters(plan):
        return f"{name}: {none_of(plan)} beats rolling forward."
    many = len(taken(page)) + len(ended_early(plan))
    choices = f" and its {count(many, 'choice')}" if many else ""
    return f"{name}. For decision: this plan{choices}."


def _provenance(plan: Plan) -> str:
    parts = [f"Instance {plan.instance.get('sha256', '')[:12]}"]
    solver = [plan.solver.get(key) for key in ("name", "version", "algorithm")]
    parts.append(" ".join(str(word) for word in solver if word))
    if "total" in plan.seconds:
        parts.append(f"{plan.seconds['total']:.2f} s")
    return ", ".join(part for part in parts if part) + "."


def _nothing_found(plan: Plan, instance: Instance, every: bool) -> Iterator[RenderableType]:
    name = instance.settings.name
    if plan.status == "infeasible":
        yield from no_plan(plan, instance, every=every)
    elif plan.status == "unbounded":
        yield Text(
            f"{name}: value without end. Something that is worth having costs nothing and has no "
            f"limit; give it a cost or a limit.",
            style="bold",
        )
    else:
        how = "interrupted" if plan.solver.get("interrupted") else "stopped at a limit"
        yield Text(f"{name}: {how} before any plan was found.", style="bold")
