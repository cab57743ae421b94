"""What payments under contract follow, and the pieces that hold them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import ROOM, Activity
from allocator.data.contracts import Contracts
from allocator.data.index import Axis, Index
from allocator.data.payments import Payments
from allocator.data.responses import Responses


@dataclass(frozen=True)
class Paid:
    """Rows of payments; money unless said.

    Attributes
    ----------
    least, most : ndarray
        Least and most each payment can be, well apart so that neither binds; following
        ``contracts.rows``.
    by_value, by_cost : Index
        (contract, year, programme) whose value at tariff, or whose cost, a payment follows.
    tariff : ndarray
        Money per unit of activity, following `by_value`.
    by_outcome : Index
        (contract, year, outcome, programme) whose outcome a payment follows.
    straight : Index
        (contract, year) whose payment is one line.
    constant, slope : ndarray
        Of that line, following `straight`.
    pieces : Index
        (contract, year, piece) of the payments that are the largest of several lines.
    piece_constant, piece_slope : ndarray
        Of those lines, following `pieces`.
    ceilings : Index
        (contract, year) whose value at tariff has a ceiling.
    stranded_most : ndarray
        Most that can be stranded of the cost of its programmes, following ``contracts.rows``.
    """

    least: Floats
    most: Floats
    by_value: Index
    tariff: Floats
    by_cost: Index
    by_outcome: Index
    straight: Index
    constant: Floats
    slope: Floats
    pieces: Index
    piece_constant: Floats
    piece_slope: Floats
    ceilings: Index
    stranded_most: Floats


def derive_paid(
    agreed: Contracts, pay: Payments, doing: Activity, buys: Responses, outcome: Axis
) -> Paid:
    """Lay out what payments follow, and their pieces.

    Parameters
    ----------
    agreed : Contracts
    pay : Payments
        How each payment is held.
    doing : Activity
    buys : Responses
        Outcomes that can earn a bonus.
    outcome : Axis
    """
    least, most = _range(agreed, pay)
    where = agreed.rows.positions(agreed.members.columns[:2])
    kind = agreed.kind[where]
    value = kind == "value"
    straight, line, pieces, lines = _lines(agreed, pay)
    return Paid(
        least=least,
        most=most,
        by_value=agreed.members.take(value),
        tariff=agreed.tariff[value],
        by_cost=agreed.members.take(kind == "cost"),
        by_outcome=_earning(agreed, buys, outcome),
        straight=straight,
        constant=line[0],
        slope=line[1],
        pieces=pieces,
        piece_constant=lines[0],
        piece_slope=lines[1],
        ceilings=agreed.rows.take(np.isfinite(agreed.ceiling)),
        stranded_most=_most_stranded(agreed, doing),
    )


def _range(agreed: Contracts, pay: Payments) -> tuple[Floats, Floats]:
    """Least and most each payment can be.

    What a payment follows is within what can be reached; its pieces are read on twice that
    range, and where the contract may be ended the cost of its programmes counts too.
    """
    low, high = np.zeros(len(agreed.rows)), np.zeros(len(agreed.rows))
    for row, cut in enumerate(pay.pieces):
        spread = max(1.0, cut.at[-1] - cut.at[0])
        at = np.concatenate([[cut.at[0] - spread], cut.at[1:-1], [cut.at[-1] + spread]])
        ends = np.concatenate([cut.constant + cut.slope * x for x in (at[:-1], at[1:])])
        if agreed.endable[row]:
            ends = np.append(ends, [agreed.cost_low[row], agreed.cost_high[row]])
        room = 1.0 + np.abs(ends).max()
        low[row], high[row] = min(0.0, ends.min()) - room, ends.max() + room
    return low, high


def _earning(agreed: Contracts, buys: Responses, outcome: Axis) -> Index:
    """Programmes and outcomes that earn each contract its bonus."""
    contract, t, i = agreed.members.columns
    where = agreed.rows.positions([contract, t])
    k = agreed.outcome[where]
    earns = (agreed.kind[where] == "outcome") & (buys.rows.find([np.maximum(k, 0), i, t]) >= 0)
    axes = (*agreed.rows.axes, outcome, agreed.members.axes[2])
    return Index(axes, [contract[earns], t[earns], k[earns], i[earns]])


def _lines(
    agreed: Contracts, pay: Payments
) -> tuple[Index, tuple[Floats, Floats], Index, tuple[Floats, Floats]]:
    """Payments that are one line, and lines of those that are the largest of several."""
    cut = [p for p, filled in zip(pay.pieces, pay.filled, strict=True) if not filled]
    count = np.array([len(p.slope) for p in cut], dtype=np.int64)
    owner = np.repeat(np.flatnonzero(~pay.filled), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    constant = np.concatenate([np.empty(0), *(p.constant for p in cut)])
    slope = np.concatenate([np.empty(0), *(p.slope for p in cut)])
    one = np.repeat(count, count) == 1
    many = ~one
    label = Axis("piece", tuple(range(1, int(count.max(initial=1)) + 1)))
    at = [column[owner[many]] for column in agreed.rows.columns]
    pieces = Index((*agreed.rows.axes, label), [*at, number[many]])
    lines = (constant[many], slope[many])
    return agreed.rows.take(owner[one]), (constant[one], slope[one]), pieces, lines


def _most_stranded(agreed: Contracts, doing: Activity) -> Floats:
    """Most that can be stranded of the cost of each contract's programmes."""
    share = np.where(doing.release_years > 0, doing.fixed_share, 0.0)[:, None]
    highest = np.maximum(doing.baseline, doing.hi.max(axis=1))[:, None] * (1.0 + ROOM)
    most = share * doing.price * np.maximum(highest - doing.lo, 0.0)
    _, t, i = agreed.members.columns
    owner = agreed.rows.positions(agreed.members.columns[:2])
    return np.bincount(owner, most[i, t], len(agreed.rows)).astype(float)
