"""Which contracts a linear programme can hold exactly, decided from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.data.contracts import curved
from allocator.data.index import Index
from allocator.errors import NeedsBinaries, Problem
from allocator.instance.instance import Instance

if TYPE_CHECKING:
    from allocator.data.data import Data

LATER = "this needs yes-or-no decisions (a mixed-integer programme), not supported yet"


def refuse_what_needs_binaries(instance: Instance, data: Data) -> None:
    """Raise unless every payment is straight, or convex with nothing that wants it high.

    A convex payment is held by ``payment >= each piece``; that is exact only while every
    row of the programme is better off with a lower payment. A provider's deficit limit and
    a rule that asks for more payment, or for a better position, are not.

    Raises
    ------
    NeedsBinaries
        Naming each contract, year and what wants its payment high.
    """
    c = data.contracts
    if not len(c.rows):
        return
    wanted = _wanted_high(data)
    problems = []
    for row, cut in enumerate(c.pieces):
        name, t = (axis.labels[col[row]] for axis, col in zip(c.rows.axes, c.rows.columns, strict=True))
        when = instance.settings.year_label(int(str(t)))
        if not cut.straight and not cut.convex:
            reason = (
                f"the payment of contract {name!r} in {when} rises more slowly for more activity "
                "within what can be reached"
            )
        elif not cut.straight and row in wanted:
            reason = (
                f"the payment of contract {name!r} in {when} has a kink, and {wanted[row]} wants "
                "it high"
            )
        elif c.kind[row] == "outcome" and _bonus_on_curve(data, row):
            reason = f"contract {name!r} pays a bonus on an outcome with a curved response"
        else:
            continue
        problems.append(Problem("contracts", int(c.line[row]) + 2, "type", "", f"{reason}: {LATER}"))
    if problems:
        raise NeedsBinaries(problems)


def _wanted_high(data: Data) -> dict[int, str]:
    """Rows whose payment something gains from raising, with what that is."""
    c, p, r = data.contracts, data.providers, data.rules
    out: dict[int, str] = {}
    _, t = c.rows.columns
    for who in (c.provider, np.where(c.markup > 1.0, c.lead, -1)):
        for row in np.flatnonzero(who >= 0):
            at = int(p.rows.positions([who[row : row + 1], t[row : row + 1]])[0])
            if np.isfinite(p.deficit_max[at]):
                out[int(row)] = f"the deficit limit of {p.axis.labels[who[row]]!r}"
    if len(r.payment.rows):
        rule = r.rows.positions(r.payment.rows.columns[:2])
        row = c.rows.positions(r.payment.rows.columns[2:])
        raises = np.where(r.sense[rule] == "max", -r.payment.coefficient, r.payment.coefficient)
        raises = np.where(r.sense[rule] == "equal", np.abs(raises), raises)
        names = r.rows.axes[0].labels
        for at in np.flatnonzero(raises > 0):
            out[int(row[at])] = f"rule {names[r.rows.columns[0][rule[at]]]!r}"
    return out


def _bonus_on_curve(data: Data, row: int) -> bool:
    """Whether a contract's bonus rests on an outcome that bends."""
    c, r = data.contracts, data.responses
    mine = c.rows.positions(c.members.columns[:2]) == row
    _, t, i = (column[mine] for column in c.members.columns)
    rows = Index(r.rows.axes, [np.full(len(i), c.outcome[row]), i, t])
    there = r.rows.find(rows.columns) >= 0
    return bool(len(i)) and bool(curved(r, rows.take(there)).any())
