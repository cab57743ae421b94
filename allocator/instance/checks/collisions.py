"""Naming what cannot be: bounds that collide, and floors beyond money or capacity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.errors import Problem
from allocator.instance.checks.problem import Problems, problem
from allocator.instance.checks.programmes import may_move
from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.pools import Money
from allocator.instance.facts.propagate import Collision, Ranges, Shortage
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.settings import Settings
from allocator.instance.tables.wording import money, number

TABLES = (
    "programmes",
    "limits",
    "budgets",
    "transfers",
    "funding",
    "adjustments",
    "contracts",
    "selections",
    "places",
    "responses",
    "response_points",
    "demand",
    "effects",
    "resources",
    "capacity",
    "use",
    "options",
    "option_effects",
    "incomes",
)
"""Tables whose rows the propagation needs."""


def collisions(draft: Draft, ranges: Ranges) -> Problems:
    """Rows that leave no allowed plan, whatever else is decided."""
    settings = draft.settings
    if settings is None:
        return
    for collision in ranges.collisions:
        yield _collision(draft, settings, collision)
    for shortage in ranges.shortages:
        yield _shortage(draft, settings, shortage)


def unlimited(draft: Draft, ranges: Ranges) -> Problems:
    """Programmes that could grow without end because more of them costs nothing."""
    if draft.settings is None:
        return
    if len(draft["contracts"]):
        yield from _unpaid(draft, draft.settings, ranges)
    if not ranges.collisions and not ranges.shortages:
        yield from _costless(draft, draft.settings, ranges)


def _costless(draft: Draft, settings: Settings, ranges: Ranges) -> Problems:
    """Programmes paid at a cost that need not rise with activity."""
    programmes = draft["programmes"]
    endless = np.isinf(ranges.hi) & may_move(draft)[:, None]
    if not endless.any():
        return
    endless &= ~Agreements(draft, Decisions(draft)).replaced
    for i in np.flatnonzero(endless.any(axis=1)).tolist():
        when = settings.year_label(settings.years[int(np.flatnonzero(endless[i])[0])])
        yield problem(
            programmes,
            i,
            "unit_cost",
            f"nothing limits '{programmes['programme'][i]}' in {when}: with its cost_above, or "
            "with the options that change its unit cost, more activity costs nothing; give it a "
            "max in limits, capacity or demand.",
        )


def _unpaid(draft: Draft, settings: Settings, ranges: Ranges) -> Problems:
    """Programmes under a contract that pays nothing more for more of them."""
    programmes = draft["programmes"]
    agreements = Agreements(draft, Decisions(draft))
    endless = np.isinf(ranges.hi) & may_move(draft)[:, None]
    for c, members in enumerate(agreements.members):
        for i in members.tolist():
            years = np.flatnonzero(endless[i] & agreements.holds[c]).tolist()
            if years:
                kind, name = agreements.kind[c, years[0]], programmes["programme"][i]
                when = settings.year_label(settings.years[years[0]])
                yield problem(
                    programmes,
                    i,
                    "contract",
                    f"nothing limits '{name}' in {when}: under contract '{agreements.names[c]}' "
                    f"of type {kind} more activity costs its pool nothing; give it a max in "
                    "limits, capacity, demand, or a block a ceiling.",
                )


def _collision(draft: Draft, settings: Settings, found: Collision) -> Problem:
    programmes = draft["programmes"]
    name, unit = programmes["programme"][found.programme], programmes["unit"][found.programme]
    excess = found.lo - found.hi
    cost = money(excess * float(programmes["unit_cost"][found.programme]), settings)
    units = "" if unit == "money" else f" {unit}"
    worth = "" if unit == "money" else f" ({cost} at base-year prices)"
    table, line = _blamed(found)
    year = settings.year_label(settings.years[found.year])
    message = (
        f"'{name}' has no allowed activity in {year}: it must be at least {number(found.lo)} "
        f"{_rows(found.floor)} but can be at most {number(found.hi)} {_rows(found.ceiling)}, "
        f"{number(excess)}{units} apart{worth}."
    )
    column = "programme" if table in ("limits", "demand", "programmes") else ""
    return Problem(table, line, column, name if column else "", message)


def _blamed(found: Collision) -> tuple[str, int | None]:
    places = [*found.ceiling, *found.floor]
    limits = [place for place in places if place[0] == "limits"]
    return next(iter(limits or places), ("limits", None))


def _rows(places: list[tuple[str, int]]) -> str:
    if not places:
        return "(its baseline and growth)"
    return f"({', then '.join(f'{table} line {line}' for table, line in places)})"


def _shortage(draft: Draft, settings: Settings, found: Shortage) -> Problem:
    year = settings.year_label(settings.years[found.year])
    missing = found.needed - found.available
    line = found.line or None
    if found.table == "capacity":
        most = _largest(found, number)
        unit = f" {found.unit}" if found.unit else ""
        message = (
            f"'{found.name}' cannot hold in {year} what programmes must do: at least "
            f"{number(found.needed)}{unit} ({most}) against {number(found.available)} with all "
            f"extra; {number(missing)}{unit} {'are' if unit else 'is'} missing."
        )
        return Problem(found.table, line, "amount", "", message)
    most = _largest(found, lambda value: money(value, settings))
    needed, short = money(found.needed, settings), money(missing, settings)
    if found.money is None:
        message = (
            f"contract '{found.name}' covers activity of at most "
            f"{money(found.available, settings)} at tariff in {year}, but its programmes must do "
            f"at least {needed} ({most}); {short} is too much."
        )
        return Problem(found.table, line, "ceiling", "", message)
    what = "its programmes must have"
    if any(not label.startswith("'") for label, _ in found.claims):
        what = "must be paid"
    message = (
        f"{found.name} cannot pay in {year} what {what}: at least {needed} ({most}) against at "
        f"most {_sources(found.money, settings)}; {short} is missing."
    )
    return Problem(found.table, line, "amount", "", message)


def _largest(found: Shortage, shown: Callable[[float], str]) -> str:
    parts = [f"{label} {shown(value)}" for label, value in found.claims[:4]]
    left = len(found.claims) - 4
    return ", ".join(parts) + (f" and {left} more" if left > 0 else "")


def _sources(found: Money, settings: Settings) -> str:
    parts = [
        (found.raised, "raised by options and incomes"),
        (found.transferred, "transferred in"),
        (found.carried, "carried in"),
        (found.owed, "owed to the next year"),
    ]
    named = [f"{money(value, settings)} {words}" for value, words in parts if value]
    total = money(found.total, settings)
    received = f"{money(found.amount, settings)} received"
    return f"{total} ({', '.join([received, *named])})" if named else total
