"""Why there is no plan, for people: how much is missing, then what cannot hold together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.report.language.layout import bullet
from allocator.words import missing_amount, missing_money

if TYPE_CHECKING:
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Missing, Plan, Shortfall

LISTED = 12
"""What collides that is listed unless all of it is asked for."""

MISSING_LISTED = 12
"""Amounts of one way that are listed unless all of them are asked for."""

WAYS = {
    "money": "More money would do, all else as it is",
    "capacity": "More capacity would do, with the money there is",
    "rule": "Other rules would do, with the money and capacity there are",
    "mix": "Neither money, nor capacity, nor rules do alone; the least of all limits together",
}
"""Ways out by what gives way, in the order they are told."""


def no_plan(plan: Plan, instance: Instance, *, every: bool = False) -> Iterator[RenderableType]:
    """Why an infeasible round has no plan.

    Parameters
    ----------
    plan : Plan
        Infeasible.
    instance : Instance
        The round.
    every : bool
        Whether to list all that collides.
    """
    settings = instance.settings
    yield Text(f"{settings.name}: no plan keeps every hard rule, limit and budget.", style="bold")
    yield from what_is_missing(plan.shortfall, settings, every=every)
    if not plan.conflict:
        yield Text("Which of them collide was not found.")
        return
    all_of_it = "ease one of them" if plan.conflict_needed else "some of them may not be needed"
    yield Text(f"These cannot hold together; {all_of_it}:")
    told = plan.conflict if every else plan.conflict[:LISTED]
    yield from (bullet(entry) for entry in told)
    if len(plan.conflict) > len(told):
        yield bullet(f"and {len(plan.conflict) - len(told)} more; --show all lists them.")


def what_is_missing(
    ways: Sequence[Shortfall], settings: Settings, *, every: bool = False
) -> Iterator[RenderableType]:
    """How much is missing, way by way.

    Parameters
    ----------
    ways : sequence of Shortfall
        Each enough by itself.
    settings : Settings
        Of the round.
    every : bool
        Whether to list all amounts.
    """
    for way in ways:
        yield Text(f"{_heading(way, settings)}:")
        entries = list(way.missing)
        shown = entries if every else entries[:MISSING_LISTED]
        yield from (bullet(_missing(entry, way, settings)) for entry in shown)
        if len(entries) > len(shown):
            yield bullet(f"and {len(entries) - len(shown)} more; --show all lists them.")
    if not ways:
        yield Text("How much is missing was not found.")


def _heading(way: Shortfall, settings: Settings) -> str:
    if not way.missing:
        return f"{WAYS[way.way]}, at least {_money(way.least, settings)} of it"
    if not way.enough:
        return f"{WAYS[way.way]}, if anything does; at least {_money(way.least, settings)} of it"
    least = _money(way.least, settings)
    if not way.exact and least != _money(way.total, settings):
        return f"{WAYS[way.way]}; this much is enough, and at least {least} of it is needed"
    return f"{WAYS[way.way]}; this is the least"


def _missing(entry: Missing, way: Shortfall, settings: Settings) -> str:
    amount = _money(entry.amount, settings)
    if entry.unit != "money":
        amount = missing_amount(entry.amount, entry.unit)
    if entry.value is not None:
        amount = f"{_of_figure(entry.value, entry.basis, entry.unit, settings)} ({amount})"
    amount = amount if way.enough else f"at least {amount}"
    year = "" if entry.year is None else f" in {settings.year_label(entry.year)}"
    if entry.kind == "pool":
        return f"{entry.name} is {amount} short{year} of the least that the rules allow."
    if entry.kind == "capital":
        return f"The capital of {entry.name} is {amount} short{year}."
    if entry.kind == "capacity":
        return f"{entry.name} is {amount} short{year}."
    return f"{entry.what}: {amount} {'more' if entry.more else 'less'}."


def _of_figure(value: float, basis: str, unit: str, settings: Settings) -> str:
    """By how much the figure of a rule would have to move, in its own units."""
    if basis in ("share", "growth"):
        return missing_amount(value * 100.0, "percentage point")
    if basis == "per_head":
        head = _money(value, settings) if unit == "money" else missing_amount(value, unit)
        return f"{head} a head"
    return missing_amount(value, "")


def _money(amount: float, settings: Settings) -> str:
    return missing_money(amount * settings.money_scale, settings.currency)
