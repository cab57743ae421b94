"""A plan's tables as arrays, refused with every problem at once.

Of an allocation, activity is what decides; where a row has none, it may say `spend` instead.
It may be long, a row a programme and year, or wide, a column a year (see
:func:`allocator.evaluate.plan_tables.lengthened`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats
from allocator.errors import InstanceError, Problem
from allocator.evaluate.misread import doubts
from allocator.evaluate.plan_tables import ASSUMED, PlanTable, blank, lengthened
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.tables import Names
from allocator.words import listing

FIGURES = {
    "capacity": "extra",
    "budgets": "carry_out",
    "transfers": "amount",
    "funding": "paid",
}
"""Optional tables of figures, with the column that is read."""

USUAL = {"budgets": "carry_out", "transfers": "amount", "funding": "share"}
"""Tables of money, with the column that says how a draft's money moves unless it must otherwise."""

FLAGS = {"options": "taken", "contracts": "ended"}
"""Tables of decisions, with the column of yes and no."""

BESIDE = {
    "allocation": ("avoided", "spend"),
    "capacity": ("used",),
    "budgets": ("spend", "transfers_in", "transfers_out"),
    "funding": ("share",),
}
"""Columns that follow from the others; a plan that states them is a copy of one written here."""


class Usual(NamedTuple):
    """What a plan leaves open as it is otherwise; NaN where that is not known.

    Attributes
    ----------
    carry, transfers : numpy.ndarray
        Shapes (pool, year) and (pair of pools, year), money.
    share : numpy.ndarray
        Shape (part of a programme, year): what a pool pays of what it costs.
    """

    carry: Floats
    transfers: Floats
    share: Floats


@dataclass(frozen=True)
class Given:
    """What a plan says; NaN where it leaves the choice.

    Attributes
    ----------
    activity, unmet : numpy.ndarray
        Shape (programme, year), in units of activity.
    spend : numpy.ndarray
        Shape (programme, year), money to be spent where activity is not stated.
    extra : numpy.ndarray
        Shape (capacity row, year), in units of the resource.
    carry : numpy.ndarray
        Shape (pool, year), money carried out.
    transfers : numpy.ndarray
        Shape (pair of pools, year), money handed over.
    paid : numpy.ndarray
        Shape (part of a programme, year), money a pool pays for it.
    taken : numpy.ndarray
        Shape (option, year): 1 where it is taken, 0 where it is not.
    ended : numpy.ndarray
        Shape (contract, year): 1 where it has been ended, 0 where it has not.
    beside : dict of tuple to numpy.ndarray
        By table and column of :data:`BESIDE`: figures that should follow from the rest.
    notes : tuple of str
        What is to be said of how it was read, a sentence each.
    usual : Usual or None
        Money between pools and years as in the plan that a draft was completed from.
    """

    activity: Floats
    unmet: Floats
    spend: Floats
    extra: Floats
    carry: Floats
    transfers: Floats
    paid: Floats
    taken: Floats
    ended: Floats
    beside: dict[tuple[str, str], Floats] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    usual: Usual | None = None


def read_plan(
    plan: Mapping[str, pd.DataFrame],
    programmes: Programmes,
    demanded: Flags,
    known: Mapping[str, Names],
) -> Given:
    """Arrays of a plan.

    Parameters
    ----------
    plan : mapping of str to pandas.DataFrame
        ``allocation`` and, where given, ``capacity``, ``budgets``, ``transfers``,
        ``funding``, ``options`` and ``contracts``.
    programmes : Programmes
        Programmes and years the plan must cover.
    demanded : numpy.ndarray
        Shape (programme, year): whether the programme has demand.
    known : mapping of str to Names
        Rows each table but ``allocation`` may have.

    Raises
    ------
    InstanceError
        With every problem found.
    """
    problems: list[Problem] = []
    years = programmes.settings.years
    beside: dict[tuple[str, str], Floats] = {}
    notes: list[str] = []
    lines = _allocation(plan, programmes, demanded, problems, beside, notes)
    rest: dict[str, Floats] = {}
    usual: dict[str, Floats] = {}
    for name, column in (FIGURES | FLAGS).items():
        frame = plan.get(name)
        rest[column] = np.full((len(known[name]), len(years)), np.nan)
        if frame is not None and len(frame):
            table = PlanTable(frame, name, known[name], years, problems)
            rest[column] = table.flags(column) if name in FLAGS else table.column(column)
            own = {c: table.beside(c) for c in BESIDE.get(name, ()) if c in frame}
            if name in USUAL and ASSUMED in frame:
                assumed = ~_named(table)
                usual[name] = np.where(assumed, table.beside(USUAL[name]), np.nan)
                rest[column] = np.where(assumed, np.nan, rest[column])
                own = {c: np.where(assumed, np.nan, figures) for c, figures in own.items()}
            beside |= {(name, c): v for c, v in own.items() if not np.isnan(v).all()}
            notes += table.notes
    if problems:
        raise InstanceError(problems)
    return Given(
        **lines,
        extra=rest["extra"],
        carry=rest["carry_out"],
        transfers=rest["amount"],
        paid=rest["paid"],
        taken=rest["taken"],
        ended=rest["ended"],
        beside=beside,
        notes=tuple(notes),
        usual=_usual(usual, known, len(years)) if usual else None,
    )


def _usual(found: Mapping[str, Floats], known: Mapping[str, Names], years: int) -> Usual:
    """What rows that a draft was completed with say of money; nothing moves without one."""
    none = {name: np.full((len(known[name]), years), np.nan) for name in USUAL}
    return Usual(*(found.get(name, none[name]) for name in USUAL))


def _allocation(
    plan: Mapping[str, pd.DataFrame],
    programmes: Programmes,
    demanded: Flags,
    problems: list[Problem],
    beside: dict[tuple[str, str], Floats],
    notes: list[str],
) -> dict[str, Floats]:
    """Activity, unmet need and spend of a plan; what stands beside them is added to `beside`."""
    none = np.full(programmes.shape, np.nan)
    nothing = {"activity": none, "unmet": none, "spend": none}
    if "allocation" not in plan:
        problems.append(Problem("allocation", None, "", "", "the plan has no allocation."))
        return nothing
    frame, years = lengthened(plan["allocation"]), programmes.settings.years
    table = PlanTable(frame, "allocation", programmes.names, years, problems)
    frame = table.frame
    notes += table.notes
    by_money = _by_money(frame)
    activity = table.column("activity", optional=bool(by_money.any()))
    spend = _spent(table, by_money)
    unmet = table.column("unmet")
    if not table.complete or not ("activity" in frame or by_money.any()):
        return nothing
    for name, figures in (("activity", activity), ("spend", spend)):
        for i in table.kept[figures.ravel()[table.place] < 0]:
            text = str(frame[name].iloc[i])
            table.problem(i, name, text, f"{name} {text} is less than nothing.")
    left = unmet.ravel()[table.place]
    for i in table.kept[(np.nan_to_num(left) != 0) & ~demanded.ravel()[table.place]]:
        text = str(frame["unmet"].iloc[i])
        said = "the programme has no demand that could be unmet; leave it blank."
        table.problem(i, "unmet", text, said)
    _every_line(table, programmes)
    columns = (c for c in BESIDE["allocation"] if c in frame)
    beside |= {("allocation", c): table.beside(c) for c in columns}
    if table.complete:
        named = _named(table)
        of_activity = named & np.isnan(table.beside("spend"))
        by_activity = np.where(of_activity, activity, np.nan)
        notes += doubts(programmes, by_activity, np.where(named, spend, np.nan))
    return {"activity": activity, "unmet": unmet, "spend": spend}


def _named(table: PlanTable) -> Flags:
    """Programmes and years that the plan names itself."""
    own = np.ones(len(table.frame), dtype=bool)
    if ASSUMED in table.frame:
        own = np.array([cell is not True for cell in table.frame[ASSUMED]], dtype=bool)
    named = np.zeros(table.shape, dtype=bool)
    named.ravel()[table.place] = own[table.kept]
    return named


def _by_money(frame: pd.DataFrame) -> Flags:
    """Rows that say what is spent and not what is done."""
    if "spend" not in frame:
        return np.zeros(len(frame), dtype=bool)
    said = ~blank(frame["spend"])
    return said & blank(frame["activity"]) if "activity" in frame else said


def _spent(table: PlanTable, by_money: Flags) -> Floats:
    """Money to be spent by rows that say no activity; NaN elsewhere."""
    spend = np.full(table.shape, np.nan)
    if not table.complete or not by_money.any():
        return spend
    cells = table.frame["spend"].astype(object).where(by_money, None)
    whole = table.frame
    table.frame = whole.assign(spend=cells)
    spend = table.column("spend")
    table.frame = whole
    silent = ~by_money & blank(whole["activity"]) if "activity" in whole else by_money & False
    for i in np.flatnonzero(silent).tolist():
        table.problem(i, "activity", "", "activity is blank, and so is spend.")
    return spend


def _every_line(table: PlanTable, programmes: Programmes) -> None:
    """Note programmes and years that the allocation has no row for."""
    there = np.zeros(programmes.shape, dtype=bool)
    there.ravel()[table.place] = True
    for n in np.flatnonzero(~there.all(axis=1)).tolist():
        lost = [str(y) for y, found in zip(table.years, there[n], strict=True) if not found]
        name = programmes.names.all[n]
        said = f"programme '{name}' has no row for {listing(lost)}."
        table.problems.append(Problem("allocation", None, "programme", name, said))
