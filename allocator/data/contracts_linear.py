"""Which contracts a linear programme can hold exactly, decided from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.data.contracts import curved
from allocator.data.index import Codes, Index
from allocator.errors import NeedsBinaries, Problem
from allocator.instance.instance import Instance

if TYPE_CHECKING:
    from allocator.data.data import Data

LATER = "this needs yes-or-no decisions (a mixed-integer programme), not supported yet"


def refuse_what_needs_binaries(instance: Instance, data: Data) -> None:
    """Raise unless every payment is straight, or convex with nothing that wants it high.

    A convex payment is held by ``payment >= each piece``; that is exact only while every
    row of the programme is better off with a lower payment. A provider's deficit limit and
    a rule that asks for more payment, or for a better position, are not. Stranded cost is
    held from below as well, so a payment that follows it may not be wanted high either.

    Raises
    ------
    NeedsBinaries
        Naming each contract, year and what wants its payment high.
    """
    c = data.contracts
    if not len(c.rows):
        return
    wanted = _wanted_high(data)
    strands = _wants_stranded(data)
    problems = []
    for row, cut in enumerate(c.pieces):
        name, t = (
            axis.labels[at[row]] for axis, at in zip(c.rows.axes, c.rows.columns, strict=True)
        )
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
        elif row in strands:
            reason = (
                f"the payment of contract {name!r} in {when} follows stranded cost, and "
                f"{strands[row]} wants it high"
            )
        elif c.kind[row] == "outcome" and _bonus_on_curve(data, row):
            reason = f"contract {name!r} pays a bonus on an outcome with a curved response"
        else:
            continue
        problems.append(Problem("contracts", None, "type", name, f"{reason}: {LATER}."))
    if problems:
        raise NeedsBinaries(problems)


def _wanted_high(data: Data) -> dict[int, str]:
    """Rows whose payment something gains from raising, with what that is."""
    out = _limited(data, data.contracts.provider) | _limited(data, _leads(data))
    for row, rule, raises in _rules_on_payment(data):
        if raises > 0:
            out[row] = f"rule {_rule_name(data, rule)!r}"
    return out


def _leads(data: Data) -> Codes:
    """Lead that gains an overhead from each row; -1 for none."""
    return np.where(data.contracts.markup > 1.0, data.contracts.lead, -1)


def _limited(data: Data, who: Codes) -> dict[int, str]:
    """Rows that pay a provider whose deficit is limited."""
    c, p = data.contracts, data.providers
    rows = np.flatnonzero(who >= 0)
    at = p.rows.positions([who[rows], c.rows.columns[1][rows]])
    names = p.axis.labels
    return {
        int(row): f"the deficit limit of {names[who[row]]!r}"
        for row, limit in zip(rows, p.deficit_max[at], strict=True)
        if np.isfinite(limit)
    }


def _rules_on_payment(data: Data) -> list[tuple[int, int, float]]:
    """Contract row, rule row, and by how much a higher payment helps to keep the rule."""
    c, r = data.contracts, data.rules
    rule = r.rows.positions(r.payment.rows.columns[:2])
    row = c.rows.positions(r.payment.rows.columns[2:])
    raises = np.where(r.sense[rule] == "max", -1.0, 1.0) * r.payment.coefficient
    raises = np.where(r.sense[rule] == "equal", np.abs(raises), raises)
    return list(zip(row.tolist(), rule.tolist(), raises.tolist(), strict=True))


def _rule_name(data: Data, rule: int) -> str:
    rows = data.rules.rows
    return str(rows.axes[0].labels[rows.columns[0][rule]])


def _wants_stranded(data: Data) -> dict[int, str]:
    """Rows that follow stranded cost which something would gain from overstating.

    A lead's overhead rises with it, and so does a payment that a rule wants high, where the
    stranded cost itself does not weigh as much in the same rule.
    """
    c, a, r = data.contracts, data.activity, data.rules
    late = (a.fixed_share > 0) & (a.release_years > 0)
    of = c.rows.positions(c.members.columns[:2])
    strands = np.zeros(len(c.rows), dtype=bool)
    strands[of[late[c.members.columns[2]]]] = True
    rises = np.array([cut.slope.max() for cut in c.pieces])
    follows = strands & (c.kind == "cost") & (rises > 0)
    out = {row: why for row, why in _limited(data, _leads(data)).items() if follows[row]}
    at_rule = r.rows.positions(r.stranded.rows.columns[:2])
    for row, rule, raises in _rules_on_payment(data):
        if raises <= 0 or not follows[row]:
            continue
        members = c.members.columns[2][(of == row) & late[c.members.columns[2]]]
        _, _, i, t = r.stranded.rows.columns
        mine = (at_rule == rule) & (t == c.rows.columns[1][row])
        weighs = dict(zip(i[mine].tolist(), np.abs(r.stranded.coefficient[mine]), strict=True))
        if any(raises * rises[row] > weighs.get(int(n), 0.0) * (1.0 + 1e-9) for n in members):
            out[row] = f"rule {_rule_name(data, rule)!r}"
    return out


def _bonus_on_curve(data: Data, row: int) -> bool:
    """Whether a contract's bonus rests on an outcome that bends."""
    c, r = data.contracts, data.responses
    mine = c.rows.positions(c.members.columns[:2]) == row
    _, t, i = (column[mine] for column in c.members.columns)
    rows = Index(r.rows.axes, [np.full(len(i), c.outcome[row]), i, t])
    there = r.rows.find(rows.columns) >= 0
    return bool(len(i)) and bool(curved(r, rows.take(there)).any())
