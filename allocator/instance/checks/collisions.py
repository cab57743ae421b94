"""Naming what cannot be: bounds that collide, and floors beyond money or capacity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.arrays import Flags
from allocator.errors import Problem
from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.ranges import Collision, Money, Shortage
from allocator.instance.tables.settings import Settings
from allocator.words import missing_amount, number, told_apart, units

_TABLES = (
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
"""Tables whose rows bound activity."""

AT_LEAST = (
    "That is each programme at its least against all there can be; rules, shares and other years "
    "may ask for more."
)
"""What is counted where something is missing before anything has been solved."""


@planned(*_TABLES)
def impossible(facts: Facts) -> Problems:
    """Rows that leave no allowed plan, whatever else is decided."""
    for collision in facts.ranges.collisions:
        yield _collision(facts, collision)
    for shortage in facts.ranges.shortages:
        yield _shortage(facts, shortage)


@planned(*_TABLES)
def unlimited(facts: Facts) -> Problems:
    """Programmes under a contract that pays nothing more for more of them, without a limit."""
    programmes, agreements = facts["programmes"], facts.agreements
    endless = _endless(facts)
    for c, members in enumerate(agreements.members):
        for i in members.tolist():
            years = np.flatnonzero(endless[i] & agreements.holds[c]).tolist()
            if years:
                kind, name = agreements.kind[c, years[0]], programmes["programme"][i]
                when = facts.settings.year_label(facts.years[years[0]])
                yield problem(
                    programmes,
                    i,
                    "contract",
                    f"nothing limits '{name}' in {when}: under contract '{agreements.names[c]}' "
                    f"of type {kind} more activity costs its pool nothing; give it a max in "
                    "limits, capacity, demand, or a block a ceiling.",
                )


@planned(*_TABLES)
def costless(facts: Facts) -> Problems:
    """Programmes without a limit, paid at a cost that need not rise with activity."""
    programmes, ranges = facts["programmes"], facts.ranges
    if ranges.collisions or ranges.shortages:
        return
    endless = _endless(facts) & ~facts.agreements.covered
    for i in np.flatnonzero(endless.any(axis=1)).tolist():
        when = facts.settings.year_label(facts.years[int(np.flatnonzero(endless[i])[0])])
        yield problem(
            programmes,
            i,
            "unit_cost",
            f"nothing limits '{programmes['programme'][i]}' in {when}: {_why_endless(facts, i)}; "
            "give it a max in limits, capacity or demand.",
        )


def _why_endless(facts: Facts, i: int) -> str:
    """Why money is no limit for a programme."""
    programmes = facts["programmes"]
    if programmes["unit_cost"][i] == 0.0:
        return "its unit cost is 0, so more activity costs nothing"
    pools, of = facts.budgets, np.flatnonzero(facts.funding.programme == i)
    payers = facts.funding.pool[of] if len(of) else pools.payer[[i]]
    money = pools.capital if programmes["money"][i] == "capital" else pools.revenue
    endless = payers[np.isinf(money[payers]).any(axis=1)]
    if len(endless):
        pool = pools.names[int(endless[0])]
        return f"the money of pool '{pool}' is not limited (its amount is blank)"
    return (
        "with its cost_above, or with the options that change its unit cost, more activity costs "
        "nothing"
    )


def _endless(facts: Facts) -> Flags:
    """Where activity that may move has no end."""
    found: Flags = np.isinf(facts.ranges.hi) & ~facts.held.held[:, None]
    return found


def _collision(facts: Facts, found: Collision) -> Problem:
    programmes, settings = facts["programmes"], facts.settings
    name, unit = programmes["programme"][found.programme], programmes["unit"][found.programme]
    excess = found.lo - found.hi
    cost = settings.money(excess * float(programmes["unit_cost"][found.programme]))
    units = "" if unit == "money" else f" {unit}"
    worth = "" if unit == "money" else f" ({cost} at base-year prices)"
    table, line = _blamed(found)
    year = settings.year_label(settings.years[found.year])
    least, most = told_apart(found.lo, found.hi, number)
    message = (
        f"'{name}' has no allowed activity in {year}: it must be at least {least} "
        f"{_rows(found.floor)} but can be at most {most} {_rows(found.ceiling)}, "
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


def _shortage(facts: Facts, found: Shortage) -> Problem:
    settings = facts.settings
    year = settings.year_label(settings.years[found.year])
    missing = found.needed - found.available
    line = found.line or None
    if found.table == "capacity":
        most = _largest(found, number)
        needed, there = told_apart(found.needed, found.available, number)
        lacking = missing_amount(missing, found.unit)
        message = (
            f"'{found.name}' cannot hold in {year} what programmes must do: at least "
            f"{needed} {units(found.unit)}".rstrip()
            + f" ({most}) against {there} with all extra; at least {lacking} "
            f"{'is' if lacking.startswith('1 ') or not found.unit else 'are'} missing."
        )
        return Problem(found.table, line, "amount", "", message, AT_LEAST)
    most = _largest(found, lambda value: settings.money(value))
    needed, there = told_apart(found.needed, found.available, settings.money)
    short = settings.money(missing)
    if found.money is None:
        message = (
            f"contract '{found.name}' covers activity of at most "
            f"{there} at tariff in {year}, but its programmes must do "
            f"at least {needed} ({most}); at least {short} is too much."
        )
        return Problem(found.table, line, "ceiling", "", message, AT_LEAST)
    what = "its programmes must have"
    if any(not label.startswith("'") for label, _ in found.claims):
        what = "must be paid"
    message = (
        f"{found.name} cannot pay in {year} what {what}: at least {needed} ({most}) against at "
        f"most {_sources(found.money, there, settings)}; at least {short} is missing."
    )
    return Problem(found.table, line, "amount", "", message, AT_LEAST)


def _largest(found: Shortage, shown: Callable[[float], str]) -> str:
    parts = [f"{label} {shown(value)}" for label, value in found.claims[:4]]
    left = len(found.claims) - 4
    return ", ".join(parts) + (f" and {left} more" if left > 0 else "")


def _sources(found: Money, total: str, settings: Settings) -> str:
    parts = [
        (found.raised, "raised by options and incomes"),
        (found.transferred, "transferred in"),
        (found.carried, "carried in"),
        (found.owed, "owed to the next year"),
    ]
    named = [f"{settings.money(value)} {words}" for value, words in parts if value]
    received = f"{settings.money(found.amount)} received"
    return f"{total} ({', '.join([received, *named])})" if named else total


CHECKS = (impossible, unlimited, costless)
