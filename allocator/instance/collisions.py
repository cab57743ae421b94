"""Naming what cannot be: bounds that collide, and floors beyond money or capacity."""

from __future__ import annotations

from allocator.errors import Problem
from allocator.instance.draft import Draft, Problems
from allocator.instance.instance import Settings
from allocator.instance.pools import Money
from allocator.instance.propagate import Collision, Ranges, Shortage
from allocator.instance.wording import money, number

TABLES = (
    "programmes",
    "limits",
    "budgets",
    "transfers",
    "demand",
    "effects",
    "resources",
    "capacity",
    "use",
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
    names = draft["programmes"]["programme"]
    year = settings.year_label(settings.years[found.year])
    if found.money is not None:
        most = ", ".join(
            f"'{names[i]}' {money(value, settings)}" for i, value in found.programmes[:4]
        )
        message = (
            f"{found.name} cannot pay in {year} what its programmes must have: at least "
            f"{money(found.needed, settings)} ({most}{_more(found)}) against at most "
            f"{_sources(found.money, settings)}; "
            f"{money(found.needed - found.available, settings)} is missing."
        )
        return Problem(found.table, found.line, "amount", "", message)
    most = ", ".join(f"'{names[i]}' {number(value)}" for i, value in found.programmes[:4])
    message = (
        f"'{found.name}' cannot hold in {year} what programmes must do: at least "
        f"{number(found.needed)} ({most}{_more(found)}) against {number(found.available)} with "
        f"all extra; {number(found.needed - found.available)} is missing."
    )
    return Problem(found.table, found.line, "amount", "", message)


def _more(found: Shortage) -> str:
    return f" and {len(found.programmes) - 4} more" if len(found.programmes) > 4 else ""


def _sources(found: Money, settings: Settings) -> str:
    parts = [
        (found.transferred, "transferred in"),
        (found.carried, "carried in"),
        (found.owed, "owed to the next year"),
    ]
    named = [f"{money(value, settings)} {words}" for value, words in parts if value]
    total = money(found.total, settings)
    received = f"{money(found.amount, settings)} received"
    return f"{total} ({', '.join([received, *named])})" if named else total
