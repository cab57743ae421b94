"""What payments under contract follow, and the pieces that hold them."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats
from allocator.data.activity import Activity
from allocator.data.contracts import Contracts
from allocator.data.index import Axis, Index
from allocator.data.parts import Parts
from allocator.data.payments import Payments
from allocator.data.responses import Responses
from allocator.tolerances import ROOM


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

    def __init__(self, data: Parts) -> None:
        contracts, payments, activity = data.contracts, data.payments, data.activity
        responses, outcome = data.responses, data.outcome
        self.least, self.most = _range(contracts, payments)
        where = contracts.rows.positions(contracts.members.columns[:2])
        kind = contracts.kind[where]
        value = kind == "value"
        self.straight, line, self.pieces, lines = _lines(contracts, payments)
        self.by_value = contracts.members.take(value)
        self.tariff = contracts.tariff[value]
        self.by_cost = contracts.members.take(kind == "cost")
        self.by_outcome = _earning(contracts, responses, outcome)
        self.constant = line[0]
        self.slope = line[1]
        self.piece_constant = lines[0]
        self.piece_slope = lines[1]
        self.ceilings = contracts.rows.take(np.isfinite(contracts.ceiling))
        self.stranded_most = _most_stranded(contracts, activity)


def _range(contracts: Contracts, payments: Payments) -> tuple[Floats, Floats]:
    """Least and most each payment can be.

    What a payment follows is within what can be reached; its pieces are read on twice that
    range, and where the contract may be ended the cost of its programmes counts too.
    """
    low, high = np.zeros(len(contracts.rows)), np.zeros(len(contracts.rows))
    for row, cut in enumerate(payments.pieces):
        spread = max(1.0, cut.at[-1] - cut.at[0])
        at = np.concatenate([[cut.at[0] - spread], cut.at[1:-1], [cut.at[-1] + spread]])
        ends = np.concatenate([cut.constant + cut.slope * x for x in (at[:-1], at[1:])])
        if contracts.endable[row]:
            ends = np.append(ends, [contracts.cost_low[row], contracts.cost_high[row]])
        room = 1.0 + np.abs(ends).max()
        low[row], high[row] = min(0.0, ends.min()) - room, ends.max() + room
    return low, high


def _earning(contracts: Contracts, responses: Responses, outcome: Axis) -> Index:
    """Programmes and outcomes that earn each contract its bonus."""
    contract, t, i = contracts.members.columns
    where = contracts.rows.positions([contract, t])
    k = contracts.outcome[where]
    earns = (contracts.kind[where] == "outcome") & (
        responses.rows.find([np.maximum(k, 0), i, t]) >= 0
    )
    axes = (*contracts.rows.axes, outcome, contracts.members.axes[2])
    return Index(axes, [contract[earns], t[earns], k[earns], i[earns]])


def _lines(
    contracts: Contracts, payments: Payments
) -> tuple[Index, tuple[Floats, Floats], Index, tuple[Floats, Floats]]:
    """Payments that are one line, and lines of those that are the largest of several."""
    cut = [p for p, filled in zip(payments.pieces, payments.filled, strict=True) if not filled]
    count = np.array([len(p.slope) for p in cut], dtype=np.int64)
    owner = np.repeat(np.flatnonzero(~payments.filled), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    constant = np.concatenate([np.empty(0), *(p.constant for p in cut)])
    slope = np.concatenate([np.empty(0), *(p.slope for p in cut)])
    one = np.repeat(count, count) == 1
    many = ~one
    label = Axis("piece", tuple(range(1, int(count.max(initial=1)) + 1)))
    at = [column[owner[many]] for column in contracts.rows.columns]
    pieces = Index((*contracts.rows.axes, label), [*at, number[many]])
    lines = (constant[many], slope[many])
    return contracts.rows.take(owner[one]), (constant[one], slope[one]), pieces, lines


def _most_stranded(contracts: Contracts, activity: Activity) -> Floats:
    """Most that can be stranded of the cost of each contract's programmes."""
    highest = activity.highest[:, None] * (1.0 + ROOM)
    most = activity.stranded_rate * np.maximum(highest - activity.lo, 0.0)
    _, t, i = contracts.members.columns
    owner = contracts.rows.positions(contracts.members.columns[:2])
    return np.bincount(owner, most[i, t], len(contracts.rows)).astype(float)
